/** Intervals, warm-up, replications and comparisons against hand calculation, theory and each other. */
import * as Comlink from 'comlink';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUCKETS, countsOf, edgesOf, Histogram, since, valueOf } from '../src/engine/histogram.ts';
import { Recorder } from '../src/engine/recorder.ts';
import { Stream } from '../src/engine/random.ts';
import type { Charts } from '../src/run/protocol.ts';
import { bandsOf } from '../src/run/statistics/bands.ts';
import { batchMeans } from '../src/run/statistics/batch-means.ts';
import { compare } from '../src/run/statistics/comparison.ts';
import { dispatch } from '../src/run/statistics/dispatch.ts';
import { merge } from '../src/run/statistics/merge.ts';
import { mser, mser5 } from '../src/run/statistics/mser.ts';
import { byDesign, createReplicationService, replicate, replicationSeed, tasksOf, type Replication, type Study } from '../src/run/statistics/replication.ts';
import { tFactor, tTails } from '../src/run/statistics/student.ts';
import { transient } from '../src/run/statistics/transient.ts';
import { startReplications, type Progress } from '../src/session/replications.ts';
import { constant, exponential, off, path, people, ran, result, sketch, station, tuned, wire } from './sketch.ts';
import type { Design } from '../src/design/design.ts';

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const variance = (values: readonly number[]): number => values.reduce((sum, y) => sum + (y - mean(values)) ** 2, 0) / (values.length - 1);
const noise = (seed: number, count: number): number[] => {
  const stream = new Stream(seed, 'test', 'noise');
  return Array.from({ length: count }, () => stream.uniform() - 0.5);
};

/** One server, asked `rho` times a second, a second's work each on average. */
const single = (rho: number, seconds: number, warmupSeconds = 0): Design => sketch([people(rho), station('s', 1)], path('users', 's'), seconds, warmupSeconds);
const automatic = (design: Design): Design => ({ ...design, run: { ...design.run, warmup: 'automatic' } });
const study = (designs: readonly Design[], count: number, points = 0): Study => ({ designs, count, points, traces: {} });
const all = (of: Study): Replication[] => Array.from({ length: tasksOf(of) }, (_, task) => replicate(of, task));

describe('Student’s t', () => {
  // Two-sided factors as published (e.g. Abramowitz and Stegun, table 26.10), to at least ten digits.
  it.each([
    [0.95, 1, 12.70620473617],
    [0.95, 2, 4.302652729749],
    [0.95, 5, 2.5705818356363],
    [0.95, 10, 2.2281388519863],
    [0.95, 30, 2.0422724563012],
    [0.95, 120, 1.9799304050824],
    [0.95, 1000, 1.9623390808264],
    [0.99, 10, 3.169272672617],
    [0.999, 5, 6.8688266258813],
  ])('%f with %i degrees of freedom', (level, degrees, factor) => {
    expect(off(tFactor(level, degrees), factor)).toBeLessThan(1e-9);
  });

  it('has tails that its factors are found by', () => {
    for (const degrees of [1, 3, 7, 31, 200]) expect(tTails(tFactor(0.9, degrees), degrees)).toBeCloseTo(0.1, 12);
    // One degree of freedom is Cauchy's distribution: half of it lies beyond 1.
    expect(tTails(1, 1)).toBeCloseTo(0.5, 13);
    expect(tTails(0, 4)).toBe(1);
  });
});

