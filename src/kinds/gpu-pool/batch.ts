/** The sequences that have a place in an engine's batch: a table of slots, recycled, linked in the order in which they were let in. */
import { enlarged } from '../../engine/agenda.ts';

/** Integers per slot, and what stands where among them. */
export const STRIDE = 12;
/** The call, or −1 once it has no business here any more. */
export const CALL = 0;
/** Tokens to work through before the next token of the answer, and how many are done; those of this iteration. */
export const PROMPT = 1;
export const DONE = 2;
export const CHUNK = 3;
/** Tokens of the answer still to come after the prompt. */
export const LEFT = 4;
/** What it is at: see below. */
export const STATE = 5;
/** Blocks set aside when it was let in. */
export const RESERVED = 6;
/** Of one that comes from another engine: its slot there; and the handle of its arrival on the agenda. */
export const THERE = 7;
export const ARRIVAL = 8;
const BEFORE = 9;
const AFTER = 10;

/** In `CALL`: the slot is free. */
const VACANT = -2;
/** In `CALL`: it leaves with the end of the iteration. */
const GHOST = -1;

/** Its prompt is worked through. */
export const READS = 0;
/** It decodes. */
export const ANSWERS = 1;
/** Its answer is done, but it decodes padding until the rest of a static batch is done. */
export const IDLES = 2;
/** Its keys and values wait for another engine. */
export const PARKED = 3;
/** Its keys and values are on their way from another engine. */
export const COMES = 4;

/** The table of one engine. */
export class Batch {
  /** Integers of all slots, `STRIDE` each; replaced when it grows. */
  rows = new Int32Array(16 * STRIDE);
  oldest = -1;
  newest = -1;
  private made = 0;
  private free = -1;

  /** A slot for a call, the newest of all. */
  add(call: number): number {
    const slot = this.slot();
    const { rows } = this;
    const at = slot * STRIDE;
    rows[at + CALL] = call;
    rows[at + CHUNK] = 0;
    rows[at + BEFORE] = this.newest;
    rows[at + AFTER] = -1;
    if (this.newest >= 0) rows[this.newest * STRIDE + AFTER] = slot;
    else this.oldest = slot;
    this.newest = slot;
    return slot;
  }

  private slot(): number {
    const slot = this.free;
    if (slot >= 0) {
      this.free = this.rows[slot * STRIDE + AFTER]!;
      return slot;
    }
    if (this.made * STRIDE === this.rows.length) this.rows = enlarged(this.rows, new Int32Array(2 * this.rows.length));
    return this.made++;
  }

  remove(slot: number): void {
    const { rows } = this;
    const before = rows[slot * STRIDE + BEFORE]!;
    const after = rows[slot * STRIDE + AFTER]!;
    if (before >= 0) rows[before * STRIDE + AFTER] = after;
    else this.oldest = after;
    if (after >= 0) rows[after * STRIDE + BEFORE] = before;
    else this.newest = before;
    rows[slot * STRIDE + CALL] = VACANT;
    rows[slot * STRIDE + AFTER] = this.free;
    this.free = slot;
  }

  /** Nobody wants its answer any more; it leaves with the end of the iteration. */
  disown(slot: number): void {
    this.rows[slot * STRIDE + CALL] = GHOST;
  }

  isDisowned(slot: number): boolean {
    return this.rows[slot * STRIDE + CALL] === GHOST;
  }

  /** The slot let in next after or before this one, or −1. */
  after(slot: number): number {
    return this.rows[slot * STRIDE + AFTER]!;
  }
  before(slot: number): number {
    return this.rows[slot * STRIDE + BEFORE]!;
  }

  call(slot: number): number {
    return this.rows[slot * STRIDE + CALL]!;
  }
  state(slot: number): number {
    return this.rows[slot * STRIDE + STATE]!;
  }
}
