/**
 * The simulator against queueing theory: every row of the reference table that the parts can express, at utilisations up to 0.95.
 *
 * Each case is run thirty times with fixed seeds. The interval must be narrow (99 % half-width at most 2 % of the value) and hold the exact value. Of a
 * hundred true 99 % intervals one misses by chance, so what is asserted is the 99.9 % interval; how many of the 99 % intervals hold is printed and must be
 * as many as chance allows. Approximations are held to the accuracy their authors claim. Percentiles come from buckets 1.6 % wide and may be off by half of that.
 */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Design } from '../src/design/design.ts';
import { Histogram } from '../src/engine/histogram.ts';
import { Stream } from '../src/engine/random.ts';
import type { Trace } from '../src/engine/trace.ts';
import { kindOf } from '../src/kinds/index.ts';
import type { Simulation, Options } from '../src/run/simulation.ts';
import { bundled, interval, replicate, REPLICATIONS, type Sight } from './replications.ts';
import { constant, exponential, gamma, node, path, people, sketch, station, wire } from './sketch.ts';

const table = new URL('../../shared/truth/queueing.csv', import.meta.url);

interface Row {
  readonly model: string;
  readonly quantity: string;
  readonly params: string;
  readonly value: number;
}

/** Fields of one line of comma-separated values, quotes taken off. */
const fields = (line: string): string[] => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)].map((m) => m[1]!.replace(/^"|"$/g, ''));

function rows(): Row[] {
  return readFileSync(table, 'utf8').trim().split('\n').slice(1).map(fields).map(([model, quantity, , , params, value]) => ({ model: model!, quantity: quantity!, params: params!, value: Number(value) }));
}

/** Numbers written as name=number. */
const read = (params: string): Record<string, number> => Object.fromEntries([...params.matchAll(/([\w[\]]+)=([\d.]+)/g)].map((m) => [m[1]!, Number(m[2])]));
/** A list written as name=[…]. */
const list = (params: string, name: string): number[] => JSON.parse(params.match(new RegExp(`${name}=(\\[[^\\]]*\\])`))![1]!) as number[];
const matrix = (params: string): number[][] => JSON.parse(params.match(/P=(\[\[.*?\]\])/)![1]!) as number[][];

/** How to run the rows of one model with the same parameters, and what to hold them to. */
interface Recipe {
  readonly design: Design;
  readonly see: (sim: Simulation, probe: Histogram, watched?: { sum: number; count: number }[]) => Sight;
  /** Watches a simulation from its start; what it answers is handed to `see`. */
  readonly prepare?: (sim: Simulation) => { sum: number; count: number }[];
  readonly options?: (seed: number) => Options;
  /** Relative tolerance of an approximation; left out, the value is exact. */
  readonly within?: number;
  /** Name of a component whose calls are timed since their request was born: how long they waited before it. */
  readonly probe?: string;
}

/** Long enough for the start (an empty system) to be forgotten: four relaxation times of M/M/1 (Cohen 1982), which many servers share. */
const warmup = (rho: number, servers = 1): number => 20 + 4 / (1 - Math.sqrt(rho)) ** 2 / servers;

/** Customers per replication for a 99 % half-width of 2 % on a mean wait, from its heavy-traffic variance (Whitt 1989), with `more` as seen in practice. */
const customers = (rho: number, variability: number, more = 1): number => Math.max(4000, (more * 13_000 * variability) / (rho * (1 - rho) ** 2) / REPLICATIONS);

/** A source, what it calls, and the length of the run for so many customers after the warm-up. */
function run(rate: number, rho: number, n: number, nodes: Design['nodes'], links: Design['links'], asks: Record<string, unknown> = {}): Design {
  const warm = warmup(rho, rho > 0 ? Math.max(1, rate / rho) : 1);
  return sketch([people(rate, asks), ...nodes], links, warm + n / rate, warm);
}