describe('MSER', () => {
  // By hand, Σ(y − mean)²/(n − d)²: 0.224 with all, 8/81 = 0.099 from the second, 8/64 = 0.125 from the third, then 0.140, 0.167, 0.192.
  const byHand = [6, 2, 1, 3, 1, 3, 1, 3, 1, 3];

  it('cuts where it does by hand', () => {
    expect(mser(byHand)).toEqual({ cut: 1, steady: true });
    expect(mser5(byHand.flatMap((y) => [y - 1, y, y + 1, y - 2, y + 2]))).toEqual({ cut: 5, steady: true });
    expect(mser5([...byHand.flatMap((y) => Array<number>(5).fill(y)), 99, 99])).toEqual({ cut: 5, steady: true });
  });

  it('cuts nothing off a constant, whatever rounding does to it', () => {
    expect(mser(Array<number>(40).fill(0))).toEqual({ cut: 0, steady: true });
    expect(mser(noise(1, 40).map((e) => 7 + 1e-13 * e))).toEqual({ cut: 0, steady: true });
  });

  it('finds no steady state where the level shifts late, or in next to nothing', () => {
    const shifted = [...noise(2, 30), ...noise(3, 12).map((e) => e + 20)];
    expect(mser(shifted).steady).toBe(false);
    expect(mser([1, 2, 3])).toEqual({ cut: 0, steady: false });
  });

  it('is the smallest marginal standard error of all cuts', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 10, maxLength: 60 }), (series) => {
      const errorAt = (d: number): number => ((series.length - d - 1) * variance(series.slice(d))) / (series.length - d) ** 2;
      const { cut } = mser(series);
      const smallest = Math.min(...Array.from({ length: Math.floor(series.length / 2) + 1 }, (_, d) => errorAt(d)));
      expect(cut).toBeLessThanOrEqual(series.length / 2);
      expect(errorAt(cut)).toBeLessThanOrEqual(smallest * (1 + 1e-9) + 1e-15);
    }), { numRuns: 200, seed: 1 });
  });
});

/** Mean number in an M/M/1 system (service rate 1) that starts empty, at the ends of `count` stretches of `step`: the birth-death equations by Runge and Kutta. */
function emptyStart(rho: number, step: number, count: number): number[] {
  const states = 150;
  const slope = (p: Float64Array): Float64Array => p.map((x, n) => (n > 0 ? rho * p[n - 1]! : 0) + (n < states - 1 ? p[n + 1]! - rho * x : 0) - (n > 0 ? x : 0));
  const moved = (p: Float64Array, k: Float64Array, by: number): Float64Array => p.map((x, n) => x + by * k[n]!);
  let p = new Float64Array(states);
  p[0] = 1;
  const h = 0.25;
  return Array.from({ length: count }, () => {
    for (let t = 0; t < step - 1e-9; t += h) {
      const a = slope(p);
      const b = slope(moved(p, a, h / 2));
      const c = slope(moved(p, b, h / 2));
      const d = slope(moved(p, c, h));
      p = p.map((x, n) => x + (h / 6) * (a[n]! + 2 * b[n]! + 2 * c[n]! + d[n]!)) as Float64Array<ArrayBuffer>;
    }
    return p.reduce((sum, x, n) => sum + n * x, 0);
  });
}

describe('a start from empty', () => {
  const [rho, runs, seconds] = [0.8, 400, 600];
  const level = rho / (1 - rho);
  /** In flight at the service in every stretch between notes. */
  const inFlight = (seed: number): { readonly step: number; readonly levels: number[] } => {
    const { columns, recorder } = ran(single(rho, seconds), { seed });
    const { total } = columns.nodes.get('s/inFlight')!;
    const at = (k: number): number => recorder.row(k)?.[total] ?? 0;
    return { step: recorder.interval, levels: Array.from({ length: recorder.count }, (_, k) => (at(k) - at(k - 1)) / recorder.interval) };
  };
  const all = Array.from({ length: runs }, (_, k) => inFlight(k + 1));
  const seen = all.map(({ levels }) => levels);
  const { step } = all[0]!;
  const average = seen[0]!.map((_, k) => mean(seen.map((one) => one[k]!)));

  it('rises as the birth-death equations say', () => {
    const exact = [0, ...emptyStart(rho, step, average.length)];
    for (const k of [0, 4, 9, 19, 49, 99, average.length - 1]) {
      const error = Math.sqrt(variance(seen.map((one) => one[k]!)) / runs);
      expect(Math.abs(average[k]! - (exact[k]! + exact[k + 1]!) / 2)).toBeLessThan(4 * error + 0.01 * level);
    }
  });

  it('is cut where it has come near its level, and what is left is nearer the truth', () => {
    const { cut, steady } = mser5(average);
    expect(steady).toBe(true);
    expect(emptyStart(rho, cut * step, 1)[0]! / level).toBeGreaterThan(0.9);
    expect(cut * step).toBeLessThan(seconds / 3);
    expect(off(mean(average), level)).toBeGreaterThan(2 * off(mean(average.slice(cut)), level));
  });
});

