/**
 * Speculative decoding (Leviathan et al. 2023): a small model drafts k tokens, the large one checks them in one pass and keeps the run it would have
 * said itself, plus one token of its own. How many are kept is drawn for every sequence and iteration: j of k with chance aʲ·(1 − a), all k with aᵏ, so
 * (1 − a^(k+1)) ÷ (1 − a) tokens come per iteration on average. A sequence's draws follow from one number by hashing, so they do not depend on how many
 * iterations an event stands for; and since they are known when it starts, what all sequences will gain in each coming iteration is kept in a ring.
 */
import { enlarged } from '../../engine/agenda.ts';
import type { BlockLedger } from './blocks.ts';
import type { Gaps } from './gaps.ts';
import type { Drafting } from './rules.ts';

const STRIDE = 8;
const SEED = 0;
const JOINED = 1;
const TOKENS = 2;
const LEFT = 3;
/** The iteration in which its last token comes. */
const LAST = 4;

/** 32 well-mixed bits of two numbers (the finaliser of MurmurHash3). */
function mixed(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  h = Math.imul(h ^ b, 0x27d4eb2f);
  return (h ^ (h >>> 15)) >>> 0;
}

/** Cache blocks and tokens where each iteration may yield several tokens. */
export class DraftedBlocks implements BlockLedger {
  used = 0;
  iteration = 0;
  sequences = 0;
  context = 0;
  /** Below the k-th of these, the k-th drafted token is kept too. */
  private readonly thresholds: Float64Array;
  private rows = new Int32Array(16 * STRIDE);
  /** Tokens and blocks that each coming iteration brings, by iteration modulo their length, which is a power of two. */
  private tokens = new Int32Array(64);
  private blocks = new Int32Array(64);
  private begun = 0;

  constructor(
    readonly size: number,
    readonly total: number,
    drafting: Drafting,
    private readonly seed: number,
  ) {
    let chance = 2 ** 32;
    this.thresholds = Float64Array.from({ length: drafting.length }, () => (chance *= drafting.acceptance));
  }

  get free(): number {
    return this.total - this.used;
  }

  of(tokens: number): number {
    return Math.ceil(tokens / this.size);
  }

  /** Tokens that come in one iteration of a sequence: those kept of the draft, and one. */
  private drawn(seed: number, step: number): number {
    const { thresholds } = this;
    const u = mixed(seed, step);
    let kept = 0;
    while (kept < thresholds.length && u < thresholds[kept]!) kept++;
    return kept + 1;
  }

  begin(slot: number, tokens: number, left: number): number {
    while ((slot + 1) * STRIDE > this.rows.length) this.rows = enlarged(this.rows, new Int32Array(2 * this.rows.length));
    while (left >= this.tokens.length) this.widen();
    const at = slot * STRIDE;
    this.rows[at + SEED] = mixed(this.seed, this.begun++);
    this.rows[at + JOINED] = this.iteration;
    this.rows[at + TOKENS] = tokens;
    this.rows[at + LEFT] = left;
    this.sequences++;
    this.context += tokens + 1;
    const steps = this.foresee(at, 1);
    this.rows[at + LAST] = this.iteration + steps;
    return steps;
  }

  end(slot: number): void {
    this.sequences--;
    this.context -= this.held(slot, this.iteration) + 1;
    if (this.rows[slot * STRIDE + LAST]! > this.iteration) this.foresee(slot * STRIDE, -1);
  }

  /** Adds what a sequence will gain in the coming iterations to the ring, or takes it out again; returns the iterations its whole answer takes. */
  private foresee(at: number, by: 1 | -1): number {
    const mask = this.tokens.length - 1;
    const seed = this.rows[at + SEED]!;
    let held = this.rows[at + TOKENS]!;
    let left = this.rows[at + LEFT]!;
    let step = 0;
    for (let iteration = this.rows[at + JOINED]! + 1; left > 0; iteration++) {
      const gained = Math.min(left, this.drawn(seed, ++step));
      if (iteration > this.iteration) {
        this.tokens[iteration & mask]! += by * gained;
        this.blocks[iteration & mask]! += by * (this.of(held + gained) - this.of(held));
      }
      held += gained;
      left -= gained;
    }
    return step;
  }

  held(slot: number, iteration: number): number {
    const at = slot * STRIDE;
    if (this.rows[at + LAST]! <= iteration) return this.rows[at + TOKENS]! + this.rows[at + LEFT]!;
    const steps = iteration - this.rows[at + JOINED]!;
    let gained = 0;
    for (let step = 1; step <= steps; step++) gained += this.drawn(this.rows[at + SEED]!, step);
    return this.rows[at + TOKENS]! + gained;
  }

  private widen(): void {
    const { tokens, blocks } = this;
    this.tokens = new Int32Array(2 * tokens.length);
    this.blocks = new Int32Array(2 * tokens.length);
    for (let k = 1; k <= tokens.length; k++) {
      const from = (this.iteration + k) & (tokens.length - 1);
      const to = (this.iteration + k) & (this.tokens.length - 1);
      this.tokens[to] = tokens[from]!;
      this.blocks[to] = blocks[from]!;
    }
  }

  /** What the k-th iteration from now brings. */
  private tokensIn(k: number): number {
    return this.tokens[(this.iteration + k) & (this.tokens.length - 1)]!;
  }
  private blocksIn(k: number): number {
    return this.blocks[(this.iteration + k) & (this.blocks.length - 1)]!;
  }

  needed(): number {
    return this.blocksIn(1);
  }

  taken(count: number): number {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += this.blocksIn(k + 2);
    return sum;
  }

  filled(begun: number, elapsed: number, first: number, growth: number): number {
    const each = growth / this.sequences;
    let gained = 0;
    let start = 0;
    let sum = 0;
    for (let k = 1; k < begun; k++) {
      start += first + each * gained;
      gained += this.tokensIn(k);
      sum += this.blocksIn(k + 1) * (elapsed - start);
    }
    return sum;
  }

  lasting(most: number): number {
    let left = this.free;
    for (let k = 0; k < most; k++) if ((left -= this.blocksIn(k + 2)) < 0) return k;
    return most;
  }

  yields(count: number): number {
    let sum = 0;
    for (let k = 1; k <= count; k++) sum += this.tokensIn(k);
    return sum;
  }

  grown(count: number): number {
    let sum = 0;
    for (let k = 1; k < count; k++) sum += (count - k) * this.tokensIn(k);
    return sum / this.sequences;
  }

  reach(elapsed: number, first: number, growth: number): number {
    const each = growth / this.sequences;
    let gained = 0;
    let sum = first;
    let count = 1;
    for (; sum < elapsed; count++) {
      gained += this.tokensIn(count);
      sum += first + each * gained;
    }
    return count;
  }

  book(gaps: Gaps, count: number, first: number, growth: number, sequences: number): void {
    const each = growth / this.sequences;
    let gained = 0;
    for (let k = 1; k < count; k++) {
      gained += this.tokensIn(k);
      gaps.add(first + each * gained, sequences);
    }
  }

  advance(count: number, taken: number): void {
    this.used += taken;
    this.context += this.yields(count);
    const mask = this.tokens.length - 1;
    for (let k = 1; k <= count; k++) this.tokens[(this.iteration + k) & mask] = this.blocks[(this.iteration + k) & mask] = 0;
    this.iteration += count;
  }
}
