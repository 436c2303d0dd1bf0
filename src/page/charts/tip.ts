/** The tooltip of a chart: the values of all lines at one moment, highest first. */
import { format } from '../../units/format.ts';
import { afterNumber } from '../../run/metric-names.ts';
import { bisectLeft } from 'd3-array';
import type { Line, PlotSpec } from './marks.ts';
import { timeText } from './ticks.ts';

/** Low and high end of a line's band at a moment, the unit left to the figure beside it where it is the same: ` 36–38`; empty where there is no band. */
export function spreadText({ spread }: Line, time: number, unit: PlotSpec['unit'], beside: string): string {
  if (!spread) return '';
  const i = bisectLeft(Array.from(spread.times), time);
  const ends = [spread.low[i] ?? NaN, spread.high[i] ?? NaN];
  if (!ends.every(Number.isFinite)) return '';
  const [low, high] = ends.map((end) => format(end, unit, 2)) as [string, string];
  const after = afterNumber(beside);
  const short = after !== '' && afterNumber(low) === after && afterNumber(high) === after;
  return ` ${short ? low.slice(0, -after.length) : low}–${(short ? high.slice(0, -after.length) : high).replace('$', '')}`;
}

/** The rows of the tooltip at column `i`: moment or mark, then name and value of every line shown. */
export function tipRows(spec: PlotSpec, i: number): readonly (readonly [name: string, value: string, stroke: string, spread: string])[] {
  const time = spec.times[i]!;
  const column = Math.abs(time - (spec.times[i === 0 ? 1 : i - 1] ?? 0));
  const near = spec.moments.filter((moment) => Math.abs(moment.time - time) <= column).map(({ label }) => label);
  const shown = spec.lines.filter(({ key }) => spec.isolated === null || spec.isolated === key);
  const ranked = [...shown].sort((a, b) => (b.values[i] || 0) - (a.values[i] || 0));
  return [
    [near.length > 0 ? near.join(', ') : 'at', timeText(time), '', ''],
    ...ranked.map((line) => {
      const value = format(line.values[i] ?? NaN, spec.unit);
      return [line.name, value, line.stroke, spreadText(line, time, spec.unit, value)] as const;
    }),
  ];
}

/** Writes the rows into the tooltip. */
export function fillTip(tip: HTMLElement, spec: PlotSpec, i: number): void {
  tip.replaceChildren(...tipRows(spec, i).map(([name, value, stroke, spread]) => {
    const row = document.createElement('div');
    const [mark, label, figure] = ['i', 'span', 'b'].map((tag) => document.createElement(tag)) as [HTMLElement, HTMLElement, HTMLElement];
    mark.style.background = stroke || 'transparent';
    label.textContent = name;
    figure.textContent = value;
    row.append(mark, label, figure);
    if (spread) row.append(Object.assign(document.createElement('small'), { textContent: spread }));
    return row;
  }));
}

/** Puts the tooltip on the roomier side of the crosshair, inside the chart. */
export function placeTip(tip: HTMLElement, x: number, width: number): void {
  const room = 12;
  const right = x < width / 2;
  const left = right ? x + room : x - room - tip.offsetWidth;
  tip.style.left = `${Math.max(0, Math.min(width - tip.offsetWidth, left))}px`;
}
