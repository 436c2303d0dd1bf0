/** What a cache holds: entries by key, each with a size and an age, bounded in bytes. */
import type { Clock } from '../../engine/clock.ts';
import { enlarged } from '../../engine/agenda.ts';
import { KeyMap } from './key-map.ts';
import { RecencyList, ValueHeap, type Order } from './order.ts';

/** Which entry goes first when room is needed. */
export type Eviction = 'LRU' | 'LFU' | 'GDSF';

/** Entries that one cache holds at most, whatever its bytes: about 200 MB of the machine that simulates it. */
export const MOST_ENTRIES = 4_000_000;

function widened(from: Float32Array<ArrayBuffer>, n: number): Float32Array<ArrayBuffer> {
  const to = new Float32Array(n);
  to.set(from);
  return to;
}

const orderOf = (eviction: Eviction): Order => (eviction === 'LRU' ? new RecencyList() : new ValueHeap(eviction === 'GDSF'));

export class Store {
  /** Bytes held; entries evicted to make room; entries found too old. */
  used = 0;
  evicted = 0;
  expired = 0;
  private readonly slots = new KeyMap();
  private order: Order;
  private keys = new Int32Array(64);
  private sizes = new Float32Array(64);
  private costs = new Float32Array(64);
  private since = new Float64Array(64);
  private made = 0;
  private readonly free: number[] = [];

  /** `clock.now` is now; a `lifetime` of 0 seconds is for ever. */
  constructor(
    private readonly clock: Clock,
    private capacity: number,
    private lifetime: number,
    private eviction: Eviction,
  ) {
    this.order = orderOf(eviction);
  }

  get entries(): number {
    return this.slots.size;
  }

  /** Takes changed settings; what is held stays as far as it fits. */
  set(capacity: number, lifetime: number, eviction: Eviction): void {
    this.capacity = capacity;
    this.lifetime = lifetime;
    if (eviction !== this.eviction) this.reorder(eviction);
    this.makeRoom(0);
  }

  /** Entries keep their order of eviction; counts of use start anew. */
  private reorder(eviction: Eviction): void {
    const slots = this.order.list();
    this.eviction = eviction;
    this.order = orderOf(eviction);
    for (const slot of slots) this.order.add(slot, this.sizes[slot]!, this.costs[slot]!);
  }

  /** Looks a key up: true if it is held and young enough, which counts as a use of it. */
  hit(key: number): boolean {
    const slot = this.slots.get(key);
    if (slot < 0) return false;
    if (this.lifetime > 0 && this.clock.now - this.since[slot]! >= this.lifetime) {
      this.expired++;
      this.drop(slot);
      return false;
    }
    this.order.touch(slot);
    return true;
  }

  /** Holds a key from now on, evicting others for it; what is larger than the whole cache is not held. `cost` is what it took to get it, in any unit. */
  put(key: number, bytes: number, cost = 1): void {
    const known = this.slots.get(key);
    if (known >= 0) this.drop(known);
    if (bytes > this.capacity) return;
    this.makeRoom(bytes);
    const slot = this.free.pop() ?? this.fresh();
    this.slots.set(key, slot);
    this.keys[slot] = key;
    this.sizes[slot] = bytes;
    this.costs[slot] = cost;
    this.since[slot] = this.clock.now;
    this.used += this.sizes[slot]!;
    this.order.add(slot, bytes, cost);
  }

  /** Forgets everything; nothing of it counts as evicted. */
  clear(): void {
    while (this.slots.size > 0) this.drop(this.order.victim());
  }

  private makeRoom(bytes: number): void {
    while (this.slots.size > 0 && (this.used + bytes > this.capacity || this.slots.size >= MOST_ENTRIES)) {
      this.evicted++;
      this.drop(this.order.victim());
    }
  }

  private drop(slot: number): void {
    this.slots.delete(this.keys[slot]!);
    this.order.remove(slot);
    this.used -= this.sizes[slot]!;
    this.free.push(slot);
  }

  private fresh(): number {
    if (this.made === this.keys.length) this.grow(2 * this.made);
    return this.made++;
  }

  private grow(n: number): void {
    this.keys = enlarged(this.keys, new Int32Array(n));
    this.since = enlarged(this.since, new Float64Array(n));
    this.sizes = widened(this.sizes, n);
    this.costs = widened(this.costs, n);
  }
}
