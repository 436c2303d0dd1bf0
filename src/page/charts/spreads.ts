/** The bands of a study laid over the live charts, or shown by themselves where nothing runs yet. */
import type { ChartId, Charts } from '../../run/protocol.ts';
import type { Bands } from '../../run/statistics/bands.ts';
import type { Line } from './marks.ts';
import { keyOf } from './panels.ts';

/** The lines with their bands, where the study knows them. */
export function withSpreads(lines: readonly Line[], chart: ChartId, { times, series }: Bands): readonly Line[] {
  const known = new Map(series.filter((each) => each.chart === chart).map((each) => [keyOf(each), each]));
  return lines.map((line) => {
    const found = known.get(line.key);
    return found ? { ...line, spread: { times, mean: found.mean, low: found.low, high: found.high } } : line;
  });
}

/** The means of a study as if they were a run's charts. */
export const asCharts = ({ times, series }: Bands): Charts => ({
  times, series: series.map(({ chart, name, node, mean }) => ({ chart, name, node, values: mean })), marks: [], episodes: [], warmup: 0,
});

/** Whether the charts have nothing to draw. */
export const areEmpty = (charts: Charts | null): boolean => charts === null || !charts.series.some(({ values }) => values.some(Number.isFinite));
