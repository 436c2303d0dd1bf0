/** Models and GPUs by the names that tables of measurements use: from the catalogue, or described by the folder's own `models.json` and `gpus.json`. */
import { existsSync } from 'node:fs';
import * as z from 'zod';
import { gpuOf, processorsLike, type Gpu, type Generation, type GpuId } from '../../src/kinds/gpu-pool/catalogue-gpus.ts';
import { modelOf, type Model, type ModelId } from '../../src/kinds/gpu-pool/catalogue-models.ts';
import { checked, jsonOf } from './files.ts';

const known: readonly (readonly [RegExp, ModelId])[] = [
  [/llama-?3[._-]1-405b/, 'llama-3.1-405b'],
  [/llama-?3([._-]\d)?-70b/, 'llama-3.1-70b'],
  [/llama-?3([._-]1)?-8b/, 'llama-3.1-8b'],
  [/llama-?2-70b/, 'llama-2-70b'],
  [/llama-?2-7b/, 'llama-2-7b'],
  [/mixtral-8x7b/, 'mixtral-8x7b'],
  [/mixtral-8x22b/, 'mixtral-8x22b'],
  [/mistral-7b/, 'mistral-7b'],
  [/deepseek-(r1|v3)/, 'deepseek-v3'],
  [/qwen3-235b-a22b/, 'qwen3-235b-a22b'],
  [/qwen3-30b-a3b/, 'qwen3-30b-a3b'],
  [/qwen3-32b/, 'qwen3-32b'],
  [/qwen2[._-]5-72b/, 'qwen2.5-72b'],
  [/qwen2[._-]5-7b/, 'qwen2.5-7b'],
  [/gpt-oss-120b/, 'gpt-oss-120b'],
  [/gpt-oss-20b/, 'gpt-oss-20b'],
  [/bloom-176b/, 'bloom-176b'],
  [/gpt-?3-175b/, 'gpt-3-175b'],
];

const cards: Readonly<Record<string, GpuId>> = {
  'H100-SXM-80': 'h100',
  'H200-SXM-141': 'h200',
  'H100-PCIe-80': 'h100-pcie',
  'H100-NVL-94': 'h100-nvl',
  'H200-NVL-141': 'h200-nvl',
  'GH200-96': 'gh200',
  'B200-180': 'b200',
  GB200: 'gb200',
  B300: 'b300',
  GB300: 'gb300',
  'A100-SXM-80': 'a100-80',
  'A100-80-SXM': 'a100-80',
  'A100-40-SXM': 'a100-40',
  'A100-80-PCIe': 'a100-pcie',
  A10G: 'a10g',
  L40S: 'l40s',
  L4: 'l4',
  'NVIDIA GeForce RTX 4090': 'rtx-4090',
  'RTX-PRO-6000': 'rtx-pro-6000',
  RTXPRO6000: 'rtx-pro-6000',
  RTX4090: 'rtx-4090',
  MI300X: 'mi300x',
  MI325X: 'mi325x',
};

const size = z.number().positive();
const whole = z.number().int().nonnegative();

/** A model as a folder's own list describes it. */
const listedModel = z.object({
  layers: size.int(),
  hidden: size,
  q_heads: size,
  kv_heads: size,
  head_dim: size.nullish(),
  ffn: size,
  vocab: size,
  moe: z.object({ experts: size, topk: size, shared: whole, moe_ffn: size, first_dense_layers: whole.nullish() }).nullish(),
  mla: z.object({ kv_lora_rank: size, q_lora_rank: whole.nullish(), qk_nope_head_dim: size, qk_rope_head_dim: size, v_head_dim: size }).nullish(),
  sliding_window: whole.nullish(),
  sliding_layers: whole.nullish(),
});
type Listed = z.infer<typeof listedModel>;

/** A GPU as a folder's own list describes it; null where nothing is known. */
const figure = z.number().nonnegative().nullish();
const listedGpu = z.object({ bf16_tflops_dense: figure, fp8_tflops_dense: figure, fp4_tflops_dense: figure, hbm_GB: figure, hbm_TBps: figure, interconnect_GBps_uni: figure, tdp_W: figure });
type ListedGpu = z.infer<typeof listedGpu>;

