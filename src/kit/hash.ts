/** Spreads keys over places. */

/** A place 0 … n − 1 for a whole-numbered key, always the same one (finaliser of MurmurHash3, Appleby, public domain). */
export function placeOf(key: number, n: number): number {
  let h = key + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) % n;
}
