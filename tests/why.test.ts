/** Every number says why: each measure of each kind has a formula and an origin, each constant a tag and a source, each price a date, each capacity its wall. */
import { describe, expect, it } from 'vitest';
import { faultDefaults } from '../src/design/faults.ts';
import { Code, outcomes } from '../src/engine/reasons.ts';
import { gpus } from '../src/kinds/gpu-pool/catalogue-gpus.ts';
import { models } from '../src/kinds/gpu-pool/catalogue-models.ts';
import { gpuPool } from '../src/kinds/gpu-pool/gpu-pool.ts';
import { kindOf, kinds } from '../src/kinds/index.ts';
import { commonTold, explain } from '../src/kit/explain.ts';
import { evidenceIn } from '../src/kit/evidence.ts';
import type { AnyKind, EstimateRow, Flow } from '../src/kit/kind.ts';
import { defaults, type Param, type Values } from '../src/kit/param.ts';
import { meanings, origins } from '../src/page/inspector/failing.ts';
import { measuresOf } from '../src/page/measures.ts';
import { differs, trafficText, wholeFigure } from '../src/run/beside.ts';
import { estimates, noFlow } from '../src/run/flow.ts';
import { commonMeasures, type Frame, type Layout } from '../src/run/protocol.ts';
import { exponential, path, people, result as resultOf, sketch, station } from './sketch.ts';

const flow: Flow = { ...noFlow, rate: 50, inputTokens: 500, outputTokens: 100, bytes: 2000, items: 4, keys: 1000, skew: 0.9 };

const valuesOf = (kind: AnyKind): Values<AnyKind['params']> => defaults(kind.params) as Values<AnyKind['params']>;

/** The defaults, and the defaults with one choice or switch set otherwise, for every one there is. */
function settings(kind: AnyKind): Record<string, unknown>[] {
  const plain = valuesOf(kind) as Record<string, unknown>;
  const others = Object.entries(kind.params as Record<string, Param>).flatMap(([name, param]) => {
    if (param.type === 'toggle') return [{ ...plain, [name]: !param.default }];
    return param.type === 'choice' ? param.options.map(({ value }) => ({ ...plain, [name]: value })) : [];
  });
  return [plain, ...others];
}

const names = (kind: AnyKind): string[] => [...Object.keys(commonTold), ...Object.keys(kind.measures)];

describe.each(kinds.map((kind) => [kind.id, kind] as const))('%s', (_, kind) => {
  it('says of every measure how it comes about', () => {
    for (const name of names(kind)) {
      const { formula, origin } = explain(kind, valuesOf(kind), name)!;
      expect(formula, name).toMatch(/÷|averaged over time/);
      expect(['measured', 'modelled'], name).toContain(origin);
      const own = kind.measures[name];
      if (own?.per) expect(own.formula, `${name} is a quotient, and must say of what`).toContain('÷');
      if (own && !own.formula) expect(own.help, `${name} has neither formula nor help`).toBeTruthy();
    }
  });

  it('shows figures of calls where calls come or start, and nowhere else', () => {
    const shown = measuresOf(kind).map(({ name }) => name);
    const ofCalls = ['kv-cache', 'autoscaler'].includes(kind.id) ? [] : [...commonMeasures, 'failedShare'];
    expect(shown).toEqual(expect.arrayContaining([...ofCalls, ...Object.keys(kind.measures)]));
    expect(shown).toHaveLength(ofCalls.length + Object.keys(kind.measures).length);
  });

  it('goes by measures and parameters that there are', () => {
    for (const name of Object.keys(kind.measures)) expect(kind.params, `${name} is a parameter and a measure`).not.toHaveProperty(name);
    for (const name of names(kind)) {
      for (const input of explain(kind, valuesOf(kind), name)!.measures) {
        expect(names(kind), `${name} goes by ${input}`).toContain(input);
        expect(input, `${name} goes by itself`).not.toBe(name);
      }
    }
  });

  it('gives every constant a value, a tag and a source, however it is set', () => {
    for (const values of settings(kind)) {
      for (const name of names(kind)) {
        const { constants } = explain(kind, values, name)!;
        for (const { label, value, tag, source } of constants) {
          expect(['measured', 'published', 'assumed'], `${name}: ${label}`).toContain(tag);
          expect(source.trim(), `${name}: ${label}`).not.toBe('');
          if (typeof value === 'number') expect(value, `${name}: ${label}`).not.toBeNaN();
          else expect(value, `${name}: ${label}`).not.toBe('');
        }
        expect(new Set(explain(kind, values, name)!.measures).size, `${name} goes by a measure twice`).toBe(explain(kind, values, name)!.measures.length);
        expect(new Set(constants.map(({ label }) => label)).size, `${name} names a constant twice`).toBe(constants.length);
      }
    }
  });

  it('rests on evidence for parameters that there are', () => {
    for (const name of Object.keys(kind.evidence ?? {})) expect(kind.params).toHaveProperty(name);
  });

  it('names the wall of every capacity, and a formula and source for every estimate', () => {
    for (const values of settings(kind)) {
      for (const row of kind.estimate(values, flow)) {
        expect(row.formula, row.label).not.toBe('');
        expect(row.source, row.label).not.toBe('');
        if (row.measure) expect(names(kind), row.label).toContain(row.measure);
        if (/^(capacity|may pass)/.test(row.label)) expect(row.wall, row.label).toBeDefined();
      }
    }
  });

  it('dates every price', () => {
    for (const values of settings(kind)) {
      for (const row of kind.cost(values)) {
        expect(['published', 'assumed'], row.label).toContain(row.tag);
        if (row.usdPerHour > 0) expect(row.source, row.label).toMatch(/\b20\d\d\b|entered/);
      }
    }
  });
});

