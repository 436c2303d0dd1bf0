/** Kernels timed one at a time, against what the constants of their generation say: matrix products, attention, all-reduce. */
import type { Gpu } from '../../src/kinds/gpu-pool/catalogue-gpus.ts';
import type { Constants } from '../../src/kinds/gpu-pool/constants.ts';
import { allReduce, oneShot, oneShotBytes, USUAL } from '../../src/kinds/gpu-pool/exchange.ts';
import { MARGIN } from '../../src/kinds/gpu-pool/physics.ts';
import { Product } from '../../src/kinds/gpu-pool/products.ts';
import { numberIn, readTable, type Line } from './csv.ts';
import { machinesOf, type Machines } from './machines.ts';
import type { Trial } from './trials.ts';

/** What was timed. */
export type Kind = 'matrix product' | 'decode attention' | 'prompt attention' | 'all-reduce' | 'all-reduce over PCIe';

/** One timed kernel. */
export interface Kernel {
  readonly kind: Kind;
  readonly gpu: Gpu;
  readonly measuredSeconds: number;
  /** Seconds under given constants. */
  seconds(c: Constants): number;
}

const systems: Readonly<Record<string, string>> = { a100_sxm: 'A100-SXM-80', h100_sxm: 'H100-SXM-80', h200_sxm: 'H200-SXM-141', b200_sxm: 'B200-180', l40s: 'L40S', gb200: 'GB200', b300_sxm: 'B300' };

const gpuOf = (m: Machines, r: Line): Gpu | undefined => m.gpu(systems[r.system ?? ''] ?? r.hw ?? r.system ?? '');

/** Kernels of every line of a file whose GPU is known. */
function kernels(folder: string, file: string, m: Machines, of: (r: Line, gpu: Gpu) => Kernel | readonly Kernel[] | null): Kernel[] {
  return readTable(`${folder}/micro/${file}.csv`).flatMap((r) => {
    const gpu = gpuOf(m, r);
    return gpu === undefined ? [] : (of(r, gpu) ?? []);
  });
}

function product(gpu: Gpu, rows: number, outputs: number, inputs: number, measuredSeconds: number): Kernel {
  return {
    kind: 'matrix product',
    gpu,
    measuredSeconds,
    seconds: (c) => c.launch + new Product(1, [outputs, inputs], 2, { flops: gpu.peak16 * c.burst, bytes: gpu.bandwidth * c.stream, sharpness: c.sharpness }).seconds(rows),
  };
}

/** One step of decode attention in one layer: `context` tokens of all sequences together are read. */
function decode(gpu: Gpu, context: number, kvHeads: number, headSize: number, kvBytes: number, measuredSeconds: number): Kernel {
  const bytes = context * 2 * kvHeads * headSize * kvBytes;
  return { kind: 'decode attention', gpu, measuredSeconds, seconds: (c) => c.attention + bytes / (gpu.bandwidth * (kvBytes === 1 ? c.kvRead8 : c.kvRead)) };
}

/** Attention of a number of prompts alike, each of so many tokens after `cached` ones. */
function prompt(gpu: Gpu, tokens: number, cached: number, prompts: number, heads: number, headSize: number, measuredSeconds: number): Kernel {
  const pairs = prompts * tokens * (cached + tokens / 2 + MARGIN);
  const sight = (c: Constants): number => (cached + tokens) * c.tile * gpu.processors;
  return { kind: 'prompt attention', gpu, measuredSeconds, seconds: (c) => c.attention + (4 * headSize * Math.max(heads * pairs, sight(c))) / (gpu.peak16 * c.prefill) };
}

/** The one server without fast links that was measured leads its rings through the host. */
function reduce(gpu: Gpu, gpus: number, bytes: number, measuredSeconds: number): Kernel {
  return { kind: gpu.linked ? 'all-reduce' : 'all-reduce over PCIe', gpu, measuredSeconds, seconds: (c) => { const e = (bytes <= oneShotBytes(gpus, c) ? oneShot : allReduce)(gpu, gpus, c, { ...USUAL, routes: 'host' }); return e.start + bytes * e.perByte; } };
}

