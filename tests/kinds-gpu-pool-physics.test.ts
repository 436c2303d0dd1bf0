/** The physics of the GPU pool: hard limits, known figures, and real runs where the reference figures are at hand. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseTrace } from '../src/design/trace.ts';
import * as fc from 'fast-check';
import { gpuOf, gpus, peakFor, type Gpu, type GpuId } from '../src/kinds/gpu-pool/catalogue-gpus.ts';
import { activeParameters, kvBytesPerToken, modelOf, models, weightsPerGpu, type Model, type ModelId, type Precision } from '../src/kinds/gpu-pool/catalogue-models.ts';
import { constantsOf, software, type SoftwareId } from '../src/kinds/gpu-pool/constants.ts';
import { allReduce, handOvers, oneShot, oneShotBytes, USUAL, type Ways } from '../src/kinds/gpu-pool/exchange.ts';
import { cacheTokens, gpusOf, productsOf, StepTime, weightsOf, type Setup } from '../src/kinds/gpu-pool/physics.ts';
import { watts } from '../src/kinds/gpu-pool/power.ts';
import { looked, present } from './accuracy/table.ts';
import { Rig } from './gpu-pool-rig.ts';

const step = (model: ModelId, gpu: GpuId, precision: Precision, tp: number): StepTime => new StepTime({ model: modelOf(model), gpu: gpuOf(gpu), precision, kvBytes: 2, tp });

describe('hard limits', () => {
  const setups = models.flatMap((m) => gpus.flatMap((g) => (['bf16', 'fp8', 'fp4', 'mxfp4'] as const).flatMap((precision) => [1, 4].map((tp) => ({ model: modelOf(m.id), gpu: gpuOf(g.id), precision, kvBytes: 2 as const, tp })))));

  it('no decode step is faster than reading once the weights it needs', () => {
    for (const setup of setups) {
      const { model, gpu, precision, tp } = setup;
      // One token of a sparse model needs only the experts it visits; the embedding is looked up, not read.
      const all = weightsPerGpu(model, precision, tp) - (2 * model.vocabulary * model.hidden) / tp;
      const { experts } = model;
      const idle = experts === null ? 0 : ((model.layers - experts.denseLayers) * (experts.count - experts.visited) * 3 * model.hidden * experts.ffn * { bf16: 2, fp8: 1, fp4: 0.5625, mxfp4: 0.53125 }[precision]) / tp;
      expect(new StepTime(setup).decoding(1, 1)).toBeGreaterThan((all - idle) / gpu.bandwidth);
    }
  });

  it('no prompt is faster than its FLOP at peak, and no batch than reading its cache', () => {
    for (const setup of setups) {
      const { model, gpu, precision, tp } = setup;
      const t = new StepTime(setup);
      for (const tokens of [100, 1000, 10_000]) expect(t.prompting(tokens)).toBeGreaterThan((2 * activeParameters(model) * tokens) / (peakFor(gpu, precision) * tp));
      expect(t.decoding(64, 2000)).toBeGreaterThan((64 * 2000 * kvBytesPerToken(model, 2, tp)) / gpu.bandwidth);
    }
  });

  it('of an exchange that runs beside products no more is hidden than they take', () => {
    const inside: Setup = { model: modelOf('llama-3.1-70b'), gpu: gpuOf('h200'), precision: 'fp8', kvBytes: 2, tp: 4 };
    const hidden = (setup: Setup, beside: number): number => new StepTime(setup).prompting(2000) - new StepTime({ ...setup, beside }).prompting(2000);
    const exchanging = (setup: Setup): number => {
      const t = new StepTime(setup);
      t.prompting(2000);
      return t.exchanging();
    };
    // A little of it had been hidden behind the starting of kernels before.
    expect(hidden(inside, 0.96) / exchanging(inside)).toBeCloseTo(0.96, 1.5);
    const overPcie = { ...inside, gpu: { ...inside.gpu, linked: false } };
    expect(hidden(overPcie, 1)).toBeLessThan(0.5 * exchanging(overPcie));
    expect(new StepTime({ ...overPcie, beside: 1 }).prompting(2000)).toBeGreaterThan(exchanging(overPcie));
  });

  it('more work never takes less time, but where an engine goes over from one shot to two', () => {
    for (const setup of setups.filter((_, i) => i % 7 === 0)) {
      const t = new StepTime(setup, { ...constantsOf(software.vllm, setup.gpu.generation), oneShotTokens: 0, oneShotMiB: 0 });
      for (let n = 1; n < 200; n += 13) {
        expect(t.decoding(n + 13, 500)).toBeGreaterThan(t.decoding(n, 500));
        expect(t.decoding(n, 600)).toBeGreaterThan(t.decoding(n, 500));
        expect(t.prompting(n + 13)).toBeGreaterThan(t.prompting(n));
        expect(t.prompting(200, n * 10)).toBeGreaterThanOrEqual(t.prompting(200, n));
      }
    }
  });

  it('goes over from one shot to two where both take about as long, but for engines that go by tokens alone', () => {
    for (const model of ['llama-3.1-8b', 'llama-3.1-70b', 'llama-3.1-405b', 'deepseek-v3'] as const)
      for (const id of ['a100-80', 'h100', 'b200', 'gb200'] as const)
        for (const by of ['vllm', 'vllm-2025', 'sglang', 'sglang-2025', 'tensorrt-llm'] as const)
          for (const tp of [2, 4, 8, 16, 32]) {
            const t = new StepTime({ model: modelOf(model), gpu: gpuOf(id), precision: 'bf16', kvBytes: 2, tp, software: software[by] });
            const fall = (n: number): number => 1 - t.decoding(n + 1, 1000) / t.decoding(n, 1000);
            const most = Math.max(...Array.from({ length: 300 }, (_, i) => (by === 'tensorrt-llm' && tp <= 8 && i + 1 === 128 ? 0 : fall(i + 1))));
            expect(most, `${model} on ${tp} ${id}, ${by}`).toBeLessThan(0.04);
          }
  });

  it('a stage with more layers than others keeps them waiting, and has more to keep', () => {
    const setup = (layers: number, pipeline: number): Setup => ({ model: { ...modelOf('llama-3.1-8b'), layers }, gpu: gpuOf('h100'), precision: 'bf16', kvBytes: 2, tp: 1, pipeline });
    const seconds = (layers: number, pipeline: number): number => new StepTime(setup(layers, pipeline)).decoding(64, 1000);
    expect(seconds(33, 4) / seconds(32, 4)).toBeGreaterThan(1.08);
    expect(seconds(1, 4)).toBeGreaterThan(seconds(1, 1));
    expect(weightsOf(setup(33, 4)) / weightsOf(setup(36, 4))).toBeCloseTo(1, 1);
    expect(weightsOf(setup(1, 4))).toBe(weightsOf(setup(1, 1)));
  });

  const count = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
  const experts = fc.record({ count: count(2, 512), visited: count(1, 2), shared: count(0, 2), ffn: count(64, 20_000), denseLayers: count(0, 3) });
  const latent = fc.record({ kvRank: count(1, 2048), queryRank: count(1, 4096), nope: count(8, 256), rope: count(0, 128), value: count(8, 256) });
  const modelByHand = fc
    .record({ layers: count(4, 200), hidden: count(64, 20_000), heads: count(1, 1024), kvHeads: count(1, 128), headSize: count(8, 256), ffn: count(64, 60_000), vocabulary: count(2, 300_000), experts: fc.option(experts), latent: fc.option(latent), slidingLayers: count(0, 3), window: count(1, 10_000) })
    .map((m): Model => ({ ...m, id: 'custom', label: '', gated: true, source: '' }));
  const gpuByHand = fc
    .record({ like: fc.constantFrom(...gpus), peak16: count(10, 10_000), narrow: fc.constantFrom(0, 1, 2), bandwidth: count(100, 20_000), linked: fc.boolean(), joined: count(2, 100), links: count(1, 1000) })
    .map(({ like, peak16, narrow, bandwidth, linked, joined, links }): Gpu => ({ ...like, peak16: peak16 * 1e12, peak8: narrow * peak16 * 1e12, peak4: 2 * narrow * peak16 * 1e12, bandwidth: bandwidth * 1e9, linked, joined, linkRatio: links / 100 }));
  const anySetup = fc
    .record({ model: fc.oneof(fc.constantFrom(...models), modelByHand), gpu: fc.oneof(fc.constantFrom(...gpus), gpuByHand), precision: fc.constantFrom('bf16' as const, 'fp8' as const, 'fp4' as const, 'mxfp4' as const), kvBytes: fc.constantFrom(1 as const, 2 as const), tp: fc.constantFrom(1, 2, 4, 8, 16, 32), pipeline: fc.constantFrom(1, 2, 4), split: fc.boolean(), beside: fc.constantFrom(0, 0.5, 1), by: fc.constantFrom(...(Object.keys(software) as SoftwareId[])) })
    .map(({ split, by, ...rest }): Setup => ({ ...rest, attentionGroups: split && rest.model.experts !== null ? rest.tp : 1, software: software[by] }));
  const batch = fc.integer({ min: 1, max: 600 });
  const context = fc.integer({ min: 1, max: 20_000 });
  const width = fc.integer({ min: 1, max: 8 });

  /** Bytes of weights that one token of a step must read on the GPUs of its replica, each its share. */
  const needed = ({ model: m, precision, tp, attentionGroups: groups }: Setup): number => {
    const idle = m.experts === null ? 0 : ((m.layers - m.experts.denseLayers) * (m.experts.count - m.experts.visited) * 3 * m.hidden * m.experts.ffn * { bf16: 2, fp8: 1, fp4: 0.5625, mxfp4: 0.53125 }[precision]) / tp;
    return weightsPerGpu(m, precision, tp, tp / groups!) - (2 * m.vocabulary * m.hidden) / tp - idle;
  };

  it('no step beats the weights and cache it reads at full bandwidth, nor its FLOP at peak, under any software, however GPUs are joined', () => {
    fc.assert(
      fc.property(anySetup, batch, context, width, (setup, n, each, k) => {
        const { gpu } = setup;
        const t = new StepTime(setup);
        t.begin(n, n * each, k);
        const cache = (n * each * kvBytesPerToken(setup.model, setup.kvBytes, 1)) / gpusOf(setup);
        expect(t.seconds()).toBeGreaterThan((needed(setup) / (setup.pipeline ?? 1) + cache) / gpu.bandwidth);
        const peak = Math.max(peakFor(gpu, setup.precision), gpu.peak16) * gpusOf(setup);
        const bandwidth = gpu.bandwidth * gpusOf(setup);
        expect(t.seconds()).toBeGreaterThan(t.flops() / peak);
        expect(t.seconds()).toBeGreaterThan(t.bytes() / bandwidth);
        t.begin(0, 0);
        t.chunk(each, n, true);
        expect(t.seconds()).toBeGreaterThan(t.flops() / peak);
        expect(t.seconds()).toBeGreaterThan(t.bytes() / bandwidth);
      }),
      { numRuns: 2000 },
    );
  });

  it('windows that are not full yet cost what full attention does, and full ones no more', () => {
    const windowed = (slidingLayers: number, window: number): StepTime => new StepTime({ model: { ...modelOf('llama-3.1-8b'), slidingLayers, window }, gpu: gpuOf('h100'), precision: 'bf16', kvBytes: 2, tp: 1 });
    const seen = (t: StepTime, each: number): number[] => [t.decoding(64, each), t.flops(), t.bytes()];
    for (const each of [300, 4000]) {
      const all = seen(windowed(0, 0), each);
      seen(windowed(31, 4096), each).forEach((x, i) => expect(x).toBeCloseTo(all[i]!, 9 - Math.log10(all[i]!)));
    }
    expect(windowed(24, 128).decoding(64, 4000)).toBeLessThan(windowed(24, 4096).decoding(64, 4000));
  });

  it('lets a GPU with sequences of its own read no more than its memory gives, however few there are', () => {
    const model = { ...modelOf('qwen3-235b-a22b'), kvHeads: 32 };
    const setup = (tp: number): Setup => ({ model, gpu: gpuOf('h200'), precision: 'fp8', kvBytes: 2, tp, attentionGroups: tp });
    const t = new StepTime(setup(8));
    const longer = (n: number): number => t.decoding(n, 100_000) - t.decoding(n, 0);
    const least = (100_000 * 2 * model.layers * model.kvHeads * model.headSize * 2) / gpuOf('h200').bandwidth;
    expect(longer(1)).toBeGreaterThan(least);
    expect(longer(8)).toBeCloseTo(longer(1), 9);
    expect(longer(9)).toBeCloseTo(2 * longer(1), 9);
  });

  it('a stretch of decode iterations is an arithmetic series', () => {
    fc.assert(
      fc.property(anySetup, batch, context, width, fc.integer({ min: 1, max: 500 }), (setup, n, each, k, some) => {
        const t = new StepTime(setup);
        const cost = (more: number): number[] => {
          t.begin(n, n * (each + more), k);
          return [t.seconds(), t.flops(), t.bytes()];
        };
        const [seconds, flops, bytes] = cost(0);
        const { growth } = t;
        const later = Math.min(some, t.lasting - 1);
        const grown = [seconds! + later * growth.seconds, flops! + later * growth.flops, bytes! + later * growth.bytes];
        cost(later).forEach((x, i) => expect(Math.abs(x / grown[i]! - 1)).toBeLessThan(1e-9));
      }),
      { numRuns: 1000 },
    );
  });

  it('every fitted share is below one', () => {
    for (const by of Object.keys(software) as SoftwareId[]) {
      for (const g of gpus) {
        const c = looked(present, by, g.generation);
        for (const share of [c.burst, c.compute16, c.compute8, c.compute4, c.stream, c.stream4, c.kvRead, c.kvRead8, c.prefill, c.grouped]) expect(share).toBeLessThan(1);
      }
    }
  });

  it('counts parameters as published', () => {
    const published: Partial<Record<ModelId, number>> = { 'llama-3.1-8b': 8.03e9, 'llama-3.1-70b': 70.55e9, 'llama-3.1-405b': 405.9e9, 'mixtral-8x7b': 46.7e9, 'mixtral-8x22b': 141e9, 'qwen3-235b-a22b': 235e9, 'qwen3-30b-a3b': 30.5e9, 'deepseek-v3': 671e9, 'gpt-oss-120b': 116.8e9, 'gpt-oss-20b': 20.9e9, 'qwen3-32b': 32.8e9, 'llama-2-70b': 68.98e9 };
    for (const [id, count] of Object.entries(published)) expect(Math.abs(weightsPerGpu(modelOf(id as ModelId), 'bf16', 1) / 2 / count - 1), id).toBeLessThan(0.01);
    // Checkpoints as released: 60.8 and 12.8 GiB (OpenAI, gpt-oss model card, 2025, table 1).
    expect(weightsPerGpu(modelOf('gpt-oss-120b'), 'mxfp4', 1) / 2 ** 30).toBeCloseTo(60.8, 0);
    expect(weightsPerGpu(modelOf('gpt-oss-20b'), 'mxfp4', 1) / 2 ** 30).toBeCloseTo(12.8, 0);
    expect(kvBytesPerToken(modelOf('llama-3.1-70b'), 2, 1)).toBe(327_680);
    expect(kvBytesPerToken(modelOf('deepseek-v3'), 2, 8)).toBe(70_272);
  });
});

