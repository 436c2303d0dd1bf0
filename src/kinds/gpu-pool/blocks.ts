/**
 * The ledger of cache blocks of one engine. A decoding sequence takes a block whenever its tokens cross a block's edge; because all of them
 * gain one token per iteration, it is enough to know how many stand at each place within a block to say what any number of iterations will take.
 */
import { enlarged } from '../../engine/agenda.ts';
import type { Gaps } from './gaps.ts';

/** Blocks in use, and what decoding will do to them and to the tokens looked back on. "The coming iteration" is the next decode iteration. */
export interface BlockLedger {
  readonly size: number;
  readonly total: number;
  used: number;
  readonly free: number;
  /** Decode iterations done. */
  iteration: number;
  /** Sequences that decode, and the tokens that all of them look back on in the coming iteration. */
  sequences: number;
  context: number;
  /** Blocks that so many tokens fill. */
  of(tokens: number): number;
  /** A sequence starts to decode that holds so many tokens and has `left` to come; returns the iterations it takes. */
  begin(slot: number, tokens: number, left: number): number;
  /** It stops. */
  end(slot: number): void;
  /** Tokens that a decoding sequence holds after a decode iteration, not before the last one done. */
  held(slot: number, iteration: number): number;
  /** Blocks that the coming iteration takes. */
  needed(): number;
  /** Blocks that the `count` iterations after the coming one take. */
  taken(count: number): number;
  /** Σ of the seconds for which blocks have been there that iterations after the coming one took, `elapsed` seconds after that began and with `begun` of them begun; their times as for `reach`. */
  filled(begun: number, elapsed: number, first: number, growth: number): number;
  /** For how many iterations after the coming one, at most `most`, the free blocks last. */
  lasting(most: number): number;
  /** Tokens that `count` iterations yield. */
  yields(count: number): number;
  /** Σ over `count` iterations of the tokens gained before each, per sequence: what makes later iterations longer. */
  grown(count: number): number;
  /** The least number of iterations, of `first` seconds and `growth` more for each token per sequence, that takes `elapsed` seconds or more. */
  reach(elapsed: number, first: number, growth: number): number;
  /** Books the gaps that end with each of the `count` − 1 iterations after the first, for so many sequences. */
  book(gaps: Gaps, count: number, first: number, growth: number, sequences: number): void;
  /** So many iterations are done; the first one's blocks were taken before, and those after it took `taken`. */
  advance(count: number, taken: number): void;
}

/** One token per sequence and iteration. */
export class Blocks implements BlockLedger {
  used = 0;
  iteration = 0;
  sequences = 0;
  context = 0;
  /** How many sequences need a block in iterations that leave this remainder, counted down. */
  private readonly phases: Int32Array;
  /** Tokens of each slot are `base` + iteration. */
  private bases = new Int32Array(16);
  /** Under which remainder each slot is counted in `phases`: noted, because finding it costs a division. */
  private places = new Int32Array(16);

  /** With `reserved`, every sequence has all its blocks from the start. */
  constructor(
    readonly size: number,
    readonly total: number,
    private readonly reserved = false,
  ) {
    this.phases = new Int32Array(size);
  }

  get free(): number {
    return this.total - this.used;
  }

  of(tokens: number): number {
    return Math.ceil(tokens / this.size);
  }

  begin(slot: number, tokens: number, left: number): number {
    while (slot >= this.bases.length) this.widen();
    this.bases[slot] = tokens - this.iteration;
    if (!this.reserved) this.phases[(this.places[slot] = this.remainder(this.bases[slot]! - 1))]!++;
    this.sequences++;
    this.context += tokens + 1;
    return left;
  }

  end(slot: number): void {
    if (!this.reserved) this.phases[this.places[slot]!]!--;
    this.sequences--;
    this.context -= this.held(slot, this.iteration) + 1;
  }

  held(slot: number, iteration: number): number {
    return this.bases[slot]! + iteration;
  }

