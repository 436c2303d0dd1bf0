/** Encoders: models that read a text in one pass (embedders and rerankers), and how long a GPU takes over a batch of texts. */
import { assumed, measured, published, type Constant } from '../../kit/evidence.ts';
import type { Wall } from '../../kit/kind.ts';
import { gpuOf, peakFor, type Gpu, type GpuId } from '../gpu-pool/catalogue-gpus.ts';
import { kernels } from '../gpu-pool/constants.ts';

/** One encoder. */
export interface Encoder {
  readonly id: string;
  readonly label: string;
  /** Weights of all layers. The table of word vectors is looked up, not multiplied with, and does not count. */
  readonly weights: number;
  readonly layers: number;
  /** Width of attention: heads × head size. */
  readonly width: number;
  /** Whether a token looks only at those before it; such a model has half the pairs to look at. */
  readonly causal: boolean;
}

/** Weights of the layers of a BERT: 4·h² of attention and 8·h² of feed-forward each (Devlin et al. 2018). */
const bert = (id: string, label: string, layers: number, hidden: number): Encoder => ({ id, label, weights: 12 * layers * hidden * hidden, layers, width: hidden, causal: false });

/** Embedders; shapes from the configuration files that come with the models. */
export const embedders = [
  bert('minilm-l6', 'all-MiniLM-L6-v2', 6, 384),
  bert('bge-small', 'bge-small-en-v1.5', 12, 384),
  bert('bge-base', 'bge-base-en-v1.5', 12, 768),
  bert('bge-large', 'bge-large-en-v1.5', 24, 1024),
  bert('bge-m3', 'bge-m3', 24, 1024),
  { id: 'qwen3-0.6b', label: 'Qwen3-Embedding-0.6B', weights: 0.44e9, layers: 28, width: 2048, causal: true },
  { id: 'e5-mistral-7b', label: 'e5-mistral-7b-instruct', weights: 6.98e9, layers: 32, width: 4096, causal: true },
  { id: 'qwen3-8b', label: 'Qwen3-Embedding-8B', weights: 6.95e9, layers: 36, width: 4096, causal: true },
] as const satisfies readonly Encoder[];

/** Rerankers (cross-encoders), likewise. */
export const rerankers = [
  bert('minilm-l6', 'ms-marco-MiniLM-L-6-v2', 6, 384),
  bert('minilm-l12', 'ms-marco-MiniLM-L-12-v2', 12, 384),
  bert('bge-base', 'bge-reranker-base', 12, 768),
  bert('bge-large', 'bge-reranker-large', 24, 1024),
  bert('bge-v2-m3', 'bge-reranker-v2-m3', 24, 1024),
  { id: 'qwen3-0.6b', label: 'Qwen3-Reranker-0.6B', weights: 0.44e9, layers: 28, width: 2048, causal: true },
  { id: 'qwen3-8b', label: 'Qwen3-Reranker-8B', weights: 6.95e9, layers: 36, width: 4096, causal: true },
] as const satisfies readonly Encoder[];

/** The encoder of that id in a list. */
export const encoderOf = (list: readonly Encoder[], id: string): Encoder => list.find((one) => one.id === id)!;

/**
 * Share of the 16-bit peak that an embedding server reaches end to end, measured: text-embeddings-inference with bge-large on one L4, 1.15 M tokens in
 * texts of 449 in 18.49 s, are 40 of 121 TFLOP/s (0.33); the same on an MI210 with Infinity 56 of 181 (0.31)
 * (michaelfeil/infinity@0d1c358d docs/docs/benchmarking.md, 2024). TensorRT in 8 bit reaches 0.42 on an L4 to 0.5 on an L40S (below).
 */
export const measuredShare = 0.33;

/** The same in short, beside the figures that go by it. */
export const shareEvidence = measured('text-embeddings-inference with bge-large on one L4: 40 of 121 TFLOP/s (benchmarks of Infinity, 2024)');

/**
 * Seconds a batch takes per layer however small it is: kernels to launch, words to look up. With the share above it is fitted to BERT-large for one text at a
 * time in 8 bit, 1.91 ms on an L4 and 1.02 ms on an L40S (MLPerf Inference 4.1, Lenovo, median of SingleStream), which also gives a mean text of 171 tokens.
 */
const PER_LAYER = 24e-6;

/** Share of a GPU's bandwidth at which weights stream. */
const streamShare = ({ generation }: Gpu): number => kernels[generation].stream;

/** Weights as stored, in bytes. */
const bytesPerWeight = { bf16: 2, fp8: 1 } as const;

/** An encoder on a GPU; `share` is the part of the GPU's peak that it reaches in large batches. */
export interface Setup {
  readonly encoder: Encoder;
  readonly gpu: GpuId;
  readonly precision: keyof typeof bytesPerWeight;
  readonly share: number;
}

/** FLOP of texts with so many tokens together, and so many squared token counts: 2 per weight and token, 4 per pair of tokens, layer and width (Kaplan et al. 2020). */
export function flopOf({ weights, layers, width, causal }: Encoder, tokens: number, squares: number): number {
  return 2 * weights * tokens + (causal ? 2 : 4) * layers * width * squares;
}

/** The time of batches on one setup, worked out once: what it takes at least, what the GPU's peak is, and what it sustains. */
export class EncoderTime {
  /** FLOP/s at the GPU's peak. */
  readonly peak: number;
  private readonly rate: number;
  private readonly start: number;
  private readonly reading: number;
  readonly encoder: Encoder;

  constructor({ encoder, gpu, precision, share }: Setup) {
    const device = gpuOf(gpu);
    this.encoder = encoder;
    this.peak = peakFor(device, precision);
    this.rate = this.peak * share;
    this.start = encoder.layers * PER_LAYER;
    this.reading = (encoder.weights * bytesPerWeight[precision]) / (device.bandwidth * streamShare(device));
  }

  /** What takes longer in a batch: computing, or reading the weights. */
  wall(tokens: number, squares: number): Wall {
    return flopOf(this.encoder, tokens, squares) / this.rate > this.reading ? 'compute' : 'bandwidth';
  }

  /** Seconds for a batch: launching, then computing or reading the weights, whichever takes longer (Williams et al. 2009, roofline). */
  seconds(tokens: number, squares: number): number {
    return this.start + Math.max(this.reading, flopOf(this.encoder, tokens, squares) / this.rate);
  }
}

/** What the time of a batch rests on besides the parameters. */
export function workingsOf({ encoder, gpu, precision }: Omit<Setup, 'share'>): Constant[] {
  const device = gpuOf(gpu);
  const streams = device.generation === 'cdna3' ? assumed('as on other generations') : measured('kernels and runs on GPUs of its generation, 2025–26');
  return [
    { label: 'Weights in layers', value: encoder.weights, unit: 'count', ...published(`configuration file of ${encoder.label}`) },
    { label: 'Peak of the GPU', value: peakFor(device, precision), unit: 'flop/second', ...published(device.source) },
    { label: 'Memory bandwidth', value: device.bandwidth, unit: 'bytes/second', ...published(device.source) },
    { label: 'Share of it when weights stream', value: streamShare(device), unit: 'share', ...streams },
    { label: 'Launching kernels, per layer', value: PER_LAYER, unit: 'seconds', ...measured('fitted to BERT-large, one text at a time, on L4 and L40S (MLPerf Inference 4.1, 2024)') },
  ];
}