describe('a transient', () => {
  it('is cut where it stands out, falling or rising', () => {
    for (const sign of [1, -1]) {
      const { cut, steady } = transient(noise(4, 60).map((e, k) => 10 + e + sign * 8 * Math.exp(-k / 4)));
      expect(cut).toBeGreaterThan(6);
      expect(cut).toBeLessThan(30);
      expect(steady).toBe(true);
    }
  });

  it('is seldom seen where there is none, though MSER alone sees one often', () => {
    const series = Array.from({ length: 200 }, (_, k) => noise(100 + k, 60));
    expect(series.filter((one) => transient(one).cut > 0).length).toBeLessThan(6);
    expect(series.filter((one) => mser(one).cut > 0).length).toBeGreaterThan(25);
    expect(series.filter((one) => !transient(one).steady).length).toBeLessThan(10);
  });

  it('never ends in a queue that grows for ever', () => {
    const { warmup, intervals } = result(automatic(single(1.5, 2000)));
    expect(warmup).toMatchObject({ how: 'automatic', steady: false });
    expect(intervals).not.toHaveProperty('latency.mean');
  });
});

describe('the automatic warm-up', () => {
  // Work of half a minute on many servers takes minutes to fill them.
  const rush = sketch([people(4), station('s', 400, exponential(30))], path('users', 's'), 1000);

  it('says where it ends, and statistics start exactly there', () => {
    const found = result(automatic(rush));
    expect(found.warmup).toMatchObject({ how: 'automatic', steady: true });
    expect(found.warmup.seconds).toBeGreaterThan(0);
    const given = result({ ...rush, run: { ...rush.run, warmupSeconds: found.warmup.seconds } });
    expect({ ...found, warmup: null, intervals: null }).toEqual({ ...given, warmup: null, intervals: null });
    expect(Object.keys(found.intervals)).toEqual(Object.keys(given.intervals));
  });

  it('leaves out nothing where nothing stands out', () => {
    const { warmup, seconds, measuredSeconds } = result(automatic(sketch([people(50), station('s', 1, constant(0.002))], path('users', 's'), 200)));
    expect(warmup).toEqual({ seconds: 0, how: 'automatic', steady: true });
    expect(measuredSeconds).toBe(seconds);
  });

  it('changes nothing but where statistics start', () => {
    expect(ran(automatic(rush)).digest()).toBe(ran(rush).digest());
  });

  it('takes no later disturbance for a transient', () => {
    const design = automatic(sketch([people(50), station('s', 1, exponential(0.01))], path('users', 's'), 400));
    const simulation = ran({ ...design, run: { ...design.run, seconds: 120 } });
    simulation.apply(tuned(design, 's', { serviceTime: exponential(0.018) }), 'slower');
    simulation.runTo(400);
    expect(simulation.result().warmup.seconds).toBeLessThan(60);
  });
});

describe('what grows', () => {
  const grown = (design: Design, seed = 1): boolean => result(design, { seed }).inFlightGrows;

  it('is said of a server that is asked for more than it can do, from early on', () => {
    expect(grown(single(1.3, 5000))).toBe(true);
    expect(grown(single(1.5, 400))).toBe(true);
    expect(grown(single(1.5, 4000, 2000))).toBe(true);
    expect(grown(automatic(single(1.5, 2000)))).toBe(true);
  });

  it('is not said of a line that comes and goes, nor of one that is full', () => {
    for (const seconds of [50, 500, 5000]) expect(Array.from({ length: 40 }, (_, k) => grown(single(0.7, seconds), k + 1)).filter(Boolean)).toEqual([]);
    expect(grown(sketch([people(1.5), station('s', 1, exponential(1), { waitingRoom: 10 })], path('users', 's'), 5000))).toBe(false);
  });

  it('is said where calls pile up behind a wire that nobody waits for', () => {
    const behind = sketch([people(0.5), station('front', 1, constant(0.1)), station('back', 1, constant(3))], [...path('users', 'front'), wire('front', 'back', { fireAndForget: true })], 2000);
    expect(grown(behind)).toBe(true);
  });

  it('is said alike where only a slice is simulated', () => {
    const whole = sketch([people(120), station('s', 100, exponential(1))], path('users', 's'), 400);
    const sliced = (rate: number): Design => tuned({ ...whole, run: { ...whole.run, slice: 10 } }, 'users', { arrivalRate: rate });
    expect(grown(whole)).toBe(true);
    expect(grown(sliced(120))).toBe(true);
    expect(grown(sliced(70))).toBe(false);
  });
});

