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
  /** Overheads wherever it was not tried; then what was fitted, by generation. */
  readonly any: Partial<Engine> & Pick<Engine, 'layer' | 'host' | 'perSequence'>;
  readonly on: Readonly<Partial<Record<Generation, Partial<Engine>>>>;
}

// fitted: begin
/** Of each generation. Where kernels were timed alone, what whole engines tell may move them by about a tenth. */
export const kernels: Readonly<Record<Generation, Kernels>> = {
  hopper: { sharpness: 4, burst: 0.82, launch: 3.1e-6, stream: 0.928, stream4: 0.9, kvRead: 0.89, kvRead8: 0.97, attention: 13e-6, prefill: 0.693, reduceStart: 4.08e-6, reduceRate: 367e9, compute16: 0.656, compute8: 0.549, compute4: 0.557 },
  blackwell: { sharpness: 4, burst: 0.7, launch: 3.1e-6, stream: 0.862, stream4: 0.608, kvRead: 0.9, kvRead8: 0.747, attention: 13e-6, prefill: 0.496, reduceStart: 7e-6, reduceRate: 437e9, compute16: 0.6, compute8: 0.452, compute4: 0.375 },
  ampere: { sharpness: 2, burst: 0.87, launch: 5.2e-6, stream: 0.897, stream4: 0.8, kvRead: 0.88, kvRead8: 0.6, attention: 20e-6, prefill: 0.617, reduceStart: 4.8e-6, reduceRate: 177e9, compute16: 0.784, compute8: 0.784, compute4: 0.784 },
  ada: { sharpness: 4, burst: 0.97, launch: 4.8e-6, stream: 0.925, stream4: 0.9, kvRead: 0.91, kvRead8: 0.816, attention: 11e-6, prefill: 0.741, reduceStart: 7.5e-6, reduceRate: 20e9, compute16: 0.6, compute8: 0.6, compute4: 0.6 },
  workstation: { sharpness: 4, burst: 0.78, launch: 3.8e-6, stream: 0.83, stream4: 0.8, kvRead: 0.805, kvRead8: 0.6, attention: 13.5e-6, prefill: 0.4, reduceStart: 7.5e-6, reduceRate: 20e9, compute16: 0.7, compute8: 0.7, compute4: 0.6 },
  cdna3: { sharpness: 4, burst: 0.5, launch: 5e-6, stream: 0.75, stream4: 0.75, kvRead: 0.75, kvRead8: 0.6, attention: 20e-6, prefill: 0.45, reduceStart: 10e-6, reduceRate: 250e9, compute16: 0.5, compute8: 0.5, compute4: 0.5 },
};

