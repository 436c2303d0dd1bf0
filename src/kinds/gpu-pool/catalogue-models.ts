/** Language models as an engine sees them: the shapes of their matrices. Published configurations, each with its source. */

/** Multi-head latent attention (DeepSeek-V2 2024): one compressed key and value per token instead of one per head. */
export interface Latent {
  readonly kvRank: number;
  readonly queryRank: number;
  readonly nope: number;
  readonly rope: number;
  readonly value: number;
}

/** Feed-forward layers split into experts of which each token visits `visited`. */
export interface Experts {
  readonly count: number;
  readonly visited: number;
  /** Experts that every token visits beside its own. */
  readonly shared: number;
  readonly ffn: number;
  /** First layers that have an ordinary feed-forward part instead. */
  readonly denseLayers: number;
}

/** One language model: sizes and counts of its layers and heads. */
export interface Model {
  readonly id: string;
  readonly label: string;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly ffn: number;
  readonly vocabulary: number;
  /** Whether the feed-forward part has three matrices (SwiGLU) and not two. */
  readonly gated: boolean;
  readonly experts: Experts | null;
  readonly latent: Latent | null;
  /** Layers that look back only `window` tokens. */
  readonly slidingLayers: number;
  readonly window: number;
  readonly source: string;
}

const plain = { gated: true, experts: null, latent: null, slidingLayers: 0, window: 0 } as const;
/** Its configuration file as read there in 2026, and when the model came out. */
const config = (file: string, out: string): string => `ai-dynamo/aiconfigurator model_configs/${file}_config.json, 2026 (model of ${out})`;
const sparse = (count: number, visited: number, ffn: number): Experts => ({ count, visited, shared: 0, ffn, denseLayers: 0 });

