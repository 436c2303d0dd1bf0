/** How sure a figure of one run is: the run is cut into stretches long enough to be nearly independent, and the figure is seen in each. */
import { tFactor } from './student.ts';

/** Confidence level of all intervals. */
export const LEVEL = 0.95;

/** Numbers of batches tried, in turn. More than about thirty gain nothing, fewer than about ten lose much (Schmeiser 1982). */
const BATCHES = [32, 16, 8] as const;

/** Half-width of a confidence interval, and over how many batches it was found. */
export interface Precision {
  readonly half: number;
  readonly count: number;
}

/** Residuals of each of `batches` equal stretches from the common ratio; what does not divide is left out at the front. */
function residuals(total: ArrayLike<number>, per: ArrayLike<number>, batches: number): { readonly of: Float64Array; readonly meanPer: number } {
  const last = total.length - 1;
  const size = Math.floor(last / batches);
  const from = last - size * batches;
  const ratio = (total[last]! - total[from]!) / (per[last]! - per[from]!);
  const of = new Float64Array(batches);
  for (let i = 0; i < batches; i++) {
    const [a, b] = [from + i * size, from + (i + 1) * size];
    of[i] = total[b]! - total[a]! - ratio * (per[b]! - per[a]!);
  }
  return { of, meanPer: (per[last]! - per[from]!) / batches };
}

/** Whether successive values go along with each other more than independent ones would: lag-1 correlation, one-sided at 5 % (Bartlett 1946). */
function correlated(values: Float64Array): boolean {
  let [products, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    squares += values[i]! * values[i]!;
    if (i > 0) products += values[i]! * values[i - 1]!;
  }
  return products / squares > 1.645 / Math.sqrt(values.length) - 1 / values.length;
}

/**
 * Precision of the ratio of two running totals, both given at the ends of equal stretches of time (first entry: where the first stretch begins): a mean per
 * answer, a rate per second, a share. Non-overlapping batch means with the variance of a ratio estimator (Law 2015, 9.5.3) and Student's t. The batches are 32; while
 * their residuals are correlated at lag one they are joined in pairs, down to 8. Null where there are too few stretches, where nothing was counted, or where even
 * eight batches are correlated: the run is then too short for an interval, or not steady.
 */
export function batchMeans(total: ArrayLike<number>, per: ArrayLike<number>): Precision | null {
  const last = total.length - 1;
  if (last < 1 || !(per[last]! - per[0]! > 0) || !(Math.abs(total[last]! - total[0]!) > 0)) return null;
  for (const count of BATCHES) {
    if (count > last) continue;
    const { of, meanPer } = residuals(total, per, count);
    if (!(meanPer > 0)) return null;
    const squares = of.reduce((sum, r) => sum + r * r, 0);
    if (squares === 0) return { half: 0, count };
    if (correlated(of)) continue;
    return { half: (tFactor(LEVEL, count - 1) * Math.sqrt(squares / (count * (count - 1)))) / meanPer, count };
  }
  return null;
}
