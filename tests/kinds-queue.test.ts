/** The message queue: answers at once, bounds what it keeps, delivers at least once, and counts what was carried out twice. */
import { describe, expect, it } from 'vitest';
import type { Design, DesignFault } from '../src/design/design.ts';
import { estimates } from '../src/run/flow.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, sketch, station, tuned, wire } from './sketch.ts';

const queued = (rate: number, params: Record<string, unknown>, consumer = station('work', 1000, constant(0.1)), seconds = 200): Design =>
  sketch([people(rate), node('q', 'queue', { queueWrite: constant(0.005), queueConcurrency: 1000, ...params }), consumer], path('users', 'q', consumer.id), seconds);
const fault = (name: DesignFault['fault'], target: string, at: number, seconds: number, more: Partial<DesignFault> = {}): DesignFault => ({ id: `${name}-${target}`, fault: name, target, at, seconds, amount: 0, inFlight: 'fail', repeat: 'once', every: 600, ...more });
/** Lets a run go dry and says what is left. */
const left = (sim: ReturnType<typeof ran>) => {
  sim.apply({ ...tuned(sim.design, 'users', { arrivalRate: 0 }), faults: [] }, 'quiet');
  sim.runTo(1e8);
  return [sim.board.net.calls.count, sim.board.net.requests.count, ...imbalances(sim)];
};