describe('known figures', () => {
  it('Llama 3.1 70B in fp8 on four H100 decodes alone in 10–16 ms', () => {
    expect(step('llama-3.1-70b', 'h100', 'fp8', 4).decoding(1, 1000) * 1000).toBeGreaterThan(10);
    expect(step('llama-3.1-70b', 'h100', 'fp8', 4).decoding(1, 1000) * 1000).toBeLessThan(16);
  });

  it('Llama 3.1 8B in bf16 on one H100 decodes alone in 6–8 ms', () => {
    expect(step('llama-3.1-8b', 'h100', 'bf16', 1).decoding(1, 1000) * 1000).toBeGreaterThan(6);
    expect(step('llama-3.1-8b', 'h100', 'bf16', 1).decoding(1, 1000) * 1000).toBeLessThan(8);
  });

  it('70B in bf16 does not fit one H100, and does fit four', () => {
    const setup = { model: modelOf('llama-3.1-70b'), gpu: gpuOf('h100'), precision: 'bf16', kvBytes: 2 } as const;
    expect(cacheTokens({ ...setup, tp: 1 }, 0.9)).toBe(0);
    expect(cacheTokens({ ...setup, tp: 4 }, 0.9)).toBeGreaterThan(400_000);
  });

  it('computes at 16 bit what the GPU has no units for', () => {
    expect(peakFor(gpuOf('h100'), 'fp4')).toBe(gpuOf('h100').peak16);
    expect(step('llama-3.1-70b', 'h100', 'fp4', 4).prompting(8000)).toBeGreaterThan(1.3 * step('llama-3.1-70b', 'h100', 'fp8', 4).prompting(8000));
    expect(step('llama-3.1-70b', 'h100', 'fp4', 4).decoding(1, 1000)).toBeLessThan(step('llama-3.1-70b', 'h100', 'fp8', 4).decoding(1, 1000));
  });

  it('with experts alone in 4 bits, all else is read and multiplied at 16, and experts meet activations of 8 bits where there are units of 4', () => {
    const dense = (precision: Precision): number => step('llama-3.1-8b', 'b200', precision, 1).decoding(8, 1000);
    expect(dense('mxfp4')).toBe(dense('bf16'));
    const sparse = (precision: Precision): number => step('gpt-oss-120b', 'h100', precision, 8).decoding(64, 1000);
    expect(sparse('mxfp4')).toBeLessThan(sparse('bf16'));
    expect([peakFor(gpuOf('b200'), 'mxfp4'), peakFor(gpuOf('h100'), 'mxfp4')]).toEqual([gpuOf('b200').peak8, gpuOf('h100').peak16]);
    expect([productsOf(gpuOf('b200'), 'mxfp4'), productsOf(gpuOf('h100'), 'mxfp4')]).toEqual(['compute8', 'compute16']);
    const computing = (precision: Precision): number => {
      const t = step('gpt-oss-120b', 'b200', precision, 1);
      t.begin(512, 512_000);
      return t.computing();
    };
    expect(computing('mxfp4')).toBeGreaterThan(computing('fp8'));
    expect(computing('mxfp4')).toBeLessThan(computing('bf16'));
  });

  it('a card with fewer watts for each peak FLOP/s sustains less of it, and streams weights as fast', () => {
    const nvl = gpuOf('h100-nvl');
    const cool: Setup = { model: modelOf('llama-3.1-8b'), gpu: { ...nvl, sustains: 1 }, precision: 'fp8', kvBytes: 2, tp: 1 };
    const hot = new StepTime({ ...cool, gpu: nvl });
    const prompts = hot.prompting(8000) / new StepTime(cool).prompting(8000);
    expect(prompts).toBeGreaterThan(1.1);
    expect(prompts).toBeLessThan(1 / nvl.sustains!);
    expect(hot.decoding(1, 1000) / new StepTime(cool).decoding(1, 1000)).toBeLessThan(1.01);
    for (const gpu of gpus as readonly Gpu[]) expect(gpu.sustains ?? 1, gpu.id).toBeLessThanOrEqual(1);
  });

  it('matrices of 4 bit stream slower than others of their size, experts of 4 bit do not', () => {
    const decoding = (model: ModelId, stream4: number): number => new StepTime({ model: modelOf(model), gpu: gpuOf('b200'), precision: 'fp4', kvBytes: 1, tp: 2 }, { ...constantsOf(software['tensorrt-llm'], 'blackwell'), stream4 }).decoding(64, 1000);
    expect(decoding('llama-3.1-405b', 0.3) / decoding('llama-3.1-405b', 0.6)).toBeGreaterThan(1.4);
    expect(decoding('deepseek-v3', 0.3) / decoding('deepseek-v3', 0.6)).toBeLessThan(1.2);
  });

  it('turning activations into 8 bit costs something per layer, and nothing at 16 bit', () => {
    const more = (precision: Precision): number => {
      const setup: Setup = { model: modelOf('qwen3-32b'), gpu: gpuOf('h100'), precision, kvBytes: 2, tp: 4 };
      const c = constantsOf(software.vllm, 'hopper');
      return new StepTime(setup, { ...c, narrowing: 1e-5 }).decoding(1, 1000) - new StepTime(setup, { ...c, narrowing: 0 }).decoding(1, 1000);
    };
    expect(more('fp8')).toBeCloseTo(64 * 1e-5, 6);
    expect(more('bf16')).toBe(0);
  });

  it('launching the kernels of a prompt takes the longer, the more GPUs have to meet, where graphs do not cover it', () => {
    const launching = (tp: number, tokens: number): number => {
      const setup: Setup = { model: modelOf('llama-3.1-8b'), gpu: gpuOf('h100'), precision: 'fp8', kvBytes: 2, tp };
      return new StepTime(setup, { ...constantsOf(software.vllm, 'hopper'), launchPrompt: 1e-3, graphTokens: 100 }).prompting(tokens);
    };
    expect(launching(8, 200)).toBeGreaterThan(8 * 32 * 1e-3);
    expect(launching(8, 200) / launching(2, 200)).toBeGreaterThan(3.5);
    expect(launching(8, 100)).toBeLessThan(0.1 * launching(8, 101));
  });
});

