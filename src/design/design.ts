/** The document a person draws: components, wires, areas, notes, objectives and how to run it. Plain JSON, nothing else. */

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

/** A labelled area (region, zone, rack …); components whose centre lies inside belong to it. */
export interface DesignGroup {
  readonly id: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
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
  /** Simulated seconds per second of wall clock; `0` is as fast as possible. */
  readonly speed: number;
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
  readonly objectives: readonly Objective[];
  readonly run: RunSettings;
  readonly view: View | null;
}

/** How large a design may be; anything beyond is refused at the gate. */
export const limits = { nodes: 500, links: 2000, groups: 100, notes: 200, objectives: 20, noteCharacters: 2000, nameCharacters: 120 } as const;

/** An empty board. */
export const emptyDesign: Design = {
  version: 1,
  name: 'Untitled design',
  nodes: [],
  links: [],
  groups: [],
  notes: [],
  objectives: [],
  run: { seed: 1, seconds: 300, warmupSeconds: 0, speed: 1 },
  view: null,
};

/** A value from outside, accepted, or a refusal that says in one sentence what is wrong and where. */
export type Gated<T> = { readonly ok: true; readonly value: T; readonly repairs: readonly string[] } | { readonly ok: false; readonly why: string };
