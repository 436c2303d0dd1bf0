/**
 * How close GPUs of each generation come to their peaks, and what engines cost on top: a few constants with a physical meaning, one set per
 * generation and none per model or benchmark row. They stand for engines of 2025–26 (vLLM 0.15–0.19, CUDA graphs); engines of 2023 launched
 * kernels one by one and took up to twice as long.
 */
import type { Generation } from './catalogue-gpus.ts';

export interface Constants {
  /** Exponent p by which compute and memory time of a matrix product join, (aᵖ + bᵖ)^(1/p): 4 is almost the larger of the two. */
  readonly sharpness: 2 | 4;
  /** Share of peak FLOP/s that large matrix products sustain; share of bandwidth at which weights stream. */
  readonly compute: number;
  readonly stream: number;
  /** Share of `compute` that products grouped by expert reach, and seconds of routing per layer. */
  readonly grouped: number;
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

const engine = { layer: 12e-6, host: 1e-3, perSequence: 10e-6 } as const;

/** The constants of each generation. */
export const constants: Readonly<Record<Generation, Constants>> = {
  hopper: { sharpness: 4, compute: 0.64, stream: 0.86, grouped: 0.7, routing: 20e-6, kvRead: 0.93, kvRead8: 0.765, attention: 13e-6, prefill: 0.7, reduceStart: 4.1e-6, reduceRate: 267e9, ...engine },
  blackwell: { sharpness: 4, compute: 0.64, stream: 0.83, grouped: 0.7, routing: 20e-6, kvRead: 0.9, kvRead8: 0.7, attention: 13e-6, prefill: 0.7, reduceStart: 10.8e-6, reduceRate: 471e9, ...engine },
  ampere: { sharpness: 2, compute: 0.87, stream: 0.76, grouped: 0.7, routing: 20e-6, kvRead: 0.755, kvRead8: 0.6, attention: 20e-6, prefill: 0.6, reduceStart: 4.8e-6, reduceRate: 175e9, ...engine },
  ada: { sharpness: 4, compute: 0.8, stream: 0.9, grouped: 0.7, routing: 20e-6, kvRead: 0.91, kvRead8: 0.7, attention: 11e-6, prefill: 0.72, reduceStart: 7.5e-6, reduceRate: 20e9, ...engine },
  workstation: { sharpness: 4, compute: 0.78, stream: 0.83, grouped: 0.7, routing: 20e-6, kvRead: 0.805, kvRead8: 0.6, attention: 13.5e-6, prefill: 0.4, reduceStart: 7.5e-6, reduceRate: 20e9, ...engine },
  cdna3: { sharpness: 4, compute: 0.5, stream: 0.75, grouped: 0.7, routing: 20e-6, kvRead: 0.75, kvRead8: 0.6, attention: 20e-6, prefill: 0.45, reduceStart: 10e-6, reduceRate: 250e9, ...engine },
};
