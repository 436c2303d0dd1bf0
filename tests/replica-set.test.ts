/** Replicas that come and go: whatever is asked for and lost in whatever order, their books agree, and those that go have the time they were given. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Network, Node } from '../src/engine/network.ts';
import { Stream } from '../src/engine/random.ts';
import { Sampler } from '../src/engine/sampler.ts';
import { NOTICE, ReplicaSet } from '../src/kit/replica-set.ts';

/** The number each replica would have, ready ones first; those that finish their work, with the moment by which they must have. */
class Owner extends Node {
  readonly set: ReplicaSet;
  readonly until: number[];
  private ready: number;

  constructor(net: Network, count: number) {
    super(net);
    this.ready = count;
    this.until = Array<number>(count).fill(Infinity);
    net.addNode(this);
    this.set = new ReplicaSet(net, this, 0, count, new Sampler({ shape: 'exponential', mean: 30, cv: 1 }), new Stream(1, 'set', 'starts'), () => this.resize(), {}, (from, to) => this.stop(from, to));
  }

  arrive(): void {}

  override wake(_what: number, about: number): void {
    this.set.wake(about);
  }

  /** What is about to be done lets those that go finish within so many seconds; null for at once. */
  within: number | null = 0;

  private resize(): void {
    const { ready } = this.set;
    for (let r = ready; r < this.ready; r++) this.until[r] = this.within === null ? -Infinity : this.net.now + this.within;
    for (let r = this.ready; r < ready; r++) this.until[r] = Infinity;
    this.ready = ready;
  }

  private stop(from: number, to: number): void {
    for (let r = from; r < to; r++) {
      expect(this.until[r]).toBeLessThanOrEqual(this.net.now);
      this.until[r] = -Infinity;
    }
  }

  /** Those that should have stopped by now and have not. */
  get overdue(): number {
    return this.until.filter((until) => until > -Infinity && until < this.net.now).length;
  }
}

const step = fc.oneof(
  fc.record({ what: fc.constant('scale' as const), count: fc.nat(12), within: fc.nat(200) }),
  fc.record({ what: fc.constant('lose' as const), count: fc.nat(8), warned: fc.boolean() }),
  fc.record({ what: fc.constant('replace' as const), count: fc.nat(8) }),
  fc.record({ what: fc.constant('wait' as const), count: fc.nat(300) }),
);

describe('a set of replicas', () => {
  it('has ready, coming and lost ones add up to those wanted, and stops who has had their time, and nobody else', () => {
    fc.assert(
      fc.property(fc.nat(10), fc.array(step, { maxLength: 40 }), (count, steps) => {
        const net = new Network();
        const owner = new Owner(net, count);
        const { set } = owner;
        let lost = 0;
        for (const one of steps) {
          if (one.what === 'scale') {
            owner.within = one.within;
            set.scaleTo(one.count, one.within);
          } else if (one.what === 'lose') {
            owner.within = one.warned ? NOTICE : null;
            lost += Math.min(one.count, set.ready);
            set.lose(one.count, one.warned);
          } else if (one.what === 'replace') {
            lost = Math.max(0, lost - one.count);
            set.replace(one.count);
          } else net.run(net.now + one.count, Infinity);
          // Those lost are no longer missed where fewer are wanted.
          const missing = set.wanted - set.ready - (set.starting - set['unwanted']);
          lost = Math.min(lost, missing);
          expect(missing).toBe(lost);
          expect(set.ready).toBeGreaterThanOrEqual(0);
          expect(owner.overdue).toBe(0);
        }
        net.run(net.now + 10_000, Infinity);
        expect([set.ready, set.starting, owner.overdue]).toEqual([set.wanted - lost, 0, 0]);
      }),
      { numRuns: 500 },
    );
  });
});
