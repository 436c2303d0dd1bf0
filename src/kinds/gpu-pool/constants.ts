/**
 * How close GPUs of each generation come to their peaks, and what engines cost on top: a few constants with a physical meaning, one set per
 * generation and none per model or benchmark row. They stand for engines of 2025–26 (vLLM, SGLang; CUDA graphs); engines of 2023 launched kernels one
 * by one and took up to twice as long.
 */
import type { Generation } from './catalogue-gpus.ts';

/** One generation's shares of peak and overheads. */
export interface Constants {
  /** Exponent p by which compute and memory time of a matrix product join, (aᵖ + bᵖ)^(1/p): 4 is almost the larger of the two. */
  readonly sharpness: 2 | 4;
  /** Share of peak FLOP/s that large matrix products sustain; share of bandwidth at which weights stream. */
  readonly compute: number;
  readonly stream: number;
  /** The share of their own peak that 4-bit products sustain, where the GPU has them. */
  readonly compute4?: number;
  /** Products grouped by expert: share of `compute` they reach, rows by which each expert's share is padded, seconds of routing per layer. */
  readonly grouped: number;
  readonly padding: number;
  readonly routing: number;
  /** Decode attention: share of bandwidth at which keys and values are read, at 16 bit and at 8 bit, and seconds per layer however little there is. */
  readonly kvRead: number;
  readonly kvRead8: number;
  readonly attention: number;
  /** Share of the 16-bit peak that attention over a prompt reaches. */
  readonly prefill: number;
  /** All-reduce over the fast link: seconds to start, bytes/s. */
  readonly reduceStart: number;
  readonly reduceRate: number;
  /** Everything else a layer does, in seconds; an iteration's cost on the host, in seconds, and what each sequence in it adds. */
  readonly layer: number;
  readonly host: number;
  readonly perSequence: number;
}

/** What serving software makes of the constants below, as factors; they were fitted under vLLM. */
export interface Software {
  readonly compute: number;
  /** The same for 4-bit products, whose kernels are younger. */
  readonly compute4: number;
  readonly layer: number;
  readonly host: number;
  readonly perSequence: number;
}

/**
 * The serving software known. TensorRT-LLM is fitted to its published offline throughput (0.17 and 1.0, 261 rows on seven GPUs: median error 6 %) and to
 * closed loops with Llama 3.1 70B in fp8 (H200: 5 % per token). SGLang is taken to be like vLLM.
 */
export const software = {
  vllm: { compute: 1, compute4: 1, layer: 1, host: 1, perSequence: 1 },
  'tensorrt-llm': { compute: 1.13, compute4: 1.75, layer: 0.8, host: 0.85, perSequence: 0.06 },
} as const satisfies Readonly<Record<string, Software>>;

/** Overheads and expert layers fitted on Hopper, taken over where nothing better is known. */
const asHopper = { layer: 32e-6, host: 1.1e-3, perSequence: 37e-6, grouped: 0.73, padding: 57, routing: 41e-6 } as const;

/** The constants of each generation. */
export const constants: Readonly<Record<Generation, Constants>> = {
  // Fitted: compute, stream and overheads to closed-loop rows of vLLM 2025, simulated as they were measured (Llama 3.1 70B fp8, Qwen3 32B; TP 1–8;
  // median error 2–3 % per token, 5–8 % to the first); 8-bit cache with TensorRT-LLM; experts to Mixtral 8x7B offline (2–3 %) and DeepSeek V3 and
  // Qwen3 235B on SGLang (2 %, 4 %). Measured kernels: attention, all-reduce.
  hopper: { sharpness: 4, compute: 0.605, stream: 0.9, kvRead: 0.92, kvRead8: 0.9, attention: 13e-6, prefill: 0.7, reduceStart: 4.1e-6, reduceRate: 267e9, ...asHopper },
  // Fitted to vLLM 2025 and TensorRT-LLM 1.0 with Llama 70B and 405B in fp8 and fp4 (4–9 % per token, 16 % to the first, offline 6–8 %); experts
  // to DeepSeek on SGLang 2025 (7–16 %; kernels were young). Measured: NCCL. Assumed: decode attention as on Hopper.
  blackwell: { sharpness: 4, compute: 0.42, compute4: 0.285, stream: 0.79, grouped: 0.22, padding: 19, routing: 46e-6, kvRead: 0.9, kvRead8: 0.7, attention: 13e-6, prefill: 0.5, reduceStart: 10.8e-6, reduceRate: 471e9, layer: 20e-6, host: 0.85e-3, perSequence: 25e-6 },
  // Measured kernels (stream, attention, all-reduce); compute sustained under TensorRT-LLM 0.17 (7 %). Overheads assumed as on Hopper.
  ampere: { sharpness: 2, compute: 0.77, stream: 0.76, kvRead: 0.755, kvRead8: 0.6, attention: 20e-6, prefill: 0.6, reduceStart: 4.8e-6, reduceRate: 175e9, ...asHopper },
  // Measured kernels of the RTX 4090; compute sustained on the L40S under TensorRT-LLM 0.17 (6 %). Overheads assumed as on Hopper.
  ada: { sharpness: 4, compute: 0.74, stream: 0.93, kvRead: 0.91, kvRead8: 0.7, attention: 11e-6, prefill: 0.72, reduceStart: 7.5e-6, reduceRate: 20e9, ...asHopper },
  // Measured kernels of the RTX PRO 6000; compute and overheads fitted to a replay of 300 requests on vLLM 0.19 with Llama 3.1 8B (every
  // mean and percentile within 1.2 %). Experts assumed as on Hopper.
  workstation: { sharpness: 4, compute: 0.7, stream: 0.83, grouped: 0.73, padding: 57, routing: 41e-6, kvRead: 0.805, kvRead8: 0.6, attention: 13.5e-6, prefill: 0.4, reduceStart: 7.5e-6, reduceRate: 20e9, layer: 20e-6, host: 2e-3, perSequence: 10e-6 },
  // Assumed throughout, after measured largest matrix products (half of peak).
  cdna3: { sharpness: 4, compute: 0.5, stream: 0.75, kvRead: 0.75, kvRead8: 0.6, attention: 20e-6, prefill: 0.45, reduceStart: 10e-6, reduceRate: 250e9, ...asHopper },
};
