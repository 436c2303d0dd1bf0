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
  /** Everything else a layer does, in seconds, and what it takes more to turn activations into 8 or 4 bit, where no other kernel does so on its way. */
  readonly layer: number;
  readonly narrowing: number;
  /** An iteration's cost on the host, in seconds, and what each sequence in it adds. */
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
  /** Share of 8-bit experts that an iteration takes as long as if it read, however few its tokens visit. */
  readonly always8: number;
  /** Kernels launched one by one from the host while the GPU works: seconds per layer and per GPU. 0 with CUDA graphs. */
  readonly launchLayer: number;
  readonly launchRank: number;
  /** The same in iterations that work on prompts, which graphs do not cover, per layer and GPU, whose processes wait for each other; and per layer of experts on top. */
  readonly launchPrompt: number;
  readonly launchExperts: number;
  /** Tokens of an iteration up to which prompts cost nothing of that but for layers of experts (vLLM captures graphs of up to 512 tokens unless told otherwise). */
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
  hopper: { sharpness: 4, burst: 0.822, launch: 3.25e-6, stream: 0.896, stream4: 0.65, kvRead: 0.895, kvRead8: 0.637, attention: 14e-6, prefill: 0.673, tile: 128, reduceStart: 4.03e-6, reduceRate: 329e9, compute16: 0.632, compute8: 0.56, compute4: 0.45 },
  blackwell: { sharpness: 4, burst: 0.8, launch: 4e-6, stream: 0.759, stream4: 0.522, kvRead: 0.885, kvRead8: 0.851, attention: 9.67e-6, prefill: 0.521, tile: 256, reduceStart: 6.67e-6, reduceRate: 541e9, compute16: 0.65, compute8: 0.455, compute4: 0.376 },
  ampere: { sharpness: 2, burst: 0.789, launch: 4.35e-6, stream: 0.76, stream4: 0.65, kvRead: 0.744, kvRead8: 0.8, attention: 19.1e-6, prefill: 0.595, tile: 64, reduceStart: 4.75e-6, reduceRate: 188e9, compute16: 0.828, compute8: 0.55, compute4: 0.45 },
  ada: { sharpness: 4, burst: 0.97, launch: 3.87e-6, stream: 0.905, stream4: 0.65, kvRead: 0.899, kvRead8: 0.813, attention: 9.6e-6, prefill: 0.886, tile: 64, reduceStart: 5e-6, reduceRate: 20e9, compute16: 0.65, compute8: 0.582, compute4: 0.45 },
  workstation: { sharpness: 4, burst: 0.703, launch: 3.85e-6, stream: 0.808, stream4: 0.65, kvRead: 0.781, kvRead8: 0.8, attention: 11.8e-6, prefill: 0.58, tile: 64, reduceStart: 5e-6, reduceRate: 20e9, compute16: 0.728, compute8: 0.55, compute4: 0.45 },
  cdna3: { sharpness: 4, burst: 0.5, launch: 5e-6, stream: 0.75, stream4: 0.75, kvRead: 0.75, kvRead8: 0.6, attention: 20e-6, prefill: 0.45, tile: 128, reduceStart: 10e-6, reduceRate: 250e9, compute16: 0.5, compute8: 0.5, compute4: 0.5 },
};

/** Median size of the errors of kernels timed alone, and of how many. */
export const kernelFit = 'matrix product 5.1 % of 589, decode attention 7.6 % of 1716, prompt attention 8.0 % of 448, all-reduce 6.2 % of 276, all-reduce over PCIe 3.1 % of 69';

