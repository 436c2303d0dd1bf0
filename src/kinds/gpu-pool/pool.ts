/** The running pool: hands each call to one of its engines, lets their events happen, and keeps the books. */
import { enlarged } from '../../engine/agenda.ts';
import { Node, type Network } from '../../engine/network.ts';
import { Code } from '../../engine/reasons.ts';
import type { Component, Site } from '../../kit/kind.ts';
import { isPrefixCache, type Attaches, type PrefixCache } from '../../kit/prefix.ts';
import { Books, SUMS } from './books.ts';
import { kvBytesPerToken } from './catalogue-models.ts';
import type { PoolValues } from './params.ts';
import { Replica, type Floor, type Rules } from './replica.ts';
import { peaksOf, rulesOf, setupOf } from './setup.ts';

const START = 0;
const STEP = 1;

/** Cells of the face. */
const CELLS = 32;

/** The pool as a node of the network. */
export class GpuPool extends Node implements Component<PoolValues>, Attaches, Floor {
  readonly books = new Books();
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
    this.resize();
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
    this.values = values;
    this.rules = { ...rulesOf(values), ...this.special };
    this.resize();
    this.tellCache();
    // What is under way ends with its iteration; then the engine takes over the new rules.
    this.replicas.forEach((replica, r) => {
      if (replica.pending >= 0 && replica.cut()) this.replan(replica, r);
    });
  }

  private resize(): void {
    while (this.replicas.length < this.values.poolReplicas) this.replicas.push(new Replica(this));
    if (this.replicas.length > this.load.length) this.load = enlarged(this.load, new Int32Array(2 * this.replicas.length));
    this.countReplicas();
  }

  /** Replicas chosen, and those beyond that still have work. */
  private countReplicas(): void {
    let alive = this.values.poolReplicas;
    for (let r = alive; r < this.replicas.length; r++) if (this.load[r]! > 0) alive++;
    const { books } = this;
    const { now } = this.net;
    const peaks = peaksOf(this.values);
    books.replicas.set(alive, now);
    books.blocks.set(alive * this.rules.blocks, now);
    books.slots.set(alive * this.values.sequenceLimit, now);
    books.flopRate.set(alive * peaks.flops, now);
    books.byteRate.set(alive * peaks.bytes, now);
  }

  arrive(call: number): void {
    const { net } = this;
    net.calls.setData(call, 0);
    if (this.replicas.length === 0 || !this.replicas[0]!.possible(call)) return net.fail(call, Code.outOfMemory);
    const r = this.choose();
    const replica = this.replicas[r]!;
    if (replica.waiting >= this.values.engineRoom) return net.fail(call, Code.queueFull);
    this.load[r]!++;
    replica.push(call);
    // An idle engine starts after everybody of this instant has come.
    if (replica.pending < 0) replica.pending = net.after(0, this.index, START, r);
    else if (replica.open && replica.cut()) this.replan(replica, r);
  }

  private replan(replica: Replica, r: number): void {
    this.net.agenda.cancel(replica.pending);
    replica.pending = this.net.at(replica.end, this.index, STEP, r);
  }

  private choose(): number {
    const n = this.values.poolReplicas;
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
    const replica = this.replicas[r]!;
    if (what === START) this.books.busy.add(1, this.net.now);
    else {
      replica.complete();
      this.load[r]! -= this.overCount;
      this.answer();
    }
    if (replica.begin()) replica.pending = this.net.at(replica.end, this.index, STEP, r);
    else this.rest(replica, r);
  }

  private rest(replica: Replica, r: number): void {
    replica.pending = -1;
    this.books.busy.add(-1, this.net.now);
    if (r >= this.values.poolReplicas) this.countReplicas();
  }

  finish(call: number): void {
    if (this.overCount === this.over.length) this.over = enlarged(this.over, new Int32Array(2 * this.overCount));
    this.over[this.overCount++] = call;
  }

  give(replica: Replica, call: number, code: number): void {
    this.load[this.replicas.indexOf(replica)]!--;
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

  /** Each replica's share of cache blocks in use; where there are many, several to a cell. */
  /** How close an engine is to the nearer of its limits: cache blocks or sequences. */
  private fullness(replica: Replica): number {
    return Math.max(replica.share(this.net.now), replica.resident / this.values.sequenceLimit);
  }

  override face(cells: Float64Array): number {
    const n = this.values.poolReplicas;
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
