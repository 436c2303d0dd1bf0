/** Recorded runs: the same arrivals and lengths through the pool, and how its times compare with the recorded ones. */
import { existsSync } from 'node:fs';
import * as z from 'zod';
import { software, type Constants } from '../../src/kinds/gpu-pool/constants.ts';
import { cacheTokens, partsOf, StepTime, type Setup } from '../../src/kinds/gpu-pool/physics.ts';
import { Rig } from '../gpu-pool-rig.ts';
import { numberIn, rowsOf, type Columns, type LeftOut, type Line } from './csv.ts';
import { jsonOf, tablesIn } from './files.ts';
import { machinesOf } from './machines.ts';
import { mean, quantile } from './statistics.ts';
import type { Trial } from './trials.ts';

/** A run of an engine, request by request. */
export interface Replay {
  readonly name: string;
  readonly setup: Setup;
  readonly rows: readonly Line[];
  /** Engines side by side, each with the whole model. */
  readonly replicas: number;
  readonly sequences: number;
  readonly budget: number;
}

const count = z.number().int().positive().nullish();

/** How an engine was started; what is left out stands as vLLM has it. */
const meta = z.object({
  engine_kwargs: z.object({
    tensor_parallel_size: count,
    data_parallel_size: count,
    pipeline_parallel_size: count,
    max_num_seqs: count,
    max_num_batched_tokens: count,
    kv_cache_dtype: z.string().nullish(),
    quantization: z.string().nullish(),
  }),
});

const numbers = ['arrival_s', 'input_tokens', 'output_tokens', 'ttft_ms', 'tpot_ms', 'e2e_ms'];
const columns: Columns = { needed: numbers, numbers, whole: ['input_tokens', 'output_tokens'] };

const times = ['ttft', 'tpot', 'e2e'] as const;
const statistics = { mean, p50: (v: readonly number[]) => quantile(v, 0.5), p90: (v: readonly number[]) => quantile(v, 0.9), p99: (v: readonly number[]) => quantile(v, 0.99) } as const;

/** Errors that each statistic of a replay may have. */
export const replayBars: Readonly<Record<(typeof times)[number], number>> = { ttft: 0.05, tpot: 0.02, e2e: 0.02 };

/** Relative errors of a replay, as `ttft p90`. */
export type ReplayErrors = Readonly<Record<string, number>>;

/** Requests of a replay in the order of their arrival, or why it cannot be run: without one of them it would be another run. */
function requestsOf(file: string): readonly Line[] | string {
  const rows = rowsOf(file, columns);
  for (const { at, line, fault } of rows) {
    const missing = numbers.find((name) => line[name] === '');
    if (fault !== null) return `row ${at} ${fault}`;
    if (missing !== undefined) return `row ${at}: ${missing} not stated`;
    if (!(numberIn(line, 'input_tokens') > 0 && numberIn(line, 'output_tokens') > 0)) return `row ${at}: no tokens`;
  }
  return rows.length === 0 ? 'no requests' : rows.map(({ line }) => line).sort((a, b) => numberIn(a, 'arrival_s') - numberIn(b, 'arrival_s'));
}

function replayOf(folder: string, name: string): Replay | string {
  const [gpuName, ...rest] = name.split('_');
  const machines = machinesOf(folder);
  const gpu = machines.gpu(gpuName!);
  const model = machines.model(rest.join('_'));
  if (gpu === undefined) return `unknown GPU ${gpuName}`;
  if (model === undefined) return `unknown model ${rest.join('_')}`;
  const metaFile = `${folder}/replay/${name}_meta.json`;
  if (!existsSync(metaFile)) return `${name}_meta.json is missing: nothing tells how the engine was started`;
  const rows = requestsOf(`${folder}/replay/${name}.csv`);
  if (typeof rows === 'string') return rows;
  const { engine_kwargs: k } = jsonOf(metaFile, meta);
  const engines = k.data_parallel_size ?? 1;
  // Engines of a sparse model share its experts and step together; of a dense one they are strangers.
  const groups = model.experts === null ? 1 : engines;
  const fp8 = /fp8/i.test(name) || k.quantization === 'fp8';
  const setup: Setup = { model, gpu, precision: fp8 ? 'fp8' : 'bf16', kvBytes: /fp8/.test(k.kv_cache_dtype ?? '') ? 1 : 2, tp: (k.tensor_parallel_size ?? 1) * groups, pipeline: k.pipeline_parallel_size ?? 1, attentionGroups: groups, software: software.vllm };
  return { name, setup, rows, replicas: engines / groups, sequences: (k.max_num_seqs ?? 256) * groups, budget: (k.max_num_batched_tokens ?? 2048) * partsOf(setup) };
}

