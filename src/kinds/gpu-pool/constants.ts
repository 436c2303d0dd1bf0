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
  /**
   * All-reduce in one shot: tokens up to which the engine does it, even where two would be faster (TensorRT-LLM, whose runs say so too); else, bytes times GPUs
   * below which, in MiB, about where two become faster (published: vLLM's and TensorRT-LLM's sources).
   */
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
  /** Products grouped by expert: share of the sustained rate they reach, share of bandwidth at which experts stream, seconds of routing per layer. */
  readonly grouped: number;
  readonly streamExperts: number;
  readonly routing: number;
  /** The same with experts of 4 bits (MXFP4), whose kernels choose, gather and sum on the way. */
  readonly routing4: number;
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
  hopper: { sharpness: 4, burst: 0.816, launch: 3.35e-6, stream: 0.893, stream4: 0.65, kvRead: 0.887, kvRead8: 0.636, attention: 13.9e-6, prefill: 0.657, tile: 128, reduceStart: 4.01e-6, reduceRate: 326e9, compute16: 0.665, compute8: 0.571, compute4: 0.45 },
  blackwell: { sharpness: 4, burst: 0.8, launch: 4e-6, stream: 0.768, stream4: 0.536, kvRead: 0.893, kvRead8: 0.86, attention: 9.66e-6, prefill: 0.524, tile: 256, reduceStart: 6.74e-6, reduceRate: 534e9, compute16: 0.65, compute8: 0.468, compute4: 0.4 },
  ampere: { sharpness: 2, burst: 0.789, launch: 4.58e-6, stream: 0.749, stream4: 0.65, kvRead: 0.746, kvRead8: 0.8, attention: 19e-6, prefill: 0.596, tile: 64, reduceStart: 4.75e-6, reduceRate: 187e9, compute16: 0.829, compute8: 0.55, compute4: 0.45 },
  ada: { sharpness: 4, burst: 0.952, launch: 3.96e-6, stream: 0.899, stream4: 0.65, kvRead: 0.89, kvRead8: 0.841, attention: 9.4e-6, prefill: 0.892, tile: 64, reduceStart: 5e-6, reduceRate: 20e9, compute16: 0.65, compute8: 0.572, compute4: 0.45 },
  workstation: { sharpness: 4, burst: 0.699, launch: 3.92e-6, stream: 0.802, stream4: 0.65, kvRead: 0.774, kvRead8: 0.8, attention: 11.5e-6, prefill: 0.583, tile: 64, reduceStart: 5e-6, reduceRate: 20e9, compute16: 0.732, compute8: 0.55, compute4: 0.45 },
  cdna3: { sharpness: 4, burst: 0.5, launch: 5e-6, stream: 0.75, stream4: 0.75, kvRead: 0.75, kvRead8: 0.6, attention: 20e-6, prefill: 0.45, tile: 128, reduceStart: 10e-6, reduceRate: 250e9, compute16: 0.5, compute8: 0.5, compute4: 0.5 },
};

/** Median size of the errors of kernels timed alone, and of how many. */
export const kernelFit = 'matrix product 5.3 % of 589, decode attention 7.5 % of 1716, prompt attention 8.0 % of 448, all-reduce 6.5 % of 276, all-reduce over PCIe 3.5 % of 69';

