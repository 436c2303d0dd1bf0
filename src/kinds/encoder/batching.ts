/** Replicas that encode texts of many calls in common batches: what embedders and rerankers share. */
import { enlarged } from '../../engine/agenda.ts';
import { Level } from '../../engine/level.ts';
import { Node } from '../../engine/network.ts';
import type { Stream } from '../../engine/random.ts';
import { Code } from '../../engine/reasons.ts';
import { Sampler } from '../../engine/sampler.ts';
import type { FaultName } from '../../kit/fault.ts';
import type { Site } from '../../kit/kind.ts';
import { ReplicaSet } from '../../kit/replica-set.ts';

/** How texts of different length share a batch: as they are (ragged kernels), padded to the longest, or padded among those of about the same length. */
export const packings = ['ragged', 'longest', 'buckets'] as const;
/** One of those ways. */
export type Packing = (typeof packings)[number];

/** How batches are put together. */
export interface BatchRules {
  readonly packing: Packing;
  /** Most tokens of a batch, padding included, and most texts; a text longer than that goes alone. */
  readonly mostTokens: number;
  readonly mostTexts: number;
  /** Seconds a free replica waits for more to come. */
  readonly delay: number;
  /** Calls that may wait. */
  readonly room: number;
}

/** What can be told of a batch before it runs. */
export interface Batch {
  texts: number;
  /** Tokens of the texts, tokens computed with padding, and both with each text's tokens squared. */
  tokens: number;
  computed: number;
  squares: number;
  computedSquares: number;
  longest: number;
}

const STRIDE = 3;
const CALL = 0;
const LENGTH = 1;
const NEXT = 2;

/** Lists of waiting texts: one for each power of two of tokens. */
const LISTS = 32;

const DONE = 0;
const DUE = 1;
const STARTED = 2;

/** In a call's `next` while texts of it are waiting or being encoded. */
const ENCODING = -5;
/** The same once all are encoded. */
const ENCODED = -6;

// A call's `counter` is how many of its texts are not done, `data` how many of them still wait in line.

/** A node whose calls are split into texts. Event codes 0 … 2 are taken. */
export abstract class BatchingNode extends Node {
  readonly scaling: ReplicaSet;
  private readonly jitter = new Sampler({ shape: 'constant', mean: 1, cv: 0 });
  private readonly draws: Stream;
  private readonly waiting = new Level();
  private readonly busy = new Level();
  private readonly servers = new Level();
  /** Texts: call, tokens, next; and the turn in which each came. */
  private rows = new Int32Array(64 * STRIDE);
  private turns = new Float64Array(64);
  private made = 0;
  private free = -1;
  private turn = 0;
  private readonly head = new Int32Array(LISTS).fill(-1);
  private readonly tail = new Int32Array(LISTS).fill(-1);
  private readonly lined = new Float64Array(LISTS);
  private readonly lineTexts = new Float64Array(LISTS);
  /** Batches under way: first text, handle of their end, longest text; −2 marks a free place. */
  private readonly first: number[] = [];
  private readonly handles: number[] = [];
  private readonly longest: number[] = [];
  private pending = -1;
  private due = Infinity;
  private readonly batch: Batch = { texts: 0, tokens: 0, computed: 0, squares: 0, computedSquares: 0, longest: 0 };
  batches = 0;
  texts = 0;
  tokens = 0;
  computed = 0;

  constructor(
    site: Site,
    replicas: number,
    start: Sampler,
    protected rules: BatchRules,
  ) {
    super(site.net);
    this.draws = site.stream('batch');
    this.servers.set(replicas, site.net.now);
    this.scaling = new ReplicaSet(site.net, this, STARTED, replicas, start, site.stream('starts'), () => this.resized(), {
      utilisation: { total: (now) => this.busyArea(now), per: (now) => this.serverArea(now) },
      queue: { total: (now) => this.queueArea(now), per: (now) => this.serverArea(now) },
    });
  }

