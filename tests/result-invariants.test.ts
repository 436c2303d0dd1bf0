/** What must hold among the figures of any result: shares are shares, parts add up, percentiles stand in order, and nothing is answered that was not asked. */
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Design } from '../src/design/design.ts';
import { gateScenarioText } from '../src/design/scenario.ts';
import { kindOf } from '../src/kinds/index.ts';
import type { NodeResult, Party, Result, Spread, Tally } from '../src/run/result.ts';
import { Simulation } from '../src/run/simulation.ts';
import { anyBrokenDesign, anyDesign } from './sensible-design.ts';
import { constant, node, path, people, sketch, tuned } from './sketch.ts';

/** Equal but for rounding. */
const same = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b));
const sum = (of: Readonly<Record<string, number>>): number => Object.values(of).reduce((a, b) => a + b, 0);
const isShare = (value: number): boolean => value >= -1e-9 && value <= 1 + 1e-9;

function* ofSpread(where: string, s: Spread): Generator<string> {
  if (s.count === 0) return;
  const points = [s.p50!, s.p95!, s.p99!, s.p999!];
  if (points.some((p, k) => k > 0 && p < points[k - 1]!)) yield `${where}: percentiles ${points.join(' ')}`;
  // Markov: half of a distribution of positive numbers cannot lie above twice its mean (buckets are 1 % wide).
  if (s.mean! < 0 || s.p50! > 2.05 * s.mean!) yield `${where}: mean ${s.mean}, median ${s.p50}`;
}

function* ofTally(where: string, t: Tally, seconds: number): Generator<string> {
  if (!same(t.offered, t.answered + sum(t.failed) + t.inFlight)) yield `${where}: ${t.offered} offered, ${t.answered} answered, ${sum(t.failed)} failed, ${t.inFlight} in flight`;
  if (t.goodput > t.answered) yield `${where}: ${t.goodput} in time of ${t.answered} answers`;
  if (Math.min(t.answered, t.inFlight, t.goodput) < 0 || !isShare(t.failedShare)) yield `${where}: ${JSON.stringify(t)}`;
  if (seconds > 0 && !same(t.answeredPerSecond * seconds, t.answered)) yield `${where}: ${t.answeredPerSecond} answers a second`;
}

function* ofParties(all: Tally, parties: Readonly<Record<string, Party>>, { measuredSeconds, slice }: Result): Generator<string> {
  for (const [name, party] of Object.entries(parties)) {
    yield* ofTally(name, party, measuredSeconds);
    yield* ofSpread(name, party.latency);
    if (!same(party.latency.count * (slice?.oneIn ?? 1), party.answered)) yield `${name}: ${party.latency.count} latencies of ${party.answered} answers`;
  }
  const whole = (of: (t: Tally) => number): boolean => same(of(all), Object.values(parties).reduce((s, party) => s + of(party), 0));
  for (const name of ['offered', 'answered', 'inFlight', 'goodput'] as const) if (!whole((t) => t[name])) yield `classes do not add up: ${name}`;
}

/** Components whose line is of things that outlive or outnumber the calls there: messages, and what a query asks of each shard. */
const ownLine: ReadonlySet<string> = new Set(['queue', 'stream', 'vector-db', 'search-index', 'graph-store', 'feature-store']);
/** A need over what there is, not a part of it. */
const needs: ReadonlySet<string> = new Set(['memoryNeed']);

