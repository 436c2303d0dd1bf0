/**
 * The parameters a component kind declares. A parameter is named once, in its kind; its type, form field, validation,
 * link encoding and documentation all follow from the declaration here.
 */
import type { Unit } from '../units/unit.ts';

/** Shapes of a random quantity that a person can choose; `cv` is standard deviation divided by mean. */
export type Shape = 'constant' | 'exponential' | 'gamma' | 'lognormal' | 'pareto' | 'weibull' | 'uniform';

/** A random quantity as written in a design: its shape, its mean (in the parameter's unit) and its coefficient of variation. */
export interface Distribution {
  readonly shape: Shape;
  readonly mean: number;
  readonly cv: number;
}

interface Common<T> {
  readonly label: string;
  /** One sentence: what it is and which way to turn it. */
  readonly help: string;
  readonly default: T;
  /** Heading under which the inspector shows it; parameters without one come first. */
  readonly section?: string;
  /** Hides the field where it has no meaning for the other values (never changes validation). */
  readonly shownWhen?: (values: Readonly<Record<string, unknown>>) => boolean;
}

/** A number in `unit`, `min` ≤ value ≤ `max`, both finite. */
export interface NumberParam extends Common<number> {
  readonly type: 'number';
  readonly unit: Unit;
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
}

/** One of a fixed list of words. */
export interface ChoiceParam<V extends string = string> extends Common<V> {
  readonly type: 'choice';
  readonly options: readonly { readonly value: V; readonly label: string; readonly note?: string }[];
}

/** Yes or no. */
export interface ToggleParam extends Common<boolean> {
  readonly type: 'toggle';
}

/** A short text, at most `maxLength` characters. */
export interface TextParam extends Common<string> {
  readonly type: 'text';
  readonly maxLength: number;
}

/** A random quantity in `unit`; the mean is held to `min` ≤ mean ≤ `max`. */
export interface DistributionParam extends Common<Distribution> {
  readonly type: 'distribution';
  readonly unit: Unit;
  readonly min: number;
  readonly max: number;
  readonly shapes: readonly Shape[];
}

/** Rows of a small table; every column is itself a parameter (tables do not nest). */
export interface TableParam<C extends Params = Params> extends Common<readonly Values<C>[]> {
  readonly type: 'table';
  readonly columns: C;
  readonly maxRows: number;
}

/** The name of a request trace that the person has loaded; empty for none. */
export interface TraceParam extends Common<string> {
  readonly type: 'trace';
}

/** Any parameter. */
export type Param =
  | NumberParam
  | ChoiceParam
  | ToggleParam
  | TextParam
  | DistributionParam
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- differing column sets meet here
  | TableParam<any>
  | TraceParam;

/** A kind's parameters by name. */
export type Params = Readonly<Record<string, Param>>;

/** The TypeScript type of a parameter's value. */
export type ValueOf<P extends Param> =
  P extends ChoiceParam<infer V> ? V
  : P extends TableParam<infer C> ? readonly Values<C>[]
  : P extends Common<infer T> ? T
  : never;

/** The values of a whole declaration, each inferred from its parameter. */
export type Values<P extends Params> = { readonly [K in keyof P]: ValueOf<P[K]> };

type Spec<P, Omitted extends keyof P = never> = Omit<P, 'type' | Omitted>;

/** Declares a real-valued parameter. */
export const real = (spec: Spec<NumberParam, 'integer'>): NumberParam => ({ type: 'number', integer: false, ...spec });

/** Declares a whole-number parameter. */
export const whole = (spec: Spec<NumberParam, 'integer'>): NumberParam => ({ type: 'number', integer: true, ...spec });

/** Declares a choice among words. */
export const choice = <const V extends string>(spec: {
  readonly [K in keyof Omit<ChoiceParam, 'type' | 'options' | 'default'>]: ChoiceParam[K];
} & {
  readonly options: readonly { readonly value: V; readonly label: string; readonly note?: string }[];
  readonly default: NoInfer<V>;
}): ChoiceParam<V> => ({ type: 'choice', ...spec });

/** Declares a yes-or-no parameter. */
export const toggle = (spec: Spec<ToggleParam>): ToggleParam => ({ type: 'toggle', ...spec });

/** Declares a short text. */
export const text = (spec: Spec<TextParam>): TextParam => ({ type: 'text', ...spec });

/** All shapes, in the order the inspector offers them. */
export const allShapes: readonly Shape[] = ['constant', 'exponential', 'gamma', 'lognormal', 'pareto', 'weibull', 'uniform'];

/** Declares a random quantity. */
export const distribution = (spec: Spec<DistributionParam, 'shapes'> & { readonly shapes?: readonly Shape[] }): DistributionParam => ({
  type: 'distribution',
  shapes: allShapes,
  ...spec,
});

/** Declares a small table. */
export const table = <const C extends Params>(spec: Spec<TableParam<C>>): TableParam<C> => ({ type: 'table', ...spec });

/** Declares a slot for a loaded request trace. */
export const trace = (spec: Spec<TraceParam>): TraceParam => ({ type: 'trace', ...spec });

/** The declared defaults of every parameter. */
export function defaults<P extends Params>(params: P): Values<P> {
  return Object.fromEntries(Object.entries(params).map(([name, param]) => [name, param.default])) as unknown as Values<P>;
}
