/** The brief of the open scenario beside the board: what is asked, what must hold, what can be learned. */
import { BookOpen, ChevronDown, ChevronUp, X } from 'lucide-react';
import { useEffect } from 'react';
import type { Scenario } from '../../design/scenario.ts';
import { board } from '../board-view.ts';
import { current, openScenario, showBrief } from '../current.ts';
import type { BriefForm, Side } from '../current.ts';
import { beginning } from './brief-blocks.ts';
import { BriefText } from './brief-text.tsx';
import styles from './library.module.css';
import { Constraints, Lessons } from './scenario-card.tsx';

const sides: readonly Side[] = ['naive', 'reference'];

function Sources({ scenario }: { scenario: Scenario }) {
  if (scenario.sources.length === 0) return null;
  return <details className={styles['lessons']}><summary>Sources</summary><ul>{scenario.sources.map((each) => <li key={each}>{each}</li>)}</ul></details>;
}

/** Reads on or folds up, and leads to the scenario's other design. */
function Choices({ scenario, side, full }: { scenario: Scenario; side: Side | null; full: boolean }) {
  const Icon = full ? ChevronUp : ChevronDown;
  return (
    <div className={styles['actions']}>
      <button type="button" className={styles['button']} aria-expanded={full} onClick={() => showBrief(full ? 'short' : 'full')}>
        {full ? 'Read less' : 'Read on'}<Icon size={14} aria-hidden="true" />
      </button>
      {sides.filter((each) => each !== side).map((each) => (
        <button key={each} type="button" className={styles['button']} onClick={() => openScenario(scenario, each)}>Open the {each} design</button>
      ))}
    </div>
  );
}

function OpenBrief({ scenario, side, form }: { scenario: Scenario; side: Side | null; form: Exclude<BriefForm, 'closed'> }) {
  const full = form === 'full';
  return (
    <aside className={styles['brief']} aria-label="Brief" data-form={form} data-over-board={full ? undefined : true}>
      <header>
        <h2>{scenario.title}</h2>
        <button type="button" className={styles['close']} aria-label="Close the brief" onClick={() => showBrief('closed')}><X size={15} aria-hidden="true" /></button>
      </header>
      <div className={styles['briefBody']} tabIndex={full ? 0 : -1}>
        {full ? <BriefText brief={scenario.brief} /> : <p>{beginning(scenario.brief)}</p>}
        {full && <><Constraints scenario={scenario} /><Lessons scenario={scenario} open /><Sources scenario={scenario} /></>}
      </div>
      <Choices scenario={scenario} side={side} full={full} />
    </aside>
  );
}

/** Shown after a scenario is opened; once dismissed, a button in its place brings it back. */
export function Brief() {
  const { scenario, side, brief, documentId } = current();
  // What stands beside the board leaves it less room: the design moves over, unless somebody is already looking around.
  useEffect(() => {
    if (brief !== 'full') board.current?.settle();
  }, [brief, documentId]);
  if (!scenario) return null;
  if (brief !== 'closed') return <OpenBrief scenario={scenario} side={side} form={brief} />;
  return (
    <button type="button" className={`${styles['button']} ${styles['briefButton']}`} data-over-board title={scenario.title} onClick={() => showBrief('full')}>
      <BookOpen size={14} aria-hidden="true" />Brief
    </button>
  );
}
