/**
 * Who is at one engine: the queue, the batch and its cache blocks; how a call is let in, sent back when blocks run out, and taken out. What the batch does
 * with its time is for `replica.ts`.
 */
import { enlarged } from '../../engine/agenda.ts';
import type { Network } from '../../engine/network.ts';
import { ANSWERS, ARRIVAL, Batch, COMES, DONE, IDLES, LEFT, PARKED, PROMPT, READS, RESERVED, STATE, STRIDE, THERE } from './batch.ts';
import { Blocks, type BlockLedger } from './blocks.ts';
import { Sum } from './books.ts';
import { DraftedBlocks } from './drafts.ts';
import { FinishLine } from './finish-line.ts';
import { Lookout } from './lookout.ts';
import type { Floor, Rules } from './rules.ts';
import { Shelves } from './shelves.ts';
import { Stretch } from './stretch.ts';
import { isOnShelf, NOWHERE, onItsWayFrom, onShelf, Tickets } from './tickets.ts';
import { WaitingLine } from './waiting-line.ts';

/** Queue, batch and blocks of one engine, number `index` of its pool. */
export abstract class Residents {
  /** Places of the batch that are taken. */
  resident = 0;
  blocks: BlockLedger;
  /** Whether it hands prompts that are done over to others. */
  onlyPrompts = false;
  readonly queue: WaitingLine;
  protected readonly lookout: Lookout;
  protected rules: Rules;
  protected readonly net: Network;
  protected readonly tickets: Tickets;
  protected readonly batch = new Batch();
  protected readonly stretch = new Stretch();
  /** Sequences whose answers are not done, by the decode iteration in which they will be. */
  protected readonly line = new FinishLine();
  /** Slots whose prompts are not done, in order of admission. */
  protected prompts = new Int32Array(16);
  protected promptCount = 0;
  /** Sequences that only pad. */
  protected padding = 0;
  /** When the latest token came of those that answer; and who has had a later or an earlier one, and when. */
  protected readonly last = new Float64Array(1);
  protected readonly fresh: number[] = [];
  protected readonly freshSince: number[] = [];
  /** Up to when the blocks of those who only wait here are counted while nothing is worked on. */
  protected readonly rested = new Float64Array(1);
  /** Whether somebody was sent back since the last iteration: who has room after that shows only before the next one. */
  protected unsettled = false;
  private answering = 0;
  private readonly shelves: Shelves;

  constructor(
    protected readonly floor: Floor,
    readonly index: number,
  ) {
    this.rules = floor.rules;
    this.net = floor.site;
    this.tickets = new Tickets(this.net);
    this.queue = new WaitingLine(this.net.calls);
    this.lookout = new Lookout(this.net, this.tickets, this.queue);
    this.shelves = new Shelves(this.rules.shelves);
    this.blocks = this.ledger();
    floor.claims[index] = 0;
  }

  private ledger(): BlockLedger {
    const { blockSize, blocks, drafting } = this.rules;
    if (drafting === null) return new Blocks(blockSize, blocks, this.reserves);
    return new DraftedBlocks(blockSize, blocks, drafting, this.floor.draftSeed ^ Math.imul(this.index + 1, 0x9e3779b1));
  }

  /** Whether a sequence has the blocks of its whole answer from the start. */
  private get reserves(): boolean {
    return this.rules.static || this.rules.reserving;
  }

  get waiting(): number {
    return this.queue.size;
  }

  private priority(call: number): number {
    return this.rules.ranked ? this.tickets.priority(call) : 0;
  }

  /** Puts a call at the end of the queue. */
  push(call: number): void {
    this.tickets.setReplica(call, this.index);
    this.queue.push(call, this.priority(call));
    this.queued(call, 1);
  }

  private queued(call: number, by: number): void {
    this.claim(by * this.blocks.of(this.tickets.prompt(call)));
    this.floor.books.waiting.add(by, this.net.now);
  }

