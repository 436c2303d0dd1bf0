/** The running pool: hands each call to one of its engines, lets their events happen, and keeps the books. */
import { enlarged } from '../../engine/agenda.ts';
import { Node, type Network } from '../../engine/network.ts';
import { Code } from '../../engine/reasons.ts';
import { Sampler } from '../../engine/sampler.ts';
import type { FaultName } from '../../kit/fault.ts';
import type { Component, Site } from '../../kit/kind.ts';
import { isPrefixCache, type Attaches, type PrefixCache } from '../../kit/prefix.ts';
import { ReplicaSet } from '../../kit/replica-set.ts';
import { Books, Sum, SUMS } from './books.ts';
import { kvBytesPerToken } from './catalogue-models.ts';
import type { PoolValues } from './params.ts';
import { Replica, type Floor, type Rules } from './replica.ts';
import { coldStart, peaksOf, priceOf, rulesOf, setupOf } from './setup.ts';

const START = 0;
const STEP = 1;
const STARTED = 2;

/** Cells of the face. */
const CELLS = 32;

/** The pool as a node of the network. */
export class GpuPool extends Node implements Component<PoolValues>, Attaches, Floor {
  readonly books = new Books();
  /** Replicas 0 … ready − 1 serve; those beyond that still have work finish it. */
  readonly scaling: ReplicaSet;
  readonly site: Network;
  rules: Rules;
  cache: PrefixCache | null = null;
  private readonly replicas: Replica[] = [];
  /** Calls at each replica, waiting and running. */
  private load = new Int32Array(16);
  private turn = 0;
  /** Calls that are over but not yet answered. */
  private over = new Int32Array(16);
  private overCount = 0;
  /** Running calls that nobody wants any more; they leave with the end of their iteration. */
  private readonly unwanted = new Set<number>();
  private leavingUsd = 0;
  private leavingArea = 0;
  private readonly seen = new Float64Array(SUMS);
  private seenAt = -1;
  private seenAfter = -1;

  /** `special` replaces some of the rules that follow from the values (for tests of the scheduler alone). */
  constructor(
    private values: PoolValues,
    site: Site,
    private readonly special: Partial<Rules> = {},
  ) {
    super(site.net);
    this.site = site.net;
    this.rules = { ...rulesOf(values), ...special };
    this.scaling = new ReplicaSet(site.net, this, STARTED, values.poolReplicas, new Sampler({ shape: 'constant', mean: coldStart(values), cv: 0 }), site.stream('starts'), () => this.resize(), {
      utilisation: { total: (now) => this.books.running.area(now), per: (now) => this.books.slots.area(now) },
      queue: { total: (now) => this.books.waiting.area(now), per: (now) => this.books.replicas.area(now) },
      kv: { total: (now) => this.sum(Sum.blocks, now), per: (now) => this.books.blocks.area(now) },
    });
    this.scaling.charge(this.price);
    this.resize();
  }

  /** USD an hour of one replica. */
  private get price(): number {
    return priceOf(this.values).usdPerHour / this.values.poolReplicas;
  }

  get slowness(): number {
    return this.net.pace[this.index]!;
  }

  attached(peers: readonly Node[]): void {
    this.cache = peers.find(isPrefixCache) ?? null;
    this.tellCache();
  }

  private tellCache(): void {
    const setup = setupOf(this.values);
    // The cache holds what all GPUs of a replica would; a latent, which each of them keeps whole, only once.
    this.cache?.sizes(kvBytesPerToken(setup.model, setup.kvBytes, 1));
  }

  retune(values: PoolValues): void {
    const { poolReplicas } = this.values;
    this.settleLeaving();
    this.values = values;
    this.rules = { ...rulesOf(values), ...this.special };
    this.scaling.start = new Sampler({ shape: 'constant', mean: coldStart(values), cv: 0 });
    this.scaling.charge(this.price);
    if (values.poolReplicas !== poolReplicas) this.scaling.set(values.poolReplicas);
    else this.resize();
    this.tellCache();
    // What is under way ends with its iteration; then the engine takes over the new rules.
    this.replicas.forEach((replica, r) => {
      if (replica.pending >= 0 && replica.cut()) this.replan(replica, r);
    });
  }

  private resize(): void {
    const { ready } = this.scaling;
    while (this.replicas.length < Math.max(1, ready)) this.replicas.push(new Replica(this));
    if (this.replicas.length > this.load.length) this.load = enlarged(this.load, new Int32Array(2 * this.replicas.length));
    this.countReplicas();
    // Whoever came while there was no replica has waited at the first.
    if (ready > 0 && this.replicas[0]!.waiting > 0 && this.replicas[0]!.pending < 0) this.wakeUp(0);
  }