describe('batch means', () => {
  const running = (steps: readonly number[]): number[] => steps.reduce<number[]>((sums, step) => [...sums, sums.at(-1)! + step], [0]);
  const seconds = Array.from({ length: 65 }, (_, k) => k);

  it('are Student’s interval by hand', () => {
    // 64 stretches in 32 batches of two.
    const steps = noise(7, 64);
    const batches = Array.from({ length: 32 }, (_, b) => (steps[2 * b]! + steps[2 * b + 1]!) / 2);
    const found = batchMeans(running(steps), seconds)!;
    expect(found.count).toBe(32);
    expect(off(found.half, 2.0395134463964077 * Math.sqrt(variance(batches) / 32))).toBeLessThan(1e-9);
  });

  it('join their batches while they are correlated, and give up where that does not help', () => {
    const waves = Array.from({ length: 64 }, (_, k) => Math.sin((2 * Math.PI * k) / 16));
    expect(batchMeans(running(waves.map((w) => w + 3)), seconds)!.count).toBeLessThan(32);
    expect(batchMeans(running(waves.map((_, k) => k)), seconds)).toBeNull();
  });

  it('say nothing of nothing', () => {
    expect(batchMeans([0], [0])).toBeNull();
    expect(batchMeans(running(Array<number>(64).fill(0)), seconds)).toBeNull();
    expect(batchMeans(running([1, 2, 3]), [0, 1, 2, 3])).toBeNull();
  });

  it('have no width where nothing varies', () => {
    const { intervals } = result(sketch([people(50, { arrivals: 'regular' }), station('s', 1, constant(0.0078125))], path('users', 's'), 400));
    const { low, high } = intervals['latency.mean']!;
    expect(off(low, high)).toBeLessThan(1e-6);
  });
});

describe('the intervals of a run', () => {
  it('of a share end at all of it', () => {
    const crowded = sketch([people(100), station('s', 4, exponential(0.04), { waitingRoom: 50 })], path('users', 's'), 100);
    for (const { intervals } of [result(crowded), result({ ...crowded, run: { ...crowded.run, warmupSeconds: 20 } })]) {
      expect(intervals['nodes.s.utilisation']!.high).toBeLessThanOrEqual(1);
      expect(intervals['nodes.s.utilisation']!.low).toBeGreaterThan(0.9);
      expect(intervals['nodes.s.queue.mean']!.high).toBeGreaterThan(1);
    }
  });

  const found = result(single(0.5, 90_000, 100));

  it('hold the figures they are of, and of theory’s values all but few', () => {
    const exact: Readonly<Record<string, number>> = { 'latency.mean': 2, 'latency.p50': 2 * Math.LN2, 'latency.p95': 2 * Math.log(20), 'latency.p99': 2 * Math.log(100), 'nodes.s.utilisation': 0.5, 'nodes.s.queue.mean': 0.5, 'requests.answeredPerSecond': 0.5 };
    for (const [path, value] of Object.entries(exact)) {
      const { low, high, level, method } = found.intervals[path]!;
      expect({ path, level, method }).toEqual({ path, level: 0.95, method: 'batch means' });
      // Three times as wide holds 99.99 % of the time.
      expect(Math.abs((low + high) / 2 - value)).toBeLessThan(1.5 * (high - low));
      expect((high - low) / value).toBeLessThan(0.12);
    }
    expect(found.intervals['latency.p99']!.low).toBeLessThan(found.latency.p99!);
    expect(found.intervals['latency.p99']!.high).toBeGreaterThan(found.latency.p99!);
  });

  it('leave out what nobody can know yet', () => {
    const { latency, intervals } = result(single(0.5, 2000));
    expect(latency.p999).not.toBeNull();
    expect(intervals).not.toHaveProperty('latency.p999');
    expect(intervals).not.toHaveProperty('requests.failedShare');
  });
});

