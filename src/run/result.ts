/** The result of a run, as the command line prints it, lessons read it and objectives point into it. Base units throughout. */
import type { RunSettings } from '../design/design.ts';
import type { Reason } from '../engine/reasons.ts';

/** Summary of a distribution, in seconds; NaN-free: null where nothing was observed. */
export interface Spread {
  readonly count: number;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
}

/** What became of the requests of one class, or of all. */
export interface Tally {
  readonly offered: number;
  readonly answered: number;
  readonly failed: Partial<Record<Reason, number>>;
  readonly inFlight: number;
  /** Answers that still mattered (within the time after which the asker no longer cares). */
  readonly goodput: number;
  readonly failedShare: number;
  readonly answeredPerSecond: number;
  readonly goodputPerSecond: number;
}

/** What became of the requests of one class or one tenant, and how long they took. */
export interface Party extends Tally {
  readonly latency: Spread;
  /** Streamed answers: seconds to the first token, and per further one; null where there are none. */
  readonly llm: { readonly ttft: Spread; readonly tpot: Spread } | null;
}

/** What happened at one component. */
export interface NodeResult {
  readonly kind: string;
  readonly label: string;
  readonly utilisation: number | null;
  /** Calls in line: on average, and the most there ever were, the warm-up included. */
  readonly queue: { readonly mean: number; readonly max: number };
  readonly arrived: number;
  readonly served: number;
  readonly failed: number;
  readonly failedBy: Partial<Record<Reason, number>>;
  readonly inFlight: number;
  /** Time average of calls in flight. */
  readonly inFlightMean: number;
  readonly latency: Spread;
  /** The kind's own measures by name, averaged over the run. */
  readonly measures: Readonly<Record<string, number | null>>;
}

/** How sure a figure is: with probability `level`, `low` and `high` have its true value between them. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly level: number;
  /** From stretches of one run, or from runs that have nothing to do with each other. Percentiles by batch means are approximate. */
  readonly method: 'batch means' | 'replications';
  /** How many batches or replications. */
  readonly count: number;
}

/** What was left out at the front of a run. */
export interface Warmup {
  readonly seconds: number;
  readonly how: RunSettings['warmup'];
  /** Whether the search for the end of the start-up transient found a steady state after it; null where nobody searched. */
  readonly steady: boolean | null;
}

/** Everything a run has to say, or several replications of it together. */
export interface Result {
  readonly design: string;
  readonly seed: number;
  /** Simulated seconds; of several replications, of all of them. */
  readonly seconds: number;
  /** Simulated seconds that the figures are of: what is left after the warm-up. */
  readonly measuredSeconds: number;
  /** How many runs with seeds of their own the figures are of. Counts are then sums, percentiles of the merged histograms, other figures means. */
  readonly replications: number;
  /** Of several replications, the longest. */
  readonly warmup: Warmup;
  /** Whether calls in flight grew from the end of the warm-up until now, at some component and beyond chance; of replications, in most. Times are only of what was answered. */
  readonly inFlightGrows: boolean;
  readonly requests: Tally;
  readonly latency: Spread;
  readonly classes: Readonly<Record<string, Party>>;
  /** The same by tenant; empty where nobody names any. */
  readonly tenants: Readonly<Record<string, Party>>;
  readonly nodes: Readonly<Record<string, NodeResult>>;
  readonly llm: {
    readonly ttft: Spread;
    readonly tpot: Spread;
    readonly e2e: Spread;
    readonly inputTokensPerSecond: number;
    readonly outputTokensPerSecond: number;
  } | null;
  readonly cost: {
    readonly usdPerHour: number;
    readonly usd: number;
    readonly usdPerMillionRequests: number | null;
    readonly usdPerMillionTokens: number | null;
    /** What each component cost an hour; what is missing to the total went to wires, and to components that are gone. */
    readonly nodes: Readonly<Record<string, number>>;
    /**
     * `usd` by class, and by tenant: what each component cost in proportion to the time that their calls spent there, what nobody used in proportion
     * to their requests. Adds up to the total.
     */
    readonly classes: Readonly<Record<string, number>>;
    readonly tenants: Readonly<Record<string, number>>;
  };
  /** Fleet slicing: one in `oneIn` requests was simulated, and where that bends the truth; null where everything was. */
  readonly slice: { readonly oneIn: number; readonly bends: readonly string[] } | null;
  readonly objectives: readonly {
    /** As a person calls it, a component by its label (`Database p99 latency`). */
    readonly name: string;
    /** Where it stands in this result. */
    readonly metric: string;
    readonly relation: 'at most' | 'at least';
    readonly limit: number;
    readonly value: number | null;
    readonly met: boolean;
  }[];
  /** Confidence intervals by the path of their figure in this result (e.g. `latency.p99`), for those figures that have one. */
  readonly intervals: Readonly<Record<string, Interval>>;
  readonly events: number;
  /** Why the run stopped before its time, if it did. */
  readonly stopped: string | null;
  /** Hash of the full series: the same design, seed and edits give the same digest everywhere. */
  readonly digest: string;
}
