/** Times between one token of an answer and the next, as whoever reads it sees them. A whole stretch of iterations is booked at once. */
import { bucketOf, edgesOf, Histogram } from '../../engine/histogram.ts';

/** A gap that a reader notices, in seconds: 5 tokens/s are some 230 words a minute, as fast as people read (Brysbaert 2019: 238). */
export const STALL = 0.2;

/** The gaps of one pool, in seconds. With speculation a gap lies between deliveries, which may hold several tokens. */
export class Gaps {
  readonly histogram = new Histogram();
  /** How many were longer than `STALL`. */
  stalls = 0;

  /** `count` gaps of the same length. */
  add(gap: number, count: number): void {
    const { histogram } = this;
    histogram.count += count;
    histogram.sum += count * gap;
    histogram.counts[bucketOf(gap)]! += count;
    if (gap > STALL) this.stalls += count;
  }

  /** `terms` gaps `first`, `first + growth`, …, each for so many sequences. Those that fall into one bucket are counted together. */
  series(terms: number, first: number, growth: number, sequences: number): void {
    const { histogram } = this;
    if (terms <= 0) return;
    histogram.count += terms * sequences;
    histogram.sum += sequences * (terms * first + (growth * terms * (terms - 1)) / 2);
    this.stalls += sequences * longer(terms, first, growth);
    const last = bucketOf(first + growth * (terms - 1));
    for (let k = 0; k < terms; ) {
      const bucket = bucketOf(first + growth * k);
      const next = bucket === last ? terms : Math.max(k + 1, crossing(bucket, first, growth));
      histogram.counts[bucket]! += (next - k) * sequences;
      k = next;
    }
  }
}

/** How many of so many terms of a series that grows, or stays, are longer than `STALL`. */
function longer(terms: number, first: number, growth: number): number {
  if (first > STALL) return terms;
  if (first + growth * (terms - 1) <= STALL) return 0;
  let k = Math.max(1, Math.min(terms - 1, Math.floor((STALL - first) / growth)));
  while (first + growth * k <= STALL) k++;
  while (first + growth * (k - 1) > STALL) k--;
  return terms - k;
}

/** The first term of a growing series that lies above a bucket. */
function crossing(bucket: number, first: number, growth: number): number {
  let k = Math.max(0, Math.ceil((edgesOf(bucket)[1] - first) / growth));
  while (bucketOf(first + growth * k) <= bucket) k++;
  while (k > 0 && bucketOf(first + growth * (k - 1)) > bucket) k--;
  return k;
}
