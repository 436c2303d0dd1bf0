/** What a study's table says: which figures, how sure each is, and whether a difference is one. */
import type { Design } from '../../design/design.ts';
import { metric as read } from '../../run/metric.ts';
import type { Result } from '../../run/result.ts';
import { compare, type Comparison } from '../../run/statistics/comparison.ts';
import type { Replicated } from '../../session/replications.ts';
import type { Unit } from '../../units/unit.ts';
import { isMoney, metricOf, type Metric } from '../../run/metric-names.ts';

/** One row: a figure in its unit, and half of its interval; null where nothing can be said about that. */
export interface Figure extends Metric {
  readonly value: number;
  readonly half: number | null;
}

/** The busiest component's utilisation: of all that could be shown, the one that limits. */
function busiest({ nodes }: Result): string[] {
  const ranked = Object.entries(nodes).filter(([, { utilisation }]) => utilisation !== null).sort(([, a], [, b]) => b.utilisation! - a.utilisation!);
  return ranked.slice(0, 1).map(([id]) => `nodes.${id}.utilisation`);
}

/** Figures of a table, in order: time, work, load, money; what the design promises besides. */
function metricsOf(result: Result, design: Design): readonly string[] {
  const money = result.llm === null ? 'cost.usdPerMillionRequests' : 'cost.usdPerMillionTokens';
  const usual = ['latency.p50', 'latency.p99', ...(result.llm === null ? [] : ['llm.ttft.p99']), 'requests.goodputPerSecond', 'requests.failedShare', ...busiest(result), 'cost.usdPerHour', money];
  return [...new Set([...usual, ...design.objectives.map(({ metric }) => metric)])];
}

/** A metric as a row names it: what money is counted per stands in the name. */
function named(path: string, design: Design): Metric {
  const found = metricOf(path, design);
  return isMoney(found.unit) ? { ...found, unit: 'usd' } : found;
}

/** Rows of one design's table. */
export function figures(result: Result, design: Design): readonly Figure[] {
  return metricsOf(result, design).flatMap((path) => {
    const value = read(result, path);
    const interval = result.intervals[path];
    return value === null ? [] : [{ ...named(path, design), value, half: interval ? interval.high - value : null }];
  });
}

/** Rows of the table of two designs: `a` before, `b` now. */
export function differences(a: Replicated, b: Replicated): readonly (Comparison & { readonly label: string; readonly unit: Unit })[] {
  const paths = metricsOf(b.result, b.design).filter((path) => !path.startsWith('nodes.') || a.result.nodes[path.split('.')[1]!] !== undefined);
  return compare(a.results, b.results, paths).map((row) => ({ ...row, ...named(row.metric, b.design) }));
}

const lessIsBetter = /latency|ttft|tpot|e2e|failed|cost|queue|wait/;
const moreIsBetter = /answeredPerSecond|goodputPerSecond|TokensPerSecond|[hH]itRatio/;

/** Whether the second design does better, worse, the same as far as can be told (the interval has zero in it), or just otherwise. */
export function outcomeOf({ metric, difference, interval }: Comparison): 'better' | 'worse' | 'same' | 'other' {
  if (difference === 0 || (interval !== null && interval.low <= 0 && interval.high >= 0)) return 'same';
  if (interval === null) return 'other';
  if (moreIsBetter.test(metric)) return difference > 0 ? 'better' : 'worse';
  return lessIsBetter.test(metric) ? (difference < 0 ? 'better' : 'worse') : 'other';
}
