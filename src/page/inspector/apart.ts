/** The whiteboard's arithmetic beside what the run says: when the two are apart, and how to say so. */
import type { Design } from '../../design/design.ts';
import type { EstimateRow } from '../../kit/kind.ts';
import { estimates } from '../../run/flow.ts';
import type { NodeResult, Result } from '../../run/result.ts';
import { format } from '../../units/format.ts';
import type { Unit } from '../../units/unit.ts';
import { figureText } from '../figure-text.ts';

const notable = 0.2;

/** Below these, in the unit's base, nobody would plan differently: ten microseconds, a hundredth of a request, half a per cent. */
const negligible: Partial<Record<Unit, number>> = { seconds: 1e-5, requests: 0.01, items: 0.01, count: 0.01, share: 0.005 };

/** By what factor chance may move a mean over so many calls: four standard deviations of a Poisson count. */
const chance = (calls: number): number => Math.exp(4 / Math.sqrt(calls));

/**
 * Whether the run differs from the estimate by more than a fifth and what chance explains, both ways round, in a figure large enough to matter.
 * `calls` is over how many the run's figure is.
 */
export function differs({ value: byHand, unit }: EstimateRow, run: number, calls = Infinity): boolean {
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

/** A figure of the comparison; what is next to nothing says so instead of showing its zeros. */
export function handText(value: number, unit: Unit): string {
  if (value === Infinity) return '∞';
  const least = (negligible[unit] ?? 0) / 100;
  return value !== 0 && Math.abs(value) < least ? '≈ 0' : figureText(value, unit);
}

/** How far the run is from the estimate, in a sentence. */
export function differenceText(byHand: number, run: number): string {
  if (byHand === Infinity) return 'By hand it grows without end.';
  if (byHand === 0) return 'By hand there is none; the run has some.';
  const ratio = run / byHand;
  return ratio >= 1 ? `The run is ${format(ratio, 'ratio')} what arithmetic says.` : `The run is ${format(ratio, 'share', 2)} of what arithmetic says.`;
}

/** The estimate by hand of one component; none where arithmetic fails. */
export function rowsOf(design: Design, id: string): readonly EstimateRow[] {
  try {
    return estimates(design)[id]?.rows ?? [];
  } catch {
    return [];
  }
}

/** The wall that a growing load runs into first, as a sentence; empty where nothing bounds it. */
export function wallText(rows: readonly EstimateRow[]): string {
  const bounded = rows.find(({ wall, value }) => wall !== undefined && Number.isFinite(value));
  return bounded ? `First wall as load grows: ${bounded.wall}, at ${format(bounded.value, bounded.unit)}.` : '';
}