describe('histograms', () => {
  const values = fc.array(fc.double({ min: 1e-9, max: 1e7, noNaN: true }), { maxLength: 60 });
  const of = (list: readonly number[]): Histogram => {
    const histogram = new Histogram();
    for (const value of list) histogram.add(value);
    return histogram;
  };

  it('merge to the histogram of the union', () => {
    fc.assert(fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), (lists) => {
      const merged = new Histogram();
      for (const list of lists) merged.merge(countsOf(of(list)));
      const union = of(lists.flat());
      expect(merged.counts).toEqual(union.counts);
      expect(merged.count).toBe(union.count);
      expect(merged.sum).toBeCloseTo(union.sum, 3);
    }), { numRuns: 200, seed: 1 });
  });

  it('forget what they held before', () => {
    fc.assert(fc.property(values, values, (before, after) => {
      const then = countsOf(of(before));
      const { counts, count } = since(of([...before, ...after]), then);
      expect(counts).toEqual(of(after).counts);
      expect(count).toBe(after.length);
    }), { numRuns: 200, seed: 1 });
  });

  it('have buckets that touch', () => {
    for (let b = 1; b < BUCKETS - 1; b++) {
      const [from, to] = edgesOf(b);
      expect(to).toBe(edgesOf(b + 1)[0]);
      expect((from + to) / 2).toBe(valueOf(b));
    }
    expect(edgesOf(0)).toEqual([0, edgesOf(1)[0]]);
  });
});

describe('notes', () => {
  const noted = (recorder: Recorder, until: number): number[] => {
    while (recorder.due() <= until) {
      const now = recorder.due();
      recorder.note(now, (row) => row.fill(now));
    }
    return [...recorder.times.slice(0, recorder.count)];
  };

  it('stay on their grid however often the notebook is thinned', () => {
    const recorder = new Recorder(1, 0.25, () => []);
    const times = noted(recorder, 1000);
    expect(times).toEqual(times.map((_, k) => (k + 1) * recorder.interval));
    expect(recorder.interval).toBeGreaterThan(1);
  });

  it('go on at once where a wider notebook had to be thinned', () => {
    const recorder = new Recorder(1, 1, () => []);
    noted(recorder, 401);
    // So many columns that only the fewest rows fit.
    const width = 1 << 20;
    recorder.reshape(width, new Int32Array(width));
    expect(recorder.due()).toBeGreaterThan(401);
    expect(recorder.due() - 401).toBeLessThanOrEqual(recorder.interval);
    expect(recorder.due() % recorder.interval).toBe(0);
  });
});