describe('an explanation', () => {
  const service = kindOf('service')!;

  it('knows the common measures, and no others', () => {
    expect(Object.keys(commonTold)).toEqual([...commonMeasures, 'failedShare']);
    expect(explain(service, valuesOf(service), 'nothing like it')).toBeNull();
  });

  it('tells an entered value from a default', () => {
    const changed = { ...valuesOf(service), serverCount: 3 };
    const [before, after] = [valuesOf(service), changed].map((values) => explain(service, values, 'utilisation')!.constants.find(({ label }) => label === 'Servers'));
    expect(before).toMatchObject({ value: 8, tag: 'assumed', source: 'default of this component' });
    expect(after).toMatchObject({ value: 3, tag: 'assumed', source: 'entered on this component' });
  });

  it('keeps published evidence only for as long as the value is the published one', () => {
    const scaler = kindOf('autoscaler')!;
    const interval = (values: Record<string, unknown>) => explain(scaler, values, 'ready')!.constants.find(({ label }) => label === 'Looks every');
    expect(interval(valuesOf(scaler))).toMatchObject({ tag: 'published' });
    expect(interval({ ...valuesOf(scaler), scalingInterval: 30 })).toMatchObject({ tag: 'assumed', value: 30 });
  });

  it('writes a distribution in words, and leaves out what has no meaning for the other values', () => {
    const users = kindOf('users')!;
    const labels = (arrivals: string): string[] => explain(users, { ...valuesOf(users), arrivals }, 'arrivals')!.constants.map(({ label }) => label);
    expect(explain(service, valuesOf(service), 'utilisation')!.constants.find(({ label }) => label === 'Service time')?.value).toBe('10 ms exponential');
    expect(labels('closed')).toEqual(['People', 'Think time']);
    expect(labels('poisson')).toEqual(['Rate']);
  });

  it('says what of a pool was measured on its GPUs, and what was taken over from others', () => {
    const share = (values: Record<string, unknown>, label: string) => explain(gpuPool, { ...valuesOf(gpuPool), ...values }, 'stepTime')!.constants.find((c) => c.label.startsWith(label));
    const products = 'Share of peak that products sustain';
    expect(share({ gpuType: 'h100' }, products)).toMatchObject({ tag: 'measured' });
    expect(share({ gpuType: 'h100-pcie' }, products)).toMatchObject({ tag: 'assumed' });
    expect(share({ tensorParallel: '8' }, 'Everything else')).toMatchObject({ tag: 'measured' });
    expect(share({ tensorParallel: '16' }, 'Everything else')).toMatchObject({ tag: 'assumed' });
    expect(share({ gpuType: 'b200', languageModel: 'gpt-oss-120b', weightPrecision: 'fp4' }, 'Share of bandwidth, weights of experts')).toBeDefined();
    expect(share({ gpuType: 'b200', weightPrecision: 'fp4' }, 'Share of bandwidth, weights of experts')).toBeUndefined();
    const oss = { languageModel: 'gpt-oss-120b', weightPrecision: 'mxfp4' };
    expect([share(oss, 'Choosing experts'), share({ ...oss, engineSoftware: 'sglang' }, 'Choosing experts')]).toMatchObject([{ tag: 'measured' }, { tag: 'assumed' }]);
    const [gen4, gen5] = ['l40s', 'rtx-pro-6000'].map((gpuType) => share({ gpuType, tensorParallel: '2' }, 'Rate of an all-reduce')!);
    expect([gen4, gen5]).toMatchObject([{ tag: 'measured' }, { tag: 'assumed' }]);
    expect(Number(gen5!.value) / Number(gen4!.value)).toBeCloseTo(2, 9);
    expect([share({ gpuType: 'h100-nvl', tensorParallel: '2', pipelineStages: '4' }, 'Rate over fast links'), share({ gpuType: 'h100-nvl', tensorParallel: '4' }, 'Rate over fast links')]).toEqual([expect.objectContaining({ tag: 'assumed' }), undefined]);
  });

  it('tells the rates of experts from those of all else where their precisions differ', () => {
    const rates = (values: Record<string, unknown>): unknown[] =>
      explain(gpuPool, { ...valuesOf(gpuPool), ...values }, 'stepTime')!.constants.flatMap(({ label, value }) => (label.startsWith('Peak of a GPU') ? [label, value] : label.startsWith('Share of peak that') ? [label] : []));
    const oss = { languageModel: 'gpt-oss-120b', weightPrecision: 'mxfp4' };
    expect(rates({ ...oss, gpuType: 'h100' })).toEqual(['Peak of a GPU', 989e12, 'Share of peak that products sustain']);
    expect(rates({ ...oss, gpuType: 'b200' })).toEqual(['Peak of a GPU, experts', 4.5e15, 'Peak of a GPU, all else', 2.25e15, 'Share of peak that products sustain, experts', 'Share of peak that products sustain, all else']);
    expect(rates({ weightPrecision: 'mxfp4', gpuType: 'b200' })).toEqual(['Peak of a GPU', 2.25e15, 'Share of peak that products sustain']);
  });

  it('reads the tag off a source that says itself when it is none', () => {
    expect(evidenceIn('assumed, 2026')).toEqual({ tag: 'assumed', source: '2026' });
    expect(evidenceIn('assumed: as its neighbour, 2026')).toEqual({ tag: 'assumed', source: 'as its neighbour, 2026' });
    expect(evidenceIn('a list price, 2026').tag).toBe('published');
    expect(gpuPool.cost(defaults(gpuPool.params))[0]?.tag).toBe('published');
  });
});

