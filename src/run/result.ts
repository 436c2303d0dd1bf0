/** The result of a run, as the command line prints it, lessons read it and objectives point into it. Base units throughout. */
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

/** What happened at one component. */
export interface NodeResult {
  readonly kind: string;
  readonly label: string;
  readonly utilisation: number | null;
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

/** Everything a run has to say. */
export interface Result {
  readonly design: string;
  readonly seed: number;
  readonly seconds: number;
  readonly requests: Tally;
  readonly latency: Spread;
  readonly classes: Readonly<Record<string, Tally & { readonly latency: Spread }>>;
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
    readonly nodes: Readonly<Record<string, number>>;
  };
  readonly objectives: readonly {
    readonly name: string;
    readonly metric: string;
    readonly relation: 'at most' | 'at least';
    readonly limit: number;
    readonly value: number | null;
    readonly met: boolean;
  }[];
  readonly events: number;
  /** Why the run stopped before its time, if it did. */
  readonly stopped: string | null;
  /** Hash of the full series: the same design, seed and edits give the same digest everywhere. */
  readonly digest: string;
}
