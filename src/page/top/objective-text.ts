/** How an objective reads on its chip: what it is about, where it stands, and whether it holds. */
import type { Design, Objective } from '../../design/design.ts';
import { nameOf, unitOf } from '../../run/objectives.ts';
import { format } from '../../units/format.ts';
import type { Unit } from '../../units/unit.ts';

/** Name and unit of a metric; money counts per something, and that belongs to the name (`cost/1M tok`). */
export interface Metric {
  readonly label: string;
  readonly unit: Unit;
}

/** What a chip calls a metric: components by their labels, not their ids. */
export function metricOf(metric: string, design: Design): Metric {
  const unit = unitOf(metric);
  const node = design.nodes.find(({ id }) => metric.startsWith(`nodes.${id}.`));
  const name = node ? `${node.label} ${nameOf(metric.slice(`nodes.${node.id}.`.length))}` : nameOf(metric);
  return { label: name.replace(/\bmeasures /, '') + perWhat(unit), unit };
}

const isMoney = (unit: Unit): boolean => unit.startsWith('usd');
const perWhat = (unit: Unit): string => (isMoney(unit) ? afterNumber(format(1, unit)) : '');
const afterNumber = (text: string): string => text.replace(/^[^\d–]*[\d.,–]+/, '');

/** Value over limit, the unit said once where both share it: `43 / 50 ms`, `98 / ≥ 95 %`, `$0.61 / $1`. */
export function standing(value: number, { limit, relation }: Objective, unit: Unit): string {
  const shown = isMoney(unit) ? 'usd' : unit;
  const now = Number.isFinite(value) ? format(value, shown) : '–';
  const bound = format(limit, shown);
  const shared = afterNumber(bound) !== '' && afterNumber(bound) === afterNumber(now);
  return `${shared ? now.slice(0, -afterNumber(bound).length) : now} / ${relation === 'at least' ? '≥ ' : ''}${bound}`;
}

/** Where an objective stands: met, missed, or nothing to say yet. */
export function verdict(value: number, { relation, limit }: Objective): 'met' | 'missed' | 'open' {
  if (!Number.isFinite(value)) return 'open';
  return (relation === 'at most' ? value <= limit : value >= limit) ? 'met' : 'missed';
}
