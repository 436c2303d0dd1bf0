/** Replicas that start cold, serve, and are paid for from the moment they are asked for. */
import type { Network } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import type { Sampler } from '../engine/sampler.ts';
import type { Replicas, ScalingSignal, Signal } from './kind.ts';

/** Seconds that replicas may take to finish their work before they go, unless told otherwise (AWS Auto Scaling, lifecycle hooks: an hour). */
export const PATIENCE = 3600;
/** Seconds from the warning that spot capacity is taken away to its end (AWS EC2, spot interruption notice: two minutes). */
export const NOTICE = 120;

/** What the owner's event is about: one has started, or some have had their time to finish. */
const UP = 0;
const TIME_OVER = 1;

/** Replicas that go together: until when they may finish their work, and whether that is settled. */
interface Departing {
  count: number;
  readonly until: number;
  over: boolean;
}

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
  /** Those that finish their work. Numbered on from those that are ready, the last group of this list comes first. */
  private readonly departing: Departing[] = [];

  /**
   * `what` is the code of an owner's event that belongs to the replicas (it then calls `wake`); `start` is how long a cold start takes, in seconds;
   * `changed` is told whenever the number of ready ones has changed; `stop`, that replicas `from` … `to` − 1, counted on from those that are ready,
   * must have finished by now. Left out, they take the time they need.
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
    private readonly stop: ((from: number, to: number) => void) | null = null,
  ) {
    this.ready = wanted;
    this.since = NaN;
    this.since = net.now;
  }

  /** Sets the number at once, without a cold start: a person has changed the design. Those lost stay lost. */
  set(count: number): void {
    this.advance();
    this.unwanted = this.starting;
    this.wanted = count;
    this.lost = Math.min(this.lost, count);
    this.become(count - this.lost, PATIENCE);
  }

  /** So many are ready from now on; those that go have `within` seconds to finish, or are gone already (null). */
  private become(ready: number, within: number | null): void {
    const more = ready - this.ready;
    this.ready = ready;
    if (more < 0) this.letGo(-more, within);
    else this.takeBack(more);
    this.changed();
  }

  private letGo(count: number, within: number | null): void {
    if (this.stop === null) return;
    this.departing.push({ count, until: this.net.now + (within ?? 0), over: within === null });
    if (within !== null) this.net.after(within, this.owner.index, this.what, TIME_OVER);
  }

  /** As many of those about to go stay after all, the last to be told first. */
  private takeBack(count: number): void {
    for (let left = count, last = this.departing.at(-1); left > 0 && last !== undefined; last = this.departing.at(-1)) {
      const some = Math.min(left, last.count);
      left -= some;
      last.count -= some;
      if (last.count === 0) this.departing.pop();
    }
  }

  private timeOver(): void {
    let from = this.ready;
    for (const group of this.departing.toReversed()) {
      if (!group.over && group.until <= this.net.now) {
        group.over = true;
        this.stop!(from, from + group.count);
      }
      from += group.count;
    }
    while (this.departing[0]?.over === true) this.departing.shift();
  }

  /** Those lost are not started again by that, and who wants fewer wants first of all those no more. Those that go have `within` seconds to finish. */
  scaleTo(count: number, within = PATIENCE): void {
    this.advance();
    this.wanted = count;
    const coming = this.starting - this.unwanted;
    const missing = count - this.ready - coming;
    this.lost = Math.max(0, Math.min(this.lost, missing));
    if (missing >= 0) return this.startMore(missing - this.lost);
    const spared = Math.min(coming, -missing);
    this.unwanted += spared;
    if (missing + spared === 0) return;
    this.become(this.ready + missing + spared, within);
  }

  private startMore(count: number): void {
    const kept = Math.min(count, this.unwanted);
    this.unwanted -= kept;
    for (let k = kept; k < count; k++) {
      this.starting++;
      this.net.after(this.start.draw(this.draws), this.owner.index, this.what, UP);
    }
  }

  /** The owner's event with this argument is due. */
  wake(about: number): void {
    if (about === TIME_OVER) this.timeOver();
    else this.started();
  }

  /** One has started. */
  started(): void {
    this.advance();
    this.starting--;
    if (this.unwanted > 0) this.unwanted--;
    else this.become(this.ready + 1, null);
  }

  lose(count: number, warned = false): void {
    this.advance();
    const gone = Math.min(count, this.ready);
    this.lost += gone;
    this.become(this.ready - gone, warned ? NOTICE : null);
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
    this.starting = this.unwanted = this.departing.length = 0;
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
