/** Replicas that start cold, serve, and are paid for from the moment they are asked for. */
import type { Network } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import type { Sampler } from '../engine/sampler.ts';
import type { Replicas, ScalingSignal, Signal } from './kind.ts';

/** Counts of replicas and what they cost; the owner is told of every change and does the serving. */
export class ReplicaSet implements Replicas {
  ready: number;
  starting = 0;
  private paid = 0;
  private usd = 0;
  private since: number;
  /** What one costs, in USD an hour, from the moment it is asked for. */
  private price = 0;
  /** Of those starting, how many are no longer wanted; they go as soon as they are up. */
  private unwanted = 0;
  /** Of those wanted, how many are lost and not to be had for now. */
  private lost = 0;

  /**
   * `what` is the owner's event code for "one has started" (it then calls `started`); `start` is how long a cold start takes, in seconds;
   * `changed` is told whenever the number of ready ones has changed.
   */
  constructor(
    private readonly net: Network,
    private readonly owner: { readonly index: number },
    private readonly what: number,
    public wanted: number,
    public start: Sampler,
    private readonly draws: Stream,
    private readonly changed: () => void,
    readonly signals: Readonly<Partial<Record<ScalingSignal, Signal>>>,
  ) {
    this.ready = wanted;
    this.since = net.now;
  }

  /** Sets the number at once, without a cold start: a person has changed the design. Those lost stay lost. */
  set(count: number): void {
    this.advance();
    this.unwanted = this.starting;
    this.wanted = count;
    this.lost = Math.min(this.lost, count);
    this.ready = count - this.lost;
    this.changed();
  }

  /** Those lost are not started again by that, and who wants fewer wants first of all those no more. */
  scaleTo(count: number): void {
    this.advance();
    this.wanted = count;
    const coming = this.starting - this.unwanted;
    const missing = count - this.ready - coming;
    this.lost = Math.max(0, Math.min(this.lost, missing));
    if (missing >= 0) return this.startMore(missing - this.lost);
    const spared = Math.min(coming, -missing);
    this.unwanted += spared;
    if (missing + spared === 0) return;
    this.ready += missing + spared;
    this.changed();
  }

  private startMore(count: number): void {
    const kept = Math.min(count, this.unwanted);
    this.unwanted -= kept;
    for (let k = kept; k < count; k++) {
      this.starting++;
      this.net.after(this.start.draw(this.draws), this.owner.index, this.what, 0);
    }
  }

  /** One has started. */
  started(): void {
    this.advance();
    this.starting--;
    if (this.unwanted > 0) this.unwanted--;
    else {
      this.ready++;
      this.changed();
    }
  }

  lose(count: number): void {
    this.advance();
    const gone = Math.min(count, this.ready);
    this.ready -= gone;
    this.lost += gone;
    this.changed();
  }

  /** So many of those lost can be had again, and start where they are still wanted. */
  replace(count: number): void {
    this.lost = Math.max(0, this.lost - count);
    this.scaleTo(this.wanted);
  }

  /** All that are ready start anew. */
  restart(): void {
    this.advance();
    const again = this.ready;
    this.ready = 0;
    this.changed();
    this.startMore(again);
  }

  /** After a crash of the whole: those starting start again from the beginning. */
  reset(): void {
    this.advance();
    const again = this.starting - this.unwanted;
    this.starting = this.unwanted = 0;
    if (again > 0) this.startMore(again);
  }

  /** Changes what one costs from now on, in USD an hour. */
  charge(price: number): void {
    this.advance();
    this.price = price;
  }

  private advance(): void {
    this.usd = this.spentUsd(this.net.now);
    this.paid = this.paidArea(this.net.now);
    this.since = this.net.now;
  }

  /** What all of them have cost until now, in USD. */
  spentUsd(now: number): number {
    return this.usd + ((now - this.since) / 3600) * this.counted * this.price;
  }

  private get counted(): number {
    return this.ready + this.starting - this.unwanted;
  }

  /** ∫ replicas paid for dt up to now, in replica-seconds: ready ones and those starting. */
  paidArea(now: number): number {
    return this.paid + (now - this.since) * this.counted;
  }
}
