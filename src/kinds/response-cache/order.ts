/** Orders of eviction: which entry of a cache goes first. Entries are slot numbers. */
import { enlarged } from '../../engine/agenda.ts';

/** Knows who goes next; `touch` tells it of a hit. */
export interface Order {
  /** A new entry of so many bytes that cost so much to get. */
  add(slot: number, bytes: number, cost: number): void;
  touch(slot: number): void;
  remove(slot: number): void;
  /** The entry to go next, or −1. */
  victim(): number;
  /** All entries, the next to go first. */
  list(): number[];
}

/** Least recently used goes first: a doubly linked list, both links of an entry side by side (one cache line an entry, not two). */
export class RecencyList implements Order {
  private links = new Int32Array(128);
  private newest = -1;
  private oldest = -1;

  add(slot: number): void {
    if (2 * slot >= this.links.length) this.links = enlarged(this.links, new Int32Array(4 * slot));
    this.prepend(slot);
  }

  touch(slot: number): void {
    if (slot === this.newest) return;
    this.remove(slot);
    this.prepend(slot);
  }

  private prepend(slot: number): void {
    const { links, newest } = this;
    links[2 * slot] = -1;
    links[2 * slot + 1] = newest;
    if (newest >= 0) links[2 * newest] = slot;
    else this.oldest = slot;
    this.newest = slot;
  }

  remove(slot: number): void {
    const { links } = this;
    const newer = links[2 * slot]!;
    const older = links[2 * slot + 1]!;
    if (newer >= 0) links[2 * newer + 1] = older;
    else this.newest = older;
    if (older >= 0) links[2 * older] = newer;
    else this.oldest = newer;
  }

  victim(): number {
    return this.oldest;
  }

  list(): number[] {
    const slots: number[] = [];
    for (let s = this.oldest; s >= 0; s = this.links[2 * s]!) slots.push(s);
    return slots;
  }
}

/** Turns of the clock that breaks ties between equal counts fit below the binary point of a count. */
const TICK = 1 / 4294967296;

/**
 * Least valuable goes first: a binary heap. By count, the least often used goes first and among equals the least recently used (counts are
 * forgotten with the entry). By value it is GreedyDual-Size-Frequency (Cherkasova 1998): value = inflation + hits × cost ÷ bytes, where
 * inflation is the value of the last victim, so that small, dear and often used entries stay and old fame fades. With every cost 1 it is after
 * hits; with the time it took to get an entry (Cao and Irani 1997) it is after time saved. A hit costs little: what is often used lies deep in the
 * heap and hardly moves.
 */
export class ValueHeap implements Order {
  private heap = new Int32Array(64);
  private size = 0;
  private place = new Int32Array(64);
  private hits = new Int32Array(64);
  /** Cost ÷ bytes. */
  private density = new Float64Array(64);
  private value = new Float64Array(64);
  private inflation = 0;
  private clock = 0;

  constructor(private readonly sizeAware: boolean) {}

  add(slot: number, bytes: number, cost: number): void {
    if (slot >= this.heap.length) this.grow(2 * slot);
    this.hits[slot] = 1;
    this.density[slot] = cost / bytes;
    this.value[slot] = this.worth(slot);
    this.up(this.size++, slot);
  }

  touch(slot: number): void {
    this.hits[slot]!++;
    this.value[slot] = this.worth(slot);
    this.down(this.place[slot]!, slot);
  }

  remove(slot: number): void {
    const at = this.place[slot]!;
    const last = this.heap[--this.size]!;
    if (last === slot) return;
    this.down(at, last);
    this.up(this.place[last]!, last);
  }

  /** Whoever asks is about to evict: newcomers from now on are worth at least what this one was. */
  victim(): number {
    if (this.size === 0) return -1;
    const slot = this.heap[0]!;
    if (this.sizeAware) this.inflation = this.value[slot]!;
    return slot;
  }

  list(): number[] {
    return [...this.heap.subarray(0, this.size)].sort((a, b) => this.value[a]! - this.value[b]! || a - b);
  }

  private worth(slot: number): number {
    if (this.sizeAware) return this.inflation + this.hits[slot]! * this.density[slot]!;
    return this.hits[slot]! + this.clock++ * TICK;
  }

  private up(i: number, slot: number): void {
    const { heap, place, value } = this;
    const worth = value[slot]!;
    while (i > 0) {
      const p = (i - 1) >> 1;
      const parent = heap[p]!;
      if (value[parent]! <= worth) break;
      heap[i] = parent;
      place[parent] = i;
      i = p;
    }
    heap[i] = slot;
    place[slot] = i;
  }

  private down(i: number, slot: number): void {
    const { heap, place, value, size } = this;
    const worth = value[slot]!;
    for (;;) {
      let c = 2 * i + 1;
      if (c >= size) break;
      if (c + 1 < size && value[heap[c + 1]!]! < value[heap[c]!]!) c++;
      const child = heap[c]!;
      if (worth <= value[child]!) break;
      heap[i] = child;
      place[child] = i;
      i = c;
    }
    heap[i] = slot;
    place[slot] = i;
  }

  private grow(n: number): void {
    this.heap = enlarged(this.heap, new Int32Array(n));
    this.place = enlarged(this.place, new Int32Array(n));
    this.hits = enlarged(this.hits, new Int32Array(n));
    this.value = enlarged(this.value, new Float64Array(n));
    this.density = enlarged(this.density, new Float64Array(n));
  }
}
