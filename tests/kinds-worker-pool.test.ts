/** The worker pool: waits as theory says, loses what Daly says, saves by checkpoints, and lets workers come and go. */
import { describe, expect, it } from 'vitest';
import type { DesignFault } from '../src/design/design.ts';
import { workerPool } from '../src/kinds/worker-pool.ts';
import { defaults } from '../src/kit/param.ts';
import { estimates } from '../src/run/flow.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, sketch, station, tuned, wire } from './sketch.ts';

const pooled = (rate: number, params: Record<string, unknown>, seconds = 1000, traffic: Record<string, unknown> = {}) =>
  sketch([people(rate, traffic), node('pool', 'worker-pool', { workerRepair: constant(0), ...params })], path('users', 'pool'), seconds);
const fault = (name: DesignFault['fault'], at: number, seconds: number, amount = 0, more: Partial<DesignFault> = {}): DesignFault => ({ id: `${name}-${at}`, fault: name, target: 'pool', at, seconds, amount, inFlight: 'fail', repeat: 'once', every: 1e6, ...more });
interface Counts {
  usefulSeconds: number;
  lostSeconds: number;
  savingSeconds: number;
  repairSeconds: number;
  finished: number;
  failed: number;
  broke: number;
  interrupted: number;
  resumed: number;
  spentSeconds(): number;
}
const counts = (sim: ReturnType<typeof ran>) => sim.board.nodes.get('pool')!.node as unknown as Counts;
const left = (sim: ReturnType<typeof ran>) => {
  sim.apply({ ...tuned(sim.design, 'users', { arrivalRate: 0, population: 0 }), faults: [] }, 'quiet');
  sim.runTo(1e8);
  return [sim.board.net.calls.count, sim.board.net.requests.count, ...imbalances(sim)];
};

