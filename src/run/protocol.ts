/** What page and worker say to each other: plain data, columnar where it is large, transferred rather than copied. */
import type { Design, TimedEdit } from '../design/design.ts';
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

/** Figures of every wire in a frame, in this order: calls/s (each attempt counts), share of them failing, calls under way. */
export const linkMeasures = ['rate', 'failedShare', 'inFlight'] as const;

/** Where to find a node's or wire's figures in a frame; changes only when the design's structure does. */
export interface Layout {
  /** Node id → index of its first value in `Frame.nodes`, and the names of its measures in order (common ones first). */
  readonly nodes: Readonly<Record<string, { readonly at: number; readonly measures: readonly string[] }>>;
  /** Link id → index of its first value in `Frame.links`. */
  readonly links: Readonly<Record<string, number>>;
  /** Node id → index of what it fails for in `Frame.failing`. */
  readonly failing: Readonly<Record<string, number>>;
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
  /** Why each node has failed calls of late: the outcome code of the most frequent reason (see `engine/reasons.ts`), 0 where it has not. */
  readonly failing: Uint8Array;
  /** Ids of the faults that last now, and how many of the timed edits have been taken in. */
  readonly lasting: readonly string[];
  readonly edits: number;
  /** How many times a design has been loaded, applied or rewound so far: a frame from before the last of these tells of what is over. */
  readonly generation: number;
  /** Value of each objective of the design, in order: of the recent past, or, once the run is over, of all of it after the warm-up. */
  readonly objectives: Float64Array;
}

/** The charts of the dock. */
export type ChartId = 'latency' | 'firstToken' | 'throughput' | 'failures' | 'waiting' | 'utilisation' | 'cost';

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

/** A fault as it came about: from when to when (null while it lasts), what it was, and what it befell. */
export interface Episode {
  readonly id: string;
  readonly label: string;
  readonly target: string;
  readonly from: number;
  readonly to: number | null;
}

/** All charts at one moment, already reduced to at most `points` columns that end at `times`. */
export interface Charts {
  readonly times: Float64Array;
  readonly series: readonly ChartSeries[];
  readonly marks: readonly Mark[];
  /** Faults, for bands across the charts. */
  readonly episodes: readonly Episode[];
  /** Where statistics start, in simulated seconds. */
  readonly warmup: number;
}

/** All that decides a run besides its traces: the design it started with and the edits made as it went, in order of time. */
export interface RunHistory {
  readonly start: Design;
  readonly edits: readonly TimedEdit[];
}

/** What the worker offers the page. Every promise settles with a value or a sentence that says what went wrong. */
export interface RunService {
  /** Starts afresh at time 0, paused; `edits` are taken in as their moments come. */
  load(design: Design, traces: Readonly<Record<string, Trace>>, edits?: readonly TimedEdit[]): Layout;
  /** Takes an edited design into the running simulation, at its present moment. Edits that were still to come are dropped: the run forks here. */
  apply(design: Design, label: string): Layout;
  /** Goes back (or on) to a moment: runs the history again up to there, and pauses. What came later stays to come until something is edited. */
  rewind(time: number): Promise<Layout>;
  /** The board's figures as they were noted at or before a moment, at once and without faces; the run itself stays where it is. */
  look(time: number): Frame;
  /** Where figures stand in frames now: to be asked for again when `Frame.edits` has changed by itself. */
  layout(): Layout;
  /** What this run is made of so far. */
  history(): RunHistory;
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
