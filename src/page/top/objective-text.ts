/** How an objective reads on its chip: where it stands, and whether it holds. */
import type { Objective } from '../../design/design.ts';
import { format } from '../../units/format.ts';
import type { Unit } from '../../units/unit.ts';
import { afterNumber, isMoney } from '../../run/metric-names.ts';

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
