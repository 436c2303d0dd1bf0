/** Times between one token of an answer and the next, as whoever reads it sees them. A whole stretch of iterations is booked at once. */
import { bucketOf, edgesOf, Histogram } from '../../engine/histogram.ts';

/** The gaps of one pool, in seconds. With speculation a gap lies between deliveries, which may hold several tokens. */
export class Gaps {
  readonly histogram = new Histogram();

  /** `count` gaps of the same length. */
  add(gap: number, count: number): void {
    const { histogram } = this;
    histogram.count += count;
    histogram.sum += count * gap;
    histogram.counts[bucketOf(gap)]! += count;
  }

  /** `terms` gaps `first`, `first + growth`, …, each for so many sequences. Those that fall into one bucket are counted together. */
  series(terms: number, first: number, growth: number, sequences: number): void {
    const { histogram } = this;
    if (terms <= 0) return;
    histogram.count += terms * sequences;
    histogram.sum += sequences * (terms * first + (growth * terms * (terms - 1)) / 2);
    const last = bucketOf(first + growth * (terms - 1));
    for (let k = 0; k < terms; ) {
      const bucket = bucketOf(first + growth * k);
      const next = bucket === last ? terms : Math.max(k + 1, crossing(bucket, first, growth));
      histogram.counts[bucket]! += (next - k) * sequences;
      k = next;
    }
  }
}

/** The first term of a growing series that lies above a bucket. */
function crossing(bucket: number, first: number, growth: number): number {
  let k = Math.max(0, Math.ceil((edgesOf(bucket)[1] - first) / growth));
  while (bucketOf(first + growth * k) <= bucket) k++;
  while (k > 0 && bucketOf(first + growth * (k - 1)) > bucket) k--;
  return k;
}
