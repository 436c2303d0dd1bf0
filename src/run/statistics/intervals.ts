/** Confidence intervals of the figures of one run, from its notes. */
import { edgesOf, quantileBucket } from '../../engine/histogram.ts';
import { kindOf } from '../../kinds/index.ts';
import { metric } from '../metric.ts';
import type { Interval, Result } from '../result.ts';
import { batchMeans, LEVEL, type Precision } from './batch-means.ts';
import type { Notes } from './warmup.ts';

/** A running total as it stood at each note. */
type Track = Float64Array;

/** Values a mean needs for an interval, and values beyond a percentile: ten for each of 32 batches. With fewer, intervals hold the truth too seldom (measured). */
export const FEWEST_VALUES = 320;

/** Percentiles of a spread, and which share lies below each. */
export const quantiles = [['p50', 0.5], ['p95', 0.95], ['p99', 0.99], ['p999', 0.999]] as const;

/** Where the figures of a node's result are noted: path in the result → measure. */
const common = { utilisation: 'utilisation', 'queue.mean': 'waiting', inFlightMean: 'inFlight', 'latency.mean': 'latency' } as const;

/** Whether the figure at a path is a part of a whole, and never more than all of it. */
export function isPart(path: string, { nodes }: Pick<Result, 'nodes'>): boolean {
  if (/(^|\.)(failedShare|utilisation)$/.test(path)) return true;
  const [, id = '', measure = ''] = /^nodes\.([^.]+)\.measures\.(.+)$/.exec(path) ?? [];
  const measures = kindOf(nodes[id]?.kind ?? '')?.measures as Readonly<Record<string, { readonly unit: string }>> | undefined;
  return measures?.[measure]?.unit === 'share';
}

/** An interval around a figure that is never negative, and never above one where it is a part of a whole. */
export function around(figure: number, { half, count }: Precision, method: Interval['method'], part = false): Interval {
  const high = part && figure <= 1 ? Math.min(1, figure + half) : figure + half;
  return { low: figure >= 0 ? Math.max(0, figure - half) : figure - half, high, level: LEVEL, method, count };
}

/** The notes from the end of the warm-up on, and how to read them. */
class Reader {
  /** The note at which statistics start; −1 is the beginning of the run. */
  private readonly from: number;
  private readonly length: number;
  readonly seconds: Track;

  constructor(
    readonly notes: Notes,
    warmupSeconds: number,
  ) {
    const { recorder } = notes;
    let from = -1;
    while (from < recorder.count - 1 && (from < 0 ? 0 : recorder.times[from]!) < warmupSeconds) from++;
    this.from = from;
    this.length = recorder.count - from;
    this.seconds = this.track((k) => (k < 0 ? 0 : recorder.times[k]!));
  }

  track(read: (note: number) => number): Track {
    return Float64Array.from({ length: this.length }, (_, i) => read(this.from + i));
  }

  column(c: number): Track {
    return this.track((k) => this.notes.recorder.row(k)?.[c] ?? 0);
  }

  /** How many values of histogram i lay at or below a bucket. */
  atOrBelow(i: number, bucket: number): Track {
    return this.track((k) => {
      const page = this.notes.recorder.page(k, i);
      let count = 0;
      if (page !== null) for (let b = 0; b <= bucket; b++) count += page[b]!;
      return count;
    });
  }

  /** Counts of histogram i from the first of these notes to the last. */
  window(i: number): Float64Array {
    const { recorder } = this.notes;
    const older = recorder.page(this.from, i);
    return Float64Array.from(recorder.page(recorder.count - 1, i)!, (n, b) => n - (older?.[b] ?? 0));
  }
}

/** Intervals by the path of their figure; figures that nothing can be said of have none. */
export function intervalsOf(notes: Notes, result: Result): Record<string, Interval> {
  const found: Record<string, Interval> = {};
  if (notes.recorder.count === 0) return found;
  const reader = new Reader(notes, result.warmup.seconds);
  const add = (path: string, total: Track, per: Track): void => {
    const figure = metric(result, path);
    const precision = figure === null ? null : batchMeans(total, per);
    if (figure !== null && precision !== null) found[path] = around(figure, precision, 'batch means', isPart(path, result));
  };
  requestFigures(reader, add);
  costFigures(reader, result, add);
  nodeFigures(reader, add);
  [['latency'], ['llm.ttft'], ['llm.tpot']].forEach(([path], i) => Object.assign(found, spreadIntervals(reader, path!, i, result)));
  return found;
}