  protected claim(blocks: number): void {
    this.floor.claims[this.index]! += blocks;
  }

  /** Blocks × seconds since they were counted last, of those who wait here for keys and values, or for somebody to take theirs, while nothing is worked on. */
  protected held(now: number): number {
    return this.stretch.count > 0 ? 0 : this.blocks.used * (now - this.rested[0]!);
  }

  /** Counts them up to now. */
  protected rest(): void {
    this.floor.books.sums[Sum.blocks]! += this.held(this.net.now);
    this.rested[0] = this.net.now;
  }

  /** Takes blocks, or gives some back. */
  private take(blocks: number): void {
    this.rest();
    this.blocks.used += blocks;
    this.claim(blocks);
  }

  /** Takes a call out of the queue, and what is kept of it off its shelf. */
  withdraw(call: number): void {
    if (!this.queue.remove(call)) return;
    this.queued(call, -1);
    if (isOnShelf(this.tickets.kept(call))) this.forget(call);
  }

  private forget(call: number): void {
    this.shelves.take(this.tickets.kept(call), this.blocks.of(this.tickets.held(call)));
    this.tickets.setKept(call, NOWHERE);
  }

  /** Lets those at the head of the queue whose keys and values are kept somewhere take up their answers again, while there is room for them and all others. */
  protected takeUp(): void {
    for (let call = this.queue.first(); call >= 0 && this.tickets.kept(call) !== NOWHERE; call = this.queue.first()) {
      if (!this.hasRoom(this.wish(call) + this.blocks.needed())) return;
      this.takeIn(call, this.admit());
    }
  }

  /** Its keys and values come back from their shelf with the next iteration, or set out from another engine. */
  private takeIn(call: number, slot: number): void {
    const { rows } = this.batch;
    const at = slot * STRIDE;
    const held = this.tickets.held(call);
    const blocks = this.rules.reserving ? this.wish(call) : this.blocks.of(held);
    const kept = this.tickets.kept(call);
    rows[at + LEFT] = this.tickets.output(call) - this.tickets.answered(call);
    rows[at + RESERVED] = blocks;
    this.take(blocks);
    if (isOnShelf(kept)) {
      this.forget(call);
      this.stretch.load(this.shelves.seconds(kept, this.blocks.of(held)));
      this.floor.books.running.add(1, this.net.now);
      this.answer(slot, held, this.tickets.lastToken(call));
    } else {
      rows[at + STATE] = COMES;
      rows[at + THERE] = this.tickets.slot(call);
      this.tickets.setKept(call, onItsWayFrom(kept));
      this.floor.books.moving.add(1, this.net.now);
      rows[at + ARRIVAL] = this.floor.bring(call, kept, held);
    }
    this.tickets.setSlot(call, slot);
  }

  /** A sequence whose keys and values have arrived goes on with its answer. */
  protected goOn(slot: number): void {
    const call = this.batch.call(slot);
    const { moving, running } = this.floor.books;
    moving.add(-1, this.net.now);
    running.add(1, this.net.now);
    this.answer(slot, this.tickets.held(call), this.tickets.lastToken(call));
  }

  /** Whether the first in the queue can start with its prompt: a place in the batch, blocks for the whole of it beside the watermark, and company if it waits for any. */
  protected admissible(): boolean {
    const call = this.queue.first();
    if (call < 0 || this.lookout.holding || this.tickets.kept(call) !== NOWHERE || this.lookout.late(call)) return false;
    return this.hasRoom(this.wish(call));
  }

  /** Blocks that a waiting call wants to join: for its prompt, or for what it has already and its next token; or for all that it will ever have. */
  protected wish(call: number): number {
    const { tickets } = this;
    const fresh = tickets.kept(call) === NOWHERE;
    const coming = this.rules.reserving && !this.onlyPrompts ? tickets.output(call) - tickets.answered(call) : 1;
    return this.blocks.of(fresh ? tickets.prompt(call) + coming - 1 : tickets.held(call) + coming);
  }