  private wakeUp(r: number): void {
    this.replicas[r]!.pending = this.net.after(0, this.index, START, r);
  }

  /** Replicas chosen, and those beyond that still have work. */
  private countReplicas(): void {
    const { ready } = this.scaling;
    let alive = ready;
    for (let r = alive; r < this.replicas.length; r++) if (this.load[r]! > 0) alive++;
    const { books } = this;
    const { now } = this.net;
    const peaks = peaksOf(this.values);
    books.leaving.set(alive - ready, now);
    books.replicas.set(alive, now);
    books.blocks.set(alive * this.rules.blocks, now);
    books.slots.set(alive * this.values.sequenceLimit, now);
    books.flopRate.set(alive * peaks.flops, now);
    books.byteRate.set(alive * peaks.bytes, now);
  }

  arrive(call: number): void {
    this.net.calls.setData(call, 0);
    this.put(call);
  }

  private put(call: number): void {
    const { net } = this;
    const { ready, starting } = this.scaling;
    if (ready + starting === 0) return net.fail(call, Code.noHealthyTarget);
    if (!this.replicas[0]!.possible(call)) return net.fail(call, Code.outOfMemory);
    const r = ready > 0 ? this.choose() : 0;
    const replica = this.replicas[r]!;
    if (replica.waiting >= this.values.engineRoom) return net.fail(call, Code.queueFull);
    this.load[r]!++;
    net.calls.setCounter(call, r);
    replica.push(call);
    if (ready === 0) return;
    // An idle engine starts after everybody of this instant has come.
    if (replica.pending < 0) this.wakeUp(r);
    else if (replica.open && replica.cut()) this.replan(replica, r);
  }

  private replan(replica: Replica, r: number): void {
    this.net.agenda.cancel(replica.pending);
    replica.pending = this.net.at(replica.end, this.index, STEP, r);
  }

  private choose(): number {
    const n = this.scaling.ready;
    if (n === 1) return 0;
    if (this.values.poolSpreading === 'round robin') return this.turn++ % n;
    const first = this.turn++ % n;
    return this.values.poolSpreading === 'least cache' ? this.leastCache(first, n) : this.leastLoad(first, n);
  }

  /** The replica with the fewest calls, ties going round. */
  private leastLoad(first: number, n: number): number {
    const { load } = this;
    let best = first;
    let lowest = load[first]!;
    for (let k = first + 1; lowest > 0 && k < n; k++) if (load[k]! < lowest) lowest = load[(best = k)]!;
    for (let k = 0; lowest > 0 && k < first; k++) if (load[k]! < lowest) lowest = load[(best = k)]!;
    return best;
  }

  private leastCache(first: number, n: number): number {
    let best = first;
    let lowest = Infinity;
    for (let k = 0; k < n; k++) {
      const r = (first + k) % n;
      const claimed = this.replicas[r]!.blocks.used + this.replicas[r]!.wanted;
      if (claimed < lowest) {
        lowest = claimed;
        best = r;
      }
    }
    return best;
  }

  override wake(what: number, r: number): void {
    if (what === STARTED) return this.scaling.started();
    const replica = this.replicas[r]!;
    if (what === START) {
      replica.works = true;
      this.books.busy.add(1, this.net.now);
    }
    else {
      replica.complete();
      this.load[r]! -= this.overCount;
      this.answer();
      if (this.unwanted.size > 0) this.letGo(replica, r);
    }
    if (replica.begin()) replica.pending = this.net.at(replica.end, this.index, STEP, r);
    else this.rest(replica, r);
  }

  private rest(replica: Replica, r: number): void {
    replica.pending = -1;
    replica.works = false;
    this.books.busy.add(-1, this.net.now);
    if (r >= this.scaling.ready) this.countReplicas();
  }

  /** Between two iterations, running calls of this replica that nobody wants leave it. */
  private letGo(replica: Replica, r: number): void {
    for (const call of this.unwanted) {
      if (this.net.calls.counter(call) !== r) continue;
      this.unwanted.delete(call);
      if (!replica.abort(call) && !replica.withdraw(call)) continue;
      this.load[r]!--;
      this.net.fail(call, Code.cancelled);
    }
  }

