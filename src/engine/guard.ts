/**
 * What stands between a caller and a wire that is more than a delay: timeouts, retries, hedges, a circuit breaker, loss, bandwidth.
 * A guard is a node of its own, invisible on the board: a call that reaches it is carried on as one or more attempts.
 */
import { Breaker, type BreakerRules } from './breaker.ts';
import { RunningQuantile } from './histogram.ts';
import { Node, type Network } from './network.ts';
import type { Stream } from './random.ts';
import { Code } from './reasons.ts';
import type { Sampler } from './sampler.ts';

/** What part of a back-off is left to chance: none, half of it, all of it (Brooker 2015, "Exponential backoff and jitter"). */
export const jitters = ['none', 'equal', 'full'] as const;

/** Times in seconds; 0 where there is no such thing. */
export interface GuardRules {
  /** Longest wait for the answer to one attempt. */
  readonly timeout: number;
  readonly retries: number;
  /** Wait before the first retry, doubled for each further one, up to `backoffMost`. */
  readonly backoff: number;
  readonly backoffMost: number;
  readonly jitter: (typeof jitters)[number];
  /** Retries allowed per call on average; beyond a float of `BUDGET_FLOAT` there are no more. Infinity: no limit. */
  readonly budget: number;
  /** When a second attempt is made beside the first: after so long, or when it has taken longer than this share of calls so far. */
  readonly hedgeAfter: number;
  readonly hedgeShare: number;
  readonly breaker: BreakerRules | null;
  /** Share of messages lost, each way. */
  readonly loss: number;
  /** Bytes per second of answers coming back, one after another; null: no limit. */
  readonly bandwidth: Sampler | null;
  /** USD per byte of answers. */
  readonly usdPerByte: number;
}

/** Retries that can be made before the budget has filled (assumed; as in Finagle's and gRPC's retry budgets, about ten). */
const BUDGET_FLOAT = 10;
/** Seconds after which a message that is lost without a timeout is given up (assumed: a connection's retransmissions, then an error). */
const NOTICED = 3;
/** Calls seen before a hedge goes by their quantile. */
const HEDGE_SAMPLE = 100;

const TIMEOUT = 0;
const RETRY = 1;
const HEDGE = 2;
const LOST = 3;
const TRANSFERRED = 4;

/** Outcomes that another attempt cannot better. */
const final = new Set<number>([Code.quota, Code.cancelled, Code.deadlinePassed, Code.outOfMemory, Code.invalid]);

/** In a call's `data`: no hedge is planned. */
const NONE = -1;
/** In a call's `misses`: no attempt counts any more. */
const NEVER = 0x7fffffff;

// A call's `counter` is 256 · attempts made + attempts that still count; `misses` the first of those; `handle` the timer of a timeout or
// a back-off; `data` that of a hedge.

/** See above. */
export class Guard extends Node {
  attempts = 0;
  retries = 0;
  hedges = 0;
  timeouts = 0;
  lost = 0;
  /** Bytes of answers that came back, and of what went along the wire without a call. */
  bytes = 0;
  /** Set by faults: how many times the wire is cut, and the share of messages lost besides. */
  severed = 0;
  lossBesides = 0;
  private tokens = BUDGET_FLOAT;
  private free = 0;
  private readonly slowest = new RunningQuantile(this.latency);
  breaker: Breaker | null = null;
  private rules: GuardRules;

  constructor(
    net: Network,
    private readonly inner: number,
    rules: GuardRules,
    private readonly draws: Stream,
  ) {
    super(net);
    this.rules = rules;
    net.beThorough();
    this.retune(rules);
  }

  /** Takes changed rules; calls under way keep the timers they have. */
  retune(rules: GuardRules): void {
    this.rules = rules;
    if (rules.breaker === null) this.breaker = null;
    else if (this.breaker === null) this.breaker = new Breaker(this.net.clock, rules.breaker);
    else this.breaker.rules = rules.breaker;
  }

  arrive(call: number): void {
    const { calls } = this.net;
    calls.setCounter(call, 0);
    calls.setMisses(call, 0);
    calls.setHandle(call, NONE);
    calls.setData(call, NONE);
    this.tokens = Math.min(BUDGET_FLOAT, this.tokens + this.rules.budget);
    if (this.breaker !== null && !this.breaker.lets()) this.net.fail(call, Code.circuitOpen);
    else this.attempt(call);
  }

  /** Sends the call once more; the timer comes first, because the answer may be back before `net.call` returns. */
  private attempt(call: number): void {
    const { calls } = this.net;
    const { timeout } = this.rules;
    const made = calls.counter(call) >> 8;
    calls.setCounter(call, calls.counter(call) + 257);
    this.attempts++;
    const gone = this.drops();
    if (timeout > 0 && calls.handle(call) === NONE) calls.setHandle(call, this.net.after(timeout, this.index, TIMEOUT, call));
    else if (gone && calls.handle(call) === NONE) calls.setHandle(call, this.net.after(NOTICED, this.index, LOST, call));
    if (made === calls.misses(call)) this.planHedge(call);
    if (gone) return;
    calls.nextAttempt = made;
    this.net.call(this.inner, calls.request(call), call, this.index);
  }

