/** How InferenceMAX sets engines up, by its scripts (SemiAnalysisAI/InferenceX, benchmarks/dsr1_*.sh, 70b_*.sh and gptoss_*.sh, autumn 2025 to spring 2026). */
import type { SoftwareId } from '../../src/kinds/gpu-pool/constants.ts';
import type { Setup } from '../../src/kinds/gpu-pool/physics.ts';
import { numberIn, type Line } from './csv.ts';

/** What its scripts ask of an engine with a sparse model. */
export interface Settings {
  /** Tokens of an iteration. */
  readonly budget: number;
  /** Share of the memory that is free before weights are loaded (SGLang), or after (TensorRT-LLM). */
  readonly memory: number;
  /** Decode iterations from one look at the queue to the next. */
  readonly looksEvery: number;
  /** Tokens that come to the client at a time. */
  readonly streamed: number;
}

/** SGLang on Blackwell looks at its queue every 10 decode iterations, with 16 people and more every 30; fp8 on four GPUs leaves little room beside the weights. */
function sglang(people: number, software: SoftwareId, { gpu, precision, tp }: Setup): Settings {
  const blackwell = gpu.generation === 'blackwell';
  if (precision === 'fp4') return { budget: 16_384, memory: 0.85, looksEvery: people < 16 ? 10 : 30, streamed: 10 };
  const tight = blackwell && tp === 4;
  return {
    budget: tight ? 8192 : 32_768,
    memory: tight ? 0.95 : 0.82,
    looksEvery: !blackwell ? 1 : people < 16 || tight ? 10 : 30,
    streamed: blackwell && software === 'sglang' ? 30 : 10,
  };
}

/** TensorRT-LLM has room for one prompt beside the batch, in multiples of 64; from 1.2 on for 8,192 tokens at least. */
function tensorRt(r: Line, { gpu }: Setup): Settings {
  const tokens = 64 * Math.ceil((numberIn(r, 'load_value') + numberIn(r, 'isl') + 64) / 64);
  return { budget: r.version!.startsWith('1.2') ? Math.max(8192, tokens) : tokens, memory: gpu.generation === 'blackwell' ? 0.8 : 0.75, looksEvery: 1, streamed: 10 };
}

/** What its scripts ask of TensorRT-LLM for gpt-oss. */
const gptOss: Settings = { budget: 20_000, memory: 0.85, looksEvery: 1, streamed: 20 };

/** Whether a line is of AIConfigurator's gap analysis, the other source of closed loops. */
export const ofGapAnalysis = (r: Line): boolean => /gap-analysis/.test(r.source!);

/** Whether a line is one of its own. Its vLLM schedules ahead, as later versions do unless told otherwise. */
export const ofInferenceMax = (r: Line): boolean => r.load_kind === 'concurrency' && !ofGapAnalysis(r);

/** Whether its scripts keep keys and values at 8 bits: on Hopper not for gpt-oss, and not with SGLang. */
export const narrowCache = (r: Line, blackwell: boolean): boolean => blackwell || !(/gpt-oss/.test(r.model!) || r.engine === 'sglang');

/** The settings of a line; null where it is not InferenceMAX’s, or of a dense model. */
export function settingsOf(r: Line, software: SoftwareId, setup: Setup): Settings | null {
  if (!ofInferenceMax(r) || setup.model.experts === null) return null;
  if (software.startsWith('sglang')) return sglang(numberIn(r, 'load_value'), software, setup);
  if (!software.startsWith('tensorrt')) return null;
  return setup.precision === 'mxfp4' ? gptOss : tensorRt(r, setup);
}

/** Decode iterations that prompts wait for company at most, and tokens of prompts and decodes that are enough. */
export interface Company {
  readonly iterations: number;
  readonly tokens: number;
}

/**
 * How long TensorRT-LLM gathers prompts: with attention in groups, until each has one, for at most 60 iterations; for 20 where 1,024 tokens of a dense model go in and
 * out on fewer than eight GPUs, unless nine tenths of an iteration are full (a limit that is not told, and that nobody there can have reached: first tokens came 20 steps later).
 */
export function companyOf(r: Line, { model, tp, attentionGroups = 1 }: Setup): Company {
  if (!ofInferenceMax(r) || r.engine !== 'trtllm') return { iterations: 0, tokens: 0 };
  if (attentionGroups > 1) return { iterations: 60, tokens: 0 };
  return { iterations: model.experts === null && r.isl === '1024' && r.osl === '1024' && tp < 8 ? 20 : 0, tokens: 0.9 * 8192 };
}
