/** The run from its beginning to its end: faults as bars that can be dragged and stretched, edits as ticks, and the present moment, which can be taken back. */
import { Dices, History } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { CSSProperties, PointerEvent as ReactPointerEvent } from 'react';
import type { DesignFault } from '../../design/design.ts';
import { changeFault } from '../../design/edit.ts';
import { faultInfo, faultText } from '../../kit/fault.ts';
import { frames } from '../../session/frames.ts';
import { session } from '../../session/store.ts';
import { study } from '../../session/study.ts';
import { clock, format } from '../../units/format.ts';
import { nameOf } from '../breaking.ts';
import { Slice, Sure } from './sure.tsx';
import { timeText } from './ticks.ts';
import styles from './timeline.module.css';

/** Recurring faults are drawn at most so often. */
const mostBars = 60;

/** Where a stretch of time lies on the track, as percentages. */
const along = (from: number, to: number, end: number): CSSProperties => ({ left: `${(100 * Math.min(from, end)) / end}%`, width: `max(3px, ${(100 * Math.max(0, Math.min(to, end) - from)) / end}%)` });

/** Beginnings of a fault that are known beforehand; one that comes at random has none. */
function beginnings({ at, repeat, every }: DesignFault, end: number): readonly number[] {
  if (repeat === 'random') return [];
  if (repeat === 'once') return [at];
  return Array.from({ length: Math.min(mostBars, Math.floor((end - at) / every) + 1) }, (_, k) => at + k * every);
}

interface Drag {
  readonly id: string;
  readonly at: number;
  readonly seconds: number;
}

/** Follows the pointer until it is let go; answers with the fault's new figures as it goes. */
function drag(event: ReactPointerEvent<HTMLElement>, fault: DesignFault, stretching: boolean, end: number, show: (drag: Drag | null) => void): void {
  const track = event.currentTarget.closest('[data-track]')!.getBoundingClientRect();
  const from = event.clientX;
  let last: Drag | null = null;
  event.preventDefault();
  event.stopPropagation();
  const move = (to: PointerEvent): void => {
    const by = ((to.clientX - from) / track.width) * end;
    const figures = stretching ? { at: fault.at, seconds: Math.max(end / 1000, fault.seconds + by) } : { at: Math.min(end, Math.max(0, fault.at + by)), seconds: fault.seconds };
    show((last = { id: fault.id, ...figures }));
  };
  const up = (): void => {
    removeEventListener('pointermove', move);
    removeEventListener('pointerup', up);
    removeEventListener('pointercancel', up);
    show(null);
    if (last === null) return session.getState().select([fault.target]);
    const { at, seconds } = last;
    session.getState().edit(`Move “${faultInfo[fault.fault].label}”`, (design) => changeFault(design, fault.id, { at, seconds }));
  };
  addEventListener('pointermove', move);
  addEventListener('pointerup', up);
  addEventListener('pointercancel', up);
}

function Bars({ end }: { end: number }) {
  const design = session((state) => state.design);
  const [dragged, show] = useState<Drag | null>(null);
  return design.faults.map((fault) => {
    const now = dragged?.id === fault.id ? { ...fault, ...dragged } : fault;
    const text = `${faultText(fault.fault, fault.amount)}: ${nameOf(design, fault.target)}`;
    const movable = fault.repeat === 'once';
    return beginnings(now, end).map((at, k) => (
      <button key={`${fault.id} ${k}`} type="button" className={styles['bar']} style={along(at, at + now.seconds, end)} title={`${text}, ${timeText(at)}${movable ? '; drag to move it, its end to stretch it' : ''}`}
        aria-label={`${text} at ${timeText(at)}`} onClick={(event) => event.detail === 0 && session.getState().select([fault.target])}
        onPointerDown={(event) => movable && drag(event, fault, false, end, show)}>
        {movable && !faultInfo[fault.fault].instant && <i onPointerDown={(event) => drag(event, fault, true, end, show)} />}
      </button>
    ));
  });
}

function Ticks({ end }: { end: number }) {
  const edits = session((state) => state.history?.edits);
  return edits?.map((edit, k) => <span key={k} className={styles['tick']} style={{ left: `${(100 * edit.time) / end}%` }} title={`${edit.label}, ${timeText(edit.time)}`} />);
}

/** The moment, as a slider: moving it shows the board as it was, letting it go goes there. */
function Playhead({ end }: { end: number }) {
  const slider = useRef<HTMLInputElement>(null);
  const held = useRef(false);
  const loading = session((state) => state.run.state === 'loading');
  useEffect(() => frames.subscribe((frame) => {
    if (!slider.current || held.current) return;
    slider.current.value = String(frame.time);
    slider.current.setAttribute('aria-valuetext', clock(frame.time));
  }), []);
  const scrub = (): void => {
    held.current = true;
    const time = Number(slider.current!.value);
    slider.current!.setAttribute('aria-valuetext', clock(time));
    if (session.getState().run.state === 'running') session.getState().pause();
    session.getState().look(time);
  };
  const go = (): void => {
    if (!held.current) return;
    held.current = false;
    session.getState().rewind(Number(slider.current!.value));
  };
  return (
    <input ref={slider} className={styles['playhead']} type="range" min={0} max={end} step={end / 1000} defaultValue={frames.latest?.time ?? 0} aria-label="Moment of the run" disabled={loading}
      title="Drag back to see the board as it was; let go to go there" onInput={scrub} onPointerUp={go} onKeyUp={go} onBlur={go} />
  );
}

/** Opens the study's panel; tells how far a study is. */
function Seeds() {
  const { state, open, progress, asked } = study();
  const text = state === 'running' ? `${Math.round(100 * progress.share)} %` : state === 'done' ? `${asked!.count} seeds` : 'More seeds';
  return (
    <button type="button" className={styles['again']} aria-pressed={open} data-on={open || state === 'running' || undefined} title="Repeat the run with other seeds: how much of this is chance?" onClick={() => study.setState({ open: !open })}>
      <Dices size={13} aria-hidden="true" />{text}
    </button>
  );
}

/** The strip above the charts. */
export function Timeline() {
  const horizon = session((state) => state.design.run.seconds);
  const edits = session((state) => state.history?.edits.length ?? 0);
  const [reached, reach] = useState(0);
  useEffect(() => frames.subscribe((frame) => reach((before) => (frame.time > Math.max(before, horizon) ? frame.time : before))), [horizon]);
  const end = Math.max(horizon, reached);
  return (
    <section className={styles['timeline']} aria-label="Timeline of the run">
      <span className={styles['end']}>0 s</span>
      <div className={styles['track']} data-track>
        <Bars end={end} />
        <Ticks end={end} />
        <Playhead end={end} />
      </div>
      <span className={styles['end']}>{format(end, 'seconds')}</span>
      <div className={styles['said']}><Sure /><Slice /></div>
      <button type="button" className={styles['again']} disabled={edits === 0} title="Play this history again: every edit and fault at its moment" onClick={() => session.getState().replay()}>
        <History size={13} aria-hidden="true" />Repeat
      </button>
      <Seeds />
    </section>
  );
}
