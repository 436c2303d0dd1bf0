/** The running pool: hands each call to one of its engines, lets their events happen, and keeps the books. */
import { enlarged } from '../../engine/agenda.ts';
import { Node, type Network } from '../../engine/network.ts';
import { Code } from '../../engine/reasons.ts';
import { Sampler } from '../../engine/sampler.ts';
import type { FaultName } from '../../kit/fault.ts';
import type { Component, Site, Starts } from '../../kit/kind.ts';
import { prefixCacheOf, type Attaches, type PrefixCache } from '../../kit/prefix.ts';
import { ReplicaSet } from '../../kit/replica-set.ts';
import { Books, Sum, SUMS } from './books.ts';
import { Meter } from './meter.ts';
import type { PoolValues } from './params.ts';
import { Replica } from './replica.ts';
import type { Floor, Rules } from './rules.ts';
import { coldStart, handoverOf, peaksOf, priceOf, rulesOf, tokenBytes, tokenCost, type Handover } from './setup.ts';
import { onItsWayFrom, Tickets } from './tickets.ts';

const START = 0;
const STEP = 1;
const STARTED = 2;
const ARRIVED = 3;

/** Cells of the face. */
const CELLS = 32;

/** The pool as a node of the network. */
export class GpuPool extends Node implements Component<PoolValues>, Attaches, Floor, Starts {
  readonly books = new Books();
  /** Replicas 0 … ready − 1 serve; those beyond that still have work finish it. */
  readonly scaling: ReplicaSet;
  readonly site: Network;
  readonly draftSeed: number;
  rules: Rules;
  cache: PrefixCache | null = null;
  private readonly replicas: Replica[] = [];
  private readonly tickets: Tickets;
  /** Replicas that start, serve and finish; those of them with nothing to do; and the time that prompts took. */
  private readonly meters: { readonly paid: Meter; readonly idle: Meter; readonly prompts: Meter; readonly busy: Meter };
  /** What replicas draw with nothing to do, in watt-hours. */
  private readonly idling: Meter;
  private handover: Handover;
  /** Replicas that only work through prompts: the first ones; and when the link of each is free again. */
  private prompters = 0;
  private linkFree = new Float64Array(16);
  /** Calls at each replica, waiting and running. */
  private load = new Int32Array(16);
  claims = new Float64Array(16);
  private turn = 0;
  /** Calls that are over but not yet answered. */
  private over = new Int32Array(16);
  private overCount = 0;
  private crashed = false;
  private readonly seen = new Float64Array(SUMS);
  private seenAt = NaN;
  private seenAfter = -1;

  /** `special` replaces some of the rules that follow from the values (for tests of the scheduler alone). */
  constructor(
    private values: PoolValues,
    site: Site,
    private readonly special: Partial<Rules> = {},
  ) {
    super(site.net);
    this.site = site.net;
    this.tickets = new Tickets(site.net);
    this.draftSeed = site.stream('drafts').below(2 ** 32) | 0;
    this.rules = { ...rulesOf(values), ...special };
    this.handover = handoverOf(values);
    this.scaling = new ReplicaSet(site.net, this, STARTED, values.poolReplicas, new Sampler({ shape: 'constant', mean: coldStart(values), cv: 0 }), site.stream('starts'), () => this.resize(), {
      utilisation: { total: (now) => this.books.running.area(now), per: (now) => this.books.slots.area(now) },
      queue: { total: (now) => this.books.waiting.area(now), per: (now) => this.books.replicas.area(now) },
      kv: { total: (now) => this.sum(Sum.blocks, now), per: (now) => this.books.blocks.area(now) },
    }, (from, to) => this.stop(from, to));
    const paid = (now: number): number => this.paidArea(now);
    const busy = (now: number): number => this.books.busy.area(now);
    const prompts = (now: number): number => this.sum(Sum.promptSeconds, now);
    this.meters = { paid: new Meter(paid), idle: new Meter((now) => paid(now) - busy(now)), prompts: new Meter(prompts), busy: new Meter(busy) };
    this.idling = new Meter(paid);
    this.charge();
    this.resize();
  }

  private charge(): void {
    for (const meter of Object.values(this.meters)) meter.charge(priceOf(this.values).each, this.net.now);
    this.idling.charge(this.rules.draw.idle, this.net.now);
  }

  get slowness(): number {
    return this.net.pace[this.index]!;
  }

  attached(peers: readonly Node[]): void {
    this.cache = prefixCacheOf(this.net, this, peers);
    this.tellCache();
  }