  /** Who waits leaves at once; who runs, with the end of the iteration, as engines do when a client hangs up. */
  override cancelled(call: number): void {
    const r = this.net.calls.counter(call);
    const replica = this.replicas[r]!;
    if (replica.withdraw(call)) {
      this.load[r]!--;
      this.net.fail(call, Code.cancelled);
      return;
    }
    this.unwanted.add(call);
    if (replica.pending >= 0 && replica.cut()) this.replan(replica, r);
  }

  override reset(): void {
    for (let r = 0; r < this.replicas.length; r++) this.clear(r, false);
    this.unwanted.clear();
    this.scaling.reset();
    this.countReplicas();
  }

  /** Empties a replica, which begins anew; returns what was there. Its planned event is struck out already, or is by this. */
  private clear(r: number, keep: boolean): readonly number[] {
    const replica = this.replicas[r]!;
    const calls = replica.evacuate(keep);
    if (replica.works) this.books.busy.add(-1, this.net.now);
    this.replicas[r] = new Replica(this);
    this.load[r] = 0;
    return calls;
  }

  /** Replicas are gone. Those that were warned take nothing new before and are let finish; of the others, the work is lost as chosen. */
  strike(fault: FaultName, amount: number): void {
    const before = this.scaling.ready;
    this.scaling.lose(amount);
    if (fault === 'preemption') return;
    const orphans: number[] = [];
    for (let r = this.scaling.ready; r < before; r++) {
      if (this.replicas[r]!.pending >= 0) this.net.agenda.cancel(this.replicas[r]!.pending);
      orphans.push(...this.clear(r, this.values.replicaLoss === 'resume'));
    }
    this.countReplicas();
    for (const call of orphans) {
      if (this.values.replicaLoss === 'fail' || this.unwanted.delete(call)) this.net.fail(call, Code.crashed);
      else this.put(call);
    }
  }

  heal(): void {
    this.scaling.replace();
  }

  private settleLeaving(): void {
    this.leavingUsd = this.leavingSpent(this.net.now);
    this.leavingArea = this.books.leaving.area(this.net.now);
  }

  private leavingSpent(now: number): number {
    return this.leavingUsd + ((this.books.leaving.area(now) - this.leavingArea) / 3600) * this.price;
  }

  /** Replicas are paid for while they start, serve and finish. */
  spentUsd(now: number): number {
    return this.scaling.spentUsd(now) + this.leavingSpent(now);
  }

  finish(call: number): void {
    if (this.unwanted.size > 0) this.unwanted.delete(call);
    if (this.overCount === this.over.length) this.over = enlarged(this.over, new Int32Array(2 * this.overCount));
    this.over[this.overCount++] = call;
  }

  give(replica: Replica, call: number, code: number): void {
    this.load[this.replicas.indexOf(replica)]!--;
    this.unwanted.delete(call);
    this.net.fail(call, code);
  }

  private answer(): void {
    const count = this.overCount;
    this.overCount = 0;
    for (let k = 0; k < count; k++) this.net.answer(this.over[k]!);
  }

  /** A running total up to `now`, what is under way included in proportion. */
  sum(which: number, now: number): number {
    if (now !== this.seenAt || this.net.events !== this.seenAfter) this.look(now);
    return this.seen[which]!;
  }

  private look(now: number): void {
    this.seenAt = now;
    this.seenAfter = this.net.events;
    this.seen.set(this.books.sums);
    for (const replica of this.replicas) replica.tally(now, this.seen);
  }

  override queueArea(now: number): number {
    return this.books.waiting.area(now);
  }
  override queueLongest(): number {
    return this.books.waiting.highest;
  }
  override busyArea(now: number): number {
    return this.books.busy.area(now);
  }
  override serverArea(now: number): number {
    return this.books.replicas.area(now);
  }

  /** How close an engine is to the nearer of its limits: cache blocks or sequences. */
  private fullness(replica: Replica): number {
    return Math.max(replica.share(this.net.now), replica.resident / this.values.sequenceLimit);
  }

  override face(cells: Float64Array): number {
    const n = this.scaling.ready;
    const shown = Math.min(CELLS, n);
    for (let i = 0; i < shown; i++) {
      const from = Math.floor((i * n) / shown);
      const to = Math.floor(((i + 1) * n) / shown);
      let sum = 0;
      for (let r = from; r < to; r++) sum += this.fullness(this.replicas[r]!);
      cells[i] = Math.min(1, sum / (to - from));
    }
    return shown;
  }
}
