/** Metrics worth promising, with the name a person reads and the unit. */
import type { Unit } from '../units/unit.ts';

interface Known {
  readonly metric: string;
  readonly name: string;
  readonly unit: Unit;
}

/** Offered by the editor of objectives; any other path into the result works as well. */
export const knownMetrics: readonly Known[] = [
  { metric: 'latency.p50', name: 'p50 latency', unit: 'seconds' },
  { metric: 'latency.p95', name: 'p95 latency', unit: 'seconds' },
  { metric: 'latency.p99', name: 'p99 latency', unit: 'seconds' },
  { metric: 'latency.p999', name: 'p99.9 latency', unit: 'seconds' },
  { metric: 'llm.ttft.p50', name: 'p50 first token', unit: 'seconds' },
  { metric: 'llm.ttft.p99', name: 'p99 first token', unit: 'seconds' },
  { metric: 'llm.tpot.p99', name: 'p99 per token', unit: 'seconds' },
  { metric: 'requests.failedShare', name: 'failed', unit: 'share' },
  { metric: 'requests.answeredPerSecond', name: 'throughput', unit: 'requests/second' },
  { metric: 'requests.goodputPerSecond', name: 'goodput', unit: 'requests/second' },
  { metric: 'cost.usdPerHour', name: 'cost', unit: 'usd/hour' },
  { metric: 'cost.usdPerMillionTokens', name: 'cost', unit: 'usd/million tokens' },
  { metric: 'cost.usdPerMillionRequests', name: 'cost', unit: 'usd/million requests' },
];

/** What a person calls the metric. */
export function nameOf(metric: string): string {
  return knownMetrics.find((k) => k.metric === metric)?.name ?? metric.replace(/^nodes\./, '').replaceAll('.', ' ');
}

/** The unit of a metric, by its name where the list does not have it. */
export function unitOf(metric: string): Unit {
  const known = knownMetrics.find((k) => k.metric === metric)?.unit;
  if (known !== undefined) return known;
  if (/utilisation|[sS]hare|[rR]atio/.test(metric)) return 'share';
  return /latency|ttft|tpot|wait/.test(metric) ? 'seconds' : 'count';
}
