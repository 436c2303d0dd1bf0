/**
 * What a component kind is: one value that carries everything about itself. Palette, card, inspector, validation, link,
 * simulator, charts, cost sheet, README and command line all follow from it.
 */
import type { Network, Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import type { Trace } from '../engine/trace.ts';
import type { Unit } from '../units/unit.ts';
import type { Constant, Evidence } from './evidence.ts';
import type { FaultName } from './fault.ts';
import type { Spread } from './longest.ts';
import type { Params, Values } from './param.ts';
import type { TokenCost } from './prefix.ts';

/** Palette categories, in the order they are shown; each has a colour of its own. */
export const groups = ['Traffic', 'Routing', 'Compute', 'Memory', 'Data', 'Safety', 'Operations'] as const;
export type Group = (typeof groups)[number];

/** What a wire carries: a `call` asks for an answer; a `prefix` wire attaches a KV cache to an engine; `control` lets one component size another. */
export type Wire = 'call' | 'prefix' | 'control';

/** Where wires may end and start. `out.max` bounds the number of outgoing wires of that sort. */
export interface Ports {
  readonly in: Wire | null;
  readonly out: readonly { readonly wire: Wire; readonly max: number }[];
  /** Finishes the sentence "… because" when a wire to or from this kind is refused. */
  readonly refusal?: string;
}

/** How a figure comes about, as `kit/explain.ts` tells it. */
export interface Told<V = never> {
  /** What is counted over what, in words and symbols. Left out, it is what `help` says, per second or on average over time. */
  readonly formula?: string;
  /** Measured: counted as the run goes, which is usual. Modelled: worked out by a formula of the model as the run goes. */
  readonly origin?: 'measured' | 'modelled';
  /** What it goes by: measures, and parameters of its kind, by name. They are shown with their values of the moment. */
  readonly inputs?: readonly string[];
  /** What else goes into it. */
  readonly constants?: (values: V) => readonly Constant[];
}

/**
 * A measure is a quotient of two running totals, so windows of time merge by adding. `per` is the denominator's total;
 * left out, it is elapsed seconds: a counter becomes a rate and an area under a level becomes its time average.
 */
export interface Measure<N = Node, V = never> extends Told<V> {
  readonly label: string;
  readonly unit: Unit;
  readonly help?: string;
  readonly total: (node: N, now: number) => number;
  readonly per?: (node: N, now: number) => number;
  /** Draw it in this chart of the dock, beside what belongs there already. */
  readonly chart?: 'utilisation' | 'waiting';
}

/** The small live picture on a card: a bar or ring of a share, a sparkline of a measure, or cells/slots filled by the node. */
export type Face =
  | { readonly form: 'bar' | 'ring' | 'spark'; readonly measure: string }
  | { readonly form: 'cells' | 'slots' };

/** The calls of one class and tenant in a flow: how many of all its calls, and their mean tokens. */
export interface Sort {
  readonly name: string;
  readonly tenant: string;
  readonly share: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Load offered to a node, as the arithmetic of the graph predicts it (means; rates per second). */
export interface Flow {
  /** Calls per second. */
  readonly rate: number;
  /** Squared coefficient of variation of the times between arrivals; 1 is Poisson. */
  readonly scv: number;
  /** Mean tokens in and out, bytes and items of one call. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly bytes: number;
  readonly items: number;
  /** Number of distinct keys and the Zipf exponent of their popularity (0 is uniform). */
  readonly keys: number;
  readonly skew: number;
  /** Tokens at the beginning of a prompt that are one of so many beginnings which prompts share (popular as 1 ÷ rank); none where left out. */
  readonly sharedTokens?: number;
  readonly beginnings?: number;
  /** How the lengths of prompts and answers vary; all alike where left out. */
  readonly spread?: { readonly input: Spread; readonly output: Spread };
  /** Of what comes to a prefix cache: what a token is to the engine that asks. */
  readonly token?: TokenCost;
  /** Of what comes to a prefix cache: that some of it has been looked up in another before. */
  readonly second?: boolean;
  /** What it is made of, where there are classes or tenants. Only what tells the sorts from each other counts: a component that changes all tokens alike leaves them. */
  readonly sorts?: readonly Sort[];
}

/** What of a mean prompt comes from a prefix cache, by hand: tokens, and the seconds until they are loaded, for an engine to which a token is that. */
export type Remembered = (token: TokenCost) => { readonly tokens: number; readonly seconds: number };

/** What stops a component from doing more: the first wall that a growing load runs into. */
export type Wall = 'compute' | 'bandwidth' | 'memory' | 'fabric' | 'servers' | 'threads' | 'connections' | 'rate limit' | 'batch limit';

/** Measures that every node has, whatever its kind. */
export type CommonMeasure = 'arrivals' | 'answers' | 'failures' | 'inFlight' | 'waiting' | 'utilisation' | 'latency';

/** One line of the estimate by hand. `measure` names what stands beside it from the run (a kind's or a common measure). */
export interface EstimateRow {
  readonly label: string;
  readonly value: number;
  readonly unit: Unit;
  readonly formula: string;
  readonly source: string;
  readonly measure?: string;
  /** What the arithmetic takes for granted; shown when the run differs by more than 20 %. */
  readonly assumes?: string;
  /** What it is the sum of, in the same unit; nothing below zero. */
  readonly parts?: readonly (readonly [label: string, value: number])[];
  /** What goes into it beside parameters, where no measure stands beside it that tells. */
  readonly constants?: readonly Constant[];
  /** Of a capacity: the wall that bounds it. */
  readonly wall?: Wall;
  /** Where that is a limit somebody has set: the wall behind it. */
  readonly behind?: Wall;
}

/** One line of the cost sheet. Its evidence is who lists the price, and when. */
export interface CostRow extends Partial<Evidence> {
  readonly label: string;
  readonly usdPerHour: number;
  readonly source: string;
}

/** What a node is given when it is built. */
export interface Site {
  readonly net: Network;
  readonly id: string;
  /** A random stream of this node's own, derived from (seed, node id, purpose). */
  stream(purpose: string): Stream;
  /** The loaded trace of that name, or null. */
  trace(name: string): Trace | null;
}

/** A running component: a node of the network that knows its kind's parameter values. */
export interface Component<V> extends Node {
  /** Takes changed parameter values at once; requests in flight survive. */
  retune(values: V): void;
  /** Suffers a fault of its kind's own, one of `Kind.faults` that the network does not know by itself. `amount` is as `faultInfo` says. */
  strike?(fault: FaultName, amount: number): void;
  /** The end of it. */
  heal?(fault: FaultName, amount: number): void;
  /** What it has cost from the start of the run until now, in USD, where that depends on the run; otherwise it is the cost sheet × time. */
  spentUsd?(now: number): number;
  /** The replicas it runs on, where their number can change while it runs. */
  readonly scaling?: Replicas;
}

/** Something that starts by itself: a source of traffic when the run does, and whatever works by its own clock, also after a crash. */
export interface Starts {
  begin(): void;
}

/** Whether a component starts by itself. */
export const starts = (node: object): node is Starts => 'begin' in node;

/** Replicas that come and go. */
export interface Replicas {
  /** How many there shall be. */
  readonly wanted: number;
  /** How many serve now; how many are starting. Those that finish their work before they go count in neither. */
  readonly ready: number;
  readonly starting: number;
  /** Asks for so many: more start cold unless a warm one stands by, fewer take nothing new and leave when they are done, or when their `within` seconds are over. */
  scaleTo(count: number, within?: number): void;
  /** Loses so many ready replicas at once, with the work on them (`warned`: they have a while to finish it). Whatever is asked for meanwhile, those do not come back. */
  lose(count: number, warned: boolean): void;
  /** What an autoscaler may look at, as running totals: a share of capacity in use, work waiting per ready replica, and KV memory in use. */
  readonly signals: Readonly<Partial<Record<ScalingSignal, Signal>>>;
}

/** The quotient of two running totals, as in `Measure`. */
export interface Signal {
  total(now: number): number;
  per(now: number): number;
}

/** What an autoscaler can follow. */
export type ScalingSignal = 'utilisation' | 'queue' | 'kv';

/** Everything about one kind of component. `P` its parameters, `N` its running form. */
export interface Kind<P extends Params = Params, N extends Component<Values<P>> = Component<Values<P>>> {
  readonly id: string;
  readonly label: string;
  /** One sentence for palette and inspector. */
  readonly doc: string;
  /** A paragraph for the README and the help panel: what it models and what it leaves out. */
  readonly about: string;
  readonly group: Group;
  /** Name of its icon in the page's icon table (lucide's own names, kebab-case). */
  readonly icon: string;
  readonly params: P;
  readonly ports: Ports;
  /**
   * Parameters that are divided by k when only one in k requests is simulated (fleet slicing): numbers of like parts, and rates; of a table,
   * `table.column`. What it costs by the hour is divided too where it is part of `spentUsd`; a cost sheet is taken as it stands. An empty list says
   * that nothing needs dividing; without one, the kind cannot be sliced and bends the truth where it is.
   */
  readonly slices?: readonly ((keyof P & string) | `${keyof P & string}.${string}`)[];
  /** Whether its replicas can be sized by another component (a `control` wire may lead to it). */
  readonly scales?: boolean;
  readonly measures: Readonly<Record<string, Measure<N, Values<P>>>>;
  /** What is special about the common measures here. */
  readonly common?: Readonly<Partial<Record<CommonMeasure, Told<Values<P>>>>>;
  /** What the defaults of its parameters rest on, where there is more to say than that they are assumed. */
  readonly evidence?: Readonly<Partial<Record<keyof NoInfer<P> & string, Evidence>>>;
  /** The two measures on the card (own or common) and its live face. */
  readonly card: readonly [string, string];
  readonly face: Face;
  /** The share that says how near it is to its limit, where utilisation does not (an engine that batches is busy with one request). */
  readonly strain?: string;
  /** The line under the name on the card. */
  readonly subtitle: (values: Values<P>) => string;
  /** The arithmetic a person would do at a whiteboard, with formula and source. */
  readonly estimate: (values: Values<P>, flow: Flow, remembered?: Remembered) => readonly EstimateRow[];
  /** By hand: what a prefix cache spares the engines wired to it, whose requests together are the flow; and what the cache behind it has. */
  readonly remembers?: (values: Values<P>, flow: Flow, behind?: Remembered) => Remembered;
  /** What a token is to an engine that prefix caches can be wired to. */
  readonly token?: (values: Values<P>) => TokenCost;
  /** Load that this node offers by hand when it is a source of traffic. */
  readonly offers?: (values: Values<P>) => Flow;
  /** The parameter values with which this kind replays a loaded trace of that name, where it is a source that can. */
  readonly replays?: (trace: string) => Partial<Values<P>>;
  /** By hand: what one incoming flow becomes on each of `weights.length` outgoing call wires; default: the flow itself on each. */
  readonly passes?: (values: Values<P>, flow: Flow, weights: readonly number[]) => readonly Flow[];
  readonly cost: (values: Values<P>) => readonly CostRow[];
  /** Faults it can suffer, by name. */
  readonly faults: readonly FaultName[];
  /** Upgrades of stored parameter values, oldest first; index i takes version i to i + 1. */
  readonly migrations: readonly ((stored: Readonly<Record<string, unknown>>) => Record<string, unknown>)[];
  readonly build: (values: Values<P>, site: Site) => N;
}

/** A kind whose parameter and node types have been forgotten: what lists of kinds hold. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- differing kinds meet here
export type AnyKind = Kind<any, any>;

/** What a wire from one kind to another carries; null where there can be none. */
export function wireBetween(from: AnyKind, to: AnyKind): Wire | null {
  const starts = (wire: Wire): boolean => from.ports.out.some((port) => port.wire === wire);
  if (to.scales === true && starts('control')) return 'control';
  return to.ports.in !== null && starts(to.ports.in) ? to.ports.in : null;
}

/** Declares a kind; its parameter and node types are inferred from the declaration. */
export function defineKind<const P extends Params, N extends Component<Values<P>>>(kind: Kind<P, N>): Kind<P, N> {
  return kind;
}
