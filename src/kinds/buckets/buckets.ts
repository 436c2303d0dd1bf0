/** Token buckets by number, all of one size and refill: each is opened full when it is first asked for, and fills by itself between draws. */
import type { Clock } from '../../engine/clock.ts';
import { enlarged } from '../../engine/agenda.ts';

/** A set of them; moments are read from `clock` (its first place, in seconds). */
export class Buckets {
  private readonly places = new Map<number, number>();
  private levels = new Float64Array(8);
  private moments = new Float64Array(8);
  private rate = 0;
  private burst = 0;
  /** What has flowed to full ones, as far as it has been looked at. */
  private spilled = 0;

  constructor(private readonly clock: Clock) {}

  /** How many have been asked for. */
  get count(): number {
    return this.places.size;
  }

  /** Another refill per second and size from now on; what is in them stays, as far as it fits. */
  retune(rate: number, burst: number): void {
    for (let place = 0; place < this.count; place++) this.levels[place] = Math.min(burst, this.level(place));
    this.rate = rate;
    this.burst = burst;
  }

  /** Forgets all of them. */
  clear(): void {
    this.spilled = this.spilt(this.clock.now);
    this.places.clear();
  }

  /** Where the bucket of that number is. */
  find(number: number): number {
    return this.places.get(number) ?? this.open(number);
  }

  /** What the bucket at a place holds now. */
  level(place: number): number {
    const now = this.clock.now;
    this.spilled += this.over(place, now);
    this.levels[place] = Math.min(this.burst, this.levels[place]! + (now - this.moments[place]!) * this.rate);
    this.moments[place] = now;
    return this.levels[place]!;
  }

  /** What has flowed to the bucket at a place since it was last looked at, and found no room. */
  private over(place: number, now: number): number {
    return Math.max(0, (now - this.moments[place]!) * this.rate - (this.burst - this.levels[place]!));
  }

  /** All that has flowed to full buckets, and so to nobody. Looks at every bucket: for whoever takes notes. */
  spilt(now: number): number {
    let sum = this.spilled;
    for (let place = 0; place < this.count; place++) sum += this.over(place, now);
    return sum;
  }

  /** Takes `cost` out of the bucket at a place, which must hold it (but for rounding). */
  draw(place: number, cost: number): void {
    this.levels[place] = Math.max(0, this.level(place) - cost);
  }

  private open(number: number): number {
    const place = this.count;
    if (place === this.levels.length) {
      this.levels = enlarged(this.levels, new Float64Array(place * 2));
      this.moments = enlarged(this.moments, new Float64Array(place * 2));
    }
    this.places.set(number, place);
    this.levels[place] = this.burst;
    this.moments[place] = this.clock.now;
    return place;
  }
}
