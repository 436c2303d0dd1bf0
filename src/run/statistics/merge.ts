/** What replications of one design say together. */
import type { Design } from '../../design/design.ts';
import { Digest } from '../../engine/digest.ts';
import { Histogram, type Counts } from '../../engine/histogram.ts';
import { metric } from '../metric.ts';
import type { Interval, NodeResult, Result, Spread, Tally } from '../result.ts';
import { judge, spread, timesOf, type Replica, type Times } from '../summary.ts';
import { LEVEL } from './batch-means.ts';
import { around, FEWEST_VALUES, isPart, quantiles } from './intervals.ts';
import { tFactor } from './student.ts';

const shares: Readonly<Record<string, number>> = Object.fromEntries(quantiles);

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Mean of what is known; null where nothing is. */
function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? mean(known) : null;
}

function whole(all: readonly Counts[]): Histogram {
  const sum = new Histogram();
  for (const one of all) sum.merge(one);
  return sum;
}

const together = (all: readonly Counts[]): Spread => spread(whole(all));

/** Times of all of them. */
const wholeTimes = (all: readonly Times[]): Times => ({ latency: whole(each(all, 'latency')), first: whole(each(all, 'first')), perOutput: whole(each(all, 'perOutput')) });

/** Sums by name, whoever has which names. */
function sums(all: readonly Readonly<Record<string, number | undefined>>[]): Record<string, number> {
  const whole: Record<string, number> = {};
  for (const one of all) for (const [name, count] of Object.entries(one)) whole[name] = (whole[name] ?? 0) + (count ?? 0);
  return whole;
}

/** One figure of each, for a mean or a sum. */
const each = <T, K extends keyof T>(all: readonly T[], key: K): T[K][] => all.map((one) => one[key]);

const mergedTally = (all: readonly Tally[]): Tally => ({
  offered: sum(each(all, 'offered')),
  answered: sum(each(all, 'answered')),
  failed: sums(each(all, 'failed')),
  inFlight: sum(each(all, 'inFlight')),
  goodput: sum(each(all, 'goodput')),
  failedShare: mean(each(all, 'failedShare')),
  answeredPerSecond: mean(each(all, 'answeredPerSecond')),
  goodputPerSecond: mean(each(all, 'goodputPerSecond')),
});

const mergedNode = (all: readonly NodeResult[], latency: Spread): NodeResult => ({
  kind: all[0]!.kind,
  label: all[0]!.label,
  utilisation: meanOf(each(all, 'utilisation')),
  queue: { mean: mean(all.map((one) => one.queue.mean)), max: Math.max(...all.map((one) => one.queue.max)) },
  arrived: sum(each(all, 'arrived')),
  served: sum(each(all, 'served')),
  failed: sum(each(all, 'failed')),
  failedBy: sums(each(all, 'failedBy')),
  inFlight: sum(each(all, 'inFlight')),
  inFlightMean: mean(each(all, 'inFlightMean')),
  latency,
  measures: Object.fromEntries(Object.keys(all[0]!.measures).map((name) => [name, meanOf(all.map((one) => one.measures[name] ?? null))])),
});

function mergedLlm(all: readonly Replica[]): Result['llm'] {
  const llms = all.flatMap(({ result }) => result.llm ?? []);
  if (llms.length === 0) return null;
  return {
    ttft: together(all.map(({ seen }) => seen.first)),
    tpot: together(all.map(({ seen }) => seen.perOutput)),
    e2e: together(all.map(({ seen }) => seen.latency)),
    inputTokensPerSecond: mean(each(llms, 'inputTokensPerSecond')),
    outputTokensPerSecond: mean(each(llms, 'outputTokensPerSecond')),
  };
}

const mergedCost = (all: readonly Result['cost'][]): Result['cost'] => ({
  usdPerHour: mean(each(all, 'usdPerHour')),
  usd: sum(each(all, 'usd')),
  usdPerMillionRequests: meanOf(each(all, 'usdPerMillionRequests')),
  usdPerMillionTokens: meanOf(each(all, 'usdPerMillionTokens')),
  nodes: Object.fromEntries(Object.entries(sums(each(all, 'nodes'))).map(([id, usd]) => [id, usd / all.length])),
  classes: sums(each(all, 'classes')),
  tenants: sums(each(all, 'tenants')),
});

