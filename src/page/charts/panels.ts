/** The four panels of the dock: which series each one shows, in which ink, and what it says about itself in words. */
import { max, quantile } from 'd3-array';
import type { Objective } from '../../design/design.ts';
import type { ChartId, Charts, ChartSeries } from '../../run/protocol.ts';
import { format } from '../../units/format.ts';
import type { Unit } from '../../units/unit.ts';
import { latest, lowest, peak, recent, shareAbove, silentSince, speaks } from './figures.ts';
import { assignSlots, inkOf } from './ink.ts';
import type { Line, PlotSpec } from './marks.ts';
import { timeText } from './ticks.ts';

/** What one panel shows at one moment. */
export interface View {
  /** Whose series the lines are. */
  readonly chart: ChartId;
  readonly lines: readonly Line[];
  readonly unit: Unit;
  readonly filled: boolean;
  readonly stepped: boolean;
  readonly ceiling: number | null;
  readonly reach: number;
  readonly limit: PlotSpec['limit'];
  /** The figure at the right of the title. */
  readonly headline: string;
  /** The chart in one sentence. */
  readonly sentence: string;
}

/** One thing a panel can show; panels with several offer them as a switch in their title. */
export interface Choice {
  readonly id: string;
  readonly label: string;
}

/** What a panel knows besides the series: the design's promises, and the slots its lines had a moment ago. */
export interface Context {
  readonly objectives: readonly Objective[];
  readonly slots: ReadonlyMap<string, number>;
}

/** A panel: pure functions from the run's series. */
export interface Panel {
  readonly id: string;
  /** Said while there is nothing to draw. */
  readonly empty: string;
  readonly choices: (charts: Charts | null) => readonly Choice[];
  readonly view: (charts: Charts, choice: string, context: Context) => View;
}

/** A share in whole per cent: sentences are read, not audited. */
const share = (value: number): string => (value > 0 && value < 0.005 ? 'under 1 %' : format(Math.round(value * 100) / 100, 'share'));

/** What tells a line from the others of its chart. */
export const keyOf = (series: Pick<ChartSeries, 'node' | 'name'>): string => `${series.node ?? ''}\n${series.name}`;
const of = (charts: Charts | null, chart: ChartSeries['chart']): readonly ChartSeries[] =>
  charts?.series.filter((series) => series.chart === chart) ?? [];

// Latency ------------------------------------------------------------------------------------------------------------

const percentileInk: Readonly<Record<string, { stroke: string; dash: string; weight: number }>> = {
  p50: { stroke: 'var(--ok)', dash: '', weight: 1.6 },
  p95: { stroke: 'var(--warm)', dash: '5 2.5', weight: 1.6 },
  p99: { stroke: 'var(--hot)', dash: '', weight: 1.9 },
  'p99.9': { stroke: 'var(--fail)', dash: '1.5 2.5', weight: 1.5 },
};

const percentileLine = (series: ChartSeries): Line => ({
  key: keyOf(series), name: series.name, values: series.values,
  slot: 0, ...(percentileInk[series.name] ?? { ...inkOf(4), weight: 1.5 }),
});

const latencyMetrics: Readonly<Record<string, string>> = { latency: 'latency.', firstToken: 'llm.ttft.' };

/** Objectives name percentiles without a dot (`p999`), charts with one (`p99.9`). */
const percentileOf = (metric: string, prefix: string): string => metric.slice(prefix.length).replace('p999', 'p99.9');

/** The limit an objective sets for a line of this latency chart, if any. */
export function latencyLimit(objectives: readonly Objective[], choice: string): { value: number; percentile: string } | null {
  const prefix = latencyMetrics[choice] ?? 'latency.';
  const found = objectives.find(({ metric, relation }) => relation === 'at most' && metric.startsWith(prefix));
  return found ? { value: found.limit, percentile: percentileOf(found.metric, prefix) } : null;
}

/** When the latest of these values was true: figures of answers stand still while there are none. */
function nowOrLast(times: ArrayLike<number>, values: ArrayLike<number>): string {
  const last = silentSince(values);
  return last < 0 ? 'now' : `at the last answer (${timeText(times[last]!)})`;
}

