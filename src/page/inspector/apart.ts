/** The whiteboard's arithmetic beside what the run says: when the two are apart, and how to say so. */
import type { Design } from '../../design/design.ts';
import type { EstimateRow } from '../../kit/kind.ts';
import { estimates } from '../../run/flow.ts';
import { format } from '../../units/format.ts';
import type { Unit } from '../../units/unit.ts';

const notable = 0.2;

/** Below these, in the unit's base, nobody would plan differently: ten microseconds, a hundredth of a request, half a per cent. */
const negligible: Partial<Record<Unit, number>> = { seconds: 1e-5, requests: 0.01, items: 0.01, count: 0.01, share: 0.005 };

/** Whether the run differs by more than a fifth from the estimate, both ways round, in a figure large enough to matter. */
export function differs({ value: byHand, unit }: EstimateRow, run: number): boolean {
  if (byHand === Infinity) return Number.isFinite(run);
  if (!Number.isFinite(byHand) || !Number.isFinite(run)) return false;
  if (Math.max(Math.abs(byHand), Math.abs(run)) < (negligible[unit] ?? 0)) return false;
  return Math.abs(run - byHand) > notable * Math.max(Math.abs(byHand), Math.abs(run));
}

/** A figure of the comparison; what is next to nothing says so instead of showing its zeros. */
export function handText(value: number, unit: Unit): string {
  if (value === Infinity) return '∞';
  const least = (negligible[unit] ?? 0) / 100;
  return value !== 0 && Math.abs(value) < least ? '≈ 0' : format(value, unit);
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