describe('replications', () => {
  const design = { ...single(0.7, 300, 20), objectives: [{ metric: 'latency.p99', relation: 'at most' as const, limit: 1 }] };
  const twelve = study([design], 12, 40);
  const replications = all(twelve);
  const together = merge(design, replications);

  it('have seeds of their own, the design’s first', () => {
    const seeds = Array.from({ length: 20_000 }, (_, k) => replicationSeed(7, k));
    expect(seeds[0]).toBe(7);
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
    expect(replications.map((one) => one.result.seed)).toEqual(Array.from({ length: 12 }, (_, k) => replicationSeed(1, k)));
    expect(JSON.stringify(replications[0]!.result)).toBe(JSON.stringify(result(design)));
  });

  it('add up', () => {
    const { requests, latency, measuredSeconds, events } = together;
    const sum = (of: (one: Replication) => number): number => replications.reduce((total, one) => total + of(one), 0);
    expect(together.replications).toBe(12);
    expect(requests.offered).toBe(sum((one) => one.result.requests.offered));
    expect(requests.offered).toBe(requests.answered + requests.inFlight);
    expect(latency.count).toBe(requests.answered);
    expect(off(requests.answeredPerSecond, requests.answered / measuredSeconds)).toBeLessThan(1e-12);
    expect(events).toBe(sum((one) => one.result.events));
    expect(together.objectives).toMatchObject([{ value: latency.p99, met: false }]);
  });

  it('give percentiles of all requests together, not a mean of percentiles', () => {
    const whole = new Histogram();
    for (const { seen } of replications) whole.merge(seen.latency);
    expect(together.latency.p99).toBe(whole.quantile(0.99));
    expect(together.nodes.s!.latency.p50).not.toBeNull();
  });

  it('give Student’s interval over the replications', () => {
    const rates = replications.map((one) => one.result.requests.answeredPerSecond);
    const { low, high, count, method } = together.intervals['requests.answeredPerSecond']!;
    expect({ count, method }).toEqual({ count: 12, method: 'replications' });
    expect(off((low + high) / 2, mean(rates))).toBeLessThan(1e-12);
    expect(off((high - low) / 2, 2.200985160082949 * Math.sqrt(variance(rates) / 12))).toBeLessThan(1e-9);
    for (const path of ['latency.mean', 'latency.p50', 'nodes.s.utilisation', 'nodes.s.latency.p50', `classes.${Object.keys(together.classes)[0]!}.latency.mean`, 'cost.usdPerHour']) expect(together.intervals).toHaveProperty([path]);
    // Counts estimate nothing, and 25 requests beyond the p99 bound nothing.
    for (const path of ['requests.offered', 'nodes.s.arrived', 'latency.count', 'latency.p99']) expect(together.intervals).not.toHaveProperty([path]);
  });

  it('are the same from any number of hands, whoever is slow', async () => {
    for (const hands of [1, 2, 3]) {
      const order: number[] = [];
      const work = Array.from({ length: hands }, (_, hand) => async (task: number) => {
        // The first hand is slow, so that answers come out of order.
        for (let k = 0; k < (hand === 0 ? 50 : 1); k++) await Promise.resolve();
        order.push(task);
        return replications[task]!;
      });
      const merged = merge(design, await dispatch(12, work));
      expect(JSON.stringify(merged)).toBe(JSON.stringify(together));
      if (hands > 1) expect(order).not.toEqual([...order].sort((a, b) => a - b));
    }
  });

  it('are the same when they run in workers, and say how far they are', async () => {
    const told: Progress[] = [];
    for (const most of [1, 3]) {
      const [answer] = (await startReplications(twelve, (progress) => told.push(progress), toyWorker, most).answer)!;
      expect(answer!.result.digest).toBe(together.digest);
      expect(JSON.stringify(answer!.result)).toBe(JSON.stringify(together));
      expect(answer!.results).toHaveLength(12);
      expect(answer!.bands.replications).toBe(12);
    }
    expect(told.at(-1)).toEqual({ done: 12, of: 12, share: 1 });
    expect(told.every(({ share }) => share >= 0 && share <= 1)).toBe(true);
  });

  it('can be cancelled, and a worker that dies is told of', async () => {
    const running = startReplications(study([design], 1000), () => {}, toyWorker, 2);
    running.cancel();
    expect(await running.answer).toBeNull();
    const worker = toyWorker();
    const lost = startReplications(study([design], 1000), () => {}, () => worker, 1);
    worker.dispatchEvent(Object.assign(new Event('error', { cancelable: true }), { message: 'out of memory' }));
    await expect(lost.answer).rejects.toThrow('out of memory');
  });
});

/** The worker's service behind a channel instead of a thread. */
function toyWorker(): Worker {
  const { port1, port2 } = new MessageChannel();
  Comlink.expose(createReplicationService(), port2);
  port1.start();
  return Object.assign(port1, { terminate: () => port1.close() }) as unknown as Worker;
}

