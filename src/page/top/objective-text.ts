/** How an objective reads on its chip: where it stands, and whether it holds. */
import type { Objective } from '../../design/design.ts';
import { format } from '../../units/format.ts';
import type { Unit } from '../../units/unit.ts';
import { afterNumber, isMoney } from '../../run/metric-names.ts';

/** What is counted, without how many thousands or millions of it: every number keeps those, or it would be another number. */
const unitAfter = (text: string): string => afterNumber(text).replace(/^[kMBT]/, '');

/** Digits of a figure that would otherwise read as its limit. */
const FINELY = 5;

/** Value over limit, the unit said once where both share it: `43 / 50 ms`, `22.8k / 25k tok/s`, `$0.61 / $1`. */
export function standing(value: number, { limit, relation }: Objective, unit: Unit): string {
  const shown = isMoney(unit) ? 'usd' : unit;
  const bound = format(limit, shown);
  const rounded = Number.isFinite(value) ? format(value, shown) : '–';
  // What is missed by a hair is not to look like what is met.
  const now = rounded === bound && value !== limit ? format(value, shown, FINELY) : rounded;
  const shared = unitAfter(bound) !== '' && unitAfter(bound) === unitAfter(now);
  return `${shared ? now.slice(0, -unitAfter(bound).length) : now} / ${relation === 'at least' ? '≥ ' : ''}${bound}`;
}

/** Whether a figure is of finished requests alone, so that what still waits is not in it: times, and the share that fails. */
const ofTheFinished = (metric: string, unit: Unit): boolean => unit === 'seconds' || metric.endsWith('failedShare');

/**
 * Where an objective stands: met, missed, or nothing to say yet. While requests in flight grow, the times of those answered are no promise kept: what waits will
 * take longer than what was let through. In the warm-up the first answers bear the price of everything that stands there already: a price is not missed by that.
 */
export function verdict(value: number, { metric, relation, limit }: Objective, unit: Unit, grows: boolean, warming = false): 'met' | 'missed' | 'open' {
  if (!Number.isFinite(value)) return 'open';
  if (!(relation === 'at most' ? value <= limit : value >= limit)) return warming && isMoney(unit) ? 'open' : 'missed';
  return grows && ofTheFinished(metric, unit) ? 'open' : 'met';
}
