/**
 * One engine: first come first served admission into a running batch, a paged cache, and iterations of prompt chunks and decodes. A stretch of
 * iterations in which nothing joins or leaves the batch is one event; a newcomer cuts it at the end of the iteration under way.
 */
import { enlarged } from '../../engine/agenda.ts';
import type { Network } from '../../engine/network.ts';
import { Code } from '../../engine/reasons.ts';
import type { PrefixCache } from '../../kit/prefix.ts';
import { Blocks } from './blocks.ts';
import { Sum, type Books } from './books.ts';
import { FinishLine } from './finish-line.ts';
import type { Clockwork } from './physics.ts';

/** How an engine schedules, and on what. Replaced as a whole when anything changes. */
export interface Rules {
  readonly clockwork: Clockwork;
  readonly blockSize: number;
  readonly blocks: number;
  /** Blocks that must stay free when a request is let in. */
  readonly watermark: number;
  readonly mostSequences: number;
  readonly budget: number;
  /** Prompts in chunks beside decodes; otherwise whole prompts first. */
  readonly chunked: boolean;
  /** Iterations one event may stand for; more than 1 only where their times are an arithmetic series. */
  readonly longest: number;
}

/** What all engines of a pool share. */
export interface Floor {
  readonly rules: Rules;
  readonly books: Books;
  readonly cache: PrefixCache | null;
  readonly site: Network;
  /** How many times as long as it should everything takes now. */
  readonly slowness: number;
  /** A call is over: to be answered once the engine's books are closed. */
  finish(call: number): void;
  /** A call cannot go on. */
  give(replica: Replica, call: number, code: number): void;
}

const STRIDE = 8;
const CALL = 0;
/** Tokens to work through before the next token of the answer, and how many are done; those of this iteration. */
const PROMPT = 1;
const DONE = 2;
const CHUNK = 3;
/** Tokens looked back on in decode iteration i are `BASE + i`. */
const BASE = 4;
/** Tokens of the answer still to come. */
const LEFT = 5;
const BEFORE = 6;
const AFTER = 7;

const START = 0;
const END = 1;
const FIRST = 2;
const GROWTH = 3;
const FLOPS = 4;
const FLOPS_GROWTH = 5;
const BYTES = 6;
const BYTES_GROWTH = 7;
const USED = 8;
const USED_END = 9;
const CONTEXT = 10;
const LOADING = 11;

/** One engine of a pool. */
export class Replica {
  waiting = 0;
  resident = 0;
  /** Its next event on the agenda, or −1 when idle. */
  pending = -1;
  /** Whether it is at work: from the beginning of its first iteration until it has nothing left to do. */
  works = false;
  blocks: Blocks;
  /** Blocks that the prompts in the queue will want. */
  wanted = 0;
  private rules: Rules;
  private readonly net: Network;
  private readonly line = new FinishLine();
  private readonly t = new Float64Array(12);
  private rows = new Int32Array(16 * STRIDE);
  private made = 0;
  private freeSlot = -1;
  private admitted = 0;
  private oldest = -1;
  private newest = -1;
  /** Slots whose prompts are not done, in order of admission. */
  private prompts = new Int32Array(16);
  private promptCount = 0;
  private head = -1;
  private tail = -1;
  /** Decode iterations done. */
  private iteration = 0;
  /** Iterations that the planned event stands for; sequences that decode in them; prompt tokens in them. */
  private count = 0;
  private decodes = 0;
  private chunkTokens = 0;

  constructor(private readonly floor: Floor) {
    this.rules = floor.rules;
    this.net = floor.site;
    this.blocks = new Blocks(this.rules.blockSize, this.rules.blocks);
  }

  /** When the planned event is due. */
  get end(): number {
    return this.t[END]!;
  }

  private input(call: number): number {
    return Math.max(1, Math.round(this.net.requests.input(this.net.calls.request(call))));
  }

  private output(call: number): number {
    return Math.max(1, Math.round(this.net.requests.output(this.net.calls.request(call))));
  }

  /** Tokens to work through before its next: the prompt and what had been answered before it was preempted. */
  private prompt(call: number): number {
    return this.input(call) + this.net.calls.data(call);
  }

  /** Puts a call at the end of the queue. */
  push(call: number): void {
    this.net.calls.setNext(call, -1);
    if (this.tail < 0) this.head = call;
    else this.net.calls.setNext(this.tail, call);
    this.tail = call;
    this.queued(call, 1);
  }

