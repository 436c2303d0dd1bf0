/** What an area comes to, in replica-seconds, when what an hour of a replica costs or draws changes while it grows. */
export class Meter {
  // Doubles from the first: see `Clock`.
  private sum = NaN;
  private from = NaN;
  private rate = NaN;

  /** `area` is ∫ replicas dt up to now. */
  constructor(private readonly area: (now: number) => number) {
    this.sum = this.from = this.rate = 0;
  }

  /** From now on an hour of a replica comes to so many USD (or watt-hours). */
  charge(rate: number, now: number): void {
    this.sum = this.spent(now);
    this.from = this.area(now);
    this.rate = rate;
  }

  /** What it has come to from the start of the run until now. */
  spent(now: number): number {
    return this.sum + ((this.area(now) - this.from) / 3600) * this.rate;
  }
}
