/** One event for many iterations: the same answer as one event for each, whatever features are on, over random streams. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Code } from '../src/engine/reasons.ts';
import { Stream } from '../src/engine/random.ts';
import { Sum } from '../src/kinds/gpu-pool/books.ts';
import { gpuOf, peakFor } from '../src/kinds/gpu-pool/catalogue-gpus.ts';
import { activeParameters, weightBytes } from '../src/kinds/gpu-pool/catalogue-models.ts';
import type { PoolValues } from '../src/kinds/gpu-pool/params.ts';
import type { Rules } from '../src/kinds/gpu-pool/rules.ts';
import { gpusPerReplica, modelChosen } from '../src/kinds/gpu-pool/setup.ts';
import { poisson, Rig, type Sent } from './gpu-pool-rig.ts';

type Case = { readonly sent: Sent; readonly values: Partial<PoolValues>; readonly special: Partial<Rules>; readonly prefix: boolean; readonly lossAt: number };

const engine = fc.record({
  languageModel: fc.constantFrom<PoolValues['languageModel']>('llama-3.1-8b', 'llama-3.1-8b', 'qwen3-30b-a3b', 'gpt-oss-20b'),
  tensorParallel: fc.constantFrom<PoolValues['tensorParallel']>('1', '8', '16'),
  pipelineStages: fc.constantFrom<PoolValues['pipelineStages']>('1', '1', '4'),
  attentionSpread: fc.constantFrom<PoolValues['attentionSpread']>('sliced', 'own'),
  engineSoftware: fc.constantFrom<PoolValues['engineSoftware']>('vllm', 'sglang', 'tensorrt-llm', 'vllm-2023'),
  cacheClaim: fc.constantFrom<PoolValues['cacheClaim']>('prompt', 'prompt', 'answer'),
  engineScheduling: fc.constantFrom<PoolValues['engineScheduling']>('chunked', 'prompts first', 'static'),
  engineOrder: fc.constantFrom<PoolValues['engineOrder']>('arrival', 'priority', 'pushing'),
  preemptedTo: fc.constantFrom<PoolValues['preemptedTo']>('nowhere', 'host', 'disk'),
  hostMemory: fc.constantFrom(0, 1e7, 1e10),
  diskMemory: fc.constantFrom(1e7, 1e11),
  draftLength: fc.constantFrom(0, 0, 3, 5),
  draftAcceptance: fc.constantFrom(0, 0.5, 0.9, 1),
  iterationTokens: fc.constantFrom(64, 512, 4096),
  sequenceLimit: fc.constantFrom(2, 12, 64),
  batchGathering: fc.constantFrom(0, 0.2),
  queueLooks: fc.constantFrom(1, 1, 4, 30),
  companyIterations: fc.constantFrom(0, 0, 5, 40),
  companyTokens: fc.constantFrom(0, 200, 5000),
  poolReplicas: fc.constantFrom(1, 1, 3),
  promptReplicas: fc.constantFrom(0, 0, 1),
  replicaLoss: fc.constantFrom<PoolValues['replicaLoss']>('fail', 'restart', 'resume'),
  engineStartup: fc.constant(1),
  weightLoadRate: fc.constant(1e13),
  poolSpreading: fc.constantFrom<PoolValues['poolSpreading']>('least requests', 'round robin', 'least cache'),
});

const cases: fc.Arbitrary<Case> = fc
  .record({ values: engine, seed: fc.nat(), rate: fc.constantFrom(3, 20, 60), input: fc.constantFrom(40, 300), output: fc.constantFrom(20, 200), blocks: fc.constantFrom(120, 400, 4000), watermark: fc.constantFrom(0, 3), prefix: fc.boolean(), impatient: fc.boolean(), lossAt: fc.constantFrom(0, 0, 0.35, 1.4) })
  .map(({ values, seed, rate, input, output, blocks, watermark, prefix, impatient, lossAt }) => {
    const draws = new Stream(seed, 'rig', 'rest');
    const sent = poisson(60, rate, input, output, seed);
    const each = <T>(of: () => T): T[] => Array.from(sent.arrival, of);
    const patience = each(() => (impatient && draws.uniform() < 0.3 ? draws.exponential() * 2 : Infinity));
    return { sent: { ...sent, priority: each(() => draws.below(3)), prefix: each(() => draws.below(4)), prefixInput: 32, ...(impatient ? { patience } : {}) }, values, special: { blocks, watermark }, prefix, lossAt };
  });

function ran({ sent, values, special, prefix, lossAt }: Case, longest: Partial<Rules>, glimpse: (rig: Rig) => void = () => {}): Rig {
  const rig = new Rig(sent, values, { ...special, ...longest }, prefix ? {} : null);
  if (lossAt > 0) {
    rig.run(lossAt).pool.strike('replicas', 1);
    rig.run(2 * lossAt).pool.heal('replicas', 1);
  }
  for (const share of [0.3, 0.6, 0.9]) glimpse(rig.run(Math.max(2 * lossAt, share * sent.arrival[sent.arrival.length - 1]!)));
  return rig.run();
}

/** All running totals. */
const totals = ({ pool, net }: Rig): number[] => Object.values(Sum).map((place) => pool.sum(place, net.now));

/** Nobody left, nothing held, the books in balance. */
function settled(rig: Rig): void {
  const { pool, net, sent } = rig;
  expect(pool.arrivedTotal()).toBe(sent.arrival.length);
  expect(pool.inFlight).toBe(0);
  expect(net.calls.count).toBe(0);
  expect(net.requests.count).toBe(0);
  for (const level of [pool.books.waiting, pool.books.running, pool.books.moving, pool.books.busy]) expect(level.value).toBe(0);
  const cells = new Float64Array(32);
  pool.face(cells);
  expect(cells.every((c) => c === 0)).toBe(true);
  expect(pool.claims.every((c) => c === 0), 'blocks claimed').toBe(true);
}

