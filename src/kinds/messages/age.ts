/** How old things are, over time: the sum of the ages of what is present, of which each counts from a moment of its own. */

export class Age {
  /** How many are present, and the sum of the moments they count from. */
  private present = 0;
  private moments = 0;
  private last = 0;
  private sum = 0;

  /** One is present from now on that counts from `since` (seconds); or, with `by` −1, no longer. */
  add(since: number, by: 1 | -1, now: number): void {
    this.sum = this.area(now);
    this.last = now;
    this.present += by;
    this.moments = this.present === 0 ? 0 : this.moments + by * since;
  }

  /** ∫ sum of ages dt up to now, in seconds². */
  area(now: number): number {
    const elapsed = now - this.last;
    return this.sum + elapsed * (this.present * (now - elapsed / 2) - this.moments);
  }
}
