/** What an empty board says: three steps, and the way to ready-made designs. */
import { Library, MousePointerClick, Play, Spline } from 'lucide-react';
import { board } from '../board-view.ts';
import styles from './board.module.css';

const steps = [
  { Icon: MousePointerClick, title: 'Add components', text: 'Start with Users – they bring the traffic. Drag from the list, press /, or double-click here.' },
  { Icon: Spline, title: 'Wire them up', text: 'Drag from the dot on the right of a card to another card. A wire that makes no sense says why.' },
  { Icon: Play, title: 'Watch it run', text: 'Press play. Turn any parameter while it runs; queues, tails and cost answer at once.' },
] as const;

/** Shown while the design has no components. */
export function EmptyBoard({ openLibrary }: { openLibrary: () => void }) {
  return (
    <section className={styles['empty']} aria-label="How to begin">
      <h2>Draw a system, send traffic through it</h2>
      <ol>
        {steps.map(({ Icon, title, text }) => (
          <li key={title}><Icon size={18} aria-hidden="true" /><b>{title}</b><span>{text}</span></li>
        ))}
      </ol>
      <div className={styles['emptyActions']}>
        <button type="button" className={styles['go']} onClick={openLibrary}><Library size={15} aria-hidden="true" />Open a ready design</button>
        <button type="button" onClick={() => board.current?.quickAdd()}>Add a component</button>
      </div>
    </section>
  );
}
