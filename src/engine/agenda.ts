/**
 * The list of pending events, in order of time and, at equal times, of insertion.
 *
 * Up to two dozen events a 4-ary heap is fastest; a popped root is left open so that the next push can fill it (20–35 ns an
 * event). Beyond, a ladder takes over: events of the near future in the heap, the rest unsorted in buckets by time, the far
 * future in one list (about 40 ns an event up to 10^4 of them). The order that comes out is the same either way.
 */

const SPILL = 24;
const SETTLE = 12;
const NOTHING = -1;
const ROOT = 3;

/**
 * A slot's integers in `Agenda.slots`: what it is about (`node << 4 | what`), an argument, and the next slot of its list. Its doubles lie in the same
 * half of a cache line: with 10^5 events pending nearly every line is fetched from afar.
 */
export const SLOT = 8;
export const TARGET = 0;
export const ARGUMENT = 1;
const LINK = 2;
/** The same memory in doubles: its time, and its place in the order of insertion. */
const KEYS = SLOT / 2;
const TIME = 2;
const ORDER = 3;

export class Agenda {
  /** When `push` shall plan for, and when the event last taken by `next` was due: handed over in memory, because a double passed to a
   * function that is not inlined costs an allocation (half the time of an event, measured). */
  readonly at = new Float64Array(1);
  // The heap: times, and slots pointing at what is to happen. Its root stands at 3, so that the children of `i` are the four from `4i − 8` on and `|`
  // finds them; after its end stands Infinity, so that there are always four.
  private heapTime = new Float64Array(256).fill(Infinity);
  private heapSlot = new Int32Array(256);
  private heapEnd = ROOT;
  /** 1 while the root has been taken and its place not yet been filled; a number, which is tested in a quarter of the instructions. */
  private open = 0;
  /** Integers of all slots, one slot per pending event, recycled; replaced when it grows. */
  slots = new Int32Array(256 * SLOT);
  private keys = new Float64Array(this.slots.buffer);
  private sequence = 0;
  private made = 0;
  private free = NOTHING;
  // The ladder: bucket(time) = (time − start) · perSecond; below `cursor` near, below `buckets` in the rung, else far.
  private start = NaN;
  private perSecond = NaN;
  private cursor = 1;
  private buckets = 1;
  private rung = new Int32Array(1).fill(NOTHING);
  private far = NOTHING;
  private farCount = 0;
  /** Heap size at which a ladder is tried; doubled where a ladder could not spread the events (all at one instant). */
  private spillAt = SPILL;

  constructor() {
    // Doubles from the first: see `Clock`.
    this.start = this.perSecond = 0;
  }

  /** Plans event `what` (0 … 15) for `node` at the time in `at[0]`; the handle can be given to `cancel` until the event has happened. */
  push(node: number, what: number, arg: number): number {
    const time = this.at[0]!;
    let slot = this.free;
    if (slot === NOTHING) slot = this.made * SLOT === this.slots.length ? this.grow() : this.made++;
    else this.free = this.slots[slot * SLOT | LINK]!;
    const { slots, keys } = this;
    slots[slot * SLOT | TARGET] = (node << 4) | what;
    slots[slot * SLOT | ARGUMENT] = arg;
    keys[slot * KEYS | TIME] = time;
    keys[slot * KEYS | ORDER] = this.sequence++;
    if ((time - this.start) * this.perSecond >= this.cursor) this.later(slot);
    else if (this.open !== 0) {
      this.open = 0;
      this.siftDown(slot);
    } else this.near(slot);
    return slot;
  }

  /** Strikes a pending event out; it costs nothing further but its place until its time has come. */
  cancel(slot: number): void {
    this.slots[slot * SLOT | TARGET] = NOTHING;
  }

  /**
   * Takes the next event no later than `limit`: its slot, or −1 if there is none; its time stands in `at[0]`. The slot's contents
   * stay readable until the next `push`.
   */
  next(limit: number): number {
    for (;;) {
      if (this.open !== 0) this.close();
      while (this.heapEnd === ROOT) if (!this.refill()) return NOTHING;
      const time = this.heapTime[ROOT]!;
      if (time > limit) return NOTHING;
      const slot = this.heapSlot[ROOT]!;
      const { slots } = this;
      slots[slot * SLOT | LINK] = this.free;
      this.free = slot;
      this.open = 1;
      if (slots[slot * SLOT | TARGET] === NOTHING) continue;
      this.at[0] = time;
      return slot;
    }
  }

