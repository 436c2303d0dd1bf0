/** What a broker keeps: messages that hold on to their requests, and the deliveries of them that are under way. */
import { enlarged } from '../../engine/agenda.ts';

const STRIDE = 9;
const REQUEST = 0;
const TRIES = 1;
const REFS = 2;
const STATE = 3;
const LATEST = 4;
const TIMER = 5;
const NEXT = 6;
const DONE = 7;
const LANE = 8;
/** The state of a free row. */
const VACANT = -1;

/** Messages: one row of integers each and a moment, recycled by whoever knows that nothing refers to one any more. */
export class Messages {
  /** Rows in use. */
  count = 0;
  private rows = new Int32Array(64 * STRIDE);
  private moments = new Float64Array(64);
  private made = 0;
  private free = -1;

  /** A message with this request, come in at `since` seconds; state 0, never delivered. */
  create(request: number, since: number): number {
    const m = this.free >= 0 ? this.free : this.fresh();
    const at = m * STRIDE;
    if (m === this.free) this.free = this.rows[at + NEXT]!;
    this.count++;
    this.rows.fill(0, at, at + STRIDE);
    this.rows[at + REQUEST] = request;
    this.rows[at + LATEST] = this.rows[at + TIMER] = this.rows[at + NEXT] = -1;
    this.moments[m] = since;
    return m;
  }

  private fresh(): number {
    if (this.made * STRIDE === this.rows.length) {
      this.rows = enlarged(this.rows, new Int32Array(this.rows.length * 2));
      this.moments = enlarged(this.moments, new Float64Array(this.moments.length * 2));
    }
    return this.made++;
  }

  recycle(m: number): void {
    this.rows[m * STRIDE + STATE] = VACANT;
    this.rows[m * STRIDE + NEXT] = this.free;
    this.free = m;
    this.count--;
  }

  /** All there are, in the order of their rows. */
  all(): number[] {
    const list: number[] = [];
    for (let m = 0; m < this.made; m++) if (this.state(m) !== VACANT) list.push(m);
    return list;
  }

  request(m: number): number {
    return this.rows[m * STRIDE + REQUEST]!;
  }
  /** When it came in, in seconds. */
  since(m: number): number {
    return this.moments[m]!;
  }
  /** Deliveries begun. */
  tries(m: number): number {
    return this.rows[m * STRIDE + TRIES]!;
  }
  setTries(m: number, value: number): void {
    this.rows[m * STRIDE + TRIES] = value;
  }
  /** One more place that refers to it (a line, a delivery). */
  refer(m: number): void {
    this.rows[m * STRIDE + REFS]!++;
  }
  /** One less; how many are left. */
  unrefer(m: number): number {
    return --this.rows[m * STRIDE + REFS]!;
  }
  /** Where it stands; the numbers are the owner's, from 0 up. */
  state(m: number): number {
    return this.rows[m * STRIDE + STATE]!;
  }
  setState(m: number, value: number): void {
    this.rows[m * STRIDE + STATE] = value;
  }
  /** The delivery whose answer counts, or −1. */
  latest(m: number): number {
    return this.rows[m * STRIDE + LATEST]!;
  }
  setLatest(m: number, value: number): void {
    this.rows[m * STRIDE + LATEST] = value;
  }
  /** Handle of its planned event, or −1. */
  timer(m: number): number {
    return this.rows[m * STRIDE + TIMER]!;
  }
  setTimer(m: number, value: number): void {
    this.rows[m * STRIDE + TIMER] = value;
  }
  /** The message behind it in a list of the owner's. */
  next(m: number): number {
    return this.rows[m * STRIDE + NEXT]!;
  }
  setNext(m: number, value: number): void {
    this.rows[m * STRIDE + NEXT] = value;
  }
  /** Where it belongs (a partition), for an owner that has more than one line. */
  lane(m: number): number {
    return this.rows[m * STRIDE + LANE]!;
  }
  setLane(m: number, value: number): void {
    this.rows[m * STRIDE + LANE] = value;
  }
  /** How often it has been carried out. */
  done(m: number): number {
    return this.rows[m * STRIDE + DONE]!;
  }
  setDone(m: number, value: number): void {
    this.rows[m * STRIDE + DONE] = value;
  }
}

const PLACE = 3;
/** In place of a lane: the broker has forgotten this delivery, and nobody reads its answer. */
const FORGOTTEN = -1;
/** In place of a lane: a free row. */
const FREE = -2;

/** Deliveries under way: which message, and along which lane (a link, a partition). Their numbers travel with the calls. */
export class Deliveries {
  private rows = new Int32Array(64 * PLACE);
  private made = 0;
  private free = -1;

  open(message: number, lane: number): number {
    let d = this.free;
    if (d >= 0) this.free = this.rows[d * PLACE + 2]!;
    else {
      if (this.made * PLACE === this.rows.length) this.rows = enlarged(this.rows, new Int32Array(this.rows.length * 2));
      d = this.made++;
    }
    this.rows[d * PLACE] = message;
    this.rows[d * PLACE + 1] = lane;
    return d;
  }

  close(d: number): void {
    this.rows[d * PLACE + 1] = FREE;
    this.rows[d * PLACE + 2] = this.free;
    this.free = d;
  }

  message(d: number): number {
    return this.rows[d * PLACE]!;
  }
  lane(d: number): number {
    return this.rows[d * PLACE + 1]!;
  }
  /** Whether the broker has lost its memory since. */
  forgotten(d: number): boolean {
    return this.rows[d * PLACE + 1] === FORGOTTEN;
  }

  /** Forgets all deliveries under way; their numbers stay theirs until their calls are back. */
  forget(): void {
    for (let d = 0; d < this.made; d++) if (this.rows[d * PLACE + 1]! >= 0) this.rows[d * PLACE + 1] = FORGOTTEN;
  }
}