function* ofNode(id: string, n: NodeResult): Generator<string> {
  const where = `${id} (${n.kind})`;
  if (n.utilisation !== null && !isShare(n.utilisation)) yield `${where}: utilisation ${n.utilisation}`;
  if (n.queue.mean < -1e-9 || n.queue.mean > n.queue.max + 1e-6) yield `${where}: ${n.queue.mean} of ${n.queue.max} waiting`;
  if (!ownLine.has(n.kind) && n.inFlightMean < n.queue.mean - 1e-6) yield `${where}: ${n.queue.mean} waiting of ${n.inFlightMean}`;
  if (!same(sum(n.failedBy), n.failed)) yield `${where}: failures by reason`;
  yield* ofSpread(where, n.latency);
  for (const [name, { unit }] of Object.entries(kindOf(n.kind)!.measures)) {
    const value = n.measures[name] ?? 0;
    if (value < -1e-9 || (unit === 'share' && !needs.has(name) && !isShare(value))) yield `${where}: ${name} ${value}`;
  }
}

function* ofResult(r: Result): Generator<string> {
  const { cost, measuredSeconds: seconds } = r;
  yield* ofTally('requests', r.requests, seconds);
  yield* ofSpread('latency', r.latency);
  yield* ofParties(r.requests, r.classes, r);
  for (const [id, n] of Object.entries(r.nodes)) yield* ofNode(id, n);
  if (seconds > 0 && !same(cost.usd, (cost.usdPerHour * seconds) / 3600)) yield `$${cost.usd} at $${cost.usdPerHour} an hour`;
  if (Object.keys(cost.classes).length > 0 && !same(sum(cost.classes), cost.usd)) yield `classes cost $${sum(cost.classes)} of $${cost.usd}`;
  for (const [path, { low, high }] of Object.entries(r.intervals)) if (!(low <= high && low >= -1e-9) || (/(failedShare|utilisation|[hH]itRatio)$/.test(path) && high > 1 + 1e-9)) yield `${path} lies from ${low} to ${high}`;
  if (sum(cost.nodes) > cost.usdPerHour + 1e-6 * cost.usdPerHour) yield `components cost $${sum(cost.nodes)} of $${cost.usdPerHour}`;
}

/** Runs a design for so long, and once more with a warm-up of a fifth of it, and answers with what is wrong. */
function wrongs(design: Design, seconds: number): string[] {
  return [0, seconds / 5].flatMap((warmupSeconds) => {
    const sim = new Simulation({ ...design, run: { ...design.run, warmupSeconds, warmup: 'given' } });
    sim.runTo(seconds, 100_000);
    return [...ofResult(sim.result())];
  });
}

it('holds of random designs, sound and broken', () => {
  for (const designs of [anyDesign, anyBrokenDesign]) fc.assert(fc.property(designs, (design) => void expect(wrongs(design, 5)).toEqual([])), { numRuns: 50, seed: 10 });
});

it('holds of every scenario', () => {
  for (const file of readdirSync('scenarios')) {
    const gated = gateScenarioText(readFileSync(`scenarios/${file}`, 'utf8'));
    if (!gated.ok) throw new Error(gated.why);
    for (const design of [gated.value.naive, gated.value.reference]) expect(wrongs(design, 6), `${file} ${design.name}`).toEqual([]);
  }
});

it('gives tokens once: those of the answers are those that the engine made', () => {
  const design = sketch([people(5, { inputTokens: constant(200), outputTokens: constant(40) }), node('pool', 'gpu-pool')], path('users', 'pool'), 100);
  const sim = new Simulation(design);
  sim.runTo(20);
  sim.apply(tuned(design, 'users', { arrivalRate: 0 }), 'quiet');
  sim.runTo(100);
  const { requests, llm, nodes, measuredSeconds } = sim.result();
  expect(requests.inFlight).toBe(0);
  expect(llm!.outputTokensPerSecond * measuredSeconds).toBeCloseTo(40 * requests.answered, 6);
  expect(llm!.inputTokensPerSecond * measuredSeconds).toBeCloseTo(200 * requests.answered, 6);
  expect(nodes['pool']!.measures['tokensOut']! * measuredSeconds).toBeCloseTo(40 * requests.answered, 6);
  expect(nodes['pool']!.measures['tokensIn']! * measuredSeconds).toBeCloseTo(200 * requests.answered, 6);
});
