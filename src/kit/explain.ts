/** Why a number is what it is: formula, what it goes by, constants with their sources, and how far each can be trusted. */
import { format } from '../units/format.ts';
import { assumed, type Constant, type Evidence } from './evidence.ts';
import type { AnyKind, CommonMeasure, Measure, Told } from './kind.ts';
import type { Distribution, Param } from './param.ts';

/** What the common measures are wherever a kind says nothing else, and the share that fails, which follows from two of them. */
export const commonTold: Readonly<Record<CommonMeasure | 'failedShare', Told>> = {
  arrivals: { formula: 'calls that arrived ÷ seconds' },
  answers: { formula: 'calls answered ÷ seconds', inputs: ['arrivals'] },
  failures: { formula: 'calls that failed, for any reason ÷ seconds', inputs: ['arrivals'] },
  inFlight: { formula: '∫ calls that are here dt ÷ seconds', inputs: ['arrivals', 'latency'] },
  waiting: { formula: '∫ calls in line dt ÷ seconds', inputs: ['arrivals', 'utilisation'] },
  utilisation: { formula: '∫ busy servers dt ÷ ∫ servers dt', inputs: ['arrivals'] },
  latency: { formula: 'Σ time from arrival to answer ÷ calls answered', inputs: ['arrivals', 'inFlight', 'waiting'] },
  failedShare: { formula: 'calls that failed ÷ calls that came to an end', inputs: ['failures', 'answers'] },
};

/** Everything there is to say about a figure of a component, but for its value of the moment. */
export interface Explanation {
  readonly formula: string;
  readonly origin: 'measured' | 'modelled';
  /** Measures it goes by, by name. */
  readonly measures: readonly string[];
  /** Parameters it goes by, and constants of the model. */
  readonly constants: readonly Constant[];
}

type Given = Readonly<Record<string, unknown>>;

/** What a measure says of itself where its kind has given no formula: `what is counted ÷ seconds`, or its mean over time. */
function plainFormula({ label, help = label, unit }: Pick<Measure, 'label' | 'help' | 'unit'>): string {
  if (unit === 'usd/hour') return `${help} ÷ hours`;
  return unit.endsWith('/second') ? `${help} ÷ seconds` : `${help}, averaged over time`;
}

function distributionText({ shape, mean, cv }: Distribution, unit: Constant['unit']): string {
  const fixed = shape === 'constant' || shape === 'exponential';
  return `${format(mean, unit)} ${shape}${fixed ? '' : `, cv ${cv}`}`;
}

/** A parameter's value as a person reads it. */
function valueText(param: Param, value: unknown): number | string {
  switch (param.type) {
    case 'number': return value as number;
    case 'choice': return param.options.find((option) => option.value === value)?.label ?? String(value);
    case 'toggle': return value === true ? 'yes' : 'no';
    case 'distribution': return distributionText(value as Distribution, param.unit);
    case 'table': return `${(value as readonly unknown[]).length} rows`;
    case 'text':
    case 'trace': return String(value);
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A parameter as a constant: its value now, with its declared evidence for as long as nobody has changed it. */
function given(kind: AnyKind, name: string, param: Param, value: unknown): Constant {
  const declared = kind.evidence?.[name] as Evidence | undefined;
  const evidence = same(value, param.default) ? (declared ?? assumed('default of this component')) : assumed('entered on this component');
  return { label: param.label, value: valueText(param, value), unit: 'unit' in param ? param.unit : 'count', ...evidence };
}

/** What every kind says of a common measure, and what this one adds. */
const alsoTold = (common: Told<Given>, special: Told<Given> = {}): Told<Given> => ({ ...common, ...special, inputs: [...(common.inputs ?? []), ...(special.inputs ?? [])] });

/** How a figure of a component of that kind and those parameter values comes about; null where it has no such measure. */
export function explain(kind: AnyKind, values: Given, name: string): Explanation | null {
  const own = kind.measures[name] as Measure<never, Given> | undefined;
  const common = commonTold[name as CommonMeasure] as Told<Given> | undefined;
  const told = own ?? (common && alsoTold(common, kind.common?.[name as CommonMeasure]));
  if (told === undefined) return null;
  const params = kind.params as Readonly<Record<string, Param>>;
  const inputs = told.inputs ?? [];
  const shown = inputs.filter((input) => params[input]?.shownWhen?.(values) ?? true);
  return {
    formula: told.formula ?? (own ? plainFormula(own) : ''),
    origin: told.origin ?? 'measured',
    measures: inputs.filter((input) => !(input in params)),
    constants: [...shown.flatMap((input) => (params[input] ? [given(kind, input, params[input], values[input])] : [])), ...(told.constants?.(values) ?? [])],
  };
}