describe('message queue', () => {
  it('answers the producer after the write, whatever the consumer takes', () => {
    const { nodes } = ran(queued(50, {}, station('work', 1000, constant(5)))).result();
    expect(nodes.users!.latency.mean!).toBeCloseTo(0.005, 9);
    expect(nodes.q!.measures.duplicates).toBe(0);
    expect(off(nodes.work!.arrived, nodes.q!.arrived)).toBeLessThan(0.01);
  });

  it('waits as M/M/c does, with as many servers as may be under way', () => {
    // One consumer with ample servers and one message under way: M/M/1 at ρ = 0.8, mean delay ρ/(μ − λ) = 4 s.
    const sim = ran(queued(0.8, { queueConcurrency: 1, queueWrite: constant(0), queueVisibility: 0 }, station('work', 1000, exponential(1)), 100_000));
    const { measures, utilisation } = sim.result().nodes.q!;
    expect(off(measures.queueDelay, 4)).toBeLessThan(0.06);
    expect(off(utilisation, 0.8)).toBeLessThan(0.02);
    // Age of the oldest of those waiting: the mean of the wait of whoever is first, so between nothing and the delay.
    expect(measures.oldestMessage!).toBeGreaterThan(0.5 * 4 * 0.8);
    expect(measures.oldestMessage!).toBeLessThan(8);
  });

  it('measures the age of the oldest exactly', () => {
    // Nobody consumes: the first message came at t = 1 (regular arrivals, one a second), and its age grows to 99 s.
    const design = sketch([people(1, { arrivals: 'regular' }), node('q', 'queue', { queueWrite: constant(0) })], path('users', 'q'), 100);
    const { measures } = ran(design).result().nodes.q!;
    expect(measures.oldestMessage! * 100).toBeCloseTo((99 * 99) / 2, 6);
  });

  it('refuses beyond its bound and never keeps more', () => {
    const sim = ran(queued(100, { queueBound: 500, queueConcurrency: 10 }, station('work', 10, constant(1))));
    const q = sim.result().nodes.q!;
    expect(Object.keys(q.failedBy)).toEqual(['queue full']);
    expect(q.measures.backlog!).toBeLessThanOrEqual(500);
    expect(off(q.measures.carriedOut, 10)).toBeLessThan(0.06);
    expect(imbalances(sim)).toEqual([]);
  });

  it('gives a message back when its visibility timeout has passed, and counts the work done twice', () => {
    // Work takes 3 s, messages come back after 2 s: two or more deliveries, and every extra one is carried out again in full.
    const naive = ran(queued(5, { queueVisibility: 2, queueMostDeliveries: 100 }, station('work', 1000, constant(3)), 300)).result().nodes.q!;
    expect(naive.measures.duplicates!).toBeGreaterThan(0.3);
    const patient = ran(queued(5, { queueVisibility: 4 }, station('work', 1000, constant(3)), 300)).result().nodes.q!;
    expect([patient.measures.duplicates, patient.measures.redelivered]).toEqual([0, 0]);
  });

  it('delivers 1 ÷ (1 − q) times where a share q of acknowledgements is lost', () => {
    const design = queued(20, { queueLostAcks: 0.3, queueVisibility: 1, queueMostDeliveries: 50 }, station('work', 1000, constant(0.1)), 2000);
    const q = ran(design).result().nodes.q!;
    expect(off(q.measures.delivered! / q.measures.accepted!, 1 / 0.7)).toBeLessThan(0.02);
    expect(off(q.measures.duplicates, 0.3)).toBeLessThan(0.03);
    expect(off(q.measures.delivered, estimates(design).q!.rows.find((row) => row.label === 'deliveries')!.value)).toBeLessThan(0.03);
  });

  it('sends what fails too often along the fire-and-forget wire', () => {
    const design = queued(10, { queueMostDeliveries: 3, queueRetryPause: 0.5 }, node('work', 'service', { serverCount: 1, waitingRoom: 0, serviceTime: constant(1000) }), 100);
    const sim = ran({ ...design, nodes: [...design.nodes, station('dead', 10, constant(0.01))], links: [...design.links, wire('q', 'dead', { fireAndForget: true })] });
    const { nodes } = sim.result();
    expect(off(nodes.q!.measures.delivered! / 3, nodes.q!.measures.accepted!)).toBeLessThan(0.03);
    expect(nodes.dead!.arrived / 100).toBeCloseTo(nodes.q!.measures.deadLetters!, 9);
    expect(nodes.dead!.arrived).toBeGreaterThan(900);
  });

  it('shares out to the least busy consumer', () => {
    const design = sketch([people(50), node('q', 'queue', { queueConcurrency: 4, queueWrite: constant(0) }), station('fast', 4, constant(0.05)), station('slow', 4, constant(0.4))], [wire('users', 'q'), wire('q', 'fast'), wire('q', 'slow')], 200);
    const { nodes } = ran(design).result();
    expect(nodes.fast!.arrived).toBeGreaterThan(3 * nodes.slow!.arrived);
    expect(nodes.q!.measures.queueDelay!).toBeLessThan(0.05);
  });

  it('drops what has waited too long', () => {
    const design = queued(20, { queueRetention: 10, queueConcurrency: 1 }, station('work', 1, constant(1)), 300);
    const sim = ran(design);
    expect(sim.result().nodes.q!.measures.dropped!).toBeGreaterThan(15);
    expect(left(sim)).toEqual([0, 0]);
  });

  it('loses nothing that is durable in a crash, everything that is not, and repeats what was under way', () => {
    const run = (queueDurable: boolean) => {
      const sim = ran({ ...queued(50, { queueDurable, queueConcurrency: 20, queueBound: 1_000_000 }, station('work', 100, constant(0.5)), 100), faults: [fault('crash', 'q', 50, 2)] });
      const counts = { stored: 0, carried: 0, again: 0, crashed: sim.result().nodes.q!.failedBy['crashed'] ?? 0 };
      expect(left(sim)).toEqual([0, 0]);
      const { node: q } = sim.board.nodes.get('q')!;
      const { accepted, carried, duplicates } = q as unknown as { accepted: number; carried: number; duplicates: number };
      return { ...counts, stored: accepted, carried, again: duplicates };
    };
    const durable = run(true);
    expect(durable.carried).toBe(durable.stored);
    expect(durable.again).toBe(20);
    expect(durable.crashed).toBeGreaterThan(50);
    const volatile = run(false);
    expect(volatile.carried).toBeLessThan(volatile.stored - 100);
    expect(volatile.again).toBe(0);
  });

  it('keeps its books whatever befalls it or its consumers', () => {
    for (const target of ['q', 'work'])
      for (const name of ['crash', 'hang', 'slow', 'release'] as const)
        for (const inFlight of ['fail', 'vanish', 'resume'] as const) {
          const design = queued(50, { queueVisibility: 3, queueConcurrency: 20 }, station('work', 20, exponential(0.3)), 60);
          const sim = ran({ ...design, links: [wire('users', 'q', { linkTimeout: 0.5, linkCancels: true, linkRetries: 2 }), wire('q', 'work', { linkTimeout: 2, linkCancels: true })], faults: [fault(name, target, 20, 8, { inFlight, amount: name === 'slow' ? 20 : 0.5 })] });
          expect(imbalances(sim)).toEqual([]);
          expect(left(sim), `${name} ${target} ${inFlight}`).toEqual([0, 0]);
        }
  });

  it('stops a write that nobody waits for', () => {
    const design = { ...queued(50, { queueWrite: constant(1) }), links: [wire('users', 'q', { linkTimeout: 0.2, linkCancels: true }), wire('q', 'work')] };
    const sim = ran(design);
    expect(sim.result().nodes.q!.measures.accepted).toBe(0);
    expect(Object.keys(sim.result().nodes.q!.failedBy)).toEqual(['cancelled']);
    expect(left(sim)).toEqual([0, 0]);
  });
});
