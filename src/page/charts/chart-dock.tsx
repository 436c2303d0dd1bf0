/** The dock under the board: the run's timeline; latency, waiting, utilisation and cost, side by side, or a strip to swipe where it is narrow. */
import { lazy, Suspense } from 'react';
import { session } from '../../session/store.ts';
import { study } from '../../session/study.ts';
import { ChartPanel } from './chart-panel.tsx';
import styles from './charts.module.css';
import { panels } from './panels.ts';
import { Timeline } from './timeline.tsx';

const StudyPanel = lazy(async () => ({ default: (await import('./study-panel.tsx')).StudyPanel }));

/** The timeline and the four charts of the run. Fills its container; another document starts with charts of its own. */
export function ChartDock() {
  const documentId = session((state) => state.documentId);
  const open = study((state) => state.open);
  return (
    <>
      <div className={styles['dock']}>
        <Timeline />
        <div className={styles['strip']}>{panels.map((panel) => <ChartPanel key={`${documentId} ${panel.id}`} panel={panel} />)}</div>
      </div>
      {open && <Suspense><StudyPanel /></Suspense>}
    </>
  );
}
