/** The GPU pool against published measurements: every family of them simulated as it was measured, kernels, streams and replays, each held to its bar. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { casesOf } from './accuracy/cases.ts';
import { microOf } from './accuracy/compared.ts';
import { families, fittedGpus, fittedModels, type Family } from './accuracy/families.ts';
import { kernelsOf } from './accuracy/micro.ts';
import { replayBars, replayErrors, replaysOf } from './accuracy/replays.ts';
import { groupMarkdown } from './accuracy/report.ts';
import { errorsOf, simulated } from './accuracy/runs.ts';
import { quantile, summed } from './accuracy/statistics.ts';
import { looked, present } from './accuracy/table.ts';
import { folderWith, line } from './measurements.ts';

const folder = '../shared/truth';

describe.skipIf(!existsSync(`${folder}/measured.csv`))('published measurements (skipped without the reference figures)', () => {
  const errors = casesOf(folder).cases.map((c) => [c, errorsOf(c, looked(present, c.software, c.setup.gpu.generation))] as const);
  const of = (f: Family): number[] => errors.flatMap(([c, e]) => (f.of(c) && e[f.figure] !== undefined ? [e[f.figure]!] : []));
  const held = families.filter((f) => f.bar !== null && of(f).length > 0);

  it.each(held)('$name: median error within its bar', (f) => {
    expect(summed(of(f)).median).toBeLessThanOrEqual(f.bar! * (missed.get(f.name) ?? 1));
  });

  it('are told in the README as they come out (npm run accuracy -- --readme writes them)', () => {
    const groups = families.filter((f) => of(f).length > 0).map((f) => ({ name: f.name, bar: f.bar, ...summed(of(f)) }));
    expect(readFileSync('README.md', 'utf8')).toContain(groupMarkdown([...groups, ...microOf(kernelsOf(folder).kernels)]));
  });

  it('a group of models and GPUs that nothing was fitted to excuses none of those measured', () => {
    const loops = errors.map(([c]) => c).filter((c) => c.load.kind === 'closed');
    expect(new Set(loops.map((c) => c.model))).toEqual(new Set(fittedModels));
    expect(new Set(loops.map((c) => c.gpu))).toEqual(new Set(fittedGpus));
    const elsewhere = casesOf('tests/accuracy/published').cases;
    expect(families.filter((f) => elsewhere.every((c) => f.of(c))).map((f) => [f.name, f.bar])).toEqual([
      ['closed loop, models and GPUs fitted to none of them, per token', 0.12],
      ['closed loop, models and GPUs fitted to none of them, first token', null],
    ]);
  });

  it('is neither too fast nor too slow on the whole', () => {
    expect(Math.abs(quantile(errors.flatMap(([, e]) => (e.tpot === undefined ? [] : [e.tpot])), 0.5))).toBeLessThan(0.01);
  });
});

describe('figures that others published of a model that the reference figures lack', () => {
  it('gpt-oss 120B on H100: every time per token within an eighth, half of them within a twentieth', () => {
    const errors = casesOf('tests/accuracy/published').cases.map((c) => Math.abs(errorsOf(c, looked(present, c.software, c.setup.gpu.generation)).tpot!));
    expect(errors).toHaveLength(9);
    expect(Math.max(...errors)).toBeLessThan(0.12);
    expect(quantile(errors, 0.5)).toBeLessThan(0.05);
  });
});

describe('answers of gpt-oss elsewhere, which nothing is fitted to', () => {
  /** Tokens a second of so many people who ask again and again, 1,024 tokens in and out. */
  const rate = (model: string, gpu: string, people: number): number => {
    const [c] = casesOf(folderWith([line({ id: 'x', model, gpu, precision: 'fp4', isl: '1024', osl: '1024', load_value: String(people) })])).cases;
    return simulated(c!, looked(present, 'vllm', c!.setup.gpu.generation)).throughput;
  };

  it.each([
    ['gpt-oss-120b', 'B200-180', 512, 17_097, 'vllm-project/vllm issue 29657, 2025'],
    ['gpt-oss-120b', 'RTX-PRO-6000', 4, 361, 'millstoneai.com, gpt-oss-120b-mxfp4, 2026'],
    ['gpt-oss-20b', 'RTX-PRO-6000', 1, 250, 'millstoneai.com, gpt-oss-20b-mxfp4, 2026'],
    ['gpt-oss-20b', 'RTX-PRO-6000', 5, 642.5, 'millstoneai.com, gpt-oss-20b-mxfp4, 2026'],
  ])('%s on one %s, %i at a time: %d tokens a second within a fifth (%s)', (model, gpu, people, published) => {
    expect(Math.abs(rate(model, gpu, people) / published - 1)).toBeLessThan(0.2);
  });
});

/** Groups that do not reach their bar: by how much they may miss it, so that they do not get worse. Of MLPerf's requests only the mean answer is told. */
const missed = new Map<string, number>([
  ['MLPerf offline, throughput', 1.03],
]);

describe.skipIf(!existsSync(`${folder}/micro`))('kernels timed alone (skipped without the reference figures)', () => {
  it.each(['matrix product', 'decode attention', 'prompt attention', 'all-reduce'] as const)('%s: median error within a tenth', (kind) => {
    const kernels = kernelsOf(folder).kernels.filter((k) => k.kind === kind);
    expect(kernels.length).toBeGreaterThan(250);
    expect(summed(kernels.map((k) => k.seconds(looked(present, undefined, k.gpu.generation)) / k.measuredSeconds - 1)).median).toBeLessThan(0.1);
  });

  it('all-reduce over PCIe: two, four and eight GPUs alike within a tenth, nine in ten within three tenths', () => {
    const kernels = kernelsOf(folder).kernels.filter((k) => k.kind === 'all-reduce over PCIe');
    const { median, p90 } = summed(kernels.map((k) => k.seconds(looked(present, undefined, k.gpu.generation)) / k.measuredSeconds - 1));
    expect(kernels.length).toBeGreaterThan(60);
    expect(median).toBeLessThan(0.1);
    expect(p90).toBeLessThan(0.3);
  });
});

describe.skipIf(!existsSync(`${folder}/replay`))('real runs (skipped without the reference figures)', () => {
  const { replays } = replaysOf(folder);

  it.each(replays)('$name: mean and percentiles within their bars', (replay) => {
    for (const [figure, error] of Object.entries(replayErrors(replay, looked(present, 'vllm', replay.setup.gpu.generation)))) {
      const [time] = figure.split(' ') as [keyof typeof replayBars];
      expect(Math.abs(error), figure).toBeLessThan(replayBars[time]);
    }
  });
});