  /** Whether a message is lost now. */
  private drops(): boolean {
    const share = 1 - (1 - this.rules.loss) * (1 - this.lossBesides);
    const gone = this.severed > 0 || (share > 0 && this.draws.uniform() < share);
    if (gone) this.lost++;
    return gone;
  }

  private planHedge(call: number): void {
    const { hedgeAfter, hedgeShare } = this.rules;
    let after = hedgeAfter;
    if (hedgeShare > 0 && this.latency.count >= HEDGE_SAMPLE) after = this.slowest.at(hedgeShare);
    if (after > 0) this.net.calls.setData(call, this.net.after(after, this.index, HEDGE, call));
  }

  override wake(what: number, call: number): void {
    const { calls } = this.net;
    if (what === TRANSFERRED) return this.conclude(call, Code.answered);
    if (what === HEDGE) return this.hedge(call);
    calls.setHandle(call, NONE);
    if (what === RETRY) this.retry(call);
    else this.overdue(call, what === TIMEOUT ? Code.timedOut : Code.lost);
  }

  private hedge(call: number): void {
    this.net.calls.setData(call, NONE);
    this.hedges++;
    this.attempt(call);
  }

  private retry(call: number): void {
    if (this.breaker !== null && !this.breaker.lets()) return this.end(call, Code.circuitOpen);
    this.retries++;
    this.attempt(call);
  }

  /** No attempt made so far counts any more. */
  private overdue(call: number, code: number): void {
    if (code === Code.timedOut) this.timeouts++;
    this.net.calls.setMisses(call, this.net.calls.counter(call) >> 8);
    if (this.net.links[this.inner]!.stops) this.net.cancelChildren(call);
    this.failed(call, code);
  }

  override replied(child: number, call: number): void {
    const { calls } = this.net;
    if (calls.attempt(child) < calls.misses(call)) return;
    const code = calls.outcome(child);
    if (code === Code.answered) this.answered(call);
    else {
      const left = calls.counter(call) - 1;
      calls.setCounter(call, left);
      if ((left & 255) === 0) this.failed(call, code);
    }
  }

  private answered(call: number): void {
    const { calls } = this.net;
    if (this.drops()) {
      if (calls.handle(call) === NONE) calls.setHandle(call, this.net.after(NOTICED, this.index, LOST, call));
      return;
    }
    this.bytes += this.net.requests.bytes(calls.request(call));
    this.breaker?.record(true);
    if (this.rules.bandwidth === null) return this.end(call, Code.answered);
    this.clearTimers(call);
    calls.setMisses(call, NEVER);
    calls.setHandle(call, this.net.after(this.transfer(call, this.rules.bandwidth), this.index, TRANSFERRED, call));
  }

  /** Seconds until the answer is through, behind those before it. */
  private transfer(call: number, bandwidth: Sampler): number {
    const { now } = this.net;
    const seconds = this.net.requests.bytes(this.net.calls.request(call)) / Math.max(1, bandwidth.draw(this.draws));
    this.free = Math.max(now, this.free) + seconds;
    return this.free - now;
  }

  /** All attempts so far have failed. */
  private failed(call: number, code: number): void {
    const { calls } = this.net;
    const made = calls.counter(call) >> 8;
    calls.setCounter(call, made << 8);
    calls.setMisses(call, made);
    this.clearTimers(call);
    // Who says that a request is invalid is well.
    if (code !== Code.cancelled) this.breaker?.record(code === Code.invalid);
    if (!this.mayRetry(call, made, code)) return this.end(call, code);
    calls.setHandle(call, this.net.after(this.pause(made), this.index, RETRY, call));
  }

  private mayRetry(call: number, made: number, code: number): boolean {
    const { retries, budget } = this.rules;
    if (made > retries || final.has(code) || this.orphaned(call)) return false;
    if (this.net.requests.deadline(this.net.calls.request(call)) < this.net.now) return false;
    if (budget === Infinity) return true;
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** Whether whoever asked has ended already. */
  private orphaned(call: number): boolean {
    const parent = this.net.calls.parent(call);
    return parent >= 0 && this.net.concluded(parent);
  }

  /** Seconds before retry number `made`. */
  private pause(made: number): number {
    const { backoff, backoffMost, jitter } = this.rules;
    const most = Math.min(backoffMost, backoff * (1 << Math.min(30, made - 1)));
    if (jitter === 'none') return most;
    return jitter === 'full' ? most * this.draws.uniform() : (most / 2) * (1 + this.draws.uniform());
  }

  private clearTimers(call: number): void {
    const { calls, agenda } = this.net;
    if (calls.handle(call) !== NONE) agenda.cancel(calls.handle(call));
    if (calls.data(call) !== NONE) agenda.cancel(calls.data(call));
    calls.setHandle(call, NONE);
    calls.setData(call, NONE);
  }

  private end(call: number, code: number): void {
    this.clearTimers(call);
    this.conclude(call, code);
  }

  private conclude(call: number, code: number): void {
    if (code === Code.answered) this.slowest.added(this.net.now - this.net.calls.start(call));
    this.net.conclude(call, code);
  }

  override cancelled(call: number): void {
    this.clearTimers(call);
    this.net.calls.setMisses(call, NEVER);
    this.net.cancelChildren(call);
    this.net.fail(call, Code.cancelled);
  }

  /** What the answers have cost so far, in USD. */
  spentUsd(): number {
    return this.bytes * this.rules.usdPerByte;
  }
}
