/** After a herd, a component that stops work nobody waits for any more is itself again at once; one that goes on answers nobody in time until the last of the herd is served. */
import { describe, expect, it } from 'vitest';
import type { DesignNode } from '../src/design/design.ts';
import { faultDefaults } from '../src/design/faults.ts';
import { constant, imbalances, node, people, ran, sketch, station, wire } from './sketch.ts';

const RATE = 5;
const PATIENCE = 1;
const HERD = 1000;
const AT = 50;
const SECONDS = 140;

/** Components that serve ten calls a second, one after the other. */
const tens: readonly (readonly [string, DesignNode])[] = [
  ['service', station('x', 1, constant(0.1))],
  ['database', node('x', 'database', { dbReplicas: 0, dbConnections: 1, dbReadTime: constant(0.1), dbWriteTime: constant(0.1), dbQueue: 1e6 })],
  ['feature store', node('x', 'feature-store', { featureShards: 1, featureReplicas: 1, featureThreads: 1, featureReadTime: constant(0.1), featureEntityTime: 0, featureQueue: 1e6, featureSlowShare: 0 })],
  ['response cache', node('x', 'response-cache', { responseThreads: 1, responseLookup: constant(0.1), responseRoom: 1e6 })],
  ['model server', node('x', 'model-server', { scorerReplicas: 1, scorerBase: 0.1, scorerPerItem: 0, scorerBatch: 1, scorerJitter: 0, scorerRoom: 1e6 })],
  ['batcher', node('x', 'batcher', { batcherLimit: 1, batcherInFlight: 1, batcherMaxWait: 0, batcherRoom: 1e6 })],
  ['rate limiter', node('x', 'rate-limiter', { limiterRefill: 10, limiterBurst: 1, limiterWhenEmpty: 'queue', limiterLongestWait: 0, limiterRoom: 1e6 })],
];

/** What is behind them, where they need something: slow behind the batcher only. */
const behind = station('y', 1_000_000, constant(0));

describe.each(tens)('%s', (name, x) => {
  const run = (linkCancels: boolean) => {
    const y = name === 'batcher' ? station('y', 1, constant(0.1)) : behind;
    const onward = ['response cache', 'batcher', 'rate limiter'].includes(name) ? [wire('x', 'y')] : [];
    const design = sketch([people(RATE, { itemCount: constant(1), keyCount: 1_000_000_000, keySkew: 0 }), x, y], [wire('users', 'x', { linkTimeout: PATIENCE, linkCancels }), ...onward], SECONDS);
    return ran({ ...design, faults: [{ ...faultDefaults('herd'), id: 'herd', target: 'users', at: AT, amount: HERD }] });
  };

  it('is itself again when the herd has given up', () => {
    const sim = run(true);
    const { requests, nodes } = sim.result();
    expect(imbalances(sim)).toEqual([]);
    expect(nodes['x']!.queue.max).toBeGreaterThan(0.9 * HERD);
    expect(requests.answered).toBeGreaterThan(0.9 * RATE * SECONDS);
  });

  it('works on for the herd where it is not told', () => {
    const { requests } = run(false).result();
    expect(requests.answered).toBeLessThan(1.2 * RATE * AT + 10 * PATIENCE);
  });
});
