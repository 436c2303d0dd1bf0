/** The command line as its user meets it: what it prints, what it complains about, and how it ends. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { report } from '../src/cli/report.ts';
import { gateDesign } from '../src/design/gate.ts';
import { kinds } from '../src/kinds/index.ts';
import type { Params } from '../src/kit/param.ts';
import type { Result } from '../src/run/result.ts';
import { toFile } from '../src/share/file.ts';
import { toLink } from '../src/share/link.ts';
import { constant, exponential, node, path, people, result, sketch, station } from './sketch.ts';

const launcher = fileURLToPath(new URL('../src/cli/launch.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sandtable-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command line in the folder of these tests. */
function sandtable(...words: string[]): { readonly out: string; readonly err: string; readonly code: number | null } {
  const { npm_lifecycle_event: _, ...env } = process.env;
  const done = spawnSync(process.execPath, [launcher, ...words], { cwd: folder, env, encoding: 'utf8' });
  return { out: done.stdout, err: done.stderr, code: done.status };
}

/** Writes a file into the folder and answers its name there. */
function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const small = { ...sketch([people(20), station('desk', 1, constant(0.02))], path('users', 'desk'), 50, 0), objectives: [{ metric: 'latency.p99', relation: 'at most' as const, limit: 1e-6 }] };
const design = file('small.json', toFile(small));
const scenario = file('scenario.json', JSON.stringify({
  slug: 'two-desks',
  title: 'Two desks',
  brief: 'One desk is not enough.',
  constraints: [],
  naive: small,
  reference: { ...small, name: 'better' },
  whatIfs: [],
  lessons: [],
  sources: [],
}));

const json = (...words: string[]): Result => {
  const { out, err, code } = sandtable('run', ...words, '--json');
  expect({ err, code }).toEqual({ err: '', code: 0 });
  return JSON.parse(out) as Result;
};

