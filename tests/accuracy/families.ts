/** Groups of comparisons, each with the error it may have. */
import type { Case, Figure } from './cases.ts';

/** One group: which figure of which cases, and the largest median error it may have. */
export interface Family {
  readonly name: string;
  readonly figure: Figure;
  readonly of: (c: Case) => boolean;
  /** Median error allowed; null where none was set. */
  readonly bar: number | null;
}

/** Models and GPUs of the closed loops that constants are fitted to. */
export const fittedModels: readonly string[] = ['llama-3.1-8b', 'llama-3.1-70b', 'qwen3-32b', 'qwen3-235b-a22b', 'deepseek-v3'];
export const fittedGpus: readonly string[] = ['h100', 'h200', 'b200', 'b300'];

const dense = (c: Case): boolean => c.setup.model.experts === null;
const on = (c: Case, generation: string): boolean => c.setup.gpu.generation === generation;
const known = (c: Case): boolean => fittedModels.includes(c.model) && fittedGpus.includes(c.gpu);
const closed = (c: Case): boolean => c.load.kind === 'closed' && known(c);
const tensorRt = (c: Case): boolean => c.software.startsWith('tensorrt');
const vllm = (c: Case): boolean => c.software === 'vllm' || c.software === 'vllm-2025';

const family = (name: string, figure: Figure, of: (c: Case) => boolean, bar: number | null): Family => ({ name, figure, of, bar });

const loops = (name: string, of: (c: Case) => boolean, tpot: number, ttft: number | null): Family[] => [family(`${name}, per token`, 'tpot', of, tpot), family(`${name}, first token`, 'ttft', of, ttft)];

/** All groups. */
export const families: readonly Family[] = [
  family('TensorRT-LLM 0.17 offline, throughput', 'throughput', (c) => c.family === 'offline, TensorRT-LLM 0.17', 0.05),
  family('TensorRT-LLM 1.0 offline, throughput', 'throughput', (c) => c.family === 'offline, TensorRT-LLM 1.0', 0.06),
  family('TensorRT-LLM 0.14 online, throughput', 'throughput', (c) => c.load.kind === 'online', 0.03),
  family('TensorRT-LLM 0.14 online, first token', 'ttft', (c) => c.load.kind === 'online', 0.1),
  family('TensorRT-LLM 0.14 online, per token', 'tpot', (c) => c.load.kind === 'online', 0.1),
  ...loops('closed loop, dense, Hopper, vLLM', (c) => closed(c) && dense(c) && on(c, 'hopper') && vllm(c), 0.03, 0.07),
  ...loops('closed loop, dense, Hopper, SGLang', (c) => closed(c) && dense(c) && on(c, 'hopper') && c.software.startsWith('sglang'), 0.03, null),
  ...loops('closed loop, dense, Hopper, TensorRT-LLM', (c) => closed(c) && dense(c) && on(c, 'hopper') && tensorRt(c), 0.03, 0.12),
  ...loops('closed loop, dense, Hopper', (c) => closed(c) && dense(c) && on(c, 'hopper'), 0.03, null),
  ...loops('closed loop, dense, Blackwell', (c) => closed(c) && dense(c) && on(c, 'blackwell'), 0.05, 0.12),
  ...loops('closed loop, experts, Hopper', (c) => closed(c) && !dense(c) && on(c, 'hopper'), 0.03, null),
  ...loops('closed loop, experts, Blackwell', (c) => closed(c) && !dense(c) && on(c, 'blackwell'), 0.1, null),
  ...loops('closed loop, models and GPUs fitted to none of them', (c) => c.load.kind === 'closed' && !known(c), 0.12, null),
  family('static batches, vLLM 2023, first token', 'ttft', (c) => c.software === 'vllm-2023', 0.08),
  family('static batches, vLLM 2023, per token', 'tpot', (c) => c.software === 'vllm-2023', 0.03),
  family('static batches, vLLM 2023, end to end', 'e2e', (c) => c.software === 'vllm-2023', 0.03),
  family('static batches, vLLM 2024, end to end', 'e2e', (c) => c.load.kind === 'batch' && vllm(c), null),
  family('MLPerf offline, throughput', 'throughput', (c) => c.family === 'MLPerf offline', 0.12),
];
