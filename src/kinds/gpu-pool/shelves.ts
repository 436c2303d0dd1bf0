/** Where an engine keeps the keys and values of sequences that gave way: host memory first, and a disk behind it. */
import { NOWHERE, onShelf, shelfOf } from './tickets.ts';

/** One of those places: blocks it has room for, and the seconds it takes to move one there or back. */
export interface Shelf {
  readonly blocks: number;
  readonly moveSeconds: number;
}

/** The shelves of one engine, the nearest first. */
export class Shelves {
  private used: number[] = [];

  constructor(private shelves: readonly Shelf[]) {
    this.clear(shelves);
  }

  /** They are empty, and may be others. */
  clear(shelves: readonly Shelf[]): void {
    this.shelves = shelves;
    this.used = shelves.map(() => 0);
  }

  /** Puts so many blocks where there is room for all of them; returns the place, as noted with a call, or `NOWHERE`. */
  put(blocks: number): number {
    const k = this.shelves.findIndex((shelf, i) => this.used[i]! + blocks <= shelf.blocks);
    if (k < 0) return NOWHERE;
    this.used[k]! += blocks;
    return onShelf(k);
  }

  /** Takes so many blocks away from a place. */
  take(kept: number, blocks: number): void {
    this.used[shelfOf(kept)]! -= blocks;
  }

  /** Seconds to move so many blocks to a place, or back. */
  seconds(kept: number, blocks: number): number {
    return blocks * this.shelves[shelfOf(kept)]!.moveSeconds;
  }
}
