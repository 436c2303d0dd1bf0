/** Who waits in vain: calls that are turned away as they come to the head of the line, because they or those behind them would be late. */
import type { Calls } from './calls.ts';
import { Code } from './reasons.ts';
import type { Requests } from './requests.ts';

/** Rules for turning away at the head of the line. */
export const sheddings = ['none', 'deadline', 'codel'] as const;
/** One of those rules. */
export type Shedding = (typeof sheddings)[number];

/** Judges each call as it comes to the head of the line: 0 to serve it, otherwise the outcome code with which it is turned away. */
export interface Shedder {
  judge(call: number): number;
}

/** Turns away what nobody waits for any more. */
export class DeadlineShedder implements Shedder {
  constructor(
    private readonly calls: Calls,
    private readonly requests: Requests,
  ) {}
  judge(call: number): number {
    return this.requests.deadline(this.calls.request(call)) < this.calls.clock.now ? Code.deadlinePassed : 0;
  }
}

/**
 * Controlled delay (Nichols and Jacobson 2012, RFC 8289): once waits have been above `target` seconds for a whole `interval`, calls are
 * turned away at moments that come ever closer (interval ÷ √count) until a wait is below the target again.
 */
export class Codel implements Shedder {
  private above = 0;
  private next = 0;
  private count = 0;
  private dropping = false;

  constructor(
    private readonly calls: Calls,
    private readonly target: number,
    private readonly interval: number,
  ) {}

  judge(call: number): number {
    const now = this.calls.clock.now;
    if (now - this.calls.start(call) < this.target) {
      this.above = 0;
      this.dropping = false;
      return 0;
    }
    if (this.above === 0) this.above = now + this.interval;
    if (this.dropping) return now >= this.next ? this.drop() : 0;
    if (now < this.above) return 0;
    // Soon after the last spell, it goes on at nearly the pace at which that one ended.
    this.count = this.count > 2 && now - this.next < 16 * this.interval ? this.count - 2 : 0;
    this.dropping = true;
    this.next = now;
    return this.drop();
  }

  private drop(): number {
    this.count++;
    this.next += this.interval / Math.sqrt(this.count);
    return Code.shed;
  }
}