type Add = (path: string, total: Track, per: Track) => void;

function requestFigures(reader: Reader, add: Add): void {
  const { answered, ended, good, input, output } = reader.notes.columns;
  const [all, done] = [reader.column(ended), reader.column(answered)];
  add('requests.answeredPerSecond', done, reader.seconds);
  add('requests.goodputPerSecond', reader.column(good), reader.seconds);
  add('requests.failedShare', all.map((n, k) => n - done[k]!), all);
  add('llm.inputTokensPerSecond', reader.column(input), reader.seconds);
  add('llm.outputTokensPerSecond', reader.column(output), reader.seconds);
}

/** Money is of interest per hour and per million; its interval is found per second and per one. */
function costFigures(reader: Reader, result: Result, add: Add): void {
  const { usd, answered, input, output } = reader.notes.columns;
  const spent = reader.column(usd);
  const outputs = reader.column(output);
  add('cost.usdPerHour', spent, reader.seconds.map((s) => s / 3600));
  add('cost.usdPerMillionRequests', spent, reader.column(answered).map((n) => n / 1e6));
  if (result.llm !== null) add('cost.usdPerMillionTokens', spent, reader.column(input).map((n, k) => (n + outputs[k]!) / 1e6));
}

function nodeFigures(reader: Reader, add: Add): void {
  const { board, columns } = reader.notes;
  for (const { id, kind } of board.nodes.values()) {
    const own = Object.keys(kind.measures).map((name) => [`measures.${name}`, name] as const);
    for (const [path, name] of [...Object.entries(common), ...own]) {
      const { total, per } = columns.nodes.get(`${id}/${name}`)!;
      add(`nodes.${id}.${path}`, reader.column(total), per < 0 ? reader.seconds : reader.column(per));
    }
  }
}

/** Mean and percentiles of histogram i of the notes. */
function spreadIntervals(reader: Reader, path: string, i: number, result: Result): Record<string, Interval> {
  const found: Record<string, Interval> = {};
  const { recorder } = reader.notes;
  const mean = metric(result, `${path}.mean`);
  const counts = reader.track((k) => recorder.countAt(k, i));
  const few = counts.at(-1)! - counts[0]! < FEWEST_VALUES;
  const precision = mean === null || few ? null : batchMeans(reader.track((k) => recorder.sumAt(k, i)), counts);
  if (mean === null || precision === null) return found;
  found[`${path}.mean`] = around(mean, precision, 'batch means');
  const window = reader.window(i);
  for (const [name, q] of quantiles) {
    const interval = quantileInterval(reader, window, counts, i, q);
    if (interval !== null) found[`${path}.${name}`] = interval;
  }
  return found;
}

/**
 * Interval of a percentile: batch means say how sure the share of values below it is, and the distribution itself turns an interval of shares into one of values
 * (Woodruff 1952), out to the edges of its buckets. Approximate. Null where there are too few values beyond the percentile.
 */
function quantileInterval(reader: Reader, window: Float64Array, counts: Track, i: number, q: number): Interval | null {
  const total = counts.at(-1)! - counts[0]!;
  if (total * (1 - q) < FEWEST_VALUES) return null;
  const bucket = quantileBucket(window, total, q);
  const below = reader.atOrBelow(i, bucket);
  // All values lie in one bucket or below: nothing varies that could be seen.
  const all = below.at(-1)! - below[0]! === total;
  const precision = all ? null : batchMeans(below, counts);
  if (precision === null || q + precision.half >= 1) return null;
  const [low] = edgesOf(quantileBucket(window, total, q - precision.half));
  const [, high] = edgesOf(quantileBucket(window, total, q + precision.half));
  return { low, high, level: LEVEL, method: 'batch means', count: precision.count };
}
