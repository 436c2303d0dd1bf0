/** From chosen parameters to what an engine runs and how it schedules. */
import { gpuOf, peakFor } from './catalogue-gpus.ts';
import { modelOf, weightsPerGpu } from './catalogue-models.ts';
import { software } from './constants.ts';
import type { PoolValues } from './params.ts';
import { cacheTokens, StepTime, type Setup } from './physics.ts';
import type { Rules } from './replica.ts';

/** Share of the cache that stays free when a request is let in, as in vLLM. */
const WATERMARK = 0.01;

/** The model on its GPUs, as chosen. */
export function setupOf(v: PoolValues): Setup {
  return {
    model: modelOf(v.languageModel),
    gpu: gpuOf(v.gpuType),
    precision: v.weightPrecision,
    kvBytes: v.cachePrecision === '8' ? 1 : 2,
    tp: Number(v.tensorParallel),
    software: software[v.engineSoftware],
  };
}

/** Scheduling rules of one replica; `blocks` is 0 where the model does not fit. */
export function rulesOf(v: PoolValues): Rules {
  const setup = setupOf(v);
  const blocks = Math.floor(cacheTokens(setup, v.memoryShare) / v.cacheBlock);
  return {
    clockwork: new StepTime(setup),
    blockSize: v.cacheBlock,
    blocks,
    watermark: Math.floor(WATERMARK * blocks),
    mostSequences: v.sequenceLimit,
    budget: v.iterationTokens,
    chunked: v.engineScheduling === 'chunked',
    longest: 0x3fffffff,
  };
}

/** Seconds until a replica that is started serves: its GPUs load their parts of the weights side by side. */
export function coldStart(v: PoolValues): number {
  const { model, precision, tp } = setupOf(v);
  return weightsPerGpu(model, precision, tp) / v.weightLoadRate + v.engineStartup;
}

/** USD per hour of the whole pool, and who says so. */
export function priceOf(v: PoolValues): { readonly usdPerHour: number; readonly gpus: number; readonly source: string } {
  const gpu = gpuOf(v.gpuType);
  const count = v.poolReplicas * Number(v.tensorParallel);
  const each = v.priceOverride > 0 ? v.priceOverride : gpu.usdPerHour;
  return { usdPerHour: count * each, gpus: count, source: v.priceOverride > 0 ? 'price entered on this component' : gpu.priceSource };
}

/** Peak rates of one replica: FLOP/s at the precision of the weights, and bytes/s. */
export function peaksOf(v: PoolValues): { readonly flops: number; readonly bytes: number } {
  const { gpu, precision, tp } = setupOf(v);
  return { flops: peakFor(gpu, precision) * tp, bytes: gpu.bandwidth * tp };
}
