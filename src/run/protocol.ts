/** What page and worker say to each other: plain data, columnar where it is large, transferred rather than copied. */
import type { Design } from '../design/design.ts';
import type { Trace } from '../engine/trace.ts';
import type { Result } from './result.ts';

/** Measures every node has, in this order, before those its kind declares. */
export const commonMeasures = ['arrivals', 'answers', 'failures', 'inFlight', 'waiting', 'utilisation', 'latency'] as const;

/** Label and unit of each common measure. */
export const commonMeasureInfo = {
  arrivals: { label: 'arrivals', unit: 'requests/second' },
  answers: { label: 'answered', unit: 'requests/second' },
  failures: { label: 'failed', unit: 'requests/second' },
  inFlight: { label: 'in flight', unit: 'requests' },
  waiting: { label: 'waiting', unit: 'requests' },
  utilisation: { label: 'utilisation', unit: 'share' },
  latency: { label: 'latency', unit: 'seconds' },
} as const;

/** Figures of every wire in a frame, in this order: calls/s, share of them failing, calls under way. */
export const linkMeasures = ['rate', 'failedShare', 'inFlight'] as const;

/** Where to find a node's or wire's figures in a frame; changes only when the design's structure does. */
export interface Layout {
  /** Node id → index of its first value in `Frame.nodes`, and the names of its measures in order (common ones first). */
  readonly nodes: Readonly<Record<string, { readonly at: number; readonly measures: readonly string[] }>>;
  /** Link id → index of its first value in `Frame.links`. */
  readonly links: Readonly<Record<string, number>>;
  /** Node id → where its face's cells stand in `Frame.cells`: cells[at] is the count, then that many values 0…1. */
  readonly cells: Readonly<Record<string, number>>;
}

/** What a run is doing: ended at its horizon, or stopped by itself for a reason. */
export type RunState = 'running' | 'paused' | 'ended' | 'stopped';

/** The board's live figures at one moment: averages over the recent window; NaN where there is nothing to say yet. */
export interface Frame {
  readonly time: number;
  readonly state: RunState;
  /** Why the run stopped by itself (a runaway design), in one sentence. */
  readonly stopped: string | null;
  readonly events: number;
  /** Events simulated, and simulated seconds passed, per wall-clock second of late. */
  readonly eventsPerSecond: number;
  readonly realTimeFactor: number;
  readonly nodes: Float64Array;
  readonly links: Float64Array;
  readonly cells: Float64Array;
  /** Current value of each objective of the design, in order. */
  readonly objectives: Float64Array;
}

/** The charts of the dock. */
export type ChartId = 'latency' | 'firstToken' | 'waiting' | 'utilisation' | 'cost';

/** One line of one chart. `node` is the component it belongs to, where it belongs to one. */
export interface ChartSeries {
  readonly chart: ChartId;
  readonly name: string;
  readonly node: string | null;
  readonly values: Float64Array;
}

/** A moment worth a line through every chart: an edit or a what-if. */
export interface Mark {
  readonly time: number;
  readonly label: string;
}

/** All charts at one moment, already reduced to at most `points` columns that end at `times`. */
export interface Charts {
  readonly times: Float64Array;
  readonly series: readonly ChartSeries[];
  readonly marks: readonly Mark[];
}

/** A change made to the design while it ran. */
export interface TimedEdit {
  readonly time: number;
  readonly label: string;
  readonly design: Design;
}

/** What the worker offers the page. Every promise settles with a value or a sentence that says what went wrong. */
export interface RunService {
  /** Starts afresh at time 0, paused. */
  load(design: Design, traces: Readonly<Record<string, Trace>>): Layout;
  /** Takes an edited design into the running simulation, at its present moment. */
  apply(design: Design, label: string): Layout;
  play(speed: number): void;
  pause(): void;
  /** Runs on by that many simulated seconds and pauses. */
  step(seconds: number): void;
  /** Runs as fast as possible to that moment, then pauses there; answers when arrived. */
  runTo(time: number): Promise<void>;
  result(): Result;
  charts(points: number): Charts;
  /** Calls back with a fresh frame about ten times a second of wall clock while running, and once after each change. */
  onFrame(listener: (frame: Frame) => void): void;
}