  private hasRoom(blocks: number): boolean {
    if (this.resident >= this.rules.mostSequences) return false;
    const keep = this.resident > 0 ? this.rules.watermark : 0;
    return this.blocks.free - blocks >= keep;
  }

  /** Sends sequences of lower priority than that of the first in the queue back, the lowest first, if that makes room for it. */
  protected pushOut(): void {
    const call = this.queue.first();
    // Where decodes come first, or it decodes at once itself, what they will take in the coming iteration counts too.
    const ahead = this.rules.chunked || this.tickets.kept(call) !== NOWHERE ? 1 : 0;
    const wish = this.wish(call);
    if (this.hasRoom(wish + ahead * this.blocks.needed()) || !this.couldPush(this.tickets.priority(call), wish, ahead)) return;
    while (!this.hasRoom(wish + ahead * this.blocks.needed())) this.preempt(this.victim());
  }

  private couldPush(priority: number, wish: number, ahead: number): boolean {
    let places = this.rules.mostSequences - this.resident;
    let free = this.blocks.free - ahead * this.blocks.needed();
    for (let slot = this.batch.oldest; slot >= 0; slot = this.batch.after(slot)) {
      if (!this.yields(slot) || this.tickets.priority(this.batch.call(slot)) >= priority) continue;
      places++;
      free += this.taken(slot, this.blocks.iteration + ahead);
    }
    return places > 0 && free - wish >= this.rules.watermark;
  }

  /** Whether a sequence can be sent back. */
  private yields(slot: number): boolean {
    const state = this.batch.state(slot);
    return (state === READS || state === ANSWERS) && !this.batch.isDisowned(slot);
  }

  /** Lets the first in the queue in; returns its slot. */
  private admit(): number {
    const call = this.queue.shift();
    this.queued(call, -1);
    this.resident++;
    return this.batch.add(call);
  }

  /** Lets the first in the queue start with its prompt, with so many blocks; returns its slot. */
  protected start(prompt: number, blocks: number): number {
    const slot = this.admit();
    const call = this.batch.call(slot);
    const at = slot * STRIDE;
    const { rows } = this.batch;
    rows[at + PROMPT] = prompt;
    rows[at + DONE] = this.floor.cache === null ? 0 : this.remembered(call);
    rows[at + LEFT] = this.tickets.output(call) - this.tickets.answered(call);
    rows[at + STATE] = READS;
    rows[at + RESERVED] = blocks;
    this.take(blocks);
    this.tickets.setSlot(call, slot);
    this.floor.books.running.add(1, this.net.now);
    if (this.promptCount === this.prompts.length) this.prompts = enlarged(this.prompts, new Int32Array(2 * this.promptCount));
    this.prompts[this.promptCount++] = slot;
    return slot;
  }

  /** Tokens whose keys and values come from the prefix cache; loading them makes the iteration longer. */
  private remembered(call: number): number {
    const { cache, books } = this.floor;
    const request = this.net.calls.request(call);
    const input = this.tickets.input(call);
    const tokens = Math.min(cache!.lookup(request), input - 1);
    books.sums[Sum.found]! += tokens;
    books.sums[Sum.lookedUp]! += input;
    if (tokens > 0) this.stretch.load(cache!.loading(tokens));
    return tokens;
  }

  /** A sequence that holds so many tokens starts to decode, or goes on with it. Its last token came at `since`. */
  protected answer(slot: number, held: number, since: number): void {
    const at = slot * STRIDE;
    const { rows } = this.batch;
    rows[at + STATE] = ANSWERS;
    const steps = this.blocks.begin(slot, held, rows[at + LEFT]!);
    this.line.add(slot, this.blocks.iteration + steps, this.answering++);
    if (since === this.last[0]) return;
    this.fresh.push(slot);
    this.freshSince.push(since);
  }