/** The serving software known. */
export const software = {
  vllm: {
    label: 'vLLM',
    vintage: 'October 2025 to 2026, scheduling ahead (InferenceMAX’s; 0.19)',
    ahead: true,
    fit: 'first token 4.8 % of 160, per token 2.1 % of 169',
    any: { layer: 36.2e-6, host: 629e-6, perSequence: 18.7e-6, client: 12.3e-3, clientPerSequence: 39.2e-6, grouped: 0.411, streamExperts: 0.737, routing: 49.3e-6, routing4: 5.98e-6, gather: 72.1e-6, graphTokens: 512, launchPrompt: 54.8e-6 },
    on: {
      hopper: { kvRead8: 0.397, reduceStart: 3.77e-6, reduceRate: 457e9 },
      blackwell: { layer: 28.7e-6, host: 708e-6, perSequence: 15.1e-6, client: 26.9e-3, reduceStart: 4.71e-6, reduceRate: 334e9 },
      workstation: { launchPrompt: 89e-6, layer: 24.5e-6, host: 857e-6, perSequence: 14.8e-6, grouped: 0.212, streamExperts: 0.763, routing: 51e-6, launchExperts: 584e-6, clientPerSequence: 42.7e-6 },
    },
  },
  'vllm-2025': {
    label: 'vLLM 2025',
    vintage: '2025, no scheduling ahead (0.9–0.13)',
    ahead: false,
    fit: 'per token 1.5 % of 101, end to end 13.7 % of 4',
    any: { layer: 31.4e-6, host: 717e-6, perSequence: 45.2e-6, grouped: 0.407, streamExperts: 0.613, routing: 51.9e-6, gather: 72.1e-6, graphTokens: 512, launchPrompt: 48.4e-6 },
    on: {
      hopper: { always8: 0.97, grouped: 0.553, streamExperts: 0.638, routing: 62.7e-6, reduceStart: 4.35e-6, reduceRate: 443e9 },
    },
  },
  sglang: {
    label: 'SGLang',
    vintage: 'December 2025 and later (0.5.6 and later)',
    ahead: true,
    fit: 'first token 13.9 % of 88, per token 4.4 % of 145',
    any: { layer: 14.5e-6, host: 480e-6, perSequence: 15.4e-6, client: 19.2e-3, grouped: 0.38, streamExperts: 0.669, routing: 47.1e-6, launchPrompt: 49.3e-6 },
    on: {
      hopper: { kvRead: 0.823, launchExperts: 423e-6, grouped: 0.42, streamExperts: 0.699, routing: 53e-6 },
      blackwell: { launchExperts: 477e-6, grouped: 0.331, streamExperts: 0.672, routing: 45.9e-6, layer: 22e-6, host: 670e-6, perSequence: 23.3e-6 },
    },
  },
  'sglang-2025': {
    label: 'SGLang 2025',
    vintage: 'August to November 2025 (0.5.1–0.5.5)',
    ahead: true,
    fit: 'first token 62.1 % of 51, per token 2.1 % of 114',
    any: { layer: 25.4e-6, host: 697e-6, perSequence: 13.1e-6, client: 20.4e-3, grouped: 0.36, streamExperts: 0.534, routing: 59.6e-6, launchPrompt: 59.1e-6 },
    on: {
      hopper: { compute16: 0.785, kvRead: 0.665 },
      blackwell: { grouped: 0.188, streamExperts: 0.579, routing: 62.6e-6, layer: 25.3e-6, host: 690e-6, perSequence: 18.4e-6 },
    },
  },
  'tensorrt-llm': {
    label: 'TensorRT-LLM',
    vintage: 'October 2025 to 2026 (1.1–1.2)',
    ahead: true,
    fit: 'first token 5.7 % of 264, per token 2.4 % of 264',
    any: { oneShotTokens: 128, layer: 16.4e-6, host: 563e-6, perSequence: 13.2e-6, client: 20.4e-3, grouped: 0.412, streamExperts: 0.601, routing: 52.1e-6, gather: 36.7e-6, launchPrompt: 47.1e-6 },
    on: {
      hopper: { kvRead8: 0.857, compute8: 0.666, launchExperts: 774e-6, grouped: 0.269, streamExperts: 0.762, routing: 125e-6, reduceStart: 3.03e-6, reduceRate: 270e9 },
      blackwell: { compute8: 0.563, compute4: 0.524, layer: 17.7e-6, host: 651e-6, perSequence: 11.2e-6, client: 22.7e-3, launchExperts: 550e-6, grouped: 0.651, streamExperts: 0.618, routing: 40.4e-6, reduceStart: 6.37e-6, reduceRate: 526e9 },
    },
  },
  'tensorrt-llm-1.0': {
    label: 'TensorRT-LLM 1.0',
    vintage: 'summer 2025 (1.0)',
    ahead: true,
    fit: 'throughput 4.6 % of 88',
    any: { oneShotTokens: 128, layer: 59.2e-6, host: 559e-6, perSequence: 4.92e-6, perStream: 2e-6, client: 20.4e-3, grouped: 0.373, streamExperts: 0.647, routing: 51e-6, launchPrompt: 60.7e-6 },
    on: {
      hopper: { kvRead8: 0.97, compute8: 0.642, grouped: 0.332, streamExperts: 0.631, routing: 50.7e-6 },
      blackwell: { compute4: 0.497, grouped: 0.309, streamExperts: 0.631, routing: 50.3e-6, layer: 29.3e-6, host: 715e-6, perSequence: 19.8e-6 },
    },
  },
  'tensorrt-llm-1.0rc': {
    label: 'TensorRT-LLM 1.0rc',
    vintage: 'July 2025 (1.0.0rc3, not tuned; taken to run without overlap)',
    ahead: false,
    fit: 'per token 2.6 % of 345',
    any: { oneShotTokens: 128, layer: 21.1e-6, narrowing: 13.9e-6, graphTokens: 256, host: 419e-6, perSequence: 15.4e-6, client: 19.6e-3, grouped: 0.366, streamExperts: 0.969, routing: 39.4e-6, launchPrompt: 72.6e-6 },
    on: {
      hopper: { always8: 0.267, kvRead8: 0.923, compute8: 0.433, compute16: 0.71, grouped: 0.264, streamExperts: 0.97, routing: 18e-6, reduceStart: 3.19e-6, reduceRate: 385e9 },
    },
  },
  'tensorrt-llm-0.17': {
    label: 'TensorRT-LLM 0.17',
    vintage: '2024 (0.14–0.17), engines compiled beforehand',
    ahead: false,
    fit: 'throughput 2.8 % of 239, first token 5.1 % of 48, per token 5.7 % of 48',
    any: { compute4: 0.497, oneShotMiB: 4, layer: 62.3e-6, host: 578e-6, perSequence: 3.32e-6, perStream: 3.7e-6, client: 4.87e-3, grouped: 0.5, streamExperts: 0.836, routing: 40e-6 },
    on: {
      hopper: { kvRead8: 0.97, compute8: 0.661, compute16: 0.642, grouped: 0.736, routing: 14e-6, reduceStart: 12e-6, reduceRate: 362e9 },
      ada: { grouped: 0.316 },
      ampere: { grouped: 0.661, reduceStart: 28e-6, reduceRate: 135e9 },
    },
  },
  'vllm-2023': {
    label: 'vLLM 2023',
    vintage: '2023, kernels launched one by one',
    ahead: false,
    fit: 'first token 3.3 % of 85, per token 2.0 % of 85, end to end 2.0 % of 81',
    any: { oneShotMiB: 0, layer: 88.4e-6, host: 1.44e-3, perSequence: 265e-6, client: 5.76e-3, grouped: 0.5, streamExperts: 0.7, routing: 40e-6, launchLayer: 113e-6, launchRank: 1.94e-3, prefill: 0.6 },
    on: {
      hopper: { compute16: 0.631, reduceLarge: 86.6e9, reduceRate: 228e9, reduceStart: 10.7e-6 },
      ampere: { compute16: 0.768, reduceLarge: 28.9e9, reduceRate: 87.2e9, reduceStart: 3.7e-6, launchLayer: 177e-6, launchRank: 3.01e-3 },
    },
  },
} as const satisfies Readonly<Record<string, Software>>;
// fitted: end

