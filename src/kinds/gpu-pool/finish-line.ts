/** Sequences in the order in which they will finish: a heap of slots by iteration number, ties in order of admission. */
import { enlarged } from '../../engine/agenda.ts';

/** The line of one engine. */
export class FinishLine {
  size = 0;
  private heap = new Int32Array(16);
  private place = new Int32Array(16);
  private at = new Float64Array(16);
  private order = new Float64Array(16);

  /** The slot that finishes first; there must be one. */
  first(): number {
    return this.heap[0]!;
  }

  /** The iteration at which a slot finishes. */
  iteration(slot: number): number {
    return this.at[slot]!;
  }

  /** Whether a slot is in line. */
  holds(slot: number): boolean {
    return slot < this.place.length && this.place[slot]! < this.size && this.heap[this.place[slot]!] === slot;
  }

  add(slot: number, iteration: number, order: number): void {
    while (slot >= this.at.length || this.size >= this.heap.length) this.grow();
    this.at[slot] = iteration;
    this.order[slot] = order;
    this.put(slot, this.size++);
    this.up(this.size - 1);
  }

  remove(slot: number): void {
    const hole = this.place[slot]!;
    const last = this.heap[--this.size]!;
    if (last === slot) return;
    this.put(last, hole);
    this.up(hole);
    this.down(this.place[last]!);
  }

  private before(a: number, b: number): boolean {
    const d = this.at[a]! - this.at[b]!;
    return d < 0 || (d === 0 && this.order[a]! < this.order[b]!);
  }

  private put(slot: number, place: number): void {
    this.heap[place] = slot;
    this.place[slot] = place;
  }

  private up(place: number): void {
    const slot = this.heap[place]!;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.before(slot, this.heap[above]!)) break;
      this.put(this.heap[above]!, place);
      place = above;
    }
    this.put(slot, place);
  }

  private down(place: number): void {
    const slot = this.heap[place]!;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.size) break;
      if (below + 1 < this.size && this.before(this.heap[below + 1]!, this.heap[below]!)) below++;
      if (!this.before(this.heap[below]!, slot)) break;
      this.put(this.heap[below]!, place);
      place = below;
    }
    this.put(slot, place);
  }

  private grow(): void {
    const n = this.at.length * 2;
    this.heap = enlarged(this.heap, new Int32Array(n));
    this.place = enlarged(this.place, new Int32Array(n));
    this.at = enlarged(this.at, new Float64Array(n));
    this.order = enlarged(this.order, new Float64Array(n));
  }
}
