/** Two designs under the same chances, compared pair by pair. */
import { metric } from '../metric.ts';
import type { Interval, Result } from '../result.ts';
import { LEVEL } from './batch-means.ts';
import { tFactor } from './student.ts';

/** One figure in two designs. */
export interface Comparison {
  readonly metric: string;
  /** Means over the pairs. */
  readonly a: number;
  readonly b: number;
  /** b − a. */
  readonly difference: number;
  /** Paired t interval of the difference; null with fewer than two pairs. */
  readonly interval: Interval | null;
  /** Pairs in which both designs had the figure. */
  readonly pairs: number;
  /** Variance of the difference over what it would be if the two had nothing in common (the sum of theirs); null where neither varies. */
  readonly varianceRatio: number | null;
}

/** Figures compared when none is named: those that objectives are about, and the usual ones. */
export const usualMetrics: readonly string[] = [
  'latency.mean', 'latency.p50', 'latency.p99', 'llm.ttft.p99', 'llm.tpot.p99', 'requests.answeredPerSecond', 'requests.goodputPerSecond', 'requests.failedShare', 'cost.usdPerHour', 'cost.usdPerMillionRequests',
];

function meanAndVariance(values: readonly number[]): readonly [mean: number, variance: number] {
  const mean = values.reduce((x, y) => x + y, 0) / values.length;
  return [mean, values.reduce((x, y) => x + (y - mean) * (y - mean), 0) / Math.max(1, values.length - 1)];
}

/** Compares these figures over the replications of two designs in the same order; a figure that no pair has is left out. */
export function compare(a: readonly Result[], b: readonly Result[], metrics: readonly string[]): Comparison[] {
  return metrics.flatMap((path) => {
    const pairs = a.slice(0, b.length).flatMap((result, k) => {
      const [x, y] = [metric(result, path), metric(b[k]!, path)];
      return x === null || y === null ? [] : [[x, y] as const];
    });
    return pairs.length === 0 ? [] : [compared(path, pairs)];
  });
}

function compared(path: string, pairs: readonly (readonly [number, number])[]): Comparison {
  const [a, varianceA] = meanAndVariance(pairs.map(([x]) => x));
  const [b, varianceB] = meanAndVariance(pairs.map(([, y]) => y));
  const [difference, variance] = meanAndVariance(pairs.map(([x, y]) => y - x));
  const count = pairs.length;
  const half = count < 2 ? NaN : tFactor(LEVEL, count - 1) * Math.sqrt(variance / count);
  return {
    metric: path,
    a,
    b,
    difference,
    interval: count < 2 ? null : { low: difference - half, high: difference + half, level: LEVEL, method: 'replications', count },
    pairs: count,
    varianceRatio: varianceA + varianceB > 0 ? variance / (varianceA + varianceB) : null,
  };
}
