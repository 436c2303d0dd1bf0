/**
 * Simulated time. A field of a small object that everyone holds: the compiler keeps such a number in place and reads it in two steps, where an array's
 * element takes ten (type, length and address are looked up first).
 */
export class Clock {
  /** Seconds since the start. It begins as NaN, as no whole number does, so that the compiler keeps it as a double from the first: a layout that changes in a first run throws away all code compiled for it in the second (a quarter of a second). */
  now = NaN;

  constructor() {
    this.now = 0;
  }
}