describe('a comparison', () => {
  const slow = single(0.8, 400, 50);
  const fast = tuned(slow, 's', { serviceTime: exponential(0.9) });
  const pair = study([slow, fast], 15);
  const [a, b] = byDesign(pair, all(pair)).map((one) => one.map((replication) => replication.result));

  it('is a paired t interval of the difference', () => {
    const [found] = compare(a!, b!, ['latency.mean']);
    const differences = a!.map((one, k) => b![k]!.latency.mean! - one.latency.mean!);
    expect(off(found!.difference, mean(differences))).toBeLessThan(1e-12);
    expect(off(found!.interval!.high - found!.difference, 2.1447866879169273 * Math.sqrt(variance(differences) / 15))).toBeLessThan(1e-9);
    expect(found!.interval!.high).toBeLessThan(0);
    expect(found!.pairs).toBe(15);
  });

  it('is surer for the same chances than for others', () => {
    const [same] = compare(a!, b!, ['latency.mean']);
    const others = all(study([{ ...fast, run: { ...fast.run, seed: 99 } }], 15)).map((one) => one.result);
    const [different] = compare(a!, others, ['latency.mean']);
    expect(same!.varianceRatio!).toBeLessThan(0.5);
    expect(different!.varianceRatio!).toBeGreaterThan(2 * same!.varianceRatio!);
  });

  it('leaves out what neither has', () => {
    expect(compare(a!, b!, ['llm.ttft.p99', 'requests.failedShare']).map((one) => one.metric)).toEqual(['requests.failedShare']);
    expect(compare(a!.slice(0, 1), b!.slice(0, 1), ['latency.mean'])[0]!.interval).toBeNull();
  });
});

describe('bands', () => {
  const line = (times: readonly number[], values: readonly number[], name = 'p50', chart: 'latency' | 'failures' = 'latency'): Charts => ({ times: Float64Array.from(times), series: [{ chart, name, node: null, values: Float64Array.from(values) }], marks: [], episodes: [], warmup: 0 });

  it('are means and Student’s intervals by column', () => {
    const { times, series, replications } = bandsOf([line([1, 2], [3, 10]), line([1, 2], [5, 10]), line([1, 2], [7, 10])]);
    expect(replications).toBe(3);
    expect([...times]).toEqual([1, 2]);
    expect([...series[0]!.mean]).toEqual([5, 10]);
    expect(series[0]!.high[0]! - 5).toBeCloseTo(4.302652729749 * (2 / Math.sqrt(3)), 9);
    // 5 − 4.97 stays above zero; where nothing varies there is no width.
    expect(series[0]!.low[0]!).toBeCloseTo(5 - 4.302652729749 * (2 / Math.sqrt(3)), 9);
    expect([series[0]!.low[1], series[0]!.high[1]]).toEqual([10, 10]);
  });

  it('never reach below zero', () => {
    const { series } = bandsOf([line([1], [0]), line([1], [5])]);
    expect(series[0]!.low[0]).toBe(0);
  });

  it('bring different columns to one grid', () => {
    const { times, series } = bandsOf([line([1, 2, 3, 4], [1, 2, 3, 4]), line([2, 4], [10, 20])]);
    expect([...times]).toEqual([2, 4]);
    expect([...series[0]!.mean]).toEqual([6, 12]);
  });

  it('take a missing failure for none, and a missing latency for nothing to say', () => {
    const { series } = bandsOf([line([1], [4], 'queue full', 'failures'), line([1], [2])]);
    const of = (chart: string) => series.find((one) => one.chart === chart)!.mean[0];
    expect(of('failures')).toBe(2);
    expect(of('latency')).toBe(2);
  });

  it('hold the true mean of a chart about as often as they say', () => {
    const { series } = bandsOf(all(study([single(0.5, 600, 0)], 25, 40)).map((one) => one.charts));
    const utilisation = series.find((one) => one.chart === 'utilisation')!;
    const held = [...utilisation.low].filter((low, k) => k > 1 && low <= 0.5 && utilisation.high[k]! >= 0.5).length;
    expect(held / (utilisation.low.length - 2)).toBeGreaterThan(0.85);
  });
});
