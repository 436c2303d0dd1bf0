/** The GPU pool and its KV cache on the board: drawn, run, edited, and worked out by hand. */
import { describe, expect, it } from 'vitest';
import { kindOf } from '../src/kinds/index.ts';
import { estimates } from '../src/run/flow.ts';
import { constant, imbalances, node, people, ran, result, sketch, tuned, wire } from './sketch.ts';

const lengths = { inputTokens: { shape: 'lognormal', mean: 1000, cv: 0.5 }, outputTokens: { shape: 'lognormal', mean: 200, cv: 0.5 } };
const served = (rate: number, params: Record<string, unknown> = {}, seconds = 200) => sketch([people(rate, lengths), node('pool', 'gpu-pool', params)], [wire('users', 'pool')], seconds, 20);

describe.skipIf(kindOf('gpu-pool') === undefined)('on the board', () => {
  it.each([
    ['light', 2, {}],
    ['busy', 12, {}],
    ['two replicas of 70B', 6, { languageModel: 'llama-3.1-70b', tensorParallel: '4', weightPrecision: 'fp8', poolReplicas: 2 }],
    ['experts', 8, { languageModel: 'gpt-oss-120b', weightPrecision: 'fp4', gpuType: 'b200' }],
    ['prompts first', 8, { engineScheduling: 'prompts first', iterationTokens: 4096 }],
    ['drafts', 12, { draftLength: 4, draftAcceptance: 0.7 }],
    ['room for answers', 20, { cacheClaim: 'answer' }],
    ['prompts apart', 30, { poolReplicas: 4, promptReplicas: 2 }],
  ] as const)('is worked out by hand to within a fifth: %s', (_name, rate, params) => {
    const design = served(rate, params);
    const { measures, utilisation } = result(design).nodes.pool!;
    const by = (label: string): number => estimates(design).pool!.rows.find((r) => r.label === label)!.value;
    expect(Math.abs(utilisation! / by('utilisation') - 1), 'utilisation').toBeLessThan(0.2);
    // Where prompts have replicas of their own, the run's means are of both sorts.
    const alike = !('promptReplicas' in params);
    if (alike) expect(Math.abs(measures.stepTime! / by('iteration') - 1), 'iteration').toBeLessThan(0.2);
    // Prompts one after another are left out by hand: up to a third at high load.
    if (alike) expect(measures.firstToken! / by('first token'), 'first token').toBeGreaterThan(0.9);
    if (alike && utilisation! < 0.999) expect(measures.firstToken! / by('first token'), 'first token').toBeLessThan(1.4);
    if (alike) expect(Math.abs(measures.batch! / by('batch while busy') - 1), 'batch').toBeLessThan(0.2);
    expect(Math.abs(measures.tokensOut! / by('tokens out') - 1), 'tokens').toBeLessThan(0.1);
  });

  it.each([16, 18, 19, 20])('is worked out by hand to within an eighth where the room beside a batch takes part of a second prompt: %i requests a second', (rate) => {
    const design = served(rate, { cacheClaim: 'answer' }, 400);
    const { measures } = result(design).nodes.pool!;
    const by = (label: string): number => estimates(design).pool!.rows.find((r) => r.label === label)!.value;
    for (const [measure, label] of [['stepTime', 'iteration'], ['batch', 'batch while busy'], ['firstToken', 'first token']] as const) expect(Math.abs(by(label) / measures[measure]! - 1), label).toBeLessThan(0.125);
  });

  it('serves no more than its capacity by hand, and nearly that', () => {
    const design = served(200, { engineRoom: 100 });
    const r = result(design);
    const capacity = estimates(design).pool!.rows.find((x) => x.label.startsWith('capacity'))!.value;
    expect(r.nodes.pool!.failedBy['queue full']).toBeGreaterThan(1000);
    expect(r.nodes.pool!.measures.tokensOut! / capacity).toBeGreaterThan(0.8);
    expect(r.nodes.pool!.measures.tokensOut! / capacity).toBeLessThan(1.2);
  });

  it('gets faster with a cache of shared prefixes wired to it', () => {
    const shared = { ...lengths, inputTokens: constant(1500), prefixCount: 20, prefixTokens: 1200 };
    const pool = node('pool', 'gpu-pool');
    const without = result(sketch([people(5, shared), pool], [wire('users', 'pool')], 100));
    const sim = ran(sketch([people(5, shared), pool, node('kv', 'kv-cache')], [wire('users', 'pool'), wire('pool', 'kv')], 100));
    const withCache = sim.result();
    expect(withCache.nodes.kv!.measures.hitRatio!).toBeGreaterThan(0.7);
    expect(withCache.llm!.ttft.mean!).toBeLessThan(0.8 * without.llm!.ttft.mean!);
    expect(imbalances(sim)).toEqual([]);
  });

  it('keeps its books through edits, and pausing changes nothing', () => {
    const design = served(10, {}, 60);
    const run = (pauses: boolean): string => {
      const sim = ran({ ...design, run: { ...design.run, seconds: 20 } });
      sim.apply(tuned(design, 'pool', { poolReplicas: 3, sequenceLimit: 16 }), 'more');
      if (pauses) for (let t = 20; t < 40; t += 0.7) sim.runTo(t, 50);
      sim.runTo(40);
      sim.apply(tuned(design, 'pool', { gpuType: 'h200', poolReplicas: 1 }), 'larger');
      sim.runTo(60);
      expect(imbalances(sim)).toEqual([]);
      return sim.digest();
    };
    expect(run(true)).toBe(run(false));
  });
});
