/** What befalls nodes and how others notice: health checks of a balancer, load by faults, hot keys, herds. */
import { describe, expect, it } from 'vitest';
import type { DesignFault } from '../src/design/design.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, sketch, station, wire } from './sketch.ts';

const fault = (change: Partial<DesignFault>): DesignFault => ({ id: 'f', fault: 'crash', target: 'a', at: 20, seconds: 20, amount: 0, inFlight: 'fail', repeat: 'once', every: 600, ...change });

describe('a balancer with health checks', () => {
  const run = (healthInterval: number, change: Partial<DesignFault> = {}) => {
    const nodes = [people(200), node('lb', 'load-balancer', { balancing: 'random', healthInterval, healthFailures: 2, healthRecovery: 2 }), station('a', 20, exponential(0.02)), station('b', 20, exponential(0.02))];
    return ran({ ...sketch(nodes, [wire('users', 'lb'), wire('lb', 'a'), wire('lb', 'b')], 80), faults: [fault(change)] });
  };

  it('loses only what came before it noticed', () => {
    const [blind, seeing] = [run(0), run(1)];
    // Half of 200 a second for 20 s, or until the second failed probe (1 to 2 s).
    expect(blind.result().requests.failed.crashed).toBeGreaterThan(1700);
    expect(seeing.result().requests.failed.crashed).toBeLessThan(250);
    expect(imbalances(seeing)).toEqual([]);
  });

  it('takes a target back when it has recovered', () => {
    const { nodes } = run(1).result();
    expect(nodes['a']!.served).toBeGreaterThan(200 * 0.5 * 55 * 0.9);
    expect(nodes['lb']!.measures['healthy']).toBeCloseTo(2 - 20 / 80, 1);
  });

  it('notices a target that hangs', () => {
    const sim = run(1, { fault: 'hang' });
    expect(sim.result().requests.answered).toBeGreaterThan(200 * 80 * 0.95);
  });

  it('has no healthy target when all are down', () => {
    const nodes = [people(100), node('lb', 'load-balancer', { healthInterval: 1, healthFailures: 1 }), station('a', 20, exponential(0.02))];
    const { requests } = ran({ ...sketch(nodes, path('users', 'lb', 'a'), 60), faults: [fault({})] }).result();
    expect(requests.failed['no healthy target']).toBeGreaterThan(1700);
  });
});

describe('faults of the load', () => {
  it('multiplies an open stream, a patterned one and a crowd for as long as it lasts', () => {
    const base = { inputTokens: constant(0), outputTokens: constant(0) };
    for (const params of [{ arrivalRate: 100 }, { arrivalRate: 100, pattern: 'spike', peakFactor: 1, patternPeriod: 10 }, { arrivals: 'closed', population: 100, thinkTime: exponential(1) }]) {
      const design = sketch([node('users', 'users', { ...base, ...params }), station('s', 1e6, constant(0))], path('users', 's'), 60);
      const offered = (faults: readonly DesignFault[]) => ran({ ...design, faults }).result().requests.offered;
      expect(off(offered([fault({ fault: 'load', target: 'users', amount: 4 })]) / offered([]), 2)).toBeLessThan(0.05);
    }
  });

  it('sends a herd at once', () => {
    const sim = ran({ ...sketch([people(10), station('s', 1, constant(0.01))], path('users', 's'), 60), faults: [fault({ fault: 'herd', target: 'users', amount: 500, seconds: 0 })] });
    expect(sim.result().nodes['s']!.queue.max).toBeGreaterThan(480);
  });

  it('makes one key hot, and cold again', () => {
    const cache = node('c', 'response-cache', { responseCapacity: 20_000, responseOverhead: 0 });
    const design = sketch([people(500, { requestBytes: constant(100), keyCount: 100_000, keySkew: 0 }), cache, station('s', 1e6, constant(0))], path('users', 'c', 's'), 60);
    const hits = (faults: readonly DesignFault[]) => ran({ ...design, faults }).result().nodes['c']!.measures['hitRatio']!;
    expect(hits([])).toBeLessThan(0.01);
    expect(hits([fault({ fault: 'hotKey', target: 'users', amount: 0.9 })])).toBeCloseTo(0.9 / 3, 1.3);
  });

  it('flushes a cache', () => {
    const cache = node('c', 'response-cache', {});
    const design = sketch([people(500, { requestBytes: constant(100), keyCount: 1000, keySkew: 0 }), cache, station('s', 1e6, constant(0))], path('users', 'c', 's'), 60, 15);
    const misses = (faults: readonly DesignFault[]) => ran({ ...design, faults }).result().nodes['s']!.arrived;
    expect(misses([])).toBeLessThan(10);
    expect(misses([fault({ fault: 'flush', target: 'c', seconds: 0 })])).toBeGreaterThan(990);
  });
});
