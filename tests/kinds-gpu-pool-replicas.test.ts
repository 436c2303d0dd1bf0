/** GPU pools whose replicas come and go: cold starts, draining, loss with work failed, started over or gone on with; cancellation; the bill. */
import { describe, expect, it } from 'vitest';
import type { Design, DesignFault } from '../src/design/design.ts';
import type { ReplicaSet } from '../src/kit/replica-set.ts';
import { constant, imbalances, node, off, path, people, ran, sketch, wire } from './sketch.ts';

const lose = (change: Partial<DesignFault> = {}): DesignFault => ({ id: 'f', fault: 'replicas', target: 'pool', at: 20, seconds: 1000, amount: 2, inFlight: 'fail', repeat: 'once', every: 600, ...change });

const serving = (pool: Record<string, unknown> = {}, rate = 4) =>
  sketch([people(rate, { inputTokens: constant(500), outputTokens: constant(400) }), node('pool', 'gpu-pool', { poolReplicas: 4, ...pool })], path('users', 'pool'), 60);

const scaling = (sim: ReturnType<typeof ran>) => sim.board.nodes.get('pool')!.node.scaling as ReplicaSet;

describe('replicas of a GPU pool', () => {
  it('that are lost take their work with them, start it over, or let it go on elsewhere', () => {
    const [fails, restarts, resumes] = (['fail', 'restart', 'resume'] as const).map((replicaLoss) => ran({ ...serving({ replicaLoss }), faults: [lose()] }));
    expect(fails!.result().requests.failed.crashed).toBeGreaterThan(2);
    for (const sim of [restarts!, resumes!]) expect(sim.result().requests.failed).toEqual({});
    for (const sim of [fails!, restarts!, resumes!]) {
      expect(scaling(sim).ready).toBe(2);
      expect(imbalances(sim)).toEqual([]);
    }
    // Who starts over decodes all of it again; who goes on reads it, which is far quicker: the slowest answers tell.
    expect(resumes!.result().latency.p999!).toBeLessThan(restarts!.result().latency.p999!);
  });

  it('that are healed start cold: weights over their rate, and the engine', () => {
    const sim = ran({ ...serving({ weightLoadRate: 1e9, engineStartup: 5 }), faults: [lose({ seconds: 5 })] });
    // Llama 3.1 8B in 16 bit: 16.06 GB at 1 GB/s, and 5 s.
    const back = 25 + 16.06 + 5;
    const early = ran({ ...serving({ weightLoadRate: 1e9, engineStartup: 5 }), faults: [lose({ seconds: 5 })], run: { ...serving().run, seconds: back - 0.5 } });
    expect(scaling(early).ready).toBe(2);
    expect(scaling(early).starting).toBe(2);
    expect(scaling(sim).ready).toBe(4);
  });

  it('are paid for from the moment they are asked for until they are done', () => {
    const whole = ran(serving({ priceOverride: 3.6 })).result().cost.usd;
    expect(off(whole, (4 * 3.6 * 60) / 3600)).toBeLessThan(1e-9);
    const lost = ran({ ...serving({ priceOverride: 3.6 }), faults: [lose()] }).result().cost.usd;
    expect(off(lost, ((4 * 20 + 2 * 40) * 3.6) / 3600)).toBeLessThan(1e-9);
  });

  it('that are lost in an iteration have computed and read until then, for nothing', () => {
    const users = people(1, { arrivals: 'closed', population: 1, thinkTime: constant(0.1), inputTokens: constant(60_000), outputTokens: constant(10) });
    const design = sketch([users, node('pool', 'gpu-pool', { poolReplicas: 1, iterationTokens: 100_000 })], path('users', 'pool'), 60);
    const sim = ran({ ...design, faults: [{ ...lose({ at: 1.5, amount: 1 }), fault: 'crash' }], run: { ...design.run, seconds: 1.4999 } });
    const { kind, node: pool } = sim.board.nodes.get('pool')!;
    const totals = (): number[] => ['computeUse', 'bandwidthUse', 'cacheUse'].map((name) => kind.measures[name]!.total(pool, sim.now));
    const before = totals();
    expect(Math.min(...before)).toBeGreaterThan(0);
    sim.runTo(1.5001);
    totals().forEach((total, k) => expect(total).toBeGreaterThanOrEqual(before[k]!));
  });

  it('that are warned while a batch is gathered are there until it is done', () => {
    const users = people(1, { arrivals: 'regular', inputTokens: constant(500), outputTokens: constant(1000) });
    const pool = node('pool', 'gpu-pool', { poolReplicas: 1, engineScheduling: 'static', batchGathering: 0.5, languageModel: 'llama-3.1-8b' });
    const sim = ran({ ...sketch([users, pool], path('users', 'pool'), 5), faults: [lose({ fault: 'preemption', at: 1.2, amount: 1 })] });
    const { node: running } = sim.board.nodes.get('pool')!;
    expect(running.busyArea(sim.now)).toBeGreaterThan(3);
    expect(running.serverArea(sim.now)).toBeGreaterThanOrEqual(running.busyArea(sim.now));
  });

  it('that are warned finish what they have: nothing fails', () => {
    const sim = ran({ ...serving(), faults: [lose({ fault: 'preemption' })] });
    expect(sim.result().requests.failed).toEqual({});
    expect(scaling(sim).ready).toBe(2);
  });

  describe('that go', () => {
    /** Four answers that take for ever, one at each of four replicas; one replica is wanted from 50 s on, and three again from `back` on. */
    const going = (scaler: Record<string, unknown>, faults: readonly DesignFault[] = [], back = 1e6) => {
      const users = people(1, { arrivals: 'regular', inputTokens: constant(500), outputTokens: constant(100_000) });
      const pool = node('pool', 'gpu-pool', { poolReplicas: 4, poolSpreading: 'round robin', replicaLoss: 'fail', languageModel: 'llama-3.1-8b' });
      const schedule = [{ scheduleTime: 0, scheduleReplicas: 4 }, { scheduleTime: 50, scheduleReplicas: faults.length > 0 ? 4 : 1 }, { scheduleTime: back, scheduleReplicas: 3 }];
      const nodes = [users, pool, node('scaler', 'autoscaler', { scalingPolicy: 'schedule', scalingSchedule: schedule, scalingInterval: 1, ...scaler })];
      const sim = ran({ ...sketch(nodes, [...path('users', 'pool'), wire('scaler', 'pool')], 4.5), faults });
      sim.apply({ ...sim.design, nodes: sim.design.nodes.map((n) => (n.id === 'users' ? { ...n, params: { ...n.params, arrivalRate: 0 } } : n)) }, 'no more');
      return (time: number): number => {
        sim.runTo(time);
        expect(imbalances(sim)).toEqual([]);
        return sim.result().requests.failed.crashed ?? 0;
      };
    };

    it('have a while to finish, and are cut off then', () => {
      const failed = going({ scalingDrain: 60 });
      expect([100, 109, 112].map(failed)).toEqual([0, 0, 3]);
      const atOnce = going({ scalingDrain: 0 });
      expect([49, 52].map(atOnce)).toEqual([0, 3]);
    });

    it('stay after all where they are wanted again meanwhile', () => {
      // They have been asked for at 80 s; the first of those that start is up before the time is over.
      const failed = going({ scalingDrain: 200 }, [], 80);
      expect([240, 260].map(failed)).toEqual([0, 1]);
    });

    it('have two minutes where spot capacity is taken away, and others lost in between do not change that', () => {
      const failed = going({}, [lose({ fault: 'preemption', at: 60, amount: 2 }), { ...lose({ at: 100, amount: 1 }), id: 'g' }]);
      expect([99, 101, 179, 181].map(failed)).toEqual([0, 1, 1, 3]);
    });
  });

  it('follow an autoscaler up from nothing; who came meanwhile has waited for the first', () => {
    const design = serving({ poolReplicas: 1, weightLoadRate: 16e9, engineStartup: 1, engineRoom: 1000 }, 60);
    const scaler = node('scaler', 'autoscaler', { scalingPolicy: 'utilisation', scalingTarget: 0.2, scalingInterval: 2, scalingMost: 6 });
    const sim = ran({ ...design, nodes: [...design.nodes, scaler], links: [...design.links, wire('scaler', 'pool')] });
    expect(scaling(sim).ready).toBeGreaterThan(2);
    expect(imbalances(sim)).toEqual([]);
  });

  it('come back for those who wait, where an autoscaler had sent all of them home', () => {
    const rate = (design: Design, arrivalRate: number): Design => ({ ...design, nodes: design.nodes.map((n) => (n.id === 'users' ? { ...n, params: { ...n.params, arrivalRate } } : n)) });
    const design = serving({ poolReplicas: 1, weightLoadRate: 16e9, engineStartup: 1 }, 60);
    const scaler = node('scaler', 'autoscaler', { scalingPolicy: 'queue', scalingLeast: 0, scalingInterval: 2, scalingDownPause: 5 });
    const sim = ran(rate({ ...design, nodes: [...design.nodes, scaler], links: [...design.links, wire('scaler', 'pool')] }, 0));
    expect(scaling(sim).ready).toBe(0);
    sim.apply(rate(sim.design, 2), 'somebody comes');
    sim.runTo(120);
    expect(sim.result().requests.failed).toEqual({});
    expect(sim.result().requests.answered).toBeGreaterThan(50);
  });

  it('stop decoding for a client that has hung up', () => {
    const patient = serving({}, 4);
    const hurried = (linkCancels: boolean) => ran({ ...patient, links: [wire('users', 'pool', { linkTimeout: 1, linkCancels })] });
    const [goesOn, stops] = [hurried(false), hurried(true)];
    expect(stops.result().nodes['pool']!.failedBy.cancelled).toBeGreaterThan(100);
    expect(stops.result().nodes['pool']!.measures['tokensOut']!).toBeLessThan(0.6 * goesOn.result().nodes['pool']!.measures['tokensOut']!);
    expect(imbalances(stops)).toEqual([]);
  });
});