function latencySentence(times: ArrayLike<number>, lines: readonly Line[], limit: { value: number; percentile: string } | null): string {
  const tail = lines.find(({ name }) => name === (limit?.percentile ?? 'p99')) ?? lines.find(({ name }) => name === 'p99') ?? lines[lines.length - 1];
  const top = tail && peak(tail.values);
  if (!tail || !top) return 'No request has been answered yet.';
  const now = latest(tail.values);
  const middle = latest(lines.find(({ name }) => name === 'p50')?.values ?? []);
  const over = limit ? shareAbove(tail.values, limit.value) : 0;
  const answers = silentSince(tail.values) < 0;
  return [
    `${tail.name} ${format(now, 'seconds', 2)} ${nowOrLast(times, tail.values)}, peak ${format(top.value, 'seconds', 2)} at ${timeText(times[top.at]!)}`,
    ...(answers && now > 1.05 * middle && middle > 0 && tail.name !== 'p50' ? [`${format(now / middle, 'ratio', 2)} the median`] : []),
    ...(limit && over > 0 ? [`over ${format(limit.value, 'seconds')} for ${share(over)} of the time`] : []),
  ].join('; ') + '.';
}

/**
 * Where the axis ends when the outermost tail is far above everything else: the figures that promises are made about must not
 * be pressed flat by one request in a thousand. Null where all lines have room.
 */
export function latencyCeiling(lines: readonly Line[], limit: number): number | null {
  const outer = lines.find(({ name }) => name === 'p99.9');
  const rest = Math.max(limit, ...lines.filter((each) => each !== outer).map(({ values }) => peak(values)?.value ?? 0));
  return outer && rest > 0 && (peak(outer.values)?.value ?? 0) > 3 * rest ? 1.5 * rest : null;
}

function latencyView(charts: Charts, choice: string, { objectives }: Context): View {
  const lines = of(charts, choice === 'firstToken' ? 'firstToken' : 'latency').map(percentileLine);
  const limit = latencyLimit(objectives, choice);
  const tail = lines.find(({ name }) => name === 'p99');
  return {
    chart: choice === 'firstToken' ? 'firstToken' : 'latency', lines, unit: 'seconds', filled: false, stepped: false, ceiling: latencyCeiling(lines, limit?.value ?? 0), reach: 0,
    limit: limit && { value: limit.value, label: `${limit.percentile} ≤ ${format(limit.value, 'seconds')}` },
    headline: tail && silentSince(tail.values) >= 0 ? 'no answers' : tail && speaks(tail.values) ? `p99 ${format(latest(tail.values), 'seconds', 2)}` : '',
    sentence: latencySentence(charts.times, lines, limit),
  };
}

const latencyPanel: Panel = {
  id: 'latency',
  empty: 'Press play to see latency.',
  choices: (charts) => {
    const served = of(charts, 'firstToken').some(({ values }) => speaks(values));
    return served
      ? [{ id: 'firstToken', label: 'First token' }, { id: 'latency', label: 'Latency' }]
      : [{ id: 'latency', label: 'Latency' }];
  },
  view: latencyView,
};

// Waiting ------------------------------------------------------------------------------------------------------------

/** The `count` series with the highest recent mean, highest first; silent ones last. */
export function busiest(series: readonly ChartSeries[], count: number): readonly ChartSeries[] {
  const rank = (each: ChartSeries): number => { const mean = recent(each.values); return Number.isNaN(mean) ? -1 : mean; };
  return series.map((each) => ({ each, mean: rank(each) })).sort((a, b) => b.mean - a.mean).slice(0, count).map(({ each }) => each);
}

/** Lines in the order of their slots, so that a legend does not jump when the ranking changes. */
function slotted(series: readonly ChartSeries[], before: ReadonlyMap<string, number>): readonly Line[] {
  const slots = assignSlots(before, series.map(keyOf));
  return series
    .map((each) => ({ each, slot: slots.get(keyOf(each))! }))
    .sort((a, b) => a.slot - b.slot)
    .map(({ each, slot }) => ({ key: keyOf(each), name: each.name, values: each.values, slot, ...inkOf(slot), weight: 1.7 }));
}

function waitingSentence(times: ArrayLike<number>, all: readonly ChartSeries[]): string {
  const first = busiest(all, 1)[0];
  const top = first && peak(first.values);
  if (!first || !top || top.value < 0.05) return 'Nothing is waiting anywhere.';
  const now = recent(first.values);
  const total = all.reduce((sum, each) => sum + (recent(each.values) || 0), 0);
  if (now < 0.05) return `Next to nothing waits now; the peak was ${format(top.value, 'count', 2)} at ${first.name}, at ${timeText(times[top.at]!)}.`;
  return [
    `${format(now, 'count', 2)} wait at ${first.name}, peak ${format(top.value, 'count', 2)} at ${timeText(times[top.at]!)}`,
    ...(total > now && now > 0 ? [`${share(now / total)} of all that wait`] : []),
  ].join('; ') + '.';
}

