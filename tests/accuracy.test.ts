/** The accuracy command: it reads any folder, says what it leaves out, finds constants again, and the constants in the project are what it prints. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gpuOf } from '../src/kinds/gpu-pool/catalogue-gpus.ts';
import { modelOf } from '../src/kinds/gpu-pool/catalogue-models.ts';
import { software } from '../src/kinds/gpu-pool/constants.ts';
import { cacheRoom, RESERVED, weightsOf } from '../src/kinds/gpu-pool/physics.ts';
import { casesOf, type Case } from './accuracy/cases.ts';
import { fitted } from './accuracy/fit.ts';
import { partOf } from './accuracy/folds.ts';
import { kernelsOf } from './accuracy/micro.ts';
import { rendered } from './accuracy/render.ts';
import { replaysOf } from './accuracy/replays.ts';
import { simulated } from './accuracy/runs.ts';
import { quantile, summed } from './accuracy/statistics.ts';
import { streamsOf } from './accuracy/streams.ts';
import { looked, present, turned } from './accuracy/table.ts';
import { trialOf } from './accuracy/trials.ts';
import { folderWith, line } from './measurements.ts';

describe('reading a folder', () => {
  it('finds nothing in an empty one, and does not mind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'accuracy-'));
    expect(casesOf(folder)).toEqual({ cases: [], leftOut: [] });
    expect([replaysOf(folder).replays, streamsOf(folder), kernelsOf(folder).kernels]).toEqual([[], [], []]);
  });

  it('leaves out what it cannot use, with the reason, and what is told twice', () => {
    const { cases, leftOut } = casesOf(folderWith([line({ id: 'good' }), line({ id: 'again' }), line({ id: 'model', model: 'Nobody-9B' }), line({ id: 'card', gpu: 'X1' }), line({ id: 'tier', tier: 'C' }), line({ id: 'many', tp: '72' }), line({ id: 'short', isl: '' }), line({ id: 'engine', engine: 'own' })]));
    expect(cases.map((c) => c.id)).toEqual(['good']);
    expect(Object.fromEntries(leftOut.map((l) => [l.id, l.why.slice(0, 15)]))).toEqual({ again: 'duplicate', model: 'unknown model N', card: 'unknown GPU X1', tier: 'tier C', many: 'more GPUs than ', short: 'lengths not sta', engine: 'unknown serving' });
  });

  it('takes models and GPUs that the catalogue lacks from the folder', () => {
    const described = { layers: 2, hidden: 64, q_heads: 4, kv_heads: 2, head_dim: 16, ffn: 128, vocab: 1000, moe: { experts: 8, topk: 2, shared: 0, moe_ffn: 32 } };
    const card = { bf16_tflops_dense: 100, fp8_tflops_dense: 200, fp4_tflops_dense: null, hbm_GB: 10, hbm_TBps: 1, interconnect_GBps_uni: 0, tdp_W: 100 };
    const { cases } = casesOf(folderWith([line({ id: 'new', model: 'Tiny', gpu: 'H800-mini' })], { 'models.json': { Tiny: described }, 'gpus.json': { gpus: { 'H800-mini': card } } }));
    expect(cases[0]!.setup.model).toMatchObject({ id: 'Tiny', layers: 2, experts: { count: 8, visited: 2 } });
    expect(cases[0]!.setup.gpu).toMatchObject({ generation: 'hopper', bandwidth: 1e12, linked: false });
  });

  it('has everybody of the oldest SGLang measured ask once, as its first tokens tell, and of later ones ten times', () => {
    const of = (version: string): Case => casesOf(folderWith([line({ id: 'x', source: 'aic-auto-gap-analysis', engine: 'sglang', version })])).cases[0]!;
    expect(of('0.5.1.post1').load).toEqual({ kind: 'closed', people: 4, rounds: 1 });
    expect(of('0.5.6.post2').load).toEqual({ kind: 'closed', people: 4, rounds: 10 });
  });

  it('reads from the rules of MLPerf what its lines leave out: prompts, how many come, and how many are taken on', () => {
    const of = (values: Readonly<Record<string, string>>): Case => casesOf(folderWith([line({ id: 'x', source: 'mlcommons/inference_results_v4.1', model: 'Llama-2-70B', engine: 'TensorRT 10.2.0', version: 'v4.1', n_gpus: '8', tp: '2', isl: '', osl: '290', load_kind: 'offline', load_value: 'inf', tput_out_tok_s: '24000', req_s: '80', ...values })])).cases[0]!;
    expect(of({})).toMatchObject({ input: 222, output: 290, replicas: 4, sequences: 896, lengths: 'conversation', load: { kind: 'offline', requests: (80 * 660) / 4 } });
    expect(of({ req_s: '8', max_batch: '512' })).toMatchObject({ sequences: 512, load: { requests: 24_576 / 4 } });
    expect(of({ n_gpus: '2', req_s: '200' }).load).toMatchObject({ requests: 30_000 });
  });

  it('keeps for the cache of TensorRT-LLM a share of what weights leave, and lets in whose answer fits too', () => {
    const of = (engine: string, version: string): Case => casesOf(folderWith([line({ id: 'x', engine, version })])).cases[0]!;
    const { setup, memoryShare, reserving } = of('trtllm', '1.1.0');
    const free = 80 * 2 ** 30 - weightsOf(setup) - RESERVED;
    expect(cacheRoom(setup, memoryShare) / free).toBeCloseTo(0.95, 9);
    expect([reserving, of('vllm', '0.12.0').reserving, of('vllm', '0.12.0').memoryShare]).toEqual([true, false, 0.9]);
  });

  it('serves the gap analysis as its configurator sets engines up and asks them', () => {
    const of = (values: Readonly<Record<string, string>>): Case => casesOf(folderWith([line({ id: 'x', source: 'aic-auto-gap-analysis', ...values })])).cases[0]!;
    const trt = of({ engine: 'trtllm', version: '1.0.0rc3', isl: '2048', load_value: '16' });
    expect(trt).toMatchObject({ lengths: 'near', budget: 2064 });
    expect(of({ engine: 'trtllm', version: '1.0.0rc3', isl: '128', load_value: '16' }).budget).toBe(1040);
    expect(of({ engine: 'vllm', model: 'Qwen3-32B' })).toMatchObject({ lengths: 'near', budget: 8192, memoryShare: 0.9 });
    // SGLang: 0.8 of the 78.6 GiB that are free on a GPU of 80.
    const { setup, memoryShare, budget } = of({ engine: 'sglang', version: '0.5.8.post1' });
    expect((cacheRoom(setup, memoryShare) + weightsOf(setup)) / 2 ** 30).toBeCloseTo(0.8 * 78.6, 6);
    expect(budget).toBe(16_384);
    expect(of({ engine: 'sglang', version: '0.5.1.post1' }).memoryShare).toBe(0.9);
    expect(casesOf(folderWith([line({ id: 'x', engine: 'trtllm', version: '1.0.0rc3' })])).cases[0]!).toMatchObject({ lengths: 'nominal', budget: 8192 });
  });

  it('serves sparse models of InferenceMAX as its scripts set engines up', () => {
    const of = (values: Readonly<Record<string, string>>): Case => casesOf(folderWith([line({ id: 'x', source: 'silicon_sample.csv', model: 'DeepSeek-R1', precision: 'fp8', gpu: 'B200-180', n_gpus: '8', tp: '8', load_value: '16', ...values })])).cases[0]!;
    expect(of({ engine: 'sglang', version: '0.5.9' })).toMatchObject({ budget: 32_768, looksEvery: 30, streamed: 30, company: { iterations: 0 } });
    expect(of({ engine: 'sglang', version: '0.5.9', load_value: '8', precision: 'fp4' })).toMatchObject({ budget: 16_384, looksEvery: 10, streamed: 10 });
    expect(of({ engine: 'sglang', version: '0.5.9', gpu: 'H200-SXM-141' })).toMatchObject({ looksEvery: 1, streamed: 10 });
    expect(of({ engine: 'trtllm', version: '1.1.0rc2', isl: '1024' })).toMatchObject({ budget: 1152, looksEvery: 1, streamed: 10 });
    expect(of({ engine: 'trtllm', version: '1.2.0rc6.post2', isl: '1024' }).budget).toBe(8192);
    expect(of({ engine: 'vllm', model: 'Llama-3.1-70B' })).toMatchObject({ budget: 8192, looksEvery: 1, streamed: 1, company: { iterations: 0 } });
    expect(of({ engine: 'trtllm', version: '1.1.0', model: 'Llama-3.1-70B', tp: '4', isl: '1024', osl: '1024' })).toMatchObject({ streamed: 1, company: { iterations: 20 } });
    expect(of({ engine: 'trtllm', version: '1.1.0rc2', tp: '1', ep: '8' })).toMatchObject({ setup: { attentionGroups: 8 }, company: { iterations: 60, tokens: 0 } });
  });

  it('has vLLM schedule ahead from 0.14 on, and with InferenceMAX always, which also asks for keys and values of 8 bits', () => {
    const of = (values: Readonly<Record<string, string>>): Case => casesOf(folderWith([line({ id: 'x', model: 'Llama-3.1-70B', tp: '4', ...values })])).cases[0]!;
    const gap = 'aic-auto-gap-analysis';
    expect([of({ source: gap, model: 'Qwen3-32B' }), of({ source: gap, model: 'Qwen3-32B', version: '0.14.0' }), of({}), of({ load_kind: 'batch', version: '0.9.2', e2e_p50_ms: '900' })].map((c) => [c.software, c.setup.kvBytes])).toEqual([
      ['vllm-2025', 2],
      ['vllm', 2],
      ['vllm', 1],
      ['vllm-2025', 2],
    ]);
    const mlperf = { source: 'mlcommons/inference_results_v5.1', version: 'v5.1', load_kind: 'offline', n_gpus: '8', req_s: '20', osl: '290', tput_out_tok_s: '5800' };
    expect(['vLLM 0.9.2', 'vLLM 0.14.1'].map((engine) => of({ ...mlperf, engine }).software)).toEqual(['vllm-2025', 'vllm']);
  });

  it('tells engines of MLPerf that were compiled beforehand from those that were not, by round and model', () => {
    const of = (model: string, version: string) =>
      casesOf(folderWith([line({ id: 'x', source: `mlcommons/inference_results_${version}`, model, version, engine: 'TensorRT 10.11', load_kind: 'offline', n_gpus: '8', tp: '8', req_s: '20', osl: '290', tput_out_tok_s: '5800' })])).cases[0]?.software;
    expect([of('Llama-2-70B', 'v4.1'), of('Llama-2-70B', 'v5.1'), of('Llama-3.1-8B', 'v5.1'), of('DeepSeek-V3', 'v5.1')]).toEqual(['tensorrt-llm-0.17', 'tensorrt-llm-0.17', 'tensorrt-llm-1.0', 'tensorrt-llm-1.0']);
  });

  it('knows gpt-oss as it was released, and served as InferenceMAX serves it', () => {
    const of = (values: Readonly<Record<string, string>>): Case => casesOf(folderWith([line({ id: 'x', source: 'silicon_sample.csv', model: 'gpt-oss-120b', precision: 'fp4', tp: '2', ...values })])).cases[0]!;
    expect(of({}).setup).toMatchObject({ precision: 'mxfp4', kvBytes: 2, model: { id: 'gpt-oss-120b' } });
    expect(of({ precision: 'mxfp4', gpu: 'B200-180' }).setup).toMatchObject({ precision: 'mxfp4', kvBytes: 1 });
    expect(of({ engine: 'trtllm', version: '1.2.0rc4', gpu: 'H200-SXM-141' })).toMatchObject({ budget: 20_000, streamed: 20, setup: { kvBytes: 2 } });
  });

  it('tells apart slices and copies of attention by the degrees stated', () => {
    const of = (values: Readonly<Record<string, string>>): Case => casesOf(folderWith([line({ id: 'x', model: 'DeepSeek-V3', gpu: 'B200-180', ...values })])).cases[0]!;
    expect(of({ tp: '64', ep: '8', n_gpus: '64' }).setup).toMatchObject({ tp: 8, attentionGroups: 1 });
    expect(of({ tp: '1', ep: '8', n_gpus: '64' }).setup).toMatchObject({ tp: 8, attentionGroups: 8 });
    expect(of({ tp: '2', ep: '1', notes: 'moe_tp=4.0' }).setup).toMatchObject({ tp: 4, attentionGroups: 2 });
  });
});

describe('lines that cannot be used', () => {
  const why = (...lines: string[]): (string | undefined)[] => casesOf(folderWith(lines)).leftOut.map((l) => l.why);

  it('are left out where they do not parse, under their row where they have no name', () => {
    const { cases, leftOut } = casesOf(folderWith([line({ id: 'good' }), 'short,line', line({ id: 'word', isl: 'long' }), line({ id: '', osl: '-5' }), line({ id: 'half', tp: '1.5' })]));
    expect(cases.map((c) => c.id)).toEqual(['good']);
    expect(leftOut).toEqual([
      { id: 'short', why: 'does not parse: fewer cells than columns' },
      { id: 'word', why: 'does not parse: isl is no number from 0 up' },
      { id: 'measured.csv row 5', why: 'does not parse: osl is no number from 0 up' },
      { id: 'half', why: 'does not parse: tp is no whole number' },
    ]);
  });

  it('are left out where the load is not told, or of MLPerf the servers', () => {
    const mlperf = { source: 'mlcommons/inference_results_v5.1', model: 'Llama-2-70B', engine: 'TensorRT 10.11', version: 'v5.1', load_kind: 'offline', load_value: 'inf', tput_out_tok_s: '30000' };
    expect(why(line({ id: 'a', load_value: '' }), line({ id: 'b', load_value: '2.5' }), line({ id: 'c', ...mlperf }))).toEqual(['load not stated', 'load no whole number of requests', 'GPUs or requests per second not stated']);
  });

  it('of kernels have their file, their row and a reason', () => {
    const folder = folderWith([], {}, {
      'micro/aic_gemm_ops.csv': 'system,exact,m,n,k,ms\nh100_sxm,True,1,4096,4096,0.02\nh100_sxm,False,1,4096,4096,0.02\nh100_sxm,True,1,,4096,0.02\nabacus,True,1,4096,4096,0.02\nh100_sxm,True,1,4096,4096,soon\nh100_sxm,True,1,4096,4096,0',
      'micro/vidur_mlp_ops.csv': 'hw\na100',
      'micro/own.csv': 'anything\n1\n2',
    });
    const { kernels, leftOut } = kernelsOf(folder);
    expect(kernels.map((k) => [k.kind, k.measuredSeconds])).toEqual([['matrix product', 2e-5]]);
    expect(leftOut.map(({ id, why }) => `${id}: ${why}`)).toEqual([
      'micro/aic_gemm_ops.csv row 3: kernels: matrix product interpolated, not measured',
      'micro/aic_gemm_ops.csv row 4: kernels: n not stated',
      'micro/aic_gemm_ops.csv row 5: kernels: unknown GPU abacus',
      'micro/aic_gemm_ops.csv row 6: kernels: does not parse: ms is no number from 0 up',
      'micro/aic_gemm_ops.csv row 7: kernels: no time above 0',
      'micro/own.csv row 2: kernels: a table of timings that is not known here',
      'micro/own.csv row 3: kernels: a table of timings that is not known here',
      'micro/vidur_mlp_ops.csv row 2: kernels: timed under software of 2023 and 2024',
    ]);
  });

  it('make a recorded run another run, which is left out; so is one that nothing tells the engine of', () => {
    const requests = 'arrival_s,input_tokens,output_tokens,ttft_ms,tpot_ms,e2e_ms\n0,100,10,40,9,130\n1,100,ten,40,9,130';
    const folder = folderWith([], {}, { 'replay/H100-SXM-80_Llama-3.1-8B.csv': requests, 'replay/H100-SXM-80_Llama-3.1-8B_meta.json': '{"engine_kwargs":{}}', 'replay/H100-SXM-80_Llama-3.1-70B.csv': requests });
    expect(replaysOf(folder)).toEqual({
      replays: [],
      leftOut: [
        { id: 'replay/H100-SXM-80_Llama-3.1-70B.csv', why: 'replays: H100-SXM-80_Llama-3.1-70B_meta.json is missing: nothing tells how the engine was started' },
        { id: 'replay/H100-SXM-80_Llama-3.1-8B.csv', why: 'replays: row 3 does not parse: output_tokens is no number from 0 up' },
      ],
    });
  });
});

describe('statistics', () => {
  it('sums errors up', () => {
    expect(summed([0.1, -0.2, 0.3])).toEqual({ rows: 3, median: 0.2, p90: 0.3, p90OverMedian: 0.3 / 0.2, bias: 0.1 });
    expect(quantile([], 0.5)).toBeNaN();
  });
});

type Times = ReturnType<typeof simulated>;

describe('fitting', () => {
  const people = [1, 8, 32, 128];
  const base: Omit<Case, 'load' | 'measured' | 'id'> = { family: '', model: 'llama-3.1-8b', gpu: 'h100', setup: { model: modelOf('llama-3.1-8b'), gpu: gpuOf('h100'), precision: 'bf16', kvBytes: 2, tp: 1, software: software.vllm }, software: 'vllm', spread: 1, reserving: false, lengths: 'nominal', input: 1000, output: 100, replicas: 1, budget: 8192, sequences: 256, chunked: true, streamed: 1, company: { iterations: 0, tokens: 0 }, looksEvery: 1, memoryShare: 0.9 };

  it('finds constants again from what they made', () => {
    const truth = turned(turned(present, { software: 'vllm', key: 'layer' }, 1.4), { on: 'hopper', key: 'stream' }, 0.85);
    const cases = people.map((n): Case => {
      const c: Case = { ...base, id: `${n}`, load: { kind: 'closed', people: n, rounds: 2 }, measured: {} };
      const { tpot } = simulated(c, looked(truth, 'vllm', 'hopper'));
      return { ...c, measured: { tpot } };
    });
    const found = fitted(present, cases.map((c) => trialOf(c, () => 1)), [{ software: 'vllm', key: 'layer', pull: 1e-6 }, { on: 'hopper', key: 'stream', pull: 1e-6 }]);
    expect(looked(found, 'vllm', 'hopper').layer / looked(truth, 'vllm', 'hopper').layer).toBeCloseTo(1, 2);
    expect(found.kernels.hopper.stream / truth.kernels.hopper.stream).toBeCloseTo(1, 2);
  });

  it('counts what a front end does for each running sequence to the first token, and to nothing between tokens', () => {
    const c: Case = { ...base, id: 'x', load: { kind: 'closed', people: 32, rounds: 2 }, measured: {} };
    const constants = looked(present, 'vllm', 'hopper');
    const [without, having] = [0, 1e-3].map((clientPerSequence) => simulated(c, { ...constants, clientPerSequence })) as [Times, Times];
    expect(having.ttft - without.ttft).toBeCloseTo(0.032, 9);
    expect(having.tpot).toBe(without.tpot);
  });

  it('never takes a share for more than all', () => {
    expect(turned(present, { on: 'hopper', key: 'kvRead' }, 100).kernels.hopper.kvRead).toBeLessThan(1);
  });

  it('prints the constants as they stand in their file', () => {
    const source = readFileSync('src/kinds/gpu-pool/constants.ts', 'utf8');
    expect(source).toContain(rendered(present));
  });
});

describe.skipIf(!existsSync('../shared/truth'))('the reference figures (skipped without them)', () => {
  it('are used for the greater part', () => {
    const { cases, leftOut } = casesOf('../shared/truth');
    expect(cases.length).toBeGreaterThan(1500);
    expect(cases.length + leftOut.length).toBe(2155);
  });

  it('of kernels are used or left out with a reason, row by row', () => {
    const micro = '../shared/truth/micro';
    const rows = readdirSync(micro).map((name) => readFileSync(`${micro}/${name}`, 'utf8').trimEnd().split('\n').length - 1);
    const { kernels, leftOut } = kernelsOf('../shared/truth');
    // Each of the 40 rows of `ops_dense` is four products.
    expect(kernels.length - 3 * 40 + leftOut.length).toBe(rows.reduce((a, b) => a + b, 0));
    expect(new Set(leftOut.map(({ id }) => id)).size).toBe(leftOut.length);
  });

  it('are dealt into four parts of much the same size, loads of one configuration together', () => {
    const { cases } = casesOf('../shared/truth');
    const sizes = [0, 1, 2, 3].map((part) => cases.filter((c) => partOf(c) === part).length / cases.length);
    expect(sizes.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    for (const size of sizes) expect(Math.abs(size - 0.25)).toBeLessThan(0.05);
    for (const c of cases.slice(0, 100)) expect(partOf({ ...c, load: { kind: 'closed', people: 77, rounds: 1 } })).toBe(partOf(c));
  });

  it('are the same cases whatever their lines are called', () => {
    const folder = mkdtempSync(join(tmpdir(), 'accuracy-'));
    cpSync('../shared/truth/models.json', join(folder, 'models.json'));
    cpSync('../shared/truth/gpus.json', join(folder, 'gpus.json'));
    let at = 0;
    writeFileSync(join(folder, 'measured.csv'), readFileSync('../shared/truth/measured.csv', 'utf8').replace(/^(?!id,)(?:"(?:[^"]|"")*"|[^,\n]*),/gm, () => `${++at},`));
    const nameless = (of: ReturnType<typeof casesOf>): unknown => [of.cases.map((c) => ({ ...c, id: '' })), of.leftOut.map(({ why }) => why)];
    const numbered = casesOf(folder);
    expect(at).toBe(2155);
    expect(numbered.cases[0]!.id).toMatch(/^\d+$/);
    expect(nameless(numbered)).toEqual(nameless(casesOf('../shared/truth')));
  });
});