  private unshift(call: number): void {
    this.net.calls.setNext(call, this.head);
    this.head = call;
    if (this.tail < 0) this.tail = call;
    this.queued(call, 1);
  }

  private shift(): number {
    const call = this.head;
    this.head = this.net.calls.next(call);
    if (this.head < 0) this.tail = -1;
    this.queued(call, -1);
    return call;
  }

  private queued(call: number, by: number): void {
    this.waiting += by;
    this.wanted += by * this.blocks.of(this.prompt(call));
    this.floor.books.waiting.add(by, this.net.now);
  }

  /** Whether somebody who comes now could join at the end of the iteration under way, which is not the last of its stretch. */
  get open(): boolean {
    return this.count > 1 && this.waiting === 1 && this.resident < this.rules.mostSequences && (!this.rules.chunked || this.decodes < this.rules.budget);
  }

  /** Plans the next iteration or stretch from now on; false when there is nothing to do. */
  begin(): boolean {
    if (this.rules !== this.floor.rules) this.adopt();
    const { clockwork, chunked } = this.rules;
    this.t[LOADING] = 0;
    this.chunkTokens = 0;
    this.count = 0;
    if (chunked) this.mixed();
    else this.promptsFirst();
    if (this.decodes === 0 && this.chunkTokens === 0) return false;
    this.count = this.chunkTokens > 0 ? 1 : this.stretch();
    this.time(clockwork);
    return true;
  }

  /** Decodes, prompts under way, and newcomers, within the budget of tokens. */
  private mixed(): void {
    this.secure();
    this.decodes = this.line.size;
    this.rules.clockwork.begin(this.decodes, this.t[CONTEXT]!);
    let budget = this.rules.budget - this.decodes;
    for (let k = 0; k < this.promptCount; k++) budget -= this.work(this.prompts[k]!, budget);
    while (budget > 0 && this.admissible()) budget -= this.work(this.admit(), budget);
  }

  /** Whole prompts, as many as the budget holds when all are padded to the longest; decodes only when there are none. */
  private promptsFirst(): void {
    this.decodes = 0;
    this.rules.clockwork.begin(0, 0);
    for (let k = 0; k < this.promptCount; k++) this.work(this.prompts[k]!, Infinity);
    let longest = 0;
    for (let count = this.promptCount; this.admissible(); count++) {
      longest = Math.max(longest, this.prompt(this.head));
      if (count > 0 && (count + 1) * longest > this.rules.budget) break;
      this.work(this.admit(), Infinity);
    }
    if (this.chunkTokens > 0) return;
    this.secure();
    this.decodes = this.line.size;
    this.rules.clockwork.begin(this.decodes, this.t[CONTEXT]!);
  }

  /** Gives a prompt its share of this iteration; returns how many tokens that is. */
  private work(slot: number, budget: number): number {
    const at = slot * STRIDE;
    const { rows } = this;
    const done = rows[at + DONE]!;
    const left = rows[at + PROMPT]! - done;
    const chunk = Math.max(0, Math.min(left, budget));
    rows[at + CHUNK] = chunk;
    this.chunkTokens += chunk;
    if (chunk > 0) this.rules.clockwork.chunk(chunk, done, chunk === left);
    return chunk;
  }

  /** Takes the blocks that decodes need for the next iteration; where they are short, whoever came last gives way. */
  private secure(): void {
    const { blocks } = this;
    while (blocks.needed(this.iteration + 1) > blocks.free && this.newest >= 0) this.preempt(this.newest);
    blocks.used += blocks.needed(this.iteration + 1);
  }

  /** Whether the first in the queue can join: a place in the batch, and blocks for its whole prompt beside the watermark. */
  private admissible(): boolean {
    if (this.head < 0 || this.resident >= this.rules.mostSequences) return false;
    const keep = this.resident > 0 ? this.rules.watermark : 0;
    return this.blocks.free - this.blocks.of(this.prompt(this.head)) >= keep;
  }

  private admit(): number {
    const call = this.shift();
    const prompt = this.prompt(call);
    const slot = this.slot();
    const at = slot * STRIDE;
    const { rows } = this;
    rows[at + CALL] = call;
    rows[at + PROMPT] = prompt;
    rows[at + DONE] = this.remembered(call);
    rows[at + LEFT] = this.output(call) - this.net.calls.data(call);
    rows[at + BEFORE] = this.newest;
    rows[at + AFTER] = -1;
    if (this.newest >= 0) rows[this.newest * STRIDE + AFTER] = slot;
    else this.oldest = slot;
    this.newest = slot;
    this.blocks.used += this.blocks.of(prompt);
    this.resides(1);
    if (this.promptCount === this.prompts.length) this.prompts = enlarged(this.prompts, new Int32Array(2 * this.promptCount));
    this.prompts[this.promptCount++] = slot;
    return slot;
  }