function mergedWarmup(all: readonly Result['warmup'][]): Result['warmup'] {
  const steady = each(all, 'steady');
  return { seconds: Math.max(...each(all, 'seconds')), how: all[0]!.how, steady: steady[0] === null ? null : steady.every((one) => one === true) };
}

/** Equal digests, in the same order, and the same merged distribution. */
function mergedDigest(all: readonly Replica[]): string {
  const digest = new Digest();
  for (const { result, seen } of all) digest.word(result.digest).number(seen.latency.sum).number(seen.latency.lowest).numbers(seen.latency.counts);
  return digest.text();
}

/**
 * All replications as one result, at least one. Counts are sums, histograms are merged exactly and percentiles read from the whole, other figures are means over
 * the replications. Depends on their order alone, not on who ran them.
 */
export function merge(design: Design, all: readonly Replica[]): Result {
  const results = each(all, 'result');
  const first = results[0]!;
  const parties = (of: 'classes' | 'tenants'): Result['classes'] => Object.fromEntries(Object.keys(first[of]).map((name) => [name, {
    ...mergedTally(results.flatMap((one) => one[of][name] ?? [])),
    ...timesOf(wholeTimes(all.flatMap(({ seen }) => seen[of][name] ?? []))),
  }]));
  const ofNode = (id: string): NodeResult => mergedNode(results.map(({ nodes }) => nodes[id]!), together(all.map(({ seen }) => seen.nodes[id]!)));
  const result: Result = {
    design: first.design,
    seed: first.seed,
    seconds: sum(each(results, 'seconds')),
    measuredSeconds: sum(each(results, 'measuredSeconds')),
    replications: all.length,
    warmup: mergedWarmup(each(results, 'warmup')),
    inFlightGrows: results.filter((one) => one.inFlightGrows).length > results.length / 2,
    requests: mergedTally(each(results, 'requests')),
    latency: together(all.map(({ seen }) => seen.latency)),
    classes: parties('classes'),
    tenants: parties('tenants'),
    nodes: Object.fromEntries(Object.keys(first.nodes).map((id) => [id, ofNode(id)])),
    llm: mergedLlm(all),
    cost: mergedCost(each(results, 'cost')),
    slice: first.slice,
    objectives: [],
    intervals: {},
    events: sum(each(results, 'events')),
    stopped: results.find(({ stopped }) => stopped !== null)?.stopped ?? null,
    digest: mergedDigest(all),
  };
  return { ...result, objectives: judge(design, result), intervals: intervals(result, results) };
}

/** Figures that estimate something (a count grows with the run and estimates nothing). */
const estimates = /(?:^|\.)(?:mean|p50|p95|p99|p999|utilisation|failedShare|inFlightMean|\w+PerSecond|usdPer\w+)$|\.measures\.\w+$/;

/** Paths of all numbers in a result at which an interval may stand. */
function paths(at: unknown, path: string): string[] {
  if (typeof at === 'number') return estimates.test(path) ? [path] : [];
  if (typeof at !== 'object' || at === null) return [];
  return Object.entries(at).flatMap(([key, value]) => paths(value, path === '' ? key : `${path}.${key}`));
}

/** Whether fewer values lie beyond a percentile than an interval of it needs. */
function hasFewValues(result: Result, path: string): boolean {
  const share = shares[/(?<=\.)p\d+$/.exec(path)?.[0] ?? ''];
  return share !== undefined && (metric(result, path.replace(/p\d+$/, 'count')) ?? 0) * (1 - share) < FEWEST_VALUES;
}

/** Student's t over replications, about the figure of all together (which for percentiles is nearer the truth than the mean of theirs: sectioning, Asmussen and Glynn 2007, III.5). */
function intervals(merged: Result, results: readonly Result[]): Record<string, Interval> {
  const found: Record<string, Interval> = {};
  const { latency, requests, classes, nodes, llm, cost } = merged;
  for (const path of paths({ latency, requests, classes, nodes, llm, cost: { ...cost, nodes: null, classes: null, tenants: null } }, '')) {
    const figure = metric(merged, path);
    const values = results.map((result) => metric(result, path)).filter((value) => value !== null);
    if (figure === null || values.length < 2 || hasFewValues(merged, path)) continue;
    const variance = sum(values.map((value) => (value - figure) * (value - figure))) / (values.length - 1);
    found[path] = around(figure, { half: tFactor(LEVEL, values.length - 1) * Math.sqrt(variance / values.length), count: values.length }, 'replications', isPart(path, merged));
  }
  return found;
}
