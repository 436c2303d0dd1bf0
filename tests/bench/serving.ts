/** How many requests to a language model are simulated per second of CPU: streams of 1,024 tokens in and 256 out, with the full physics and all measures on. */
import { readFileSync } from 'node:fs';
import { emptyDesign, type Design } from '../../src/design/design.ts';
import { gateScenarioText } from '../../src/design/scenario.ts';
import { Simulation } from '../../src/run/simulation.ts';
import { wire } from './workloads.ts';

/** One stream. */
export interface Serving {
  readonly id: string;
  readonly requestsPerCpuSecond: number;
  /** Means of the same run, to see that it served: seconds to the first token, and per further token. */
  readonly firstToken: number;
  readonly perToken: number;
}

/** Vidur's own loop on such streams, requests per CPU second (measured, 590–970; taken is the upper end). */
export const VIDUR = 970;

interface Stream {
  readonly id: string;
  readonly rate: number;
  readonly pool: Readonly<Record<string, unknown>>;
}

const vllm = { engineScheduling: 'prompts first', iterationTokens: 4096, sequenceLimit: 128 };
const sarathi = { engineScheduling: 'chunked', iterationTokens: 512, sequenceLimit: 128 };
const small = { languageModel: 'llama-3.1-8b', gpuType: 'a100-80' };
const large = { languageModel: 'llama-3.1-70b', tensorParallel: '4' };

const streams: readonly Stream[] = [
  { id: '8B, A100, vLLM, 1/s', rate: 1, pool: { ...small, ...vllm } },
  { id: '8B, A100, vLLM, 4/s', rate: 4, pool: { ...small, ...vllm } },
  { id: '8B, A100, Sarathi 512, 4/s', rate: 4, pool: { ...small, ...sarathi } },
  { id: '70B, 4 × A100, vLLM, 1.5/s', rate: 1.5, pool: { ...large, gpuType: 'a100-80', ...vllm } },
  { id: '70B, 4 × A100, Sarathi 512, 1.5/s', rate: 1.5, pool: { ...large, gpuType: 'a100-80', ...sarathi } },
  { id: '70B, 4 × H100, Sarathi 512, 3/s', rate: 3, pool: { ...large, gpuType: 'h100', ...sarathi } },
];

const constant = (mean: number) => ({ shape: 'constant', mean, cv: 0 });

function design({ rate, pool }: Stream, seconds: number): Design {
  return {
    ...emptyDesign,
    nodes: [
      { id: 'users', kind: 'users', label: 'users', x: 0, y: 0, params: { arrivalRate: rate, inputTokens: constant(1024), outputTokens: constant(256), requestBytes: constant(0), itemCount: constant(1) } },
      { id: 'pool', kind: 'gpu-pool', label: 'pool', x: 300, y: 0, params: { ...pool, engineRoom: 1_000_000 } },
    ],
    links: [wire('users', 'pool')],
    run: { ...emptyDesign.run, seconds },
  };
}

/** Requests simulated for each figure. */
const REQUESTS = 40_000;

function once(stream: Stream): Serving {
  const seconds = REQUESTS / stream.rate;
  const sim = new Simulation(design(stream, seconds));
  const from = process.cpuUsage();
  sim.runTo(seconds);
  const used = process.cpuUsage(from);
  const { nodes } = sim.result();
  const m = nodes['pool']!.measures;
  return { id: stream.id, requestsPerCpuSecond: (REQUESTS * 1e6) / (used.user + used.system), firstToken: m['firstToken'] ?? NaN, perToken: m['gap'] ?? NaN };
}

/**
 * V8 settles the layout of a class with its first eight instances and then throws away what it has compiled for it: in the middle of a run of a tenth
 * of a second that cost more than half of its speed, whichever stream came ninth. So every class is settled before anything is measured.
 */
function settle(): void {
  for (let round = 0; round < 3; round++) for (const stream of streams) new Simulation(design(stream, 1)).runTo(20 / stream.rate);
}

/** All streams, each the best of five warm runs. */
export function serving(): readonly Serving[] {
  settle();
  return streams.map((stream) => {
    once(stream);
    return Array.from({ length: 5 }, () => once(stream)).reduce((best, run) => (run.requestsPerCpuSecond > best.requestsPerCpuSecond ? run : best));
  });
}

/** Simulated seconds per second of CPU of the reference fleet for 10,000 requests a second, every request and engine simulated. */
export function fleet(): number {
  const gated = gateScenarioText(readFileSync('scenarios/llm-175b-10k-rps.json', 'utf8'));
  if (!gated.ok) throw new Error(gated.why);
  const sim = new Simulation(gated.value.reference);
  const begin = 10;
  const seconds = 20;
  sim.runTo(begin);
  const from = process.cpuUsage();
  sim.runTo(begin + seconds);
  const used = process.cpuUsage(from);
  return (seconds * 1e6) / (used.user + used.system);
}
