/** The database: reads and writes, pools, queues and replicas against hand calculation. */
import { describe, expect, it } from 'vitest';
import { estimates } from '../src/run/flow.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, result, sketch, tuned } from './sketch.ts';

const simple = (rate: number, params: Record<string, unknown>, seconds = 200) => sketch([people(rate), node('db', 'database', params)], path('users', 'db'), seconds);

describe('database', () => {
  it('is M/M/c where reads and writes take the same exponential time', () => {
    const r = result(simple(320, { dbConnections: 4, dbReadTime: exponential(0.01), dbWriteTime: exponential(0.01), dbQueue: 1e8 }, 3000));
    // Erlang C for c = 4, a = 3.2 gives a wait of 0.7455 service times.
    expect(off(r.nodes.db!.measures.wait, 0.0074554)).toBeLessThan(0.04);
    expect(r.nodes.db!.utilisation).toBeCloseTo(0.8, 2);
  });

  it('splits calls into reads and writes', () => {
    const { measures } = result(simple(1000, { dbWriteShare: 0.3 })).nodes.db!;
    expect(off(measures.dbReads, 700)).toBeLessThan(0.04);
    expect(off(measures.dbWrites, 300)).toBeLessThan(0.04);
  });

  it('relieves the primary of reads with replicas', () => {
    const params = { dbConnections: 2, dbReadTime: constant(0.01), dbWriteTime: constant(0.01), dbWriteShare: 0.2 };
    const alone = result(simple(150, params)).nodes.db!;
    const three = result(simple(150, { ...params, dbReplicas: 2 })).nodes.db!;
    expect(alone.measures.primaryUtilisation).toBeCloseTo(0.75, 1);
    expect(three.measures.primaryUtilisation).toBeCloseTo(0.15, 1);
    expect(three.measures.wait!).toBeLessThan(alone.measures.wait! / 4);
  });

  it('refuses what finds the queue full, and says so', () => {
    const sim = ran(simple(1000, { dbConnections: 1, dbReadTime: constant(0.01), dbWriteTime: constant(0.01), dbQueue: 5 }, 20));
    const r = sim.result();
    expect(Object.keys(r.nodes.db!.failedBy)).toEqual(['queue full']);
    expect(r.requests.answeredPerSecond).toBeCloseTo(100, 0);
    expect(r.nodes.db!.queue.max).toBe(5);
    expect(imbalances(sim)).toEqual([]);
  });

  it('keeps its books when the pool and the replicas change while it runs', () => {
    const design = simple(500, { dbConnections: 2, dbReplicas: 3, dbQueue: 50 });
    const sim = ran({ ...design, run: { ...design.run, seconds: 10 } });
    sim.apply(tuned(design, 'db', { dbReplicas: 0 }), 'fewer');
    sim.runTo(20);
    sim.apply(tuned(design, 'db', { dbReplicas: 5, dbConnections: 40 }), 'more');
    sim.runTo(40);
    expect(imbalances(sim)).toEqual([]);
    expect(sim.result().requests.answered).toBeGreaterThan(15_000);
    expect(sim.result().requests.inFlight).toBeLessThan(20);
  });

  it('says by hand what the run shows at high load', () => {
    const design = simple(5000, { dbConnections: 6, dbQueue: 1e6 }, 200);
    const rows = estimates(design).db!.rows;
    const { measures, utilisation } = result(design).nodes.db!;
    expect(off(utilisation, rows.find((x) => x.label === 'utilisation')!.value)).toBeLessThan(0.04);
    expect(Math.abs(measures.wait! / rows.find((x) => x.label === 'mean wait')!.value - 1)).toBeLessThan(0.2);
  });
});