/** Matrix products of one layer as the serving engines' own operations were timed. */
function ops(r: Line, gpu: Gpu, m: Machines): readonly Kernel[] {
  const model = m.model(r.model!.split('/').at(-1)!);
  if (model === undefined) return [];
  const tp = Number(r.tp!.replace('tp', ''));
  const q = (model.heads * model.headSize) / tp;
  const kv = (model.kvHeads * model.headSize) / tp;
  const shapes = { qkv_proj: [q + 2 * kv, model.hidden], o_proj: [model.hidden, q], gate_up_proj: [(2 * model.ffn) / tp, model.hidden], down_proj: [model.hidden, model.ffn / tp] } as const;
  return Object.entries(shapes).map(([op, [n, k]]) => product(gpu, numberIn(r, 'tokens'), n, k, numberIn(r, op) * 1e-6));
}

function opsAttention(r: Line, gpu: Gpu, m: Machines): Kernel | null {
  const model = m.model(r.model!.split('/').at(-1)!);
  if (model === undefined) return null;
  const tp = Number(r.tp!.replace('tp', ''));
  const seconds = numberIn(r, 'time_us') * 1e-6;
  if (r.kind === 'decode') return decode(gpu, numberIn(r, 'n_decode') * numberIn(r, 'kv_decode'), model.kvHeads / tp, model.headSize, 2, seconds);
  const chunk = numberIn(r, 'prefill_chunk');
  return prompt(gpu, chunk, numberIn(r, 'kv_prefill'), 1, model.heads / tp, model.headSize, seconds);
}

/** All kernels of a folder. */
export function kernelsOf(folder: string): Kernel[] {
  const m = machinesOf(folder);
  return [
    ...kernels(folder, 'aic_gemm_ops', m, (r, gpu) => (r.exact === 'True' ? product(gpu, numberIn(r, 'm'), numberIn(r, 'n'), numberIn(r, 'k'), numberIn(r, 'ms') / 1000) : null)),
    ...kernels(folder, 'ops_dense', m, (r, gpu) => ops(r, gpu, m)),
    ...kernels(folder, 'aic_generation_attention', m, (r, gpu) => decode(gpu, numberIn(r, 'batch_size') * (numberIn(r, 'isl') + numberIn(r, 'step')), numberIn(r, 'num_key_value_heads'), numberIn(r, 'head_dim'), r.kv_cache_dtype === 'fp8' ? 1 : 2, numberIn(r, 'latency_ms') / 1000)),
    ...kernels(folder, 'aic_context_attention', m, (r, gpu) => prompt(gpu, numberIn(r, 'isl'), 0, numberIn(r, 'batch_size'), numberIn(r, 'num_heads'), numberIn(r, 'head_dim'), numberIn(r, 'latency_ms') / 1000)),
    ...kernels(folder, 'aic_attention', m, (r, gpu) => (gpu.generation !== 'ampere' ? null : r.kind === 'decode' ? decode(gpu, numberIn(r, 'batch') * numberIn(r, 'len'), numberIn(r, 'kv_heads'), 128, 2, numberIn(r, 'ms') / 1000) : prompt(gpu, numberIn(r, 'len'), 0, numberIn(r, 'batch'), numberIn(r, 'q_heads'), 128, numberIn(r, 'ms') / 1000))),
    ...kernels(folder, 'ops_attention', m, (r, gpu) => opsAttention(r, gpu, m)),
    ...kernels(folder, 'aic_custom_allreduce_vllm', m, (r, gpu) => (r.backend === 'vllm_graph' ? reduce(gpu, numberIn(r, 'num_gpus'), 2 * numberIn(r, 'message_size'), numberIn(r, 'latency') / 1000) : null)),
  ].filter((k) => k.measuredSeconds > 0);
}

/** A kernel as a trial. */
export function trialOfKernel(k: Kernel): Trial {
  return { generation: k.gpu.generation, residuals: (c) => [{ error: Math.log(k.seconds(c) / k.measuredSeconds), weight: 1 }] };
}
