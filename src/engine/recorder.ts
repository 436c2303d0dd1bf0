/**
 * What is kept of a run as it goes: running totals, noted at regular moments, in bounded memory. Every figure on a chart is the
 * difference of two notes; when the notebook is full, every second note goes and the moments come half as often.
 */
import { BUCKETS, type Histogram } from './histogram.ts';

/** Most numbers a notebook holds; with many columns it holds fewer rows. */
const CELLS = 1 << 22;
const MOST_ROWS = 480;
const FEWEST_ROWS = 32;

/** A notebook of `width` running totals and some histograms. */
export class Recorder {
  count = 0;
  readonly times = new Float64Array(MOST_ROWS);
  private rows: Float64Array[] = [];
  private pages: (Uint32Array<ArrayBuffer> | null)[][] = [];
  /** How many values each histogram held and what they added up to, in turn. */
  private totals: Float64Array[] = [];
  private room: number;
  private step = 1;

  /** `interval` seconds between notes at first; what `histograms` gives is noted along (their counts so far), always as many. */
  constructor(
    private width: number,
    public interval: number,
    private readonly histograms: () => readonly Histogram[],
  ) {
    this.room = rooms(width);
  }

  /** When the next note is due, in seconds. */
  due(): number {
    return this.step * this.interval;
  }

  /** Takes a note; `fill` writes all running totals of this moment. */
  note(now: number, fill: (row: Float64Array) => void): void {
    const k = this.count++;
    this.times[k] = now;
    const row = (this.rows[k] ??= new Float64Array(this.width));
    fill(row);
    const histograms = this.histograms();
    const page = (this.pages[k] ??= histograms.map(() => null));
    const totals = (this.totals[k] ??= new Float64Array(2 * histograms.length));
    for (let i = 0; i < histograms.length; i++) {
      const { count, sum, counts } = histograms[i]!;
      // Counts never fall: where there are none yet, there are none in any recycled page either.
      if (count > 0) (page[i] ??= new Uint32Array(BUCKETS)).set(counts);
      totals[2 * i] = count;
      totals[2 * i + 1] = sum;
    }
    if (this.count >= this.room) this.thin();
    this.step = this.stepAfter(now);
  }

  /** The first regular moment after one of the past, whose interval may have been shorter. */
  private stepAfter(time: number): number {
    return Math.floor(time / this.interval + 0.25) + 1;
  }

  /** Keeps every second note; swapped-out rows are used again. */
  private thin(): void {
    const half = this.count >> 1;
    for (let k = 0; k < half; k++) {
      const from = 2 * k + 1;
      this.times[k] = this.times[from]!;
      [this.rows[k], this.rows[from]] = [this.rows[from]!, this.rows[k]!];
      [this.pages[k], this.pages[from]] = [this.pages[from]!, this.pages[k]!];
      [this.totals[k], this.totals[from]] = [this.totals[from]!, this.totals[k]!];
    }
    this.count = half;
    this.interval *= 2;
  }

  /** Running totals as noted in row k; `k` = −1 is the start of the run, all zero (null). */
  row(k: number): Float64Array | null {
    return k < 0 ? null : this.rows[k]!;
  }

  /** Histogram i as noted in row k; null is empty. */
  page(k: number, i: number): Uint32Array<ArrayBuffer> | null {
    return k < 0 ? null : this.pages[k]![i]!;
  }

  /** How many values histogram i held at row k. */
  countAt(k: number, i: number): number {
    return k < 0 ? 0 : this.totals[k]![2 * i]!;
  }

  /** What the values of histogram i added up to at row k. */
  sumAt(k: number, i: number): number {
    return k < 0 ? 0 : this.totals[k]![2 * i + 1]!;
  }

  /** The last note at or before a moment; −1 if there is none. */
  before(time: number): number {
    let k = this.count - 1;
    while (k >= 0 && this.times[k]! > time) k--;
    return k;
  }

  /** The columns have changed: `from[i]` is the old column of the new column i, or −1 for one that starts at zero. */
  reshape(width: number, from: Int32Array): void {
    this.width = width;
    this.room = rooms(width);
    const last = (this.step - 1) * this.interval;
    while (this.count >= this.room) this.thin();
    this.step = this.stepAfter(last);
    this.rows = this.rows.slice(0, this.count).map((old) => Float64Array.from(from, (c) => (c < 0 ? 0 : old[c]!)));
    this.pages.length = this.count;
    this.totals.length = this.count;
  }
}

function rooms(width: number): number {
  return Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, 2 * Math.floor(CELLS / Math.max(1, width) / 2)));
}
