/** The model server: batch times, dynamic batching against exact and published theory, refusals and live changes. */
import { describe, expect, it } from 'vitest';
import { estimates } from '../src/run/flow.ts';
import { Simulation } from '../src/run/simulation.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, result, sketch, tuned } from './sketch.ts';

const served = (rate: number, params: Record<string, unknown>, seconds = 200, traffic: Record<string, unknown> = {}) =>
  sketch([people(rate, traffic), node('model', 'model-server', { scorerJitter: 0, scorerRoom: 1e8, ...params })], path('users', 'model'), seconds);

/** Mean time in system where one server takes all that waits: the chain of batch sizes, solved by power iteration (each batch is Poisson in the time of the last). */
function exactLatency(rate: number, base: number, each: number, most: number): number {
  let chance = new Float64Array(most + 1);
  chance[1] = 1;
  const time = (b: number): number => base + each * b;
  const arrivals = Array.from({ length: most + 1 }, (_, b) => {
    const row = new Float64Array(most + 1);
    row[0] = Math.exp(-rate * time(b));
    for (let k = 1; k <= most; k++) row[k] = (row[k - 1]! * rate * time(b)) / k;
    return row;
  });
  for (let step = 0; step < 400; step++) {
    const next = new Float64Array(most + 1);
    for (let b = 1; b <= most; b++) for (let k = 0; k <= most; k++) next[Math.max(1, k)]! += chance[b]! * arrivals[b]![k]!;
    chance = next;
  }
  // Each who comes during a batch of time t waits t/2 on average and then for the batch of all who came with it.
  let sum = 0;
  let calls = 0;
  for (let b = 1; b <= most; b++) {
    const mean = rate * time(b);
    sum += chance[b]! * (mean * (time(b) / 2) + base * mean + each * (mean + mean * mean) + arrivals[b]![0]! * time(1));
    calls += chance[b]! * (mean + arrivals[b]![0]!);
  }
  return sum / calls;
}

