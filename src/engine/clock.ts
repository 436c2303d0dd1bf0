/**
 * Simulated time. A field of a small object that everyone holds: the compiler keeps such a number in place and reads it in two steps, where an array's
 * element takes ten (type, length and address are looked up first).
 */
export class Clock {
  /** Seconds since the start. */
  now = 0;
}
