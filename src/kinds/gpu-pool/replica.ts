/**
 * One engine: admission into a running batch, a paged cache, and iterations of prompt chunks and decodes. A stretch of iterations in which nothing joins or
 * leaves the batch is one event; a newcomer cuts it at the end of the iteration under way, or of the one after
 * that, which engines that plan ahead have put together already.
 */
import { Code } from '../../engine/reasons.ts';
import { ANSWERS, ARRIVAL, CHUNK, COMES, DONE, IDLES, LEFT, PARKED, PROMPT, READS, STATE, STRIDE, THERE } from './batch.ts';
import { Sum } from './books.ts';
import { Residents } from './residents.ts';
import { NOWHERE, onItsWayFrom } from './tickets.ts';

/** One engine of a pool. */
export class Replica extends Residents {
  /** Its next event on the agenda, or −1 when idle. */
  pending = -1;
  /** Whether it is at work: from the beginning of its first iteration until it has nothing left to do. */
  works = false;
  /** Slots to be given back, and sequences that have arrived, before the next iteration. */
  private readonly leavers: number[] = [];
  private readonly landed: number[] = [];

  /** Whether anybody has blocks here. */
  get hosts(): boolean {
    return this.batch.newest >= 0;
  }

  /** When the planned event is due. */
  get end(): number {
    return this.stretch.end;
  }

  /** Whether a call that has just joined the queue could join the batch at the end of the iteration under way, which is not the last of its stretch, or lets others join. */
  opensTo(call: number): boolean {
    const { rules, stretch } = this;
    if (stretch.count <= 1 || rules.static) return false;
    if (rules.companyIterations > 0) return true;
    if (this.queue.first() !== call) return false;
    return this.places(call, stretch.decodes);
  }

  /** Whether the batch has a place for a call, or may get one, and the budget tokens beside so many decodes. */
  private places(call: number, decodes: number): boolean {
    return (this.resident < this.rules.mostSequences || this.rules.pushing) && this.affords(call, decodes);
  }

  /** It goes to work, and looks at its queue. */
  rouse(): void {
    this.works = true;
    this.lookout.see();
  }

  /** Plans the next iteration or stretch from now on; false when there is nothing to do. */
  begin(): boolean {
    const { stretch } = this;
    this.rest();
    if (this.rules !== this.floor.rules) this.adopt();
    if (this.leavers.length + this.landed.length > 0) this.comeAndGo();
    if (this.padding > 0) this.disband();
    stretch.clear();
    this.unsettled = false;
    this.compose();
    // With nothing else to do, newcomers need not wait.
    if (stretch.decodes === 0 && stretch.chunkTokens === 0) {
      if (!this.lookout.overlooks) return false;
      this.lookout.see();
      this.compose();
      if (stretch.decodes === 0 && stretch.chunkTokens === 0) return false;
    }
    const single = stretch.chunkTokens > 0 || this.unsettled;
    stretch.plan(single ? 1 : Math.min(this.lookout.limit(this.rules), this.length(), this.rules.clockwork.lasting ?? Infinity), this.net.now, this.rules, this.floor.slowness, this.blocks);
    return true;
  }

  /** Who works in the coming iteration, and on what. */
  private compose(): void {
    if (this.queue.size > 0 && !this.rules.static) this.letGoOn();
    this.lookout.holding = false;
    if (this.rules.companyIterations > 0) this.hold();
    if (this.rules.static) this.padded();
    else if (this.rules.chunked) this.mixed();
    else this.promptsFirst();
  }

  /** Prompts wait for others while there are answers to go on with. */
  private hold(): void {
    const { blocks, lookout, queue, rules } = this;
    if (blocks.sequences === 0 || this.promptCount > 0 || queue.size === 0 || lookout.late(queue.first())) return;
    if (this.places(queue.first(), blocks.sequences)) lookout.hold(rules, this.width * blocks.sequences);
  }