  private resides(by: number): void {
    this.resident += by;
    this.floor.books.running.add(by, this.net.now);
  }

  /** Tokens whose keys and values come from the prefix cache; loading them makes the iteration longer. */
  private remembered(call: number): number {
    const { cache, books } = this.floor;
    if (cache === null) return 0;
    const request = this.net.calls.request(call);
    const tokens = Math.min(cache.lookup(request), this.input(call) - 1);
    books.sums[Sum.found]! += tokens;
    books.sums[Sum.lookedUp]! += this.input(call);
    if (tokens > 0) this.t[LOADING]! += cache.loading(tokens);
    return tokens;
  }

  /** Sends a sequence back to the front of the queue; what it has is worked through again, answer so far included. */
  private preempt(slot: number): void {
    const at = slot * STRIDE;
    const call = this.rows[at + CALL]!;
    const { sums } = this.floor.books;
    sums[Sum.preemptions]!++;
    sums[Sum.recomputed]! += this.line.holds(slot) ? this.rows[at + BASE]! + this.iteration : this.rows[at + DONE]!;
    const left = this.line.holds(slot) ? this.line.iteration(slot) - this.iteration : this.rows[at + LEFT]!;
    this.net.calls.setData(call, this.output(call) - left);
    this.leave(slot);
    this.unshift(call);
  }

  /**
   * Gives everything up at once; returns the calls that were here, running ones first. With `keep`, each has noted how many tokens of its answer are
   * done (`data`), and goes on from there wherever it is put next; otherwise it starts over. Afterwards the replica is not to be used any more.
   */
  evacuate(keep: boolean): readonly number[] {
    const { calls, now } = this.net;
    const { books } = this.floor;
    this.tally(now, books.sums);
    const done = this.count > 0 && this.decodes > 0 ? this.iteration + this.under(now - this.t[START]!) - 1 : this.iteration;
    const gone: number[] = [];
    for (let slot = this.oldest; slot >= 0; slot = this.rows[slot * STRIDE + AFTER]!) {
      const call = this.rows[slot * STRIDE + CALL]!;
      const left = this.line.holds(slot) ? this.line.iteration(slot) - done : this.rows[slot * STRIDE + LEFT]!;
      books.sums[Sum.recomputed]! += this.line.holds(slot) ? this.rows[slot * STRIDE + BASE]! + done : this.rows[slot * STRIDE + DONE]!;
      calls.setData(call, keep ? this.output(call) - left : 0);
      gone.push(call);
    }
    for (let call = this.head; call >= 0; call = calls.next(call)) gone.push(call);
    this.resides(-this.resident);
    books.waiting.add(-this.waiting, now);
    this.count = 0;
    return gone;
  }

  /** Takes a call out of the queue; false if it does not wait here. */
  withdraw(call: number): boolean {
    const { calls } = this.net;
    let before = -1;
    for (let at = this.head; at >= 0 && at !== call; at = calls.next(at)) before = at;
    if (before < 0 ? this.head !== call : calls.next(before) !== call) return false;
    const after = calls.next(call);
    if (before < 0) this.head = after;
    else calls.setNext(before, after);
    if (after < 0) this.tail = before;
    this.queued(call, -1);
    return true;
  }

  /** Takes a running call out between two iterations; false if it is not in the batch. */
  abort(call: number): boolean {
    for (let slot = this.oldest; slot >= 0; slot = this.rows[slot * STRIDE + AFTER]!) {
      if (this.rows[slot * STRIDE + CALL] !== call) continue;
      this.leave(slot);
      return true;
    }
    return false;
  }

  /** Takes a sequence out of the batch and gives its blocks back. */
  private leave(slot: number): void {
    if (this.line.holds(slot)) this.stopDecoding(slot);
    else this.stopPrompt(slot);
    const { rows } = this;
    const before = rows[slot * STRIDE + BEFORE]!;
    const after = rows[slot * STRIDE + AFTER]!;
    if (before >= 0) rows[before * STRIDE + AFTER] = after;
    else this.oldest = after;
    if (after >= 0) rows[after * STRIDE + BEFORE] = before;
    else this.newest = before;
    rows[slot * STRIDE + AFTER] = this.freeSlot;
    this.freeSlot = slot;
    this.resides(-1);
  }

