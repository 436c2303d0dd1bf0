/** What the page says of chance: figures with half-widths, bands over charts, differences, and whether a run is steady. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gateDesign } from '../src/design/gate.ts';
import type { Design } from '../src/design/design.ts';
import { axisTop, plot, type Line, type PlotSpec } from '../src/page/charts/marks.ts';
import { gain, plusMinus } from '../src/page/charts/plus-minus.ts';
import { asCharts, areEmpty, withSpreads } from '../src/page/charts/spreads.ts';
import { differences, figures, outcomeOf } from '../src/page/charts/study-figures.ts';
import { spreadText } from '../src/page/charts/tip.ts';
import { sureSentence, sureWords } from '../src/page/sure.ts';
import { eventBudget, sliceFor } from '../src/page/slice.ts';
import type { Result } from '../src/run/result.ts';
import { Simulation } from '../src/run/simulation.ts';
import { bandsOf } from '../src/run/statistics/bands.ts';
import { merge } from '../src/run/statistics/merge.ts';
import { replicate } from '../src/run/statistics/replication.ts';
import type { Replicated } from '../src/session/replications.ts';
import { exponential, path, people, result, sketch, station, tuned } from './sketch.ts';

/** A queue that is busy for a share of the time. */
const queue = (utilisation: number, seconds = 400): Design => ({ ...sketch([people(50 * utilisation), station('server', 1, exponential(0.02))], path('users', 'server'), seconds) });

function replicated(design: Design, count: number): Replicated {
  const all = Array.from({ length: count }, (_, k) => replicate({ designs: [design], traces: {}, count, points: 40 }, k));
  return { design, result: merge(design, all), results: all.map((one) => one.result), bands: bandsOf(all.map((one) => one.charts)) };
}

describe('a figure with its half-width', () => {
  it('is written in one unit, to the digits that are sure', () => {
    expect(plusMinus(0.036872, 0.00041, 'seconds')).toBe('36.87 ± 0.41 ms');
    expect(plusMinus(1.16, 0.14, 'seconds')).toBe('1.16 ± 0.14 s');
    expect(plusMinus(0.979, 0.012, 'usd/million tokens')).toBe('$0.979 ± 0.012/1M tok');
    expect(plusMinus(166.3, 12, 'requests/second')).toBe('166 ± 12 /s');
    expect(plusMinus(725, 0, 'usd/hour')).toBe('$725 ± 0/h');
    expect(plusMinus(0.9967, 0.0002, 'share')).toBe('99.670 ± 0.020 %');
    expect(plusMinus(0, 0, 'share')).toBe('0 %');
    expect(plusMinus(0.043, null, 'seconds')).toBe('43 ms');
    expect(plusMinus(82_600, 1234, 'usd')).toBe('$82,600 ± 1,234');
    expect(plusMinus(76_890.7, 0.25, 'usd')).toBe('$76,891 ± <1');
    expect(plusMinus(1.23456789, 0.0000012, 'seconds')).toBe('1.2346 ± <0.0001 s');
  });

  it('may be smaller than the half-width, which then decides the unit', () => {
    expect(plusMinus(0.0004, 0.012, 'seconds')).toBe('0 ± 12 ms');
    expect(plusMinus(0, 0.012, 'seconds')).toBe('0 ± 12 ms');
  });

  it('has its sign in front where it is a difference, and points where it is of shares', () => {
    expect(gain(0.002, 0.001, 'seconds')).toBe('+2.0 ± 1.0 ms');
    expect(gain(-0.1, 0.02, 'share')).toBe('−10.0 ± 2.0 points');
    expect(gain(-305, 17, 'usd')).toBe('−$305 ± 17');
  });
});

