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
  /** Share of the 16-bit peak that attention over a prompt reaches. */
  readonly prefill: number;
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
  hopper: { sharpness: 4, burst: 0.828, launch: 3.2e-6, stream: 0.942, stream4: 0.65, kvRead: 0.902, kvRead8: 0.64, attention: 14.1e-6, prefill: 0.666, reduceStart: 4.14e-6, reduceRate: 305e9, compute16: 0.661, compute8: 0.535, compute4: 0.45 },
  blackwell: { sharpness: 4, burst: 0.8, launch: 4e-6, stream: 0.818, stream4: 0.575, kvRead: 0.881, kvRead8: 0.844, attention: 9.78e-6, prefill: 0.495, reduceStart: 6.71e-6, reduceRate: 535e9, compute16: 0.65, compute8: 0.466, compute4: 0.403 },
  ampere: { sharpness: 2, burst: 0.791, launch: 4.04e-6, stream: 0.727, stream4: 0.65, kvRead: 0.741, kvRead8: 0.8, attention: 19.3e-6, prefill: 0.593, reduceStart: 4.83e-6, reduceRate: 184e9, compute16: 0.853, compute8: 0.55, compute4: 0.45 },
  ada: { sharpness: 4, burst: 0.97, launch: 3.68e-6, stream: 0.904, stream4: 0.65, kvRead: 0.91, kvRead8: 0.829, attention: 10.9e-6, prefill: 0.882, reduceStart: 5e-6, reduceRate: 20e9, compute16: 0.65, compute8: 0.597, compute4: 0.45 },
  workstation: { sharpness: 4, burst: 0.709, launch: 3.77e-6, stream: 0.812, stream4: 0.65, kvRead: 0.798, kvRead8: 0.8, attention: 12.8e-6, prefill: 0.558, reduceStart: 5e-6, reduceRate: 20e9, compute16: 0.738, compute8: 0.55, compute4: 0.45 },
  cdna3: { sharpness: 4, burst: 0.5, launch: 5e-6, stream: 0.75, stream4: 0.75, kvRead: 0.75, kvRead8: 0.6, attention: 20e-6, prefill: 0.45, reduceStart: 10e-6, reduceRate: 250e9, compute16: 0.5, compute8: 0.5, compute4: 0.5 },
};

/** Median size of the errors of kernels timed alone, and of how many. */
export const kernelFit = 'matrix product 5.3 % of 589, decode attention 7.7 % of 1716, prompt attention 9.7 % of 448, all-reduce 8.3 % of 276, all-reduce over PCIe 41.9 % of 69';