  /** Takes the blocks that decodes need for the next iteration; where they are short, somebody gives way. */
  protected secure(): void {
    const { blocks } = this;
    let needed = blocks.needed();
    while (needed > blocks.free) {
      this.preempt(this.victim());
      needed = blocks.needed();
    }
    this.take(needed);
  }

  /** Who gives way: whoever was let in last, of those of lowest priority; −1 if nobody can. */
  protected victim(): number {
    const { batch } = this;
    let chosen = -1;
    let lowest = Infinity;
    for (let slot = batch.newest; slot >= 0; slot = batch.before(slot)) {
      if (!this.yields(slot)) continue;
      if (!this.rules.ranked) return slot;
      const priority = this.tickets.priority(batch.call(slot));
      if (priority < lowest) {
        lowest = priority;
        chosen = slot;
      }
    }
    return chosen;
  }

  /** Sends a sequence back to the front of the queue. What it has goes on a shelf while there is room; otherwise it is worked through again. */
  protected preempt(slot: number): void {
    const call = this.batch.call(slot);
    const { sums } = this.floor.books;
    const tokens = this.tokens(slot);
    const blocks = this.blocks.of(tokens);
    sums[Sum.preemptions]!++;
    this.unsettled = true;
    this.note(slot);
    const kept = this.batch.state(slot) === ANSWERS ? this.shelves.put(blocks) : NOWHERE;
    if (kept === NOWHERE) sums[Sum.recomputed]! += tokens;
    else {
      this.tickets.setKept(call, kept);
      this.stretch.load(this.shelves.seconds(kept, blocks));
      sums[kept === onShelf(0) ? Sum.swapped : Sum.swappedFar]! += tokens;
    }
    this.leave(slot);
    this.tickets.setSlot(call, -1);
    this.queue.unshift(call, this.priority(call));
    this.queued(call, 1);
  }

  /** Tokens worked through of a sequence. */
  protected tokens(slot: number): number {
    const state = this.batch.state(slot);
    if (state === COMES) return this.tickets.held(this.batch.call(slot));
    return state === ANSWERS || state === IDLES ? this.blocks.held(slot, this.blocks.iteration) : this.batch.rows[slot * STRIDE + DONE]!;
  }

  /** Notes with a call how far its answer is, and when its last token came. */
  protected note(slot: number): void {
    const call = this.batch.call(slot);
    const state = this.batch.state(slot);
    if (state === IDLES) this.tickets.setAnswered(call, this.tickets.output(call) - 1);
    if (state !== ANSWERS) return;
    const { tickets } = this;
    const { iteration } = this.blocks;
    const answered = this.rules.drafting === null ? tickets.output(call) - (this.line.iteration(slot) - iteration) : this.blocks.held(slot, iteration) - tickets.input(call) + 1;
    tickets.setAnswered(call, Math.min(tickets.output(call) - 1, answered));
    const fresh = this.fresh.indexOf(slot);
    tickets.setLastToken(call, fresh >= 0 ? this.freshSince[fresh]! : this.last[0]!);
  }

  /** Blocks that a sequence has after a decode iteration. */
  private taken(slot: number, iteration = this.blocks.iteration): number {
    const state = this.batch.state(slot);
    if (this.reserves || (state !== ANSWERS && state !== IDLES)) return this.batch.rows[slot * STRIDE + RESERVED]!;
    return this.blocks.of(this.blocks.held(slot, iteration));
  }

  /** Takes a sequence out of the batch and gives its blocks back. */
  protected leave(slot: number): void {
    const state = this.batch.state(slot);
    const { running, moving } = this.floor.books;
    this.take(-this.taken(slot));
    if (state === READS) this.stopReading(slot);
    else if (state === ANSWERS || state === IDLES) this.stopAnswering(slot);
    if (state === COMES) moving.add(-1, this.net.now);
    else if (state !== PARKED) running.add(-1, this.net.now);
    if (state !== PARKED) this.resident--;
    this.batch.remove(slot);
  }