describe('bands over a chart', () => {
  const line: Line = { key: '\np99', name: 'p99', values: [1, 2], stroke: 'red', dash: '', weight: 1, slot: 0 };
  const spec = (lines: readonly Line[]): PlotSpec => ({ times: [1, 2], lines, unit: 'seconds', width: 300, height: 160, filled: false, reach: 0, limit: null, moments: [], isolated: null });
  const bands = (high: number) => ({ times: Float64Array.of(2, 4, 6), replications: 5, series: [{ chart: 'latency' as const, name: 'p99', node: null, mean: Float64Array.of(1, 1, NaN), low: Float64Array.of(0.5, 0.5, NaN), high: Float64Array.of(high, high, NaN) }] });

  it('belong to the line of the same chart, component and name', () => {
    expect(withSpreads([line], 'latency', bands(2))[0]!.spread!.high[0]).toBe(2);
    expect(withSpreads([line], 'firstToken', bands(2))[0]!.spread).toBe(undefined);
    expect(withSpreads([{ ...line, key: 'gpu\np99' }], 'latency', bands(2))[0]!.spread).toBe(undefined);
  });

  it('are drawn to their own end, with gaps, and fade with their line', () => {
    const lines = withSpreads([line, { ...line, key: '\np50', name: 'p50' }], 'latency', bands(2));
    const drawn = plot(spec(lines));
    const shapes = drawn.shapes.filter(({ at }) => at['class'] === 'spread');
    expect(shapes.length).toBe(1);
    expect(String(shapes[0]!.at['d'])).not.toContain('NaN');
    expect([drawn.timeAt(drawn.box.left), drawn.timeAt(drawn.box.right)]).toEqual([0, 6]);
    expect(plot({ ...spec(lines), isolated: '\np50' }).shapes.some(({ at }) => at['class'] === 'spread')).toBe(false);
  });

  it('stretch the axis, but not without end', () => {
    const top = (high: number): number => axisTop(spec(withSpreads([line], 'latency', bands(high))));
    expect([top(1), top(3), top(1000)]).toEqual([2, 3, 4]);
    const shares = { ...spec(withSpreads([{ ...line, values: [0.9, 1.0001] }], 'latency', bands(1.2))), reach: 1 };
    expect(axisTop(shares)).toBe(1);
  });

  it('are told at the pointer', () => {
    const [banded] = withSpreads([line], 'latency', bands(2));
    expect([spreadText(banded!, 3, 'seconds', '1 s'), spreadText(banded!, 5, 'seconds', '1 s'), spreadText(line, 3, 'seconds', '1 s')]).toEqual([' 500 ms–2 s', '', '']);
    const close = { ...line, spread: { times: [2], mean: [0.037], low: [0.036], high: [0.0382] } };
    expect([spreadText(close, 1, 'seconds', '37 ms'), spreadText(close, 1, 'usd/hour', '$1/h')]).toEqual([' 36–38', ' $0.036–0.038']);
  });

  it('stand alone while nothing has run', () => {
    expect([areEmpty(null), areEmpty(asCharts(bands(2)))]).toEqual([true, false]);
    expect(asCharts(bands(2)).series[0]!.values).toEqual(Float64Array.of(1, 1, NaN));
  });
});

describe('the tables of a study', () => {
  const calm = replicated(queue(0.5), 6);
  const busy = replicated(queue(0.8), 6);

  it('hold the usual figures, the busiest component, and what is promised', () => {
    const rows = figures(busy.result, { ...busy.design, objectives: [{ metric: 'latency.p95', relation: 'at most', limit: 1 }] });
    expect(rows.map(({ metric }) => metric)).toEqual(['latency.p50', 'latency.p99', 'requests.goodputPerSecond', 'requests.failedShare', 'nodes.server.utilisation', 'cost.usdPerHour', 'cost.usdPerMillionRequests', 'latency.p95']);
    const { value, half } = rows.find(({ metric }) => metric === 'nodes.server.utilisation')!;
    expect(Math.abs(value - 0.8)).toBeLessThan(3 * half!);
  });

  it('tell a difference from none', () => {
    const rows = differences(calm, busy);
    const outcome = (metric: string) => outcomeOf(rows.find((row) => row.metric === metric)!);
    expect([outcome('latency.p50'), outcome('requests.goodputPerSecond'), outcome('nodes.server.utilisation')]).toEqual(['worse', 'better', 'other']);
    expect(differences(calm, calm).map(outcomeOf)).toEqual(differences(calm, calm).map(() => 'same'));
    expect(outcomeOf(differences(busy, calm).find(({ metric }) => metric === 'latency.p50')!)).toBe('better');
  });
});