/** The serving software known. */
export const software = {
  vllm: {
    label: 'vLLM',
    vintage: '2025–26 (0.9–0.19)',
    ahead: true,
    fit: 'first token 5.3 % of 160, per token 1.8 % of 261, end to end 8.3 % of 4',
    any: { layer: 32.1e-6, host: 750e-6, perSequence: 40.5e-6, client: 12.3e-3, clientPerSequence: 39e-6, grouped: 0.286, padding: 103, routing: 96.6e-6, gather: 78.5e-6, graphTokens: 512, launchPrompt: 53.8e-6 },
    on: {
      hopper: { always8: 0.723, grouped: 0.666, padding: 153, routing: 63.9e-6, reduceStart: 4.34e-6, reduceRate: 472e9 },
      blackwell: { oneShotTokens: 128, layer: 29.9e-6, host: 698e-6, perSequence: 12.9e-6, client: 27.8e-3, reduceStart: 3.95e-6, reduceRate: 371e9 },
      workstation: { launchPrompt: 89.6e-6, layer: 30.4e-6, host: 709e-6, perSequence: 15.2e-6, grouped: 0.537, padding: 71.4, routing: 58.8e-6, launchExperts: 678e-6, clientPerSequence: 67.7e-6 },
    },
  },
  sglang: {
    label: 'SGLang',
    vintage: 'December 2025 and later (0.5.6 and later)',
    ahead: true,
    fit: 'first token 37.4 % of 88, per token 4.1 % of 145',
    any: { layer: 12.9e-6, host: 393e-6, perSequence: 14.6e-6, client: 16.6e-3, grouped: 0.423, padding: 43.7, routing: 53.3e-6, launchPrompt: 60.3e-6 },
    on: {
      hopper: { always8: 0.163, kvRead: 0.814, launchExperts: 339e-6, grouped: 0.457, padding: 65.2, routing: 51.3e-6 },
      blackwell: { oneShotTokens: 128, launchExperts: 335e-6, grouped: 0.436, padding: 35.9, routing: 53.5e-6, layer: 19.8e-6, host: 546e-6, perSequence: 15.9e-6 },
    },
  },
  'sglang-2025': {
    label: 'SGLang 2025',
    vintage: 'August to November 2025 (0.5.1–0.5.5)',
    ahead: true,
    fit: 'first token 76.0 % of 51, per token 1.9 % of 114',
    any: { layer: 26.7e-6, host: 611e-6, perSequence: 12.9e-6, client: 18.4e-3, grouped: 0.307, padding: 45, routing: 66.7e-6, launchPrompt: 62.6e-6 },
    on: {
      hopper: { compute16: 0.782, kvRead: 0.66 },
      blackwell: { oneShotTokens: 128, grouped: 0.251, padding: 41.6, routing: 67.2e-6, layer: 24.6e-6, host: 586e-6, perSequence: 13e-6 },
    },
  },
  'tensorrt-llm': {
    label: 'TensorRT-LLM',
    vintage: 'October 2025 to 2026 (1.1–1.2)',
    ahead: true,
    fit: 'first token 10.3 % of 264, per token 2.5 % of 264',
    any: { oneShotTokens: 128, layer: 17.2e-6, host: 569e-6, perSequence: 13.6e-6, client: 19.4e-3, grouped: 0.309, padding: 67, routing: 59.5e-6, launchPrompt: 38.7e-6 },
    on: {
      hopper: { kvRead8: 0.853, compute8: 0.674, launchExperts: 459e-6, grouped: 0.318, padding: 46.4, routing: 123e-6, reduceStart: 2.93e-6, reduceRate: 269e9 },
      blackwell: { compute8: 0.576, compute4: 0.546, layer: 18.6e-6, host: 503e-6, perSequence: 10.7e-6, client: 22.3e-3, launchExperts: 483e-6, grouped: 0.46, padding: 103, routing: 39.3e-6, reduceStart: 6.51e-6, reduceRate: 508e9 },
    },
  },
  'tensorrt-llm-1.0': {
    label: 'TensorRT-LLM 1.0',
    vintage: 'summer 2025 (1.0)',
    ahead: true,
    fit: 'throughput 4.7 % of 88',
    any: { oneShotTokens: 128, layer: 60.9e-6, host: 462e-6, perSequence: 4.35e-6, perStream: 2e-6, client: 18.4e-3, grouped: 0.346, padding: 40.6, routing: 51.6e-6, launchPrompt: 67.6e-6 },
    on: {
      hopper: { kvRead8: 0.97, compute8: 0.635, grouped: 0.349, padding: 33.4, routing: 61.6e-6 },
      blackwell: { compute4: 0.493, grouped: 0.306, padding: 40.3, routing: 51.5e-6, layer: 29.7e-6, host: 632e-6, perSequence: 18.9e-6 },
    },
  },
  'tensorrt-llm-1.0rc': {
    label: 'TensorRT-LLM 1.0rc',
    vintage: 'July 2025 (1.0.0rc3, not tuned; taken to run without overlap)',
    ahead: false,
    fit: 'per token 2.6 % of 345',
    any: { oneShotTokens: 128, layer: 18.1e-6, narrowing: 14.4e-6, graphTokens: 256, host: 495e-6, perSequence: 15.6e-6, client: 17.2e-3, grouped: 0.335, padding: 23.7, routing: 12e-6, launchPrompt: 73.2e-6 },
    on: {
      hopper: { always8: 0.283, kvRead8: 0.876, compute8: 0.435, compute16: 0.701, grouped: 0.253, padding: 13.5, routing: 11.6e-6, reduceStart: 3.97e-6, reduceRate: 397e9 },
    },
  },
  'tensorrt-llm-0.17': {
    label: 'TensorRT-LLM 0.17',
    vintage: '2024 (0.14–0.17)',
    ahead: false,
    fit: 'throughput 2.9 % of 239, first token 5.6 % of 48, per token 5.2 % of 48',
    any: { oneShotMiB: 4, layer: 63.1e-6, host: 626e-6, perSequence: 2.76e-6, perStream: 3.35e-6, client: 4.83e-3, grouped: 0.5, padding: 40, routing: 40e-6 },
    on: {
      hopper: { kvRead8: 0.952, compute8: 0.659, compute16: 0.648, grouped: 0.788, padding: 101, routing: 4.56e-6, reduceStart: 10.2e-6, reduceRate: 339e9 },
      ada: { grouped: 0.323 },
      ampere: { grouped: 0.67, reduceStart: 29.1e-6, reduceRate: 142e9 },
    },
  },
  'vllm-2023': {
    label: 'vLLM 2023',
    vintage: '2023, kernels launched one by one',
    ahead: false,
    fit: 'first token 2.8 % of 85, per token 1.3 % of 85, end to end 1.6 % of 81',
    any: { oneShotMiB: 0, layer: 37.7e-6, host: 1.63e-3, perSequence: 265e-6, client: 3.92e-3, grouped: 0.5, padding: 40, routing: 40e-6, launchLayer: 62.3e-6, launchRank: 2.26e-3, prefill: 0.6 },
    on: {
      hopper: { compute16: 0.634, reduceLarge: 86.6e9, reduceRate: 224e9, reduceStart: 44.8e-6 },
      ampere: { compute16: 0.762, reduceLarge: 28.4e9, launchLayer: 305e-6, launchRank: 1.82e-3, reduceRate: 76.2e9, reduceStart: 4.04e-6 },
    },
  },
} as const satisfies Readonly<Record<string, Software>>;
// fitted: end

