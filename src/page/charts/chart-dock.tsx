/** The dock under the board: the run's timeline; latency, waiting, utilisation and cost, side by side, or a strip to swipe where it is narrow. */
import { lazy, Suspense } from 'react';
import { session } from '../../session/store.ts';
import { study } from '../../session/study.ts';
import { useMoreAndMore } from '../many.ts';
import { ChartPanel } from './chart-panel.tsx';
import styles from './charts.module.css';
import { panels } from './panels.ts';
import { Timeline } from './timeline.tsx';

const StudyPanel = lazy(async () => ({ default: (await import('./study-panel.tsx')).StudyPanel }));

/** The charts side by side, one more with every frame. */
function Strip() {
  const drawn = useMoreAndMore(panels.length, 1);
  return <div className={styles['strip']}>{panels.slice(0, drawn).map((panel) => <ChartPanel key={panel.id} panel={panel} />)}</div>;
}

/** The timeline and the four charts of the run. Fills its container; another document starts with charts of its own. */
export function ChartDock() {
  const documentId = session((state) => state.documentId);
  const open = study((state) => state.open);
  return (
    <>
      <div className={styles['dock']}>
        <Timeline />
        <Strip key={documentId} />
      </div>
      {open && <Suspense><StudyPanel /></Suspense>}
    </>
  );
}
