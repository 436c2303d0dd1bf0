/** Where only a part of the fleet is simulated: a calm mark beside the clock, and where that bends the truth. */
import { Scissors } from 'lucide-react';
import { useId, useRef } from 'react';
import { sliced } from '../../run/slicing.ts';
import { session } from '../../session/store.ts';
import { poolSentence, useSlice } from '../slice.ts';
import { place } from './menu.tsx';
import styles from './top.module.css';

function Bends({ slice }: { slice: number }) {
  const design = session((state) => state.design);
  const { bends } = sliced(design, slice);
  return (
    <>
      <p>One in {slice.toLocaleString('en')} requests is simulated, on one in {slice.toLocaleString('en')} of the like parts. Counts, rates and money on this page are scaled back.</p>
      <h2>Where that bends the truth</h2>
      <ul>{[...bends, poolSentence].map((bend) => <li key={bend}>{bend}</li>)}</ul>
    </>
  );
}

/** Nothing where everything is simulated. */
export function SliceMark() {
  const slice = useSlice();
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  if (slice <= 1) return null;
  const toggled = (open: boolean): void => {
    button.current?.setAttribute('aria-expanded', String(open));
    if (open && popover.current && button.current) place(popover.current, button.current);
  };
  return (
    <>
      <button ref={button} type="button" className={styles['slice']} popoverTarget={id} aria-expanded="false" title="Only a part is simulated; figures are scaled back">
        <Scissors size={12} aria-hidden="true" />1 in {slice.toLocaleString('en')}
      </button>
      <div ref={popover} id={id} popover="auto" role="dialog" aria-label="What is simulated" className={`${styles['menu']} ${styles['said']}`} onToggle={(event) => toggled(event.newState === 'open')}>
        <Bends slice={slice} />
      </div>
    </>
  );
}
