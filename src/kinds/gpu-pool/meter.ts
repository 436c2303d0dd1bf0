/** What an area costs, in replica-seconds, when its price changes while it grows. */
export class Meter {
  private usd = 0;
  private from = 0;
  private price = 0;

  /** `area` is ∫ replicas dt up to now. */
  constructor(private readonly area: (now: number) => number) {}

  /** From now on a replica costs so many USD an hour. */
  charge(price: number, now: number): void {
    this.usd = this.spent(now);
    this.from = this.area(now);
    this.price = price;
  }

  /** USD from the start of the run until now. */
  spent(now: number): number {
    return this.usd + ((this.area(now) - this.from) / 3600) * this.price;
  }
}