/** The catalogue. Embedding and output matrix are counted separately, as all of these but GPT-3 and BLOOM do. */
export const models = [
  { ...plain, id: 'llama-3.1-8b', label: 'Llama 3.1 8B', layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headSize: 128, ffn: 14336, vocabulary: 128256, source: config('meta-llama--Meta-Llama-3.1-8B', '2024-07') },
  { ...plain, id: 'llama-3.1-70b', label: 'Llama 3.1 70B', layers: 80, hidden: 8192, heads: 64, kvHeads: 8, headSize: 128, ffn: 28672, vocabulary: 128256, source: config('meta-llama--Meta-Llama-3.1-70B', '2024-07') },
  { ...plain, id: 'llama-3.1-405b', label: 'Llama 3.1 405B', layers: 126, hidden: 16384, heads: 128, kvHeads: 8, headSize: 128, ffn: 53248, vocabulary: 128256, source: config('meta-llama--Meta-Llama-3.1-405B', '2024-07') },
  { ...plain, id: 'qwen2.5-7b', label: 'Qwen2.5 7B', layers: 28, hidden: 3584, heads: 28, kvHeads: 4, headSize: 128, ffn: 18944, vocabulary: 152064, source: 'inference-sim/inference-sim model_configs/qwen2.5-7b-instruct/config.json, 2026 (model of 2024-09)' },
  { ...plain, id: 'qwen2.5-72b', label: 'Qwen2.5 72B', layers: 80, hidden: 8192, heads: 64, kvHeads: 8, headSize: 128, ffn: 29568, vocabulary: 152064, source: 'Qwen/Qwen2.5-72B config.json, as quoted alike in several public repositories, 2026 (model of 2024-09)' },
  { ...plain, id: 'qwen3-32b', label: 'Qwen3 32B', layers: 64, hidden: 5120, heads: 64, kvHeads: 8, headSize: 128, ffn: 25600, vocabulary: 151936, source: config('Qwen--Qwen3-32B', '2025-04') },
  { ...plain, id: 'qwen3-30b-a3b', label: 'Qwen3 30B-A3B', layers: 48, hidden: 2048, heads: 32, kvHeads: 4, headSize: 128, ffn: 6144, vocabulary: 151936, experts: sparse(128, 8, 768), source: 'Qwen/Qwen3-30B-A3B config.json, as quoted alike in several public repositories, 2026 (model of 2025-04)' },
  { ...plain, id: 'qwen3-235b-a22b', label: 'Qwen3 235B-A22B', layers: 94, hidden: 4096, heads: 64, kvHeads: 4, headSize: 128, ffn: 12288, vocabulary: 151936, experts: sparse(128, 8, 1536), source: config('Qwen--Qwen3-235B-A22B', '2025-04') },
  { ...plain, id: 'mixtral-8x7b', label: 'Mixtral 8x7B', layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headSize: 128, ffn: 14336, vocabulary: 32000, experts: sparse(8, 2, 14336), source: config('mistralai--Mixtral-8x7B-v0.1', '2023-12') },
  { ...plain, id: 'mixtral-8x22b', label: 'Mixtral 8x22B', layers: 56, hidden: 6144, heads: 48, kvHeads: 8, headSize: 128, ffn: 16384, vocabulary: 32000, experts: sparse(8, 2, 16384), source: config('mistralai--Mixtral-8x22B-v0.1', '2024-04') },
  { ...plain, id: 'deepseek-v3', label: 'DeepSeek V3', layers: 61, hidden: 7168, heads: 128, kvHeads: 128, headSize: 128, ffn: 18432, vocabulary: 129280, experts: { count: 256, visited: 8, shared: 1, ffn: 2048, denseLayers: 3 }, latent: { kvRank: 512, queryRank: 1536, nope: 128, rope: 64, value: 128 }, source: config('deepseek-ai--DeepSeek-V3', '2024-12') },
  { ...plain, id: 'gpt-oss-120b', label: 'gpt-oss 120B', layers: 36, hidden: 2880, heads: 64, kvHeads: 8, headSize: 64, ffn: 2880, vocabulary: 201088, experts: sparse(128, 4, 2880), slidingLayers: 18, window: 128, source: config('openai--gpt-oss-120b', '2025-08') },
  { ...plain, id: 'gpt-oss-20b', label: 'gpt-oss 20B', layers: 24, hidden: 2880, heads: 64, kvHeads: 8, headSize: 64, ffn: 2880, vocabulary: 201088, experts: sparse(32, 4, 2880), slidingLayers: 12, window: 128, source: config('openai--gpt-oss-20b', '2025-08') },
  { ...plain, id: 'mistral-7b', label: 'Mistral 7B', layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headSize: 128, ffn: 14336, vocabulary: 32000, source: 'Jiang et al., Mistral 7B, 2023, table 1; its window of 4,096 tokens is left out' },
  { ...plain, id: 'llama-2-7b', label: 'Llama 2 7B', layers: 32, hidden: 4096, heads: 32, kvHeads: 32, headSize: 128, ffn: 11008, vocabulary: 32000, source: 'inference-sim/inference-sim model_configs/llama-2-7b-hf/config.json, 2026 (model of 2023-07)' },
  { ...plain, id: 'llama-2-70b', label: 'Llama 2 70B', layers: 80, hidden: 8192, heads: 64, kvHeads: 8, headSize: 128, ffn: 28672, vocabulary: 32000, source: 'microsoft/vidur@7d475133 vidur/config/model_config.py, 2024 (model of 2023-07)' },
  { ...plain, id: 'gpt-3-175b', label: 'GPT-3 175B', layers: 96, hidden: 12288, heads: 96, kvHeads: 96, headSize: 128, ffn: 49152, vocabulary: 50257, gated: false, source: 'Brown et al. 2020, table 2.1' },
  { ...plain, id: 'bloom-176b', label: 'BLOOM 176B', layers: 70, hidden: 14336, heads: 112, kvHeads: 112, headSize: 128, ffn: 57344, vocabulary: 250880, gated: false, source: 'bigscience/bloom config.json, as quoted alike in several public repositories, 2026 (model of 2022-07)' },
] as const satisfies readonly Model[];

/** Identity of a model in the catalogue. */
export type ModelId = (typeof models)[number]['id'];

const byId = new Map<string, Model>(models.map((m) => [m.id, m]));

/** The model of that id. */
export function modelOf(id: ModelId): Model {
  return byId.get(id)!;
}

/** Bytes of one number of a weight as stored: of 4 bits with a shared exponent for every sixteen (NVFP4), or for every 32 (MXFP4). */
export const weightBytes = { bf16: 2, fp8: 1, fp4: 0.5625, mxfp4: 0.53125 } as const;
/** How weights are stored; with MXFP4 those of experts, as gpt-oss was released. */
export type Precision = keyof typeof weightBytes;

