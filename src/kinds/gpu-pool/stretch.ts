/** The iterations that an engine's next event stands for: when they start and end, and what they come to; only decoding goes on in all but the first. */
import type { BlockLedger } from './blocks.ts';
import { Sum } from './books.ts';
import type { Draw } from './power.ts';
import type { Rules } from './rules.ts';

const START = 0;
const END = 1;
/** What must be loaded before the first iteration, in seconds. */
const LOADING = 2;
const FIRST = 3;
const GROWTH = 4;
const FLOPS = 5;
const FLOPS_GROWTH = 6;
const BYTES = 7;
const BYTES_GROWTH = 8;
const USED = 9;
/** Σ of the tokens gained before each iteration, per sequence. */
const GROWN = 10;

/** A planned stretch; recycled. */
export class Stretch {
  /** How many iterations; 0 when none is planned. */
  count = 0;
  /** Sequences that decode, those that only pad included; prompt tokens in the first iteration. */
  decodes = 0;
  padding = 0;
  chunkTokens = 0;
  /** Tokens that its first iteration looks at, for each sequence that decodes. */
  private width = 1;
  /** Tokens of answers that come of it. */
  private tokens = 0;
  /** Blocks that its iterations after the first take; −1 until somebody asks (a stretch that is cut is asked once instead of three times). */
  private taken = -1;
  private readonly t = new Float64Array(11);

  get start(): number {
    return this.t[START]!;
  }
  get end(): number {
    return this.t[END]!;
  }
  /** End of its first iteration. */
  get firstEnd(): number {
    return this.t[START]! + this.t[LOADING]! + this.t[FIRST]!;
  }
  get first(): number {
    return this.t[FIRST]!;
  }
  get growth(): number {
    return this.t[GROWTH]!;
  }

  /** A new one is being put together. */
  clear(): void {
    this.count = 0;
    this.decodes = 0;
    this.padding = 0;
    this.chunkTokens = 0;
    this.t[LOADING] = 0;
  }

  /** Something must be loaded before it begins. */
  load(seconds: number): void {
    this.t[LOADING]! += seconds;
  }

  /** Notes what `count` iterations from now on will come to, as told to the clockwork; everything takes `slowness` times as long. */
  plan(count: number, now: number, { clockwork, drafting }: Rules, slowness: number, blocks: BlockLedger): void {
    const { t } = this;
    t[START] = now;
    t[LOADING]! *= slowness;
    t[FIRST] = clockwork.seconds() * slowness;
    t[GROWTH] = clockwork.growth.seconds * slowness;
    t[FLOPS] = clockwork.flops();
    t[FLOPS_GROWTH] = clockwork.growth.flops;
    t[BYTES] = clockwork.bytes();
    t[BYTES_GROWTH] = clockwork.growth.bytes;
    t[USED] = blocks.used;
    this.width = drafting === null ? 1 : drafting.length + 1;
    if (drafting !== null && this.decodes > 0) this.draft(clockwork, drafting.length * drafting.cost * slowness, blocks);
    this.finishAfter(count, blocks);
  }

  /** Drafting takes so many plain decode iterations' time on top. */
  private draft(clockwork: Rules['clockwork'], iterations: number, blocks: BlockLedger): void {
    clockwork.begin(this.decodes, blocks.context);
    this.t[FIRST]! += iterations * clockwork.seconds();
    this.t[GROWTH]! += iterations * clockwork.growth.seconds;
  }

  /** Lets it end after so many iterations. */
  finishAfter(count: number, blocks: BlockLedger): void {
    const { t } = this;
    this.count = count;
    const grown = this.grown(count, blocks);
    t[GROWN] = grown;
    t[END] = t[START]! + t[LOADING]! + count * t[FIRST]! + t[GROWTH]! * grown;
    this.taken = -1;
    this.tokens = this.tokensOf(count, blocks);
  }

  /** Blocks that its iterations after the first take. */
  taking(blocks: BlockLedger): number {
    if (this.taken < 0) this.taken = this.decodes > 0 ? blocks.taken(this.count - 1) : 0;
    return this.taken;
  }

  /** Iterations of it that have begun by `now`: the least whose time reaches it. */
  begun(now: number, blocks: BlockLedger): number {
    const elapsed = now - this.t[START]! - this.t[LOADING]!;
    if (elapsed <= this.t[FIRST]! || this.decodes === 0) return 1;
    return blocks.reach(elapsed, this.t[FIRST]!, this.t[GROWTH]!);
  }

  /** When `done` of its iterations are over and the next begins. */
  after(done: number, blocks: BlockLedger): number {
    if (done <= 0) return this.t[START]!;
    return this.t[START]! + this.t[LOADING]! + done * this.t[FIRST]! + this.t[GROWTH]! * this.grown(done, blocks);
  }

  /**
   * Adds to the totals what it has come to by `now`: the iterations that are over, and of the one under way as much as has passed of its time. Of one that is
   * `broken` off then, what went into it is spent, but neither an iteration nor a token comes of it.
   */
  tally(now: number, sums: Float64Array, draw: Draw, blocks: BlockLedger, broken = false): void {
    if (this.count === 0) return;
    const { t } = this;
    const seconds = now - t[START]!;
    const begun = now < t[END]! ? Math.min(this.count, this.begun(now, blocks)) : this.count;
    let iterations = begun;
    let grown = t[GROWN]!;
    let tokens = this.tokens;
    let counted = begun;
    if (now < t[END]!) {
      const done = begun - 1;
      const from = this.after(done, blocks);
      const share = (now - from) / (this.after(begun, blocks) - from);
      const [before, all] = [this.tokensOf(done, blocks), this.tokensOf(begun, blocks)];
      iterations = done + share;
      counted = broken ? done : iterations;
      tokens = before + (counted - done) * (all - before);
      grown = (1 - share) * this.grown(done, blocks) + share * this.grown(begun, blocks);
    }
    const flops = iterations * t[FLOPS]! + t[FLOPS_GROWTH]! * grown;
    const bytes = iterations * t[BYTES]! + t[BYTES_GROWTH]! * grown;
    sums[Sum.out]! += tokens;
    sums[Sum.steps]! += counted;
    sums[Sum.flops]! += flops;
    sums[Sum.bytes]! += bytes;
    sums[Sum.joules]! += draw.joules(seconds, flops, bytes);
    sums[Sum.blocks]! += seconds * t[USED]! + (begun > 1 ? blocks.filled(begun, seconds - t[LOADING]!, t[FIRST]!, t[GROWTH]!) : 0);
    if (this.chunkTokens > 0) sums[Sum.promptSeconds]! += (seconds * this.chunkTokens) / (this.chunkTokens + this.decodes * this.width);
  }

  /** Σ of the tokens gained before each of so many iterations, per sequence that decodes. */
  private grown(count: number, blocks: BlockLedger): number {
    return this.decodes > 0 ? blocks.grown(count) : 0;
  }

  /** Tokens of answers that so many iterations yield. */
  private tokensOf(count: number, blocks: BlockLedger): number {
    return this.decodes > 0 ? blocks.yields(count) - count * this.padding : 0;
  }
}
