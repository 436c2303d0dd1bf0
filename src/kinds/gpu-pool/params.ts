/** What can be set on a GPU pool. */
import { choice, real, whole, type Values } from '../../kit/param.ts';
import { gpus } from './catalogue-gpus.ts';
import { models } from './catalogue-models.ts';

/** The declaration of all parameters. */
export const params = {
  languageModel: choice({ label: 'Model', help: 'The language model that every replica serves.', options: models.map((m) => ({ value: m.id, label: m.label })), default: 'llama-3.1-8b' }),
  gpuType: choice({ label: 'GPU', help: 'The accelerator: its memory, bandwidth and arithmetic set what is possible.', options: gpus.map((g) => ({ value: g.id, label: g.label, note: `${(g.bandwidth / 1e12).toFixed(1)} TB/s, ${Math.round(g.peak16 / 1e12).toLocaleString('en')} TFLOP/s` })), default: 'h100' }),
  tensorParallel: choice({
    label: 'GPUs per replica',
    help: 'Tensor parallelism: so many GPUs share every layer. More make steps faster and room for the cache larger, at the price of exchange between them.',
    options: [
      { value: '1', label: '1' },
      { value: '2', label: '2' },
      { value: '4', label: '4' },
      { value: '8', label: '8' },
    ],
    default: '1',
  }),
  poolReplicas: whole({ label: 'Replicas', help: 'Engines side by side, each with the whole model.', unit: 'count', default: 1, min: 1, max: 100_000 }),
  weightPrecision: choice({
    label: 'Weights',
    help: 'How weights are stored. Narrower ones are read faster and leave more room; where the GPU has no arithmetic for them, it computes at 16 bit.',
    options: [
      { value: 'bf16', label: 'bf16', note: '2 bytes' },
      { value: 'fp8', label: 'fp8', note: '1 byte' },
      { value: 'fp4', label: 'fp4', note: '0.56 bytes' },
    ],
    default: 'bf16',
  }),
  cachePrecision: choice({
    label: 'KV cache',
    help: 'How keys and values are stored; 8 bits hold twice as many tokens.',
    options: [
      { value: '16', label: '16 bit' },
      { value: '8', label: 'fp8' },
    ],
    default: '16',
  }),
  engineSoftware: choice({
    label: 'Engine',
    help: 'The serving software; they differ in what an iteration costs beside the GPU’s work.',
    section: 'Engine',
    options: [
      { value: 'vllm', label: 'vLLM or SGLang' },
      { value: 'tensorrt-llm', label: 'TensorRT-LLM', note: 'about 40 % less overhead' },
    ],
    default: 'vllm',
  }),
  engineScheduling: choice({
    label: 'Prompts',
    help: 'How prompts and running answers share the engine.',
    section: 'Engine',
    options: [
      { value: 'chunked', label: 'in chunks beside decodes', note: 'Sarathi, vLLM since 2024' },
      { value: 'prompts first', label: 'whole, before decodes', note: 'vLLM of 2023: answers stall meanwhile' },
    ],
    default: 'chunked',
  }),
  iterationTokens: whole({ label: 'Tokens per iteration', help: 'Budget of one iteration. In chunks: decodes first, the rest for prompts; smaller keeps answers smooth, larger gets prompts done. Whole prompts: padded to the longest, a single one may exceed it.', section: 'Engine', unit: 'tokens', default: 2048, min: 16, max: 1_000_000 }),
  sequenceLimit: whole({ label: 'Largest batch', help: 'Sequences that run at the same time in one replica.', section: 'Engine', unit: 'count', default: 256, min: 1, max: 100_000 }),
  engineRoom: whole({ label: 'Queue per replica', help: 'Requests that may wait for a place in the batch. When the places are taken, requests are refused: queue full.', section: 'Engine', unit: 'requests', default: 1000, min: 1, max: 10_000_000 }),
  poolSpreading: choice({
    label: 'Choice of replica',
    help: 'Which replica gets the next request.',
    section: 'Engine',
    options: [
      { value: 'least requests', label: 'fewest requests' },
      { value: 'round robin', label: 'round robin' },
      { value: 'least cache', label: 'least KV cache', note: 'in use and waited for' },
    ],
    default: 'least requests',
  }),
  memoryShare: real({ label: 'GPU memory to use', help: 'Share of the memory the engine may take for weights, activations and cache.', section: 'Memory', unit: 'share', default: 0.9, min: 0.1, max: 1 }),
  cacheBlock: whole({ label: 'Cache block', help: 'Tokens of one block of the paged cache.', section: 'Memory', unit: 'tokens', default: 16, min: 1, max: 512 }),
  replicaLoss: choice({
    label: 'Work of a lost replica',
    help: 'What becomes of requests that a replica was working on when it is lost.',
    section: 'Coming and going',
    options: [
      { value: 'fail', label: 'fails', note: 'callers hear of it and may ask again' },
      { value: 'restart', label: 'starts over elsewhere', note: 'from the prompt; what had been answered is thrown away' },
      { value: 'resume', label: 'goes on elsewhere', note: 'prompt and answer so far are read again, then it goes on' },
    ],
    default: 'fail',
  }),
  // Measured: 65.5 GB of safetensors from disk into an H100 in 19–21 s, 3.2–3.4 GB/s (ServerlessLLM, 2025); 12 s from the page cache, 3 s with a loader of its own.
  weightLoadRate: real({ label: 'Loading weights', help: 'How fast weights come into a GPU when a replica starts: 3.3 GB/s from disk, 20 with a fast loader.', section: 'Coming and going', unit: 'bytes/second', default: 3.3e9, min: 1e6, max: 1e13 }),
  engineStartup: real({ label: 'Engine start', help: 'What a replica needs beside its weights until it serves: process, graphs, profiling (assumed, 30 s).', section: 'Coming and going', unit: 'seconds', default: 30, min: 0, max: 1e5 }),
  priceOverride: real({ label: 'Price per GPU', help: 'What one GPU costs per hour; 0 takes the list price.', section: 'Cost', unit: 'usd/hour', default: 0, min: 0, max: 1000 }),
};

/** Values of all parameters. */
export type PoolValues = Values<typeof params>;
