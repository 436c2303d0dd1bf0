/**
 * Waiting lines that are not first come, first served: who is taken next is decided by a key given on entering, the lowest first and
 * equals in the order in which they came. And the orders themselves, each of which makes such a key.
 */
import type { Calls } from './calls.ts';
import type { Ledger } from './ledger.ts';
import type { Requests } from './requests.ts';

/** A waiting line ordered by key: a binary heap of calls. */
export class Line {
  size = 0;
  private keys = new Float64Array(16);
  private turns = new Float64Array(16);
  private calls = new Int32Array(16);
  private turn = 0;

  push(call: number, key: number): void {
    if (this.size === this.calls.length) this.grow();
    this.up(this.size++, call, key, this.turn++);
  }

  /** Takes the first out; the line must not be empty. */
  pop(): number {
    const first = this.calls[0]!;
    this.removeAt(0);
    return first;
  }

  /** Who is next, and by what key; the line must not be empty. */
  first(): number {
    return this.calls[0]!;
  }
  firstKey(): number {
    return this.keys[0]!;
  }

  /** Takes a call out wherever it stands; false if it is not in line. */
  remove(call: number): boolean {
    const at = this.calls.subarray(0, this.size).indexOf(call);
    if (at >= 0) this.removeAt(at);
    return at >= 0;
  }

  clear(): void {
    this.size = 0;
  }

  private removeAt(i: number): void {
    const last = --this.size;
    if (i === last) return;
    const call = this.calls[last]!;
    const key = this.keys[last]!;
    const turn = this.turns[last]!;
    if (i > 0 && this.before(key, turn, (i - 1) >> 1)) this.up(i, call, key, turn);
    else this.down(i, call, key, turn);
  }

  private before(key: number, turn: number, other: number): boolean {
    const k = this.keys[other]!;
    return key < k || (key === k && turn < this.turns[other]!);
  }

  private put(i: number, call: number, key: number, turn: number): void {
    this.calls[i] = call;
    this.keys[i] = key;
    this.turns[i] = turn;
  }

  private move(from: number, to: number): void {
    this.put(to, this.calls[from]!, this.keys[from]!, this.turns[from]!);
  }

  private up(i: number, call: number, key: number, turn: number): void {
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.before(key, turn, parent)) break;
      this.move(parent, i);
      i = parent;
    }
    this.put(i, call, key, turn);
  }

  private down(i: number, call: number, key: number, turn: number): void {
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.before(this.keys[child + 1]!, this.turns[child + 1]!, child)) child++;
      if (this.before(key, turn, child)) break;
      this.move(child, i);
      i = child;
    }
    this.put(i, call, key, turn);
  }

  private grow(): void {
    const wider = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(old.length * 2);
      larger.set(old);
      return larger;
    };
    const calls = new Int32Array(this.calls.length * 2);
    calls.set(this.calls);
    this.calls = calls;
    this.keys = wider(this.keys);
    this.turns = wider(this.turns);
  }
}

/** Where a line finds what it orders calls by. */
export interface Register {
  readonly calls: Calls;
  readonly requests: Requests;
  readonly ledger: Ledger;
}

/** Makes the key by which a call waits, and hears of each that is taken. */
export interface Order {
  key(call: number): number;
  taken(key: number): void;
}

/** Orders in which waiting calls can be taken; `arrival` needs no key. */
export const orderings = ['arrival', 'latest', 'priority', 'deadline', 'fair', 'shortest'] as const;
/** One of those orders. */
export type Ordering = (typeof orderings)[number];

/** Last come, first served. */
class Latest implements Order {
  private turn = 0;
  key(): number {
    return --this.turn;
  }
  taken(): void {}
}

/** The higher the priority of its class, the sooner. */
class ByPriority implements Order {
  constructor(private readonly from: Register) {}
  key(call: number): number {
    return -this.from.ledger.classes[this.from.calls.class(call)]!.priority;
  }
  taken(): void {}
}

/** Earliest deadline first; those without come last. */
class ByDeadline implements Order {
  constructor(private readonly from: Register) {}
  key(call: number): number {
    return this.from.requests.deadline(this.from.calls.request(call));
  }
  taken(): void {}
}

/** Shortest first, by the work that the server has noted with the call (`Calls.mark`). */
class Shortest implements Order {
  constructor(private readonly from: Register) {}
  key(call: number): number {
    return this.from.calls.mark(call);
  }
  taken(): void {}
}

/**
 * Weighted fair by tenant: self-clocked fair queueing (Golestani 1994), each call counting as one piece of work. A call's tag is
 * max(tag in service, its tenant's last tag) + 1 ÷ the tenant's weight.
 */
class Fair implements Order {
  private now = 0;
  private readonly last = new Map<string, number>();
  constructor(private readonly from: Register) {}
  key(call: number): number {
    const { tenant, weight } = this.from.ledger.classes[this.from.calls.class(call)]!;
    const tag = Math.max(this.now, this.last.get(tenant) ?? 0) + 1 / weight;
    this.last.set(tenant, tag);
    return tag;
  }
  taken(key: number): void {
    this.now = key;
  }
}

/** The order of that name; null for order of arrival. */
export function orderOf(ordering: Ordering, from: Register): Order | null {
  switch (ordering) {
    case 'arrival':
      return null;
    case 'latest':
      return new Latest();
    case 'priority':
      return new ByPriority(from);
    case 'deadline':
      return new ByDeadline(from);
    case 'fair':
      return new Fair(from);
    case 'shortest':
      return new Shortest(from);
  }
}
