/** One line under the bar when a run is over or was stopped: what happened, and why. */
import { CircleAlert, Flag, X } from 'lucide-react';
import { useState } from 'react';
import type { RunView } from '../../session/session.ts';
import { session } from '../../session/store.ts';
import { format } from '../../units/format.ts';
import styles from './top.module.css';

function sentence({ state, notice }: RunView, seconds: number): string | null {
  if (state === 'ended') return notice ?? `The run ended after ${format(seconds, 'seconds')}. Press “Run again” to start over.`;
  if (state === 'stopped') return `Stopped: ${notice ?? 'the run could not go on.'}`;
  if (state === 'crashed') return notice ?? 'The simulation failed. Press “Run again” to start it afresh.';
  return notice;
}

/** Shows the sentence until it is dismissed or another takes its place. */
export function RunNotice() {
  const run = session((state) => state.run);
  const seconds = session((state) => state.design.run.seconds);
  const [dismissed, dismiss] = useState<RunView | null>(null);
  const text = dismissed === run ? null : sentence(run, seconds);
  const bad = run.state === 'stopped' || run.state === 'crashed';
  return (
    <div role="status" className={styles['noticePlace']}>
      {text !== null && (
        <p className={styles['notice']} data-bad={bad || undefined}>
          {bad ? <CircleAlert size={15} aria-hidden="true" /> : <Flag size={14} aria-hidden="true" />}
          <span>{text}</span>
          <button type="button" className={styles['icon']} aria-label="Dismiss" onClick={() => dismiss(run)}><X size={14} aria-hidden="true" /></button>
        </p>
      )}
    </div>
  );
}