  /** Whoever waits with an answer begun goes on with it if there is room; for the first in the queue, and who is first after that, others may have to make some. */
  private letGoOn(): void {
    const { queue } = this;
    for (let first = -1; queue.size > 0 && queue.first() !== first; ) {
      first = queue.first();
      if (this.lookout.late(first)) return;
      if (this.rules.pushing && this.affords(first, this.blocks.sequences)) this.pushOut();
      this.takeUp();
    }
  }

  /** Whether so many decodes leave something of the budget for a call's prompt, where it needs any. */
  private affords(call: number, decodes: number): boolean {
    return !this.rules.chunked || this.tickets.kept(call) !== NOWHERE || this.width * decodes < this.rules.budget;
  }

  /** Tokens that each sequence has looked at in one decode iteration: one, or a draft and one. */
  private get width(): number {
    return this.rules.drafting === null ? 1 : this.rules.drafting.length + 1;
  }

  /** Decodes, prompts under way, and newcomers, within the budget of tokens; each prompt within the part of its group and its stage. */
  private mixed(): void {
    this.decode();
    let budget = this.rules.budget - this.width * this.stretch.decodes;
    const most = Math.ceil(budget / (this.rules.groups * this.rules.stages));
    for (let k = 0; k < this.promptCount; k++) budget -= this.work(this.prompts[k]!, Math.min(budget, most));
    while (budget > 0 && this.admissible()) budget -= this.work(this.join(), Math.min(budget, most));
  }

  /** Whole prompts, as many as the budget holds when all are padded to the longest; decodes only when there are none. */
  private promptsFirst(): void {
    this.rules.clockwork.begin(0, 0);
    for (let k = 0; k < this.promptCount; k++) this.work(this.prompts[k]!, Infinity);
    let longest = 0;
    for (let count = this.promptCount; this.admissible(); count++) {
      longest = Math.max(longest, this.tickets.prompt(this.queue.first()));
      if (count > 0 && (count + 1) * longest > this.rules.budget) break;
      this.work(this.join(), Infinity);
    }
    if (this.stretch.chunkTokens === 0) this.decode();
  }

  /** A batch of whoever waits, once the one before is done; all prompts at once, then one decode after another until the longest answer is done. */
  private padded(): void {
    if (this.resident === 0 && this.queue.size > 0 && this.net.now >= this.gathered()) this.gather();
    this.rules.clockwork.begin(0, 0);
    for (let k = 0; k < this.promptCount; k++) this.work(this.prompts[k]!, Infinity);
    if (this.stretch.chunkTokens === 0) this.decode();
  }

  /** When a static batch is to begin at the latest: once it is full, or the first has waited long enough. */
  gathered(): number {
    if (this.queue.size >= this.rules.mostSequences) return this.net.now;
    return this.net.calls.start(this.queue.first()) + this.rules.gather;
  }

  /** As many as fit when all are padded to the longest prompt and the longest answer. */
  private gather(): void {
    let prompt = 0;
    let output = 0;
    let blocks = 0;
    let count = 0;
    for (const call of this.queue.all()) {
      if (count === this.rules.mostSequences) break;
      const longer = Math.max(prompt, this.tickets.prompt(call));
      const more = Math.max(output, this.tickets.output(call) - this.tickets.answered(call));
      const each = this.blocks.of(longer + more - 1);
      if ((count + 1) * each > this.blocks.free) break;
      [prompt, output, blocks] = [longer, more, each];
      count++;
    }
    while (count-- > 0) this.start(prompt, blocks);
  }

  /** All sequences that answer decode in the coming iterations. */
  private decode(): void {
    const { stretch, blocks, rules } = this;
    this.secure();
    stretch.decodes = blocks.sequences;
    stretch.padding = this.padding;
    rules.clockwork.begin(stretch.decodes, blocks.context, this.width);
  }

