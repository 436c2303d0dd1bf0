/** What an objective can be about, as a person reads it: the run as a whole, and every component by its label. */
import type { Design, DesignNode } from '../design/design.ts';
import { kindOf } from '../kinds/index.ts';
import { knownMetrics, nameOf, unitOf } from './objectives.ts';
import { format } from '../units/format.ts';
import type { Unit } from '../units/unit.ts';

/** A path into the result of a run, with its name and unit; money counts per something, and that belongs to the name (`cost/1M tok`). */
export interface Metric {
  readonly metric: string;
  readonly label: string;
  readonly unit: Unit;
}

/** The metrics of the run, or of one component; `title` is null for the run. */
export interface MetricGroup {
  readonly title: string | null;
  readonly metrics: readonly Metric[];
}

/** What follows the number in a formatted figure: ` ms`, `/1M tok`. */
export const afterNumber = (text: string): string => text.replace(/^[^\d–]*[\d.,–]+/, '');

/** Whether figures in the unit are money. */
export const isMoney = (unit: Unit): boolean => unit.startsWith('usd');

const named = (metric: string, name: string, unit: Unit): Metric => ({ metric, label: name + (isMoney(unit) ? afterNumber(format(1, unit)) : ''), unit });

const ofTheRun: readonly Metric[] = [
  ...knownMetrics.map(({ metric, name, unit }) => named(metric, name, unit)),
  { metric: 'llm.outputTokensPerSecond', label: 'tokens out', unit: 'tokens/second' },
];

const points: Readonly<Record<string, string>> = { mean: 'mean', p50: 'p50', p95: 'p95', p99: 'p99', p999: 'p99.9' };
const spreads: Readonly<Record<string, string>> = { latency: 'latency', 'llm.ttft': 'first token', 'llm.tpot': 'per token' };
const tallies: Readonly<Record<string, string>> = { offered: 'offered', answered: 'answered', goodput: 'answered in time' };

/** Seldom promised of a run, but named in words all the same; the path of a class or a tenant ends in one of these or of those above. */
const further: readonly Metric[] = [
  ...Object.entries(spreads).flatMap(([path, of]) => Object.entries(points).map(([point, name]): Metric => ({ metric: `${path}.${point}`, label: `${name} ${of}`, unit: 'seconds' }))),
  ...Object.entries(tallies).map(([path, label]): Metric => ({ metric: `requests.${path}`, label, unit: 'requests' })),
];

/** A figure of one class or tenant (`tenants.legal.latency.p99`, `cost.classes.chat`), with its name in front; undefined for any other path. */
function ofParty(metric: string): Metric | undefined {
  const [, cost, , name, rest = ''] = /^(cost\.)?(classes|tenants)\.([^.]+)(?:\.(.+))?$/.exec(metric) ?? [];
  if (name === undefined) return undefined;
  if (cost) return { metric, label: `${name} cost`, unit: 'usd' };
  const known = [...ofTheRun, ...further].find((each) => each.metric === rest || each.metric === `requests.${rest}`);
  return known && { ...known, metric, label: `${name} ${known.label}` };
}

/** What every component has, by the path behind its id. */
const common: readonly Metric[] = [
  { metric: 'utilisation', label: 'utilisation', unit: 'share' },
  { metric: 'latency.p50', label: 'p50 latency', unit: 'seconds' },
  { metric: 'latency.p99', label: 'p99 latency', unit: 'seconds' },
  { metric: 'queue.mean', label: 'waiting', unit: 'requests' },
];

/** What every component has, too, but is not offered. */
const besides: readonly Metric[] = [
  ...further.filter(({ metric }) => metric.startsWith('latency.')),
  { metric: 'arrived', label: 'arrived', unit: 'requests' },
  { metric: 'served', label: 'answered', unit: 'requests' },
  { metric: 'inFlightMean', label: 'in flight', unit: 'requests' },
  { metric: 'queue.max', label: 'most ever waiting', unit: 'requests' },
];

function ofNode({ id, kind }: DesignNode, shared: readonly Metric[] = common): readonly Metric[] {
  const own = Object.entries(kindOf(kind)?.measures ?? {}).map(([name, { label, unit }]) => named(`measures.${name}`, label, unit));
  return [...shared, ...own].map((each) => ({ ...each, metric: `nodes.${id}.${each.metric}` }));
}

/** Everything that can be promised of a design. */
export function metricsOf(design: Design): readonly MetricGroup[] {
  return [{ title: null, metrics: ofTheRun }, ...design.nodes.map((node) => ({ title: node.label, metrics: ofNode(node) }))];
}

/** A metric by its path, a component's with the component's label in front; a path that nobody offers is read as well as it can be. */
export function metricOf(metric: string, design: Design): Metric {
  const run = [...ofTheRun, ...further].find((each) => each.metric === metric) ?? ofParty(metric);
  if (run) return run;
  const node = design.nodes.find(({ id }) => metric.startsWith(`nodes.${id}.`));
  const known = node && ofNode(node, [...common, ...besides]).find((each) => each.metric === metric);
  if (node && known) return { ...known, label: `${node.label} ${known.label}` };
  const rest = node ? metric.slice(`nodes.${node.id}.`.length) : metric;
  return named(metric, `${node ? `${node.label} ` : ''}${nameOf(rest)}`.replace(/\bmeasures /, ''), unitOf(metric));
}