  private widen(): void {
    const n = 2 * this.bases.length;
    this.bases = enlarged(this.bases, new Int32Array(n));
    this.places = enlarged(this.places, new Int32Array(n));
  }

  private remainder(tokens: number): number {
    // `| 0` keeps remainders whole numbers to the machine: with −0 in play a remainder costs ten times as much.
    const r = (tokens % this.size) | 0;
    return r < 0 ? r + this.size : r;
  }

  /** Where those stand who need a block in that iteration; one place lower for every later one. */
  private place(iteration: number): number {
    const r = (iteration % this.size) | 0;
    return r === 0 ? 0 : this.size - r;
  }

  needed(): number {
    return this.phases[this.place(this.iteration + 1)]!;
  }

  taken(count: number): number {
    if (this.reserved) return 0;
    const { phases, size } = this;
    const rounds = Math.floor(count / size);
    let sum = rounds * this.sequences;
    let at = this.place(this.iteration + 2);
    for (let left = count - rounds * size; left > 0; left--) {
      sum += phases[at]!;
      at = at === 0 ? size - 1 : at - 1;
    }
    return sum;
  }

  filled(begun: number, elapsed: number, first: number, growth: number): number {
    if (this.reserved) return 0;
    // Sequences of one place take a block after k iterations, k + size, k + 2 size …; the first places once more than the others.
    const rounds = Math.floor((begun - 1) / this.size);
    const rest = begun - 1 - rounds * this.size;
    return this.filling(1, rest, rounds + 1, elapsed, first, growth) + (rounds > 0 ? this.filling(rest + 1, this.size, rounds, elapsed, first, growth) : 0);
  }

  /**
   * The part of those who take a block after `from` … `to` iterations, and n in all by now: each there for what has elapsed less the k·first + growth·k(k − 1)/2 that k
   * iterations took, summed over k, k + size …, a polynomial of second degree in k.
   */
  private filling(from: number, to: number, n: number, elapsed: number, first: number, growth: number): number {
    const { phases, size } = this;
    const steps = (n * (n - 1)) / 2;
    const half = growth / 2;
    const c0 = n * elapsed - first * size * steps - half * ((size * size * steps * (2 * n - 1)) / 3 - size * steps);
    const c1 = -first * n - half * (2 * size * steps - n);
    const c2 = -half * n;
    let sum = 0;
    let at = this.place(this.iteration + 1 + from);
    for (let k = from; k <= to; k++) {
      sum += phases[at]! * (c0 + k * (c1 + k * c2));
      at = at === 0 ? size - 1 : at - 1;
    }
    return sum;
  }

  lasting(most: number): number {
    const { sequences, size } = this;
    if (this.reserved || sequences * Math.ceil(most / size) <= this.free || this.taken(most) <= this.free) return most;
    let left = this.free;
    let count = Math.floor(left / sequences) * size;
    left -= (count / size) * sequences;
    for (;;) {
      const next = this.phases[this.place(this.iteration + count + 2)]!;
      if (count >= most || next > left) return count;
      left -= next;
      count++;
    }
  }

  yields(count: number): number {
    return count * this.sequences;
  }

  grown(count: number): number {
    return (count * (count - 1)) / 2;
  }

  reach(elapsed: number, first: number, growth: number): number {
    const half = growth / 2;
    const b = first - half;
    const total = (count: number): number => count * first + growth * this.grown(count);
    let count = Math.max(1, Math.ceil((2 * elapsed) / (b + Math.sqrt(b * b + 4 * half * elapsed))));
    while (total(count) < elapsed) count++;
    while (count > 1 && total(count - 1) >= elapsed) count--;
    return count;
  }

  book(gaps: Gaps, count: number, first: number, growth: number, sequences: number): void {
    gaps.series(count - 1, first + growth, growth, sequences);
  }

  advance(count: number, taken: number): void {
    this.used += taken;
    this.iteration += count;
    this.context += count * this.sequences;
  }
}