  private join(): number {
    const call = this.queue.first();
    return this.start(this.tickets.prompt(call), this.wish(call));
  }

  /** Gives a prompt its share of this iteration; returns how many tokens that is. */
  private work(slot: number, budget: number): number {
    const at = slot * STRIDE;
    const { rows } = this.batch;
    const done = rows[at + DONE]!;
    const left = rows[at + PROMPT]! - done;
    const chunk = Math.max(0, Math.min(left, budget));
    rows[at + CHUNK] = chunk;
    this.stretch.chunkTokens += chunk;
    if (chunk > 0) this.rules.clockwork.chunk(chunk, done, chunk === left);
    return chunk;
  }

  /** Iterations until somebody finishes or blocks run out. The first one's blocks are taken already. */
  private length(): number {
    const most = Math.min(this.line.iteration(this.line.first()) - this.blocks.iteration, this.rules.longest);
    return 1 + this.blocks.lasting(most - 1);
  }

  /** Iterations after the one under way until a call in the queue is seen. */
  untilLook(call: number): number {
    return this.lookout.until(call, this.stretch.begun(this.net.now, this.blocks), this.rules);
  }

  /** Lets the stretch end with the iteration under way, or `more` after it; true if it ends earlier by that. */
  cut(more = 0): boolean {
    const count = this.stretch.begun(this.net.now, this.blocks) + more;
    if (count >= this.stretch.count) return false;
    this.stretch.finishAfter(count, this.blocks);
    return true;
  }

  /** Adds to the totals what the planned iterations have come to by `now`; nothing comes of the one under way if it is `broken` off. */
  tally(now: number, sums: Float64Array, broken = false): void {
    this.stretch.tally(now, sums, this.floor.rules.draw, this.blocks, broken);
    sums[Sum.blocks]! += this.held(now);
  }

  /** The share of blocks in use at `now`. */
  share(now: number): number {
    if (this.blocks.total === 0) return 0;
    return (this.blocks.used + this.takenSince(now)) / this.blocks.total;
  }

  /** Blocks that the iterations under way have taken since they were planned. */
  takenSince(now: number): number {
    const { stretch, blocks } = this;
    return stretch.count <= 1 ? 0 : blocks.taken(stretch.begun(now, blocks) - 1);
  }

  /** The planned iterations are over: whoever is done leaves, whose prompt is done starts its answer. */
  complete(): void {
    this.tally(this.net.now, this.floor.books.sums);
    this.settle();
  }

  private settle(): void {
    const { stretch } = this;
    if (!this.rules.static) this.lookout.pass(stretch, this.rules, this.blocks);
    if (stretch.decodes > 0) this.decoded();
    if (stretch.decodes > 0 || this.rules.chunked || this.rules.static) this.last[0] = stretch.end;
    stretch.count = 0;
    this.rested[0] = this.net.now;
    if (stretch.chunkTokens > 0) this.prompted();
    if (this.padding > 0) this.disband();
  }

  private decoded(): void {
    const { stretch, blocks, line, fresh } = this;
    const { gaps } = this.floor.books;
    const going = line.size - fresh.length;
    if (going > 0) gaps.add(stretch.firstEnd - this.last[0]!, going);
    while (fresh.length > 0) {
      fresh.pop();
      gaps.add(stretch.firstEnd - this.freshSince.pop()!, 1);
    }
    if (stretch.count > 1) blocks.book(gaps, stretch.count, stretch.first, stretch.growth, line.size);
    const taken = stretch.taking(blocks);
    blocks.advance(stretch.count, taken);
    this.claim(taken);
    while (line.size > 0 && line.iteration(line.first()) === blocks.iteration) this.done(line.first());
  }

  /** An answer is done. In a static batch its place goes on with padding, and it is given out with the others. */
  private done(slot: number): void {
    if (this.rules.static && this.resident > 1) {
      this.line.remove(slot);
      this.batch.rows[slot * STRIDE + STATE] = IDLES;
      this.padding++;
      return;
    }
    if (!this.batch.isDisowned(slot)) this.floor.finish(this.batch.call(slot));
    this.leave(slot);
  }

