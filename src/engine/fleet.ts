/**
 * A fleet: like stations side by side (shards, replicas), each with servers and a bounded first-come queue, serving *pieces* of calls. One call
 * may be served in many pieces at many stations at once; whoever owns the fleet draws service times, plans their ends and joins the pieces.
 */
import type { Clock } from './clock.ts';
import { enlarged } from './agenda.ts';
import type { Calls } from './calls.ts';
import { QUEUED, REFUSED, STARTED } from './station.ts';

const STRIDE = 8;
const CALL = 0;
const STATION = 1;
const NEXT = 2;
const AMOUNT = 3;
const TWIN = 4;
const TIMER = 5;
const DONE = 6;

const LAST = 0;
const QUEUE_AREA = 1;
const BUSY_AREA = 2;
const SERVER_AREA = 3;

/** A bound on memory, far above any sensible design. */
const MOST = 4_000_000;

export class Fleet {
  /** Pieces in service and waiting, at all stations together; and the most that ever waited. */
  busy = 0;
  queued = 0;
  longest = 0;
  /** Pieces alive; beyond `MOST` every queue counts as full. */
  alive = 0;
  private rows = new Int32Array(64 * STRIDE);
  private since = new Float64Array(64);
  private made = 0;
  private free = -1;
  private serving = new Int32Array(0);
  private waiting = new Int32Array(0);
  private head = new Int32Array(0);
  private tail = new Int32Array(0);
  private readonly t = new Float64Array(4);
  private readonly clock: Clock;

  constructor(
    calls: Calls,
    public stations: number,
    public servers: number,
    public room: number,
  ) {
    this.clock = calls.clock;
    this.resize(stations, servers, room);
  }

  /** A new piece of `call`, of so much work, born now. */
  piece(call: number, amount: number): number {
    let p = this.free;
    if (p < 0) {
      if (this.made * STRIDE === this.rows.length) this.grow();
      p = this.made++;
    } else this.free = this.rows[p * STRIDE + NEXT]!;
    this.alive++;
    const at = p * STRIDE;
    const { rows } = this;
    rows[at + CALL] = call;
    rows[at + AMOUNT] = amount;
    rows[at + TWIN] = -1;
    rows[at + TIMER] = -1;
    rows[at + DONE] = 0;
    this.since[p] = this.clock.now;
    return p;
  }

  /** Gives a piece's row back. */
  recycle(p: number): void {
    this.rows[p * STRIDE + NEXT] = this.free;
    this.free = p;
    this.alive--;
  }

  call(p: number): number {
    return this.rows[p * STRIDE + CALL]!;
  }
  /** Where it was offered. */
  station(p: number): number {
    return this.rows[p * STRIDE + STATION]!;
  }
  amount(p: number): number {
    return this.rows[p * STRIDE + AMOUNT]!;
  }
  /** When it was born, in seconds. */
  born(p: number): number {
    return this.since[p]!;
  }
  /** Another piece that does the same work elsewhere, or −1. */
  twin(p: number): number {
    return this.rows[p * STRIDE + TWIN]!;
  }
  setTwin(p: number, twin: number): void {
    this.rows[p * STRIDE + TWIN] = twin;
  }
  /** Handle of a planned event, or −1. */
  timer(p: number): number {
    return this.rows[p * STRIDE + TIMER]!;
  }
  setTimer(p: number, handle: number): void {
    this.rows[p * STRIDE + TIMER] = handle;
  }
  /** Whether its answer is no longer needed. */
  settled(p: number): boolean {
    return this.rows[p * STRIDE + DONE] === 1;
  }
  settle(p: number): void {
    this.rows[p * STRIDE + DONE] = 1;
  }

  /** Pieces at a station, served and waiting. */
  load(station: number): number {
    return this.serving[station]! + this.waiting[station]!;
  }
  servingAt(station: number): number {
    return this.serving[station]!;
  }

  /** The least loaded of `count` stations from `first` on, ties going to the one `turn` points at or the next after it. */
  leastLoaded(first: number, count: number, turn: number): number {
    let best = first + (turn % count);
    for (let k = 1; k < count && this.load(best) > 0; k++) {
      const other = first + ((turn + k) % count);
      if (this.load(other) < this.load(best)) best = other;
    }
    return best;
  }

  /** Brings the areas up to this moment; every change comes after it. */
  private advance(): void {
    const { t } = this;
    const elapsed = this.clock.now - t[LAST]!;
    t[LAST] = this.clock.now;
    t[QUEUE_AREA]! += elapsed * this.queued;
    t[BUSY_AREA]! += elapsed * this.busy;
    t[SERVER_AREA]! += elapsed * this.stations * this.servers;
  }

