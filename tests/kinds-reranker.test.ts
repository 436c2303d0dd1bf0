/** The reranker: time of candidates, batches across calls, what stays with the request, faults. */
import { describe, expect, it } from 'vitest';
import { encoderOf, EncoderTime, rerankers } from '../src/kinds/encoder/models.ts';
import { estimates, flows } from '../src/run/flow.ts';
import { constant, imbalances, node, off, path, people, ran, result, sketch, station, tuned, wire } from './sketch.ts';

const traffic = { itemCount: constant(100), inputTokens: constant(20_500), outputTokens: constant(200) };
const params = { rerankerJitter: 0, rerankerRoom: 1e8, pairLength: constant(200) };
const ranked = (rate: number, more: Record<string, unknown>, seconds = 100) => sketch([people(rate, { ...traffic, arrivals: 'regular' }), node('rank', 'reranker', { ...params, ...more })], path('users', 'rank'), seconds);
const time = new EncoderTime({ encoder: encoderOf(rerankers, 'bge-v2-m3'), gpu: 'l4', precision: 'bf16', share: 0.33 });

describe('reranker', () => {
  it('scores a call alone in batches, side by side on its replicas', () => {
    const r = result(ranked(0.1, { rerankerReplicas: 2, pairBatchSize: 50 }, 1000)).nodes['rank']!;
    expect(off(r.latency.mean, time.seconds(10_000, 50 * 40_000))).toBeLessThan(1e-9);
    expect(r.measures['batchPairs']).toBe(50);
  });

  it('scores at the published rate of a V100: 1,800 documents a second', () => {
    const r = result(ranked(100, { rerankerTiming: 'measured', rerankerReplicas: 1, rerankerRoom: 100 }, 100)).nodes['rank']!;
    expect(off(r.measures['pairRate'], 1800)).toBeLessThan(0.01);
    // A rate that was measured elsewhere says nothing about this model on this GPU.
    expect(r.measures['mfu']).toBeNull();
    expect(Object.keys(r.failedBy)).toEqual(['queue full']);
  });

  it('shares batches among calls', () => {
    const small = { ...ranked(200, { rerankerReplicas: 1 }), nodes: [people(200, { ...traffic, itemCount: constant(5) }), node('rank', 'reranker', { ...params, rerankerReplicas: 1 })] };
    expect(result(small).nodes['rank']!.measures['batchPairs']!).toBeGreaterThan(8);
  });

  it('looks at the first of the candidates only, where told to', () => {
    const r = result(ranked(1, { rerankerTake: 20, rerankerKeep: 5, rerankerReplicas: 4 })).nodes['rank']!;
    expect(off(r.latency.mean, time.seconds(4000, 20 * 40_000))).toBeLessThan(0.02);
    expect(r.measures['keptShare']).toBeCloseTo(0.05, 9);
  });

  it('passes on fewer items and a shorter prompt, to those behind it and to those after it', () => {
    // A service that scores items one by one tells by its time how many it got; tokens are told by a bucket that counts them.
    const scorer = node('model', 'model-server', { scorerBase: 0, scorerPerItem: 0.001, scorerJitter: 0, scorerReplicas: 100 });
    const limiter = node('gate', 'rate-limiter', { limiterCounting: 'tokens', limiterRefill: 1e9, limiterBurst: 1e9 });
    const nodes = [people(1, traffic), station('front', 100, constant(0)), node('rank', 'reranker', { ...params, rerankerKeep: 10, rerankerTrims: 200 }), limiter, scorer];
    const behind = sketch(nodes, path('users', 'rank', 'gate', 'model'), 200);
    const after = sketch(nodes, [wire('users', 'front'), wire('front', 'rank', { linkOrder: 0 }), wire('front', 'gate', { linkOrder: 1 }), wire('gate', 'model')], 200);
    for (const design of [behind, after]) {
      const { nodes: got } = result(design);
      expect(got['model']!.latency.mean!).toBeCloseTo(0.01, 9);
      // 90 dropped candidates of 200 tokens: 20,500 − 18,000 in, 200 out.
      expect(off(got['gate']!.measures['used']! * 1e9, 2700 * (got['gate']!.served / 200))).toBeLessThan(0.01);
    }
    const flow = flows(behind).get('gate')!;
    expect([flow.items, flow.inputTokens]).toEqual([10, 2500]);
  });

  it('conserves calls through crash, loss of replicas and cancelled calls', () => {
    const design = { ...ranked(6, { rerankerReplicas: 2, pairLength: { shape: 'exponential', mean: 200, cv: 1 } }, 60), links: [wire('users', 'rank', { linkTimeout: 2, linkCancels: true })] };
    for (const fault of ['crash', 'replicas', 'preemption', 'hang', 'slow'] as const) {
      const sim = ran({ ...design, faults: [{ id: 'f', fault, target: 'rank', at: 20, seconds: 10, amount: fault === 'slow' ? 5 : 1, inFlight: 'fail', repeat: 'once', every: 60 }] });
      expect(imbalances(sim), fault).toEqual([]);
      expect(sim.result().nodes['rank']!.failed, fault).toBeGreaterThan(fault === 'preemption' ? -1 : 0);
      sim.apply(tuned(sim.design, 'users', { arrivalRate: 0 }), 'stop');
      sim.runTo(1000);
      expect(sim.board.net.calls.count, fault).toBe(0);
      expect(sim.board.net.requests.count, fault).toBe(0);
    }
  });

  it('is estimated by hand', () => {
    const design = ranked(4, { rerankerReplicas: 2, pairBatchSize: 50 }, 200);
    const rows = estimates(design)['rank']!.rows;
    const value = (label: string): number => rows.find((row) => row.label === label)!.value;
    const run = result(design).nodes['rank']!;
    expect(off(run.utilisation, value('load'))).toBeLessThan(0.05);
    expect(off(run.measures['pairRate'], value('pairs'))).toBeLessThan(0.05);
    expect(off(result(ranked(0.1, { rerankerReplicas: 2, pairBatchSize: 50 }, 1000)).nodes['rank']!.latency.mean, value('one call alone'))).toBeLessThan(0.02);
    expect(run.measures['keptShare']).toBeCloseTo(value('kept'), 9);
  });
});