  /** Seconds a batch takes on one replica, jitter left out; told once for each that starts. */
  protected abstract seconds(batch: Batch): number;

  /** All texts of a call are encoded. */
  protected abstract encoded(call: number): void;

  /** Whether a batch with a text of so many tokens fails as a whole. */
  protected spoils(_longest: number): boolean {
    return false;
  }

  /** A call has failed because of the batch one of its texts was in. */
  protected spoilt(_call: number): void {}

  /** Takes changed rules; texts in line stay in the lists they are in. */
  protected batchBy(rules: BatchRules, jitter: number): void {
    this.rules = rules;
    this.jitter.set({ shape: 'lognormal', mean: 1, cv: jitter });
  }

  /** Whether a call can come in: a replica is free or there is room to wait. */
  protected hasRoom(): boolean {
    return this.busy.value < this.scaling.ready || this.waiting.value < this.rules.room;
  }

  /** Lines up a text of a call that is coming in; `admit` follows the last. */
  protected line(call: number, tokens: number): void {
    const p = this.text();
    const at = p * STRIDE;
    const list = this.rules.packing === 'buckets' ? LISTS - 1 - Math.clz32(Math.max(1, tokens)) : 0;
    this.rows[at + CALL] = call;
    this.rows[at + LENGTH] = tokens;
    this.rows[at + NEXT] = -1;
    this.turns[p] = this.turn++;
    if (this.tail[list]! < 0) this.head[list] = p;
    else this.rows[this.tail[list]! * STRIDE + NEXT] = p;
    this.tail[list] = p;
    this.lined[list]! += tokens;
    this.lineTexts[list]!++;
    this.net.hold(call);
  }

  /** So many texts of a call are in line. */
  protected admit(call: number, texts: number): void {
    const { calls } = this.net;
    calls.setCounter(call, texts);
    calls.setData(call, texts);
    calls.setNext(call, ENCODING);
    this.waiting.add(1, this.net.now);
    this.pump();
  }

  private text(): number {
    const p = this.free;
    if (p >= 0) {
      this.free = this.rows[p * STRIDE + NEXT]!;
      return p;
    }
    if (this.made * STRIDE === this.rows.length) {
      this.rows = enlarged(this.rows, new Int32Array(this.rows.length * 2));
      this.turns = enlarged(this.turns, new Float64Array(this.turns.length * 2));
    }
    return this.made++;
  }

  private recycle(p: number): void {
    this.rows[p * STRIDE + NEXT] = this.free;
    this.free = p;
  }

  /** Gives free replicas what waits, as far as it is enough or has waited long enough, and plans for the rest. */
  protected pump(): void {
    while (this.busy.value < this.scaling.ready) {
      const list = this.ready();
      if (list < 0) break;
      this.start(list);
    }
    this.plan();
  }

  /** The list whose turn it is: the oldest of those that fill a batch, else the oldest of all if it has waited long enough; −1 for none. */
  private ready(): number {
    let full = -1;
    let oldest = -1;
    for (let k = 0; k < LISTS; k++) {
      const p = this.head[k]!;
      if (p < 0) continue;
      if (oldest < 0 || this.turns[p]! < this.turns[this.head[oldest]!]!) oldest = k;
      if (this.fills(k) && (full < 0 || this.turns[p]! < this.turns[this.head[full]!]!)) full = k;
    }
    if (oldest < 0 || this.net.now >= this.dueOf(oldest)) return oldest;
    return full;
  }

  private fills(list: number): boolean {
    return this.lined[list]! >= this.rules.mostTokens || this.lineTexts[list]! >= this.rules.mostTexts;
  }

  private dueOf(list: number): number {
    return this.net.calls.start(this.rows[this.head[list]! * STRIDE + CALL]!) + this.rules.delay;
  }