/** Of each generation, what nothing here measures: taken over from others. */
export const unmeasured: Readonly<Record<Generation, readonly (keyof Kernels)[]>> = {
  hopper: ['stream4', 'compute4'],
  blackwell: ['burst', 'launch', 'compute16'],
  ampere: ['stream4', 'kvRead8', 'compute8', 'compute4'],
  ada: ['stream4', 'compute16', 'compute4', 'reduceStart', 'reduceRate'],
  workstation: ['stream4', 'kvRead8', 'compute8', 'compute4', 'reduceStart', 'reduceRate'],
  cdna3: ['burst', 'launch', 'stream', 'stream4', 'kvRead', 'kvRead8', 'attention', 'prefill', 'reduceStart', 'reduceRate', 'compute16', 'compute8', 'compute4'],
};

/** Identity of a serving software. */
export type SoftwareId = keyof typeof software;

/** What an engine does that says nothing of it: experts of 4 bits cost all what they cost vLLM. */
const plain = { narrowing: 0, grouped: 0.7, streamExperts: 0.7, routing: 40e-6, routing4: software.vllm.any.routing4, reduceLarge: 0, oneShotTokens: 0, oneShotMiB: 2, gather: 0, always8: 0, perStream: 0, launchLayer: 0, launchRank: 0, launchPrompt: 0, launchExperts: 0, graphTokens: 0, client: 0.015, clientPerSequence: 0 } as const;

/** The constants of a generation under a software; `of` replaces what is known of kernels. */
export function constantsOf(by: Software, generation: Generation, of = kernels): Constants {
  return { ...plain, ...of[generation], ...by.any, ...by.on[generation] };
}
