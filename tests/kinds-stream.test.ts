/** The stream: order and lag by partition, one reader at a time, places kept through crashes, and what a full log forgets. */
import { describe, expect, it } from 'vitest';
import type { Design, DesignFault } from '../src/design/design.ts';
import { estimates } from '../src/run/flow.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, sketch, station, tuned, wire } from './sketch.ts';

const keyed = { keyCount: 100_000, keySkew: 0 };
const streamed = (rate: number, params: Record<string, unknown>, consumer = station('read', 1000, constant(0.05)), seconds = 100, traffic: Record<string, unknown> = keyed): Design =>
  sketch([people(rate, traffic), node('log', 'stream', { streamAppend: constant(0.002), ...params }), consumer], path('users', 'log', consumer.id), seconds);
const fault = (name: DesignFault['fault'], target: string, at: number, seconds: number, more: Partial<DesignFault> = {}): DesignFault => ({ id: `${name}-${target}`, fault: name, target, at, seconds, amount: 0, inFlight: 'fail', repeat: 'once', every: 600, ...more });
const counts = (sim: ReturnType<typeof ran>) => sim.board.nodes.get('log')!.node as unknown as { appended: number; carried: number; duplicates: number; skipped: number; deleted: number; rebalances: number };
const left = (sim: ReturnType<typeof ran>) => {
  sim.apply({ ...tuned(sim.design, 'users', { arrivalRate: 0 }), faults: [] }, 'quiet');
  sim.runTo(1e7);
  return [sim.board.net.calls.count, sim.board.net.requests.count, ...imbalances(sim)];
};