  /**
   * Keeps the event just taken by `next` for later instead (call before any `push`); its handle stays good. `shelf` is the first
   * slot of a list of such events, −1 for none; the list's new first slot is returned.
   */
  park(slot: number, shelf: number): number {
    this.free = this.slots[slot * SLOT | LINK]!;
    this.slots[slot * SLOT | LINK] = shelf;
    return slot;
  }

  /** Plans all events of a shelf for the time in `at[0]`, in the order in which they were parked. */
  unpark(shelf: number): void {
    const parked: number[] = [];
    for (let slot = shelf; slot !== NOTHING; slot = this.slots[slot * SLOT | LINK]!) parked.push(slot);
    const time = this.at[0]!;
    for (const slot of parked.reverse()) {
      this.keys[slot * KEYS | TIME] = time;
      this.keys[slot * KEYS | ORDER] = this.sequence++;
      if (this.open !== 0) this.close();
      if ((time - this.start) * this.perSecond >= this.cursor) this.later(slot);
      else this.near(slot);
    }
  }

  /** Strikes out every pending event of a node whose `what` is below `below`. Looks at all slots: for rare occasions. */
  purge(node: number, below: number): void {
    for (let slot = 0; slot < this.made; slot++) {
      const target = this.slots[slot * SLOT | TARGET]!;
      if (target >> 4 === node && target !== NOTHING && (target & 15) < below) this.cancel(slot);
    }
  }

  /** Arguments of all pending events of a sort. Looks at all slots: for rare occasions. */
  arguments(what: number): Set<number> {
    const free = new Uint8Array(this.made);
    for (let slot = this.free; slot !== NOTHING; slot = this.slots[slot * SLOT | LINK]!) free[slot] = 1;
    const found = new Set<number>();
    for (let slot = 0; slot < this.made; slot++) {
      const target = this.slots[slot * SLOT | TARGET]!;
      if (free[slot] === 0 && target !== NOTHING && (target & 15) === what) found.add(this.slots[slot * SLOT | ARGUMENT]!);
    }
    return found;
  }

  private near(slot: number): void {
    this.siftUp(slot);
    if (this.heapEnd - ROOT > this.spillAt && this.perSecond === 0) this.spill();
  }

  private later(slot: number): void {
    const bucket = (this.keys[slot * KEYS | TIME]! - this.start) * this.perSecond;
    if (bucket < this.buckets) {
      const b = bucket | 0;
      this.slots[slot * SLOT | LINK] = this.rung[b]!;
      this.rung[b] = slot;
    } else {
      this.slots[slot * SLOT | LINK] = this.far;
      this.far = slot;
      this.farCount++;
    }
  }

  private siftUp(slot: number): void {
    if (this.heapEnd + 4 > this.heapTime.length) this.growHeap();
    const { heapTime, heapSlot, keys } = this;
    const time = keys[slot * KEYS | TIME]!;
    let i = this.heapEnd++;
    while (i > ROOT) {
      const p = (i >> 2) + 2;
      const t = heapTime[p]!;
      if (time > t || (time === t && keys[slot * KEYS | ORDER]! > keys[heapSlot[p]! * KEYS | ORDER]!)) break;
      heapTime[i] = t;
      heapSlot[i] = heapSlot[p]!;
      i = p;
    }
    heapTime[i] = time;
    heapSlot[i] = slot;
  }

  /** Puts an event into the open root and restores the order below it. The four children are compared one by one: a loop took twice the instructions. */
  private siftDown(slot: number): void {
    const { heapTime, heapSlot, keys, heapEnd } = this;
    const time = keys[slot * KEYS | TIME]!;
    let i = ROOT;
    for (let first = 4; first < heapEnd; first = (i - 2) << 2) {
      let m = first;
      let t = heapTime[first]!;
      const b = heapTime[first | 1]!;
      if (b < t || (b === t && this.older(first | 1, m))) {
        m = first | 1;
        t = b;
      }
      const c = heapTime[first | 2]!;
      if (c < t || (c === t && this.older(first | 2, m))) {
        m = first | 2;
        t = c;
      }
      const d = heapTime[first | 3]!;
      if (d < t || (d === t && this.older(first | 3, m))) {
        m = first | 3;
        t = d;
      }
      if (time < t || (time === t && keys[slot * KEYS | ORDER]! < keys[heapSlot[m]! * KEYS | ORDER]!)) break;
      heapTime[i] = t;
      heapSlot[i] = heapSlot[m]!;
      i = m;
    }
    heapTime[i] = time;
    heapSlot[i] = slot;
  }

