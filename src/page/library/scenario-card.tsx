/** One scenario in the library: what it asks, what it holds to, what it teaches, and its two designs. */
import { useState } from 'react';
import type { Lesson, LessonSide, Scenario } from '../../design/scenario.ts';
import { lessonDesign } from '../../design/trial.ts';
import { breath } from '../breath.ts';
import { closeLibrary, current, openScenario, type Side } from '../current.ts';
import { beginning } from './brief-blocks.ts';
import styles from './library.module.css';

/** What a scenario holds to, as a list; nothing where it names none. */
export function Constraints({ scenario }: { scenario: Scenario }) {
  if (scenario.constraints.length === 0) return null;
  return <ul className={styles['constraints']}>{scenario.constraints.map((each) => <li key={each}>{each}</li>)}</ul>;
}

/** The library is put away first, and what it is left for is opened when that is done. */
async function leave(then: () => void): Promise<void> {
  closeLibrary();
  await breath();
  then();
}

/** A lesson, and its one or two designs to run oneself. */
function Claim({ scenario, lesson }: { scenario: Scenario; lesson: Lesson }) {
  const run = (of: LessonSide, said: string) => (
    <button type="button" aria-label={`${said}: ${lesson.claim}`} onClick={() => void leave(() => openScenario(scenario, of.design, lessonDesign(scenario, lesson, of), current.getState().brief === 'full' ? 'full' : 'short'))}>{said}</button>
  );
  return <li>{lesson.claim} {run(lesson.a, 'Try it')}{lesson.b && <>{' '}{run(lesson.b, 'What it is compared with')}</>}</li>;
}

/** The claims a scenario's lessons put to the test; on the page once they are asked for. */
export function Lessons({ scenario, open = false }: { scenario: Scenario; open?: boolean }) {
  const { lessons } = scenario;
  const [isOpen, setOpen] = useState(open);
  if (lessons.length === 0) return null;
  return (
    <details className={styles['lessons']} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{lessons.length === 1 ? 'One lesson' : `${lessons.length} lessons`}, measured by the simulator</summary>
      {isOpen && <ul>{lessons.map((lesson) => <Claim key={lesson.claim} scenario={scenario} lesson={lesson} />)}</ul>}
    </details>
  );
}

const choose = (scenario: Scenario, side: Side): Promise<void> => leave(() => openScenario(scenario, side));

/** The card. */
export function ScenarioCard({ scenario }: { scenario: Scenario }) {
  return (
    <article className={styles['card']} aria-label={scenario.title}>
      <h4>{scenario.title}</h4>
      <p title={scenario.brief}>{beginning(scenario.brief)}</p>
      <Constraints scenario={scenario} />
      <Lessons scenario={scenario} />
      <div className={styles['actions']}>
        <button type="button" className={styles['button']} onClick={() => void choose(scenario, 'naive')}>Open naive</button>
        <button type="button" className={`${styles['button']} ${styles['strong']}`} onClick={() => void choose(scenario, 'reference')}>Open reference</button>
      </div>
    </article>
  );
}