  /** Those who only pad leave with the longest answer of their batch. */
  private disband(): void {
    if (this.rules.static && this.line.size + this.promptCount > 0) return;
    for (let slot = this.batch.oldest; slot >= 0; ) {
      const next = this.batch.after(slot);
      if (this.batch.state(slot) === IDLES) {
        if (!this.batch.isDisowned(slot)) this.floor.finish(this.batch.call(slot));
        this.leave(slot);
      }
      slot = next;
    }
  }

  private prompted(): void {
    const { prompts } = this;
    const { rows } = this.batch;
    const count = this.promptCount;
    this.promptCount = 0;
    for (let k = 0; k < count; k++) {
      const at = prompts[k]! * STRIDE;
      rows[at + DONE]! += rows[at + CHUNK]!;
      if (rows[at + DONE]! < rows[at + PROMPT]! || this.batch.isDisowned(prompts[k]!)) prompts[this.promptCount++] = prompts[k]!;
      else this.answers(prompts[k]!);
    }
  }

  /** A prompt is done, and with it the next token of its answer; the rest is decoded, here or elsewhere. */
  private answers(slot: number): void {
    const at = slot * STRIDE;
    const { rows } = this.batch;
    const call = this.batch.call(slot);
    this.firstToken(call);
    const left = --rows[at + LEFT]!;
    if (left > 0 && this.onlyPrompts) {
      this.park(slot);
      return this.floor.handOver(this.index, call);
    }
    this.answer(slot, rows[at + PROMPT]!, this.net.now);
    if (left === 0) this.done(slot);
  }

  private firstToken(call: number): void {
    const { requests, calls, now } = this.net;
    const { sums, gaps } = this.floor.books;
    const request = calls.request(call);
    sums[Sum.out]!++;
    if (this.tickets.answered(call) > 0) return gaps.add(now - this.tickets.lastToken(call), 1);
    if (requests.first(request) < 0) requests.setFirst(request, now);
    sums[Sum.in]! += this.tickets.input(call);
    sums[Sum.firstSeconds]! += now - calls.start(call);
    sums[Sum.firsts]!++;
    this.floor.cache?.insert(request, this.index);
  }

  /** Between two iterations: those that nobody wants leave, and those whose keys and values have arrived go on. */
  private comeAndGo(): void {
    for (const slot of this.leavers) if (this.batch.isDisowned(slot)) this.leave(slot);
    for (const slot of this.landed) if (this.batch.call(slot) >= 0) this.goOn(slot);
    this.leavers.length = 0;
    this.landed.length = 0;
  }

  /** Gives a slot up: at once if the engine rests, else with the end of the iteration. */
  release(slot: number): void {
    this.batch.disown(slot);
    this.leavers.push(slot);
    if (!this.works) this.comeAndGo();
  }

  /** The keys and values of a call have arrived; returns the slot they have left at the other engine. */
  land(call: number): number {
    const slot = this.tickets.slot(call);
    this.tickets.setKept(call, NOWHERE);
    this.landed.push(slot);
    return this.batch.rows[slot * STRIDE + THERE]!;
  }

  /** Stops the keys and values of a call that are on their way; returns their slot at the other engine. */
  turnBack(call: number): number {
    const slot = this.tickets.slot(call);
    this.floor.recall(this.batch.rows[slot * STRIDE + ARRIVAL]!);
    this.release(slot);
    return this.batch.rows[slot * STRIDE + THERE]!;
  }