function waitingView(charts: Charts, _choice: string, { slots }: Context): View {
  const all = of(charts, 'waiting');
  const top = busiest(all, 4).filter((each, i) => i === 0 || (peak(each.values)?.value ?? 0) > 0);
  const first = top[0];
  const mean = first ? recent(first.values) : NaN;
  return {
    chart: 'waiting', lines: slotted(top, slots), unit: 'requests', filled: true, stepped: true, ceiling: null, reach: 1, limit: null,
    headline: Number.isNaN(mean) ? '' : mean >= 0.5 ? first!.name : mean < 0.05 ? 'no queue' : 'hardly any',
    sentence: waitingSentence(charts.times, all),
  };
}

const waitingPanel: Panel = {
  id: 'waiting',
  empty: 'Queues at each component appear here.',
  choices: (charts) => [
    { id: 'waiting', label: of(charts, 'failures').length > 0 ? 'Waiting' : 'Waiting requests' },
    { id: 'throughput', label: 'Throughput' },
    ...(of(charts, 'failures').length > 0 ? [{ id: 'failures', label: 'Failures' }] : []),
  ],
  view: (charts, choice, context) => (choice === 'throughput' ? throughputView(charts) : choice === 'failures' ? failuresView(charts, context) : waitingView(charts, choice, context)),
};

// Throughput and failures --------------------------------------------------------------------------------------------

const throughputInk: Readonly<Record<string, { stroke: string; dash: string }>> = {
  offered: { stroke: 'var(--soft)', dash: '4 3' },
  answered: { stroke: 'var(--warm)', dash: '' },
  goodput: { stroke: 'var(--ok)', dash: '' },
};

function throughputView(charts: Charts): View {
  const all = of(charts, 'throughput');
  const now = (name: string): number => recent(all.find((each) => each.name === name)?.values ?? []) || 0;
  const [offered, answered, good] = [now('offered'), now('answered'), now('goodput')];
  const say = (value: number): string => format(value, 'requests/second', 2);
  return {
    chart: 'throughput', lines: all.map((each, i) => ({ key: keyOf(each), name: each.name, values: each.values, slot: i, ...(throughputInk[each.name] ?? inkOf(i)), weight: 1.7 })),
    unit: 'requests/second', filled: false, stepped: false, ceiling: null, reach: 0, limit: null,
    headline: `goodput ${say(good)}`,
    sentence: `Of ${say(offered)} offered, ${say(answered)} are answered and ${say(good)} in time${answered > 0 && good < 0.995 * answered ? `: ${share(1 - good / answered)} of the answers come too late` : ''}.`,
  };
}

function failuresView(charts: Charts, { slots }: Context): View {
  const all = of(charts, 'failures');
  const top = busiest(all, 4);
  const first = top[0];
  const rate = first ? recent(first.values) || 0 : 0;
  return {
    chart: 'failures', lines: slotted(top, slots), unit: 'requests/second', filled: true, stepped: false, ceiling: null, reach: 0, limit: null,
    headline: rate > 0 ? first!.name : 'none now',
    sentence: rate > 0 ? `${format(rate, 'requests/second', 2)} fail as “${first!.name}”, the most frequent reason now.` : `Nothing fails now; “${first?.name ?? ''}” was the most frequent reason.`,
  };
}

// Utilisation --------------------------------------------------------------------------------------------------------

/** What was saved up may be drawn at once, and an allowance be used to many times its whole: how many says nothing. */
const used = (value: number): string => (value > 1.005 ? 'over 100 %' : share(value));

function utilisationSentence(times: ArrayLike<number>, lines: readonly ChartSeries[]): string {
  const first = busiest(lines, 1)[0];
  const top = first && peak(first.values);
  if (!first || !top) return 'Nothing has worked yet.';
  const second = busiest(lines, 2)[1];
  return [
    `${first.name} is busiest at ${used(recent(first.values))}, peak ${used(top.value)} at ${timeText(times[top.at]!)}`,
    ...(second && speaks(second.values) ? [`then ${second.name} at ${used(recent(second.values))}`] : []),
  ].join('; ') + '.';
}