/** The replays of a folder, and those that cannot be run with the reason. */
export function replaysOf(folder: string): { readonly replays: readonly Replay[]; readonly leftOut: readonly LeftOut[] } {
  const names = tablesIn(`${folder}/replay`).filter((name) => !name.endsWith('_timeseries'));
  const made = names.map((name) => [name, replayOf(folder, name)] as const);
  return {
    replays: made.flatMap(([, r]) => (typeof r === 'string' ? [] : [r])),
    leftOut: made.flatMap(([name, r]) => (typeof r === 'string' ? [{ id: `replay/${name}.csv`, why: `replays: ${r}` }] : [])),
  };
}

/** Step times that note when each iteration begins. */
class Watched extends StepTime {
  /** Seconds, in order. */
  readonly begins: number[] = [];
  clock = (): number => 0;

  override begin(decodes: number, context: number, width?: number): void {
    this.begins.push(this.clock());
    super.begin(decodes, context, width);
  }

  /** When the iteration under way at that moment ends and the next begins. */
  next(moment: number): number {
    return this.begins.find((begin) => begin >= moment)!;
  }
}

/**
 * Relative errors under given constants: of TTFT, TPOT and E2E, each by mean and percentiles. Recorded times count from the moment at which an engine read its
 * inbox, between two iterations (TTFT is the same whether `queued_offset_s` is a whole iteration after the arrival or none), so simulated ones do too; and they end
 * when a token has been put into words, which takes the longer, the more sequences run.
 */
export function replayErrors({ setup, rows, replicas, sequences, budget }: Replay, constants: Constants): ReplayErrors {
  const blocks = Math.floor(cacheTokens(setup, 0.9) / 16);
  const column = (name: string): number[] => rows.map((r) => numberIn(r, name));
  const clockwork = new Watched(setup, constants);
  const rules = { clockwork, longest: 1, blockSize: 16, blocks, watermark: Math.floor(0.01 * blocks), mostSequences: sequences, budget, groups: setup.attentionGroups ?? 1, stages: setup.pipeline ?? 1, chunked: true, ahead: setup.software!.ahead };
  const rig = new Rig({ arrival: column('arrival_s'), input: column('input_tokens'), output: column('output_tokens') }, { engineRoom: 1_000_000, poolReplicas: replicas, sequenceLimit: sequences }, rules);
  clockwork.clock = () => rig.net.now;
  rig.run();
  const arrivals = column('arrival_s');
  const unread = arrivals.map((moment) => clockwork.next(moment) - moment);
  const firsts = arrivals.map((moment, i) => moment + rig.ttft(i));
  const lasts = arrivals.map((moment, i) => moment + rig.e2e(i));
  const running = (moment: number): number => firsts.filter((first, i) => first <= moment && lasts[i]! >= moment).length;
  const mine = {
    ttft: firsts.map((moment, i) => rig.ttft(i) - unread[i]! + running(moment) * constants.clientPerSequence),
    tpot: rows.map((_, i) => rig.tpot(i)),
    e2e: lasts.map((moment, i) => rig.e2e(i) - unread[i]! + running(moment) * constants.clientPerSequence),
  };
  return Object.fromEntries(
    times.flatMap((time) => {
      const real = column(`${time}_ms`);
      return Object.entries(statistics).map(([name, of]) => [`${time} ${name}`, (1000 * of(mine[time])) / of(real) - 1]);
    }),
  );
}

/** A replay as a trial: errors end to end and per token count six times as much as of the first token, by the squares of what they may be (2 and 5 %). */
export function trialOfReplay(replay: Replay): Trial {
  return {
    software: 'vllm',
    generation: replay.setup.gpu.generation,
    residuals: (constants) => Object.entries(replayErrors(replay, constants)).map(([name, error]) => ({ error: Math.log1p(error), weight: name.startsWith('ttft') ? 1 : 6 })),
  };
}