describe('stream', () => {
  it('answers the producer when the record is appended', () => {
    const sim = ran(streamed(50, {}, station('read', 1000, constant(5))));
    expect(sim.result().nodes.users!.latency.mean!).toBeCloseTo(0.002, 9);
    expect(left(sim)).toEqual([0, 0]);
    expect(counts(sim).carried).toBe(counts(sim).appended);
  });

  it('is a queue with one server for each partition', () => {
    // 4 partitions by key, 3.2 records/s, exponential work of 1 s: four times M/M/1 at ρ = 0.8, mean delay 4 s.
    const sim = ran(streamed(3.2, { streamPartitions: 4, streamPlacing: 'key', streamAppend: constant(0) }, station('read', 1000, exponential(1)), 50_000));
    const { measures } = sim.result().nodes.log!;
    expect(off(measures.readDelay, 4)).toBeLessThan(0.06);
    // Little: uncommitted records = rate × (delay + work).
    expect(off(measures.lagRecords, 3.2 * (measures.readDelay! + 1))).toBeLessThan(0.02);
    // The oldest uncommitted is the one being read: rate × E[wait × work + work² ÷ 2] = 0.8 × (4 + 1).
    expect(off(measures.lagSeconds, 4)).toBeLessThan(0.06);
  });

  it('measures the age of the oldest exactly', () => {
    const design = sketch([people(1, { arrivals: 'regular' }), node('log', 'stream', { streamAppend: constant(0), streamPartitions: 1 })], path('users', 'log'), 100);
    expect(ran(design).result().nodes.log!.measures.lagSeconds! * 100).toBeCloseTo((99 * 99) / 2, 6);
  });

  it('needs partitions for its consumers, and a hot key spoils them', () => {
    const lag = (params: Record<string, unknown>, traffic = keyed) => ran(streamed(100, params, station('read', 1000, constant(0.1)), 100, traffic)).result().nodes.log!.measures.lagRecords!;
    const by = { streamPlacing: 'key' };
    expect(lag({ ...by, streamPartitions: 5 })).toBeGreaterThan(1000);
    expect(lag({ ...by, streamPartitions: 20 })).toBeLessThan(60);
    expect(lag({ ...by, streamPartitions: 20 }, { keyCount: 1, keySkew: 0 })).toBeGreaterThan(1000);
    expect(lag({ streamPartitions: 20 }, { keyCount: 1, keySkew: 0 })).toBeLessThan(60);
    // Several at a time read faster than one by one.
    expect(lag({ ...by, streamPartitions: 5, streamBatch: 10 })).toBeLessThan(60);
  });

  it('a record that fails holds up its partition, and leaves in the end', () => {
    const design = streamed(10, { streamPartitions: 2, streamAttempts: 3, streamRetryPause: 0.1 }, node('read', 'service', { serverCount: 1, waitingRoom: 0, serviceTime: constant(1e6) }), 60);
    const sim = ran({ ...design, nodes: [...design.nodes, station('dead', 10, constant(0.01))], links: [...design.links, wire('log', 'dead', { fireAndForget: true })] });
    // One is being read for ever; the other partition gives up a record every two pauses.
    expect(sim.result().nodes.dead!.arrived).toBe(counts(sim).skipped);
    expect(Math.abs(counts(sim).skipped - 60 / 0.2)).toBeLessThan(8);
  });

  it('deletes the oldest unread beyond its bounds, and tells nobody', () => {
    const full = ran(streamed(100, { streamPartitions: 4, streamRetained: 50 }, station('read', 1000, constant(1))));
    const { appended, carried, deleted } = counts(full);
    expect(deleted).toBeGreaterThan(9000);
    expect(full.result().nodes.log!.failed).toBe(0);
    expect(appended - carried - deleted).toBe(4 * 50 + 4);
    expect(left(full)).toEqual([0, 0]);
    const old = ran(streamed(100, { streamPartitions: 4, streamRetention: 5 }, station('read', 1000, constant(1))));
    expect(old.result().nodes.log!.measures.readDelay!).toBeLessThan(5.01);
    expect(counts(old).deleted).toBeGreaterThan(8000);
    expect(left(old)).toEqual([0, 0]);
  });

  it('writes no faster than its brokers, and refuses when it is too far behind', () => {
    const design = streamed(1000, { streamBrokers: 2, streamBandwidth: 1e6, streamPartitions: 4, streamWriteWait: 0.1 }, undefined, 20, { ...keyed, requestBytes: constant(10_000) });
    const { nodes } = ran(design).result();
    expect(off(nodes.log!.measures.appended, 200)).toBeLessThan(0.03);
    expect(off(nodes.log!.utilisation, 1)).toBeLessThan(0.01);
    expect(Object.keys(nodes.log!.failedBy)).toEqual(['queue full']);
    const easy = tuned(design, 'users', { arrivalRate: 100 });
    expect(off(ran(easy).result().nodes.log!.utilisation, estimates(easy).log!.rows.find((row) => row.measure === 'utilisation')!.value)).toBeLessThan(0.05);
  });

  it('loses nothing in a crash, pauses, and reads again what was under way', () => {
    const sim = ran({ ...streamed(50, { streamPartitions: 10, streamPlacing: 'key' }, station('read', 1000, constant(0.15)), 100), faults: [fault('crash', 'log', 50, 2)] });
    const { rebalances } = counts(sim);
    expect(left(sim)).toEqual([0, 0]);
    const { appended, carried, duplicates } = counts(sim);
    expect(carried).toBe(appended);
    expect(rebalances).toBe(1);
    expect(duplicates).toBeGreaterThan(3);
    expect(duplicates).toBeLessThanOrEqual(10);
  });

  it('still deletes after a crash what nobody reads', () => {
    const sim = ran({ ...sketch([people(20), node('log', 'stream', { streamRetention: 30 })], path('users', 'log'), 60), faults: [fault('crash', 'log', 59, 5)] });
    expect(left(sim)).toEqual([0, 0]);
  });

  it('pauses when its consumers change, and deals the partitions out anew', () => {
    const design = sketch([people(100), node('log', 'stream', { streamAppend: constant(0), streamRebalance: 5 }), station('a', 1000, constant(0.01)), station('b', 1000, constant(0.01))], [wire('users', 'log'), wire('log', 'a')], 100);
    const sim = ran(design);
    expect(counts(sim).rebalances).toBe(0);
    sim.apply({ ...design, links: [...design.links, wire('log', 'b')] }, 'more');
    const before = sim.result().nodes.a!.arrived;
    sim.runTo(104);
    expect(sim.result().nodes.a!.arrived - before).toBeLessThan(3);
    sim.runTo(200);
    expect(off(sim.result().nodes.b!.arrived, 5000)).toBeLessThan(0.05);
    expect(left(sim)).toEqual([0, 0]);
  });

  it('keeps its books whatever befalls it or its consumers', () => {
    for (const target of ['log', 'read'])
      for (const name of ['crash', 'hang', 'slow', 'release'] as const)
        for (const inFlight of ['fail', 'vanish', 'resume'] as const) {
          const design = streamed(50, { streamBatch: 3, streamAttempts: 4 }, station('read', 20, exponential(0.3)), 60);
          const links = [wire('users', 'log', { linkTimeout: 0.5, linkCancels: true, linkRetries: 2 }), wire('log', 'read', { linkTimeout: 2, linkCancels: true })];
          const sim = ran({ ...design, links, faults: [fault(name, target, 20, 8, { inFlight, amount: name === 'slow' ? 20 : 0.5 })] });
          expect(imbalances(sim)).toEqual([]);
          expect(left(sim), `${name} ${target} ${inFlight}`).toEqual([0, 0]);
          const { appended, carried, skipped, deleted } = counts(sim);
          expect(carried + skipped + deleted).toBeGreaterThanOrEqual(appended);
        }
  });
});