describe('the catalogue', () => {
  it.each([...gpus, ...models].map(({ label, source }) => [label, source]))('names a source and its year for %s', (_, source) => {
    expect(source).toMatch(/\b20\d\d\b/);
  });
});

describe('the first wall of a GPU pool', () => {
  const decoding = { gpuType: 'h200', sequenceLimit: 4000, iterationTokens: 16_000 } as const;
  const overPcie = { gpuType: 'l40s', tensorParallel: '8', sequenceLimit: 2000, iterationTokens: 16_000 } as const;
  it.each([
    ['compute', 'many short sequences', { sequenceLimit: 4000 }, 200, 400],
    ['bandwidth', 'long answers', decoding, 100, 2000],
    ['compute', 'answers that 16-bit products hold up', decoding, 200, 800],
    ['bandwidth', 'the same with products of 8 bit, twice as fast', { ...decoding, weightPrecision: 'fp8' }, 200, 800],
    ['memory', 'a small GPU', { gpuType: 'a10g' }, 2000, 500],
    ['fabric', 'eight GPUs without fast links', overPcie, 1000, 200],
  ] as const)('is %s with %s', (wall, _, values, inputTokens, outputTokens) => {
    const rows = gpuPool.estimate({ ...defaults(gpuPool.params), ...values }, { ...flow, inputTokens, outputTokens });
    expect(rows.find(({ label }) => label === 'capacity')?.wall).toBe(wall);
  });

  it('is the batch limit where somebody has set one, and the wall behind it is told', () => {
    const limited = { ...defaults(gpuPool.params), sequenceLimit: 8 };
    const capacity = (values: typeof limited) => gpuPool.estimate(values, { ...flow, inputTokens: 1000, outputTokens: 200 }).find(({ label }) => label === 'capacity');
    expect(capacity(limited)).toMatchObject({ wall: 'batch limit', behind: 'compute' });
    expect(capacity({ ...limited, gpuType: 'a10g' })).toMatchObject({ wall: 'batch limit', behind: 'memory' });
  });

  it('rests on constants that are told with it, or on those of the measure beside it', () => {
    for (const row of gpuPool.estimate(defaults(gpuPool.params), { ...flow, rate: 3 })) if (row.label !== 'GPUs') expect(row.measure ?? row.constants?.length, row.label).toBeTruthy();
  });

  it('is memory where the model does not fit at all', () => {
    const rows = gpuPool.estimate({ ...defaults(gpuPool.params), languageModel: 'llama-3.1-405b' }, flow);
    expect(rows.find(({ label }) => label === 'capacity')).toMatchObject({ value: 0, wall: 'memory' });
  });
});