describe('worker pool', () => {
  it('is M/M/c where nothing goes wrong', () => {
    const design = pooled(3.2, { workerCount: 4, jobTime: exponential(1) }, 50_000);
    const run = ran(design).result().nodes.pool!;
    for (const row of estimates(design).pool!.rows) {
      if (row.measure === undefined) continue;
      expect(off(row.measure === 'utilisation' ? run.utilisation : run.measures[row.measure], row.value), row.label).toBeLessThan(row.measure === 'wait' ? 0.06 : 0.015);
    }
  });

  it('loses what the exact formula says, checkpoints or not', () => {
    // One worker without pause; jobs of 1,000 s; failures every 1,500 s on average.
    const busy = { arrivals: 'closed', population: 1, thinkTime: constant(0) };
    for (const params of [{}, { checkpointEvery: 200, checkpointTime: 20 }, { checkpointEvery: 50, checkpointTime: 20, workerRepair: constant(100) }]) {
      const design = pooled(0, { workerCount: 1, jobTime: constant(1000), workerMtbf: 1500, ...params }, 4e6, busy);
      const { measures } = ran(design).result().nodes.pool!;
      const value = (measure: string) => estimates(design).pool!.rows.find((row) => row.measure === measure)!.value;
      expect(off(measures.workerTime, value('workerTime')), JSON.stringify(params)).toBeLessThan(0.03);
      expect(off(measures.usefulShare, value('usefulShare'))).toBeLessThan(0.03);
    }
  });

  it('is at its best near the interval of Young and Daly', () => {
    const best = estimates(pooled(1, { workerMtbf: 11134.8, checkpointTime: 30 })).pool!.rows.filter((row) => row.unit === 'seconds').slice(-2).map((row) => row.value);
    expect(best[0]).toBeCloseTo(817.366503, 5);
    expect(best[1]).toBeCloseTo(797.488847, 5);
    const worth = (checkpointEvery: number) => ran(pooled(0, { workerCount: 50, jobTime: constant(200_000), workerMtbf: 11134.8, checkpointTime: 30, checkpointEvery }, 4e6, { arrivals: 'closed', population: 50, thinkTime: constant(0) })).result().nodes.pool!.measures.usefulShare!;
    const [short, young, long] = [worth(200), worth(817), worth(3200)];
    expect(young).toBeGreaterThan(short + 0.03);
    expect(young).toBeGreaterThan(long + 0.03);
    // Exact slow-down at the optimum: 1.07714677 (Daly 2006).
    expect(off(1 / young, 1.07714677)).toBeLessThan(0.01);
  });

  it('agrees by hand with the exact slow-down at the best interval (Daly 2006)', () => {
    const estimate = (values: Record<string, unknown>, label: string) => workerPool.estimate({ ...defaults(workerPool.params), ...values } as never, { rate: 0, scv: 1, inputTokens: 0, outputTokens: 0, bytes: 0, items: 1, keys: 1, skew: 0 }).find((row) => row.label === label)!.value;
    const long = { jobTime: constant(1e9), workerMtbf: 11134.8, workerRepair: constant(0), checkpointTime: 30, checkpointEvery: 797.490027 };
    expect(estimate(long, 'a job takes') / 1e9).toBeCloseTo(1.07714677, 6);
  });

  it('tries failed attempts again, and gives up after the last', () => {
    const sim = ran(pooled(0.5, { workerCount: 1000, jobTime: constant(10), jobFailure: 0.3, jobRetries: 2 }, 20_000));
    const { nodes } = sim.result();
    expect(off(nodes.pool!.failedBy['crashed']! / nodes.pool!.arrived, 0.027)).toBeLessThan(0.15);
    expect(off(counts(sim).failed / nodes.pool!.arrived, 0.3 + 0.09 + 0.027)).toBeLessThan(0.05);
    // A failed attempt fails half-way on average.
    expect(off(counts(sim).lostSeconds / counts(sim).failed, 5)).toBeLessThan(0.03);
    expect(left(sim)).toEqual([0, 0]);
  });

  it('accounts for every second of its workers', () => {
    const sim = ran({ ...pooled(0.2, { workerCount: 20, jobTime: exponential(60), jobFailure: 0.1, workerMtbf: 300, workerRepair: constant(20), checkpointEvery: 20, checkpointTime: 2 }, 5000), faults: [fault('replicas', 1000, 500, 5), fault('preemption', 2000, 500, 5), fault('slow', 3000, 300, 3), fault('crash', 4000, 100)] });
    expect(left(sim)).toEqual([0, 0]);
    const pool = sim.board.nodes.get('pool')!.node;
    expect(off(counts(sim).spentSeconds(), pool.busyArea(sim.now))).toBeLessThan(1e-9);
  });

  it('lets workers that go finish for a while; then their jobs save themselves and go on with others', () => {
    const run = (scalingDrain: number) => {
      const scaler = node('scaler', 'autoscaler', { scalingPolicy: 'schedule', scalingSchedule: [{ scheduleTime: 0, scheduleReplicas: 10 }, { scheduleTime: 100, scheduleReplicas: 4 }], scalingInterval: 1, scalingDrain });
      const design = pooled(1, { workerCount: 10, jobTime: constant(1000), checkpointEvery: 10, checkpointTime: 0 }, 500);
      return ran({ ...design, nodes: [...design.nodes, scaler], links: [...design.links, wire('scaler', 'pool')] });
    };
    const [patient, cut] = [run(3600), run(60)];
    expect(counts(patient).interrupted).toBe(0);
    expect(counts(cut).interrupted).toBe(6);
    expect(counts(cut).lostSeconds).toBeCloseTo(0, 6);
    for (const sim of [patient, cut]) {
      expect(sim.result().requests.failed).toEqual({});
      expect(imbalances(sim)).toEqual([]);
    }
    cut.runTo(20_000);
    expect(counts(cut).finished).toBeGreaterThan(50);
  });

  it('takes lost workers’ jobs up again where they stood, and keeps them whole where it was warned', () => {
    const run = (name: 'replicas' | 'preemption', params: Record<string, unknown>) => {
      const sim = ran({ ...pooled(0.15, { workerCount: 10, jobTime: constant(60), workerStart: constant(10), ...params }, 1000), faults: [fault(name, 500, 200, 6)] });
      const { interrupted, lostSeconds } = counts(sim);
      expect(interrupted).toBeGreaterThan(2);
      expect(left(sim)).toEqual([0, 0]);
      expect(counts(sim).finished).toBe(sim.result().nodes.users!.arrived);
      return lostSeconds / interrupted;
    };
    const saving = { checkpointEvery: 10, checkpointTime: 1 };
    expect(run('replicas', {})).toBeGreaterThan(10);
    expect(run('replicas', saving)).toBeLessThan(11);
    expect(run('replicas', saving)).toBeGreaterThan(1);
    expect(run('preemption', saving)).toBeLessThan(1);
    expect(run('preemption', {})).toBeGreaterThan(10);
  });

  it('goes on from checkpoints after a crash, for those who ask again', () => {
    const run = (params: Record<string, unknown>) => {
      const design = { ...pooled(0.05, { workerCount: 10, jobTime: constant(100), ...params }, 1000), links: [wire('users', 'pool', { linkRetries: 5, retryBackoff: 20, retryJitter: 'none' })], faults: [fault('crash', 500, 10)] };
      const sim = ran(design);
      expect(left(sim)).toEqual([0, 0]);
      expect(counts(sim).finished).toBe(sim.result().nodes.users!.arrived);
      return counts(sim);
    };
    const [without, saved] = [run({}), run({ checkpointEvery: 10, checkpointTime: 0.1 })];
    expect([without.resumed, without.lostSeconds > 100]).toEqual([0, true]);
    expect(saved.resumed).toBeGreaterThan(1);
    expect(saved.lostSeconds).toBeLessThan(0.3 * without.lostSeconds);
  });

  it('can be sized by an autoscaler, and pays for workers that start', () => {
    const design = sketch(
      [people(0.5), node('pool', 'worker-pool', { workerCount: 2, jobTime: exponential(20), workerStart: constant(30), pricePerWorker: 1 }), node('a', 'autoscaler', { scalingTarget: 0.6, scalingMost: 100 })],
      [wire('users', 'pool'), wire('a', 'pool')],
      3000,
    );
    const sim = ran(design);
    const { measures } = sim.result().nodes.pool!;
    expect(measures.workersPaid!).toBeGreaterThan(10);
    expect(measures.workersPaid!).toBeLessThan(35);
    expect(sim.board.spentAt(sim.board.nodes.get('pool')!)).toBeCloseTo((measures.workersPaid! * 3000) / 3600, 6);
    expect(imbalances(sim)).toEqual([]);
  });

  it('hands finished jobs on, without their worker', () => {
    const design = sketch([people(1), node('pool', 'worker-pool', { workerCount: 2, jobTime: constant(1) }), station('next', 100, constant(5))], path('users', 'pool', 'next'), 2000);
    const { nodes } = ran(design).result();
    expect(off(nodes.pool!.utilisation, 0.5)).toBeLessThan(0.05);
    expect(nodes.pool!.latency.mean!).toBeGreaterThan(6);
  });

  it('keeps its books whatever befalls it', () => {
    for (const name of ['crash', 'hang', 'slow', 'release', 'replicas', 'preemption'] as const)
      for (const inFlight of ['fail', 'vanish', 'resume'] as const) {
        const design = sketch([people(2), node('pool', 'worker-pool', { workerCount: 6, jobTime: exponential(2), checkpointEvery: 1, checkpointTime: 0.1, workerMtbf: 10, workerRepair: exponential(1), jobFailure: 0.1, workerQueue: 30 }), station('next', 2, exponential(0.5))], [wire('users', 'pool', { linkTimeout: 8, linkCancels: true, linkRetries: 2, hedgeDelay: 3 }), wire('pool', 'next', { linkTimeout: 2, linkCancels: true })], 120);
        const sim = ran({ ...design, faults: [fault(name, 30, 20, name === 'slow' ? 5 : name === 'release' ? 0.5 : 4, { inFlight })] });
        expect(imbalances(sim)).toEqual([]);
        expect(left(sim), `${name} ${inFlight}`).toEqual([0, 0]);
        expect(off(counts(sim).spentSeconds(), sim.board.nodes.get('pool')!.node.busyArea(sim.now)), `${name} ${inFlight}`).toBeLessThan(1e-9);
      }
  });
});