function utilisationView(charts: Charts, _choice: string, { slots }: Context): View {
  const all = of(charts, 'utilisation').filter(({ values }) => speaks(values));
  const top = busiest(all, 4);
  return {
    // A line above 100 % runs along the upper edge.
    chart: 'utilisation', lines: slotted(top, slots), unit: 'share', filled: false, stepped: false, ceiling: 1, reach: 1, limit: null,
    headline: top[0] ? `highest ${used(recent(top[0].values))}` : '',
    sentence: utilisationSentence(charts.times, all),
  };
}

const utilisationPanel: Panel = {
  id: 'utilisation',
  empty: 'How busy each component is appears here.',
  choices: () => [{ id: 'utilisation', label: 'Utilisation' }],
  view: utilisationView,
};

// Cost ---------------------------------------------------------------------------------------------------------------

/** What a cost series is counted in, told from its name. */
export function costUnit(name: string): Unit {
  if (/token/i.test(name)) return 'usd/million tokens';
  return /request/i.test(name) ? 'usd/million requests' : 'usd/hour';
}

const costLabels: Readonly<Partial<Record<Unit, string>>> = {
  'usd/hour': '$ / hour', 'usd/million tokens': '$ / million', 'usd/million requests': '$ / million',
};

const spoken: Readonly<Partial<Record<Unit, string>>> = {
  'usd/hour': 'an hour', 'usd/million tokens': 'per million tokens', 'usd/million requests': 'per million requests',
};

function costSentence(times: ArrayLike<number>, line: ChartSeries | undefined, unit: Unit, hourly: number): string {
  const now = line ? latest(line.values) : NaN;
  if (!line || Number.isNaN(now)) return 'Nothing has been answered yet, so there is no price for it.';
  const say = (value: number): string => format(value, 'usd');
  const range = `between ${say(lowest(line.values))} and ${say(peak(line.values)!.value)} so far`;
  const steady = peak(line.values)!.value - lowest(line.values) <= 0.005 * Math.abs(now);
  const beside = unit !== 'usd/hour' && silentSince(line.values) < 0 && Number.isFinite(hourly) ? ` at ${say(hourly)} an hour` : '';
  return `${say(now)} ${spoken[unit] ?? ''} ${nowOrLast(times, line.values)}${beside}; ${steady ? 'steady' : range}.`;
}

/** Where the axis ends when the first answers, which carry the whole price of an idle fleet, are far dearer than those that follow. */
function costCeiling(lines: readonly Line[]): number | null {
  const values = lines.flatMap((each) => Array.from(each.values).filter(Number.isFinite));
  const usual = 2 * (quantile(values, 0.75) ?? 0);
  return (max(values) ?? 0) > 2 * usual && usual > 0 ? usual : null;
}

function costView(charts: Charts, choice: string): View {
  const all = of(charts, 'cost');
  const unit = choice as Unit;
  const shown = all.filter(({ name }) => costUnit(name) === unit);
  const hourly = latest(all.find(({ name }) => costUnit(name) === 'usd/hour')?.values ?? []);
  const lines = shown.map((each, i) => ({ key: keyOf(each), name: each.name, values: each.values, slot: i, ...inkOf(i + 1), dash: i > 0 ? '3 2' : '', weight: 1.7 }));
  return {
    chart: 'cost', lines, unit, filled: true, stepped: false, ceiling: costCeiling(lines), reach: 0, limit: null,
    headline: Number.isFinite(latest(shown[0]?.values ?? [])) ? format(latest(shown[0]!.values), unit, 3) : '',
    sentence: costSentence(charts.times, shown[0], unit, hourly),
  };
}

const costPanel: Panel = {
  id: 'cost',
  empty: 'What the design costs as it runs appears here.',
  choices: (charts) => {
    const units = new Set(of(charts, 'cost').filter(({ values }) => speaks(values)).map(({ name }) => costUnit(name)));
    const order: Unit[] = ['usd/million tokens', 'usd/million requests', 'usd/hour'];
    const found = order.filter((unit) => units.has(unit)).map((unit) => ({ id: unit, label: costLabels[unit]! }));
    return found.length > 0 ? found : [{ id: 'usd/hour', label: 'Cost' }];
  },
  view: costView,
};

/** The panels of the dock, from left to right. */
export const panels: readonly Panel[] = [latencyPanel, waitingPanel, utilisationPanel, costPanel];