  /** Takes over changed rules between two iterations: who no longer fits gives way or is given up. */
  private adopt(): void {
    this.change(this.floor.rules);
    this.lookout.see();
    for (let slot = this.batch.oldest; slot >= 0; ) {
      const next = this.batch.after(slot);
      const state = this.batch.state(slot);
      if ((state === READS || state === ANSWERS || state === IDLES) && !this.batch.isDisowned(slot) && !this.possible(this.batch.call(slot))) this.expel(slot);
      slot = next;
    }
    this.sift();
    for (let victim = this.victim(); this.blocks.free < 0 && victim >= 0; victim = this.victim()) this.preempt(victim);
  }

  /** Whether a call alone would fit into the cache to its last token: into that of one group of GPUs, where each has its own. */
  possible(call: number): boolean {
    const { blockSize, blocks, groups } = this.floor.rules;
    return Math.ceil((this.tickets.input(call) + this.tickets.output(call) - 1) / blockSize) <= Math.floor(blocks / groups);
  }

  private expel(slot: number): void {
    const call = this.batch.call(slot);
    this.leave(slot);
    this.floor.give(this.index, call, Code.outOfMemory);
  }

  /** Gives up those in the queue that can never fit. */
  private sift(): void {
    for (const call of this.queue.all()) {
      if (this.possible(call)) continue;
      this.withdraw(call);
      this.floor.give(this.index, call, Code.outOfMemory);
    }
  }

  /**
   * Gives everything up at once; the iteration under way counts for nothing. Returns the calls that were here, running ones first. With `keep`, each has
   * noted how many tokens of its answer are done, and goes on from there wherever it is put next; otherwise it starts over. Those whose keys and values
   * lie at another engine keep them there. Afterwards the replica is not to be used any more.
   */
  evacuate(keep: boolean): readonly number[] {
    const { now } = this.net;
    const { books } = this.floor;
    const done = this.stretch.count > 1 ? this.stretch.begun(now, this.blocks) - 1 : 0;
    this.tally(now, books.sums, true);
    this.rested[0] = now;
    if (done > 0) {
      this.stretch.finishAfter(done, this.blocks);
      this.settle();
    }
    this.stretch.count = 0;
    const gone: number[] = [];
    for (let slot = this.batch.oldest; slot >= 0; slot = this.batch.after(slot)) if (this.vacate(slot, keep)) gone.push(this.batch.call(slot));
    for (const call of this.queue.drain()) {
      books.waiting.add(-1, now);
      if (this.tickets.kept(call) < 0) this.restart(call, keep);
      gone.push(call);
    }
    return gone;
  }

  /** Whether a call has to go on elsewhere that had this slot. */
  private vacate(slot: number, keep: boolean): boolean {
    const { books } = this.floor;
    const state = this.batch.state(slot);
    if (state !== PARKED) (state === COMES ? books.moving : books.running).add(-1, this.net.now);
    if (state === PARKED || this.batch.isDisowned(slot)) return false;
    const call = this.batch.call(slot);
    if (this.tickets.kept(call) !== NOWHERE) {
      this.floor.recall(this.batch.rows[slot * STRIDE + ARRIVAL]!);
      this.tickets.setKept(call, onItsWayFrom(this.tickets.kept(call)));
      this.tickets.setSlot(call, this.batch.rows[slot * STRIDE + THERE]!);
      return true;
    }
    books.sums[Sum.recomputed]! += this.tokens(slot);
    this.note(slot);
    this.restart(call, keep);
    return true;
  }

  /** Notes with a call that nothing is kept of it. */
  private restart(call: number, keep: boolean): void {
    this.tickets.setKept(call, NOWHERE);
    this.tickets.setSlot(call, -1);
    if (!keep) this.tickets.setAnswered(call, 0);
  }

  /** Calls whose keys and values wait here for another engine. */
  parked(): readonly number[] {
    const calls: number[] = [];
    for (let slot = this.batch.oldest; slot >= 0; slot = this.batch.after(slot)) if (this.batch.state(slot) === PARKED && !this.batch.isDisowned(slot)) calls.push(this.batch.call(slot));
    return calls;
  }
}
