/**
 * The ledger of cache blocks of one engine. A decoding sequence takes a block whenever its tokens cross a block's edge; because all of them
 * gain one token per iteration, it is enough to know how many stand at each place within a block to say what any number of iterations will take.
 */
export class Blocks {
  /** Blocks in use; counted in iterations of decoding done. */
  used = 0;
  private phases: Int32Array;

  constructor(
    readonly size: number,
    readonly total: number,
  ) {
    this.phases = new Int32Array(size);
  }

  get free(): number {
    return this.total - this.used;
  }

  /** Blocks that so many tokens fill. */
  of(tokens: number): number {
    return Math.ceil(tokens / this.size);
  }

  /** One more (`by` = 1) or one fewer (−1) decoding sequence whose tokens number `base` + iteration. */
  shift(base: number, by: number): void {
    // `| 0` keeps remainders whole numbers to the machine: with −0 in play a remainder costs ten times as much.
    const r = ((base - 1) % this.size) | 0;
    this.phases[r < 0 ? r + this.size : r]! += by;
  }

  /** Where those stand who need a block in that iteration; one place lower for every later one. */
  private place(iteration: number): number {
    const r = (iteration % this.size) | 0;
    return r === 0 ? 0 : this.size - r;
  }

  /** How many sequences need a new block in that iteration. */
  needed(iteration: number): number {
    return this.phases[this.place(iteration)]!;
  }

  /** How many blocks `sequences` decoding sequences take in the `count` iterations after `iteration`. */
  taken(iteration: number, count: number, sequences: number): number {
    const { phases, size } = this;
    const rounds = Math.floor(count / size);
    let sum = rounds * sequences;
    let at = this.place(iteration + 1);
    for (let left = count - rounds * size; left > 0; left--) {
      sum += phases[at]!;
      at = at === 0 ? size - 1 : at - 1;
    }
    return sum;
  }

  /** How many iterations after `iteration`, at most `most`, the free blocks last for. */
  lasting(iteration: number, most: number, sequences: number): number {
    if (sequences * Math.ceil(most / this.size) <= this.free || this.taken(iteration, most, sequences) <= this.free) return most;
    let left = this.free;
    let count = Math.floor(left / sequences) * this.size;
    left -= (count / this.size) * sequences;
    while (count < most && this.needed(iteration + count + 1) <= left) left -= this.needed(iteration + ++count);
    return count;
  }
}