/** Figures of the single station `s`, with the work and the number that happened to come as controls. */
function single(servers: number, rate: number, rho: number) {
  return (sim: Simulation, probe: Histogram): Sight => {
    const result = sim.result();
    const s = result.nodes.s!;
    const seconds = sim.now - sim.design.run.warmupSeconds;
    return {
      values: {
        'E[N]': s.queue.mean + s.utilisation! * servers,
        'E[T]': s.latency.mean!,
        'E[T] (admitted)': s.latency.mean!,
        'E[Wq]': (s.queue.mean * seconds) / s.arrived,
        'T p99': s.latency.p99!,
        'Wq p99': probe.count > 0 ? probe.quantile(0.99) : s.latency.p99! - 1,
        'P(wait) Erlang-C': 1 - probe.counts[0]! / Math.max(1, probe.count),
        'P(block)': s.failed / s.arrived,
        throughput: s.served / seconds,
      },
      controls: [s.utilisation! - rho, s.arrived / seconds / rate - 1],
    };
  };
}

/** M/M/c. A server is held while the work is done elsewhere, so that the moment it starts can be seen there. */
function mmc(servers: number, rate: number, more: number): Recipe {
  const rho = rate / servers;
  const nodes = [station('s', servers, constant(0), { holdServer: true }), station('work', 1e6)];
  return { design: run(rate, rho, customers(rho, 2, more), nodes, path('users', 's', 'work')), see: single(servers, rate, rho), probe: 'work' };
}

/** One first-come station with any arrivals and service. */
function gg(servers: number, rho: number, scvIn: number, scvOut: number, more = 1): Recipe {
  const rate = rho * servers;
  const asks = scvIn === 1 ? {} : scvIn === 0 ? { arrivals: 'regular' } : { arrivals: 'bursty', burstiness: Math.sqrt(scvIn) };
  const time = scvOut === 1 ? exponential(1) : scvOut === 0 ? constant(1) : gamma(1, scvOut);
  return { design: run(rate, rho, customers(rho, scvIn + scvOut, more), [station('s', servers, time)], path('users', 's'), asks), see: single(servers, rate, rho) };
}

/** Gaps drawn from two exponentials with balanced means, as a recorded stream of arrivals. */
function hyper(rho: number, p: number): Recipe {
  const base = gg(1, rho, 1, 1);
  const n = customers(rho, 5, rho > 0.8 ? 2.6 : 1.6);
  const warm = warmup(rho) * 2.5;
  const design = sketch([people(1, { arrivals: 'trace', recording: 'h2' }), station('s', 1)], path('users', 's'), warm + n / rho, warm);
  const { see } = base;
  return { design, options: (seed) => ({ traces: { h2: balanced(rho, p, Math.ceil((design.run.seconds * rho + 3000) * 1.05), seed) } }), see };
}

function balanced(rho: number, p: number, count: number, seed: number): Trace {
  const gaps = new Stream(seed, 'h2', 'gaps');
  const arrival = new Float64Array(count);
  for (let i = 0, t = 0; i < count; i++) arrival[i] = t += gaps.exponential() / (2 * rho * (gaps.uniform() < p ? p : 1 - p));
  return { name: 'h2', arrival, input: new Float64Array(count), output: new Float64Array(count), blockStart: new Int32Array(0), blocks: new Int32Array(0), blockSize: 0 };
}

/** A station that refuses: only the number of arrivals is known beforehand. */
function lossy(servers: number, room: number, rate: number, time: unknown, n: number): Recipe {
  const see = single(servers, rate, 0);
  const nodes = [node('s', 'service', { serverCount: servers, serviceTime: time, waitingRoom: room })];
  return {
    design: run(rate, 0.5, n / REPLICATIONS, nodes, path('users', 's')),
    see: (sim, probe) => {
      const { values, controls } = see(sim, probe);
      return { values, controls: controls.slice(1) };
    },
  };
}

/** What the people themselves see. */
const whole = (sim: Simulation): Sight => {
  const { latency, requests } = sim.result();
  return { values: { 'E[T]': latency.mean!, 'E[T] total': latency.mean!, 'E[R]': latency.mean!, 'E[max]': latency.mean!, X: requests.answeredPerSecond }, controls: [] };
};

