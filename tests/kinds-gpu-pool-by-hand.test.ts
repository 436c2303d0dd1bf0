/** The estimate by hand beside the run: the same physics, and the queueing of means. */
import { describe, expect, it } from 'vitest';
import { Stream } from '../src/engine/random.ts';
import { Zipf } from '../src/engine/sampler.ts';
import { gpuPool } from '../src/kinds/gpu-pool/gpu-pool.ts';
import type { PoolValues } from '../src/kinds/gpu-pool/params.ts';
import { tokenBytes } from '../src/kinds/gpu-pool/setup.ts';
import { kvCache } from '../src/kinds/kv-cache/kv-cache.ts';
import { defaults } from '../src/kit/param.ts';
import { noFlow } from '../src/run/flow.ts';
import { poisson, Rig } from './gpu-pool-rig.ts';

const engine: Partial<PoolValues> = { languageModel: 'llama-3.1-70b', gpuType: 'h200', tensorParallel: '4', weightPrecision: 'fp8', iterationTokens: 8192 };

/** What the estimate says of measures, over what a run of 3,000 requests of one length comes to; last of the requests in flight. */
function ratios(more: Partial<PoolValues>, rate: number, input: number, output: number, measures: readonly (keyof typeof gpuPool.measures)[]): number[] {
  const sent = poisson(3000, rate, input, output);
  const alike = (x: number): Float64Array => new Float64Array(3000).fill(x);
  const rig = new Rig({ ...sent, input: alike(input), output: alike(output) }, { ...engine, ...more }).run();
  const rows = gpuPool.estimate(rig.values, { ...noFlow, rate, inputTokens: input, outputTokens: output });
  const told = (measure: string): number => rows.find((row) => row.measure === measure)!.value;
  const inFlight = rig.sender.last.reduce((sum, last, i) => sum + last - sent.arrival[i]!, 0) / rig.net.now;
  return [...measures.map((measure) => told(measure) / rig.measure(measure)), told('inFlight') / inFlight];
}

const told = ['firstToken', 'stepTime', 'perToken', 'batch', 'cacheUse'] as const;
const loads = [[1, 500, 300], [5, 500, 300], [1, 2000, 200], [3, 2000, 200]] as const;

function expectNear(share: number, found: readonly number[], what: string): void {
  for (const x of found) expect(Math.abs(x - 1), `${what}: ${found.map((y) => y.toFixed(3)).join(', ')}`).toBeLessThan(share);
}

describe('by hand', () => {
  for (const engineScheduling of ['chunked', 'prompts first'] as const)
    for (const engineSoftware of ['vllm', 'vllm-2023'] as const)
      it(`says what a run with prompts ${engineScheduling} comes to, ${engineSoftware}`, () => {
        for (const draftLength of [0, 3]) for (const [rate, input, output] of loads) expectNear(0.13, ratios({ engineScheduling, engineSoftware, draftLength }, rate, input, output, told), `${rate}/s, ${input} in, ${output} out, ${draftLength} drafted`);
      });

  it('counts looking at the queue seldom, and waiting for company, with the prompts that come together by that', () => {
    for (const engineScheduling of ['chunked', 'prompts first'] as const)
      for (const [rate, input, output] of loads)
        for (const [queueLooks, companyIterations] of [[10, 0], [30, 0], [1, 20], [10, 20]] as const)
          expectNear(0.16, ratios({ engineScheduling, queueLooks, companyIterations, companyTokens: 4000 }, rate, input, output, told), `${engineScheduling}, ${rate}/s, ${input} in, ${output} out, looks ${queueLooks}, company ${companyIterations}`);
  });

  it('lets static batches wait for the one under way', () => {
    for (const rate of [1, 5]) expectNear(0.1, ratios({ engineScheduling: 'static' }, rate, 500, 300, ['firstToken', 'stepTime', 'perToken', 'batch']), `${rate}/s`);
  });

  it('lets prompts on replicas of their own wait for those before them', () => {
    for (const rate of [1, 5, 15]) expectNear(0.1, ratios({ poolReplicas: 3, promptReplicas: 1 }, rate, 500, 300, ['firstToken', 'perToken', 'cacheUse']), `${rate}/s`);
  });

  it('counts what a prefix cache spares, also where not all beginnings fit', () => {
    const [rate, input, output, prefixes, prefixTokens] = [5, 1000, 200, 40, 800];
    const stream = new Stream(1, 'prefixes', 'drawn');
    const popular = new Zipf(prefixes, 1);
    const count = 8000;
    const alike = (x: number): Float64Array => new Float64Array(count).fill(x);
    const sent = { ...poisson(count, rate, input, output), input: alike(input), output: alike(output), prefix: Float64Array.from({ length: count }, () => popular.draw(stream)), prefixInput: prefixTokens };
    const flow = { ...noFlow, rate, inputTokens: input, outputTokens: output, sharedTokens: prefixTokens, beginnings: prefixes };
    for (const fit of [40, 15, 6]) {
      const bytes = tokenBytes({ ...defaults(gpuPool.params), ...engine });
      const cache = { ...defaults(kvCache.params), prefixCapacity: fit * prefixTokens * bytes * 1.01, prefixTokenBytes: bytes };
      const rig = new Rig(sent, engine, {}, cache).run();
      const rows = [...gpuPool.estimate(rig.values, flow, kvCache.remembers!(cache, flow)), ...kvCache.estimate(cache, flow)];
      const told = (measure: string): number => rows.find((row) => row.measure === measure)!.value;
      expectNear(0.1, [...(['firstToken', 'stepTime', 'batch'] as const).map((measure) => told(measure) / rig.measure(measure)), told('hitRatio') / rig.cacheMeasure('hitRatio')], `${fit} of ${prefixes} fit`);
    }
  });
});