describe('model server', () => {
  it('takes base plus items for a call alone', () => {
    const r = result(served(1, { scorerReplicas: 100, scorerBase: 0.01, scorerPerItem: 0.002, scorerFreeItems: 4 }, 100, { itemCount: constant(9) })).nodes.model!;
    expect(r.latency.mean!).toBeCloseTo(0.02, 9);
    expect(result(served(1, { scorerReplicas: 100, scorerBase: 0.01, scorerPerItem: 0.002, scorerFreeItems: 20 }, 100, { itemCount: constant(9) })).nodes.model!.latency.mean!).toBeCloseTo(0.01, 9);
  });

  it('is M/D/1 where a batch is one call', () => {
    const r = result(served(80, { scorerReplicas: 1, scorerBatch: 1, scorerBase: 0.01, scorerPerItem: 0 }, 4000)).nodes.model!;
    expect(off(r.measures.wait, (0.8 * 0.01) / 0.4)).toBeLessThan(0.03);
    expect(off(r.utilisation, 0.8)).toBeLessThan(0.01);
  });

  it('batches as the exact chain of batch sizes says', () => {
    for (const rate of [20, 100, 300, 600]) {
      const r = result(served(rate, { scorerReplicas: 1, scorerBatch: 100_000, scorerBase: 0.01, scorerPerItem: 0.001 }, 300_000 / rate)).nodes.model!;
      expect(off(r.latency.mean, exactLatency(rate, 0.01, 0.001, 120)), `${rate}/s`).toBeLessThan(0.015);
    }
  });

  it('estimates by Inoue’s bound, which is above the exact latency and near it', () => {
    for (const rate of [20, 100, 300, 600, 900]) {
      const design = served(rate, { scorerReplicas: 1, scorerBatch: 100_000, scorerBase: 0.01, scorerPerItem: 0.001 });
      const bound = estimates(design).model!.rows.find((row) => row.label === 'latency')!.value;
      const exact = exactLatency(rate, 0.01, 0.001, 300);
      expect(exact / bound, `${rate}/s`).toBeLessThan(1.0001);
      expect(exact / bound, `${rate}/s`).toBeGreaterThan(0.88);
    }
  });

  it('delivers its capacity when overloaded, in full batches', () => {
    const sim = ran(served(10_000, { scorerReplicas: 4, scorerBatch: 32, scorerBase: 0.008, scorerPerItem: 0.001, scorerRoom: 100 }, 50));
    const r = sim.result().nodes.model!;
    expect(off(r.measures.itemRate, (4 * 32) / 0.04)).toBeLessThan(0.01);
    expect(r.measures.batchItems!).toBeGreaterThan(31.9);
    expect(r.measures.batchTime!).toBeCloseTo(0.04, 4);
    expect(Object.keys(r.failedBy)).toEqual(['queue full']);
    expect(r.queue.max).toBe(100);
    expect(imbalances(sim)).toEqual([]);
  });

  it('takes whole calls as they fit, and a large one alone', () => {
    const some = result(served(10_000, { scorerReplicas: 1, scorerBatch: 32, scorerRoom: 100 }, 20, { itemCount: constant(10) })).nodes.model!;
    expect(some.measures.batchItems!).toBeCloseTo(30, 1);
    const large = result(served(100, { scorerReplicas: 1, scorerBatch: 32, scorerRoom: 100 }, 20, { itemCount: constant(100) })).nodes.model!;
    expect(large.measures.batchItems!).toBe(100);
  });

  it('waits for company when told to', () => {
    const regular = { arrivals: 'regular' };
    const r = result(served(100, { scorerReplicas: 10, scorerBatch: 32, scorerBase: 0.001, scorerPerItem: 0, scorerDelay: 0.025 }, 100, regular)).nodes.model!;
    expect(r.measures.batchItems!).toBeCloseTo(3, 2);
    expect(r.latency.mean!).toBeCloseTo(0.016, 4);
  });

  it('varies like batches by the jitter', () => {
    const r = result(served(10, { scorerReplicas: 100, scorerBatch: 1, scorerBase: 0.1, scorerPerItem: 0, scorerJitter: 0.5 }, 5000)).nodes.model!;
    expect(off(r.latency.mean, 0.1)).toBeLessThan(0.02);
    // A lognormal with cv 0.5 has its median at mean ÷ √1.25.
    expect(off(r.latency.p50, 0.1 / Math.sqrt(1.25))).toBeLessThan(0.02);
  });

  it('is met by the estimate where it claims to be', () => {
    for (const rate of [200, 3000]) {
      const design = served(rate, { scorerReplicas: 4 }, 100);
      const run = result(design).nodes.model!;
      for (const { label, measure, value } of estimates(design).model!.rows)
        if (measure === 'utilisation') expect(off(run.utilisation, value), `${label} at ${rate}/s`).toBeLessThan(0.1);
        else if (measure !== undefined && measure !== 'latency') expect(off(run.measures[measure], value), `${label} at ${rate}/s`).toBeLessThan(0.2);
    }
  });

  it('takes up replicas and limits at once and keeps its books', () => {
    const design = served(1000, { scorerReplicas: 1, scorerBatch: 8, scorerBase: 0.02, scorerPerItem: 0.001 }, 30);
    const sim = new Simulation(design);
    sim.runTo(5);
    const before = sim.result().nodes.model!;
    expect(off(before.measures.itemRate, 8 / 0.028)).toBeLessThan(0.02);
    sim.apply(tuned(design, 'model', { scorerReplicas: 50 }), 'more');
    sim.runTo(10);
    expect(sim.result().nodes.model!.inFlight).toBeLessThan(100);
    sim.apply(tuned(design, 'model', { scorerReplicas: 2, scorerRoom: 10, scorerDelay: 0.5 }), 'fewer');
    sim.runTo(30);
    expect(sim.result().nodes.model!.failedBy['queue full']!).toBeGreaterThan(1000);
    expect(imbalances(sim)).toEqual([]);
  });

  it('keeps its books in a closed loop', () => {
    const sim = ran(served(0, { scorerReplicas: 3, scorerRoom: 5 }, 50, { arrivals: 'closed', population: 60, thinkTime: exponential(0.01), itemCount: exponential(8) }));
    expect(imbalances(sim)).toEqual([]);
    expect(sim.result().nodes.model!.served).toBeGreaterThan(1000);
  });
});