describe('how sure one run is', () => {
  const automatic = (design: Design): Design => ({ ...design, run: { ...design.run, warmup: 'automatic' } });

  it('is said in a few words', () => {
    const steady = result(automatic(queue(0.5, 4000)));
    expect(sureWords(steady, queue(0.5))).toMatch(/^steady (from the start|since [\d.]+ s); p99 ±\s\d+(\.\d+)?\s%$/);
    expect(sureSentence(steady, queue(0.5))).toMatch(/MSER-5.*95 % interval/);
    const promised: Design = { ...queue(0.5), objectives: [{ metric: 'latency.p50', relation: 'at most', limit: 1 }] };
    expect(sureWords(steady, promised)).toMatch(/; p50 latency ±\s/);
  });

  it('says when a run is not steady, too short, or has nothing to tell', () => {
    const overloaded = result(automatic(tuned(queue(0.5, 1000), 'users', { arrivalRate: 60 })));
    expect(sureWords(overloaded, queue(0.5))).toMatch(/^not steady: requests in flight grow; /);
    expect(sureSentence(overloaded, queue(0.5))).toContain('still drifts');
    expect(sureWords({ ...result(queue(0.5, 2)), intervals: {} }, queue(0.5))).toBe('counted from the start; too short to say how sure');
    const early: Design = { ...queue(0.5, 2), run: { ...queue(0.5, 2).run, warmupSeconds: 30 } };
    expect(sureSentence(result(early), early)).toMatch(/^Everything counts until the warm-up of 30 s is over\. /);
    const silent: Result = result(tuned(queue(0.5, 2), 'users', { arrivalRate: 0.0001 }));
    expect(sureWords(silent, queue(0.5))).toBe('nothing answered yet');
    expect(sureWords(result({ ...queue(0.5), run: { ...queue(0.5).run, warmupSeconds: 50 } }), queue(0.5))).toMatch(/^steady after 50 s; /);
    const growing = result(tuned(queue(0.5, 1000), 'users', { arrivalRate: 60 }));
    expect(sureWords(growing, queue(0.5))).toMatch(/^not steady: requests in flight grow; throughput/);
    // What drifts without growing: the other half of the run is quieter.
    expect(sureWords({ ...growing, inFlightGrows: false }, queue(0.5))).toMatch(/^not steady yet; throughput/);
    expect(sureSentence(growing, queue(0.5))).toContain('as the design says');
  });
});

describe('a design that falls behind and one that does not', () => {
  const scenario = (slug: string): { readonly naive: unknown } => JSON.parse(readFileSync(new URL(`../scenarios/${slug}.json`, import.meta.url), 'utf8')) as { naive: unknown };

  it('are told apart within seconds: answers in time are not steady while thousands wait', () => {
    const gated = gateDesign(scenario('llm-70b-30m-per-day').naive);
    if (!gated.ok) throw new Error(gated.why);
    const sim = new Simulation(gated.value);
    for (const time of [7, 12, 24]) {
      sim.runTo(time);
      expect(sureWords(sim.result(), gated.value), `at ${time} s`).toMatch(/^not steady: requests in flight grow; /);
      expect(sureSentence(sim.result(), gated.value), `at ${time} s`).toContain('only of those that were answered');
    }
    expect(sureWords(result(queue(0.7, 4000)), queue(0.7))).toMatch(/^steady from the start; /);
  });
});

describe('the slice that keeps within the budget', () => {
  it('follows from events per simulated second, whatever is simulated now', () => {
    const heavy = { eventsPerSecond: 2e6, realTimeFactor: 0.1 };
    expect(sliceFor(heavy, 1, 1)).toBe(Math.ceil(2e7 / eventBudget));
    expect(sliceFor({ eventsPerSecond: 1e6, realTimeFactor: 1 }, 1, 20)).toBe(20);
    expect(sliceFor(heavy, 4, 1)).toBe(80);
    expect(sliceFor({ eventsPerSecond: 1000, realTimeFactor: 1 }, 16, 1)).toBe(1);
  });

  it('is not known before anything has run, nor wanted where it runs as fast as it can', () => {
    expect([sliceFor(null, 1, 1), sliceFor({ eventsPerSecond: 0, realTimeFactor: 0 }, 1, 1), sliceFor({ eventsPerSecond: 1, realTimeFactor: NaN }, 1, 1), sliceFor({ eventsPerSecond: 1, realTimeFactor: 1 }, 0, 1)]).toEqual([null, null, null, null]);
  });
});
