/**
 * Servers with one bounded first-come queue in front: the part most queueing systems are made of. It keeps the books (queue length,
 * servers busy, over time); whoever owns it draws service times and plans their ends.
 */
import type { Calls } from './calls.ts';

// An area under a level is kept as Σ (time of each step down) − Σ (time of each step up); with level · now added, that is ∫ level dt.
// One addition a step, where advancing all areas at every event took three times as much.
const QUEUE = 0;
const BUSY = 1;
const SERVERS = 2;
const RESIZED = 3;

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
  private readonly t = new Float64Array(4);
  private readonly clock: Float64Array;

  constructor(
    private readonly calls: Calls,
    public servers: number,
    public room: number,
  ) {
    this.clock = calls.clock;
    this.t[RESIZED] = calls.clock[0]!;
  }

  /** A call comes: `STARTED` (a server has it from now on), `QUEUED`, or `REFUSED` because the queue is full. */
  offer(call: number): number {
    if (this.busy < this.servers) {
      this.busy++;
      this.t[BUSY]! -= this.clock[0]!;
      return STARTED;
    }
    if (this.queued >= this.room) return REFUSED;
    this.calls.setNext(call, -1);
    if (this.tail < 0) this.head = call;
    else this.calls.setNext(this.tail, call);
    this.tail = call;
    if (++this.queued > this.longest) this.longest = this.queued;
    this.t[QUEUE]! -= this.clock[0]!;
    return QUEUED;
  }

  /** A server is done; returns the waiting call it turns to, or −1 if it falls idle. */
  finish(): number {
    if (this.head >= 0 && this.busy <= this.servers) return this.take();
    this.busy--;
    this.t[BUSY]! += this.clock[0]!;
    return -1;
  }

  /** Takes the first waiting call into service, if a server is free; −1 otherwise. Call after raising `servers`. */
  draw(): number {
    if (this.head < 0 || this.busy >= this.servers) return -1;
    this.busy++;
    this.t[BUSY]! -= this.clock[0]!;
    return this.take();
  }

  private take(): number {
    const call = this.head;
    this.head = this.calls.next(call);
    if (this.head < 0) this.tail = -1;
    this.queued--;
    this.t[QUEUE]! += this.clock[0]!;
    return call;
  }

  /** Changes the number of servers and places in the queue; who waits keeps waiting, who is served is served to the end. */
  resize(servers: number, room: number): void {
    this.t[SERVERS] = this.serverArea(this.clock[0]!);
    this.t[RESIZED] = this.clock[0]!;
    this.servers = servers;
    this.room = room;
  }

  /** ∫ queue length dt up to now, in call-seconds. */
  queueArea(now: number): number {
    return this.t[QUEUE]! + now * this.queued;
  }
  /** ∫ busy servers dt. */
  busyArea(now: number): number {
    return this.t[BUSY]! + now * this.busy;
  }
  /** ∫ servers dt. */
  serverArea(now: number): number {
    return this.t[SERVERS]! + (now - this.t[RESIZED]!) * this.servers;
  }
}
