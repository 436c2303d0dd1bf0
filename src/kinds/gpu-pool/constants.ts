/**
 * How close GPUs come to their peaks, and what serving software costs on top: a few constants with a physical meaning, by GPU generation, precision and
 * software of a certain age; none by model, size or benchmark. `npm run accuracy -- --fit` finds them from the reference figures and prints what stands
 * between the two marks below; `--fit --write` puts it there.
 */
import type { Generation } from './catalogue-gpus.ts';

/** What a GPU's kernels reach, whatever serves. */
export interface Kernels {
  /** Exponent p by which compute and memory time of a matrix product join, (aᵖ + bᵖ)^(1/p): 4 is almost the larger of the two. */
  readonly sharpness: 2 | 4;
  /** Matrix products one at a time: share of the 16-bit peak that large ones reach, and seconds each takes to start. */
  readonly burst: number;
  readonly launch: number;
  /** Share of bandwidth at which weights stream; those of 4 bit, whose scales lie beside them. */
  readonly stream: number;
  readonly stream4: number;
  /** Decode attention: share of bandwidth at which keys and values are read, at 16 bit and at 8 bit, and seconds per layer however little there is. */
  readonly kvRead: number;
  readonly kvRead8: number;
  readonly attention: number;
  /** Share of the 16-bit peak that attention over a prompt reaches; queries that one multiprocessor takes on at a time (published: FlashAttention 2, 3 and 4). */
  readonly prefill: number;
  readonly tile: number;
  /** All-reduce over the fast link: seconds to start, bytes/s of large ones. */
  readonly reduceStart: number;
  readonly reduceRate: number;
  /** Share of peak that products of 16, 8 and 4 bit sustain in a running engine, minute after minute, under software that was not tried on this GPU. */
  readonly compute16: number;
  readonly compute8: number;
  readonly compute4: number;
}

/** What serving software makes of them. Everything that an engine leaves out is the kernels' own. */
export interface Engine extends Kernels {
  /** All-reduce: bytes/s of messages of 64 MiB and more, where an engine sends them another way; 0 where it does not. */
  readonly reduceLarge: number;
  /** All-reduce in one shot: tokens up to which the engine does it; else, bytes times GPUs up to which, in MiB (published: vLLM's and TensorRT-LLM's sources). */
  readonly oneShotTokens: number;
  readonly oneShotMiB: number;
  /** Everything else a layer does, in seconds; an iteration's cost on the host, in seconds, and what each sequence in it adds. */
  readonly layer: number;
  readonly host: number;
  readonly perSequence: number;
  /** What each sequence adds beside that when its tokens are sent to a client one by one; measured offline runs go without. */
  readonly perStream: number;
  /** Products grouped by expert: share of the sustained rate they reach, rows by which each expert's share is padded, seconds of routing per layer. */
  readonly grouped: number;
  readonly padding: number;
  readonly routing: number;
  /** Where GPUs keep sequences of their own: seconds more per layer of experts, to gather everybody's tokens and scatter their sums. */
  readonly gather: number;
  /** Share of 8-bit experts read in every iteration, asked for or not. */
  readonly always8: number;
  /** Kernels launched one by one from the host while the GPU works: seconds per layer and per GPU. 0 with CUDA graphs. */
  readonly launchLayer: number;
  readonly launchRank: number;
  /** The same in iterations that work on prompts, which graphs do not cover, per layer; and per layer of experts on top. */
  readonly launchPrompt: number;
  readonly launchExperts: number;
  /** Tokens of an iteration up to which its graphs cover prompts too, but for layers of experts (vLLM captures sizes up to 512 unless told otherwise). */
  readonly graphTokens: number;
  /** Seconds between a client and the engine, there and back: network, text to tokens. Used where clients were measured, not by the pool. */
  readonly client: number;
  /** Seconds that each running sequence adds to it: one process puts the tokens of an iteration into words, sequence by sequence, while the next is under way. */
  readonly clientPerSequence: number;
}