  private tellCache(): void {
    // The cache holds what all GPUs of a replica would; a latent, which each of them keeps whole, only once.
    this.cache?.sizes(tokenCost(this.values));
  }

  retune(values: PoolValues): void {
    const { poolReplicas } = this.values;
    this.values = values;
    this.rules = { ...rulesOf(values), ...this.special };
    this.handover = handoverOf(values);
    this.scaling.start = new Sampler({ shape: 'constant', mean: coldStart(values), cv: 0 });
    this.charge();
    if (values.poolReplicas !== poolReplicas) this.scaling.set(values.poolReplicas);
    else this.resize();
    this.tellCache();
    // What is under way ends with its iteration; then the engine takes over the new rules.
    this.recut();
  }

  /** Lets every planned stretch end with the iteration under way, because something has changed that later ones depend on. */
  recut(): void {
    for (const replica of this.replicas) this.shorten(replica);
  }

  private resize(): void {
    const { ready } = this.scaling;
    this.cache?.left(ready);
    const count = Math.max(1, ready);
    while (count > this.load.length) {
      this.load = enlarged(this.load, new Int32Array(2 * this.load.length));
      this.claims = enlarged(this.claims, new Float64Array(this.load.length));
      this.linkFree = Float64Array.from({ length: this.load.length }, (_, r) => this.linkFree[r] ?? 0);
    }
    while (this.replicas.length < count) this.replicas.push(new Replica(this, this.replicas.length));
    // At least one must be left to decode; static batches are kept to their end where they began.
    this.prompters = this.rules.static ? 0 : Math.max(0, Math.min(this.values.promptReplicas, ready - 1));
    this.replicas.forEach((replica, r) => (replica.onlyPrompts = r < this.prompters));
    this.countReplicas();
    // Whoever came while there was no replica has waited at the first.
    if (this.replicas[0]!.waiting > 0) this.nudge(this.replicas[0]!);
  }

  /** Replicas chosen, and those beyond that still have work. */
  private countReplicas(): void {
    const { ready } = this.scaling;
    let alive = ready;
    for (let r = alive; r < this.replicas.length; r++) if (this.replicas[r]!.works || this.replicas[r]!.hosts) alive++;
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
    this.tickets.open(call);
    this.put(call);
  }

  private put(call: number): void {
    const { net } = this;
    const { ready, starting, wanted } = this.scaling;
    // Scaled down to none, it lets calls wait until it is scaled up; where all are lost, nobody will come.
    if (ready + starting === 0 && wanted > 0) return net.fail(call, Code.noHealthyTarget);
    if (!this.replicas[0]!.possible(call)) return net.fail(call, Code.outOfMemory);
    const replica = this.replicas[ready > 0 ? this.choose(0, this.prompters > 0 ? this.prompters : ready) : 0]!;
    if (replica.waiting >= this.values.engineRoom) return net.fail(call, Code.queueFull);
    this.enqueue(replica, call);
  }

  private enqueue(replica: Replica, call: number): void {
    this.load[replica.index]!++;
    replica.push(call);
    if (!replica.works) this.nudge(replica);
    else if (replica.opensTo(call)) this.shorten(replica, replica.untilLook(call));
  }

  /** A resting engine has something to look at: it does so after everybody of this instant has come, or when its batch is gathered. */
  private nudge(replica: Replica): void {
    // While no replica is ready, those who come wait at the first; only what is in a batch already goes on.
    if (replica.works || (this.scaling.ready === 0 && !replica.hosts)) return;
    if (replica.pending >= 0) {
      if (!this.rules.static || replica.gathered() > this.net.now) return;
      this.net.agenda.cancel(replica.pending);
    }
    replica.pending = this.net.after(0, this.index, START, replica.index);
  }

  /** Lets the stretch under way end with its iteration, or `more` after it. */
  private shorten(replica: Replica, more = 0): void {
    if (!replica.works || !replica.cut(more)) return;
    this.net.agenda.cancel(replica.pending);
    replica.pending = this.net.at(replica.end, this.index, STEP, replica.index);
  }

  /** One of the replicas `from` … `to` − 1. */
  private choose(from: number, to: number): number {
    const n = to - from;
    if (n === 1) return from;
    const first = from + (this.turn++ % n);
    if (this.values.poolSpreading === 'round robin') return first;
    return this.values.poolSpreading === 'least cache' ? this.leastCache(first, from, to) : this.leastLoad(first, from, to);
  }