describe('failures', () => {
  /** Users call a service that calls a store and a pool; what fails is given by component and by wire. */
  function board(nodes: Readonly<Record<string, number>>, links: Readonly<Record<string, number>>, reasons: Readonly<Record<string, number>> = {}) {
    const ids = ['users', 'service', 'store', 'pool'];
    const design = sketch(ids.map((id) => ({ id, kind: 'service', label: id, x: 0, y: 0, params: {} })), [...path('users', 'service', 'store'), ...path('service', 'pool')]);
    const layout: Layout = {
      nodes: Object.fromEntries(ids.map((id, i) => [id, { at: 2 * i, measures: ['failures', 'answers'] }])),
      links: Object.fromEntries(design.links.map((link, i) => [link.id, 3 * i])), cells: {}, failing: Object.fromEntries(ids.map((id, i) => [id, i])),
    };
    const failing = new Uint8Array(ids.length);
    for (const [id, code] of Object.entries(reasons)) failing[ids.indexOf(id)] = code;
    const frame = {
      nodes: Float64Array.from(ids.flatMap((id) => [nodes[id] ?? 0, 1])), links: Float64Array.from(design.links.flatMap((link) => [1, links[link.id] ?? 0, 0])), failing,
    } as Frame;
    return origins(design, frame, layout, 'users').map(({ label, reason }) => `${label}: ${reason}`);
  }

  it('are traced along failing wires to where they begin', () => {
    expect(board({}, {})).toEqual([]);
    expect(board({ users: 1 }, {}, { users: Code.noHealthyTarget })).toEqual(['users: no healthy target']);
    const down = { users: 1, service: 1, pool: 1 };
    expect(board(down, { 'users-service': 1, 'service-pool': 1 }, { users: Code.crashed, service: Code.crashed, pool: Code.crashed })).toEqual(['pool: crashed']);
    // What else fails on the board, for others, is not why.
    expect(board({ ...down, store: 1 }, { 'users-service': 1, 'service-pool': 0.4 }, { pool: Code.queueFull, store: Code.lost })).toEqual(['pool: queue full']);
    // A wire that gives up by itself leaves the failure where it waits.
    expect(board({ users: 1, service: 0 }, { 'users-service': 1 }, { users: Code.timedOut })).toEqual(['users: timed out']);
  });

  it('have a sentence for every reason there is', () => {
    expect(Object.keys(meanings)).toEqual(outcomes.slice(1));
  });
});

describe('arithmetic beside the run', () => {
  const row = (value: number): EstimateRow => ({ label: 'mean wait', value, unit: 'seconds', formula: '', source: '' });

  it('is apart by more than a fifth and what chance explains over so few calls', () => {
    expect(differs(row(1), 1.19)).toBe(false);
    expect(differs(row(1), 1.3)).toBe(true);
    // A second at 13 instead of 20 a second is chance; two thousand calls at that share are not.
    expect(differs(row(20), 13, 13)).toBe(false);
    expect(differs(row(20), 13, 2000)).toBe(true);
    expect(differs(row(0.000143), 0.417, 56)).toBe(true);
    expect(differs(row(0.0267), 1.96, 20)).toBe(true);
    expect(differs(row(1), 3, 0)).toBe(false);
    expect(differs(row(0), 0, 100)).toBe(false);
  });

  it('says so where other traffic comes than was followed there, and where something may break', () => {
    expect(trafficText(100, 101, 5000)).toBe('');
    expect(trafficText(100, 300, 5000)).toMatch(/^300 \/s come here, and by hand 100 \/s/);
    expect(trafficText(100, 300, 3)).toBe('');
    const calm = sketch([people(300), station('service', 4, exponential(0.01))], path('users', 'service'), 20);
    const struck = { ...calm, faults: [{ ...faultDefaults('slow'), id: 'f', target: 'service', at: 5 }] };
    const assumed = (design: typeof calm): string[] => estimates(design)['service']!.rows.filter(({ measure }) => measure !== undefined).map(({ assumes = '' }) => assumes);
    expect(assumed(calm).join()).not.toContain('breaks');
    for (const words of assumed(struck)) expect(words).toMatch(/that nothing breaks$/);
  });

  it('is held against figures of the whole run, the same that the command line prints', () => {
    const result = resultOf(sketch([people(300), station('service', 4, exponential(0.01))], path('users', 'service'), 200));
    const node = result.nodes['service']!;
    const figure = (measure: string): number => wholeFigure(result, node, measure);
    expect(figure('utilisation')).toBe(node.utilisation);
    expect(figure('wait')).toBe(node.measures['wait']);
    expect(figure('waiting')).toBeCloseTo(figure('arrivals') * figure('wait'), 6);
    expect(figure('inFlight')).toBeCloseTo(figure('answers') * figure('latency'), 1);
    expect(figure('failedShare')).toBe(0);
    expect(figure('nothing of the kind')).toBeNaN();
  });
});