/** The serving software known. */
export const software = {
  vllm: {
    label: 'vLLM',
    vintage: '2025–26 (0.9–0.19)',
    any: { layer: 30.3e-6, host: 1.23e-3, perSequence: 48.2e-6, client: 19.7e-3, grouped: 0.7, padding: 50, routing: 40e-6 },
    on: {
      hopper: { always8: 0.97, grouped: 0.938, padding: 158, routing: 73.3e-6 },
      blackwell: { layer: 28.8e-6, host: 1.28e-3, perSequence: 21.9e-6, client: 55.8e-3, reduceStart: 2.15e-6 },
      workstation: { layer: 20e-6, host: 2e-3, perSequence: 10e-6 },
    },
  },
  sglang: {
    label: 'SGLang',
    vintage: '2026 (0.5.9 and later)',
    any: { layer: 14e-6, host: 1.86e-3, perSequence: 20e-6, client: 15e-3, grouped: 0.7, padding: 50, routing: 40e-6 },
    on: {
      hopper: { grouped: 0.609, padding: 76.4, routing: 38.5e-6, layer: 13.1e-6, host: 1.84e-3, perSequence: 69e-6 },
      blackwell: { grouped: 0.162, padding: 26.6, routing: 33.7e-6, layer: 12.3e-6, host: 1.44e-3, perSequence: 15e-6 },
    },
  },
  'sglang-2025': {
    label: 'SGLang 2025',
    vintage: '2025 (0.5.1–0.5.8)',
    any: { layer: 8.09e-6, host: 2.3e-3, perSequence: 19.8e-6, client: 15e-3, grouped: 0.7, padding: 50, routing: 40e-6 },
    on: {
      hopper: { compute8: 0.272, compute16: 0.694, grouped: 0.812, padding: 24.6, routing: 63.1e-6 },
      blackwell: { grouped: 0.152, padding: 29.7, routing: 46.7e-6, layer: 7.75e-6, host: 2.33e-3, perSequence: 9.81e-6 },
    },
  },
  'tensorrt-llm': {
    label: 'TensorRT-LLM',
    vintage: 'October 2025 to 2026 (1.1–1.2)',
    any: { layer: 17.8e-6, host: 783e-6, perSequence: 30.3e-6, client: 27.3e-3, grouped: 0.7, padding: 50, routing: 40e-6 },
    on: {
      hopper: { compute8: 0.627, compute16: 0.7, grouped: 0.309, padding: 52.2, routing: 117e-6 },
      blackwell: { compute8: 0.592, compute4: 0.593, layer: 20.3e-6, host: 1.35e-3, perSequence: 10.3e-6, client: 29.3e-3, reduceStart: 2.04e-6, grouped: 0.67, padding: 195, routing: 28.5e-6 },
    },
  },
  'tensorrt-llm-1.0': {
    label: 'TensorRT-LLM 1.0',
    vintage: 'summer 2025 (1.0)',
    any: { layer: 81.3e-6, host: 230e-6, perSequence: 1.13e-6, perStream: 18e-6, client: 19e-3, grouped: 0.7, padding: 50, routing: 40e-6 },
    on: {
      hopper: { compute8: 0.672, grouped: 0.503, padding: 51.6, routing: 73.6e-6 },
      blackwell: { compute8: 0.6, compute4: 0.587, reduceStart: 2.7e-6, grouped: 0.682, padding: 18.2, routing: 14.7e-6, layer: 73.8e-6, host: 258e-6, perSequence: 1.4e-6 },
    },
  },
  'tensorrt-llm-1.0rc': {
    label: 'TensorRT-LLM 1.0rc',
    vintage: 'July 2025 (1.0.0rc3, not tuned)',
    any: { layer: 42.9e-6, host: 34.4e-6, perSequence: 23.1e-6, client: 19e-3, grouped: 0.7, padding: 50, routing: 40e-6 },
    on: {
      hopper: { compute8: 0.415, compute16: 0.738, grouped: 0.262, padding: 8.42, routing: 18.5e-6 },
    },
  },
  'tensorrt-llm-0.17': {
    label: 'TensorRT-LLM 0.17',
    vintage: '2024 (0.14–0.17)',
    any: { layer: 69.4e-6, host: 843e-6, perSequence: 1.9e-6, perStream: 0.963e-6, client: 4.82e-3, grouped: 0.73, padding: 65, routing: 75e-6 },
    on: {
      hopper: { compute8: 0.682, compute16: 0.641, grouped: 0.768, padding: 72.2, routing: 81.7e-6 },
      ada: { compute8: 0.59, grouped: 0.328 },
      ampere: { compute16: 0.784, grouped: 0.696 },
    },
  },
  'vllm-2023': {
    label: 'vLLM 2023',
    vintage: '2023, kernels launched one by one',
    any: { layer: 115e-6, host: 863e-6, perSequence: 284e-6, client: 1.27e-3, grouped: 0.7, padding: 50, routing: 40e-6, launchLayer: 118e-6, launchRank: 2.1e-3 },
    on: {
      hopper: { compute16: 0.581, reduceRate: 172e9, reduceStart: 3.8e-6 },
      ampere: { compute16: 0.953, reduceRate: 28.2e9, reduceStart: 53.7e-6 },
    },
  },
} as const satisfies Readonly<Record<string, Software>>;
// fitted: end

/** Identity of a serving software. */
export type SoftwareId = keyof typeof software;

/** What an engine does that says nothing of it. */
const plain = { grouped: 0.7, padding: 50, routing: 40e-6, always8: 0, perStream: 0, launchLayer: 0, launchRank: 0, client: 0.015 } as const;

/** The constants of a generation under a software; `of` replaces what is known of kernels. */
export function constantsOf(by: Software, generation: Generation, of = kernels): Constants {
  return { ...plain, ...of[generation], ...by.any, ...by.on[generation] };
}