  /** The replica with the fewest calls, ties going round. */
  private leastLoad(first: number, from: number, to: number): number {
    const { load } = this;
    let best = first;
    let lowest = load[first]!;
    for (let k = first + 1; lowest > 0 && k < to; k++) if (load[k]! < lowest) lowest = load[(best = k)]!;
    for (let k = from; lowest > 0 && k < first; k++) if (load[k]! < lowest) lowest = load[(best = k)]!;
    return best;
  }

  /** The replica with the fewest blocks in use or waited for, ties going round. */
  private leastCache(first: number, from: number, to: number): number {
    const { claims, replicas } = this;
    const { now } = this.net;
    let best = first;
    let lowest = Infinity;
    for (let k = from; k < to; k++) {
      const r = first + k - from < to ? first + k - from : first + k - to;
      if (claims[r]! >= lowest) continue;
      const claimed = claims[r]! + replicas[r]!.takenSince(now);
      if (claimed < lowest) {
        lowest = claimed;
        best = r;
      }
    }
    return best;
  }

  override wake(what: number, arg: number): void {
    if (what === STARTED) return this.scaling.wake(arg);
    if (what === ARRIVED) return this.taken(arg);
    const replica = this.replicas[arg]!;
    if (what === START) {
      replica.rouse();
      this.books.busy.add(1, this.net.now);
      // One that was told to go while its batch was gathered goes on being there until that is done.
      if (arg >= this.scaling.ready) this.countReplicas();
    } else {
      replica.complete();
      this.answer(arg);
    }
    const goesOn = replica.begin();
    if (this.overCount > 0) this.answer(arg);
    if (goesOn) replica.pending = this.net.at(replica.end, this.index, STEP, arg);
    else this.rest(replica);
  }

  private rest(replica: Replica): void {
    replica.works = false;
    this.books.busy.add(-1, this.net.now);
    const gathers = this.rules.static && replica.waiting > 0 && replica.resident === 0;
    replica.pending = gathers ? this.net.at(Math.max(this.net.now, replica.gathered()), this.index, START, replica.index) : -1;
    if (replica.index >= this.scaling.ready) this.countReplicas();
  }

  handOver(from: number, call: number): void {
    this.load[from]!--;
    this.enqueue(this.replicas[this.choose(this.prompters, this.scaling.ready)]!, call);
  }

  /** The keys and values of each replica leave it one after another, at the bandwidth of its link. */
  bring(call: number, from: number, tokens: number): number {
    const { bandwidth, latency } = this.handover;
    const begins = Math.max(this.net.now, this.linkFree[from]!);
    this.linkFree[from] = begins + (tokens * tokenBytes(this.values)) / bandwidth;
    this.books.sums[Sum.handedOver]! += tokens;
    return this.net.at(this.linkFree[from]! + latency, this.index, ARRIVED, call);
  }

  recall(arrival: number): void {
    // In a crash of the whole pool all its events are struck out beforehand.
    if (!this.crashed) this.net.agenda.cancel(arrival);
  }

  private taken(call: number): void {
    const from = onItsWayFrom(this.tickets.kept(call));
    const replica = this.replicas[this.tickets.replica(call)]!;
    this.release(from, replica.land(call));
    if (replica.works) this.shorten(replica);
    else this.nudge(replica);
  }

  /** Gives back what a call had at a replica. */
  private release(r: number, slot: number): void {
    const replica = this.replicas[r]!;
    replica.release(slot);
    if (replica.works) this.shorten(replica);
    else if (replica.waiting > 0) this.nudge(replica);
  }

  /** Whoever waits or runs leaves at once; cache blocks are free with the end of the iteration, as engines do when a client hangs up. */
  override cancelled(call: number): void {
    if (this.callOff(call)) return this.net.fail(call, Code.cancelled);
    this.takeOut(call);
    this.load[this.tickets.replica(call)]!--;
    this.net.fail(call, Code.cancelled);
  }

  /** Strikes a call out from those that are over and wait for their turn to be answered; false where it is none of them. */
  private callOff(call: number): boolean {
    for (let k = 0; k < this.overCount; k++) {
      if (this.over[k] !== call) continue;
      this.over[k] = -1;
      return true;
    }
    return false;
  }

  /** Takes a call out wherever it is. */
  private takeOut(call: number): void {
    const replica = this.replicas[this.tickets.replica(call)]!;
    const kept = this.tickets.kept(call);
    const slot = this.tickets.slot(call);
    if (onItsWayFrom(kept) >= 0) this.release(onItsWayFrom(kept), replica.turnBack(call));
    else if (kept < 0 && slot >= 0) return this.release(replica.index, slot);
    else {
      replica.withdraw(call);
      if (kept >= 0) this.release(kept, slot);
    }
    // Whoever is first now may have room.
    if (replica.works) this.shorten(replica);
    else if (replica.waiting > 0) this.nudge(replica);
  }