/** Of each generation, what nothing here measures: taken over from others. */
export const unmeasured: Readonly<Record<Generation, readonly (keyof Kernels)[]>> = {
  hopper: ['stream4', 'compute4'],
  blackwell: ['burst', 'launch'],
  ampere: ['stream4', 'kvRead8', 'compute8', 'compute4'],
  ada: ['stream4', 'compute16', 'compute4', 'reduceStart', 'reduceRate'],
  workstation: ['stream4', 'kvRead8', 'compute8', 'compute4', 'reduceStart', 'reduceRate'],
  cdna3: ['burst', 'launch', 'stream', 'stream4', 'kvRead', 'kvRead8', 'attention', 'prefill', 'reduceStart', 'reduceRate', 'compute16', 'compute8', 'compute4'],
};

/** Identity of a serving software. */
export type SoftwareId = keyof typeof software;

/** What an engine does that says nothing of it. */
const plain = { narrowing: 0, grouped: 0.7, padding: 50, routing: 40e-6, reduceLarge: 0, oneShotTokens: 0, oneShotMiB: 2, gather: 0, always8: 0, perStream: 0, launchLayer: 0, launchRank: 0, launchPrompt: 0, launchExperts: 0, graphTokens: 0, client: 0.015, clientPerSequence: 0 } as const;

/** The constants of a generation under a software; `of` replaces what is known of kernels. */
export function constantsOf(by: Software, generation: Generation, of = kernels): Constants {
  return { ...plain, ...of[generation], ...by.any, ...by.on[generation] };
}
