/** The document a person draws: components, wires, areas, notes, faults, objectives and how to run it. Plain JSON, nothing else. */
import type { InFlight } from '../engine/health.ts';
import type { FaultName } from '../kit/fault.ts';

/** One component on the board. `id` is stable for ever (random streams hang on it); `label` may change freely. */
export interface DesignNode {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  /** Parameter values that differ from the kind's defaults. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** A wire from one component to another; `params` as declared in `kinds/link.ts`. */
export interface DesignLink {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What an area stands for. A plain area is only drawn; planes share faults; regions, zones and racks are places with a distance besides. */
export const groupLevels = ['area', 'region', 'zone', 'rack', 'control plane', 'data plane'] as const;
/** One of those. */
export type GroupLevel = (typeof groupLevels)[number];

/**
 * What a wire that leaves a place takes on: seconds each way, and USD per GB of answers. Assumed: 30 ms between regions of a continent, 0.5 ms between
 * zones, 20 µs between racks. Prices are AWS EC2's for data transfer between regions and (both directions) between zones, us-east-1, 2026 (not verified).
 */
export const groupDistance: Readonly<Record<GroupLevel, { readonly latency: number; readonly usdPerGb: number }>> = {
  area: { latency: 0, usdPerGb: 0 },
  region: { latency: 0.03, usdPerGb: 0.02 },
  zone: { latency: 0.0005, usdPerGb: 0.02 },
  rack: { latency: 0.00002, usdPerGb: 0 },
  'control plane': { latency: 0, usdPerGb: 0 },
  'data plane': { latency: 0, usdPerGb: 0 },
};

/** A labelled area; components whose centre lies inside belong to it. */
export interface DesignGroup {
  readonly id: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly level: GroupLevel;
  /** Seconds, one way, that a wire takes longer for leaving it; of two such places the longer counts. */
  readonly latency: number;
  /** USD per GB of answers on such a wire. */
  readonly usdPerGb: number;
}

/** How a fault comes back: never; every so many seconds; or at random, with `every` and `seconds` as means (MTBF and MTTR, both exponential). */
export const faultRepeats = ['once', 'every', 'random'] as const;

/** Something that goes wrong at a moment of the run. */
export interface DesignFault {
  readonly id: string;
  readonly fault: FaultName;
  /** Id of the component, wire or area it befalls. */
  readonly target: string;
  /** Simulated seconds at which it (first) begins, and for how long. */
  readonly at: number;
  readonly seconds: number;
  /** As `faultInfo` says; 0 where it has none. */
  readonly amount: number;
  /** What becomes of the work in flight, where something goes down. */
  readonly inFlight: InFlight;
  readonly repeat: (typeof faultRepeats)[number];
  /** Seconds from one beginning to the next; of no matter where it comes once. */
  readonly every: number;
}

/** A handwritten note on the board. */
export interface DesignNote {
  readonly id: string;
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** What the design promises: a metric of the result (a dotted path, e.g. `latency.p99`, `cost.usdPerHour`) held to a limit. */
export interface Objective {
  readonly metric: string;
  readonly relation: 'at most' | 'at least';
  readonly limit: number;
}

/** How to run it. `seconds` is the horizon in simulated time; statistics start after `warmupSeconds`. */
export interface RunSettings {
  readonly seed: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Whether the warm-up is cut as given, or found in the series itself (MSER-5). */
  readonly warmup: 'given' | 'automatic';
  /** Simulated seconds per second of wall clock; `0` is as fast as possible. */
  readonly speed: number;
  /** Fleet slicing: one in so many requests and replicas is simulated, and the results are scaled back; 1 simulates everything. */
  readonly slice: number;
}

/** Where the person was looking: canvas offset in pixels and zoom factor. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** A whole design. */
export interface Design {
  readonly version: 1;
  readonly name: string;
  readonly nodes: readonly DesignNode[];
  readonly links: readonly DesignLink[];
  readonly groups: readonly DesignGroup[];
  readonly notes: readonly DesignNote[];
  readonly faults: readonly DesignFault[];
  readonly objectives: readonly Objective[];
  readonly run: RunSettings;
  readonly view: View | null;
}

/** A change made to the design while it ran. */
export interface TimedEdit {
  readonly time: number;
  readonly label: string;
  readonly design: Design;
}

/** How large a design may be; anything beyond is refused at the gate. */
export const limits = { nodes: 500, links: 2000, groups: 100, notes: 200, faults: 100, objectives: 20, noteCharacters: 2000, nameCharacters: 120 } as const;

/** An empty board. */
export const emptyDesign: Design = {
  version: 1,
  name: 'Untitled design',
  nodes: [],
  links: [],
  groups: [],
  notes: [],
  faults: [],
  objectives: [],
  run: { seed: 1, seconds: 300, warmupSeconds: 0, warmup: 'given', speed: 1, slice: 1 },
  view: null,
};

/** A value from outside, accepted, or a refusal that says in one sentence what is wrong and where. */
export type Gated<T> = { readonly ok: true; readonly value: T; readonly repairs: readonly string[] } | { readonly ok: false; readonly why: string };
