/** One line under the bar when a run is over or was stopped: what happened and why, and the digest of what came out. */
import { CircleAlert, CopyX, Flag, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Result } from '../../run/result.ts';
import type { RunView } from '../../session/session.ts';
import { session } from '../../session/store.ts';
import { clock } from '../../units/format.ts';
import { current } from '../current.ts';
import styles from './top.module.css';

function sentence({ state, notice }: RunView, seconds: number): string | null {
  if (state === 'ended') return notice ?? `Run ended at ${clock(seconds)}`;
  if (state === 'stopped') return `Stopped: ${notice ?? 'the run could not go on.'}`;
  if (state === 'crashed') return notice ?? 'The simulation failed. Press “Run again” to start it afresh.';
  return notice;
}

/** What came out of a run that has ended; null until it is known, and for any other run. */
function useResult(run: RunView): Result | null {
  const [result, setResult] = useState<Result | null>(null);
  const ended = run.state === 'ended';
  useEffect(() => {
    if (!ended) return;
    let wanted = true;
    // A worker lost at this moment says so itself; the line then stays short.
    session.getState().result().then((found) => wanted && setResult(found), () => undefined);
    return () => {
      wanted = false;
      setResult(null);
    };
  }, [ended]);
  return result;
}

function Outcome({ requests, digest }: Result) {
  return (
    <>
      {` · ${requests.offered.toLocaleString('en')} requests · `}
      <span title="The same design, seed and edits give this digest everywhere">digest {digest}</span>
    </>
  );
}

/** A run that says nothing: it may only be slow, so what becomes of it is the person's to say. */
function Silent() {
  const silent = session((state) => state.run.silent && state.run.state === 'running');
  if (!silent) return null;
  return (
    <p className={styles['notice']} data-bad>
      <CircleAlert size={15} aria-hidden="true" />
      <span>The simulation has said nothing for two seconds.</span>
      <button type="button" className={styles['act']} title="The design stays as it is; the run begins again at 0 s" onClick={() => session.getState().revive()}>Start it again</button>
    </p>
  );
}

/** The same design in two tabs: one of them writes, the other says so. */
function Elsewhere() {
  const elsewhere = session((state) => state.elsewhere);
  if (!elsewhere) return null;
  return (
    <p className={styles['notice']}>
      <CopyX size={15} aria-hidden="true" />
      <span>This design is open in another tab, which saves it. What you change here is not saved.</span>
      <button type="button" className={styles['act']} title="This tab saves from now on; nothing that either tab made is lost" onClick={() => void session.getState().takeOver()}>Take over</button>
    </p>
  );
}

/** Shows the sentence until it is dismissed or another takes its place, and above it what needs an answer. */
export function RunNotice() {
  const run = session((state) => state.run);
  const seconds = session((state) => state.design.run.seconds);
  const [dismissed, dismiss] = useState<RunView | null>(null);
  const result = useResult(run);
  const brief = current((state) => (state.scenario ? state.brief : undefined));
  const text = dismissed === run ? null : sentence(run, seconds);
  const bad = run.state === 'stopped' || run.state === 'crashed';
  return (
    <div role="status" className={styles['noticePlace']} data-brief={brief}>
      <Elsewhere />
      <Silent />
      {text !== null && (
        <p className={styles['notice']} data-bad={bad || undefined}>
          {bad ? <CircleAlert size={15} aria-hidden="true" /> : <Flag size={14} aria-hidden="true" />}
          <span>{text}{result && <Outcome {...result} />}</span>
          <button type="button" className={styles['icon']} aria-label="Dismiss" onClick={() => dismiss(run)}><X size={14} aria-hidden="true" /></button>
        </p>
      )}
    </div>
  );
}
