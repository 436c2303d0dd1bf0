/** The physics of the GPU pool: hard limits, known figures, and real runs where the reference figures are at hand. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseTrace } from '../src/design/trace.ts';
import { gpuOf, gpus, peakFor, type GpuId } from '../src/kinds/gpu-pool/catalogue-gpus.ts';
import { activeParameters, kvBytesPerToken, modelOf, models, weightsPerGpu, type ModelId, type Precision } from '../src/kinds/gpu-pool/catalogue-models.ts';
import { cacheTokens, StepTime } from '../src/kinds/gpu-pool/physics.ts';
import { Rig } from './gpu-pool-rig.ts';

const step = (model: ModelId, gpu: GpuId, precision: Precision, tp: number): StepTime => new StepTime({ model: modelOf(model), gpu: gpuOf(gpu), precision, kvBytes: 2, tp });

describe('hard limits', () => {
  const setups = models.flatMap((m) => gpus.flatMap((g) => (['bf16', 'fp8', 'fp4'] as const).flatMap((precision) => [1, 4].map((tp) => ({ model: modelOf(m.id), gpu: gpuOf(g.id), precision, kvBytes: 2 as const, tp })))));

  it('no decode step is faster than reading once the weights it needs', () => {
    for (const setup of setups) {
      const { model, gpu, precision, tp } = setup;
      // One token of a sparse model needs only the experts it visits; the embedding is looked up, not read.
      const all = weightsPerGpu(model, precision, tp) - (2 * model.vocabulary * model.hidden) / tp;
      const { experts } = model;
      const idle = experts === null ? 0 : ((model.layers - experts.denseLayers) * (experts.count - experts.visited) * 3 * model.hidden * experts.ffn * { bf16: 2, fp8: 1, fp4: 0.5625 }[precision]) / tp;
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

  it('more work never takes less time', () => {
    for (const setup of setups.filter((_, i) => i % 7 === 0)) {
      const t = new StepTime(setup);
      for (let n = 1; n < 200; n += 13) {
        expect(t.decoding(n + 13, 500)).toBeGreaterThan(t.decoding(n, 500));
        expect(t.decoding(n, 600)).toBeGreaterThan(t.decoding(n, 500));
        expect(t.prompting(n + 13)).toBeGreaterThan(t.prompting(n));
        expect(t.prompting(200, n * 10)).toBeGreaterThanOrEqual(t.prompting(200, n));
      }
    }
  });

  it('counts parameters as published', () => {
    const published: Partial<Record<ModelId, number>> = { 'llama-3.1-8b': 8.03e9, 'llama-3.1-70b': 70.55e9, 'llama-3.1-405b': 405.9e9, 'mixtral-8x7b': 46.7e9, 'mixtral-8x22b': 141e9, 'qwen3-235b-a22b': 235e9, 'qwen3-30b-a3b': 30.5e9, 'deepseek-v3': 671e9, 'gpt-oss-120b': 116.8e9, 'gpt-oss-20b': 20.9e9, 'qwen3-32b': 32.8e9, 'llama-2-70b': 68.98e9 };
    for (const [id, count] of Object.entries(published)) expect(Math.abs(weightsPerGpu(modelOf(id as ModelId), 'bf16', 1) / 2 / count - 1), id).toBeLessThan(0.01);
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
});

const truth = '../shared/truth';
const at = (file: string): string => `${truth}/${file}`;

describe.skipIf(!existsSync(at('replay')))('a real run of vLLM 0.19 (skipped without the reference figures)', () => {
  it('Llama 3.1 8B on an RTX PRO 6000: first token within 5 %, per token and end to end within 2 %', () => {
    const rows = readFileSync(at('replay/RTXPRO6000_Llama-3.1-8B.csv'), 'utf8').trim().split('\n').slice(1).map((l) => l.split(',').map(Number)).sort((a, b) => a[2]! - b[2]!);
    const column = (k: number): number[] => rows.map((r) => r[k]!);
    const rig = new Rig({ arrival: column(2), input: column(3), output: column(4) }, { gpuType: 'rtx-pro-6000', sequenceLimit: 128, iterationTokens: 2048 }).run();
    const check = (mine: (i: number) => number, k: number, within: number): void => {
      const simulated = rows.map((_, i) => mine(i) * 1000).sort((a, b) => a - b);
      const real = column(k).sort((a, b) => a - b);
      const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
      expect(Math.abs(mean(simulated) / mean(real) - 1)).toBeLessThan(within);
      for (const q of [0.5, 0.9, 0.99]) expect(Math.abs(simulated[Math.floor(q * 299)]! / real[Math.floor(q * 299)]! - 1)).toBeLessThan(within);
    };
    check((i) => rig.ttft(i), 6, 0.05);
    check((i) => rig.tpot(i), 7, 0.02);
    check((i) => rig.e2e(i), 8, 0.02);
  });
});

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
