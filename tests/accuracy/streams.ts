/** Streams that another simulator scheduled: fed with its table of step times, the pool must give every request the same times. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Clockwork } from '../../src/kinds/gpu-pool/physics.ts';
import { Rig } from '../gpu-pool-rig.ts';
import { numberIn, readTable } from './csv.ts';

interface StepTable {
  readonly layers: number;
  readonly linear_ms: readonly (readonly number[])[];
  readonly kv_save_ms_by_tokens_from_1: readonly number[];
  readonly decode_ms_rows_batch1to128_cols_kv0to4096step64: readonly (readonly number[])[];
  readonly prefill_ms_by_kv_step64_then_chunk1to4096: Readonly<Record<string, readonly number[]>>;
}

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

  constructor(private readonly table: StepTable) {}

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
    const row = t.linear_ms[upTo(this.tokens, 8) / 8 - 1]!;
    let layer = row.slice(1).reduce((a, b) => a + b, 0) + row.at(-1)! + t.kv_save_ms_by_tokens_from_1[this.tokens - 1]!;
    if (this.decodes > 0) layer += t.decode_ms_rows_batch1to128_cols_kv0to4096step64[this.decodes - 1]![upTo(Math.floor(this.context / this.decodes), 64) / 64]! * (this.decodes > 1 ? 1.1 : 1);
    if (this.prompts > 0) layer += t.prefill_ms_by_kv_step64_then_chunk1to4096[this.cached]![Math.round(Math.sqrt(this.squares)) - 1]! * (this.prompts > 1 ? 1.1 : 1);
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

function agreeing(folder: string, name: string, table: StepTable, blocks: number, stretch: number): { readonly requests: number; readonly agreeing: number } {
  const rows = readTable(`${folder}/${name}.csv`);
  const [arrival, input, output, ttft, e2e] = Object.keys(rows[0]!).slice(0, 5).map((column) => rows.map((r) => numberIn(r, column)));
  const chunked = name.includes('sarathi');
  const special = { clockwork: new Tabled(table), blockSize: 16, blocks, watermark: Math.floor(0.01 * blocks), mostSequences: 128, budget: chunked ? 512 : 4096, chunked, ahead: false, longest: 1 };
  const rig = new Rig({ arrival: arrival!.map((x) => x * (1 + stretch)), input: input!, output: output! }, { sequenceLimit: 128 }, special).run();
  const close = (a: number, b: number): boolean => Math.abs(a - b) < 0.001 * b + 2e-6;
  return { requests: rows.length, agreeing: rows.filter((_, i) => close(rig.ttft(i), ttft![i]!) && close(rig.e2e(i), e2e![i]!)).length / rows.length };
}

function ran(folder: string, name: string): StreamResult {
  const file = `${folder}/vidur_pred_${name.replace(/_(sarathi|vllm).*/, '')}.json.gz`;
  const blocks = blocksOf.find(([pattern]) => pattern.test(name))?.[1];
  if (!existsSync(file)) return { name, requests: 0, agreeing: NaN, why: 'its table of step times is missing' };
  if (blocks === undefined) return { name, requests: 0, agreeing: NaN, why: 'its cache blocks are not known' };
  const table = JSON.parse(gunzipSync(readFileSync(file)).toString()) as StepTable;
  let best = { requests: 0, agreeing: 0 };
  for (const stretch of stretches) {
    const now = agreeing(folder, name, table, blocks, stretch);
    if (now.agreeing >= best.agreeing) best = now;
    if (best.agreeing === 1) break;
  }
  return { name, ...best };
}

/** All streams of a folder. */
export function streamsOf(folder: string): StreamResult[] {
  const at = `${folder}/scheduler`;
  const names = existsSync(at) ? readdirSync(at).filter((f) => f.endsWith('.csv')) : [];
  return names.map((f) => ran(at, f.slice(0, -4)));
}
