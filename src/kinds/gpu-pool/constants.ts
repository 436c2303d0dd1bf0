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
  /** Median size of its errors after the fit, and of how many figures; '' where it was not fitted. */
  readonly fit: string;
  /** Overheads wherever it was not tried; then what was fitted, by generation. */
  readonly any: Partial<Engine> & Pick<Engine, 'layer' | 'host' | 'perSequence'>;
  readonly on: Readonly<Partial<Record<Generation, Partial<Engine>>>>;
}

// fitted: begin
/** Of each generation. Where kernels were timed alone, what whole engines tell may move them by about a tenth. */
export const kernels: Readonly<Record<Generation, Kernels>> = {
  hopper: { sharpness: 4, burst: 0.821, launch: 3.26e-6, stream: 0.958, stream4: 0.65, kvRead: 0.894, kvRead8: 0.638, attention: 14e-6, prefill: 0.646, reduceStart: 4.16e-6, reduceRate: 304e9, compute16: 0.673, compute8: 0.537, compute4: 0.45 },
  blackwell: { sharpness: 4, burst: 0.8, launch: 4e-6, stream: 0.836, stream4: 0.591, kvRead: 0.884, kvRead8: 0.851, attention: 9.74e-6, prefill: 0.499, reduceStart: 6.76e-6, reduceRate: 523e9, compute16: 0.65, compute8: 0.499, compute4: 0.455 },
  ampere: { sharpness: 2, burst: 0.79, launch: 4.33e-6, stream: 0.759, stream4: 0.65, kvRead: 0.742, kvRead8: 0.8, attention: 19.1e-6, prefill: 0.594, reduceStart: 4.88e-6, reduceRate: 182e9, compute16: 0.865, compute8: 0.55, compute4: 0.45 },
  ada: { sharpness: 4, burst: 0.802, launch: 3.24e-6, stream: 0.896, stream4: 0.65, kvRead: 0.901, kvRead8: 0.823, attention: 10.3e-6, prefill: 0.881, reduceStart: 5e-6, reduceRate: 20e9, compute16: 0.65, compute8: 0.602, compute4: 0.45 },
  workstation: { sharpness: 4, burst: 0.702, launch: 3.86e-6, stream: 0.804, stream4: 0.65, kvRead: 0.788, kvRead8: 0.8, attention: 12.4e-6, prefill: 0.54, reduceStart: 5e-6, reduceRate: 20e9, compute16: 0.702, compute8: 0.55, compute4: 0.45 },
  cdna3: { sharpness: 4, burst: 0.5, launch: 5e-6, stream: 0.75, stream4: 0.75, kvRead: 0.75, kvRead8: 0.6, attention: 20e-6, prefill: 0.45, reduceStart: 10e-6, reduceRate: 250e9, compute16: 0.5, compute8: 0.5, compute4: 0.5 },
};

/** Median size of the errors of kernels timed alone, and of how many. */
export const kernelFit = 'matrix product 6.1 % of 589, decode attention 7.6 % of 1716, prompt attention 9.4 % of 448, all-reduce 8.8 % of 276, all-reduce over PCIe 41.9 % of 69';

