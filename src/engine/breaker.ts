/** A circuit breaker: after too many failures nothing is tried for a while, then a few probes decide. */
import type { Clock } from './clock.ts';

/** When it opens, and how it closes again. */
export interface BreakerRules {
  /** Share of failures that opens it, over the last `window` seconds and at least `least` attempts. */
  readonly share: number;
  readonly window: number;
  readonly least: number;
  /** Seconds it stays open. */
  readonly open: number;
  /** Attempts let through then; all must succeed. */
  readonly probes: number;
}

const CLOSED = 0;
const OPEN = 1;
const HALF_OPEN = 2;

/** Counts attempts in two half windows, the older of which is forgotten at a time. */
export class Breaker {
  private state = CLOSED;
  private since = 0;
  private half = 0;
  private readonly tried = [0, 0];
  private readonly failed = [0, 0];
  private allowed = 0;
  private succeeded = 0;
  /** How often it has opened. */
  opened = 0;

  constructor(
    private readonly clock: Clock,
    public rules: BreakerRules,
  ) {}

  get isOpen(): boolean {
    return this.state === OPEN;
  }

  /** Whether something may be tried now. */
  lets(): boolean {
    if (this.state === CLOSED) return true;
    if (this.state === OPEN && this.clock.now >= this.since + this.rules.open) {
      this.state = HALF_OPEN;
      this.allowed = this.rules.probes;
      this.succeeded = 0;
    }
    return this.state === HALF_OPEN && this.allowed-- > 0;
  }

  /** How an attempt has ended. */
  record(good: boolean): void {
    if (this.state === HALF_OPEN) this.probed(good);
    else if (this.state === CLOSED) this.count(good);
  }

  private probed(good: boolean): void {
    if (!good) this.trip();
    else if (++this.succeeded >= this.rules.probes) {
      this.state = CLOSED;
      this.forget();
    }
  }

  private count(good: boolean): void {
    const half = Math.floor((2 * this.clock.now) / this.rules.window);
    if (half > this.half + 1) this.forget();
    else if (half > this.half) this.tried[half & 1] = this.failed[half & 1] = 0;
    this.half = half;
    this.tried[half & 1]!++;
    if (good) return;
    this.failed[half & 1]!++;
    const tried = this.tried[0]! + this.tried[1]!;
    if (tried >= this.rules.least && this.failed[0]! + this.failed[1]! >= this.rules.share * tried) this.trip();
  }

  private trip(): void {
    this.state = OPEN;
    this.since = this.clock.now;
    this.opened++;
    this.forget();
  }

  private forget(): void {
    this.tried.fill(0);
    this.failed.fill(0);
  }
}