  private stopDecoding(slot: number): void {
    const base = this.rows[slot * STRIDE + BASE]!;
    this.line.remove(slot);
    this.blocks.shift(base, -1);
    this.blocks.used -= this.blocks.of(base + this.iteration);
    this.t[CONTEXT]! -= base + this.iteration + 1;
  }

  private stopPrompt(slot: number): void {
    this.blocks.used -= this.blocks.of(this.rows[slot * STRIDE + PROMPT]!);
    let kept = 0;
    for (let k = 0; k < this.promptCount; k++) if (this.prompts[k] !== slot) this.prompts[kept++] = this.prompts[k]!;
    this.promptCount = kept;
  }

  private slot(): number {
    const slot = this.freeSlot;
    if (slot >= 0) {
      this.freeSlot = this.rows[slot * STRIDE + AFTER]!;
      return slot;
    }
    if (this.made * STRIDE === this.rows.length) this.rows = enlarged(this.rows, new Int32Array(2 * this.rows.length));
    return this.made++;
  }

  /** Iterations until somebody finishes or blocks run out. The first one's blocks are taken already. */
  private stretch(): number {
    const most = Math.min(this.line.iteration(this.line.first()) - this.iteration, this.rules.longest);
    return 1 + this.blocks.lasting(this.iteration + 1, most - 1, this.decodes);
  }

  /** Notes when the planned iterations start and end, and what they will have come to. */
  private time(clockwork: Clockwork): void {
    const { t } = this;
    t[START] = this.net.now;
    const { slowness } = this.floor;
    t[FIRST] = (clockwork.seconds() + t[LOADING]!) * slowness;
    t[GROWTH] = clockwork.growth.seconds * slowness;
    t[FLOPS] = clockwork.flops();
    t[FLOPS_GROWTH] = clockwork.growth.flops;
    t[BYTES] = clockwork.bytes();
    t[BYTES_GROWTH] = clockwork.growth.bytes;
    t[USED] = this.blocks.used;
    this.finishAfter(this.count);
  }

  private finishAfter(count: number): void {
    this.count = count;
    this.t[END] = this.t[START]! + series(count, this.t[FIRST]!, this.t[GROWTH]!);
    this.t[USED_END] = this.t[USED]! + (this.decodes > 0 ? this.blocks.taken(this.iteration + 1, count - 1, this.decodes) : 0);
  }

  /** Lets the stretch end with the iteration under way; true if it ends earlier by that. */
  cut(): boolean {
    const { t } = this;
    const count = this.under(this.net.now - t[START]!);
    if (count >= this.count) return false;
    this.finishAfter(count);
    return true;
  }

  /** Iterations of the stretch that have begun after so many seconds: the least whose sum reaches them. */
  private under(elapsed: number): number {
    const first = this.t[FIRST]!;
    const growth = this.t[GROWTH]!;
    const half = growth / 2;
    const b = first - half;
    let count = Math.max(1, Math.ceil((2 * elapsed) / (b + Math.sqrt(b * b + 4 * half * elapsed))));
    while (series(count, first, growth) < elapsed) count++;
    while (count > 1 && series(count - 1, first, growth) >= elapsed) count--;
    return count;
  }

  /** Adds to the totals what the planned iterations have come to by `now`: in full at their end, in proportion before. */
  tally(now: number, sums: Float64Array): void {
    if (this.count === 0) return;
    const { t, count } = this;
    const x = Math.min(1, (now - t[START]!) / (t[END]! - t[START]!));
    sums[Sum.out]! += x * count * this.decodes;
    sums[Sum.steps]! += x * count;
    sums[Sum.flops]! += x * series(count, t[FLOPS]!, t[FLOPS_GROWTH]!);
    sums[Sum.bytes]! += x * series(count, t[BYTES]!, t[BYTES_GROWTH]!);
    sums[Sum.blocks]! += (now - t[START]!) * (t[USED]! + (x * (t[USED_END]! - t[USED]!)) / 2);
  }

  /** The share of blocks in use at `now`. */
  share(now: number): number {
    const { t } = this;
    if (this.blocks.total === 0) return 0;
    if (this.count === 0) return this.blocks.used / this.blocks.total;
    const x = Math.min(1, (now - t[START]!) / (t[END]! - t[START]!));
    return (t[USED]! + x * (t[USED_END]! - t[USED]!)) / this.blocks.total;
  }

