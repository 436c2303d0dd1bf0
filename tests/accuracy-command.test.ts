/** The accuracy command as its user meets it: what it prints and refuses, and how it ends. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { casesOf } from './accuracy/cases.ts';
import { answered, type Answer } from './accuracy/command.ts';
import type { Fold } from './accuracy/folds.ts';
import { optionsOf } from './accuracy/options.ts';
import { foldMarkdown, foldTable, groupTable, replayTable, streamTable, tailLine, type Group } from './accuracy/report.ts';
import { simulated } from './accuracy/runs.ts';
import { fittedPlaces } from './accuracy/stages.ts';
import { looked, present } from './accuracy/table.ts';
import { folderWith, header, line } from './measurements.ts';

const over = (folder: string, ...words: string[]): Answer => answered(['--truth', folder, ...words]);

/** A folder with one line whose time per token is so many times the simulated one. */
function off(factor: number): string {
  const [c] = casesOf(folderWith([line({ id: 'x' })])).cases;
  const { tpot } = simulated(c!, looked(present, 'vllm', 'hopper'));
  return folderWith([line({ id: 'x', tpot_p50_ms: String(1000 * tpot * factor), ttft_p50_ms: '' }), line({ id: 'no', tier: 'C' })]);
}

describe('what it is asked', () => {
  it('is all or nothing: one sentence about what is wrong', () => {
    const known = 'known are --truth DIR, --json, --left-out, --readme, --folds, --fit and --write.';
    expect(optionsOf(['--jsn'])).toBe(`Unknown option --jsn: ${known}`);
    expect(optionsOf(['folder'])).toBe(`Unknown option folder: ${known}`);
    expect(optionsOf(['--truth'])).toBe('--truth needs the name of a folder after it.');
    expect(optionsOf(['--truth', '--json'])).toBe('--truth needs the name of a folder after it.');
    expect(optionsOf(['--write'])).toMatch(/^--write goes with --fit/);
    expect(optionsOf(['--fit', '--folds'])).toMatch(/two commands/);
    expect(optionsOf(['--json', '--truth', 'there'])).toEqual({ truth: 'there', given: new Set(['--json', '--truth']) });
    expect(answered(['--jsn'])).toEqual({ code: 2, out: '', err: `Unknown option --jsn: ${known}\n` });
  });
});