/** The same, with the mean work and the number that happened to come to these stations as controls. */
const wholeOf = (ids: readonly string[], rho: number, rate: number) => (sim: Simulation): Sight => {
  const { nodes } = sim.result();
  const sum = (of: (id: string) => number): number => ids.reduce((total, id) => total + of(id), 0) / ids.length;
  const seconds = sim.now - sim.design.run.warmupSeconds;
  return { values: whole(sim).values, controls: [sum((id) => nodes[id]!.utilisation!) - rho, sum((id) => nodes[id]!.arrived) / seconds / rate - 1] };
};

/** A crowd that thinks and then asks one station after another. */
function closed(params: string): Recipe {
  const demands = list(params, 'D');
  const { Z, N } = read(params);
  const ids = demands.map((_, i) => `s${i}`);
  const crowd = node('users', 'users', { arrivals: 'closed', population: N, thinkTime: exponential(Z!), inputTokens: constant(0), outputTokens: constant(0) });
  const design = sketch([crowd, ...ids.map((id, i) => station(id, 1, exponential(demands[i]!)))], path('users', ...ids), 16_000 * Math.max(...demands) + 500, 500);
  return { design, see: whole };
}

/** Stations that pass requests on to one another by chance, `out` being the way out. */
function jackson(params: string): Recipe {
  const mu = list(params, 'mu');
  const P = matrix(params);
  const { gamma1 } = read(params);
  const nodes = mu.map((m, i) => station(`s${i}`, 1, exponential(1 / m), { callPlan: 'one' }));
  const hops = P.flatMap((row, i) => row.map((p, k) => [`s${i}`, `s${k}`, p] as const));
  const exits = P.map((row, i) => [`s${i}`, 'out', 1 - row.reduce((a, b) => a + b, 0)] as const);
  const links = [wire('users', 's0'), ...[...hops, ...exits].filter(([, , p]) => p > 1e-9).map(([from, to, p]) => wire(from, to, { linkWeight: p }))];
  const see = (sim: Simulation): Sight => {
    const { nodes: seen } = sim.result();
    const inside = mu.reduce((sum, _, i) => sum + seen[`s${i}`]!.queue.mean + seen[`s${i}`]!.utilisation!, 0);
    return { values: { ...whole(sim).values, 'E[N] total': inside }, controls: [] };
  };
  return { design: run(gamma1!, 0.7, 21_000, [...nodes, station('out', 1e6, constant(0))], links), see };
}

const many = (n: number): string[] => Array.from({ length: n }, (_, i) => `s${String(i).padStart(3, '0')}`);

/** A balancer in front of many stations. The theory is for infinitely many; with 100 the choice of two is a little worse. */
function choices(d: number, rho: number): Recipe {
  const n = d === 1 ? 20 : 100;
  const ids = many(n);
  const balancer = node('b', 'load-balancer', { balancing: d === 1 ? 'random' : 'power of two', choiceCount: d });
  const links = [wire('users', 'b'), ...ids.map((id) => wire('b', id))];
  const asked = d === 1 ? customers(rho, 2, 1.2) : 8_000;
  const warm = d === 1 ? warmup(rho) : 60;
  return { design: sketch([people(rho * n), balancer, ...ids.map((id) => station(id, 1))], links, warm + asked / (rho * n), warm), see: wholeOf(ids, rho, rho), ...(d === 1 ? {} : { within: 0.04 }) };
}

/** One request at n stations at once, answered when all have. */
function fork(n: number, rho: number): Recipe {
  const ids = many(n);
  const nodes = [station('fork', 1e6, constant(0), { callPlan: 'all' }), ...ids.map((id) => station(id, 1))];
  const links = [wire('users', 'fork'), ...ids.map((id) => wire('fork', id))];
  return { design: run(rho, rho, customers(rho, 2, n === 2 ? 1.3 : Math.max(0.1, 1 / n)), nodes, links), see: wholeOf(ids, rho, rho), ...(n === 2 ? {} : { within: 0.05 }) };
}

