/** A quantity that changes in steps, averaged over time: queue lengths, bytes in use, copies running. */
export class Level {
  // Doubles from the first: see `Clock`.
  value = NaN;
  highest = NaN;
  private last = NaN;
  private sum = NaN;

  constructor() {
    this.value = this.highest = this.last = this.sum = 0;
  }

  /** The value from now on. */
  set(value: number, now: number): void {
    this.sum += (now - this.last) * this.value;
    this.last = now;
    this.value = value;
    if (value > this.highest) this.highest = value;
  }

  add(by: number, now: number): void {
    this.set(this.value + by, now);
  }

  /** ∫ value dt up to now; reading changes nothing. */
  area(now: number): number {
    return this.sum + (now - this.last) * this.value;
  }
}