const listedModels = z.record(z.string(), z.unknown());
const listedGpus = z.object({ gpus: z.record(z.string(), z.unknown()) });

function described(id: string, m: Listed): Model {
  const { moe, mla } = m;
  return {
    id,
    label: id,
    layers: m.layers,
    hidden: m.hidden,
    heads: m.q_heads,
    kvHeads: m.kv_heads,
    headSize: m.head_dim ?? m.hidden / m.q_heads,
    ffn: m.ffn,
    vocabulary: m.vocab,
    gated: !/gpt-?3|bloom/i.test(id),
    experts: !moe ? null : { count: moe.experts, visited: moe.topk, shared: moe.shared, ffn: moe.moe_ffn, denseLayers: moe.first_dense_layers ?? 0 },
    latent: !mla ? null : { kvRank: mla.kv_lora_rank, queryRank: mla.q_lora_rank ?? 0, nope: mla.qk_nope_head_dim, rope: mla.qk_rope_head_dim, value: mla.v_head_dim },
    slidingLayers: m.sliding_layers ?? 0,
    window: m.sliding_window ?? 0,
    source: 'models.json beside the measurements',
  };
}

/** The generation whose constants a GPU takes, from its name; null where nothing is known. */
function generationOf(id: string): Generation | null {
  const found = ([[/^A100|^A10|^A40|^A30/, 'ampere'], [/^L4|4090|RTX.?6000.?Ada/i, 'ada'], [/H100|H200|H20|H800/, 'hopper'], [/PRO.?6000|5090/, 'workstation'], [/B200|B300|B100/, 'blackwell'], [/^MI3/, 'cdna3']] as const).find(([name]) => name.test(id));
  return found?.[1] ?? null;
}

function describedGpu(id: string, g: ListedGpu): Gpu | null {
  const generation = generationOf(id);
  if (generation === null || !g.bf16_tflops_dense || !g.hbm_GB || !g.hbm_TBps) return null;
  const rate = (teraflops: number | null | undefined): number => (teraflops ?? 0) * 1e12;
  const linked = (g.interconnect_GBps_uni ?? 0) > 0;
  const peak16 = rate(g.bf16_tflops_dense);
  return { id, label: id, generation, peak16, processors: processorsLike(generation, peak16), peak8: rate(g.fp8_tflops_dense), peak4: rate(g.fp4_tflops_dense), memory: g.hbm_GB * 2 ** 30, bandwidth: g.hbm_TBps * 1e12, linked, watts: g.tdp_W ?? 0, usdPerHour: 0, source: 'gpus.json beside the measurements', priceSource: '' };
}

/** Looks names up. */
export interface Machines {
  /** The model of that name; undefined where neither the catalogue nor the folder knows it. */
  model(name: string): Model | undefined;
  gpu(name: string): Gpu | undefined;
}

/** A folder's own list where it has one. */
const listOf = <T>(file: string, schema: z.ZodType<T>): T | null => (existsSync(file) ? jsonOf(file, schema) : null);

/** What the catalogue and a folder know. */
export function machinesOf(folder: string): Machines {
  const [models, gpus] = [`${folder}/models.json`, `${folder}/gpus.json`];
  const ownModels = listOf(models, listedModels) ?? {};
  const ownGpus = listOf(gpus, listedGpus)?.gpus ?? {};
  return {
    model: (name) => {
      const plain = name.toLowerCase().replaceAll('_', '.').replace('llama3', 'llama-3').replace('llama2', 'llama-2');
      const id = known.find(([pattern]) => pattern.test(plain) && !/distill|\bbase-/.test(plain))?.[1];
      if (id !== undefined) return modelOf(id);
      return Object.hasOwn(ownModels, name) ? described(name, checked(`${models}: ${name}`, listedModel, ownModels[name])) : undefined;
    },
    gpu: (name) => {
      const id = Object.hasOwn(cards, name) ? cards[name] : undefined;
      if (id !== undefined) return gpuOf(id);
      return (Object.hasOwn(ownGpus, name) ? describedGpu(name, checked(`${gpus}: ${name}`, listedGpu, ownGpus[name])) : null) ?? undefined;
    },
  };
}