/** The same without waiting. */
function scatter(n: number): Recipe {
  const ids = many(n);
  const nodes = [station('fork', 1e6, constant(0), { callPlan: 'all' }), ...ids.map((id) => station(id, 1e6))];
  return { design: run(10, 0, Math.max(400, 8000 / n), nodes, [wire('users', 'fork'), ...ids.map((id) => wire('fork', id))]), see: whole };
}

/** n reads of a store at once, each slow with probability p: a call is slow if it took the slow time. */
function tail(n: number, p: number): Recipe {
  const slow = 100;
  const store = node('fs', 'feature-store', { batchGet: 'parallel', featureReadTime: constant(0.001), featureEntityTime: 0, featureSlowShare: p, featureSlowFactor: slow, featureThreads: 10_000 });
  const see = (sim: Simulation): Sight => ({ values: { 'P(any of n slow | p=0.01)': (sim.result().latency.mean! / 0.001 - 1) / (slow - 1) }, controls: [] });
  return { design: sketch([people(100, { itemCount: constant(n) }), store], path('users', 'fs'), 2000 / n), see };
}

/** Servers shared by all: means, and how long a call of a given size takes, from calls about as large. */
function sharing(rho: number, rate: number): Recipe {
  const base = run(rate, rho, customers(rho, 2, rho > 0.85 ? 4 : rho < 0.6 ? 6 : 2.6), [station('s', 1, exponential(1), { servingOrder: 'processor' })], path('users', 's'));
  const sizes = [0.5, 2];
  return {
    design: base,
    prepare: (sim) => stretches(sim, 's', sizes),
    see: (sim, _waits, stretch) => {
      const s = sim.result().nodes['s']!;
      const seconds = sim.now - base.run.warmupSeconds;
      const ofSize = Object.fromEntries(sizes.map((x, i) => [`E[T(x)] x=${x}`, (x * stretch![i]!.sum) / stretch![i]!.count]));
      return { values: { 'E[T]': s.latency.mean!, 'E[N]': s.inFlightMean, ...ofSize }, controls: [s.utilisation! - rho, s.arrived / seconds / rate - 1] };
    },
  };
}

/** For calls within a quarter of each size: how many times their work they took. */
function stretches(sim: Simulation, id: string, sizes: readonly number[]): { sum: number; count: number }[] {
  const { net, nodes } = sim.board;
  const at = nodes.get(id)!.node.index;
  const sums = sizes.map(() => ({ sum: 0, count: 0 }));
  const settle = net.settle.bind(net);
  net.settle = (c, code) => {
    if (net.calls.node(c) === at && net.now > sim.design.run.warmupSeconds) {
      const work = net.calls.mark(c);
      sizes.forEach((x, i) => {
        if (work < 0.75 * x || work > 1.25 * x) return;
        sums[i]!.sum += (net.now - net.calls.start(c)) / work;
        sums[i]!.count++;
      });
    }
    settle(c, code);
  };
  return sums;
}

/** One server that picks whom to serve. */
function picking(servingOrder: string, rho: number): Recipe {
  const design = run(rho, rho, customers(rho, 2, 1.2), [station('s', 1, exponential(1), { servingOrder })], path('users', 's'));
  return { design, see: (sim) => ({ values: { 'E[T]': sim.result().nodes['s']!.latency.mean! }, controls: [sim.result().nodes['s']!.utilisation! - rho] }) };
}

/** Two classes, the first of which goes first. */
function prioritised(l1: number, l2: number): Recipe {
  const rho = l1 + l2;
  const sort = (className: string, classShare: number, classPriority: number) => ({ className, classShare, classScale: 1, classPriority, classWithin: 0 });
  const design = run(rho, rho, customers(rho, 2, 4), [station('s', 1, exponential(1), { servingOrder: 'priority' })], path('users', 's'), { requestClasses: [sort('high', l1, 1), sort('low', l2, 0)] });
  const see = (sim: Simulation): Sight => {
    const { classes, nodes } = sim.result();
    return { values: { 'E[Wq] class 1 (high)': classes['high']!.latency.mean! - 1, 'E[Wq] class 2': classes['low']!.latency.mean! - 1 }, controls: [nodes['s']!.utilisation! - rho] };
  };
  return { design, see };
}

