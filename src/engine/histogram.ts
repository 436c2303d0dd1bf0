/**
 * Counts of positive numbers in log-linear buckets: 64 to each power of two, so any quantile is known to within 0.8 %. Two histograms
 * merge by adding; a window of time is the difference of two. (After Tene's HdrHistogram; buckets read off the double's own bits.)
 */

const LOWEST = -24;
const HIGHEST = 20;
const PER_OCTAVE = 64;

/** Number of buckets: from 2^−24 (60 ns, if seconds) to 2^20 (12 days); values beyond fall into the outermost ones. */
export const BUCKETS = (HIGHEST - LOWEST) * PER_OCTAVE + 1;

const word = new Float64Array(1);
const bits = new Int32Array(word.buffer);
bits[0] = 1;
const HI = word[0] === 4.94e-324 ? 1 : 0;
const OFFSET = (1023 + LOWEST) * PER_OCTAVE - 1;

/** Which bucket a value falls into; bucket 0 holds zero and all below 2^−24. */
export function bucketOf(value: number): number {
  word[0] = value;
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

/** The smallest value at or below which a share `q` of the counts lies; NaN of nothing. Counts may be a difference of two histograms. */
export function quantile(counts: ArrayLike<number>, total: number, q: number): number {
  if (!(total > 0)) return NaN;
  const rank = Math.min(total, Math.max(1, Math.ceil(q * total)));
  let seen = 0;
  for (let b = 0; b < counts.length; b++) {
    seen += counts[b]!;
    if (seen >= rank) return valueOf(b);
  }
  return valueOf(counts.length - 1);
}

export class Histogram {
  readonly counts = new Uint32Array(BUCKETS);
  count = 0;
  sum = 0;

  add(value: number): void {
    this.count++;
    this.sum += value;
    this.counts[bucketOf(value)]!++;
  }

  /** Adds all that the other one holds. */
  merge(other: Pick<Histogram, 'counts' | 'count' | 'sum'>): void {
    this.count += other.count;
    this.sum += other.sum;
    for (let b = 0; b < BUCKETS; b++) this.counts[b]! += other.counts[b]!;
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
