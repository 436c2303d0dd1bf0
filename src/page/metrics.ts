/** What an objective can be about, as a person reads it: the run as a whole, and every component by its label. */
import type { Design, DesignNode } from '../design/design.ts';
import { kindOf } from '../kinds/index.ts';
import { knownMetrics, nameOf, unitOf } from '../run/objectives.ts';
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

/** What every component has, by the path behind its id. */
const common: readonly Metric[] = [
  { metric: 'utilisation', label: 'utilisation', unit: 'share' },
  { metric: 'latency.p50', label: 'p50 latency', unit: 'seconds' },
  { metric: 'latency.p99', label: 'p99 latency', unit: 'seconds' },
  { metric: 'queue.mean', label: 'waiting', unit: 'requests' },
];

function ofNode({ id, kind }: DesignNode): readonly Metric[] {
  const own = Object.entries(kindOf(kind)?.measures ?? {}).map(([name, { label, unit }]) => named(`measures.${name}`, label, unit));
  return [...common, ...own].map((each) => ({ ...each, metric: `nodes.${id}.${each.metric}` }));
}

/** Everything that can be promised of a design. */
export function metricsOf(design: Design): readonly MetricGroup[] {
  return [{ title: null, metrics: ofTheRun }, ...design.nodes.map((node) => ({ title: node.label, metrics: ofNode(node) }))];
}

/** A metric by its path, a component's with the component's label in front; a path that nobody offers is read as well as it can be. */
export function metricOf(metric: string, design: Design): Metric {
  const run = ofTheRun.find((each) => each.metric === metric);
  if (run) return run;
  const node = design.nodes.find(({ id }) => metric.startsWith(`nodes.${id}.`));
  const known = node && ofNode(node).find((each) => each.metric === metric);
  if (node && known) return { ...known, label: `${node.label} ${known.label}` };
  const rest = node ? metric.slice(`nodes.${node.id}.`.length) : metric;
  return named(metric, `${node ? `${node.label} ` : ''}${nameOf(rest)}`.replace(/\bmeasures /, ''), unitOf(metric));
}
