/** Errors of a group of comparisons, summed up. */

/** What the errors of one group come to; errors are relative, simulated over measured less one. */
export interface Summary {
  readonly rows: number;
  /** Of the sizes of the errors. */
  readonly median: number;
  readonly p90: number;
  /** How many times the median the p90 is; NaN where the median is 0. */
  readonly p90OverMedian: number;
  /** Median of the errors with their sign. */
  readonly bias: number;
}

/** The value below which a share of the values lies; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** Arithmetic mean; NaN of none. */
export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Sums up relative errors. */
export function summed(errors: readonly number[]): Summary {
  const sizes = errors.map(Math.abs);
  const [median, p90] = [quantile(sizes, 0.5), quantile(sizes, 0.9)];
  return { rows: errors.length, median, p90, p90OverMedian: median > 0 ? p90 / median : NaN, bias: quantile(errors, 0.5) };
}
