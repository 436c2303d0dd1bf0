/** Kernels timed one at a time, against what the constants of their generation say: matrix products, attention, all-reduce. */
import type { Gpu } from '../../src/kinds/gpu-pool/catalogue-gpus.ts';
import type { Constants } from '../../src/kinds/gpu-pool/constants.ts';
import { allReduce, oneShot, oneShotBytes, USUAL } from '../../src/kinds/gpu-pool/exchange.ts';
import { MARGIN } from '../../src/kinds/gpu-pool/physics.ts';
import { Product } from '../../src/kinds/gpu-pool/products.ts';
import { numberIn, rowsOf, type Columns, type LeftOut, type Line } from './csv.ts';
import { tablesIn } from './files.ts';
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
function ops(r: Line, gpu: Gpu, m: Machines): readonly Kernel[] | string {
  const model = m.model(r.model!.split('/').at(-1)!);
  if (model === undefined) return `unknown model ${r.model}`;
  const tp = Number(r.tp!.replace('tp', ''));
  const q = (model.heads * model.headSize) / tp;
  const kv = (model.kvHeads * model.headSize) / tp;
  const shapes = { qkv_proj: [q + 2 * kv, model.hidden], o_proj: [model.hidden, q], gate_up_proj: [(2 * model.ffn) / tp, model.hidden], down_proj: [model.hidden, model.ffn / tp] } as const;
  return Object.entries(shapes).map(([op, [n, k]]) => product(gpu, numberIn(r, 'tokens'), n, k, numberIn(r, op) * 1e-6));
}

function opsAttention(r: Line, gpu: Gpu, m: Machines): Kernel | string {
  const model = m.model(r.model!.split('/').at(-1)!);
  if (model === undefined) return `unknown model ${r.model}`;
  const tp = Number(r.tp!.replace('tp', ''));
  const seconds = numberIn(r, 'time_us') * 1e-6;
  if (r.kind === 'decode') return decode(gpu, numberIn(r, 'n_decode') * numberIn(r, 'kv_decode'), model.kvHeads / tp, model.headSize, 2, seconds);
  const chunk = numberIn(r, 'prefill_chunk');
  return prompt(gpu, chunk, numberIn(r, 'kv_prefill'), 1, model.heads / tp, model.headSize, seconds);
}

/** Attention on A100: on later GPUs it was timed again with newer kernels, in files of their own. */
function olderAttention(r: Line, gpu: Gpu): Kernel | string {
  if (gpu.generation !== 'ampere') return 'attention timed again with newer kernels, in aic_generation_attention and aic_context_attention';
  const [batch, tokens, seconds] = [numberIn(r, 'batch'), numberIn(r, 'len'), numberIn(r, 'ms') / 1000];
  return r.kind === 'decode' ? decode(gpu, batch * tokens, numberIn(r, 'kv_heads'), 128, 2, seconds) : prompt(gpu, tokens, 0, batch, numberIn(r, 'q_heads'), 128, seconds);
}

const decodeOf = (r: Line, gpu: Gpu): Kernel =>
  decode(gpu, numberIn(r, 'batch_size') * (numberIn(r, 'isl') + numberIn(r, 'step')), numberIn(r, 'num_key_value_heads'), numberIn(r, 'head_dim'), r.kv_cache_dtype === 'fp8' ? 1 : 2, numberIn(r, 'latency_ms') / 1000);

const promptOf = (r: Line, gpu: Gpu): Kernel => prompt(gpu, numberIn(r, 'isl'), 0, numberIn(r, 'batch_size'), numberIn(r, 'num_heads'), numberIn(r, 'head_dim'), numberIn(r, 'latency_ms') / 1000);

/** A table of timings that is used: its columns, and the kernels of a line, or why there are none. */
interface Timings {
  readonly file: string;
  readonly names: readonly string[];
  readonly numbers: readonly string[];
  of(r: Line, gpu: Gpu, m: Machines): Kernel | readonly Kernel[] | string;
}

const sizes = ['num_key_value_heads', 'num_heads', 'head_dim', 'batch_size', 'isl', 'step', 'latency_ms'] as const;