  private stopAnswering(slot: number): void {
    if (this.batch.state(slot) === ANSWERS) this.line.remove(slot);
    else this.padding--;
    this.blocks.end(slot);
    const k = this.fresh.length > 0 ? this.fresh.indexOf(slot) : -1;
    if (k < 0) return;
    this.fresh.splice(k, 1);
    this.freshSince.splice(k, 1);
  }

  private stopReading(slot: number): void {
    let kept = 0;
    for (let k = 0; k < this.promptCount; k++) if (this.prompts[k] !== slot) this.prompts[kept++] = this.prompts[k]!;
    this.promptCount = kept;
  }

  /** A prompt is done and its keys and values stay until another engine has taken them. */
  protected park(slot: number): void {
    const call = this.batch.call(slot);
    this.batch.rows[slot * STRIDE + STATE] = PARKED;
    this.resident--;
    this.floor.books.running.add(-1, this.net.now);
    this.tickets.setAnswered(call, this.tickets.answered(call) + 1);
    this.tickets.setLastToken(call, this.net.now);
    this.tickets.setKept(call, this.index);
    this.tickets.setSlot(call, slot);
  }

  /** Takes over changed rules: blocks are counted anew, those that only padded are done, and queue and batch are as they were. */
  protected change(rules: Rules): void {
    const { batch, blocks: old, line } = this;
    const going: (readonly [slot: number, held: number, left: number])[] = [];
    for (let slot = batch.oldest; slot >= 0; slot = batch.after(slot)) {
      const state = batch.state(slot);
      if (state !== ANSWERS && state !== IDLES) continue;
      const left = this.rules.drafting === null ? (state === IDLES ? 0 : line.iteration(slot) - old.iteration) : this.leftDrafted(slot);
      going.push([slot, old.held(slot, old.iteration), left]);
    }
    this.rules = rules;
    this.blocks = this.ledger();
    this.floor.claims[this.index] = 0;
    for (const [slot, held, left] of going) this.carryOver(slot, held, left);
    for (let slot = batch.oldest; slot >= 0; slot = batch.after(slot)) {
      const state = batch.state(slot);
      const at = slot * STRIDE;
      const coming = rules.reserving && state !== PARKED && !this.onlyPrompts ? batch.rows[at + LEFT]! : 1;
      if (state === READS || state === PARKED) batch.rows[at + RESERVED] = this.blocks.of(batch.rows[at + PROMPT]! + coming - 1);
      else if (state === COMES && !batch.isDisowned(slot)) batch.rows[at + RESERVED] = this.blocks.of(this.tickets.held(batch.call(slot)) + (rules.reserving ? coming : 0));
      this.take(this.taken(slot));
    }
    this.lineUp();
  }

  /** Forms the queue anew; what no longer has room on a shelf is dropped. */
  private lineUp(): void {
    const calls = this.queue.drain();
    this.shelves.clear(this.rules.shelves);
    for (const call of calls) {
      this.queue.push(call, this.priority(call));
      this.claim(this.blocks.of(this.tickets.prompt(call)));
      if (isOnShelf(this.tickets.kept(call))) this.tickets.setKept(call, this.shelves.put(this.blocks.of(this.tickets.held(call))));
    }
  }

  private leftDrafted(slot: number): number {
    const call = this.batch.call(slot);
    if (call < 0) return 1;
    return this.tickets.output(call) - (this.blocks.held(slot, this.blocks.iteration) - this.tickets.input(call) + 1);
  }

  private carryOver(slot: number, held: number, left: number): void {
    if (this.batch.state(slot) === ANSWERS) this.line.remove(slot);
    this.batch.rows[slot * STRIDE + LEFT] = left;
    this.batch.rows[slot * STRIDE + RESERVED] = this.blocks.of(held + left);
    const steps = this.blocks.begin(slot, held, left);
    if (left > 0) this.line.add(slot, steps, this.answering++);
  }
}