describe('folders that cannot be used', () => {
  const empty = mkdtempSync(join(tmpdir(), 'accuracy-'));
  const file = join(empty, 'file');
  writeFileSync(file, '');

  it.each([
    ['missing', join(empty, 'nowhere'), /^There is no folder .*nowhere: nothing to compare with/],
    ['a file', file, /file is a file: --truth takes a folder\.$/],
    ['without measurements', empty, /has no measurements: looked for are measured\.csv, micro\/\*\.csv, scheduler\/\*\.csv and replay\/\*\.csv\.$/],
  ])('%s: a sentence, for programs too', (_, folder, why) => {
    const { code, out, err } = over(folder);
    expect([code, out]).toEqual([2, '']);
    expect(err.trimEnd()).toMatch(why);
    const program = over(folder, '--json');
    expect([program.code, program.err]).toEqual([2, '']);
    expect(JSON.parse(program.out)).toEqual({ error: err.trimEnd() });
  });

  const stream = 'arrival_s,prompt_tokens,output_tokens,vidur_ttft_s,vidur_e2e_s\n0,10,10,1,2';
  const replay = 'arrival_s,input_tokens,output_tokens,ttft_ms,tpot_ms,e2e_ms\n0,100,10,40,9,130';

  it.each<readonly [string, Readonly<Record<string, string>>, RegExp]>([
    ['gpus.json that is no JSON', { 'gpus.json': '{' }, /gpus\.json cannot be read: .*JSON.*\.$/],
    ['gpus.json without GPUs', { 'gpus.json': '{}' }, /gpus\.json: gpus: .*expected record.*\.$/],
    ['models.json that is a list', { 'models.json': '[]' }, /models\.json: .*expected record.*\.$/],
    ['a model without layers', { 'models.json': '{"Llama-3.1-8B":{},"Own":{"layers":"two"}}', 'measured.csv': `${header}\n${line({ id: 'x', model: 'Own' })}` }, /models\.json: Own: layers: .*expected number.*\.$/],
    ['measured.csv without columns', { 'measured.csv': 'id,source,isl\n1,2,3' }, /measured\.csv lacks the columns model, precision, .*notes\.$/],
    ['an empty measured.csv', { 'measured.csv': '' }, /measured\.csv lacks the columns id, /],
    ['kernels without a column', { 'micro/aic_gemm_ops.csv': 'system,exact,m,n,k\nh100_sxm,True,1,1,1' }, /aic_gemm_ops\.csv lacks the column ms\.$/],
    ['a stream without a column', { 'scheduler/a100_8b_vllm_x.csv': 'arrival_s\n0' }, /a100_8b_vllm_x\.csv lacks the columns prompt_tokens, /],
    ['a table of step times that is not packed', { 'scheduler/a100_8b_vllm_x.csv': stream, 'scheduler/vidur_pred_a100_8b.json.gz': '{}' }, /vidur_pred_a100_8b\.json\.gz cannot be read: .*header.*\.$/],
    ['a run whose engine is told wrongly', { 'replay/H100-SXM-80_Llama-3.1-8B.csv': replay, 'replay/H100-SXM-80_Llama-3.1-8B_meta.json': '{"engine_kwargs":{"max_num_seqs":"many"}}' }, /_meta\.json: engine_kwargs: max_num_seqs: .*expected number.*\.$/],
  ])('%s: a sentence with the name of the file', (_, texts, why) => {
    const { code, out, err } = over(folderWith([], {}, texts));
    expect([code, out, err.trimEnd().split('\n').length]).toEqual([2, '', 1]);
    expect(err.trimEnd()).toMatch(why);
  });

  it('a table of step times that ends too soon: a sentence, too', () => {
    const folder = folderWith([], {}, { 'scheduler/a100_8b_vllm_x.csv': stream });
    const parts = { layers: 1, linear_ms: [[0, 1]], kv_save_ms_by_tokens_from_1: [1], decode_ms_rows_batch1to128_cols_kv0to4096step64: [], prefill_ms_by_kv_step64_then_chunk1to4096: {} };
    writeFileSync(join(folder, 'scheduler/vidur_pred_a100_8b.json.gz'), gzipSync(JSON.stringify(parts)));
    expect(over(folder)).toMatchObject({ code: 2, out: '', err: `${folder}/scheduler/vidur_pred_a100_8b.json.gz is too small for the iterations of its streams.\n` });
  });

  it('but a stream that cannot be run is told with the reason, and misses nothing', () => {
    const folder = folderWith([], {}, { 'scheduler/a100_8b_vllm_x.csv': `${stream}\n1,2`, 'scheduler/a100_8b_vllm_y.csv': stream });
    const { code, out } = over(folder);
    expect(code).toBe(0);
    expect(out).toMatch(/a100_8b_vllm_x .*row 3 does not parse: fewer cells than columns/);
    expect(out).toMatch(/a100_8b_vllm_y .*its table of step times is missing/);
  });
});

describe('how it ends', () => {
  it('with 0 where bars are kept, with 1 where one is missed; people and programs are told', () => {
    const kept = over(off(1), '--left-out');
    expect([kept.code, kept.err]).toEqual([0, '']);
    expect(kept.out).toMatch(/closed loop, dense, Hopper, vLLM, per token +1 +0\.0 .* kept\n/);
    expect(kept.out).toContain('left out: no: tier C');
    const missed = over(off(2), '--json');
    expect(missed.code).toBe(1);
    const { groups, leftOut } = JSON.parse(missed.out) as { readonly groups: readonly Record<string, unknown>[]; readonly leftOut: readonly unknown[] };
    expect(groups[0]).toMatchObject({ name: 'closed loop, dense, Hopper, vLLM, per token', rows: 1, p90OverMedian: 1, bar: 0.03, verdict: 'missed' });
    expect(leftOut).toEqual([{ id: 'no', why: 'tier C' }]);
  });
});