describe('macro-steps', () => {
  it('let one who has been at another engine push somebody out at once, though the one before took the last place', () => {
    // A long answer of low rank; two of high rank whose prompts are done together, and one place.
    const sent: Sent = { arrival: [0, 0.5, 0.5], input: [40, 300, 300], output: [400, 40, 40], priority: [0, 2, 2] };
    const values: Partial<PoolValues> = { engineOrder: 'pushing', poolReplicas: 2, promptReplicas: 1, sequenceLimit: 2, iterationTokens: 4096, handoverLatency: 0.2 };
    const [macro, single] = [{}, { longest: 1 }].map((longest) => new Rig(sent, values, { blocks: 400, watermark: 0, ...longest }).run());
    for (const i of [0, 1, 2]) expect(macro!.e2e(i), `${i}`).toBeCloseTo(single!.e2e(i), 9);
    expect(macro!.e2e(2)).toBeLessThan(macro!.e2e(0) / 2);
  });

  it('give the times of single steps, to the last bit but rounding', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const [seen, seenSingly]: [number[], number[]] = [[], []];
        const macro = ran(given, {}, (rig) => seen.push(...totals(rig)));
        const single = ran(given, { longest: 1 }, (rig) => seenSingly.push(...totals(rig)));
        settled(macro);
        settled(single);
        for (let i = 0; i < given.sent.arrival.length; i++) {
          expect(macro.sender.outcome[i]).toBe(single.sender.outcome[i]);
          if (macro.sender.outcome[i] !== Code.answered) continue;
          expect(Math.abs(macro.ttft(i) - single.ttft(i)), `ttft ${i}`).toBeLessThan(1e-8);
          expect(Math.abs(macro.e2e(i) - single.e2e(i)), `e2e ${i}`).toBeLessThan(1e-8);
        }
        const [a, b] = [macro.pool.books, single.pool.books];
        // At the end and on the way.
        [...totals(macro), ...seen].forEach((x, k) => {
          const y = [...totals(single), ...seenSingly][k]!;
          expect(Math.abs(x - y), Object.keys(Sum)[k % Object.keys(Sum).length]).toBeLessThanOrEqual(1e-9 * Math.abs(y) + 1e-9);
        });
        expect(a.gaps.histogram.count).toBe(b.gaps.histogram.count);
        expect(Math.abs(a.gaps.stalls - b.gaps.stalls)).toBeLessThan(2 + 0.001 * b.gaps.histogram.count);
        expect(a.gaps.histogram.sum).toBeCloseTo(b.gaps.histogram.sum, 6);
        expect(a.gaps.histogram.counts.reduce((off, count, k) => off + Math.abs(count - b.gaps.histogram.counts[k]!), 0)).toBeLessThan(2 + 0.001 * b.gaps.histogram.count);
      }),
      { numRuns: Number(process.env['RUNS'] ?? 150) },
    );
  });
});

describe('no answer', () => {
  it('comes sooner than its arithmetic at peak, or than the weights of each token can be read, whatever features are on', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom<PoolValues['weightPrecision']>('bf16', 'fp8', 'fp4', 'mxfp4'), (given, weightPrecision) => {
        const values: Partial<PoolValues> = { ...given.values, gpuType: 'b200', weightPrecision };
        const rig = ran({ ...given, values, prefix: false }, {});
        const { sent, sender } = rig;
        const model = modelChosen(rig.values);
        const gpu = gpuOf('b200');
        const gpus = gpusPerReplica(rig.values);
        const flops = 2 * activeParameters(model);
        const weights = activeParameters(model) * weightBytes[weightPrecision];
        for (let i = 0; i < sent.arrival.length; i++) {
          if (sender.outcome[i] !== Code.answered) continue;
          expect(rig.ttft(i), `prompt ${i}`).toBeGreaterThanOrEqual((flops * sent.input[i]!) / (peakFor(gpu, weightPrecision) * gpus));
          const iterations = Math.ceil((sent.output[i]! - 1) / (rig.values.draftLength + 1));
          expect(sender.last[i]! - sender.first[i]!, `answer ${i}`).toBeGreaterThanOrEqual((iterations * weights) / (gpu.bandwidth * gpus));
        }
      }),
      { numRuns: Number(process.env['RUNS'] ?? 60) },
    );
  });
});

describe('the choice by cache', () => {
  it('knows what every engine has and will want, however the pool is changed on its way', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(8, 32), fc.integer({ min: 1, max: 6 }), (given, cacheBlock, poolReplicas) => {
        const values: Partial<PoolValues> = { ...given.values, poolSpreading: 'least cache', poolReplicas: 3 };
        const rig = new Rig(given.sent, values, { watermark: given.special.watermark! }, given.prefix ? {} : null);
        rig.run(1).pool.retune({ ...rig.values, cacheBlock });
        rig.run(2).pool.retune({ ...rig.values, cacheBlock, poolReplicas });
        settled(rig.run());
      }),
      { numRuns: 60 },
    );
  });
});

describe('room for whole answers', () => {
  it('is never taken from anybody, nor more of it given than there is, on engines that lose nothing', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const values: Partial<PoolValues> = { ...given.values, cacheClaim: 'answer', draftLength: 0, engineScheduling: 'chunked', engineOrder: 'arrival' };
        const rig = ran({ ...given, values, lossAt: 0 }, {});
        settled(rig);
        expect(rig.pool.books.sums[Sum.preemptions]).toBe(0);
        expect(rig.pool.books.sums[Sum.recomputed]).toBe(0);
        expect(rig.pool.books.sums[Sum.blocks]! / rig.pool.books.blocks.area(rig.net.now)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });
});