  /** Which of two events of one moment was planned first; beyond the end of the heap there is none. */
  private older(one: number, other: number): boolean {
    return one < this.heapEnd && this.keys[this.heapSlot[one]! * KEYS | ORDER]! < this.keys[this.heapSlot[other]! * KEYS | ORDER]!;
  }

  /** Fills the open root with the last event of the heap. */
  private close(): void {
    this.open = 0;
    const last = --this.heapEnd;
    this.heapTime[last] = Infinity;
    if (last > ROOT) this.siftDown(this.heapSlot[last]!);
  }

  /** Brings the next bucket into the empty heap; false if nothing is pending. */
  private refill(): boolean {
    while (this.cursor < this.buckets) {
      let slot = this.rung[this.cursor]!;
      this.rung[this.cursor++] = NOTHING;
      if (slot === NOTHING) continue;
      while (slot !== NOTHING) slot = this.toHeap(slot);
      return true;
    }
    if (this.farCount === 0) return false;
    this.spread();
    return true;
  }

  /** Moves one slot of a list into the heap; returns the rest of the list. */
  private toHeap(slot: number): number {
    const rest = this.slots[slot * SLOT | LINK]!;
    this.siftUp(slot);
    return rest;
  }

  /** The heap has grown too large to be the fastest: everything goes to the far list, and from there onto a ladder. */
  private spill(): void {
    for (let i = ROOT; i < this.heapEnd; i++) {
      const slot = this.heapSlot[i]!;
      this.slots[slot * SLOT | LINK] = this.far;
      this.far = slot;
    }
    this.farCount += this.heapEnd - ROOT;
    this.heapTime.fill(Infinity, ROOT, this.heapEnd);
    this.heapEnd = ROOT;
    this.spread();
  }

  /**
   * Lays the far list out in buckets that reach four times as far as its mean, about one event to a bucket where they are densest (half as far, with
   * twice as many to a bucket, took 6 ns more an event); few go straight to the heap.
   */
  private spread(): void {
    let slot = this.far;
    let earliest = Infinity;
    let sum = 0;
    for (let s = slot; s !== NOTHING; s = this.slots[s * SLOT | LINK]!) {
      const t = this.keys[s * KEYS | TIME]!;
      if (t < earliest) earliest = t;
      sum += t;
    }
    const reach = this.narrowed(4 * (sum / this.farCount - earliest), earliest);
    const n = this.farCount;
    this.far = NOTHING;
    this.farCount = 0;
    if (n <= SETTLE || !(reach > earliest * 1e-13)) return this.settle(slot);
    this.buckets = 1 << Math.min(20, 34 - Math.clz32(n >> 1));
    if (this.rung.length < this.buckets) this.rung = new Int32Array(this.buckets).fill(NOTHING);
    this.start = earliest;
    this.perSecond = this.buckets / reach;
    this.cursor = 0;
    while (slot !== NOTHING) {
      const rest = this.slots[slot * SLOT | LINK]!;
      this.later(slot);
      slot = rest;
    }
  }

  /**
   * How far buckets shall reach where a few events lie far ahead of all others and the mean with them (a fault planned for the end took a tenth of
   * the time of an event): an eighth, while four in five of the far list lie within that.
   */
  private narrowed(reach: number, earliest: number): number {
    while (reach > earliest * 1e-13 && reach < Infinity) {
      let near = 0;
      for (let s = this.far; s !== NOTHING; s = this.slots[s * SLOT | LINK]!) if (this.keys[s * KEYS | TIME]! < earliest + reach / 8) near++;
      if (near < 0.8 * this.farCount) break;
      reach /= 8;
    }
    return reach;
  }

  /** Back to a plain heap. */
  private settle(list: number): void {
    this.start = 0;
    this.perSecond = 0;
    this.cursor = 1;
    this.buckets = 1;
    while (list !== NOTHING) list = this.toHeap(list);
    this.spillAt = Math.max(SPILL, 2 * (this.heapEnd - ROOT));
  }

  private grow(): number {
    this.slots = enlarged(this.slots, new Int32Array(this.slots.length * 2));
    this.keys = new Float64Array(this.slots.buffer);
    return this.made++;
  }

  private growHeap(): void {
    const n = this.heapTime.length * 2;
    this.heapTime = enlarged(this.heapTime, new Float64Array(n).fill(Infinity));
    this.heapSlot = enlarged(this.heapSlot, new Int32Array(n));
  }
}

/** The old contents at the start of a larger array. */
export function enlarged<A extends Float64Array | Int32Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