describe('its tables', () => {
  const group = (median: number, p90: number, bar: number | null): Group => ({ name: 'g', rows: 9, median, p90, p90OverMedian: p90 / median, bias: 0, bar });

  it('say how wide tails are, beside the median and the bar', () => {
    expect(tailLine([group(0.01, 0.04, 0.02), group(0.01, 0.02, 0.005), group(0.01, 0.1, null)])).toBe('A p90 above three times their own median: 2 of 3 groups; above three times their bar: 1 of the 2 that have one.');
    expect(groupTable([group(0.02, 0.05, 0.03)]).split('\n').slice(0, 2)).toEqual(['error, %  rows  median  p90  p90 ÷ median  bias  bar      ', 'g            9     2.0  5.0           2.5   0.0    3  kept']);
  });

  it('judge streams and recorded runs', () => {
    const of = (ttft: number, tpot: number): Record<string, number> => Object.fromEntries(['mean', 'p50', 'p90', 'p99'].flatMap((s) => [[`ttft ${s}`, ttft], [`tpot ${s}`, tpot], [`e2e ${s}`, 0]]));
    expect(replayTable([{ name: 'r', errors: of(-0.051, 0.02) }]).split('\n').map((l) => l.trim().split(/ +/).slice(-2).join(' '))).toEqual(['p99 bar', '5 missed', '2 kept', '2 kept']);
    expect(streamTable([{ name: 's', requests: 5, agreeing: 0.8 }, { name: 't', requests: 5, agreeing: 1 }]).split('\n').map((l) => l.trim().split(/ +/).at(-1))).toEqual(['bar', 'missed', 'kept']);
  });

  it('mark what is over 12 % per token where it was left out of the fit', () => {
    const fold = (left: string, tpot: number): Fold => ({ division: 'model', left, cases: 1, tpot: [tpot], ttft: [0.5], throughput: [] });
    const folds = [fold('a', 0.12), fold('b', -0.121)];
    expect(foldMarkdown(folds).split('\n').slice(2, 4)).toEqual(['| a | 12.0 (1) | 50.0 (1) |  |', '| b | 12.1 (1), over 12 % | 50.0 (1) |  |']);
    expect(foldTable(folds)).toMatch(/model b .*12\.1 \/ 12\.1, over 12 %/);
  });
});

describe('what the README says of it', () => {
  const readme = readFileSync('README.md', 'utf8');

  it('marks the same of what was left out', () => {
    const block = /<!-- folds: [^>]*-->\n([\s\S]*?)<!-- \/folds -->/.exec(readme)![1]!;
    const perToken = [...block.matchAll(/^\| [^|]+ \| ([\d.]+) \(\d+\)(, over 12 %)? \|/gm)];
    expect(perToken.length).toBeGreaterThan(15);
    expect(perToken.filter(([, median, mark]) => Number(median) > 12 !== (mark !== undefined))).toEqual([]);
  });

  it('counts the constants that are fitted', () => {
    const places = fittedPlaces();
    const kernels = (on: string): number => places.filter((p) => p.software === undefined && p.on === on).length;
    const engines = (on?: string): number => places.filter((p) => p.software !== undefined && p.on === on).length;
    const [ofKernels, ofSoftware] = [places.filter((p) => p.software === undefined).length, places.filter((p) => p.software !== undefined).length];
    expect(readme.replaceAll('\n', ' ')).toContain(
      `${places.length} of them are fitted: ${ofKernels} of kernels (${kernels('hopper')} on Hopper, ${kernels('blackwell')} on Blackwell, ${kernels('ampere')} on Ampere, ${kernels('ada')} on Ada, ${kernels('workstation')} on workstation cards) and ${ofSoftware} of software ` +
        `(${engines()} wherever it runs, ${engines('hopper')} on Hopper, ${engines('blackwell')} on Blackwell, ${engines('ampere')} on Ampere, ${engines('workstation')} on workstation cards, ${engines('ada')} on Ada).`,
    );
  });
});
