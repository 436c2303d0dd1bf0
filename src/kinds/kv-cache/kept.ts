/** What a KV cache keeps, and in what order it goes when there is no room. */

/** What goes first: the least recently used, the first that came, or the least often used. */
export type Eviction = 'lru' | 'fifo' | 'lfu';

function exchange(column: number[], a: number, b: number): void {
  const kept = column[a]!;
  column[a] = column[b]!;
  column[b] = kept;
}

/**
 * Pieces that are kept, in the order in which they would go: a heap by times used (for LFU, else always 0) and by the moment of last use or of
 * coming. Which of the three it is shows only in what `touch` does.
 */
export class Kept {
  private readonly places = new Map<number, number>();
  private readonly heap: number[] = [];
  private readonly uses: number[] = [];
  private readonly moments: number[] = [];
  private readonly amounts: number[] = [];
  private readonly owners: number[] = [];
  private clock = 0;
  /** Tokens of all pieces. */
  tokens = 0;

  constructor(private policy: Eviction) {}

  get size(): number {
    return this.heap.length;
  }

  /** Tokens of a piece; 0 where it is not kept. */
  amount(key: number): number {
    const place = this.places.get(key);
    return place === undefined ? 0 : this.amounts[place]!;
  }

  /** A piece is used: under LRU it moves to the end, under LFU it counts one more. */
  touch(key: number): void {
    const place = this.places.get(key);
    if (place === undefined || this.policy === 'fifo') return;
    this.moments[place] = ++this.clock;
    if (this.policy === 'lfu') this.uses[place]!++;
    this.down(place);
  }

  add(key: number, amount: number, owner: number): void {
    const place = this.heap.length;
    this.heap.push(key);
    this.uses.push(0);
    this.moments.push(++this.clock);
    this.amounts.push(amount);
    this.owners.push(owner);
    this.places.set(key, place);
    this.tokens += amount;
    this.up(place);
  }

  /** A piece kept so far becomes longer, and belongs to whoever has computed it now. */
  lengthen(key: number, amount: number, owner: number): void {
    const place = this.places.get(key)!;
    this.tokens += amount - this.amounts[place]!;
    this.amounts[place] = amount;
    this.owners[place] = owner;
  }

  /** Drops the piece that goes first; returns its key. */
  drop(): number {
    return this.remove(0);
  }

  /** Pieces of owners `from` … `to` − 1. Looks at all. */
  of(from: number, to: number): readonly number[] {
    return this.heap.filter((_, place) => this.owners[place]! >= from && this.owners[place]! < to);
  }

  /** Drops a piece that is kept. */
  delete(key: number): void {
    this.remove(this.places.get(key)!);
  }

  private remove(place: number): number {
    const key = this.heap[place]!;
    this.tokens -= this.amounts[place]!;
    this.places.delete(key);
    this.move(this.heap.length - 1, place);
    for (const column of [this.heap, this.uses, this.moments, this.amounts, this.owners]) column.pop();
    if (place < this.heap.length) {
      this.up(place);
      this.down(place);
    }
    return key;
  }

  clear(): void {
    while (this.heap.length > 0) this.drop();
  }

  /** Another order from now on; past uses count from nothing. */
  order(policy: Eviction): void {
    this.policy = policy;
    this.uses.fill(0);
    for (let place = this.heap.length - 1; place >= 0; place--) this.down(place);
  }

  private move(from: number, to: number): void {
    if (from === to) return;
    this.heap[to] = this.heap[from]!;
    this.uses[to] = this.uses[from]!;
    this.moments[to] = this.moments[from]!;
    this.amounts[to] = this.amounts[from]!;
    this.owners[to] = this.owners[from]!;
    this.places.set(this.heap[to]!, to);
  }

  private swap(a: number, b: number): void {
    exchange(this.heap, a, b);
    exchange(this.uses, a, b);
    exchange(this.moments, a, b);
    exchange(this.amounts, a, b);
    exchange(this.owners, a, b);
    this.places.set(this.heap[a]!, a);
    this.places.set(this.heap[b]!, b);
  }

  private before(a: number, b: number): boolean {
    const d = this.uses[a]! - this.uses[b]!;
    return d < 0 || (d === 0 && this.moments[a]! < this.moments[b]!);
  }

  private up(place: number): void {
    for (let at = place; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!this.before(at, above)) return;
      this.swap(at, above);
      at = above;
    }
  }

  private down(place: number): void {
    for (let at = place; ; ) {
      let below = 2 * at + 1;
      if (below >= this.heap.length) return;
      if (below + 1 < this.heap.length && this.before(below + 1, below)) below++;
      if (!this.before(below, at)) return;
      this.swap(at, below);
      at = below;
    }
  }
}
