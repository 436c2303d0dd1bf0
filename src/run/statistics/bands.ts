/** Charts of several replications as one: the mean of each line with a band that has the true mean in it nineteen times out of twenty. */
import type { Charts, ChartSeries } from '../protocol.ts';
import { LEVEL } from './batch-means.ts';
import { tFactor } from './student.ts';

/** One line with its band; NaN where no replication had anything to say, and no band (low = high = mean) where only one had. */
export interface BandSeries extends Pick<ChartSeries, 'chart' | 'name' | 'node'> {
  readonly mean: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Lines over a common grid of times: each column ends at its time, as in `Charts`. */
export interface Bands {
  readonly times: Float64Array;
  readonly series: readonly BandSeries[];
  readonly replications: number;
}

const keyOf = ({ chart, name, node }: Pick<ChartSeries, 'chart' | 'name' | 'node'>): string => JSON.stringify([chart, node, name]);

/** For each of `times`, the column of a chart whose stretch of time it lies in; −1 beyond the end. */
function columnsAt(own: Float64Array, times: Float64Array): Int32Array {
  let column = 0;
  return Int32Array.from(times, (time) => {
    while (column < own.length && own[column]! < time) column++;
    return column < own.length ? column : -1;
  });
}

/** Mean and half-width of the interval of some values: Student's t. */
function spreadOf(values: readonly number[]): readonly [mean: number, half: number] {
  const n = values.length;
  const mean = n === 0 ? NaN : values.reduce((a, b) => a + b, 0) / n;
  if (n < 2) return [mean, 0];
  const variance = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (n - 1);
  return [mean, tFactor(LEVEL, n - 1) * Math.sqrt(variance / n)];
}

/**
 * Bands of the charts of replications of one design. The grid is that of the replication with the fewest columns; the others are read where their columns hold
 * each of its times. No figure of a chart is ever negative, and no band is.
 */
export function bandsOf(all: readonly Charts[]): Bands {
  const times = all.reduce((fewest, { times: own }) => (own.length < fewest.length ? own : fewest), all[0]?.times ?? new Float64Array(0));
  const columns = all.map(({ times: own }) => columnsAt(own, times));
  const heads = new Map(all.flatMap(({ series }) => series.map((one) => [keyOf(one), one] as const)));
  const readers = all.map(({ series }, r) => {
    const own = new Map(series.map((one) => [keyOf(one), one.values]));
    return (head: ChartSeries, column: number): number => {
      const at = columns[r]![column]!;
      const values = own.get(keyOf(head));
      return at < 0 ? NaN : values === undefined ? absent(head) : values[at]!;
    };
  });
  return { times, series: [...heads.values()].map((head) => band(head, readers.map((read) => (column: number) => read(head, column)), times.length)), replications: all.length };
}

/** A line is left out of a chart where it never left zero; times of requests are left out where there were none. */
const absent = ({ chart }: ChartSeries): number => (chart === 'latency' || chart === 'firstToken' ? NaN : 0);

function band({ chart, name, node }: ChartSeries, readers: readonly ((column: number) => number)[], length: number): BandSeries {
  const [mean, low, high] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)];
  for (let column = 0; column < length; column++) {
    const [middle, half] = spreadOf(readers.map((read) => read(column)).filter((value) => !Number.isNaN(value)));
    mean[column] = middle;
    low[column] = Math.max(0, middle - half);
    high[column] = middle + half;
  }
  return { chart, name, node, mean, low, high };
}