const used: readonly Timings[] = [
  { file: 'aic_gemm_ops', names: ['system', 'exact'], numbers: ['m', 'n', 'k', 'ms'], of: (r, gpu) => (r.exact === 'True' ? product(gpu, numberIn(r, 'm'), numberIn(r, 'n'), numberIn(r, 'k'), numberIn(r, 'ms') / 1000) : 'matrix product interpolated, not measured') },
  { file: 'ops_dense', names: ['hw', 'model', 'tp'], numbers: ['tokens', 'qkv_proj', 'o_proj', 'gate_up_proj', 'down_proj'], of: ops },
  { file: 'aic_generation_attention', names: ['system', 'kv_cache_dtype'], numbers: sizes, of: decodeOf },
  { file: 'aic_context_attention', names: ['system'], numbers: sizes, of: promptOf },
  { file: 'aic_attention', names: ['system', 'kind'], numbers: ['q_heads', 'kv_heads', 'batch', 'len', 'ms'], of: olderAttention },
  { file: 'ops_attention', names: ['hw', 'model', 'tp', 'kind'], numbers: ['prefill_chunk', 'kv_prefill', 'n_decode', 'kv_decode', 'time_us'], of: opsAttention },
  {
    file: 'aic_custom_allreduce_vllm',
    names: ['system', 'backend'],
    numbers: ['num_gpus', 'message_size', 'latency'],
    of: (r, gpu) => (r.backend === 'vllm_graph' ? reduce(gpu, numberIn(r, 'num_gpus'), 2 * numberIn(r, 'message_size'), numberIn(r, 'latency') / 1000) : 'all-reduce launched from the host, which engines do inside a CUDA graph'),
  },
];

/** Why tables of timings are not used, by the beginning of their names. */
const unused: readonly (readonly [name: string, why: string])[] = [
  ['aic_all_reduce', 'all-reduce told again, line by line, in aic_custom_allreduce_vllm'],
  ['aic_nccl', 'exchange by NCCL: within a server engines have kernels of their own for it'],
  ['aic_step_times', 'whole iterations added up from kernels and estimates, not measured'],
  ['ops_per_sequence', 'head and sampler, once an iteration: held to whole runs instead'],
  ['vidur_step_times', 'whole iterations of 2023 and 2024 added up from kernels; the scheduler streams bring their own'],
  ['vidur_', 'timed under software of 2023 and 2024'],
];

const whyUnused = (file: string): string => unused.find(([name]) => file.startsWith(name))?.[1] ?? 'a table of timings that is not known here';

/** Kernels of one line, or why there are none. */
function kernelsIn(r: Line, { numbers, of }: Timings, m: Machines): readonly Kernel[] | string {
  const missing = numbers.find((name) => r[name] === '');
  if (missing !== undefined) return `${missing} not stated`;
  const gpu = gpuOf(m, r);
  if (gpu === undefined) return `unknown GPU ${r.system ?? r.hw}`;
  const made = of(r, gpu, m);
  if (typeof made === 'string') return made;
  const kernels = [made].flat();
  return kernels.every((k) => k.measuredSeconds > 0) ? kernels : 'no time above 0';
}

const nothing: Columns = { needed: [], numbers: [] };

/** All kernels of a folder, and every line that is left out with the reason. */
export function kernelsOf(folder: string): { readonly kernels: readonly Kernel[]; readonly leftOut: readonly LeftOut[] } {
  const m = machinesOf(folder);
  const kernels: Kernel[] = [];
  const leftOut: LeftOut[] = [];
  const leave = (file: string, at: number, why: string): void => void leftOut.push({ id: `micro/${file}.csv row ${at}`, why: `kernels: ${why}` });
  for (const timings of used) {
    const { file, names, numbers } = timings;
    for (const { at, line, fault } of rowsOf(`${folder}/micro/${file}.csv`, { needed: [...names, ...numbers], numbers })) {
      const made = fault ?? kernelsIn(line, timings, m);
      if (typeof made === 'string') leave(file, at, made);
      else kernels.push(...made);
    }
  }
  for (const file of tablesIn(`${folder}/micro`).filter((name) => !used.some((t) => t.file === name))) for (const { at } of rowsOf(`${folder}/micro/${file}.csv`, nothing)) leave(file, at, whyUnused(file));
  return { kernels, leftOut };
}

/** A kernel as a trial. */
export function trialOfKernel(k: Kernel): Trial {
  return { generation: k.gpu.generation, residuals: (c) => [{ error: Math.log(k.seconds(c) / k.measuredSeconds), weight: 1 }] };
}