  /** A piece comes to a station: `STARTED` (a server has it), `QUEUED`, or `REFUSED` because that queue is full. */
  offer(station: number, p: number): number {
    this.advance();
    this.rows[p * STRIDE + STATION] = station;
    if (this.serving[station]! < this.servers) {
      this.serving[station]!++;
      this.busy++;
      return STARTED;
    }
    if (this.waiting[station]! >= this.room || this.alive > MOST) return REFUSED;
    this.rows[p * STRIDE + NEXT] = -1;
    if (this.tail[station]! < 0) this.head[station] = p;
    else this.rows[this.tail[station]! * STRIDE + NEXT] = p;
    this.tail[station] = p;
    this.waiting[station]!++;
    if (++this.queued > this.longest) this.longest = this.queued;
    return QUEUED;
  }

  /** A server of a station is done; returns the waiting piece it turns to, or −1. */
  finish(station: number): number {
    this.advance();
    this.serving[station]!--;
    this.busy--;
    return this.draw(station);
  }

  /** Takes a station's first waiting piece into service if a server is free; −1 otherwise. Call for each after raising `servers`. */
  draw(station: number): number {
    this.advance();
    const p = this.head[station]!;
    if (p < 0 || this.serving[station]! >= this.servers) return -1;
    this.head[station] = this.rows[p * STRIDE + NEXT]!;
    if (this.head[station]! < 0) this.tail[station] = -1;
    this.waiting[station]!--;
    this.queued--;
    this.serving[station]!++;
    this.busy++;
    return p;
  }

  /** Changes the fleet. Stations that fall away get nothing new from their owner but serve out what they have. */
  resize(stations: number, servers: number, room: number): void {
    this.advance();
    this.stations = stations;
    this.servers = servers;
    this.room = room;
    const old = this.serving.length;
    if (stations <= old) return;
    this.serving = enlarged(this.serving, new Int32Array(stations));
    this.waiting = enlarged(this.waiting, new Int32Array(stations));
    this.head = enlarged(this.head, new Int32Array(stations).fill(-1, old));
    this.tail = enlarged(this.tail, new Int32Array(stations).fill(-1, old));
  }

  /** Pieces alive now, in the order of their numbers. Looks at every row: for rare occasions. */
  pieces(): readonly number[] {
    const free = new Uint8Array(this.made);
    for (let p = this.free, left = this.made - this.alive; left > 0; left--, p = this.rows[p * STRIDE + NEXT]!) free[p] = 1;
    return Array.from({ length: this.made }, (_, p) => p).filter((p) => free[p] === 0);
  }

  /** All servers fall idle, all queues are empty; the pieces that were there are for their owner to recycle. */
  reset(): void {
    this.advance();
    this.serving.fill(0);
    this.waiting.fill(0);
    this.head.fill(-1);
    this.tail.fill(-1);
    this.busy = this.queued = 0;
  }

  /** Stations that ever were, those fallen away included. */
  get everStations(): number {
    return this.serving.length;
  }

  /** ∫ pieces waiting dt up to now, at all stations. */
  queueArea(now: number): number {
    return this.t[QUEUE_AREA]! + (now - this.t[LAST]!) * this.queued;
  }
  /** ∫ busy servers dt. */
  busyArea(now: number): number {
    return this.t[BUSY_AREA]! + (now - this.t[LAST]!) * this.busy;
  }
  /** ∫ servers dt. */
  serverArea(now: number): number {
    return this.t[SERVER_AREA]! + (now - this.t[LAST]!) * this.stations * this.servers;
  }

  /** Fills `cells` with each station's share of busy servers, several stations to a cell where there are many; returns how many. */
  face(cells: Float64Array, most: number): number {
    const shown = Math.min(most, this.stations);
    for (let i = 0; i < shown; i++) {
      const from = Math.floor((i * this.stations) / shown);
      const to = Math.floor(((i + 1) * this.stations) / shown);
      let serving = 0;
      for (let s = from; s < to; s++) serving += this.serving[s]!;
      cells[i] = Math.min(1, serving / ((to - from) * this.servers));
    }
    return shown;
  }

  private grow(): void {
    this.rows = enlarged(this.rows, new Int32Array(this.rows.length * 2));
    this.since = enlarged(this.since, new Float64Array(this.since.length * 2));
  }
}