/** All constants of a GPU generation under one software. */
export type Constants = Engine;

/** One serving software of a certain age. */
export interface Software {
  readonly label: string;
  /** Versions its constants stand for. */
  readonly vintage: string;
  /** Whether it puts the batch of an iteration together when the one before begins, while the GPUs work (asynchronous or overlap scheduling). */
  readonly ahead: boolean;
  /** Median size of its errors after the fit, and of how many figures; '' where it was not fitted. */
  readonly fit: string;
  /** Overheads wherever it was not tried; then what was fitted, by generation. */
  readonly any: Partial<Engine> & Pick<Engine, 'layer' | 'host' | 'perSequence'>;
  readonly on: Readonly<Partial<Record<Generation, Partial<Engine>>>>;
}

// fitted: begin
/** Of each generation. Where kernels were timed alone, what whole engines tell may move them by about a tenth. */
export const kernels: Readonly<Record<Generation, Kernels>> = {
  hopper: { sharpness: 4, burst: 0.831, launch: 3.21e-6, stream: 0.89, stream4: 0.65, kvRead: 0.904, kvRead8: 0.639, attention: 14e-6, prefill: 0.658, tile: 128, reduceStart: 4.06e-6, reduceRate: 337e9, compute16: 0.632, compute8: 0.566, compute4: 0.45 },
  blackwell: { sharpness: 4, burst: 0.8, launch: 4e-6, stream: 0.767, stream4: 0.528, kvRead: 0.878, kvRead8: 0.838, attention: 9.64e-6, prefill: 0.515, tile: 256, reduceStart: 6.57e-6, reduceRate: 555e9, compute16: 0.65, compute8: 0.483, compute4: 0.398 },
  ampere: { sharpness: 2, burst: 0.794, launch: 3.85e-6, stream: 0.723, stream4: 0.65, kvRead: 0.741, kvRead8: 0.8, attention: 19.6e-6, prefill: 0.592, tile: 64, reduceStart: 4.74e-6, reduceRate: 191e9, compute16: 0.859, compute8: 0.55, compute4: 0.45 },
  ada: { sharpness: 4, burst: 0.97, launch: 2.9e-6, stream: 0.903, stream4: 0.65, kvRead: 0.912, kvRead8: 0.81, attention: 9.81e-6, prefill: 0.877, tile: 64, reduceStart: 5e-6, reduceRate: 20e9, compute16: 0.65, compute8: 0.594, compute4: 0.45 },
  workstation: { sharpness: 4, burst: 0.715, launch: 3.71e-6, stream: 0.805, stream4: 0.65, kvRead: 0.801, kvRead8: 0.8, attention: 12.7e-6, prefill: 0.579, tile: 64, reduceStart: 5e-6, reduceRate: 20e9, compute16: 0.699, compute8: 0.55, compute4: 0.45 },
  cdna3: { sharpness: 4, burst: 0.5, launch: 5e-6, stream: 0.75, stream4: 0.75, kvRead: 0.75, kvRead8: 0.6, attention: 20e-6, prefill: 0.45, tile: 128, reduceStart: 10e-6, reduceRate: 250e9, compute16: 0.5, compute8: 0.5, compute4: 0.5 },
};

/** Median size of the errors of kernels timed alone, and of how many. */
export const kernelFit = 'matrix product 4.6 % of 589, decode attention 7.6 % of 1716, prompt attention 8.0 % of 448, all-reduce 5.4 % of 276, all-reduce over PCIe 3.1 % of 69';

