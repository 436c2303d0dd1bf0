/** From series to marks: a chart as a plain list of SVG shapes, computed without a page. */
import { greatest, least, max, maxIndex, range } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { area, curveLinear, curveStepBefore, line } from 'd3-shape';
import { format } from '../../units/format.ts';
import type { Unit } from '../../units/unit.ts';
import { notation, tickText, timeText } from './ticks.ts';

/** Where the mean of several runs lies, nineteen times out of twenty: columns of their own, each ending at its time; NaN where no run had anything to say. */
export interface Spread {
  readonly times: ArrayLike<number>;
  readonly mean: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

/** One line of a chart: its values in the chart's unit (NaN is a gap), and how it is inked. */
export interface Line {
  readonly key: string;
  readonly name: string;
  readonly values: ArrayLike<number>;
  readonly stroke: string;
  /** SVG dash pattern; empty is solid. */
  readonly dash: string;
  /** Stroke width in pixels. */
  readonly weight: number;
  /** The ink slot it holds, to be kept from one drawing to the next. */
  readonly slot: number;
  /** The same line over several runs, where that is known. */
  readonly spread?: Spread;
}

/** A moment worth a dashed vertical line. */
export interface Moment {
  readonly time: number;
  readonly label: string;
}

/** A stretch of time; `to` is Infinity while it lasts. */
export interface Band {
  readonly from: number;
  readonly to: number;
  readonly sort: 'fault' | 'warm-up';
}

/** Everything a chart is drawn from. Sizes in pixels, times in simulated seconds. */
export interface PlotSpec {
  readonly times: ArrayLike<number>;
  readonly lines: readonly Line[];
  readonly unit: Unit;
  readonly width: number;
  readonly height: number;
  /** Tint the area under each line. */
  readonly filled: boolean;
  /** Draw each column's value as a level over the whole column: for counts, which do not glide. */
  readonly stepped?: boolean;
  /** Where the axis ends although a line goes on above it, in the unit; null lets every line be seen whole. */
  readonly ceiling?: number | null;
  /** The least value the axis reaches up to, in the unit; 0 lets the data decide. */
  readonly reach: number;
  readonly limit: { readonly value: number; readonly label: string } | null;
  readonly moments: readonly Moment[];
  /** Stretches of time with a tint behind the lines: faults while they last, and the warm-up. */
  readonly bands?: readonly Band[];
  /** Key of the only line shown in full ink; the others fade. */
  readonly isolated: string | null;
}

/** One SVG element: its tag, its attributes, its text. */
export interface Shape {
  readonly tag: 'path' | 'line' | 'text' | 'circle' | 'rect';
  readonly at: Readonly<Record<string, string | number>>;
  readonly text?: string;
}

/** The inner rectangle of a chart, in pixels. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A chart ready to paint, with the scales that pointers and crosshairs need. */
export interface Plot {
  readonly shapes: readonly Shape[];
  readonly box: Box;
  readonly x: (seconds: number) => number;
  readonly y: (value: number) => number;
  readonly timeAt: (pixels: number) => number;
}

/** Width in pixels of one character of an axis label (10 px monospaced), and of a moment's. */
const character = 6.1;
const letter = 5.6;

/** A line's values as the scale sees them: only finite ones. */
export function highest(lines: readonly Line[]): number {
  return max(lines, (each) => max(Array.from(each.values), (value) => (Number.isFinite(value) ? value : undefined))) ?? 0;
}

/** How far above all lines a band may push the axis: a few runs that say little of a far tail must not press everything else flat. */
const mostStretch = 2;

/** A share of 1.0000001 must not raise the axis above 100 %. */
const negligible = 1.005;

/** The highest that lines and their bands reach; a band alone never leads above what the axis has anyway. */
function reached(lines: readonly Line[], reach: number): number {
  const drawn = Math.max(highest(lines), max(lines, ({ spread }) => (spread ? peakOf(spread.mean) : 0)) ?? 0);
  const bands = max(lines, ({ spread }) => (spread ? peakOf(spread.high) : 0)) ?? 0;
  return drawn <= reach * negligible ? drawn : Math.max(drawn, Math.min(bands, mostStretch * drawn));
}

const peakOf = (values: ArrayLike<number>): number => max(Array.from(values), (value) => (Number.isFinite(value) ? value : undefined)) ?? 0;

/** Where the value axis ends, in the unit: above the data, above `reach`, and above the limit while that is not far away. */
export function axisTop(spec: Pick<PlotSpec, 'lines' | 'reach' | 'limit' | 'ceiling'>): number {
  const peak = Math.min(reached(spec.lines, spec.reach), spec.ceiling ?? Infinity);
  const data = peak <= spec.reach * negligible ? spec.reach : peak;
  const limit = spec.limit?.value ?? 0;
  const top = limit > 0 && (data === 0 || limit <= data * 3) ? Math.max(data, limit * 1.08) : data;
  return top > 0 ? top : 1;
}

/** First and last moment of everything drawn: the live columns, and the bands. */
function wholeSpan({ times, lines }: Pick<PlotSpec, 'times' | 'lines'>): readonly [number, number] {
  const spread = lines.find((each) => each.spread)?.spread;
  if (!spread) return timeSpan(times);
  const [live, other] = [timeSpan(times), timeSpan(spread.times)];
  return times.length === 0 ? other : [Math.min(live[0], other[0]), Math.max(live[1], other[1])];
}

/** First and last moment of the time axis: columns end at their times, so the first begins one column earlier. */
export function timeSpan(times: ArrayLike<number>): readonly [number, number] {
  const first = times[0] ?? 0;
  const last = times[times.length - 1] ?? 0;
  const start = times.length > 1 ? Math.max(0, 2 * first - times[1]!) : 0;
  return last > start ? [start, last] : [start, start + 1];
}

interface Axis {
  readonly scale: (value: number) => number;
  /** The greatest value it shows, in the unit. */
  readonly end: number;
  readonly ticks: readonly { readonly y: number; readonly text: string }[];
}

function valueAxis(spec: PlotSpec, top: number, bottom: number): Axis {
  const end = axisTop(spec);
  const written = notation(spec.unit, end);
  const count = Math.max(2, Math.min(4, Math.floor((bottom - top) / 26)));
  const scale = scaleLinear().domain([0, end / written.divisor]).nice(count).range([bottom, top]);
  const values = scale.ticks(count);
  const step = values.length > 1 ? values[1]! - values[0]! : values[0]! || 1;
  const text = (value: number, last: boolean) =>
    `${last ? written.before : ''}${tickText(value, step)}${last && written.after ? ` ${written.after}` : ''}`;
  return {
    end: scale.domain()[1]! * written.divisor,
    // A line that goes on above the axis runs along its upper edge.
    scale: (value) => Math.max(top - 2, scale(value / written.divisor)),
    ticks: values.map((value, i) => ({ y: scale(value), text: text(value, i === values.length - 1) })),
  };
}

function gridShapes(axis: Axis, box: Box): Shape[] {
  return axis.ticks.flatMap(({ y, text }): Shape[] => [
    { tag: 'line', at: { x1: box.left, x2: box.right, y1: round(y), y2: round(y), stroke: 'var(--line)' } },
    { tag: 'text', at: { x: box.left - 6, y: round(y + 3.5), 'text-anchor': 'end', class: 'tick' }, text },
  ]);
}

function spanShapes(span: readonly [number, number], box: Box, height: number): Shape[] {
  const y = height - 3;
  return [
    { tag: 'text', at: { x: box.left, y, class: 'tick' }, text: timeText(span[0]) },
    { tag: 'text', at: { x: box.right, y, 'text-anchor': 'end', class: 'tick' }, text: timeText(span[1]) },
  ];
}

/** The path of one line with gaps where the value is not finite; a lone value becomes a dot (round caps). */
export function linePath(times: ArrayLike<number>, values: ArrayLike<number>, x: (t: number) => number, y: (v: number) => number, stepped = false): string {
  const path = line<number>((_, i) => round(x(times[i]!)), (value) => round(y(value))).defined(Number.isFinite).curve(stepped ? curveStepBefore : curveLinear);
  return path(Array.from(values)) ?? '';
}

function areaPath(times: ArrayLike<number>, values: ArrayLike<number>, x: (t: number) => number, y: (v: number) => number, stepped = false): string {
  const path = area<number>((_, i) => round(x(times[i]!)), round(y(0)), (value) => round(y(value))).defined(Number.isFinite).curve(stepped ? curveStepBefore : curveLinear);
  return path(Array.from(values)) ?? '';
}

function lineShapes(spec: PlotSpec, x: (t: number) => number, y: (v: number) => number): Shape[] {
  const faded = (each: Line) => spec.isolated !== null && spec.isolated !== each.key;
  // Several tints lie over one another: each is so light that all together stay light.
  const tint = spec.lines.length > 2 ? 0.04 : 0.1;
  const areas = spec.lines.map((each): Shape => ({
    tag: 'path',
    at: { d: areaPath(spec.times, each.values, x, y, spec.stepped), fill: each.stroke, opacity: faded(each) ? 0 : tint },
  }));
  const lines = spec.lines.map((each): Shape => ({
    tag: 'path',
    at: {
      d: linePath(spec.times, each.values, x, y, spec.stepped), class: 'line', stroke: each.stroke, opacity: faded(each) ? 0.14 : 1,
      'stroke-width': each.weight, 'stroke-dasharray': each.dash || 'none',
    },
  }));
  const spreads = spec.lines.flatMap((each) => (each.spread && !faded(each) ? spreadShapes(each, each.spread, x, y) : []));
  return [...(spec.filled ? areas : []), ...spreads, ...lines, ...spec.lines.flatMap((each) => endDot(spec, each, x, y, faded(each)))];
}

/** The band of one line, and a hair's breadth where its mean runs. */
function spreadShapes({ stroke }: Line, { times, mean, low, high }: Spread, x: (t: number) => number, y: (v: number) => number): Shape[] {
  const band = area<number>((_, i) => round(x(times[i]!)), (_, i) => round(y(low[i]!)), (_, i) => round(y(high[i]!))).defined(Number.isFinite);
  return [
    { tag: 'path', at: { d: band(Array.from(mean)) ?? '', fill: stroke, opacity: 0.2, class: 'spread' } },
    { tag: 'path', at: { d: linePath(times, mean, x, y), class: 'line', stroke, opacity: 0.55, 'stroke-width': 0.9, 'stroke-dasharray': 'none' } },
  ];
}

/** A dot where a line stands now; it also shows a line that is one value long. */
function endDot(spec: PlotSpec, each: Line, x: (t: number) => number, y: (v: number) => number, faded: boolean): Shape[] {
  const last = Array.from(each.values).findLastIndex(Number.isFinite);
  if (last < 0) return [];
  const at = { cx: round(x(spec.times[last]!)), cy: round(y(each.values[last]!)), r: 2, fill: each.stroke, opacity: faded ? 0.14 : 1 };
  return [{ tag: 'circle', at }];
}

/** How far up the highest line goes that the axis cuts off, beside the moment when it does; what goes beyond a whole is not told. */
function beyondShapes(spec: PlotSpec, x: (t: number) => number, axis: Axis, box: Box): Shape[] {
  const peakAt = ({ values }: Line): number => maxIndex(Array.from(values), (value) => (Number.isFinite(value) ? value : NaN));
  const outer = greatest(spec.lines, (each) => each.values[peakAt(each)] ?? 0);
  const peak = outer ? peakAt(outer) : -1;
  const value = outer?.values[peak] ?? 0;
  if (value <= axis.end || spec.reach > 0) return [];
  const at = x(spec.times[peak]!);
  const left = at < (box.left + box.right) / 2;
  return [{ tag: 'text', at: { x: round(at + (left ? 4 : -4)), y: box.top + 8, 'text-anchor': left ? 'start' : 'end', class: 'limit' }, text: `↑ ${format(value, spec.unit, 2)}` }];
}

/** Where a line passes the pixel column `at`; NaN beside its ends and in its gaps. */
function heightAt(times: ArrayLike<number>, values: ArrayLike<number>, at: number, x: (t: number) => number, y: (v: number) => number): number {
  let i = 1;
  while (i < times.length && x(times[i]!) < at) i++;
  if (i >= times.length || x(times[i - 1]!) > at) return NaN;
  const share = (at - x(times[i - 1]!)) / (x(times[i]!) - x(times[i - 1]!));
  return y(values[i - 1]!) * (1 - share) + y(values[i]!) * share;
}

/** Places along the limit's rule that are tried for its label, from its right end on. */
const tried = 5;

/** Beside the limit's rule where the fewest values lie: as far right as any, above or below it. */
function labelPlace(spec: PlotSpec, x: (t: number) => number, axis: Axis, box: Box, rule: number, text: string): { x: number; y: number; 'text-anchor': string } {
  const width = text.length * 5.4 + 4;
  const heights = [rule - 4, rule + 11].filter((y) => y > box.top + 8 && y < box.bottom - 2);
  const step = Math.max(0, box.right - box.left - width - 5) / (tried - 1);
  const places = range(tried).flatMap((k) => heights.map((y) => ({ x: round(box.right - 2 - k * step), y, 'text-anchor': 'end' })));
  const hits = (place: { x: number; y: number }): number => {
    const under = range(place.x - width, place.x, 6);
    const inside = (y: number): boolean => y > place.y - 11 && y < place.y + 4;
    return spec.lines.reduce((sum, each) => sum + under.filter((at) => inside(heightAt(spec.times, each.values, at, x, axis.scale))).length, 0);
  };
  return least(places, hits) ?? { x: box.right - 2, y: round(rule + 10), 'text-anchor': 'end' };
}

function limitShapes(spec: PlotSpec, x: (t: number) => number, axis: Axis, box: Box): Shape[] {
  if (!spec.limit) return [];
  const raw = axis.scale(spec.limit.value);
  const above = raw < box.top;
  const y = round(Math.max(box.top, raw));
  const text = above ? `${spec.limit.label} ↑` : spec.limit.label;
  const label: Shape = { tag: 'text', at: { ...labelPlace(spec, x, axis, box, y, text), class: 'limit' }, text };
  const rule: Shape = { tag: 'line', at: { x1: box.left, x2: box.right, y1: y, y2: y, stroke: 'var(--soft)', 'stroke-dasharray': '1 2.5' } };
  return above ? [label] : [rule, label];
}

/** At most `room` pixels of a label, cut with an ellipsis; empty when not even four characters fit. */
export function cutLabel(text: string, room: number): string {
  const fits = Math.floor(room / letter);
  if (text.length <= fits) return text;
  return fits < 4 ? '' : `${text.slice(0, fits - 1).trimEnd()}…`;
}

/** Where the newest moment has no room on its right, its label stands on its left: the pixel at which that begins; null where it has room. */
function flippedFrom(inside: readonly Moment[], x: (t: number) => number, box: Box): number | null {
  const last = inside.at(-1);
  if (!last) return null;
  const [at, before] = [x(last.time), inside.length > 1 ? x(inside[inside.length - 2]!.time) : box.left];
  if (box.right - at >= last.label.length * letter || at - before <= box.right - at) return null;
  return at - 6 - cutLabel(last.label, at - before - 6).length * letter;
}

/** Dashed lines at the moments; a label stands to the right of its line as far as the next label or line, the newest always in full view. */
function momentShapes(spec: PlotSpec, span: readonly [number, number], x: (t: number) => number, box: Box): Shape[] {
  const inside = spec.moments.filter(({ time }) => time >= span[0] && time <= span[1]);
  const flipped = flippedFrom(inside, x, box);
  return inside.flatMap(({ time, label }, i): Shape[] => {
    const at = round(x(time));
    const flips = flipped !== null && i === inside.length - 1;
    const next = i === inside.length - 1 ? box.right : i === inside.length - 2 && flipped !== null ? flipped : x(inside[i + 1]!.time);
    const before = i > 0 ? x(inside[i - 1]!.time) : box.left;
    const text = cutLabel(label, (flips ? at - before : next - at) - 6);
    return [
      { tag: 'line', at: { x1: at, x2: at, y1: box.top - 2, y2: box.bottom, stroke: 'var(--fail)', 'stroke-dasharray': '3 3', opacity: 0.75 } },
      { tag: 'text', at: { x: flips ? at + 2 : at - 2, y: box.top - 4, 'text-anchor': flips ? 'end' : 'start', class: 'moment' }, text },
    ];
  });
}

/** Tints from top to bottom, cut to what the axis shows; a short fault is at least two pixels wide. */
function bandShapes(spec: PlotSpec, span: readonly [number, number], x: (t: number) => number, box: Box): Shape[] {
  return (spec.bands ?? []).filter(({ from, to }) => to >= span[0] && from <= span[1]).map(({ from, to, sort }): Shape => {
    const left = x(Math.max(from, span[0]));
    const width = Math.max(2, x(Math.min(to, span[1])) - left);
    return { tag: 'rect', at: { x: round(left), y: box.top, width: round(width), height: box.bottom - box.top, fill: sort === 'fault' ? 'var(--fail)' : 'var(--soft)', opacity: sort === 'fault' ? 0.12 : 0.1 } };
  });
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** The whole chart as marks. Pure: the same spec gives the same shapes. */
export function plot(spec: PlotSpec): Plot {
  const top = spec.moments.length > 0 ? 14 : 8;
  const bottom = Math.max(top + 20, spec.height - 18);
  const axis = valueAxis(spec, top, bottom);
  const left = Math.round((max(axis.ticks, ({ text }) => text.length) ?? 1) * character + 8);
  const box: Box = { left, right: Math.max(left + 20, spec.width - 4), top, bottom };
  const span = wholeSpan(spec);
  const x = scaleLinear().domain(span).range([box.left, box.right]);
  const shapes = [
    ...bandShapes(spec, span, x, box),
    ...gridShapes(axis, box),
    ...spanShapes(span, box, spec.height),
    ...lineShapes(spec, x, axis.scale),
    ...limitShapes(spec, x, axis, box),
    ...beyondShapes(spec, x, axis, box),
    ...momentShapes(spec, span, x, box),
  ];
  return { shapes, box, x, y: axis.scale, timeAt: (pixels) => x.invert(pixels) };
}

/** The marks of the crosshair at column `i`: a line, and a ring on every visible value. */
export function crosshair(chart: Plot, spec: Pick<PlotSpec, 'times' | 'lines' | 'isolated'>, i: number): Shape[] {
  const x = round(chart.x(spec.times[i]!));
  const shown = spec.lines.filter((each) => Number.isFinite(each.values[i]) && (spec.isolated === null || spec.isolated === each.key));
  return [
    { tag: 'line', at: { x1: x, x2: x, y1: chart.box.top, y2: chart.box.bottom, stroke: 'var(--ink)', opacity: 0.45 } },
    ...shown.map((each): Shape => ({
      tag: 'circle',
      at: { cx: x, cy: round(chart.y(each.values[i]!)), r: 2.8, fill: 'var(--panel)', stroke: each.stroke, 'stroke-width': 1.6 },
    })),
  ];
}