/** A cache of C equal answers in front of nothing that takes time. */
function lru(n: number, skew: number, room: number): Recipe {
  const cache = node('c', 'response-cache', { responseCapacity: room * 1000, responseEviction: 'LRU', responseOverhead: 0, responseLookup: constant(0) });
  const nodes = [people(1000, { requestBytes: constant(1000), keyCount: n, keySkew: skew }), cache, station('store', 1e6, constant(0))];
  const see = (sim: Simulation): Sight => ({ values: { 'hit ratio': sim.result().nodes['c']!.measures['hitRatio']! }, controls: [] });
  return { design: sketch(nodes, path('users', 'c', 'store'), 80, 60), see, within: 0.02 };
}

/** How a row is expressed with the parts there are, or why it cannot be. */
function recipe({ model, params }: Row): Recipe | string {
  const p = read(params);
  const { rho = 0, c = 1 } = p;
  if (model === 'M/M/1' || model === 'M/M/c') return mmc(c, p.lambda!, c >= 64 ? 5 : c > 1 ? 3.7 : p.lambda! < 0.6 ? 2.4 : p.lambda! < 0.92 ? 3.5 : 3.7);
  if (model === 'M/M/c/K') return lossy(c, p.K! - c, p.lambda!, exponential(1), c === 4 ? 2_000_000 : 650_000);
  if (model.startsWith('M/G/c/c')) return lossy(c, 0, p.a!, ({ 5: gamma(1, 4), 10: gamma(1, 0.25), 50: constant(1) })[c] ?? exponential(1), c <= 10 ? 600_000 : 80_000 * c ** 0.9);
  if (model === 'M/D/1') return gg(1, rho, 1, 0, rho > 0.92 ? 1.5 : rho > 0.85 ? 5.8 : 3.8);
  if (model === 'M/G/1 FCFS') return gg(1, rho, 1, p.scv!, p.scv! > 4 ? 1.5 : p.scv! < 1 ? 2.5 : 1);
  if (model === 'D/M/1') return gg(1, rho, 0, 1, rho < 0.6 ? 4.9 : 2.5);
  if (model === 'E2/M/1') return gg(1, rho, 0.5, 1, 3.7);
  if (model.startsWith('H2/M/1')) return hyper(rho, p.p!);
  if (model.startsWith('G/G/')) return { ...gg(c, rho, p.Ca2!, p.Cs2!, 0.36), within: 0.15 };
  if (model.startsWith('Closed')) return closed(params);
  if (model.startsWith('Open Jackson')) return jackson(params);
  if (model.startsWith('Power-of-d')) return choices(p.d!, rho);
  if (model.startsWith('Fork-join')) return fork(p.n ?? 2, rho);
  if (model.startsWith('Max of n')) return scatter(p.n!);
  if (model.startsWith('Tail')) return kindOf('feature-store') === undefined ? 'no feature store' : tail(p.n!, p.p!);
  if (model.includes('PS')) return sharing(rho, rho);
  if (model.includes('SRPT')) return picking('remaining', rho);
  if (model.includes('SJF')) return picking('shortest', rho);
  if (model.includes('priority')) return prioritised(p.l1!, p.l2!);
  if (model.startsWith('LRU')) return lru(p.N!, p.alpha!, p.C!);
  return model.startsWith('Checkpoint') ? 'training jobs are held to it elsewhere' : 'no such parts';
}

/** The name under which a recipe sees a row's quantity. */
const quantityOf = ({ quantity, params }: Row): string => (quantity === 'E[T(x)]' ? `${quantity} x=${read(params).x}` : quantity);

