/** The estimate by hand beside the run: the same physics, and the queueing of means. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Stream } from '../src/engine/random.ts';
import { Sampler, Zipf } from '../src/engine/sampler.ts';
import { Sum } from '../src/kinds/gpu-pool/books.ts';
import { gpuPool } from '../src/kinds/gpu-pool/gpu-pool.ts';
import type { PoolValues } from '../src/kinds/gpu-pool/params.ts';
import { weightsOf } from '../src/kinds/gpu-pool/physics.ts';
import { setupOf, tokenBytes } from '../src/kinds/gpu-pool/setup.ts';
import { kvCache } from '../src/kinds/kv-cache/kv-cache.ts';
import type { Flow } from '../src/kit/kind.ts';
import { defaults } from '../src/kit/param.ts';
import { noFlow } from '../src/run/flow.ts';
import { poisson, Rig } from './gpu-pool-rig.ts';

const engine: Partial<PoolValues> = { languageModel: 'llama-3.1-70b', gpuType: 'h200', tensorParallel: '4', weightPrecision: 'fp8', iterationTokens: 8192 };

/** What the estimate says of measures, over what a run of 3,000 requests of one length comes to; last of the requests in flight. */
function ratios(more: Partial<PoolValues>, rate: number, input: number, output: number, measures: readonly (keyof typeof gpuPool.measures | 'utilisation')[]): number[] {
  const sent = poisson(3000, rate, input, output);
  const alike = (x: number): Float64Array => new Float64Array(3000).fill(x);
  const rig = new Rig({ ...sent, input: alike(input), output: alike(output) }, { ...engine, ...more }).run();
  const rows = gpuPool.estimate(rig.values, { ...noFlow, rate, inputTokens: input, outputTokens: output });
  const told = (measure: string): number => rows.find((row) => row.measure === measure)!.value;
  const inFlight = rig.sender.last.reduce((sum, last, i) => sum + last - sent.arrival[i]!, 0) / rig.net.now;
  const { now } = rig.net;
  const measured = (measure: (typeof measures)[number]): number => (measure === 'utilisation' ? rig.pool.books.busy.area(now) / now / rig.values.poolReplicas : rig.measure(measure));
  return [...measures.map((measure) => told(measure) / measured(measure)), told('inFlight') / inFlight];
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

  it.each([
    [{}, 1000, 200],
    [{}, 400, 30],
    [{ iterationTokens: 8192 }, 1500, 30],
    [{ iterationTokens: 8192 }, 1500, 150],
    [{ engineScheduling: 'prompts first' }, 400, 30],
    [{ engineScheduling: 'static' }, 1500, 30],
    [{ languageModel: 'llama-3.1-70b', tensorParallel: '8', weightPrecision: 'fp8', iterationTokens: 8192 }, 1000, 50],
    [{ languageModel: 'qwen3-235b-a22b', gpuType: 'h200', tensorParallel: '8', weightPrecision: 'fp8', iterationTokens: 8192, attentionSpread: 'own' }, 1500, 30],
    [{ poolReplicas: 4, promptReplicas: 1 }, 2000, 100],
    [{}, 8000, 1],
    [{}, 16_000, 4],
    [{ engineSoftware: 'vllm-2025', iterationTokens: 512 }, 8000, 1],
    [{ draftLength: 16, draftAcceptance: 0.9 }, 300, 20],
    [{ sequenceLimit: 1 }, 300, 50],
    [{ poolReplicas: 4, promptReplicas: 2 }, 100, 50],
    [{ poolReplicas: 4, promptReplicas: 2, handoverBandwidth: 1e9 }, 2000, 100],
    [{ poolReplicas: 4, promptReplicas: 2, languageModel: 'llama-3.1-70b', weightPrecision: 'fp8', tensorParallel: '4', pipelineStages: '4' }, 2000, 100],
  ] as const satisfies readonly (readonly [Partial<PoolValues>, number, number])[])('finds the capacity of %j, %i tokens in and %i out, that twice the load shows', (values, input, output) => {
    const estimate = (rate: number) => gpuPool.estimate({ ...defaults(gpuPool.params), ...values }, { ...noFlow, rate, inputTokens: input, outputTokens: output });
    const capacity = estimate(1).find((row) => row.label === 'capacity')!.value;
    const [rate, from, to] = [(2 * capacity) / output, 20, 140];
    const count = Math.ceil(rate * to);
    const alike = (x: number): Float64Array => new Float64Array(count).fill(x);
    const rig = new Rig({ ...poisson(count, rate, input, output), input: alike(input), output: alike(output) }, { ...values, engineRoom: 300 });
    const out = (): number => rig.pool.sum(Sum.out, rig.net.now);
    rig.run(from);
    const before = out();
    rig.run(to);
    const share = 'pipelineStages' in values ? 0.2 : 0.1;
    expect((capacity * (to - from)) / (out() - before)).toBeGreaterThan(1 - share);
    expect((capacity * (to - from)) / (out() - before)).toBeLessThan(1 + share);
    const over = (measure: string): number | undefined => estimate(rate).find((row) => row.measure === measure)?.value;
    expect([over('firstToken'), over('inFlight')]).toEqual([Infinity, Infinity]);
    if (!('promptReplicas' in values || 'engineScheduling' in values)) expect(over('stepTime')! / rig.measure('stepTime')).toBeCloseTo(1, 0.7);
  });

  it('says of an overloaded pool what its capacity is made of', () => {
    for (const draftLength of [0, 3]) {
      const values = { ...defaults(gpuPool.params), poolReplicas: 3, draftLength };
      const rows = gpuPool.estimate(values, { ...noFlow, rate: 1000, inputTokens: 2000, outputTokens: 100 });
      const of = (label: string): number => rows.find((row) => row.label === label)!.value;
      const decoding = of('batch while busy') * (1 - of('iteration') / (of('per token') * 99 + of('iteration')));
      expect((3 * decoding) / of('per token') / of('capacity')).toBeCloseTo(1, 1);
      expect(of('utilisation')).toBe(1);
    }
  });

  it.each([
    [{ languageModel: 'mixtral-8x7b', tensorParallel: '2' }, 500, 200, 'compute'],
    [{ cachePrecision: '8' }, 4000, 600, 'bandwidth'],
    [{ poolReplicas: 4, promptReplicas: 2, handoverBandwidth: 1e8 }, 2000, 100, 'fabric'],
    [{ poolReplicas: 4, promptReplicas: 2 }, 2000, 100, 'compute'],
    [{ languageModel: 'llama-3.1-70b', gpuType: 'l40s', tensorParallel: '8', iterationTokens: 8192 }, 2000, 20, 'fabric'],
  ] as const satisfies readonly (readonly [Partial<PoolValues>, number, number, string])[])('names the wall of %j, %i in and %i out: %s', (values, inputTokens, outputTokens, wall) => {
    const { wall: first, behind } = gpuPool.estimate({ ...defaults(gpuPool.params), ...values }, { ...noFlow, rate: 1, inputTokens, outputTokens }).find(({ label }) => label === 'capacity')!;
    expect(behind ?? first).toBe(wall);
  });

  it('counts answers of one token, of which nobody decodes', () => {
    for (const [rate, input] of [[10, 500], [5, 3000]] as const) expectNear(0.15, ratios({ ...engine }, rate, input, 1, ['firstToken', 'stepTime', 'utilisation']), `${rate}/s, ${input} in`);
    expect(gpuPool.estimate({ ...defaults(gpuPool.params) }, { ...noFlow, rate: 1, inputTokens: 100, outputTokens: 1 }).map(({ label }) => label)).not.toContain('per token');
  });

  it('pads static batches to the longest prompt and answer', () => {
    const count = 6000;
    const stream = new Stream(1, 'lengths', 'drawn');
    const drawn = (mean: number, cv: number): Float64Array => {
      const sampler = new Sampler({ shape: 'lognormal', mean, cv });
      return Float64Array.from({ length: count }, () => Math.max(1, Math.round(sampler.draw(stream))));
    };
    const sent = { ...poisson(count, 6, 400, 150), input: drawn(400, 0.5), output: drawn(150, 0.8) };
    const rig = new Rig(sent, { engineScheduling: 'static', sequenceLimit: 64 }).run();
    const spread = { input: { shape: 'lognormal', cv: 0.5 }, output: { shape: 'lognormal', cv: 0.8 } } as const;
    const rows = gpuPool.estimate(rig.values, { ...noFlow, rate: 6, inputTokens: 400, outputTokens: 150, spread });
    const ratio = (measure: (typeof told)[number]): number => rows.find((row) => row.measure === measure)!.value / rig.measure(measure);
    for (const measure of ['stepTime', 'perToken', 'batch', 'cacheUse'] as const) expect(Math.abs(ratio(measure) - 1), measure).toBeLessThan(0.12);
    // That the longest of a batch is now and then much longer makes newcomers wait longer than half a mean batch.
    expect(ratio('firstToken')).toBeGreaterThan(0.5);
  });

  it('lets nothing go over the link where answers are done with their first token', () => {
    const rows = gpuPool.estimate({ ...defaults(gpuPool.params), poolReplicas: 4, promptReplicas: 1, handoverBandwidth: 1e9 }, { ...noFlow, rate: 6, inputTokens: 2000, outputTokens: 1 });
    const of = (label: string): number => rows.find((row) => row.label === label)!.value;
    expect(rows.find(({ label }) => label === 'capacity')!.wall).toBe('compute');
    expect(of('first token')).toBeLessThan(0.5);
    expect(of('utilisation')).toBeLessThan(0.25);
  });

  it('lets static batches wait for company, and for those before where few fit into one', () => {
    const static8: Partial<PoolValues> = { languageModel: 'llama-3.1-8b', tensorParallel: '1', weightPrecision: 'bf16', gpuType: 'h100', engineScheduling: 'static' };
    for (const [more, rate] of [[{ batchGathering: 5 }, 5], [{ batchGathering: 5 }, 40], [{ sequenceLimit: 8 }, 10], [{ sequenceLimit: 1 }, 2]] as const)
      expectNear(0.15, ratios({ ...static8, ...more }, rate, 300, 50, ['firstToken', 'stepTime', 'perToken', 'batch', 'utilisation']), `${JSON.stringify(more)}, ${rate}/s`);
  });

  it('lets long prompts go one after another, side by side in a pipeline, and keys and values over their link', () => {
    const small: Partial<PoolValues> = { languageModel: 'llama-3.1-8b', tensorParallel: '1', weightPrecision: 'bf16', gpuType: 'h100', iterationTokens: 2048 };
    for (const rate of [2, 5, 8]) expectNear(0.2, ratios(small, rate, 3000, 200, ['firstToken', 'stepTime', 'perToken', 'batch']), `one after another, ${rate}/s`);
    for (const rate of [3, 10]) expectNear(0.15, ratios({ ...small, pipelineStages: '4' }, rate, 3000, 200, ['firstToken', 'stepTime', 'perToken', 'batch']), `pipeline, ${rate}/s`);
    for (const rate of [3, 10]) expectNear(0.15, ratios({ ...small, poolReplicas: 4, promptReplicas: 2, handoverBandwidth: 5e9, handoverLatency: 0.5 }, rate, 2000, 50, ['firstToken', 'perToken', 'cacheUse']), `link, ${rate}/s`);
  });

  it('counts the wait for a place where few may run', () => {
    const [firstToken, iteration] = ratios({ ...engine, languageModel: 'llama-3.1-8b', tensorParallel: '1', weightPrecision: 'bf16', gpuType: 'h100', engineSoftware: 'vllm-2025', sequenceLimit: 16 }, 2.469, 400, 600, ['firstToken', 'stepTime']);
    expect(iteration).toBeCloseTo(1, 1);
    expect(firstToken).toBeGreaterThan(0.6);
    expect(firstToken).toBeLessThan(1.7);
  });

  it('lets whoever finds one replica full go to another, but not where they take turns', () => {
    const many = { ...engine, languageModel: 'llama-3.1-8b', tensorParallel: '1', weightPrecision: 'bf16', gpuType: 'h100', engineSoftware: 'vllm-2025', sequenceLimit: 8, poolReplicas: 8 } as const;
    for (const [poolSpreading, rate] of [['least requests', 10], ['round robin', 8]] as const) {
      const [firstToken, iteration] = ratios({ ...many, poolSpreading }, rate, 400, 600, ['firstToken', 'stepTime']);
      expect(iteration).toBeCloseTo(1, 1);
      expect(firstToken, poolSpreading).toBeGreaterThan(0.6);
      expect(firstToken, poolSpreading).toBeLessThan(1.8);
    }
  });

  it('counts a request’s own prompt where nobody else is there', () => {
    const [iteration] = ratios({ ...engine, languageModel: 'llama-3.1-8b' }, 0.01, 6000, 30, ['stepTime']);
    expect(iteration).toBeCloseTo(1, 1);
  });

  it('says nothing below zero, nor anything that is no number, of any design', () => {
    const some = <K extends keyof PoolValues>(..._: readonly PoolValues[K][]) => fc.constantFrom(..._);
    const values = fc.record({
      languageModel: some<'languageModel'>('llama-3.1-8b', 'llama-3.1-70b', 'qwen3-235b-a22b', 'gpt-oss-120b', 'mixtral-8x22b'),
      gpuType: some<'gpuType'>('h100', 'b200', 'l40s', 'h100-nvl', 'gh200'),
      tensorParallel: some<'tensorParallel'>('1', '4', '16', '32'),
      pipelineStages: some<'pipelineStages'>('1', '2', '16'),
      attentionSpread: some<'attentionSpread'>('sliced', 'own'),
      engineSoftware: some<'engineSoftware'>('vllm', 'vllm-2025', 'sglang', 'tensorrt-llm-1.0rc', 'vllm-2023'),
      engineScheduling: some<'engineScheduling'>('chunked', 'prompts first', 'static'),
      weightPrecision: some<'weightPrecision'>('bf16', 'fp8', 'fp4', 'mxfp4'),
      sequenceLimit: fc.constantFrom(1, 16, 1024),
      iterationTokens: fc.constantFrom(256, 2048, 16_384),
      batchGathering: fc.constantFrom(0, 5),
      poolReplicas: fc.constantFrom(1, 3),
      promptReplicas: fc.constantFrom(0, 1),
    });
    const spread = fc.constantFrom<Flow['spread']>(undefined, ...(['lognormal', 'exponential', 'gamma', 'pareto'] as const).map((shape) => ({ input: { shape, cv: 1.2 }, output: { shape, cv: 0.7 } })));
    fc.assert(
      fc.property(values, fc.constantFrom(0, 0.01, 1, 20, 500), fc.constantFrom(1, 50, 400, 3000), fc.constantFrom(1, 60, 600), spread, (given, rate, inputTokens, outputTokens, lengths) => {
        const rows = gpuPool.estimate({ ...defaults(gpuPool.params), ...given }, { ...noFlow, rate, inputTokens, outputTokens, ...(lengths && { spread: lengths }) });
        for (const { parts, value } of rows) {
          if (parts === undefined || parts.length === 0) continue;
          expect(Math.min(...parts.map(([, seconds]) => seconds))).toBeGreaterThan(0);
          // A prompt of one token may take less than decoding one: that part is not told then.
          expect(Math.abs(parts.reduce((sum, [, seconds]) => sum + seconds, 0) / value - 1)).toBeLessThan(parts.at(-1)![0] === 'prompts' ? 1e-6 : 0.021);
        }
        for (const { label, value } of rows) expect(value >= 0 || /does not fit|KV room|weights/.test(label), `${label} is ${value}`).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('tells the parts of an iteration', () => {
    const parts = (more: Partial<PoolValues>, rate = 1): Record<string, number> => Object.fromEntries(gpuPool.estimate({ ...defaults(gpuPool.params), ...engine, ...more }, { ...noFlow, rate, inputTokens: 500, outputTokens: 300 }).find(({ label }) => label === 'iteration')!.parts!);
    const plain = parts({});
    expect(Object.keys(plain)).toEqual(['products ⊕ weights', 'keys and values', 'exchange', 'engine', 'prompts']);
    expect(plain['products ⊕ weights']!).toBeGreaterThan(weightsOf(setupOf({ ...defaults(gpuPool.params), ...engine })) / 4.8e12);
    expect(parts({ tensorParallel: '1' })).not.toHaveProperty('exchange');
    expect(parts({ draftLength: 3, draftCost: 0.05 })['drafts']! / (plain['products ⊕ weights']! + plain['keys and values']! + plain['exchange']! + plain['engine']!)).toBeCloseTo(0.15, 1);
    expect(parts({ exchangeBeside: 0.5 })['exchange']! / plain['exchange']!).toBeCloseTo(0.5, 1);
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