  /** The planned iterations are over: whoever is done leaves, whose prompt is done starts its answer. */
  complete(): void {
    this.tally(this.net.now, this.floor.books.sums);
    if (this.decodes > 0) this.decoded();
    this.count = 0;
    if (this.chunkTokens > 0) this.prompted();
  }

  private decoded(): void {
    this.blocks.used += this.blocks.taken(this.iteration + 1, this.count - 1, this.decodes);
    this.iteration += this.count;
    this.t[CONTEXT]! += this.count * this.decodes;
    const { line } = this;
    while (line.size > 0 && line.iteration(line.first()) === this.iteration) this.done(line.first());
  }

  private done(slot: number): void {
    this.floor.finish(this.rows[slot * STRIDE + CALL]!);
    this.leave(slot);
  }

  private prompted(): void {
    const { prompts, rows } = this;
    const count = this.promptCount;
    this.promptCount = 0;
    for (let k = 0; k < count; k++) {
      const at = prompts[k]! * STRIDE;
      rows[at + DONE]! += rows[at + CHUNK]!;
      if (rows[at + DONE]! < rows[at + PROMPT]!) prompts[this.promptCount++] = prompts[k]!;
      else this.answers(prompts[k]!);
    }
  }

  /** A prompt is done, and with it the next token of its answer; the rest is decoded. */
  private answers(slot: number): void {
    const at = slot * STRIDE;
    const { rows } = this;
    const prompt = rows[at + PROMPT]!;
    this.firstToken(rows[at + CALL]!);
    const left = --rows[at + LEFT]!;
    const base = prompt - this.iteration;
    rows[at + BASE] = base;
    this.line.add(slot, this.iteration + left, this.admitted++);
    this.blocks.shift(base, 1);
    this.t[CONTEXT]! += prompt + 1;
    if (left === 0) this.done(slot);
  }

  private firstToken(call: number): void {
    const { requests, calls, now } = this.net;
    const { sums } = this.floor.books;
    const request = calls.request(call);
    sums[Sum.out]!++;
    if (calls.data(call) > 0) return;
    if (requests.first(request) < 0) requests.setFirst(request, now);
    sums[Sum.in]! += this.input(call);
    sums[Sum.firstSeconds]! += now - calls.start(call);
    sums[Sum.firsts]!++;
    this.floor.cache?.insert(request);
  }

  /** Takes over changed rules between two iterations: cache blocks are counted anew, who no longer fits gives way or is given up. */
  private adopt(): void {
    this.rules = this.floor.rules;
    const { blockSize, blocks } = this.rules;
    this.blocks = new Blocks(blockSize, blocks);
    for (let slot = this.oldest; slot >= 0; slot = this.rows[slot * STRIDE + AFTER]!) this.recount(slot);
    for (let slot = this.oldest; slot >= 0; ) {
      const next = this.rows[slot * STRIDE + AFTER]!;
      if (!this.possible(this.rows[slot * STRIDE + CALL]!)) this.expel(slot);
      slot = next;
    }
    this.sift();
    while (this.blocks.free < 0 && this.newest >= 0) this.preempt(this.newest);
  }

  private recount(slot: number): void {
    const base = this.rows[slot * STRIDE + BASE]!;
    const decoding = this.line.holds(slot);
    if (decoding) this.blocks.shift(base, 1);
    this.blocks.used += this.blocks.of(decoding ? base + this.iteration : this.rows[slot * STRIDE + PROMPT]!);
  }

  /** Whether a call alone would fit into the cache to its last token. */
  possible(call: number): boolean {
    return Math.ceil((this.input(call) + this.output(call) - 1) / this.floor.rules.blockSize) <= this.floor.rules.blocks;
  }

  private expel(slot: number): void {
    const call = this.rows[slot * STRIDE + CALL]!;
    this.leave(slot);
    this.floor.give(this, call, Code.outOfMemory);
  }

  /** Goes through the queue once and gives up those that can never fit. */
  private sift(): void {
    this.wanted = 0;
    for (let k = this.waiting; k > 0; k--) {
      const call = this.head;
      this.wanted += this.blocks.of(this.prompt(call));
      this.shift();
      if (this.possible(call)) this.push(call);
      else this.floor.give(this, call, Code.outOfMemory);
    }
  }
}

/** Sum of `count` terms that begin with `first` and grow by `growth`. */
function series(count: number, first: number, growth: number): number {
  return count * first + (growth * count * (count - 1)) / 2;
}
