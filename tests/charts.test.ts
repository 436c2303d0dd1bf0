/** Charts are pure functions from series to marks: scales, gaps, ticks, inks and the sentence each chart says about itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { latest, lowest, peak, recent, shareAbove, speaks } from '../src/page/charts/figures.ts';
import { assignSlots, inkOf } from '../src/page/charts/ink.ts';
import { axisTop, crosshair, cutLabel, linePath, plot, timeSpan } from '../src/page/charts/marks.ts';
import type { Line, PlotSpec } from '../src/page/charts/marks.ts';
import { busiest, costUnit, latencyCeiling, latencyLimit, panels } from '../src/page/charts/panels.ts';
import { notation, tickText, timeText } from '../src/page/charts/ticks.ts';
import { tipRows } from '../src/page/charts/tip.ts';
import { figureText } from '../src/page/figure-text.ts';
import { metricOf, metricsOf } from '../src/run/metric-names.ts';
import { standing, verdict } from '../src/page/top/objective-text.ts';
import { emptyDesign } from '../src/design/design.ts';
import type { ChartId, Charts } from '../src/run/protocol.ts';

const line = (name: string, values: number[]): Line => ({ key: name, name, values, stroke: 'var(--hot)', dash: '', weight: 1, slot: 0 });

const spec = (values: number[], more: Partial<PlotSpec> = {}): PlotSpec => ({
  times: values.map((_, i) => i + 1), lines: [line('p99', values)], unit: 'seconds', width: 300, height: 160,
  filled: false, reach: 0, limit: null, moments: [], isolated: null, ...more,
});

const texts = (chart: ReturnType<typeof plot>): string[] => chart.shapes.flatMap(({ text }) => (text ? [text] : []));
const numbersIn = (chart: ReturnType<typeof plot>): string => JSON.stringify(chart.shapes);

const series = (chart: ChartId, name: string, values: number[], node: string | null = null) =>
  ({ chart, name, node, values: Float64Array.from(values) });
const snapshot = (...all: ReturnType<typeof series>[]): Charts =>
  ({ times: Float64Array.from(all[0]!.values, (_, i) => i + 1), series: all, marks: [], episodes: [], warmup: 0 });
const context = { objectives: [], slots: new Map<string, number>() };
const view = (id: string, charts: Charts, choice = id) => panels.find((panel) => panel.id === id)!.view(charts, choice, context);

describe('the axis', () => {
  it('reaches above the data and names the unit once, at the top', () => {
    const labels = texts(plot(spec([0.02, 0.04, 0.086])));
    expect(labels).toContain('100 ms');
    expect(labels).toContain('60');
    expect(labels.filter((text) => text.endsWith('ms'))).toHaveLength(1);
  });

  it('stands for zeros, a constant, a single point and nothing at all', () => {
    expect(axisTop(spec([0.4, 1.0000001], { reach: 1 }))).toBe(1);
    for (const values of [[0, 0, 0], [5, 5, 5], [0.3], [], [NaN, NaN]]) {
      expect(numbersIn(plot(spec(values)))).not.toMatch(/NaN|null|Infinity/);
    }
  });

  it('includes a limit that is near and leaves out one far above', () => {
    const limit = (value: number) => ({ value, label: 'p99 ≤ x' });
    expect(axisTop(spec([0.04], { limit: limit(0.05) }))).toBeGreaterThan(0.05);
    expect(axisTop(spec([0.04], { limit: limit(2) }))).toBe(0.04);
    expect(texts(plot(spec([0.04], { limit: limit(2) })))).toContain('p99 ≤ x ↑');
    expect(axisTop(spec([], { limit: limit(2) }))).toBeGreaterThan(2);
  });

  it('may end below a line, which then runs along its upper edge', () => {
    const chart = plot(spec([0.01, 5, 0.01], { ceiling: 0.02 }));
    expect(axisTop(spec([0.01, 5, 0.01], { ceiling: 0.02 }))).toBe(0.02);
    expect(chart.y(5)).toBe(chart.box.top - 2);
    const beyond = chart.shapes.find(({ text }) => text?.startsWith('↑'));
    expect(beyond?.text).toBe('↑ 5 s');
    expect(Math.abs(Number(beyond!.at['x']) - chart.x(2))).toBeLessThan(5);
    expect(texts(plot(spec([0.01, 5, 0.01])))).not.toContain('↑');
  });

  it('begins one column before the first column ends, never before the run', () => {
    expect(timeSpan([10, 12, 14])).toEqual([8, 14]);
    expect(timeSpan([1, 3])).toEqual([0, 3]);
    expect(timeSpan([])).toEqual([0, 1]);
    expect(timeSpan([7])).toEqual([0, 7]);
  });

  it('chooses the prefix by range', () => {
    expect(notation('seconds', 0.0004).after).toBe('µs');
    expect(notation('seconds', 2.5)).toMatchObject({ after: 's', divisor: 1 });
    expect(notation('seconds', 600)).toMatchObject({ after: 'min', divisor: 60 });
    expect(notation('share', 1)).toMatchObject({ after: '%', divisor: 0.01 });
    expect(notation('usd/hour', 2500)).toMatchObject({ before: '$', after: 'k' });
    expect(notation('requests/second', 12_000)).toMatchObject({ after: 'k/s', divisor: 1000 });
    expect(notation('requests', 0.5)).toMatchObject({ after: '', divisor: 1 });
  });

  it('writes ticks with the decimals of their step', () => {
    expect(tickText(0.5, 0.5)).toBe('0.5');
    expect(tickText(0.30000000000000004, 0.1)).toBe('0.3');
    expect(tickText(150, 50)).toBe('150');
    expect(tickText(-2, 1)).toBe('−2');
    expect([0, 0.25, 51.4, 125, 3725].map(timeText)).toEqual(['0 s', '0.25 s', '51 s', '2:05', '1:02:05']);
  });
});

describe('a line', () => {
  const x = (t: number): number => t * 10;
  const y = (v: number): number => 100 - v;

  it('breaks where the value is not a number', () => {
    expect(linePath([0, 1, 2, 3, 4], [1, 2, NaN, 4, 5], x, y)).toBe('M0,99L10,98M30,96L40,95');
  });

  it('shows a lone value as a dot', () => {
    expect(linePath([0, 1, 2], [NaN, 2, NaN], x, y)).toBe('M10,98Z');
  });

  it('stands level over each column where it is a count', () => {
    expect(linePath([0, 1, 2], [1, 2, 3], x, y, true)).toBe('M0,99L0,98L10,98L10,97L20,97');
  });

  it('keeps clear of the name of the limit', () => {
    const label = (values: number[]) => plot(spec(values, { limit: { value: 1, label: 'p99 ≤ 1 s' } })).shapes.find(({ at }) => at['class'] === 'limit')!.at;
    const chart = plot(spec(Array<number>(8).fill(1)));
    expect(label([0.2, 0.2, 0.2, 0.2, 1.05, 1.05, 1.05, 1.05])['x']).toBe(chart.box.right - 2);
    expect(label([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 1.03, 0.94])['x']).toBeLessThan(chart.x(7));
    expect(label([1.03, 1.03, 0.1, 0.1, 0.1, 0.1, 1.03, 0.94])['x']).toBeGreaterThan(chart.x(2));
  });

  it('is empty without values', () => {
    expect(linePath([0, 1], [NaN, Infinity], x, y)).toBe('');
  });

  it('fades when another one is isolated', () => {
    const both = spec([1, 2], { lines: [line('a', [1, 2]), line('b', [2, 3])], isolated: 'b' });
    const inks = plot(both).shapes.filter(({ at }) => at['class'] === 'line').map(({ at }) => at['opacity']);
    expect(inks).toEqual([0.14, 1]);
    expect(crosshair(plot(both), both, 1).filter(({ tag }) => tag === 'circle')).toHaveLength(1);
  });
});

describe('moments', () => {
  const at = (time: number, label: string) => ({ time, label });

  it('draws those inside and none outside, with labels that do not run into one another', () => {
    const chart = plot(spec([1, 1, 1, 1, 1, 1, 1, 1], { moments: [at(3, 'burst three times over'), at(4, 'x'), at(40, 'later')] }));
    expect(chart.shapes.filter(({ at: a }) => a['stroke-dasharray'] === '3 3')).toHaveLength(2);
    expect(texts(chart)).not.toContain('later');
    expect(texts(chart)).not.toContain('burst three times over');
  });

  it('turns the last label to the left when it would leave the chart', () => {
    const chart = plot(spec([1, 1, 1, 1, 1, 1, 1, 1], { moments: [at(7.8, 'burst 3×')] }));
    expect(chart.shapes.find(({ text }) => text === 'burst 3×')!.at['text-anchor']).toBe('end');
  });

  it('cuts labels with an ellipsis', () => {
    expect(cutLabel('one replica dies', 60)).toBe('one repli…');
    expect(cutLabel('burst', 200)).toBe('burst');
    expect(cutLabel('burst', 10)).toBe('');
  });
});

describe('figures', () => {
  it('skip gaps', () => {
    const values = [3, NaN, 9, 1, NaN];
    expect([latest(values), recent(values), lowest(values)]).toEqual([1, 13 / 3, 1]);
    expect(peak(values)).toEqual({ value: 9, at: 2 });
    expect(shareAbove(values, 2)).toBeCloseTo(2 / 3);
    expect([latest([]), recent([NaN]), lowest([]), shareAbove([], 1)].every(Number.isNaN)).toBe(true);
    expect([peak([NaN]), speaks([NaN]), speaks([0])]).toEqual([null, false, true]);
  });
});

describe('inks', () => {
  it('stay with their line when others come and go', () => {
    const first = assignSlots(new Map(), ['a', 'b', 'c']);
    expect(assignSlots(first, ['c', 'd', 'a'])).toEqual(new Map([['c', 2], ['a', 0], ['d', 1]]));
  });

  it('differ in colour and in dash', () => {
    const six = [0, 1, 2, 3, 4, 5].map(inkOf);
    expect(new Set(six.map(({ stroke }) => stroke)).size).toBe(6);
    expect(new Set(six.map(({ dash }) => dash)).size).toBe(6);
  });
});

describe('the panels', () => {
  const latencies = snapshot(series('latency', 'p50', [0.02, 0.02, 0.02]), series('latency', 'p99', [0.04, 0.086, 0.042]));

  it('say the tail in one sentence', () => {
    const { sentence, headline } = view('latency', latencies);
    expect(sentence).toBe('p99 42 ms now, peak 86 ms at 2 s; 2.1× the median.');
    expect(headline).toBe('p99 42 ms');
    const alike = snapshot(series('latency', 'p50', [0.041]), series('latency', 'p99', [0.042]));
    expect(view('latency', alike).sentence).toBe('p99 42 ms now, peak 42 ms at 1 s.');
  });

  it('do not call a figure the present one when nothing has been answered for a while', () => {
    const gone = [...[0.04, 0.086, 0.042], ...Array.from({ length: 20 }, () => NaN)];
    const silent = view('latency', snapshot(series('latency', 'p50', gone.map((value) => value / 2)), series('latency', 'p99', gone)));
    expect(silent.sentence).toBe('p99 42 ms at the last answer (3 s), peak 86 ms at 2 s.');
    expect(silent.headline).toBe('no answers');
  });

  it('hold an objective against the line it names', () => {
    const objectives = [{ metric: 'llm.ttft.p99', relation: 'at most', limit: 0.05 }, { metric: 'latency.p999', relation: 'at most', limit: 2 }] as const;
    expect(latencyLimit(objectives, 'firstToken')).toEqual({ value: 0.05, percentile: 'p99' });
    expect(latencyLimit(objectives, 'latency')).toEqual({ value: 2, percentile: 'p99.9' });
    const limited = panels[0]!.view(latencies, 'latency', { ...context, objectives: [{ ...objectives[1], metric: 'latency.p99', limit: 0.05 }] });
    expect(limited.sentence).toContain('over 50 ms for 33 % of the time');
    expect(limited.limit).toEqual({ value: 0.05, label: 'p99 ≤ 50 ms' });
  });

  it('end the axis below a tail that is far above everything else', () => {
    const lines = (tail: number) => [line('p50', [0.01]), line('p99', [0.04]), line('p99.9', [tail])];
    expect(latencyCeiling(lines(0.1), 0)).toBeNull();
    expect(latencyCeiling(lines(2), 0)).toBeCloseTo(0.06);
    expect(latencyCeiling(lines(2), 0.05)).toBeCloseTo(0.075);
  });

  it('offer the first token only where one is served', () => {
    expect(panels[0]!.choices(latencies).map(({ id }) => id)).toEqual(['latency']);
    const served = snapshot(...latencies.series as ReturnType<typeof series>[], series('firstToken', 'p99', [NaN, 0.1, 0.1]));
    expect(panels[0]!.choices(served).map(({ id }) => id)).toEqual(['firstToken', 'latency']);
  });

  it('name the longest queue, and say so when there is none', () => {
    const queues = snapshot(series('waiting', 'GPU pool', [2, 140, 18], 'g'), series('waiting', 'Batcher', [1, 1, 2], 'b'), series('waiting', 'Idle', [0, 0, 0], 'i'));
    expect(view('waiting', queues).headline).toBe('GPU pool');
    expect(view('waiting', queues).lines.map(({ name }) => name)).toEqual(['GPU pool', 'Batcher']);
    expect(view('waiting', snapshot(series('waiting', 'A', [0, 0], 'a'))).sentence).toBe('Nothing is waiting anywhere.');
    const said = (waits: number): string => { const { headline, sentence } = view('waiting', snapshot(series('waiting', 'A', [1, waits], 'a'))); return `${headline}: ${sentence}`; };
    expect(said(0)).toBe('A: 0.5 wait at A, peak 1 at 1 s.');
    expect(view('waiting', snapshot(series('waiting', 'A', [0.3, 0.3], 'a')))).toMatchObject({ headline: 'hardly any', sentence: '0.3 wait at A, peak 0.3 at 1 s.' });
    expect(view('waiting', snapshot(series('waiting', 'A', [0, 0], 'a'))).headline).toBe('no queue');
  });

  it('end at 100 % where shares of a whole are drawn, although what was saved up is drawn at once', () => {
    const used = view('utilisation', snapshot(series('utilisation', 'Limiter · allowance used', [0.4, 1.3, 0.9], 'l')));
    const labels = texts(plot({ ...spec([]), times: [1, 2, 3], lines: used.lines, unit: used.unit, reach: used.reach, ceiling: used.ceiling }));
    expect(labels.filter((text) => text.endsWith('%'))).toEqual(['100 %']);
    expect(used.sentence).toBe('Limiter · allowance used is busiest at 87 %, peak over 100 % at 2 s.');
    expect(view('utilisation', snapshot(series('utilisation', 'Limiter · allowance used', [721, 7.97], 'l'))).headline).toBe('highest over 100 %');
  });

  it('keep to the busiest and never rank silence above zero', () => {
    const all = [series('waiting', 'silent', [NaN]), series('waiting', 'none', [0]), series('waiting', 'some', [4])];
    expect(busiest(all, 2).map(({ name }) => name)).toEqual(['some', 'none']);
  });

  it('tell money per hour from money per million', () => {
    expect(['$/h', '$ / 1M tokens', '$ / 1M requests'].map(costUnit)).toEqual(['usd/hour', 'usd/million tokens', 'usd/million requests']);
    const cost = snapshot(series('cost', '$/h', [112, 112]), series('cost', '$ / 1M tokens', [0.64, 0.61]));
    expect(panels[3]!.choices(cost).map(({ id }) => id)).toEqual(['usd/million tokens', 'usd/hour']);
    expect([view('cost', cost, 'usd/million tokens').headline, view('cost', cost, 'usd/hour').headline]).toEqual(['$0.61/1M tok', '$112/h']);
    expect(view('cost', cost, 'usd/million tokens').sentence).toMatch(/^\$0\.61 per million tokens now at \$112 an hour; between \$0\.61 and \$0\.64/);
    expect(view('cost', cost, 'usd/hour').sentence).toBe('$112 an hour now; steady.');
  });

  it('say something for series that are all gaps', () => {
    for (const [id, chart] of [['latency', 'latency'], ['waiting', 'waiting'], ['utilisation', 'utilisation'], ['cost', 'cost']] as const) {
      expect(view(id, snapshot(series(chart, 'p99', [NaN, NaN]))).sentence).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe('the tooltip', () => {
  it('lists values with units, highest first, under the moment or mark', () => {
    const s = spec([0, 0], { lines: [line('p50', [0.02, 0.02]), line('p99', [0.04, 0.05])], moments: [{ time: 2, label: 'burst' }] });
    expect(tipRows(s, 1).map(([name, value]) => `${name} ${value}`)).toEqual(['burst 2 s', 'p99 50 ms', 'p50 20 ms']);
  });
});

describe('moments', () => {
  it('have labels that never lie over one another, wherever two moments stand', () => {
    for (let first = 1; first < 20; first++) for (let second = first; second <= 20; second++) {
      const chart = plot(spec(Array.from({ length: 20 }, () => 1), { moments: [{ time: first, label: 'Heal everything' }, { time: second, label: 'Change Retries of a wire' }] }));
      const spans = chart.shapes.filter(({ at }) => at['class'] === 'moment').map(({ at, text }) => {
        const [x, width] = [Number(at['x']), (text ?? '').length * 5.6];
        return at['text-anchor'] === 'end' ? [x - width, x] as const : [x, x + width] as const;
      });
      const [a, b] = spans;
      expect(a![1] <= b![0] + 0.5 || a![0] === a![1] || b![0] === b![1], `at ${first} and ${second}: ${JSON.stringify(spans)}`).toBe(true);
    }
  });
});

describe('objective chips', () => {
  const limit = (metric: string, value: number, relation: 'at most' | 'at least' = 'at most') => ({ metric, relation, limit: value });

  it('say the unit once where value and limit share it', () => {
    expect(standing(0.043, limit('latency.p99', 0.05), 'seconds')).toBe('43 / 50 ms');
    expect([0.05, 0.05004].map((value) => standing(value, limit('latency.p99', 0.05), 'seconds'))).toEqual(['50 / 50 ms', '50.04 / 50 ms']);
    expect(standing(3.5, limit('latency.p99', 0.05), 'seconds')).toBe('3.5 s / 50 ms');
    expect(standing(NaN, limit('latency.p99', 0.05), 'seconds')).toBe('– / 50 ms');
    expect(standing(0.9, limit('x.share', 0.95, 'at least'), 'share')).toBe('90 / ≥ 95 %');
    expect(standing(0.61, limit('cost.usdPerMillionTokens', 1), 'usd/million tokens')).toBe('$0.61 / $1');
    expect(standing(0.0491, limit('latency.p99', 0.05), 'seconds')).toBe('49.1 / 50 ms');
    expect(standing(9.2e9, limit('nodes.a.memory', 10e9), 'bytes')).toBe('9.2 / 10 GB');
    expect(standing(9.2e8, limit('nodes.a.memory', 10e9), 'bytes')).toBe('920 MB / 10 GB');
  });

  it('leave every number its thousands and millions', () => {
    expect(standing(25_500, limit('cost.usdPerHour', 26_000), 'usd/hour')).toBe('$25.5k / $26k');
    expect(standing(800, limit('cost.usdPerHour', 26_000), 'usd/hour')).toBe('$800 / $26k');
    expect(standing(2_040_000, limit('cost.usdPerHour', 3e6), 'usd/hour')).toBe('$2.04M / $3M');
    expect(standing(22_800, limit('llm.outputTokensPerSecond', 25_000, 'at least'), 'tokens/second')).toBe('22.8k / ≥ 25k tok/s');
    expect(standing(9500, limit('llm.outputTokensPerSecond', 25_000, 'at least'), 'tokens/second')).toBe('9,500 / ≥ 25k tok/s');
    expect(standing(12_000, limit('requests.answeredPerSecond', 13_000, 'at least'), 'requests/second')).toBe('12k / ≥ 13k /s');
    expect(standing(12_000, limit('nodes.a.queue.max', 13_000), 'count')).toBe('12k / 13k');
  });

  it('name money by what it is counted per, and components by their labels', () => {
    const design = { ...emptyDesign, nodes: [{ id: 'gpu', kind: 'x', label: 'GPU pool', x: 0, y: 0, params: {} }] };
    expect(metricOf('cost.usdPerMillionTokens', design)).toMatchObject({ label: 'cost/1M tok', unit: 'usd/million tokens' });
    expect(metricOf('nodes.gpu.utilisation', design)).toMatchObject({ label: 'GPU pool utilisation', unit: 'share' });
    expect(metricOf('nodes.gpu.latency.p99', design)).toMatchObject({ label: 'GPU pool p99 latency', unit: 'seconds' });
    expect(metricsOf(design).map(({ title }) => title)).toEqual([null, 'GPU pool']);
  });

  it('of a class, a tenant or a component are named in words and carry their unit', () => {
    const design = { ...emptyDesign, nodes: [{ id: 'gpu', kind: 'x', label: 'GPU pool', x: 0, y: 0, params: {} }] };
    const said = (metric: string): string => { const { label, unit } = metricOf(metric, design); return `${label} ${unit}`; };
    expect(said('tenants.legal.latency.p99')).toBe('legal p99 latency seconds');
    expect(said('tenants.EU.failedShare')).toBe('EU failed share');
    expect(said('tenants.search.goodputPerSecond')).toBe('search goodput requests/second');
    expect(said('classes.batch.llm.ttft.mean')).toBe('batch mean first token seconds');
    expect(said('cost.classes.chat')).toBe('chat cost usd');
    expect(said('llm.ttft.p95')).toBe('p95 first token seconds');
    expect(said('requests.goodput')).toBe('answered in time requests');
    expect(said('nodes.gpu.inFlightMean')).toBe('GPU pool in flight requests');
    const scenarios = readdirSync('scenarios').map((file) => readFileSync(`scenarios/${file}`, 'utf8'));
    const paths = scenarios.flatMap((text) => [...text.matchAll(/"metric": ?"((?:classes|tenants|requests|latency|llm|cost)\.[^"]+)"/g)].map(([, path]) => path!));
    for (const path of new Set(paths)) expect(metricOf(path, design).label, path).not.toMatch(/[a-z][A-Z]|^(classes|tenants|llm)/);
  });

  it('and figures show nothing where only rounding is left', () => {
    expect(figureText(1.07e-13, 'usd/hour')).toBe('$0/h');
    expect(figureText(-3e-15, 'share')).toBe('0 %');
    expect(figureText(-0, 'requests')).toBe('0 req');
    expect(figureText(2e-9, 'seconds')).toBe('2 ns');
  });

  it('hold, miss, or have nothing to say', () => {
    expect([0.05, 0.051, NaN].map((value) => verdict(value, limit('latency.p99', 0.05), 'seconds', false))).toEqual(['met', 'missed', 'open']);
    expect(verdict(0.9, limit('x', 0.95, 'at least'), 'count', false)).toBe('missed');
  });

  it('call no time held while requests in flight grow; what is missed stays missed, and money is money', () => {
    expect([0.05, 0.051, NaN].map((value) => verdict(value, limit('latency.p99', 0.05), 'seconds', true))).toEqual(['open', 'missed', 'open']);
    expect(verdict(0, limit('requests.failedShare', 0.01), 'share', true)).toBe('open');
    expect(verdict(100, limit('cost.usdPerHour', 120), 'usd/hour', true)).toBe('met');
    expect([1, 3].map((price) => verdict(price, limit('cost.usdPerMillionTokens', 2), 'usd/million tokens', false, true))).toEqual(['met', 'open']);
    expect(verdict(3, limit('cost.usdPerMillionTokens', 2), 'usd/million tokens', false)).toBe('missed');
    expect(verdict(3, limit('latency.p99', 2), 'seconds', false, true)).toBe('missed');
    expect(verdict(50, limit('requests.answeredPerSecond', 40, 'at least'), 'requests/second', true)).toBe('met');
  });
});
