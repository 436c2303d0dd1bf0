/** The whiteboard's arithmetic beside what the run came to: when the two are apart, and what arithmetic did not know. */
import { exp } from '../engine/math.ts';
import type { EstimateRow } from '../kit/kind.ts';
import { format } from '../units/format.ts';
import type { Unit } from '../units/unit.ts';
import type { NodeResult, Result } from './result.ts';

const notable = 0.2;

/** Below these, in the unit's base, nobody would plan differently: ten microseconds, a hundredth of a request, half a per cent. */
export const negligible: Partial<Record<Unit, number>> = { seconds: 1e-5, requests: 0.01, items: 0.01, count: 0.01, share: 0.005 };

/** By what factor chance may move a mean over so many calls: four standard deviations of a Poisson count. */
const chance = (calls: number): number => exp(4 / Math.sqrt(calls));

/**
 * Whether the run differs from the estimate by more than a fifth and what chance explains, both ways round, in a figure large enough to matter.
 * `calls` is over how many the run's figure is.
 */
export function differs({ value: byHand, unit }: Pick<EstimateRow, 'value' | 'unit'>, run: number, calls = Infinity): boolean {
  if (byHand === Infinity) return Number.isFinite(run);
  if (!Number.isFinite(byHand) || !Number.isFinite(run)) return false;
  const [less, more] = [Math.min(Math.abs(byHand), Math.abs(run)), Math.max(Math.abs(byHand), Math.abs(run))];
  return more >= (negligible[unit] ?? 0) && less < more * (1 - notable) / chance(calls);
}

/** A component's figure over the whole of a run so far, by the name of its measure; NaN where the result has none. */
export function wholeFigure({ measuredSeconds }: Result, node: NodeResult, measure: string): number {
  const ended = node.served + node.failed;
  const common: Readonly<Partial<Record<string, number | null>>> = {
    arrivals: node.arrived / measuredSeconds, answers: node.served / measuredSeconds, failures: node.failed / measuredSeconds,
    inFlight: node.inFlightMean, waiting: node.queue.mean, utilisation: node.utilisation, latency: node.latency.mean, failedShare: ended > 0 ? node.failed / ended : 0,
  };
  return (measure in common ? common[measure] : node.measures[measure]) ?? Number.NaN;
}

/** Over how many calls a component's figures are; of one that nobody calls, over how many requests there were. */
export const callsAt = ({ requests }: Result, node: NodeResult): number => (node.arrived > 0 ? node.served + node.failed : requests.answered);

/** Where other traffic comes to a component than arithmetic had followed there, a sentence that says so: all of its figures then differ for that. Empty elsewhere. */
export function trafficText(byHand: number, run: number, calls: number): string {
  if (!differs({ value: byHand, unit: 'requests/second' }, run, calls)) return '';
  return `${format(run, 'requests/second')} come here, and by hand ${format(byHand, 'requests/second')}: think of retries, of what stands before it, and of a rate that is not at its mean.`;
}

/** The wall that a growing load runs into first, and where; empty where nothing bounds it. */
export function firstWall(rows: readonly EstimateRow[]): string {
  const bounded = rows.find(({ wall, value }) => wall !== undefined && Number.isFinite(value));
  if (!bounded) return '';
  const behind = bounded.behind === undefined ? '' : `; behind it, ${bounded.behind}`;
  return `${bounded.wall}, at ${format(bounded.value, bounded.unit)}${behind}`;
}

/** The same as a sentence. */
export function wallText(rows: readonly EstimateRow[]): string {
  const wall = firstWall(rows);
  return wall === '' ? '' : `First wall as load grows: ${wall}.`;
}
