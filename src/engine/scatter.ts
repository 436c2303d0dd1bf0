/** Scatter and gather: a node whose calls are served in pieces by shards with replicas, hedged or not, and answered when the last piece is back. */
import { Fleet } from './fleet.ts';
import { Node, type Network } from './network.ts';
import type { Stream } from './random.ts';
import { Code } from './reasons.ts';
import { REFUSED, STARTED } from './station.ts';

const DONE = 0;
const HEDGE = 1;

/** How many copies each shard has, which is asked, and when a second one is. */
export interface Spreading {
  readonly replicas: number;
  readonly leastBusy: boolean;
  /** Seconds after which a piece is asked of a second replica too; 0 is never. */
  readonly hedgeAfter: number;
}

/** Event codes 0 and 1 are taken; a subclass that plans events of its own starts at 2 and passes the others on. */
export abstract class Scatter extends Node {
  protected readonly fleet: Fleet;
  private turn = 0;
  /** Pieces taken in, hedges included; hedges; pieces answered and the seconds they took from being asked to the first answer. */
  asked = 0;
  hedges = 0;
  back = 0;
  backSeconds = 0;

  constructor(
    net: Network,
    shards: number,
    protected spreading: Spreading,
    servers: number,
    room: number,
    private readonly choices: Stream,
  ) {
    super(net);
    this.fleet = new Fleet(net.calls, shards * spreading.replicas, servers, room);
  }

  /** Seconds the piece `p` will keep its server busy; asked as service begins. */
  protected abstract seconds(p: number): number;

  /** One of a call's pieces is back and `left` are still out; `left` 0 means the call can be answered. */
  protected abstract joined(call: number, left: number): void;

  /** Changes the fleet; pieces in flight stay where they are. */
  protected refit(shards: number, spreading: Spreading, servers: number, room: number): void {
    const { fleet } = this;
    this.spreading = spreading;
    fleet.resize(shards * spreading.replicas, servers, room);
    for (let s = 0; s < fleet.everStations; s++) for (let p = fleet.draw(s); p >= 0; p = fleet.draw(s)) this.take(p);
  }

  /** Asks one replica of a shard on behalf of a call that the caller holds; a full queue there fails the call. */
  protected ask(call: number, shard: number, amount: number): void {
    const p = this.fleet.piece(call, amount);
    if (this.offer(p, this.replica(shard)) === REFUSED) {
      this.fleet.recycle(p);
      this.net.fail(call, Code.queueFull);
      return;
    }
    this.net.hold(call);
    const { hedgeAfter, replicas } = this.spreading;
    if (hedgeAfter > 0 && replicas > 1) this.fleet.setTimer(p, this.net.after(hedgeAfter, this.index, HEDGE, p));
  }

  private offer(p: number, station: number): number {
    const taken = this.fleet.offer(station, p);
    if (taken !== REFUSED) this.asked++;
    if (taken === STARTED) this.serve(p);
    return taken;
  }

  private replica(shard: number): number {
    const { replicas, leastBusy } = this.spreading;
    if (replicas === 1) return shard;
    return leastBusy ? this.fleet.leastLoaded(shard * replicas, replicas, this.turn++) : shard * replicas + this.choices.below(replicas);
  }

  /** A replica of the same shard other than the one already asked, or −1. */
  private other(station: number): number {
    const { replicas, leastBusy } = this.spreading;
    if (replicas === 1 || station >= this.fleet.stations) return -1;
    const first = station - (station % replicas);
    const asked = station - first;
    if (!leastBusy) return first + ((asked + 1 + this.choices.below(replicas - 1)) % replicas);
    let best = first + ((asked + 1) % replicas);
    for (let k = 2; k < replicas; k++) {
      const one = first + ((asked + k) % replicas);
      if (this.fleet.load(one) < this.fleet.load(best)) best = one;
    }
    return best;
  }

  /** A server takes a piece that has waited, or the next where nobody wants that one any more. */
  private take(p: number): void {
    const { fleet } = this;
    while (p >= 0 && this.unwanted(fleet.call(p))) {
      const next = fleet.finish(fleet.station(p));
      this.drop(p);
      p = next;
    }
    if (p >= 0) this.serve(p);
  }

  private unwanted(call: number): boolean {
    return this.net.calls.cancelled(call) && this.net.concluded(call);
  }

  private drop(p: number): void {
    const { fleet, net } = this;
    const call = fleet.call(p);
    if (fleet.timer(p) >= 0) net.agenda.cancel(fleet.timer(p));
    if (fleet.twin(p) >= 0) fleet.setTwin(fleet.twin(p), -1);
    fleet.recycle(p);
    net.release(call);
  }

  private serve(p: number): void {
    this.net.after(this.seconds(p) * this.net.pace[this.index]!, this.index, DONE, p);
  }

  override wake(what: number, p: number): void {
    if (what === HEDGE) this.hedge(p);
    else this.finished(p);
  }

  private hedge(p: number): void {
    const { fleet } = this;
    fleet.setTimer(p, -1);
    const call = fleet.call(p);
    const station = this.other(fleet.station(p));
    if (station < 0 || this.net.concluded(call)) return;
    const q = fleet.piece(call, fleet.amount(p));
    if (this.offer(q, station) === REFUSED) return fleet.recycle(q);
    fleet.setTwin(q, p);
    fleet.setTwin(p, q);
    this.hedges++;
    this.net.hold(call);
  }

  private finished(p: number): void {
    const { fleet } = this;
    this.take(fleet.finish(fleet.station(p)));
    const call = fleet.call(p);
    if (!fleet.settled(p)) this.settle(p, call);
    fleet.recycle(p);
    this.net.release(call);
  }

  /** The first answer to a piece: its twin, if any, now works for nothing. */
  private settle(p: number, call: number): void {
    const { fleet, net } = this;
    const twin = fleet.twin(p);
    this.back++;
    // A hedge is born later than the piece it stands in for; what counts is when that was asked.
    this.backSeconds += net.now - (twin < 0 ? fleet.born(p) : Math.min(fleet.born(p), fleet.born(twin)));
    if (fleet.timer(p) >= 0) net.agenda.cancel(fleet.timer(p));
    if (twin >= 0) {
      fleet.settle(twin);
      fleet.setTwin(twin, -1);
    }
    if (net.concluded(call)) return;
    const left = net.calls.counter(call) - 1;
    net.calls.setCounter(call, left);
    this.joined(call, left);
  }

  override reset(): void {
    const { fleet, net } = this;
    const pieces = fleet.pieces();
    fleet.reset();
    for (const p of pieces) {
      const call = fleet.call(p);
      fleet.recycle(p);
      net.release(call);
    }
  }

  /** The call ends at once. Pieces of it that are being served are served for nothing; those that wait are thrown out when it is their turn. */
  override cancelled(call: number): void {
    this.net.fail(call, Code.cancelled);
  }

  override queueArea(now: number): number {
    return this.fleet.queueArea(now);
  }
  override queueLongest(): number {
    return this.fleet.longest;
  }
  override busyArea(now: number): number {
    return this.fleet.busyArea(now);
  }
  override serverArea(now: number): number {
    return this.fleet.serverArea(now);
  }
  override face(cells: Float64Array): number {
    return this.fleet.face(cells, 32);
  }
}