  private plan(): void {
    let due = Infinity;
    if (this.rules.delay > 0 && this.busy.value < this.scaling.ready) for (let k = 0; k < LISTS; k++) if (this.head[k]! >= 0) due = Math.min(due, this.dueOf(k));
    if (due === this.due) return;
    if (this.pending >= 0) this.net.agenda.cancel(this.pending);
    this.due = due;
    this.pending = due < Infinity ? this.net.at(Math.max(due, this.net.now), this.index, DUE, 0) : -1;
  }

  /** A free replica takes the first texts of a list, as many as fit; those of calls that have ended are left out. */
  private start(list: number): void {
    const { batch } = this;
    batch.texts = batch.tokens = batch.squares = batch.longest = 0;
    let first = -1;
    let last = -1;
    for (let p = this.head[list]!; p >= 0; p = this.head[list]!) {
      const call = this.rows[p * STRIDE + CALL]!;
      const stale = this.net.concluded(call);
      if (!stale && !this.fits(this.rows[p * STRIDE + LENGTH]!)) break;
      this.unline(list, p);
      if (stale) this.letGo(p, call);
      else {
        if (first < 0) first = p;
        else this.rows[last * STRIDE + NEXT] = p;
        last = p;
        this.include(p, call);
      }
    }
    if (first >= 0) this.run(first);
  }

  private fits(tokens: number): boolean {
    const { batch } = this;
    const { packing, mostTokens, mostTexts } = this.rules;
    if (batch.texts === 0) return true;
    const sum = packing === 'ragged' ? batch.tokens + tokens : (batch.texts + 1) * Math.max(batch.longest, tokens);
    return sum <= mostTokens && batch.texts < mostTexts;
  }

  private unline(list: number, p: number): void {
    this.head[list] = this.rows[p * STRIDE + NEXT]!;
    if (this.head[list]! < 0) this.tail[list] = -1;
    this.rows[p * STRIDE + NEXT] = -1;
    this.lined[list]! -= this.rows[p * STRIDE + LENGTH]!;
    this.lineTexts[list]!--;
  }

  private include(p: number, call: number): void {
    const { batch } = this;
    const tokens = this.rows[p * STRIDE + LENGTH]!;
    batch.texts++;
    batch.tokens += tokens;
    batch.squares += tokens * tokens;
    batch.longest = Math.max(batch.longest, tokens);
    const left = this.net.calls.data(call) - 1;
    this.net.calls.setData(call, left);
    if (left === 0) this.waiting.add(-1, this.net.now);
  }

  private run(first: number): void {
    const { batch, net } = this;
    const padded = this.rules.packing !== 'ragged';
    batch.computed = padded ? batch.texts * batch.longest : batch.tokens;
    batch.computedSquares = padded ? batch.computed * batch.longest : batch.squares;
    this.batches++;
    this.texts += batch.texts;
    this.tokens += batch.tokens;
    this.computed += batch.computed;
    this.busy.add(1, net.now);
    const free = this.first.indexOf(-2);
    const place = free < 0 ? this.first.length : free;
    this.first[place] = first;
    this.longest[place] = batch.longest;
    this.handles[place] = net.after(this.seconds(batch) * this.jitter.draw(this.draws) * net.pace[this.index]!, this.index, DONE, place);
  }

  override wake(what: number, place: number): void {
    if (what === DONE) return this.finish(place);
    if (what === STARTED) return this.scaling.started();
    this.pending = -1;
    this.due = Infinity;
    this.pump();
  }

  /** A batch is done: its replica turns to the next, then the calls are told. */
  private finish(place: number): void {
    const first = this.first[place]!;
    const spoilt = this.spoils(this.longest[place]!);
    this.first[place] = -2;
    this.idle();
    this.pump();
    for (let p = first; p >= 0; ) {
      const next = this.rows[p * STRIDE + NEXT]!;
      const call = this.rows[p * STRIDE + CALL]!;
      if (spoilt) this.spoil(call);
      this.letGo(p, call);
      p = next;
    }
  }