describe('run', () => {
  it('prints exactly the result as JSON', () => {
    expect(json(design)).toEqual(JSON.parse(JSON.stringify(result(small))));
  });

  it('takes a link, whole or only what follows the sign', async () => {
    const link = await toLink(small);
    const { digest } = result(small);
    expect(json(link).digest).toBe(digest);
    expect(json(`https://example.org/sandtable/${link}`).digest).toBe(digest);
  });

  it('takes length and seed', () => {
    expect(json(design, '--seconds', '2 min', '--seed', '7')).toMatchObject({ seconds: 120, seed: 7 });
  });

  it('takes a scenario’s reference design, or its naive one', () => {
    expect(json(scenario).design).toBe('better');
    expect(json(scenario, '--naive').design).toBe('sketch');
  });

  it('prints a table for a person', () => {
    const { out, code } = sandtable('run', design);
    expect(code).toBe(0);
    for (const said of ['offered', 'p99.9', 'desk', 'missed', 'by hand', 'events', result(small).digest]) expect(out).toContain(said);
    expect(out).not.toMatch(/NaN|undefined|null|\[object/);
  });

  it('writes one line per request that ended', () => {
    const figures = json(design, '--requests', 'out.csv');
    const [header, ...rows] = readFileSync(join(folder, 'out.csv'), 'utf8').trim().split('\n');
    expect(header).toBe('arrival_s,class,outcome,reason,ttft_s,end_to_end_s,input,output');
    expect(rows.length).toBe(figures.requests.offered - figures.requests.inFlight);
    const ends = rows.map((row) => Number(row.split(',')[5]));
    expect(ends.reduce((a, b) => a + b, 0) / ends.length).toBeCloseTo(figures.latency.mean!, 8);
    expect(new Set(rows.map((row) => row.split(',')[2]))).toEqual(new Set(['answered']));
  });

  it('gives the reason of every failure', () => {
    const tight = file('tight.json', toFile(sketch([people(100), station('desk', 1, constant(0.02), { waitingRoom: 3 })], path('users', 'desk'), 20)));
    const figures = json(tight, '--requests', 'failed.csv');
    const failed = readFileSync(join(folder, 'failed.csv'), 'utf8').split('\n').filter((row) => row.includes(',failed,'));
    expect(failed.length).toBe(figures.requests.failed['queue full']);
    expect(failed.every((row) => row.includes(',failed,queue full,'))).toBe(true);
  });

  it('replays a trace for a minute longer than it lasts, and names its bad rows', () => {
    const trace = file('conv.csv', 'TIMESTAMP,ContextTokens,GeneratedTokens\n0,10,20\n1.5,11,21\noops,1,1\n4,12,22\n');
    const { out, err, code } = sandtable('run', design, '--trace', trace, '--requests', 'replay.csv', '--json');
    expect(code).toBe(0);
    expect(err).toContain('conv.csv, line 4: left out');
    expect(err).toContain('1 bad row left out, 3 taken');
    expect(JSON.parse(out)).toMatchObject({ seconds: 64, requests: { offered: 3, answered: 3 } });
    const rows = readFileSync(join(folder, 'replay.csv'), 'utf8').trim().split('\n').slice(1).map((row) => row.split(','));
    expect(rows.map((row) => [Number(row[0]), Number(row[6]), Number(row[7])])).toEqual([[0, 10, 20], [1.5, 11, 21], [4, 12, 22]]);
    expect(sandtable('run', design, '--trace', trace, '--seconds', '3', '--json').out).toContain('"offered": 2');
  });

  it('says when a design wants a trace that was not given', () => {
    const wants = file('wants.json', toFile(sketch([people(1, { arrivals: 'trace', recording: 'monday' }), station('desk', 1)], path('users', 'desk'), 5)));
    expect(sandtable('run', wants).err).toContain('“monday”');
  });

  it('reads files where npm was called', () => {
    const env = { ...process.env, npm_lifecycle_event: 'sandtable', INIT_CWD: folder };
    const done = spawnSync(process.execPath, [launcher, 'check', design], { cwd: fileURLToPath(new URL('../', import.meta.url)), env, encoding: 'utf8' });
    expect(done.status).toBe(0);
  });
});

describe('run many times', () => {
  it('prints the same on any number of threads', () => {
    const [one, two, three] = ['1', '2', '3'].map((jobs) => sandtable('run', design, '--replications', '7', '--jobs', jobs, '--json'));
    expect(one).toMatchObject({ code: 0, err: '' });
    expect(two!.out).toBe(one!.out);
    expect(three!.out).toBe(one!.out);
    const merged = JSON.parse(one!.out) as Result;
    expect(merged).toMatchObject({ replications: 7, seconds: 350, seed: 1 });
    const { low, high, method, count } = merged.intervals['latency.mean']!;
    expect({ method, count }).toEqual({ method: 'replications', count: 7 });
    expect(low).toBeLessThan(merged.latency.mean!);
    expect(high).toBeGreaterThan(merged.latency.mean!);
  });

  it('replays a trace in every thread', () => {
    const trace = file('seven.csv', 'TIMESTAMP,ContextTokens,GeneratedTokens\n0,10,20\n2,1,1\n');
    expect(JSON.parse(sandtable('run', design, '--trace', trace, '--replications', '3', '--jobs', '2', '--json').out)).toMatchObject({ replications: 3, requests: { offered: 6, answered: 6 } });
  });

  it('prints intervals for a person', () => {
    const { out, code } = sandtable('run', design, '--replications', '4', '--jobs', '2');
    expect(code).toBe(0);
    expect(out).toContain('4 replications');
    expect(out).toContain('95 % confidence intervals, over 4 replications');
    expect(out).not.toMatch(/NaN|undefined|null|\[object/);
  });
});

describe('the warm-up', () => {
  const filling = file('filling.json', toFile(sketch([people(4), station('desk', 400, exponential(30))], path('users', 'desk'), 1000)));

  it('is found where that is asked for, or given', () => {
    const found = json(filling, '--warmup', 'automatic').warmup;
    expect(found).toMatchObject({ how: 'automatic', steady: true });
    expect(found.seconds).toBeGreaterThan(20);
    expect(json(filling, '--warmup', '50').warmup).toEqual({ seconds: 50, how: 'given', steady: null });
    expect(json(filling).warmup.seconds).toBe(0);
    expect(sandtable('run', filling, '--warmup', 'automatic').out).toContain('found automatically');
  });
});

describe('compare', () => {
  const faster = file('faster.json', toFile({ ...small, name: 'faster', nodes: small.nodes.map((one) => (one.id === 'desk' ? { ...one, params: { ...one.params, serviceTime: constant(0.015) } } : one)) }));
  interface Compared {
    readonly comparisons: readonly { readonly metric: string; readonly difference: number; readonly interval: { readonly low: number; readonly high: number } }[];
  }

  it('holds two designs against each other under the same seeds', () => {
    const { out, err, code } = sandtable('compare', design, faster, '--replications', '5', '--jobs', '2', '--json');
    expect({ err, code }).toEqual({ err: '', code: 0 });
    expect(out).toBe(sandtable('compare', design, faster, '--replications', '5', '--jobs', '1', '--json').out);
    const { comparisons } = JSON.parse(out) as Compared;
    const [first] = comparisons;
    expect(first!.metric).toBe('latency.p99');
    const mean = comparisons.find((one) => one.metric === 'latency.mean')!;
    expect(mean.interval.high).toBeLessThan(0);
    const [a, b] = [design, faster].map((one) => (JSON.parse(sandtable('run', one, '--replications', '5', '--json').out) as Result).latency.mean!);
    expect(mean.difference).toBeCloseTo(b! - a!, 3);
  });

  it('takes the figures that are asked for, and prints a table', () => {
    const { out, code } = sandtable('compare', design, faster, '--replications', '3', '--metric', 'nodes.desk.utilisation', '--metric', 'latency.mean');
    expect(code).toBe(0);
    expect(out).toMatch(/A {2}sketch\nB {2}faster/);
    expect(out).toMatch(/desk utilisation .*%/);
    expect(out).not.toMatch(/p50|NaN|undefined|\[object/);
    expect(sandtable('compare', design, faster, '--replications', '2', '--metric', 'nodes.desk.latency.p99').out).toMatch(/desk p99 latency .* ms/);
  });
});

describe('check', () => {
  it('sums a good design up', () => {
    expect(sandtable('check', design)).toMatchObject({ code: 0, err: '', out: expect.stringContaining('2 components, 1 wire, 1 objective') });
  });

  it('looks at both designs of a scenario', () => {
    expect(sandtable('check', scenario).out).toMatch(/Naive “sketch”[^]*Reference “better”/);
    const bad = file('bad-scenario.json', JSON.stringify({ ...JSON.parse(readFileSync(join(folder, scenario), 'utf8')), naive: { nodes: [{ id: 'x', kind: 'teapot' }] } }));
    expect(sandtable('check', bad)).toMatchObject({ code: 1, err: expect.stringContaining('naive design: “x” is a “teapot”') });
  });

  it('names the promises that are about no figure', () => {
    const promised = ['latency.p99', 'latency.p98', 'nodes.desk.utilisation', 'nodes.gone.utilisation', 'llm.ttft.p99', 'nodes.desk.measures.wait', 'classes.all.latency.p50', 'cost.classes.all', 'requests.failedShare', 'llm.tpot.p98'];
    const idle = file('idle.json', toFile({ ...small, objectives: promised.map((metric) => ({ metric, relation: 'at most' as const, limit: 1 })) }));
    const { out, code } = sandtable('check', idle);
    expect(code).toBe(0);
    expect([...out.matchAll(/Objective (\d+) of “sketch”: “[^”]+” is no figure/g)].map(([, k]) => Number(k))).toEqual([2, 4, 10]);
  });

  it('says what is wrong with a bad one', () => {
    const bad = file('bad.json', JSON.stringify({ nodes: [{ id: 'desk', kind: 'service', params: { serverCount: -1 } }] }));
    const { out, err, code } = sandtable('check', bad);
    expect({ out, code }).toEqual({ out: '', code: 1 });
    expect(err).toMatch(/^bad\.json: .*must be between .*\n$/);
    expect(sandtable('check', file('text.json', 'hello')).code).toBe(1);
  });
});

describe('kinds', () => {
  it('lists every kind with its parameters', () => {
    const listed = JSON.parse(sandtable('kinds', '--json').out) as { kinds: { id: string; params: Record<string, unknown> }[]; wire: object };
    expect(listed.kinds.map((kind) => [kind.id, Object.keys(kind.params)])).toEqual(kinds.map((kind) => [kind.id, Object.keys(kind.params as Params)]));
    const { out } = sandtable('kinds');
    for (const kind of kinds) expect(out).toContain(`${kind.id}: ${kind.label}`);
    expect(out).not.toMatch(/NaN|undefined|\[object/);
  });
});

describe('what cannot be done', () => {
  const refused: readonly (readonly [words: string[], code: number, said: RegExp])[] = [
    [[], 2, /Usage/],
    [['dance'], 2, /no command “dance”/],
    [['run'], 2, /one FILE or LINK/],
    [['run', design, design], 2, /one FILE or LINK/],
    [['run', design, '--fast'], 2, /^There is no option --fast; there are --seconds, /],
    [['run', design, '--seconds'], 2, /^--seconds needs a value\.$/m],
    [['run', design, '--seconds', '-5'], 2, /^--seconds needs a value, and none begins with a dash\.$/m],
    [['run', design, '--json=3'], 2, /^--json takes no value\.$/m],
    [['run', design, '--seconds', 'soon'], 2, /--seconds/],
    [['run', design, '--seconds', '0'], 2, /--seconds/],
    [['run', design, '--seed', '-1'], 2, /--seed/],
    [['run', design, '--seed', '1.5'], 2, /whole number/],
    [['run', design, '--naive'], 2, /scenario/],
    [['run', design, '--replications', '0'], 2, /--replications/],
    [['run', design, '--replications', '2', '--jobs', 'many'], 2, /--jobs/],
    [['run', design, '--replications', '2', '--requests', 'out.csv'], 2, /--requests/],
    [['run', design, '--warmup', 'soon'], 2, /--warmup/],
    [['compare', design], 2, /two of FILE or LINK/],
    [['compare', design, design, '--metric', 'latency.p98', '--replications', '2'], 1, /latency\.p98/],
    [['compare', design, 'nowhere.json'], 1, /nowhere\.json cannot be read/],
    [['run', 'nowhere.json'], 1, /nowhere\.json cannot be read: there is no such file/],
    [['run', '#s1.AAAA'], 1, /damaged/],
    [['run', '#s9.AAAA'], 1, /newer version/],
    [['run', 'https://example.org/'], 1, /no design/],
    [['run', design, '--trace', 'nowhere.csv'], 1, /nowhere\.csv cannot be read/],
    [['run', design, '--trace', design], 1, /trace/],
    [['run', design, '--requests', join('no', 'folder', 'out.csv')], 1, /cannot be written/],
  ];

  it.each(refused)('%j ends with %i', (words, code, said) => {
    const done = sandtable(...words);
    expect(done.code).toBe(code);
    expect(done.err).toMatch(said);
    expect(done.err).not.toMatch(/ {4}at /);
    expect(done.out).toBe('');
  });

  it('a trace in a design without a source', () => {
    const still = file('still.json', toFile(sketch([node('desk', 'service')], [], 5)));
    const trace = file('one.csv', 'TIMESTAMP,ContextTokens,GeneratedTokens\n0,1,1\n');
    expect(sandtable('run', still, '--trace', trace)).toMatchObject({ code: 1, err: expect.stringContaining('no source') });
  });
});

describe('the report', () => {
  const shown = (name: string, seconds: number): { readonly text: string; readonly told: Result } => {
    const read = JSON.parse(readFileSync(fileURLToPath(new URL(`../scenarios/${name}.json`, import.meta.url)), 'utf8')) as { readonly reference: unknown };
    const gated = gateDesign(read.reference);
    if (!gated.ok) throw new Error(gated.why);
    const shortened = { ...gated.value, run: { ...gated.value.run, seconds } };
    const told = result(shortened);
    return { text: report(shortened, told, 1), told };
  };

  it('has parts of the cost that add up to it, with bills by traffic and without replicas that were lost', () => {
    for (const [name, seconds] of [['multi-tenant-inference', 20], ['rate-limit-per-token', 60], ['rag-chain-billing', 40]] as const) {
      const { text, told: { cost } } = shown(name, seconds);
      const besides = cost.usdPerHour - Object.values(cost.nodes).reduce((sum, usd) => sum + usd, 0);
      expect(besides, name).toBeGreaterThan(-1e-9 * cost.usdPerHour);
      expect(text.includes('traffic between places, and what is gone'), name).toBe(besides > 1e-6 * cost.usdPerHour);
      expect(besides / cost.usdPerHour, name).toBeLessThan(0.1);
    }
  });

  it('marks what is apart from its arithmetic, and tells of every such component what that took for granted', () => {
    for (const name of ['rate-limit-per-token', 'streaming-chat', 'host-reboot-mid-generation']) {
      const lines = shown(name, 20).text.split('\n');
      const reasons = lines.filter((line) => line.startsWith('≠ '));
      const marked = lines.filter((line) => !line.startsWith('≠') && / ≠ /.test(line)).map((line) => line.split(/ {2,}/)[0]!);
      expect(marked.length, name).toBeGreaterThan(0);
      for (const label of marked) expect(reasons.some((line) => line.includes(label)), `${name}: ${label}`).toBe(true);
      expect(new Set(reasons).size).toBe(reasons.length);
    }
  });

  it('tells GPUs as replicas times those of one, and the wall behind a limit that somebody has set', () => {
    const { text } = shown('llm-70b-endpoint', 5);
    expect(text).toMatch(/^ {2}GPU pool \$\d+\/h: 12 × 4 = 48 B200/m);
    expect(text).toMatch(/^first wall as load grows$(\n {2}.*)*\n {2}GPU pool +batch limit, at [\d.]+k tok\/s; behind it, bandwidth$/m);
  });

  it('names objectives as the page does, and no party twice', () => {
    const { text, told } = shown('rate-limit-per-token', 20);
    expect(told.objectives.map(({ name }) => name)).toContain('enterprise p99 latency');
    expect(text).toMatch(/(met|missed) +enterprise p99 latency +at most 18 s/);
    expect(text).toMatch(/enterprise goodput +at least 20 \/s/);
    expect(text).not.toMatch(/tenants |measures /);
    expect(text.match(/^ {2}enterprise /gm)!.length).toBe(4);
  });
});