/** The serving software known. */
export const software = {
  vllm: {
    label: 'vLLM',
    vintage: '2025–26 (0.9–0.19)',
    ahead: true,
    fit: 'first token 5.7 % of 160, per token 1.8 % of 261, end to end 8.0 % of 4',
    any: { layer: 24.8e-6, host: 988e-6, perSequence: 44.8e-6, client: 12.6e-3, clientPerSequence: 57.6e-6, grouped: 0.388, padding: 70.2, routing: 55.7e-6, gather: 78.8e-6, graphTokens: 512, launchPrompt: 313e-6 },
    on: {
      hopper: { always8: 0.97, grouped: 0.739, padding: 123, routing: 65.4e-6, reduceStart: 6.07e-6, reduceRate: 457e9 },
      blackwell: { oneShotTokens: 128, layer: 26.3e-6, host: 1.01e-3, perSequence: 12e-6, client: 39e-3, reduceStart: 4.27e-6, reduceRate: 369e9 },
      workstation: { launchPrompt: 209e-6, layer: 28.1e-6, host: 689e-6, perSequence: 15.2e-6, grouped: 0.415, padding: 54.9, routing: 48.1e-6, launchExperts: 577e-6 },
    },
  },
  sglang: {
    label: 'SGLang',
    vintage: 'December 2025 and later (0.5.6 and later)',
    ahead: true,
    fit: 'first token 35.4 % of 88, per token 7.3 % of 145',
    any: { layer: 15.7e-6, host: 573e-6, perSequence: 16.1e-6, client: 19.8e-3, grouped: 0.487, padding: 28.9, routing: 35.9e-6, launchPrompt: 169e-6 },
    on: {
      hopper: { kvRead: 0.749, launchExperts: 325e-6, grouped: 0.659, padding: 34.1, routing: 66e-6 },
      blackwell: { oneShotTokens: 128, launchExperts: 362e-6, grouped: 0.148, padding: 24, routing: 30.3e-6, layer: 25.7e-6, host: 659e-6, perSequence: 21.2e-6 },
    },
  },
  'sglang-2025': {
    label: 'SGLang 2025',
    vintage: 'August to November 2025 (0.5.1–0.5.5)',
    ahead: true,
    fit: 'first token 73.2 % of 51, per token 3.1 % of 114',
    any: { layer: 22.5e-6, host: 576e-6, perSequence: 13e-6, client: 19.8e-3, grouped: 0.251, padding: 40.6, routing: 58.4e-6, launchPrompt: 153e-6 },
    on: {
      hopper: { compute16: 0.838, kvRead: 0.556 },
      blackwell: { oneShotTokens: 128, grouped: 0.172, padding: 36.3, routing: 60.9e-6, layer: 21.3e-6, host: 571e-6, perSequence: 9.92e-6 },
    },
  },
  'tensorrt-llm': {
    label: 'TensorRT-LLM',
    vintage: 'October 2025 to 2026 (1.1–1.2)',
    ahead: true,
    fit: 'first token 9.8 % of 264, per token 2.4 % of 264',
    any: { oneShotTokens: 128, layer: 18.2e-6, host: 524e-6, perSequence: 12.5e-6, client: 18.2e-3, grouped: 0.298, padding: 71.5, routing: 40.7e-6, launchPrompt: 150e-6 },
    on: {
      hopper: { kvRead8: 0.87, compute8: 0.674, launchExperts: 499e-6, grouped: 0.278, padding: 39.9, routing: 124e-6, reduceStart: 2.51e-6, reduceRate: 260e9 },
      blackwell: { compute8: 0.585, compute4: 0.555, layer: 19.6e-6, host: 574e-6, perSequence: 9.47e-6, client: 25.1e-3, launchExperts: 466e-6, grouped: 0.615, padding: 147, routing: 32.7e-6, reduceStart: 5.96e-6, reduceRate: 506e9 },
    },
  },
  'tensorrt-llm-1.0': {
    label: 'TensorRT-LLM 1.0',
    vintage: 'summer 2025 (1.0)',
    ahead: true,
    fit: 'throughput 4.5 % of 88',
    any: { oneShotTokens: 128, layer: 60.3e-6, host: 483e-6, perSequence: 1.82e-6, perStream: 2e-6, client: 19.8e-3, grouped: 0.303, padding: 37.6, routing: 54.3e-6, launchPrompt: 153e-6 },
    on: {
      hopper: { kvRead8: 0.97, compute8: 0.698, grouped: 0.305, padding: 31.6, routing: 65.1e-6 },
      blackwell: { compute4: 0.532, grouped: 0.269, padding: 34.6, routing: 43e-6, layer: 30.6e-6, host: 706e-6, perSequence: 11.1e-6 },
    },
  },
  'tensorrt-llm-1.0rc': {
    label: 'TensorRT-LLM 1.0rc',
    vintage: 'July 2025 (1.0.0rc3, not tuned)',
    ahead: true,
    fit: 'per token 3.0 % of 345',
    any: { oneShotTokens: 128, layer: 38.7e-6, host: 64.1e-6, perSequence: 12.1e-6, client: 25.7e-3, grouped: 0.313, padding: 18.9, routing: 15.6e-6, launchPrompt: 432e-6 },
    on: {
      hopper: { kvRead8: 0.868, compute8: 0.424, compute16: 0.692, grouped: 0.26, padding: 7.38, routing: 9.41e-6, reduceStart: 3.79e-6, reduceRate: 313e9 },
    },
  },
  'tensorrt-llm-0.17': {
    label: 'TensorRT-LLM 0.17',
    vintage: '2024 (0.14–0.17)',
    ahead: false,
    fit: 'throughput 3.3 % of 239, first token 5.2 % of 48, per token 5.8 % of 48',
    any: { oneShotMiB: 4, layer: 56.6e-6, host: 577e-6, perSequence: 2.83e-6, perStream: 3.51e-6, client: 5.15e-3, grouped: 0.5, padding: 40, routing: 40e-6 },
    on: {
      hopper: { kvRead8: 0.97, compute8: 0.718, compute16: 0.64, grouped: 0.721, padding: 84.3, routing: 31.5e-6, reduceStart: 14e-6, reduceRate: 365e9 },
      ada: { grouped: 0.314 },
      ampere: { grouped: 0.64, reduceStart: 8.21e-6, reduceRate: 146e9 },
    },
  },
  'vllm-2023': {
    label: 'vLLM 2023',
    vintage: '2023, kernels launched one by one',
    ahead: false,
    fit: 'first token 2.6 % of 85, per token 1.8 % of 85, end to end 1.8 % of 81',
    any: { oneShotMiB: 0, layer: 13.3e-6, host: 909e-6, perSequence: 273e-6, client: 3.36e-3, grouped: 0.5, padding: 40, routing: 40e-6, launchLayer: 75.6e-6, launchRank: 2.25e-3, prefill: 0.6 },
    on: {
      hopper: { compute16: 0.622, reduceLarge: 88e9, reduceRate: 216e9, reduceStart: 54.2e-6 },
      ampere: { compute16: 0.756, reduceLarge: 28.8e9, launchLayer: 325e-6, launchRank: 1.82e-3, reduceRate: 71.1e9, reduceStart: 2.83e-6 },
    },
  },
} as const satisfies Readonly<Record<string, Software>>;
// fitted: end

/** Identity of a serving software. */
export type SoftwareId = keyof typeof software;

/** What an engine does that says nothing of it. */
const plain = { grouped: 0.7, padding: 50, routing: 40e-6, reduceLarge: 0, oneShotTokens: 0, oneShotMiB: 2, gather: 0, always8: 0, perStream: 0, launchLayer: 0, launchRank: 0, launchPrompt: 0, launchExperts: 0, graphTokens: 0, client: 0.015, clientPerSequence: 0 } as const;

/** The constants of a generation under a software; `of` replaces what is known of kernels. */
export function constantsOf(by: Software, generation: Generation, of = kernels): Constants {
  return { ...plain, ...of[generation], ...by.any, ...by.on[generation] };
}
