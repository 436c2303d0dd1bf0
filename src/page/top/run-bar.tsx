/** The run: play and pause, step, restart, how fast, with which seed, and the simulated clock. */
import { Pause, Play, RotateCcw, StepForward } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { Frame } from '../../run/protocol.ts';
import { frames } from '../../session/frames.ts';
import type { RunView } from '../../session/session.ts';
import { session } from '../../session/store.ts';
import { clock, format } from '../../units/format.ts';
import { SliceMark } from './slice-mark.tsx';
import styles from './top.module.css';

/** Simulated seconds per wall second on offer; 0 is as fast as possible. */
const speeds = [0.1, 0.5, 1, 2, 4, 8, 16, 64, 0] as const;
const speedText = (speed: number): string => (speed === 0 ? 'max' : `${speed}×`);
const largestSeed = 2 ** 32 - 1;

const over = (state: RunView['state']): boolean => state === 'ended' || state === 'stopped' || state === 'crashed';
const playLabel: Readonly<Record<RunView['state'], string>> = {
  running: 'Pause', paused: 'Play', loading: 'Starting', ended: 'Run again', stopped: 'Run again', crashed: 'Run again',
};

function toggle(): void {
  const { run, play, pause } = session.getState();
  if (run.state === 'running') pause();
  else play();
}

function PlayButton() {
  const state = session((each) => each.run.state);
  const empty = session((each) => each.design.nodes.length === 0);
  const Icon = state === 'running' ? Pause : over(state) ? RotateCcw : Play;
  return (
    <button type="button" className={`${styles['button']} ${styles['play']}`} onClick={toggle} disabled={state === 'loading' || (empty && state !== 'running')} title={`${playLabel[state]} (Ctrl+Enter)`}>
      <Icon size={14} aria-hidden="true" fill={state === 'paused' || state === 'loading' ? 'currentColor' : 'none'} />
      <span>{playLabel[state]}</span>
    </button>
  );
}

function Stepping() {
  const state = session((each) => each.run.state);
  const { step, restart } = session.getState();
  return (
    <span className={styles['pair']}>
      <button type="button" className={styles['icon']} aria-label="Step" title="A short step on, then pause" onClick={() => step()} disabled={over(state) || state === 'loading'}>
        <StepForward size={15} aria-hidden="true" />
      </button>
      <button type="button" className={styles['icon']} aria-label="Restart" title="Back to the beginning" onClick={() => restart()} disabled={state === 'loading'}>
        <RotateCcw size={15} aria-hidden="true" />
      </button>
    </span>
  );
}

function Speed() {
  const speed = session((state) => state.run.speed);
  const setSpeed = session((state) => state.setSpeed);
  const offered = speeds.some((each) => each === speed) ? speeds : [speed, ...speeds];
  return (
    <select className={styles['quiet']} aria-label="Speed" title="Simulated time per real time" value={speed} onChange={(event) => setSpeed(Number(event.target.value))}>
      {offered.map((each) => <option key={each} value={each}>{speedText(each)}</option>)}
    </select>
  );
}

function Seed() {
  const seed = session((state) => state.design.run.seed);
  const field = useRef<HTMLInputElement>(null);
  const commit = (): void => {
    const next = Number(field.current?.value);
    if (field.current && !(Number.isInteger(next) && next >= 0 && next <= largestSeed)) field.current.value = String(seed);
    else if (next !== seed) session.getState().restart(next);
  };
  return (
    <label className={styles['seed']} title="The same design and seed give the same run, everywhere. A new seed starts afresh.">
      <span>seed</span>
      <input ref={field} key={seed} inputMode="numeric" defaultValue={seed} maxLength={10} onBlur={commit}
        onKeyDown={(event) => { event.stopPropagation(); if (event.key === 'Enter') commit(); }} />
    </label>
  );
}

function pace(frame: Frame | null): string {
  if (!frame || frame.state !== 'running' || !(frame.eventsPerSecond > 0)) return '';
  return `${format(frame.eventsPerSecond, 'count')} events/s`;
}

function Clock() {
  const time = useRef<HTMLSpanElement>(null);
  const small = useRef<HTMLElement>(null);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const show = (): void => {
      const frame = frames.latest;
      if (time.current) time.current.textContent = clock(frame?.time ?? 0);
      if (small.current) small.current.textContent = pace(frame);
      if (place.current && frame) place.current.title = `${format(frame.events, 'count')} events simulated; ${format(frame.realTimeFactor, 'ratio')} real time of late`;
    };
    show();
    return frames.subscribe(show);
  }, []);
  return <div ref={place} className={styles['clock']} role="timer" aria-label="Simulated time"><span ref={time} /><small ref={small} /></div>;
}

/** Everything about the run in one group. */
export function RunBar() {
  return (
    <div className={styles['run']} role="group" aria-label="Run">
      <div className={styles['moment']}><Clock /><SliceMark /></div>
      <Speed />
      <Seed />
      <Stepping />
      <PlayButton />
    </div>
  );
}