  private spoil(call: number): void {
    if (this.net.concluded(call)) return;
    this.spoilt(call);
    this.drop(call, Code.outOfMemory);
  }

  /** One text of a call is out of the way; if it was the last of a call that has not ended, all are encoded. */
  private letGo(p: number, call: number): void {
    this.recycle(p);
    if (!this.net.release(call)) return;
    const left = this.net.calls.counter(call) - 1;
    this.net.calls.setCounter(call, left);
    if (left > 0) return;
    this.net.calls.setNext(call, ENCODED);
    this.encoded(call);
  }

  /** Ends a call before its texts are encoded; what is in a batch runs to its end, what waits is passed over when its turn comes. */
  private drop(call: number, code: number): void {
    if (this.net.calls.data(call) > 0) this.waiting.add(-1, this.net.now);
    this.net.calls.setData(call, 0);
    this.net.fail(call, code);
  }

  override cancelled(call: number): void {
    if (this.net.calls.next(call) === ENCODING) this.drop(call, Code.cancelled);
    else this.net.cancelChildren(call);
  }

  /** Replicas there are: those that take batches, and those that only finish theirs before they go. */
  private count(): void {
    this.servers.set(Math.max(this.scaling.ready, this.busy.value), this.net.now);
  }

  private idle(): void {
    this.busy.add(-1, this.net.now);
    if (this.servers.value > this.scaling.ready) this.count();
  }

  private resized(): void {
    this.count();
    this.pump();
  }

  /** Loses replicas; unless they were warned, the batches on them fail, the latest first. */
  strike(fault: FaultName, amount: number): void {
    if (fault !== 'replicas' && fault !== 'preemption') return;
    this.scaling.lose(amount);
    for (let place = this.first.length - 1; fault === 'replicas' && place >= 0 && this.busy.value > this.scaling.ready; place--) if (this.first[place] !== -2) this.abort(place);
  }

  heal(fault: FaultName, amount: number): void {
    if (fault === 'replicas' || fault === 'preemption') this.scaling.replace(amount);
  }

  private abort(place: number): void {
    const first = this.first[place]!;
    this.net.agenda.cancel(this.handles[place]!);
    this.first[place] = -2;
    this.idle();
    for (let p = first; p >= 0; ) {
      const next = this.rows[p * STRIDE + NEXT]!;
      const call = this.rows[p * STRIDE + CALL]!;
      if (!this.net.concluded(call)) this.drop(call, Code.crashed);
      this.letGo(p, call);
      p = next;
    }
  }

  override reset(): void {
    for (let k = 0; k < LISTS; k++) this.forget(this.head[k]!);
    for (const first of this.first) this.forget(first);
    this.head.fill(-1);
    this.tail.fill(-1);
    this.lined.fill(0);
    this.lineTexts.fill(0);
    this.first.length = 0;
    this.made = 0;
    this.free = -1;
    this.pending = -1;
    this.due = Infinity;
    this.waiting.set(0, this.net.now);
    this.busy.set(0, this.net.now);
    this.count();
    this.scaling.reset();
  }

  private forget(first: number): void {
    for (let p = first; p >= 0; p = this.rows[p * STRIDE + NEXT]!) this.net.release(this.rows[p * STRIDE + CALL]!);
  }

  override queueArea(now: number): number {
    return this.waiting.area(now);
  }
  override queueLongest(): number {
    return this.waiting.highest;
  }
  override busyArea(now: number): number {
    return this.busy.area(now);
  }
  override serverArea(now: number): number {
    return this.servers.area(now);
  }
  override face(cells: Float64Array): number {
    const { ready } = this.scaling;
    const shown = Math.min(32, ready);
    for (let i = 0; i < shown; i++) cells[i] = this.busy.value > (i * ready) / shown ? 1 : 0;
    return shown;
  }
}