/** The serving software known. */
export const software = {
  vllm: {
    label: 'vLLM',
    vintage: '2025–26 (0.9–0.19)',
    ahead: true,
    fit: 'first token 5.0 % of 160, per token 2.0 % of 261, end to end 9.1 % of 4',
    any: { layer: 40e-6, host: 437e-6, perSequence: 54.6e-6, client: 18e-3, grouped: 0.35, padding: 25.3, routing: 24.3e-6, gather: 77e-6, graphTokens: 512, launchPrompt: 220e-6 },
    on: {
      hopper: { always8: 0.97, grouped: 0.58, padding: 94, routing: 50e-6, reduceStart: 4.28e-6, reduceRate: 447e9 },
      blackwell: { layer: 38.1e-6, host: 325e-6, perSequence: 19.2e-6, client: 35.6e-3, reduceStart: 3.96e-6, reduceRate: 330e9 },
      workstation: { launchPrompt: 241e-6, layer: 49.8e-6, host: 429e-6, perSequence: 15.4e-6, grouped: 0.333, padding: 24.4, routing: 19.6e-6, launchExperts: 617e-6 },
    },
  },
  sglang: {
    label: 'SGLang',
    vintage: 'December 2025 and later (0.5.6 and later)',
    ahead: true,
    fit: 'first token 65.4 % of 88, per token 6.1 % of 145',
    any: { layer: 48.1e-6, host: 407e-6, perSequence: 19e-6, client: 18.7e-3, grouped: 0.35, padding: 25.3, routing: 24.3e-6, launchPrompt: 161e-6 },
    on: {
      hopper: { compute8: 0.261, launchExperts: 568e-6, grouped: 0.686, padding: 36.3, routing: 32e-6 },
      blackwell: { launchExperts: 435e-6, grouped: 0.156, padding: 27.6, routing: 25.1e-6, layer: 40e-6, host: 336e-6, perSequence: 17e-6 },
    },
  },
  'sglang-2025': {
    label: 'SGLang 2025',
    vintage: 'August to November 2025 (0.5.1–0.5.5)',
    ahead: true,
    fit: 'first token 86.4 % of 51, per token 3.6 % of 114',
    any: { layer: 33.2e-6, host: 327e-6, perSequence: 22.9e-6, client: 18.7e-3, grouped: 0.35, padding: 25.3, routing: 24.3e-6, launchPrompt: 158e-6 },
    on: {
      hopper: {},
      blackwell: { grouped: 0.161, padding: 33.7, routing: 29.3e-6, layer: 57.1e-6, host: 347e-6, perSequence: 17.4e-6 },
    },
  },
  'tensorrt-llm': {
    label: 'TensorRT-LLM',
    vintage: 'October 2025 to 2026 (1.1–1.2)',
    ahead: true,
    fit: 'first token 9.8 % of 264, per token 3.4 % of 264',
    any: { layer: 26.4e-6, host: 305e-6, perSequence: 23.8e-6, client: 18.1e-3, grouped: 0.35, padding: 25.3, routing: 24.3e-6, launchPrompt: 163e-6 },
    on: {
      hopper: { kvRead8: 0.97, compute8: 0.657, launchExperts: 643e-6, grouped: 0.204, padding: 33.6, routing: 121e-6, reduceStart: 2.4e-6, reduceRate: 232e9 },
      blackwell: { compute8: 0.585, compute4: 0.556, layer: 29.8e-6, host: 320e-6, perSequence: 14.9e-6, client: 25.2e-3, launchExperts: 590e-6, grouped: 0.484, padding: 25.4, routing: 36.7e-6, reduceStart: 4.35e-6, reduceRate: 445e9 },
    },
  },
  'tensorrt-llm-1.0': {
    label: 'TensorRT-LLM 1.0',
    vintage: 'summer 2025 (1.0)',
    ahead: true,
    fit: 'throughput 5.4 % of 88',
    any: { layer: 78e-6, host: 304e-6, perSequence: 3.65e-6, perStream: 2e-6, client: 18.7e-3, grouped: 0.35, padding: 25.3, routing: 24.3e-6, launchPrompt: 158e-6 },
    on: {
      hopper: { kvRead8: 0.967, compute8: 0.75, grouped: 0.292, padding: 20.6, routing: 21.7e-6 },
      blackwell: { compute4: 0.565, grouped: 0.353, padding: 24.9, routing: 22.9e-6, layer: 45.2e-6, host: 345e-6, perSequence: 15e-6 },
    },
  },
  'tensorrt-llm-1.0rc': {
    label: 'TensorRT-LLM 1.0rc',
    vintage: 'July 2025 (1.0.0rc3, not tuned)',
    ahead: true,
    fit: 'per token 3.2 % of 345',
    any: { layer: 44e-6, host: 128e-6, perSequence: 16.7e-6, client: 18.7e-3, grouped: 0.35, padding: 25.3, routing: 24.3e-6, launchPrompt: 374e-6 },
    on: {
      hopper: { kvRead8: 0.752, compute8: 0.442, compute16: 0.723, grouped: 0.261, padding: 12.2, routing: 15.4e-6, reduceStart: 2.44e-6, reduceRate: 325e9 },
    },
  },
  'tensorrt-llm-0.17': {
    label: 'TensorRT-LLM 0.17',
    vintage: '2024 (0.14–0.17)',
    ahead: false,
    fit: 'throughput 3.3 % of 239, first token 6.4 % of 48, per token 7.6 % of 48',
    any: { layer: 74.7e-6, host: 762e-6, perSequence: 2.91e-6, perStream: 1.94e-6, client: 4.06e-3, grouped: 0.5, padding: 40, routing: 40e-6 },
    on: {
      hopper: { kvRead8: 0.97, compute8: 0.728, compute16: 0.633, grouped: 0.713, padding: 82.8, routing: 26.8e-6, reduceRate: 350e9 },
      ada: { grouped: 0.316 },
      ampere: { grouped: 0.646, reduceRate: 149e9 },
    },
  },
  'vllm-2023': {
    label: 'vLLM 2023',
    vintage: '2023, kernels launched one by one',
    ahead: false,
    fit: 'first token 2.7 % of 85, per token 1.4 % of 85, end to end 1.6 % of 81',
    any: { layer: 15.3e-6, host: 881e-6, perSequence: 252e-6, client: 3.94e-3, grouped: 0.5, padding: 40, routing: 40e-6, launchLayer: 62.3e-6, launchRank: 2.34e-3, prefill: 0.6 },
    on: {
      hopper: { compute16: 0.643, reduceLarge: 85.4e9, reduceRate: 221e9, reduceStart: 67.5e-6 },
      ampere: { compute16: 0.762, reduceLarge: 27.9e9, launchLayer: 335e-6, launchRank: 1.75e-3, reduceRate: 70.9e9, reduceStart: 3.19e-6 },
    },
  },
} as const satisfies Readonly<Record<string, Software>>;
// fitted: end

/** Identity of a serving software. */
export type SoftwareId = keyof typeof software;

/** What an engine does that says nothing of it. */
const plain = { grouped: 0.7, padding: 50, routing: 40e-6, reduceLarge: 0, gather: 0, always8: 0, perStream: 0, launchLayer: 0, launchRank: 0, launchPrompt: 0, launchExperts: 0, graphTokens: 0, client: 0.015 } as const;

/** The constants of a generation under a software; `of` replaces what is known of kernels. */
export function constantsOf(by: Software, generation: Generation, of = kernels): Constants {
  return { ...plain, ...of[generation], ...by.any, ...by.on[generation] };
}