describe('GPUs joined', () => {
  const deepseek = { model: modelOf('deepseek-v3'), gpu: gpuOf('h200'), precision: 'fp8', kvBytes: 2, tp: 8 } as const;
  const llama = { model: modelOf('llama-3.1-405b'), gpu: gpuOf('h100'), precision: 'fp8', kvBytes: 2, tp: 8 } as const;

  it('stages of a pipeline hold a part of the layers each, and leave more room for the cache', () => {
    expect(weightsOf({ ...llama, pipeline: 2 })).toBe(weightsOf(llama) / 2);
    expect(cacheTokens({ ...llama, pipeline: 2 }, 0.9)).toBeGreaterThan(2 * cacheTokens(llama, 0.9));
  });

  it('a lone sequence passes all stages one after the other; many keep all of them busy', () => {
    const one = new StepTime(llama);
    const two = new StepTime({ ...llama, pipeline: 2 });
    expect(two.decoding(1, 1000) / one.decoding(1, 1000)).toBeCloseTo(1, 2);
    expect(two.prompting(8000) / one.prompting(8000)).toBeCloseTo(1, 1);
    expect(two.decoding(512, 1000)).toBeLessThan(0.8 * one.decoding(512, 1000));
  });

  it('groups with their own attention keep a latent once and not eight times', () => {
    expect(cacheTokens({ ...deepseek, attentionGroups: 8 }, 0.9)).toBeGreaterThan(5 * cacheTokens(deepseek, 0.9));
    expect(new StepTime({ ...deepseek, attentionGroups: 8 }).decoding(512, 4000)).toBeLessThan(new StepTime(deepseek).decoding(512, 4000));
  });

  it('lasts with sequences of their own as long as the longest prompt keeps its GPU busy, however short the others are', () => {
    const apart = new StepTime({ ...deepseek, attentionGroups: 8 });
    const seconds = (...prompts: number[]): number => {
      apart.begin(0, 0);
      for (const tokens of prompts) apart.chunk(tokens, 0, true);
      return apart.seconds();
    };
    expect(seconds(8000, 8, 8, 8, 8, 8, 8, 8)).toBeGreaterThanOrEqual(seconds(8000));
    expect(seconds(8000, 8, 8, 8, 8, 8, 8, 8)).toBeGreaterThan(1.2 * seconds(...new Array<number>(8).fill(1007)));
  });

  it('few tokens for each expert cost what its weights take to stream, not a product of tiles half empty, however small experts are', () => {
    for (const gpu of ['h100', 'h200', 'b200'] as const) {
      const setup: Setup = { model: modelOf('gpt-oss-120b'), gpu: gpuOf(gpu), precision: 'mxfp4', kvBytes: 2, tp: 1 };
      const t = new StepTime(setup);
      const least = (n: number): number => {
        t.begin(n, n);
        return t.bytes() / setup.gpu.bandwidth;
      };
      const more = (least(64) - least(8)) / (t.decoding(64, 1) - t.decoding(8, 1));
      expect(more).toBeGreaterThan(0.4);
      expect(more).toBeLessThan(1);
    }
  });

  it('reads more experts the more tokens there are, and one token exactly its own', () => {
    const t = new StepTime({ model: modelOf('mixtral-8x7b'), gpu: gpuOf('h100'), precision: 'bf16', kvBytes: 2, tp: 2 });
    const bytes = (n: number): number => {
      t.begin(n, n);
      return t.bytes();
    };
    const expert = 32 * 3 * 4096 * 14336 * 2;
    expect((bytes(1000) - bytes(1)) / expert).toBeGreaterThan(5.9);
    expect((bytes(1000) - bytes(1)) / expert).toBeLessThan(6.1);
  });

  it('checks a draft in little more than a plain step while weights are the limit', () => {
    const t = new StepTime({ ...llama, tp: 8 });
    const plain = t.decoding(4, 1000);
    t.begin(4, 4000, 5);
    expect(t.seconds() / plain).toBeGreaterThan(1);
    expect(t.seconds() / plain).toBeLessThan(1.1);
  });


  it('sums up small messages in one shot: sooner than in two where messages are small, later where they are large; over two GPUs both are one', () => {
    const c = looked(present, undefined, 'hopper');
    const seconds = (how: typeof allReduce, gpus: number, bytes: number): number => how(gpuOf('h100'), gpus, c).start + bytes * how(gpuOf('h100'), gpus, c).perByte;
    for (const gpus of [4, 8]) {
      expect(seconds(oneShot, gpus, 1e4)).toBeLessThan(seconds(allReduce, gpus, 1e4));
      expect(seconds(oneShot, gpus, 4e6)).toBeGreaterThan(seconds(allReduce, gpus, 4e6));
    }
    expect(oneShot(gpuOf('h100'), 2, c)).toEqual(allReduce(gpuOf('h100'), 2, c));
    expect(oneShotBytes(8, c)).toBe(256 * 1024);
  });

  it('vLLM sums up 256 KiB on eight GPUs in two shots already, what is less in one', () => {
    const setup: Setup = { model: modelOf('llama-3.1-70b'), gpu: gpuOf('h100'), precision: 'fp8', kvBytes: 2, tp: 8 };
    const exchanging = (tokens: number, oneShotMiB: number): number => {
      const t = new StepTime(setup, { ...constantsOf(software.vllm, 'hopper'), oneShotMiB });
      t.begin(tokens, tokens);
      return t.exchanging();
    };
    // 16 KiB a token.
    expect(exchanging(16, 2)).toBe(exchanging(16, 0));
    expect(exchanging(15, 2)).toBeLessThan(exchanging(15, 0));
  });

  it('engines that sum up 128 tokens in one shot take longer for them on eight GPUs than for 129 in two', () => {
    const t = new StepTime({ model: modelOf('llama-3.1-70b'), gpu: gpuOf('h200'), precision: 'fp8', kvBytes: 1, tp: 8, software: software['tensorrt-llm'] });
    t.begin(128, 128_000);
    const at = t.exchanging();
    t.begin(129, 129_000);
    expect(t.exchanging()).toBeLessThan(at);
  });

  it('GPUs with sequences of their own prepare them side by side: the host costs what one of them has', () => {
    const setup = (attentionGroups: number): Setup => ({ model: modelOf('qwen3-235b-a22b'), gpu: gpuOf('h200'), precision: 'fp8', kvBytes: 2, tp: 8, attentionGroups, software: software.vllm });
    const c = constantsOf(software.vllm, 'hopper');
    const host = (groups: number): number => new StepTime(setup(groups), { ...c, perSequence: 1e-3 }).decoding(80, 1000) - new StepTime(setup(groups), { ...c, perSequence: 0 }).decoding(80, 1000);
    expect(host(1)).toBeCloseTo(0.08, 9);
    expect(host(8)).toBeCloseTo(0.01, 9);
  });

  it('gives the attention of few queries after a long text no more multiprocessors than it has pieces: twice the GPUs do not hasten it', () => {
    const c = { ...constantsOf(software.vllm, 'hopper'), kvRead: 1e9 };
    const setup = (tp: number): Setup => ({ model: modelOf('llama-3.1-70b'), gpu: gpuOf('h100'), precision: 'fp8', kvBytes: 2, tp });
    const looking = (tp: number, tokens: number): number => new StepTime(setup(tp), c).prompting(tokens, 30_000) - new StepTime(setup(tp), c).prompting(tokens, 0);
    expect(looking(8, 128) / looking(4, 128)).toBeCloseTo(1, 2);
    expect(looking(8, 8192) / looking(4, 8192)).toBeCloseTo(0.5, 1);
  });

  it('leads four and eight GPUs over PCIe through switches, or all through one host, which a pair does not need', () => {
    const c = looked(present, undefined, 'ada');
    const throughHost: Ways = { ...USUAL, routes: 'host' };
    const ways = (n: number) => ({ switches: allReduce(gpuOf('l40s'), n, c), host: allReduce(gpuOf('l40s'), n, c, throughHost) });
    const [two, four, eight] = [ways(2), ways(4), ways(8)];
    expect(two.host).toEqual(two.switches);
    // Each sends 2·(n − 1)/n of the bytes; through the host, all of them one after the other.
    expect(eight.host.perByte / four.host.perByte).toBeCloseTo((1.75 * 8) / (1.5 * 4), 9);
    expect(four.host.perByte / four.switches.perByte).toBeGreaterThan(5);
    expect(eight.host.perByte / eight.switches.perByte).toBeGreaterThan(10);
    expect(allReduce(gpuOf('h100'), 8, c, throughHost)).toEqual(allReduce(gpuOf('h100'), 8, c));
  });

  it('gives slots of PCIe 5 twice the rate of those of 4, and comes within a third of what was published of RTX PRO 6000', () => {
    const c = looked(present, undefined, 'workstation');
    for (const routes of ['switches', 'host'] as const) {
      const [gen4, gen5] = ['l40s', 'rtx-pro-6000'].map((id) => allReduce(gpuOf(id as 'l40s'), 4, c, { ...USUAL, routes }));
      expect(gen4!.perByte / gen5!.perByte).toBeCloseTo(2, 9);
      expect(gen5!.start).toBe(gen4!.start);
    }
    // Four: local-inference-lab/vllm pull request 580; eight: voipmonitor/rtx6kpro, hardware/pcie-bandwidth.md, 2026.
    const published = [[4, 512 * 1024, 41.7e-6], [4, 768 * 1024, 54.5e-6], [8, 32 * 1024, 24.5e-6], [8, 256 * 1024, 28e-6], [8, 2 ** 31, (1.75 * 2 ** 31) / 41.1e9]] as const;
    for (const [gpus, bytes, seconds] of published) {
      const { start, perByte } = allReduce(gpuOf('rtx-pro-6000'), gpus, c);
      expect(Math.abs(Math.log((start + bytes * perByte) / seconds)), `${gpus} GPUs, ${bytes} bytes`).toBeLessThan(Math.log(1.34));
    }
  });

  it('slows down across servers', () => {
    const c = looked(present, undefined, 'hopper');
    const inside = allReduce(gpuOf('h100'), 8, c);
    const across = allReduce(gpuOf('h100'), 16, c);
    expect(allReduce(gpuOf('h100'), 1, c)).toEqual({ start: 0, perByte: 0 });
    expect(across.start).toBeGreaterThan(inside.start);
    expect(across.perByte).toBeGreaterThan(inside.perByte);
    // Two servers: each of eight adapters carries an eighth of the sums there and back.
    expect(across.perByte - inside.perByte).toBeCloseTo(1 / (8 * 0.9 * USUAL.network), 15);
    expect(allReduce(gpuOf('h100'), 16, c, { ...USUAL, network: 12.5e9 }).perByte).toBeGreaterThan(across.perByte);
    // A rack of NVL72 is like one server.
    const rack = looked(present, undefined, 'blackwell');
    expect(allReduce(gpuOf('gb200'), 16, rack).start).toBeLessThan(allReduce(gpuOf('b200'), 16, rack).start);
    expect(allReduce(gpuOf('gb200'), 32, rack, { ...USUAL, network: 1 })).toEqual(allReduce(gpuOf('gb200'), 32, rack));
  });

  it('takes the network only between those stages of a pipeline that are in different servers', () => {
    const over = (tp: number, stages: number, network = USUAL.network) => handOvers(gpuOf('h100'), tp, stages, looked(present, undefined, 'hopper'), { ...USUAL, network });
    expect(over(8, 1)).toEqual({ start: 0, perByte: 0 });
    expect(over(4, 2, 1)).toEqual(over(4, 2));
    // Four stages of four GPUs are two servers, one boundary of which is outside; eight of eight have seven outside.
    expect(over(4, 4, 25e9).perByte - over(4, 4).perByte).toBeCloseTo(1 / (0.9 * 4) * (1 / 25e9 - 1 / 50e9), 15);
    expect(over(8, 8, 25e9).perByte).toBeCloseTo(2 * over(8, 8).perByte, 15);
  });
});

describe('power', () => {
  it('rises from idle to the rating, which prompts reach and decoding does not', () => {
    const h100 = gpuOf('h100');
    expect(watts(h100, 0, 0)).toBe(70);
    expect(watts(h100, 0.6, 0.3)).toBe(700);
    expect(watts(h100, 0.03, 0.8) / 700).toBeGreaterThan(0.5);
    expect(watts(h100, 0.03, 0.8) / 700).toBeLessThan(0.67);
  });
});

const truth = '../shared/truth';
const at = (file: string): string => `${truth}/${file}`;

describe.skipIf(!existsSync(at('traces')))('a recorded trace (skipped without the reference figures)', () => {
  it('runs the Azure conversations of an hour through a 70B pool in few events', () => {
    const parsed = parseTrace('azure', readFileSync(at('traces/AzureLLMInferenceTrace_conv.csv'), 'utf8'));
    if (!parsed.ok) throw new Error(parsed.why);
    const rig = new Rig(parsed.trace, { languageModel: 'llama-3.1-70b', weightPrecision: 'fp8', tensorParallel: '4', poolReplicas: 2 });
    rig.run();
    expect(rig.pool.endedAs(0)).toBe(19_366);
    expect(rig.net.events).toBeLessThan(250_000);
  });
});