/** Percentiles are read from buckets 1.6 % wide. */
const BUCKET = 0.008;

const score = { held: 0, tried: 0 };

let engine: Awaited<ReturnType<typeof bundled>>;
/** Rows of different models may ask for the same runs. */
const known = new Map<string, Sight[]>();

/** Runs a recipe once for all its rows. */
function sights(how: Recipe): Sight[] {
  const key = JSON.stringify(how.design);
  if (!known.has(key)) known.set(key, fresh(how));
  return known.get(key)!;
}

function fresh(how: Recipe): Sight[] {
  const prepare = (sim: Simulation): { readonly waits: Histogram; readonly watched: { sum: number; count: number }[] | undefined } => {
    const waits = new Histogram();
    if (how.probe !== undefined) watch(sim, how.probe, waits);
    return { waits, watched: how.prepare?.(sim) };
  };
  return replicate(engine, how.design, prepare, (sim, { waits, watched }) => how.see(sim, waits, watched), how.options);
}

/** Notes how long after its birth every request reaches a component. */
function watch(sim: Simulation, id: string, waits: Histogram): void {
  const { net, nodes } = sim.board;
  const target = nodes.get(id)!.node;
  const arrive = target.arrive.bind(target);
  target.arrive = (call) => {
    if (net.now > sim.design.run.warmupSeconds) waits.add(net.now - net.requests.born(net.calls.request(call)));
    arrive(call);
  };
}

function hold(row: Row, how: Recipe, seen: readonly Sight[], others: readonly Row[]): void {
  const percentile = row.quantity.endsWith('p99');
  const mean = others.find((o) => o.quantity === 'E[Wq]');
  const seenAs = interval(seen, quantityOf(row), percentile && mean ? { 'E[Wq]': mean.value } : {});
  const off = Math.abs(seenAs.mean - row.value) / row.value - (percentile ? BUCKET : 0);
  const [half99, half999] = [seenAs.half99 / row.value, seenAs.half999 / row.value];
  const exact = how.within === undefined;
  const remark = !exact ? ', an approximation' : off > half99 ? ', OUTSIDE' : '';
  console.log(`${row.model} · ${row.quantity} · ${row.params}: ${row.value.toPrecision(5)} | ${seenAs.mean.toPrecision(5)} ± ${seenAs.half99.toPrecision(2)} (${(100 * half99).toFixed(1)} %)${remark}`);
  expect(half99).toBeLessThan(exact ? 0.02 : 0.06);
  if (!exact) return expect(off - half99).toBeLessThan(how.within!);
  score.tried++;
  if (off <= half99) score.held++;
  expect(off).toBeLessThan(half999);
}

const byCase = (all: readonly Row[]): Map<string, Row[]> => {
  const cases = new Map<string, Row[]>();
  for (const row of all) {
    const key = `${row.model}: ${row.params.replace(/ \(.*/, '')}`;
    cases.set(key, [...(cases.get(key) ?? []), row]);
  }
  return cases;
};

describe.skipIf(!existsSync(table))('queueing theory', () => {
  const cases = existsSync(table) ? byCase(rows()) : new Map<string, Row[]>();
  for (const [name, of] of cases) {
    const how = recipe(of[0]!);
    if (typeof how === 'string') it.skip(`${name} (not expressed: ${how})`);
    else
      it(name, () => {
        const seen = sights(how);
        for (const row of of) hold(row, how, seen, of);
      });
  }

  beforeAll(async () => {
    engine = await bundled();
  });

  afterAll(() => {
    console.log(`${score.held} of ${score.tried} exact values lie inside their 99 % interval.`);
    // Binomial: fewer than this many happen once in a thousand times.
    expect(score.tried - score.held).toBeLessThanOrEqual(Math.ceil(0.01 * score.tried + 3.1 * Math.sqrt(0.01 * score.tried) + 1));
  });
});

if (!existsSync(table)) describe('queueing theory', () => it.skip('skipped: the reference table ../shared/truth/queueing.csv is not here'));