/** The serving software known. */
export const software = {
  vllm: {
    label: 'vLLM',
    vintage: '2025–26 (0.9–0.19)',
    fit: 'first token 5.3 % of 160, per token 2.2 % of 261, end to end 9.7 % of 4',
    any: { layer: 33.5e-6, host: 1.22e-3, perSequence: 49.3e-6, client: 19.3e-3, grouped: 0.5, padding: 40, routing: 40e-6, graphTokens: 512, launchPrompt: 211e-6 },
    on: {
      hopper: { always8: 0.97, grouped: 0.97, padding: 150, routing: 107e-6, reduceStart: 3.06e-6, reduceRate: 464e9 },
      blackwell: { layer: 30.5e-6, host: 1.32e-3, perSequence: 22e-6, client: 46.7e-3, reduceStart: 2.01e-6, reduceRate: 324e9 },
      workstation: { launchPrompt: 95.5e-6, layer: 20.4e-6, host: 1.2e-3, perSequence: 11.5e-6, grouped: 0.499, padding: 53.9, routing: 86.8e-6, launchExperts: 628e-6 },
    },
  },
  sglang: {
    label: 'SGLang',
    vintage: 'December 2025 and later (0.5.6 and later)',
    fit: 'first token 62.7 % of 88, per token 5.8 % of 145',
    any: { layer: 21.6e-6, host: 1.09e-3, perSequence: 19.7e-6, client: 20e-3, grouped: 0.5, padding: 40, routing: 40e-6, launchPrompt: 246e-6 },
    on: {
      hopper: { compute8: 0.262, launchExperts: 2.2e-3, grouped: 0.97, padding: 17.9, routing: 60.7e-6 },
      blackwell: { launchExperts: 261e-6, grouped: 0.132, padding: 24.6, routing: 33.5e-6, layer: 23.5e-6, host: 965e-6, perSequence: 13.5e-6 },
    },
  },
  'sglang-2025': {
    label: 'SGLang 2025',
    vintage: 'August to November 2025 (0.5.1–0.5.5)',
    fit: 'first token 85.7 % of 51, per token 3.4 % of 114',
    any: { layer: 26e-6, host: 906e-6, perSequence: 21.5e-6, client: 20e-3, grouped: 0.5, padding: 40, routing: 40e-6, launchPrompt: 126e-6 },
    on: {
      hopper: {},
      blackwell: { grouped: 0.117, padding: 26.2, routing: 44.9e-6, layer: 32.1e-6, host: 1.11e-3, perSequence: 13.9e-6 },
    },
  },
  'tensorrt-llm': {
    label: 'TensorRT-LLM',
    vintage: 'October 2025 to 2026 (1.1–1.2)',
    fit: 'first token 10.0 % of 264, per token 3.5 % of 264',
    any: { layer: 22.5e-6, host: 756e-6, perSequence: 32.2e-6, client: 15.6e-3, grouped: 0.5, padding: 40, routing: 40e-6, launchPrompt: 111e-6 },
    on: {
      hopper: { kvRead8: 0.97, compute8: 0.667, launchExperts: 1.14e-3, grouped: 0.359, padding: 55.5, routing: 122e-6, reduceStart: 1.57e-6, reduceRate: 212e9 },
      blackwell: { compute8: 0.589, compute4: 0.574, layer: 22.7e-6, host: 1.19e-3, perSequence: 15.1e-6, client: 28.6e-3, launchExperts: 289e-6, grouped: 0.911, padding: 249, routing: 29.6e-6, reduceStart: 2.8e-6, reduceRate: 448e9 },
    },
  },
  'tensorrt-llm-1.0': {
    label: 'TensorRT-LLM 1.0',
    vintage: 'summer 2025 (1.0)',
    fit: 'throughput 4.8 % of 88',
    any: { layer: 79.9e-6, host: 380e-6, perSequence: 2.27e-6, perStream: 2e-6, client: 20e-3, grouped: 0.5, padding: 40, routing: 40e-6, launchPrompt: 156e-6 },
    on: {
      hopper: { kvRead8: 0.97, compute8: 0.731, grouped: 0.625, padding: 35.6, routing: 90.4e-6 },
      blackwell: { compute4: 0.552, grouped: 0.715, padding: 36.9, routing: 7.59e-6, layer: 30.9e-6, host: 2.78e-3, perSequence: 9.93e-6 },
    },
  },
  'tensorrt-llm-1.0rc': {
    label: 'TensorRT-LLM 1.0rc',
    vintage: 'July 2025 (1.0.0rc3, not tuned)',
    fit: 'per token 3.7 % of 345',
    any: { layer: 34.2e-6, host: 260e-6, perSequence: 12.3e-6, client: 20e-3, grouped: 0.5, padding: 40, routing: 40e-6, launchPrompt: 443e-6 },
    on: {
      hopper: { kvRead8: 0.656, compute8: 0.451, compute16: 0.742, grouped: 0.282, padding: 5.69, routing: 17.2e-6, reduceStart: 4.38e-6, reduceRate: 317e9 },
    },
  },
  'tensorrt-llm-0.17': {
    label: 'TensorRT-LLM 0.17',
    vintage: '2024 (0.14–0.17)',
    fit: 'throughput 3.7 % of 239, first token 7.1 % of 48, per token 6.9 % of 48',
    any: { layer: 74.1e-6, host: 745e-6, perSequence: 3.66e-6, perStream: 4.93e-6, client: 4.4e-3, grouped: 0.5, padding: 40, routing: 40e-6 },
    on: {
      hopper: { kvRead8: 0.97, compute8: 0.737, compute16: 0.652, grouped: 0.725, padding: 98.7, routing: 13.1e-6, reduceRate: 342e9 },
      ada: { grouped: 0.317 },
      ampere: { grouped: 0.651, reduceRate: 145e9 },
    },
  },
  'vllm-2023': {
    label: 'vLLM 2023',
    vintage: '2023, kernels launched one by one',
    fit: 'first token 3.3 % of 85, per token 2.3 % of 85, end to end 2.2 % of 81',
    any: { layer: 18.1e-6, host: 919e-6, perSequence: 268e-6, client: 5.62e-3, grouped: 0.5, padding: 40, routing: 40e-6, launchLayer: 60.9e-6, launchRank: 2.31e-3, prefill: 0.6 },
    on: {
      hopper: { compute16: 0.646, reduceLarge: 85.4e9, reduceRate: 234e9, reduceStart: 67.9e-6 },
      ampere: { compute16: 0.754, reduceLarge: 29e9, launchLayer: 329e-6, launchRank: 1.83e-3, reduceRate: 77.7e9, reduceStart: 3.48e-6 },
    },
  },
} as const satisfies Readonly<Record<string, Software>>;
// fitted: end

/** Identity of a serving software. */
export type SoftwareId = keyof typeof software;

/** What an engine does that says nothing of it. */
const plain = { grouped: 0.7, padding: 50, routing: 40e-6, reduceLarge: 0, always8: 0, perStream: 0, launchLayer: 0, launchRank: 0, launchPrompt: 0, launchExperts: 0, graphTokens: 0, client: 0.015 } as const;

/** The constants of a generation under a software; `of` replaces what is known of kernels. */
export function constantsOf(by: Software, generation: Generation, of = kernels): Constants {
  return { ...plain, ...of[generation], ...by.any, ...by.on[generation] };
}
