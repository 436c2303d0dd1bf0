/** A simulation of a design: runs, takes edits as it goes, keeps notes, and says what happened. The same in Node and in a worker. */
import type { Design, TimedEdit } from '../design/design.ts';
import { Digest } from '../engine/digest.ts';
import { BUCKETS } from '../engine/histogram.ts';
import type { Listener } from '../engine/ledger.ts';
import type { Budget } from '../engine/network.ts';
import { Recorder } from '../engine/recorder.ts';
import type { Trace } from '../engine/trace.ts';
import { Board } from './board.ts';
import { Columns } from './columns.ts';
import type { Mark, RunHistory } from './protocol.ts';
import type { Result, Warmup } from './result.ts';
import { inFlightGrows } from './statistics/growth.ts';
import { intervalsOf } from './statistics/intervals.ts';
import { Checkpoints, transientEnd } from './statistics/warmup.ts';
import { distributions, startNow, summarise, type Replica, type Start } from './summary.ts';

/** What may be handed to a simulation beside its design. */
export interface Options {
  /** Instead of the seed in the design. */
  readonly seed?: number;
  readonly traces?: Readonly<Record<string, Trace>>;
  readonly budget?: Budget;
  /** Hears of every request as it ends. */
  readonly listener?: Listener;
  /** Edits to be taken in as their moments come, in order of time. */
  readonly edits?: readonly TimedEdit[];
}

/**
 * Seconds between notes at first: fine enough to show something soon, but no finer than an eighth of what fills the notebook by the
 * horizon. A power of two, so that notes fall on the same moments on every machine.
 */
function firstInterval(horizon: number): number {
  const fine = Math.min(horizon, Math.max(0.25 * 480, horizon / 8));
  let interval = 1 / 1024;
  while (interval * 480 < fine) interval *= 2;
  return interval;
}

export class Simulation {
  readonly board: Board;
  readonly seed: number;
  readonly recorder: Recorder;
  readonly marks: Mark[] = [];
  columns: Columns;
  private readonly first: Design;
  private readonly taken: TimedEdit[] = [];
  private later: readonly TimedEdit[];
  private current: Design;
  /** Where statistics start: the end of the warm-up, or the very beginning. */
  private start: Start | null = null;
  /** Where they may start when the warm-up is found automatically. */
  private readonly checkpoints = new Checkpoints<Start>();

  constructor(design: Design, options: Options = {}) {
    this.first = this.current = design;
    this.later = options.edits ?? [];
    this.seed = options.seed ?? design.run.seed;
    this.board = new Board(this.seed, options.traces ?? {}, options.budget);
    this.board.apply(design);
    this.board.net.ledger.listener = options.listener ?? null;
    this.columns = new Columns(this.board);
    const { ledger } = this.board.net;
    this.recorder = new Recorder(this.columns.keys.length, firstInterval(design.run.seconds), () => [ledger.latency(), ledger.first, ledger.perOutput]);
  }

  get design(): Design {
    return this.current;
  }

  /** Simulated seconds since the start. */
  get now(): number {
    return this.board.net.now;
  }

  /** What this run is made of so far, and the edits still to come. */
  get history(): RunHistory {
    return { start: this.first, edits: [...this.taken, ...this.later] };
  }

  /** How many edits have been taken in. */
  get editsTaken(): number {
    return this.taken.length;
  }

  /** Takes an edited design from this moment on, and marks the moment with a label. Edits still to come are dropped. */
  apply(design: Design, label: string): void {
    this.later = [];
    // Everything of this instant comes before the edit, as it will when the history is played again.
    this.runTo(this.now);
    this.take({ time: this.now, label, design });
  }

  private take(edit: TimedEdit): void {
    this.taken.push(edit);
    this.board.apply(edit.design);
    this.current = edit.design;
    const columns = new Columns(this.board);
    const from = columns.from(this.columns);
    if (columns.keys.length !== this.columns.keys.length || from.some((c, i) => c !== i)) this.recorder.reshape(columns.keys.length, from);
    this.columns = columns;
    if (edit.time > 0) this.marks.push({ time: edit.time, label: edit.label });
  }

  /** Runs until `time`, or at most so many events; true when there (or stopped for a reason). Pausing in between changes nothing. */
  runTo(time: number, events = Infinity): boolean {
    const { net } = this.board;
    const first = net.events;
    while (net.stopped === null) {
      const warm = this.start === null && this.current.run.warmup === 'given' ? this.current.run.warmupSeconds : Infinity;
      const edit = this.later[0]?.time ?? Infinity;
      const stop = Math.min(time, this.recorder.due(), warm > 0 ? warm : Infinity, Math.max(edit, this.now));
      if (!net.run(stop, events - (net.events - first))) {
        if (net.events - first >= events) return false;
        continue;
      }
      if (net.stopped !== null) break;
      if (stop === warm) this.start = startNow(this);
      if (stop === this.recorder.due()) this.note();
      while (this.later.length > 0 && this.later[0]!.time <= stop) {
        const [next, ...others] = this.later;
        this.later = others;
        this.take(next!);
      }
      if (stop >= time) return true;
    }
    return true;
  }

  private note(): void {
    const { now, columns, recorder, board } = this;
    recorder.note(now, (row) => columns.fill(row, now));
    if (this.current.run.warmup === 'automatic') this.checkpoints.offer(now, recorder.interval, board.nodes.size + board.net.ledger.books.length, () => startNow(this));
  }

  /** What was left out at the front of the run, as far as can be told now. */
  warmup(): Warmup {
    return this.cut().warmup;
  }

  /** Where figures start now. */
  private cut(): { readonly start: Start | null; readonly warmup: Warmup } {
    if (this.current.run.warmup === 'given') return { start: this.start, warmup: { seconds: this.start?.time ?? 0, how: 'given', steady: null } };
    const { time, steady } = transientEnd(this, this.marks);
    const start = time > 0 ? this.checkpoints.after(time) : null;
    return { start, warmup: { seconds: start?.time ?? 0, how: 'automatic', steady: steady && (start !== null || time === 0) } };
  }

  /** What happened from the end of the warm-up until now. */
  result(): Result {
    return this.replica().result;
  }

  /** What happened from the end of the warm-up that the design gives until now, without digest and without a word on how sure it is: for looking often. */
  sinceWarmup(): Result {
    return summarise(this, this.start, '');
  }

  /** The same with the distributions behind it. */
  replica(): Replica {
    const { start, warmup } = this.cut();
    const seen = distributions(this, start);
    const result = { ...summarise(this, start, this.digest(), seen), warmup, inFlightGrows: inFlightGrows(this, warmup.seconds) };
    return { result: { ...result, intervals: intervalsOf(this, result) }, seen };
  }

  /** Hash of the full series and of where things stand now. */
  digest(): string {
    const { net, nodes } = this.board;
    const digest = new Digest();
    for (const key of this.columns.keys) digest.word(key);
    digest.numbers(this.recorder.times, this.recorder.count);
    for (let k = 0; k < this.recorder.count; k++) digest.numbers(this.recorder.row(k)!);
    const row = new Float64Array(this.columns.keys.length);
    this.columns.fill(row, net.now);
    digest.number(net.now).number(net.events).numbers(row);
    for (const h of [net.ledger.latency(), net.ledger.first, net.ledger.perOutput]) digest.number(h.sum).numbers(h.counts, BUCKETS);
    for (const live of nodes.values()) digest.word(live.id).number(live.node.latency.sum).numbers(live.node.ended);
    return digest.text();
  }
}
