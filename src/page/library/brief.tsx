/** The brief of the open scenario beside the board: what is asked, what must hold, what can be learned. */
import { BookOpen, X } from 'lucide-react';
import type { Scenario } from '../../design/scenario.ts';
import { current, openScenario, showBrief } from './current.ts';
import type { Side } from './current.ts';
import styles from './library.module.css';
import { Constraints, Lessons } from './scenario-card.tsx';

const sides: readonly Side[] = ['naive', 'reference'];

function Sources({ scenario }: { scenario: Scenario }) {
  if (scenario.sources.length === 0) return null;
  return <details className={styles['lessons']}><summary>Sources</summary><ul>{scenario.sources.map((each) => <li key={each}>{each}</li>)}</ul></details>;
}

function OpenBrief({ scenario, side }: { scenario: Scenario; side: Side | null }) {
  return (
    <aside className={styles['brief']} aria-label="Brief">
      <header>
        <h2>{scenario.title}</h2>
        <button type="button" className={styles['close']} aria-label="Close the brief" onClick={() => showBrief(false)}><X size={15} aria-hidden="true" /></button>
      </header>
      <p>{scenario.brief}</p>
      <Constraints scenario={scenario} />
      <Lessons scenario={scenario} open />
      <Sources scenario={scenario} />
      <div className={styles['actions']}>
        {sides.filter((each) => each !== side).map((each) => (
          <button key={each} type="button" className={styles['button']} onClick={() => openScenario(scenario, each)}>Open the {each} design</button>
        ))}
      </div>
    </aside>
  );
}

/** Shown after a scenario is opened; once dismissed, a button in its place brings it back. */
export function Brief() {
  const { scenario, side, brief } = current();
  if (!scenario) return null;
  if (brief) return <OpenBrief scenario={scenario} side={side} />;
  return (
    <button type="button" className={`${styles['button']} ${styles['briefButton']}`} title={scenario.title} onClick={() => showBrief(true)}>
      <BookOpen size={14} aria-hidden="true" />Brief
    </button>
  );
}
