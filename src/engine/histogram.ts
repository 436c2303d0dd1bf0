/**
 * Counts of positive numbers in log-linear buckets: 64 to each power of two, so any quantile is known to within 0.8 %. Two histograms
 * merge by adding; a window of time is the difference of two. (After Tene's HdrHistogram; buckets read off the double's own bits.)
 */
import { Pages } from './pages.ts';

const LOWEST = -24;
const HIGHEST = 20;
const PER_OCTAVE = 64;

/** Number of buckets: from 2^−24 (60 ns, if seconds) to 2^20 (12 days); values beyond fall into the outermost ones. */
export const BUCKETS = (HIGHEST - LOWEST) * PER_OCTAVE + 1;

/** Where a value is handed to `Histogram.take`: a double handed to a function that is not inlined costs an allocation. */
export const given = new Float64Array(1);
const bits = new Int32Array(given.buffer);
bits[0] = 1;
const HI = given[0] === 4.94e-324 ? 1 : 0;
const OFFSET = (1023 + LOWEST) * PER_OCTAVE - 1;

/** Which bucket a value falls into; bucket 0 holds zero and all below 2^−24. */
export function bucketOf(value: number): number {
  given[0] = value;
  return bucketOfGiven();
}

function bucketOfGiven(): number {
  const b = (bits[HI]! >> 14) - OFFSET;
  return b < 0 ? 0 : b < BUCKETS ? b : BUCKETS - 1;
}

/** The value that stands for a bucket: its middle; 0 for the lowest. */
export function valueOf(bucket: number): number {
  if (bucket === 0) return 0;
  const octave = Math.floor((bucket - 1) / PER_OCTAVE) + LOWEST;
  const step = (bucket - 1) % PER_OCTAVE;
  let scale = 1;
  for (let i = 0; i < Math.abs(octave); i++) scale *= octave < 0 ? 0.5 : 2;
  return scale * (1 + (step + 0.5) / PER_OCTAVE);
}

/** The values between which a bucket lies; the lowest begins at 0. */
export function edgesOf(bucket: number): readonly [from: number, to: number] {
  const middle = valueOf(Math.max(1, bucket));
  const half = middle / (2 * PER_OCTAVE + 2 * ((Math.max(1, bucket) - 1) % PER_OCTAVE) + 1);
  return bucket === 0 ? [0, middle - half] : [middle - half, middle + half];
}

/** The smallest value at or below which a share `q` of the counts lies; NaN of nothing. Counts may be a difference of two histograms. */
export function quantile(counts: ArrayLike<number>, total: number, q: number): number {
  return total > 0 ? valueOf(quantileBucket(counts, total, q)) : NaN;
}

/** The bucket of that quantile; `total` > 0. */
export function quantileBucket(counts: ArrayLike<number>, total: number, q: number): number {
  const rank = rankOf(total, q);
  let seen = 0;
  for (let b = 0; b < counts.length; b++) {
    seen += counts[b]!;
    if (seen >= rank) return b;
  }
  return counts.length - 1;
}

/** Which of `total` values in order is the quantile, the first being 1. */
function rankOf(total: number, q: number): number {
  return Math.min(total, Math.max(1, Math.ceil(q * total)));
}

/** What a histogram holds, as plain data; `counts[0]` is the count of bucket `lowest`, and buckets beyond either end are empty. */
export interface Counts {
  readonly lowest: number;
  readonly counts: Uint32Array<ArrayBuffer>;
  readonly count: number;
  readonly sum: number;
}

/** A copy of what a histogram holds now, as short as can be. */
export function countsOf({ lowest, counts, count, sum }: Counts): Counts {
  let [from, to] = [0, counts.length];
  while (from < to && counts[from] === 0) from++;
  while (to > from && counts[to - 1] === 0) to--;
  return { lowest: lowest + from, counts: counts.slice(from, to), count, sum };
}

/** What was added between two moments of the same histogram. */
export function since(now: Counts, then: Counts): Histogram {
  const between = new Histogram();
  between.merge(now);
  between.count -= then.count;
  between.sum -= then.sum;
  for (let i = 0; i < then.counts.length; i++) between.counts[then.lowest + i]! -= then.counts[i]!;
  return between;
}

const pages = new Pages(BUCKETS, (length) => new Uint32Array(length));

export class Histogram implements Counts {
  readonly lowest = 0;
  readonly counts: Uint32Array<ArrayBuffer>;
  count = 0;
  /** A double from the first: see `Clock`. */
  sum = NaN;
  /** The page that `counts` is a part of, and where that begins. */
  private readonly page: Uint32Array<ArrayBuffer>;
  private readonly from: number;

  constructor() {
    this.sum = 0;
    ({ page: this.page, from: this.from } = pages.take());
    this.counts = this.page.subarray(this.from, this.from + BUCKETS);
  }

  add(value: number): void {
    given[0] = value;
    this.take();
  }

  /** Adds the value in `given[0]`. */
  take(): void {
    this.count++;
    this.sum += given[0]!;
    this.page[this.from + bucketOfGiven()]!++;
  }

  /** Adds all that the other one holds. */
  merge(other: Counts): void {
    this.count += other.count;
    this.sum += other.sum;
    for (let i = 0; i < other.counts.length; i++) this.counts[other.lowest + i]! += other.counts[i]!;
  }

  clear(): void {
    this.counts.fill(0);
    this.count = 0;
    this.sum = 0;
  }

  /** Mean of the values themselves, not of their buckets; NaN of nothing. */
  mean(): number {
    return this.count > 0 ? this.sum / this.count : NaN;
  }

  quantile(q: number): number {
    return quantile(this.counts, this.count, q);
  }
}

/**
 * A quantile of a histogram that is asked for at every call: it moves on by a bucket or two, where counting from the lowest bucket took half
 * the time of a design with hedges. The same values as `Histogram.quantile`.
 */
export class RunningQuantile {
  private bucket = 0;
  /** How many values lie in the buckets before that one. */
  private below = 0;

  constructor(private readonly histogram: Histogram) {}

  /** To be told of each value that the histogram takes in, before `at` is next asked. */
  added(value: number): void {
    if (bucketOf(value) < this.bucket) this.below++;
  }

  /** The quantile of all values so far; of none, NaN. */
  at(q: number): number {
    const { counts, count } = this.histogram;
    if (count === 0) return NaN;
    const rank = rankOf(count, q);
    while (this.below >= rank) this.below -= counts[--this.bucket]!;
    while (this.below + counts[this.bucket]! < rank) this.below += counts[this.bucket++]!;
    return valueOf(this.bucket);
  }
}
