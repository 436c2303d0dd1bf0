/**
 * Servers with one bounded queue in front: the part most queueing systems are made of. It keeps the books (queue length, servers
 * busy, over time); whoever owns it draws service times and plans their ends.
 */
import type { Clock } from './clock.ts';
import type { Calls } from './calls.ts';
import { Line, type Order } from './line.ts';
import type { Shedder } from './shedding.ts';

/** What became of a call offered to a station. */
export const STARTED = 0;
export const QUEUED = 1;
export const REFUSED = 2;

export class Station {
  busy = 0;
  queued = 0;
  /** The longest the queue has been. */
  longest = 0;
  private head = -1;
  private tail = -1;
  // An area under a level is kept as Σ (time of each step down) − Σ (time of each step up); with level · now added, that is ∫ level dt.
  // One addition a step, where advancing all areas at every event took three times as much. Doubles from the first: see `Clock`.
  private queueSteps = NaN;
  private busySteps = NaN;
  private leavingSteps = NaN;
  /** ∫ servers dt until they were last resized, and when that was. */
  private serverSeconds = NaN;
  private resized = NaN;
  private readonly clock: Clock;
  /** Where it is not first come, first served: who waits, and by what order. */
  private line: Line | null = null;
  private order: Order | null = null;
  private shedder: Shedder | null = null;
  private turnedAway: ((call: number, code: number) => void) | null = null;

  constructor(
    private readonly calls: Calls,
    public servers: number,
    public room: number,
  ) {
    this.clock = calls.clock;
    this.queueSteps = this.busySteps = this.leavingSteps = this.serverSeconds = 0;
    this.resized = calls.clock.now;
  }

  /** A call comes: `STARTED` (a server has it from now on), `QUEUED`, or `REFUSED` because the queue is full. */
  offer(call: number): number {
    if (this.busy < this.servers) {
      this.busy++;
      this.busySteps -= this.clock.now;
      return STARTED;
    }
    if (this.queued >= this.room) return REFUSED;
    if (this.line === null) this.append(call);
    else this.line.push(call, this.order!.key(call));
    if (++this.queued > this.longest) this.longest = this.queued;
    this.queueSteps -= this.clock.now;
    return QUEUED;
  }

  private append(call: number): void {
    this.calls.setNext(call, -1);
    if (this.tail < 0) this.head = call;
    else this.calls.setNext(this.tail, call);
    this.tail = call;
  }

  /** A server is done; returns the waiting call it turns to, or −1 if it falls idle. */
  finish(): number {
    if (this.queued > 0 && this.busy <= this.servers) {
      const call = this.shedder === null ? this.take() : this.takeWanted();
      if (call >= 0) return call;
    }
    if (this.busy > this.servers) this.leavingSteps += this.clock.now;
    this.busy--;
    this.busySteps += this.clock.now;
    return -1;
  }

  /** Takes the first waiting call into service, if a server is free; −1 otherwise. Call after raising `servers`. */
  draw(): number {
    if (this.queued === 0 || this.busy >= this.servers) return -1;
    this.busy++;
    this.busySteps -= this.clock.now;
    return this.finish();
  }

  private take(): number {
    this.queued--;
    this.queueSteps += this.clock.now;
    return this.line === null ? this.shift() : this.next(this.line);
  }

  private shift(): number {
    const call = this.head;
    this.head = this.calls.next(call);
    if (this.head < 0) this.tail = -1;
    return call;
  }

  private next(line: Line): number {
    this.order!.taken(line.firstKey());
    return line.pop();
  }

  /** The first that is worth serving; those before it are turned away. */
  private takeWanted(): number {
    while (this.queued > 0) {
      const call = this.take();
      const code = this.shedder!.judge(call);
      if (code === 0) return call;
      this.turnedAway!(call, code);
    }
    return -1;
  }

  /** Takes a call out of the queue; false if it does not wait there. */
  leave(call: number): boolean {
    if (!(this.line === null ? this.unlink(call) : this.line.remove(call))) return false;
    this.queued--;
    this.queueSteps += this.clock.now;
    return true;
  }

  /** Walks the line: calls that leave it are too rare for every other to know who stands before it. */
  private unlink(call: number): boolean {
    let before = -1;
    for (let at = this.head; at >= 0; at = this.calls.next(at)) {
      if (at === call) {
        this.join(before, this.calls.next(call));
        return true;
      }
      before = at;
    }
    return false;
  }

  private join(before: number, after: number): void {
    if (before < 0) this.head = after;
    else this.calls.setNext(before, after);
    if (after < 0) this.tail = before;
  }

  /** Changes who is taken next (null: first come, first served); those in line take their places in the new order. */
  reorder(order: Order | null): void {
    const waiting: number[] = [];
    for (let k = this.queued; k > 0; k--) waiting.push(this.line === null ? this.shift() : this.line.pop());
    this.order = order;
    this.line = order === null ? null : new Line();
    this.head = this.tail = -1;
    for (const call of waiting) {
      if (this.line === null) this.append(call);
      else this.line.push(call, order!.key(call));
    }
  }

  /** Who is turned away at the head of the line (null: nobody), and whom to tell. */
  shed(shedder: Shedder | null, turnedAway: (call: number, code: number) => void): void {
    this.shedder = shedder;
    this.turnedAway = turnedAway;
  }

  /** All servers fall idle and nobody waits any more; what becomes of those calls is the owner's affair. */
  reset(): void {
    this.busySteps += this.clock.now * this.busy;
    this.queueSteps += this.clock.now * this.queued;
    this.leavingSteps += this.clock.now * this.leaving;
    this.busy = 0;
    this.queued = 0;
    this.head = this.tail = -1;
    this.line?.clear();
  }

  /** Changes the number of servers and places in the queue; who waits keeps waiting, who is served is served to the end. */
  resize(servers: number, room: number): void {
    this.serverSeconds += (this.clock.now - this.resized) * this.servers;
    this.resized = this.clock.now;
    this.leavingSteps += this.clock.now * this.leaving;
    this.servers = servers;
    this.leavingSteps -= this.clock.now * this.leaving;
    this.room = room;
  }

  /** ∫ queue length dt up to now, in call-seconds. */
  queueArea(now: number): number {
    return this.queueSteps + now * this.queued;
  }
  /** ∫ busy servers dt. */
  busyArea(now: number): number {
    return this.busySteps + now * this.busy;
  }
  /** Servers there are no more, which finish what they have. */
  private get leaving(): number {
    return Math.max(0, this.busy - this.servers);
  }

  /** ∫ servers dt, those included that only finish what they have. */
  serverArea(now: number): number {
    return this.serverSeconds + (now - this.resized) * this.servers + this.leavingSteps + now * this.leaving;
  }
}
