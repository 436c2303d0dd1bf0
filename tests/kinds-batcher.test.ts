/** The batcher: what batches look like against exact renewal arithmetic, carriers, bounds, and live changes. */
import { describe, expect, it } from 'vitest';
import { estimates } from '../src/run/flow.ts';
import { Simulation } from '../src/run/simulation.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, result, sketch, station, tuned } from './sketch.ts';

const behind = (rate: number, params: Record<string, unknown>, target: ReturnType<typeof node>, seconds = 200, traffic: Record<string, unknown> = {}) =>
  sketch([people(rate, traffic), node('pot', 'batcher', params), target], path('users', 'pot', target.id), seconds);

const instant = station('end', 1_000_000, constant(0));
const server = (params: Record<string, unknown> = {}) => node('model', 'model-server', { scorerReplicas: 1000, scorerBase: 0.01, scorerPerItem: 0.001, scorerJitter: 0, scorerBatch: 1000, ...params });

describe('batcher', () => {
  it('gathers as renewal theory says, to within chance', () => {
    for (const [rate, limit, wait] of [[100, 8, 0.05], [1000, 16, 0.01], [200, 1000, 0.02], [50, 2, 0.1]] as const) {
      const design = behind(rate, { batcherLimit: limit, batcherMaxWait: wait }, instant, 200_000 / rate);
      const run = result(design).nodes.pot!;
      for (const row of estimates(design).pot!.rows)
        if (row.measure !== undefined && row.measure !== 'waiting') expect(Math.abs(run.measures[row.measure]! - row.value), `${row.label} at ${rate}/s`).toBeLessThan(0.015 * row.value + 0.002);
    }
  });

  it('leaves at once when full and exactly on time when not', () => {
    // Every 10 ms a call: five in a batch leave after 40 ms; with room for more the first waits exactly 25 ms.
    const regular = { arrivals: 'regular' };
    const full = result(behind(100, { batcherLimit: 5, batcherMaxWait: 10 }, instant, 100, regular)).nodes.pot!;
    expect(full.measures.batchSize).toBeCloseTo(5, 9);
    expect(full.measures.full).toBe(1);
    expect(full.latency.mean!).toBeCloseTo(0.02, 6);
    const late = result(behind(100, { batcherLimit: 50, batcherMaxWait: 0.025 }, instant, 100, regular)).nodes.pot!;
    expect(late.measures.batchSize).toBeCloseTo(3, 2);
    expect(late.measures.full).toBe(0);
    expect(late.latency.mean!).toBeCloseTo(0.015, 4);
  });

  it('makes one call of a batch where the target takes batches', () => {
    const sim = ran(behind(1000, { batcherLimit: 20, batcherMaxWait: 1 }, server(), 20, { itemCount: constant(3), inputTokens: constant(10) }));
    const { nodes } = sim.result();
    expect(nodes.model!.arrived).toBe(Math.floor(nodes.pot!.arrived / 20));
    expect(nodes.model!.measures.batchItems).toBeCloseTo(60, 9);
    // Base + 60 items.
    expect(nodes.model!.latency.mean!).toBeCloseTo(0.07, 9);
    expect(nodes.pot!.served).toBe(nodes.model!.served * 20);
    expect(imbalances(sim)).toEqual([]);
    // The carriers are in no book of requests.
    expect(sim.result().requests.offered).toBe(nodes.users!.arrived);
    expect(sim.board.net.requests.count).toBe(nodes.users!.inFlight + nodes.model!.inFlight);
  });

  it('gives every member the outcome of its batch', () => {
    const sim = ran(behind(1000, { batcherLimit: 10, batcherMaxWait: 1 }, server({ scorerReplicas: 1, scorerRoom: 1, scorerBatch: 1 }), 20));
    const { nodes } = sim.result();
    expect(nodes.model!.failedBy['queue full']!).toBeGreaterThan(100);
    expect(nodes.pot!.failedBy['queue full']).toBe(nodes.model!.failedBy['queue full']! * 10);
    expect(imbalances(sim)).toEqual([]);
  });

  it('counts items where told to, and lets an oversized call go alone', () => {
    const five = result(behind(100, { batcherLimit: 10, batcherCounting: 'items', batcherMaxWait: 10 }, server(), 100, { itemCount: constant(5) })).nodes.pot!;
    expect(five.measures.batchSize).toBeCloseTo(2, 9);
    const large = result(behind(100, { batcherLimit: 10, batcherCounting: 'items', batcherMaxWait: 10 }, server(), 100, { itemCount: constant(50) })).nodes.pot!;
    expect(large.measures.batchSize).toBe(1);
    expect(large.measures.wait).toBe(0);
  });

  it('lets batches grow while too many are under way, and refuses when the queue is full', () => {
    // One batch at a time of 0.1 s each; 100/s come: batches of about ten, twenty places are enough.
    const one = ran(behind(100, { batcherLimit: 1000, batcherMaxWait: 0, batcherInFlight: 1, batcherRoom: 50 }, server({ scorerBase: 0.1, scorerPerItem: 0 }), 500));
    expect(off(one.result().nodes.pot!.measures.batchSize, 10.5)).toBeLessThan(0.1);
    expect(one.result().nodes.pot!.failed).toBe(0);
    const stuck = ran(behind(100, { batcherLimit: 1000, batcherMaxWait: 0, batcherInFlight: 1, batcherRoom: 50 }, server({ scorerBase: 2, scorerPerItem: 0 }), 500));
    expect(Object.keys(stuck.result().nodes.pot!.failedBy)).toEqual(['queue full']);
    expect(stuck.result().nodes.pot!.queue.max).toBe(50);
    const members = ran(behind(100, { batcherLimit: 1000, batcherMaxWait: 0, batcherInFlight: 1, batcherRoom: 50 }, station('end', 1000, constant(0.1)), 500));
    expect(off(members.result().nodes.pot!.measures.batchSize, 10.5)).toBeLessThan(0.1);
    expect([...imbalances(one), ...imbalances(stuck), ...imbalances(members)]).toEqual([]);
  });

  it('takes up changed limits at once and keeps its books', () => {
    const design = behind(500, { batcherLimit: 1000, batcherMaxWait: 100 }, server(), 30);
    const sim = new Simulation(design);
    sim.runTo(1);
    expect(sim.result().nodes.pot!.served).toBe(0);
    sim.apply(tuned(design, 'pot', { batcherLimit: 10 }), 'smaller');
    sim.runTo(1.1);
    expect(sim.result().nodes.pot!.served).toBeGreaterThan(400);
    sim.apply(tuned(design, 'pot', { batcherLimit: 1000, batcherMaxWait: 0.02 }), 'sooner');
    sim.runTo(10);
    sim.apply({ ...design, links: path('users', 'pot') }, 'cut');
    sim.runTo(20);
    expect(sim.result().nodes.pot!.failedBy['no healthy target']).toBeGreaterThan(1000);
    sim.apply(tuned(design, 'pot', { batcherMaxWait: 0, batcherCounting: 'items' }), 'again');
    sim.runTo(30);
    expect(imbalances(sim)).toEqual([]);
  });

  it('keeps its books in a closed loop that answers in no time', () => {
    const sim = ran(behind(0, { batcherLimit: 7, batcherMaxWait: 0.003, batcherInFlight: 2 }, instant, 50, { arrivals: 'closed', population: 40, thinkTime: exponential(0.01) }));
    expect(imbalances(sim)).toEqual([]);
    expect(sim.result().nodes.pot!.served).toBeGreaterThan(10_000);
  });
});