  /** After a crash of the whole pool every replica starts anew. */
  begin(): void {
    if (!this.crashed) return;
    this.crashed = false;
    this.scaling.restart();
  }

  override reset(): void {
    this.crashed = true;
    for (const replica of this.replicas) this.clear(replica, false);
    this.overCount = 0;
    this.scaling.reset();
    this.countReplicas();
  }

  /** Empties a replica, which begins anew; returns what was there. Its own planned event must be gone. */
  private clear(replica: Replica, keep: boolean): readonly number[] {
    const { index } = replica;
    const calls = replica.evacuate(keep);
    if (replica.works) this.books.busy.add(-1, this.net.now);
    this.replicas[index] = new Replica(this, index);
    this.replicas[index].onlyPrompts = replica.onlyPrompts;
    this.load[index] = 0;
    this.linkFree[index] = 0;
    return calls;
  }

  /** Replicas are gone. Those that were warned take nothing new and have a while to finish. */
  strike(fault: FaultName, amount: number): void {
    const before = this.scaling.ready;
    this.scaling.lose(amount, fault === 'preemption');
    if (fault !== 'preemption') this.stop(this.scaling.ready, before);
  }

  /** Replicas `from` … `to` − 1 stop; what they still have is lost as chosen. */
  private stop(from: number, to: number): void {
    const keep = this.values.replicaLoss === 'resume';
    const orphans: number[] = [];
    for (let r = from; r < Math.min(to, this.replicas.length); r++) {
      orphans.push(...this.uproot(this.replicas[r]!, keep));
      if (this.replicas[r]!.pending >= 0) this.net.agenda.cancel(this.replicas[r]!.pending);
      orphans.push(...this.clear(this.replicas[r]!, keep));
    }
    this.countReplicas();
    for (const call of orphans) this.rehouse(call);
  }

  /** Calls elsewhere whose keys and values lie at a replica that is lost leave the places where they wait for them. */
  private uproot(replica: Replica, keep: boolean): readonly number[] {
    const calls = replica.parked();
    for (const call of calls) {
      this.takeOut(call);
      this.load[this.tickets.replica(call)]!--;
      const answered = this.tickets.answered(call);
      this.tickets.open(call);
      if (keep) this.tickets.setAnswered(call, answered);
    }
    return calls;
  }

  /** A call that has lost its replica goes to another, fails, or takes its keys and values from where they still lie. */
  private rehouse(call: number): void {
    const kept = this.tickets.kept(call);
    if (kept >= 0 && this.scaling.ready > 0) this.enqueue(this.replicas[this.choose(this.prompters, this.scaling.ready)]!, call);
    else if (this.values.replicaLoss === 'fail') this.net.fail(call, Code.crashed);
    else this.put(call);
  }

  heal(_fault: FaultName, amount: number): void {
    this.scaling.replace(amount);
  }

  /** ∫ replicas paid for dt: those that start, serve and finish. */
  paidArea(now: number): number {
    return this.scaling.paidArea(now) + this.books.leaving.area(now);
  }

  /** USD from the start of the run until now: for all replicas; for those that had nothing to do; for the time that prompts took, and answers. */
  spentUsd(now: number): number {
    return this.meters.paid.spent(now);
  }
  idleUsd(now: number): number {
    return this.meters.idle.spent(now);
  }
  promptUsd(now: number): number {
    return this.meters.prompts.spent(now);
  }
  answerUsd(now: number): number {
    return this.meters.busy.spent(now) - this.meters.prompts.spent(now);
  }

  /** Joules drawn from the start of the run until now. */
  joules(now: number): number {
    return this.idling.spent(now) * 3600 + this.sum(Sum.joules, now);
  }

  finish(call: number): void {
    if (this.overCount === this.over.length) this.over = enlarged(this.over, new Int32Array(2 * this.overCount));
    this.over[this.overCount++] = call;
  }

  give(replica: number, call: number, code: number): void {
    this.load[replica]!--;
    this.net.fail(call, code);
  }

  private answer(r: number): void {
    this.load[r]! -= this.overCount;
    // Whoever hears of one answer may hang up on others of the same moment.
    for (let k = 0; k < this.overCount; k++) {
      const call = this.over[k]!;
      this.over[k] = -1;
      if (call >= 0) this.net.answer(call);
    }
    this.overCount = 0;
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