/** How weights are stored that are not of experts. */
export const besideExperts = (precision: Precision): Exclude<Precision, 'mxfp4'> => (precision === 'mxfp4' ? 'bf16' : precision);

/** Matrix shapes [outputs, inputs] of one attention layer on one GPU of `tp`. */
export function attentionMatrices(m: Model, tp: number): readonly (readonly [number, number])[] {
  const { latent, hidden: h } = m;
  if (latent === null) return [[((m.heads + 2 * Math.max(m.kvHeads, tp)) * m.headSize) / tp, h], [h, (m.heads * m.headSize) / tp]];
  // The down-projections are on every GPU; what belongs to heads is split.
  return [
    [latent.queryRank + latent.kvRank + latent.rope, h],
    [(m.heads * (latent.nope + latent.rope)) / tp, latent.queryRank],
    [(m.heads * (latent.nope + latent.value)) / tp, latent.kvRank],
    [h, (m.heads * latent.value) / tp],
  ];
}

/** Matrix shapes of an ordinary feed-forward layer of inner size `ffn` on one GPU of `tp`. */
export function feedForwardMatrices(m: Model, ffn: number, tp: number): readonly (readonly [number, number])[] {
  return [[((m.gated ? 2 : 1) * ffn) / tp, m.hidden], [m.hidden, ffn / tp]];
}

const sizeOf = (matrices: readonly (readonly [number, number])[]): number => matrices.reduce((sum, [n, k]) => sum + n * k, 0);

/** How many of its layers have an ordinary feed-forward part. */
export const denseLayers = (m: Model): number => (m.experts === null ? m.layers : m.experts.denseLayers);

/** Parameters of experts on one GPU of `tp`, without those that every token visits. */
export function expertParameters(m: Model, tp: number): number {
  return m.experts === null ? 0 : ((m.layers - denseLayers(m)) * 3 * m.hidden * m.experts.ffn * m.experts.count) / tp;
}

/**
 * Other parameters on one GPU that are stored in the chosen precision: all but experts, embedding and output matrix. They are split among `others` GPUs (1 where each
 * GPU does its own sequences' attention).
 */
export function coreParameters(m: Model, others: number): number {
  const dense = denseLayers(m);
  const shared = (m.layers - dense) * 3 * m.hidden * (m.experts?.ffn ?? 0) * (m.experts?.shared ?? 0);
  return m.layers * sizeOf(attentionMatrices(m, others)) + dense * sizeOf(feedForwardMatrices(m, m.ffn, others)) + shared / others;
}

/** Bytes of weights on one GPU of `tp` that a batch reads whole, and those of all its experts; the output matrix stays 16-bit. */
export function bytesRead(m: Model, precision: Precision, tp: number, others = tp): { readonly core: number; readonly experts: number } {
  return { core: coreParameters(m, others) * weightBytes[besideExperts(precision)] + (2 * m.vocabulary * m.hidden) / tp, experts: expertParameters(m, tp) * weightBytes[precision] };
}

/** Parameters of the experts that one token visits, all GPUs together. */
export const visitedParameters = (m: Model): number => (m.experts === null ? 0 : (expertParameters(m, 1) * m.experts.visited) / m.experts.count);

/** Parameters that one token is multiplied with, all GPUs together, without embedding and output matrix. */
export const activeParameters = (m: Model): number => coreParameters(m, 1) + visitedParameters(m);

/** Bytes of weights on one GPU of `tp`; embedding and output matrix stay 16-bit. */
export function weightsPerGpu(m: Model, precision: Precision, tp: number, others = tp): number {
  const { core, experts } = bytesRead(m, precision, tp, others);
  return core + experts + (2 * m.vocabulary * m.hidden) / tp;
}

/** Bytes of keys and values per token and layer on one GPU of `tp`; a latent is kept whole on each. */
export function kvBytesPerLayer(m: Model, kvBytes: number, tp: number): number {
  if (m.latent !== null) return (m.latent.kvRank + m.latent.rope) * kvBytes;
  return 2 * Math.max(m.kvHeads / tp, 1) * m.headSize * kvBytes;
}

/** Bytes of keys and values per token on one GPU of `tp`. Sliding layers keep only their window and are left out. */
export function kvBytesPerToken(m: Model, kvBytes: number, tp: number): number {
  return (m.layers - m.slidingLayers) * kvBytesPerLayer(m, kvBytes, tp);
}
