/** Where the start-up transient of a series ends: the marginal standard error rule (White 1997), on means of five observations (White, Cobb and Spratt 2000). */

/** Observations to a batch: MSER-5. */
export const MSER_BATCH = 5;

/** Fewer batches than this say nothing about a transient. */
export const FEWEST_BATCHES = 10;

/** Cuts that would leave fewer batches are not looked at: the statistic of a handful falls by chance (Hoad, Robinson and Davies 2010). */
const LEFT_AT_LEAST = 5;

/** A series whose spread is below this share of its mean is constant up to rounding. */
const ROUNDING = 1e-9;

/** How many values to leave out at the front, and whether what follows looks steady. */
export interface Truncation {
  readonly cut: number;
  readonly steady: boolean;
}

/** Σ (y − mean)² over the values from each place to the end, divided by how many there are, squared: the marginal standard error at each cut. */
function marginalErrors(series: readonly number[]): Float64Array {
  const centre = series.reduce((a, b) => a + b, 0) / series.length;
  const errors = new Float64Array(series.length);
  let [sum, squares] = [0, 0];
  for (let d = series.length - 1; d >= 0; d--) {
    const y = series[d]! - centre;
    const n = series.length - d;
    sum += y;
    squares += y * y;
    errors[d] = Math.max(0, squares - (sum * sum) / n) / (n * n);
  }
  return errors;
}

/** The cut with the smallest marginal standard error below `end`; the earliest of equals. */
function best(errors: Float64Array, end: number): number {
  let cut = 0;
  for (let d = 1; d < end; d++) if (errors[d]! < errors[cut]! * (1 - 1e-12)) cut = d;
  return cut;
}

/**
 * MSER of a series of batch means. Not steady where the smallest standard error lies in the second half: the series is then too short for its transient, or
 * has no steady state at all, and the cut is the best one within the first half. A series of fewer than ten values is not cut and not called steady.
 */
export function mser(series: readonly number[]): Truncation {
  const n = series.length;
  if (n < FEWEST_BATCHES) return { cut: 0, steady: false };
  const errors = marginalErrors(series);
  const mean = series.reduce((a, b) => a + b, 0) / n;
  if (Math.sqrt(errors[0]! * n) <= ROUNDING * Math.abs(mean)) return { cut: 0, steady: true };
  const half = Math.floor(n / 2) + 1;
  return { cut: best(errors, half), steady: best(errors, n - LEFT_AT_LEAST + 1) < half };
}

/** MSER-5 of plain observations: the cut is counted in observations, always a multiple of five; a remainder at the end is left out of the search. */
export function mser5(observations: readonly number[]): Truncation {
  const means: number[] = [];
  for (let k = MSER_BATCH; k <= observations.length; k += MSER_BATCH) means.push(observations.slice(k - MSER_BATCH, k).reduce((a, b) => a + b, 0) / MSER_BATCH);
  const { cut, steady } = mser(means);
  return { cut: cut * MSER_BATCH, steady };
}
