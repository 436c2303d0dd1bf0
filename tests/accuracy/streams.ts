/** Streams that another simulator scheduled: fed with its table of step times, the pool must give every request the same times. */
import { existsSync } from 'node:fs';
import * as z from 'zod';
import type { Clockwork } from '../../src/kinds/gpu-pool/physics.ts';
import { Rig } from '../gpu-pool-rig.ts';
import { numberIn, rowsOf, type Columns, type Line } from './csv.ts';
import { jsonOf, tablesIn, Unusable } from './files.ts';

const seconds = z.array(z.number());

/** Seconds of each part of an iteration, as the other simulator looks them up. */
const stepTable = z.object({
  layers: z.number(),
  linear_ms: z.array(seconds),
  kv_save_ms_by_tokens_from_1: seconds,
  decode_ms_rows_batch1to128_cols_kv0to4096step64: z.array(seconds),
  prefill_ms_by_kv_step64_then_chunk1to4096: z.record(z.string(), seconds),
});
type StepTable = z.infer<typeof stepTable>;

const numbers = ['arrival_s', 'prompt_tokens', 'output_tokens', 'vidur_ttft_s', 'vidur_e2e_s'] as const;
const columns: Columns = { needed: numbers, numbers, whole: ['prompt_tokens', 'output_tokens'] };

const upTo = (x: number, step: number): number => Math.ceil(x / step) * step;

/** Step times looked up in Vidur's own tables, by its own formula. */
class Tabled implements Clockwork {
  readonly growth = { seconds: 0, flops: 0, bytes: 0 };
  private decodes = 0;
  private context = 0;
  private tokens = 0;
  private prompts = 0;
  private cached = 0;
  private squares = 0;

  constructor(
    private readonly table: StepTable,
    private readonly file: string,
  ) {}

  begin(decodes: number, context: number): void {
    [this.decodes, this.context, this.tokens, this.prompts, this.cached, this.squares] = [decodes, context, decodes, 0, 0, 0];
  }

  chunk(tokens: number, cached: number): void {
    this.tokens += tokens;
    this.prompts++;
    this.cached += upTo(cached, 64);
    this.squares += tokens * tokens;
  }

  seconds(): number {
    const { table: t } = this;
    const row = t.linear_ms[upTo(this.tokens, 8) / 8 - 1] ?? [];
    let layer = row.slice(1).reduce((a, b) => a + b, 0) + row.at(-1)! + t.kv_save_ms_by_tokens_from_1[this.tokens - 1]!;
    if (this.decodes > 0) layer += (t.decode_ms_rows_batch1to128_cols_kv0to4096step64[this.decodes - 1]?.[upTo(Math.floor(this.context / this.decodes), 64) / 64] ?? NaN) * (this.decodes > 1 ? 1.1 : 1);
    if (this.prompts > 0) layer += (t.prefill_ms_by_kv_step64_then_chunk1to4096[this.cached]?.[Math.round(Math.sqrt(this.squares)) - 1] ?? NaN) * (this.prompts > 1 ? 1.1 : 1);
    if (Number.isNaN(layer)) throw new Unusable(`${this.file} is too small for the iterations of its streams.`);
    return (t.layers * layer) / 1000;
  }

  flops(): number {
    return 0;
  }
  bytes(): number {
    return 0;
  }
}

/** Cache blocks of the engines that were simulated, by GPU, model and degree. */
const blocksOf: readonly (readonly [RegExp, number])[] = [[/^h100_70b_tp8/, 91_648], [/_70b_tp4/, 32_768], [/_8b_/, 30_208]];

/** The tables are rounded, so the clock drifts by some microseconds an hour and ties would flip: tried are stretches of up to 5e-7 of the arrivals. */
const stretches = [0, 1e-7, 2e-7, 3e-7, 4e-7, 5e-7, -1e-7, -2e-7, -3e-7, -4e-7, -5e-7];

/** How a stream came out: share of requests whose times all lie within 0.1 %; or why it was not run. */
export interface StreamResult {
  readonly name: string;
  readonly requests: number;
  readonly agreeing: number;
  readonly why?: string;
}

/** Share of requests that all streams must give the same times. */
export const streamBar = 1;

function agreeing(rows: readonly Line[], chunked: boolean, clockwork: Clockwork, blocks: number, stretch: number): { readonly requests: number; readonly agreeing: number } {
  const [arrival, input, output, ttft, e2e] = numbers.map((column) => rows.map((r) => numberIn(r, column)));
  const special = { clockwork, blockSize: 16, blocks, watermark: Math.floor(0.01 * blocks), mostSequences: 128, budget: chunked ? 512 : 4096, chunked, ahead: false, longest: 1 };
  const rig = new Rig({ arrival: arrival!.map((x) => x * (1 + stretch)), input: input!, output: output! }, { sequenceLimit: 128 }, special).run();
  const close = (a: number, b: number): boolean => Math.abs(a - b) < 0.001 * b + 2e-6;
  return { requests: rows.length, agreeing: rows.filter((_, i) => close(rig.ttft(i), ttft![i]!) && close(rig.e2e(i), e2e![i]!)).length / rows.length };
}

/** Requests of a stream, or why it cannot be run: without one of them it would be another stream. */
function requestsOf(file: string): readonly Line[] | string {
  const rows = rowsOf(file, columns);
  const wrong = rows.find(({ line, fault }) => fault !== null || numbers.some((name) => line[name] === ''));
  if (wrong !== undefined) return `row ${wrong.at} ${wrong.fault ?? 'lacks a number'}`;
  return rows.length === 0 ? 'no requests' : rows.map(({ line }) => line);
}

function ran(folder: string, name: string): StreamResult {
  const file = `${folder}/vidur_pred_${name.replace(/_(sarathi|vllm).*/, '')}.json.gz`;
  const blocks = blocksOf.find(([pattern]) => pattern.test(name))?.[1];
  const rows = requestsOf(`${folder}/${name}.csv`);
  const why = typeof rows === 'string' ? rows : !existsSync(file) ? 'its table of step times is missing' : blocks === undefined ? 'its cache blocks are not known' : null;
  if (why !== null) return { name, requests: 0, agreeing: NaN, why };
  const clockwork = new Tabled(jsonOf(file, stepTable), file);
  let best = { requests: 0, agreeing: 0 };
  for (const stretch of stretches) {
    const now = agreeing(rows as readonly Line[], name.includes('sarathi'), clockwork, blocks!, stretch);
    if (now.agreeing >= best.agreeing) best = now;
    if (best.agreeing === 1) break;
  }
  return { name, ...best };
}

/** All streams of a folder. */
export const streamsOf = (folder: string): StreamResult[] => tablesIn(`${folder}/scheduler`).map((name) => ran(`${folder}/scheduler`, name));
