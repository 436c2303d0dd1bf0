/** What an engine can do beside first come, first served: drafts, batches kept to their end, priorities, host memory, prompts apart, hanging up, coming and going. */
import { describe, expect, it } from 'vitest';
import { Code } from '../src/engine/reasons.ts';
import { Sum } from '../src/kinds/gpu-pool/books.ts';
import { kvBytesPerToken, models, type Model } from '../src/kinds/gpu-pool/catalogue-models.ts';
import { gpuPool } from '../src/kinds/gpu-pool/gpu-pool.ts';
import type { PoolValues } from '../src/kinds/gpu-pool/params.ts';
import { StepTime } from '../src/kinds/gpu-pool/physics.ts';
import { coldStart, priceOf, setupOf } from '../src/kinds/gpu-pool/setup.ts';
import { defaults } from '../src/kit/param.ts';
import { noFlow } from '../src/run/flow.ts';
import { poisson, Rig, type Sent } from './gpu-pool-rig.ts';

const one = (input: number, output: number): Sent => ({ arrival: [0], input: [input], output: [output] });
const at = (arrival: readonly number[], input: number, output: readonly number[]): Sent => ({ arrival, input: arrival.map(() => input), output });
const sum = (of: ArrayLike<number>): number => Array.from(of).reduce((a, b) => a + b, 0);
const steps = (rig: Rig): number => rig.pool.sum(Sum.steps, rig.net.now);
const tokenBytes = kvBytesPerToken(models[0], 2, 1);

describe('drafts', () => {
  const alone = (draftLength: number, draftAcceptance: number, output: number, more: Partial<PoolValues> = {}): Rig => new Rig(one(100, output), { draftLength, draftAcceptance, ...more }).run();

  it.each([[1, 0.5], [3, 0.7], [4, 0.8], [8, 0.9]] as const)('of %d tokens accepted with chance %d yield (1 − a^(k+1)) ÷ (1 − a) tokens an iteration', (k, a) => {
    const output = 100_000;
    const rig = alone(k, a, output);
    const expected = (1 - a ** (k + 1)) / (1 - a);
    expect((output - 1) / (steps(rig) - 1) / expected).toBeGreaterThan(0.99);
    expect((output - 1) / (steps(rig) - 1) / expected).toBeLessThan(1.01);
    expect(rig.pool.sum(Sum.out, rig.net.now)).toBeCloseTo(output, 6);
  });

  it('are all refused or all taken at the ends of the scale', () => {
    expect(steps(alone(4, 0, 101))).toBe(101);
    expect(steps(alone(4, 1, 101))).toBe(1 + 20);
    expect(steps(alone(4, 1, 103))).toBe(1 + 21);
  });

  it('cost their share of a plain iteration each', () => {
    const [free, dear] = [0, 0.1].map((draftCost) => alone(4, 1, 101, { draftCost }));
    const step = new StepTime(setupOf(free!.values));
    let drafting = 0;
    for (let k = 0; k < 20; k++) drafting += 4 * 0.1 * step.decoding(1, 101 + 5 * k);
    expect(dear!.e2e(0) - free!.e2e(0)).toBeCloseTo(drafting, 9);
  });

  it('make answers come sooner where memory is the limit', () => {
    const sent = poisson(100, 4, 500, 200);
    const [plain, drafted] = [0, 4].map((draftLength) => new Rig(sent, { draftLength, draftAcceptance: 0.8 }).run());
    const ratio = plain!.measure('gap') / (drafted!.pool.latency.mean() / plain!.pool.latency.mean());
    expect(ratio).toBeGreaterThan(0);
    expect(drafted!.pool.latency.mean()).toBeLessThan(0.7 * plain!.pool.latency.mean());
  });
});

describe('static batches', () => {
  const values = { engineScheduling: 'static', sequenceLimit: 4 } as const;

  it('are padded, and last as long as their longest answer', () => {
    const rig = new Rig({ arrival: [0, 0, 0, 0.001], input: [100, 300, 200, 50], output: [5, 10, 20, 5] }, values).run();
    expect(rig.sender.last[0]).toBe(rig.sender.last[2]);
    expect(rig.sender.last[1]).toBe(rig.sender.last[2]);
    expect(rig.ttft(0)).toBe(rig.ttft(1));
    const step = new StepTime(setupOf(rig.values));
    step.begin(0, 0);
    for (let k = 0; k < 3; k++) step.chunk(300, 0, true);
    expect(rig.ttft(0)).toBeCloseTo(step.seconds(), 12);
    // The fourth starts when the batch is over.
    expect(rig.sender.first[3]! - rig.sender.last[2]!).toBeCloseTo(step.prompting(50), 12);
    expect(steps(rig)).toBe(20 + 5);
    expect(rig.pool.sum(Sum.out, rig.net.now)).toBeCloseTo(40, 9);
    expect(rig.pool.books.gaps.histogram.count).toBe(4 + 9 + 19 + 4);
  });

  it('wait to be filled, but not for ever', () => {
    const gathered = new Rig(at([1, 1.2, 1.4], 100, [5, 5, 5]), { ...values, batchGathering: 0.5 }).run();
    expect(gathered.sender.first[0]).toBe(gathered.sender.first[2]);
    expect(gathered.sender.first[0]).toBeGreaterThan(1.5);
    expect(gathered.sender.first[0]).toBeLessThan(1.6);
    const full = new Rig(at([1, 1.1, 1.2, 1.3], 100, [5, 5, 5, 5]), { ...values, batchGathering: 0.5 }).run();
    expect(full.sender.first[0]).toBeLessThan(1.4);
  });

  it('hold no more than fits with the longest prompt and answer in every place', () => {
    const rig = new Rig(at([0, 0, 0], 64, [33, 33, 33]), values, { blocks: 12 }).run();
    expect(rig.sender.first[1]).toBe(rig.sender.first[0]);
    expect(rig.sender.first[2]).toBeGreaterThan(rig.sender.last[0]!);
    expect(rig.pool.sum(Sum.preemptions, rig.net.now)).toBe(0);
  });

  it('are slower than continuous ones', () => {
    const sent = poisson(300, 15, 300, 200);
    const mean = (engineScheduling: PoolValues['engineScheduling']): number => new Rig(sent, { engineScheduling, sequenceLimit: 32 }).run().pool.latency.mean();
    expect(mean('static')).toBeGreaterThan(1.5 * mean('chunked'));
  });
});

describe('priorities', () => {
  const values = { sequenceLimit: 1, engineOrder: 'priority' } as const;

  it('decide who is next, not who runs', () => {
    const rig = new Rig({ ...at([0, 0.01, 0.02, 0.03], 100, [50, 50, 50, 50]), priority: [0, 0, 5, 9] }, values).run();
    expect([...rig.sender.last].map((t, i) => [t, i]).sort((a, b) => a[0]! - b[0]!).map(([, i]) => i)).toEqual([0, 3, 2, 1]);
  });

  it('push running answers out where that is chosen, which lose no token', () => {
    const sent = { ...at([0, 0.1], 100, [200, 10]), priority: [0, 1] };
    const rig = new Rig(sent, { ...values, engineOrder: 'pushing' }).run();
    expect(rig.ttft(1)).toBeLessThan(0.05);
    expect(rig.sender.last[1]).toBeLessThan(rig.sender.last[0]!);
    expect(rig.pool.sum(Sum.preemptions, rig.net.now)).toBe(1);
    expect(rig.pool.sum(Sum.out, rig.net.now)).toBeCloseTo(210, 9);
    // Equals do not push each other out.
    expect(new Rig({ ...sent, priority: [1, 1] }, { ...values, engineOrder: 'pushing' }).run().pool.sum(Sum.preemptions, 1)).toBe(0);
  });

  it('choose who gives way when blocks run out', () => {
    const sent = { ...at([0, 0], 64, [60, 60]), priority: [0, 3] };
    const [plain, ranked] = (['arrival', 'priority'] as const).map((engineOrder) => new Rig(sent, { engineOrder }, { blocks: 10, watermark: 0 }).run());
    expect(plain!.sender.last[0]).toBeLessThan(plain!.sender.last[1]!);
    expect(ranked!.sender.last[1]).toBeLessThan(ranked!.sender.last[0]!);
  });
});

describe('host memory', () => {
  // As in the ledger's test: ten blocks, two sequences, the second gives way after 16 tokens with 80 tokens in 5 blocks.
  const sent = at([0, 0], 64, [60, 60]);
  const ran = (more: Partial<PoolValues>, sizes: object = { blocks: 10, watermark: 0 }): Rig => new Rig(sent, { preemptedTo: 'host', ...more }, sizes).run();

  it('takes what gives way, and brings it back at the speed of the bus', () => {
    const rig = ran({ hostBandwidth: 1e13 });
    expect(rig.pool.sum(Sum.swapped, rig.net.now)).toBe(80);
    expect(rig.pool.sum(Sum.recomputed, rig.net.now)).toBe(0);
    expect(steps(rig)).toBe(1 + 59 + 43);
    const slow = ran({ hostBandwidth: 1e9 });
    const fast = ran({ hostBandwidth: 2e9 });
    // There in the iteration that both wait for, and back for the second alone.
    const move = (80 * tokenBytes) / 2e9;
    expect(slow.e2e(0) - fast.e2e(0)).toBeCloseTo(move, 9);
    expect(slow.e2e(1) - fast.e2e(1)).toBeCloseTo(2 * move, 9);
  });

  it('is bounded: what does not fit is worked through again', () => {
    const rig = ran({ hostMemory: 4 * 16 * tokenBytes });
    expect(rig.pool.sum(Sum.swapped, rig.net.now)).toBe(0);
    expect(rig.pool.sum(Sum.recomputed, rig.net.now)).toBe(80);
  });

  it('hands over to a disk what it has no room for, at the speed of the disk', () => {
    const full = { preemptedTo: 'disk', hostMemory: 4 * 16 * tokenBytes } as const;
    const rig = ran(full);
    expect([Sum.swapped, Sum.swappedFar, Sum.recomputed].map((k) => rig.pool.sum(k, rig.net.now))).toEqual([0, 80, 0]);
    const [slow, fast] = [1e9, 2e9].map((diskBandwidth) => ran({ ...full, diskBandwidth }));
    const move = (80 * tokenBytes) / 2e9;
    expect(slow!.e2e(0) - fast!.e2e(0)).toBeCloseTo(move, 9);
    expect(slow!.e2e(1) - fast!.e2e(1)).toBeCloseTo(2 * move, 9);
    // With room at the host, the disk is left alone; without any on the disk, tokens are thrown away.
    expect(ran({ preemptedTo: 'disk' }).pool.sum(Sum.swapped, 1e9)).toBe(80);
    expect(ran({ ...full, diskMemory: 4 * 16 * tokenBytes }).pool.sum(Sum.recomputed, 1e9)).toBe(80);
  });
});

describe('prompts on replicas of their own', () => {
  const values = { poolReplicas: 2, promptReplicas: 1, handoverLatency: 0.004, handoverBandwidth: 1e10 } as const;
  const transfer = (1000 * tokenBytes) / 1e10;

  it('counts the blocks of those who are on their way, also while nobody works', () => {
    const sent = poisson(60, 2, 4000, 20, 3);
    const rig = new Rig(sent, { poolReplicas: 2, promptReplicas: 1, handoverBandwidth: 5e8 });
    const [step, until] = [0.01, sent.arrival[59]!];
    const { replicas } = rig.pool as unknown as { readonly replicas: readonly { readonly blocks: { readonly used: number; readonly total: number } }[] };
    let area = 0;
    for (let t = step; t < until; t += step) {
      rig.run(t);
      area += replicas.reduce((sum, { blocks }) => sum + (step * blocks.used) / blocks.total, 0) / replicas.length;
    }
    expect(rig.measure('cacheUse') / (area / rig.net.now)).toBeCloseTo(1, 1);
    expect(rig.measure('cacheUse')).toBeGreaterThan(0.05);
  });

  it('delay an answer by the handover and nothing else', () => {
    const together = new Rig(one(1000, 100)).run();
    const apart = new Rig(one(1000, 100), values).run();
    expect(apart.ttft(0)).toBe(together.ttft(0));
    expect(apart.e2e(0) - together.e2e(0)).toBeCloseTo(transfer + 0.004, 12);
    expect(apart.pool.sum(Sum.handedOver, apart.net.now)).toBe(1000);
    expect(apart.measure('moving') * apart.net.now).toBeCloseTo(transfer + 0.004, 12);
    expect(apart.net.calls.count).toBe(0);
  });

  it('send one after another over their link', () => {
    const rig = new Rig(at([0, 0], 1000, [2, 2]), values).run();
    expect(rig.sender.first[0]).toBe(rig.sender.first[1]);
    expect(rig.sender.last[1]! - rig.sender.last[0]!).toBeGreaterThan(0.9 * transfer);
  });

  it('keep answers smooth while long prompts come', () => {
    const sent = poisson(300, 8, 4000, 200);
    const [together, apart] = [0, 2].map((promptReplicas) => new Rig(sent, { poolReplicas: 4, promptReplicas, iterationTokens: 8192, handoverLatency: 0.005 }).run());
    expect(apart!.pool.books.gaps.histogram.quantile(0.99)).toBeLessThan(0.5 * together!.pool.books.gaps.histogram.quantile(0.99));
  });

  it('wait for room at the others, and hold theirs meanwhile', () => {
    const rig = new Rig(poisson(100, 30, 300, 200), { ...values, poolReplicas: 3 }, { blocks: 120, watermark: 1 }).run();
    expect(rig.pool.endedAs(Code.answered)).toBe(100);
    expect(rig.pool.books.moving.value + rig.pool.books.running.value + rig.pool.books.waiting.value).toBe(0);
    const stay = sum(Array.from(rig.sent.arrival, (_, i) => rig.e2e(i)));
    const { books } = rig.pool;
    expect(books.running.area(rig.net.now) + books.moving.area(rig.net.now) + books.waiting.area(rig.net.now)).toBeCloseTo(stay, 6);
  });
});

describe('hanging up', () => {
  it('ends a call at that moment, and frees its blocks with the end of the iteration', () => {
    // The second fits only when the first has gone.
    const rig = new Rig({ ...at([0, 0.1], 1000, [400, 10]), patience: [1, Infinity] }, {}, { blocks: 90, watermark: 0 }).run();
    expect([...rig.sender.outcome]).toEqual([Code.cancelled, Code.answered]);
    expect(rig.sender.last[0]).toBeCloseTo(1, 12);
    expect(rig.sender.first[1]).toBeGreaterThan(1);
    expect(rig.sender.first[1]).toBeLessThan(1.1);
    expect(rig.pool.books.running.value).toBe(0);
  });

  it('works in the queue, on the way, and where keys and values wait', () => {
    const values = { poolReplicas: 2, promptReplicas: 1, handoverLatency: 10 } as const;
    const rig = new Rig({ ...at([0, 0, 0.5], 1000, [50, 50, 50]), patience: [5, 11, Infinity] }, values, { blocks: 70, watermark: 0 }).run();
    expect([...rig.sender.outcome]).toEqual([Code.cancelled, Code.cancelled, Code.answered]);
    expect(rig.sender.last[0]).toBeCloseTo(5, 12);
    expect(rig.pool.books.moving.value + rig.pool.books.running.value).toBe(0);
    const cells = new Float64Array(32);
    rig.pool.face(cells);
    expect(cells.every((c) => c === 0)).toBe(true);
  });
});

describe('coming and going', () => {
  const load = poisson(120, 10, 500, 200);
  const struck = (replicaLoss: PoolValues['replicaLoss'], more: Partial<PoolValues> = {}): Rig => {
    const rig = new Rig(load, { poolReplicas: 3, replicaLoss, ...more }).run(3);
    rig.pool.strike('replicas', 1);
    return rig.run();
  };

  it('a lost replica loses its work, or others do it again', () => {
    const failed = struck('fail');
    expect(failed.pool.endedAs(Code.crashed)).toBeGreaterThan(2);
    expect(failed.pool.endedAs(Code.crashed) + failed.pool.endedAs(Code.answered)).toBe(120);
    for (const choice of ['restart', 'resume'] as const) {
      const rig = struck(choice);
      expect(rig.pool.endedAs(Code.answered)).toBe(120);
      expect(rig.pool.sum(Sum.recomputed, rig.net.now)).toBeGreaterThan(0);
    }
    expect(struck('resume').pool.sum(Sum.out, 1e9)).toBeCloseTo(sum(load.output), 6);
    expect(struck('restart').pool.sum(Sum.out, 1e9)).toBeGreaterThan(sum(load.output));
  });

  it('what lies elsewhere survives the loss of the replica that was to take it', () => {
    const rig = struck('fail', { promptReplicas: 1, handoverLatency: 0.5 });
    expect(rig.pool.endedAs(Code.crashed) + rig.pool.endedAs(Code.answered)).toBe(120);
    expect(rig.pool.books.moving.value + rig.pool.books.running.value + rig.pool.books.waiting.value).toBe(0);
  });

  it('a started replica loads its weights first and is paid from the moment it is asked for', () => {
    const rig = new Rig(poisson(400, 10, 500, 200));
    const start = coldStart(rig.values);
    expect(start).toBeCloseTo(16.06e9 / 3.3e9 + 30, 1);
    rig.run(2);
    rig.pool.scaling.scaleTo(2);
    rig.run(2 + start - 0.01);
    expect(rig.pool.scaling.ready).toBe(1);
    rig.run(2 + start + 0.01);
    expect(rig.pool.scaling.ready).toBe(2);
    const { each } = priceOf(rig.values);
    expect(rig.pool.spentUsd(rig.net.now)).toBeCloseTo(((rig.net.now + start + 0.01) * each) / 3600, 9);
  });

  it('a replica that is to go takes nothing new, finishes what it has, and is paid until then', () => {
    const rig = new Rig(at([0, 0], 500, [400, 400]), { poolReplicas: 2 }).run(1);
    rig.pool.scaling.scaleTo(1);
    rig.run();
    expect(rig.pool.endedAs(Code.answered)).toBe(2);
    const { each } = priceOf(rig.values);
    expect(rig.pool.spentUsd(100)).toBeCloseTo(((100 + rig.sender.last[1]!) * each) / 3600, 9);
    expect(rig.pool.idleUsd(100)).toBeCloseTo(((100 - rig.sender.last[0]!) * each) / 3600, 9);
  });

  it('after a crash of all of it, every replica starts cold', () => {
    const rig = new Rig(at([0, 20], 500, [50, 50]), { poolReplicas: 2, engineStartup: 10 }).run(0.1);
    rig.net.health.crash(rig.pool.index, 'fail');
    rig.run(5);
    rig.net.health.restore(rig.pool.index);
    rig.pool.begin();
    rig.run(19);
    expect(rig.pool.scaling.ready).toBe(0);
    rig.run();
    expect([...rig.sender.outcome]).toEqual([Code.crashed, Code.answered]);
    expect(rig.sender.first[1]).toBeCloseTo(20 + rig.ttft(1), 9);
    expect(rig.pool.scaling.ready).toBe(2);
  });

  it('wait for the first replica to be ready', () => {
    const rig = new Rig(at([0, 1], 500, [50, 50]), { engineStartup: 10 }).run(0.1);
    rig.pool.strike('replicas', 1);
    rig.pool.heal('replicas', 1);
    rig.run();
    expect(rig.sender.first[1]).toBeGreaterThan(0.1 + coldStart(rig.values));
    expect(rig.pool.endedAs(Code.answered)).toBe(1);
  });
});

describe('gaps between tokens', () => {
  it('add up to the time per token', () => {
    const rig = new Rig(one(1000, 300)).run();
    const { histogram } = rig.pool.books.gaps;
    expect(histogram.count).toBe(299);
    expect(histogram.sum).toBeCloseTo(rig.sender.last[0]! - rig.sender.first[0]!, 9);
    expect(histogram.counts.reduce((a, b) => a + b, 0)).toBe(299);
  });

  it('number one less than the tokens of each answer, whatever happens to it', () => {
    for (const engineScheduling of ['chunked', 'prompts first'] as const) {
      for (const preemptedTo of ['nowhere', 'host', 'disk'] as const) {
        const rig = new Rig(poisson(200, 40, 300, 300), { engineScheduling, preemptedTo, iterationTokens: 512, sequenceLimit: 64 }, { blocks: 600, watermark: 6 }).run();
        expect(rig.pool.sum(Sum.preemptions, rig.net.now)).toBeGreaterThan(5);
        const { histogram } = rig.pool.books.gaps;
        expect(histogram.count).toBe(sum(rig.sent.output) - 200);
        expect(histogram.sum).toBeCloseTo(sum(Array.from(rig.sent.arrival, (_, i) => rig.sender.last[i]! - rig.sender.first[i]!)), 6);
      }
    }
  });

  it('show how prompts before decodes make answers stall', () => {
    const sent = poisson(200, 6, 3000, 200);
    const worst = (engineScheduling: PoolValues['engineScheduling'], iterationTokens: number): number => new Rig(sent, { engineScheduling, iterationTokens }).run().pool.books.gaps.histogram.quantile(0.99);
    expect(worst('prompts first', 8192)).toBeGreaterThan(2 * worst('chunked', 512));
  });
});

describe('by hand', () => {
  it('the sizes of a model and the rates of a GPU give what the catalogue gives', () => {
    const sent = poisson(50, 5, 500, 100);
    const listed = new Rig(sent).run();
    const described = new Rig(sent, { languageModel: 'custom', gpuType: 'custom' }).run();
    expect(described.sender.last).toEqual(listed.sender.last);
  });

  /** A model of the catalogue in the words of the form. */
  const inWords = (m: Model): Partial<PoolValues> => ({
    languageModel: 'custom',
    customLayers: m.layers,
    customHidden: m.hidden,
    customHeads: m.heads,
    customKvHeads: m.kvHeads,
    customHeadSize: m.headSize,
    customFeedForward: m.ffn,
    customVocabulary: m.vocabulary,
    customSliding: m.slidingLayers,
    ...(m.slidingLayers > 0 ? { customWindow: m.window } : {}),
    ...(m.experts === null ? {} : { customExperts: m.experts.count, customVisited: m.experts.visited, customShared: m.experts.shared, customExpertSize: m.experts.ffn, customDenseLayers: m.experts.denseLayers }),
    ...(m.latent === null ? {} : { customLatent: m.latent.kvRank, customLatentQueries: m.latent.queryRank, customRotary: m.latent.rope }),
  });

  it.each(models.filter((m: Model) => m.gated))('every model can be described: $label', (m: Model) => {
    const sent = poisson(20, 5, 500, 50);
    const on: Partial<PoolValues> = { gpuType: 'b300', tensorParallel: '8', weightPrecision: 'fp8' };
    const listed = new Rig(sent, { ...on, languageModel: m.id as PoolValues['languageModel'] }).run();
    expect(new Rig(sent, { ...on, ...inWords(m) }).run().sender.last).toEqual(listed.sender.last);
  });

  it('links that join a rack keep exchange off the network, and a rate of their own is used', () => {
    const step = (more: Partial<PoolValues>): number => new StepTime(setupOf({ ...defaults(gpuPool.params), tensorParallel: '16', gpuType: 'custom', customLikeness: 'blackwell', ...more })).decoding(64, 1000);
    const [servers, rack] = [step({}), step({ customJoined: 72 })];
    expect(rack).toBeLessThan(servers);
    expect(step({ networkRate: 5e9 })).toBeGreaterThan(servers);
    expect(step({ customJoined: 72, networkRate: 5e9 })).toBe(rack);
    expect(step({ customJoined: 72, customLinkRate: 450e9 })).toBe(rack);
    expect(step({ customJoined: 72, customLinkRate: 900e9 })).toBeLessThan(rack);
    expect(step({ customJoined: 72, customLinkRate: 45e9 })).toBeGreaterThan(rack);
  });

  it('a GPU without a price does not make tokens free', () => {
    const told = (more: Partial<PoolValues>, rate = 5): number | undefined => gpuPool.estimate({ ...defaults(gpuPool.params), ...more }, { ...noFlow, rate, inputTokens: 500, outputTokens: 100 }).find(({ label }) => label === 'price of tokens')?.value;
    expect(told({})).toBeGreaterThan(0);
    expect(told({}, 0)).toBeUndefined();
    expect(told({ gpuType: 'custom' })).toBeUndefined();
    expect(told({ gpuType: 'custom', priceOverride: 2 })).toBeGreaterThan(0);
  });

  it('asks for the network only where a replica reaches beyond what fast links join', () => {
    const asks = (more: Partial<PoolValues>): boolean => gpuPool.params.networkRate.shownWhen!({ ...defaults(gpuPool.params), ...more });
    expect([asks({ tensorParallel: '8' }), asks({ tensorParallel: '16' }), asks({ tensorParallel: '4', pipelineStages: '4' })]).toEqual([false, true, true]);
    expect([asks({ tensorParallel: '32', gpuType: 'gb200' }), asks({ tensorParallel: '32', gpuType: 'gb200', pipelineStages: '4' })]).toEqual([false, true]);
    expect([asks({ tensorParallel: '4', gpuType: 'custom', customJoined: 2 }), asks({ tensorParallel: '4', gpuType: 'custom', customJoined: 2, customLinked: false })]).toEqual([true, false]);
  });

  it('a model always has a layer that looks back all the way, and one with its experts', () => {
    const odd = setupOf({ ...defaults(gpuPool.params), languageModel: 'custom', customLayers: 4, customSliding: 900, customExperts: 8, customDenseLayers: 900 }).model;
    expect([odd.slidingLayers, odd.experts!.denseLayers]).toEqual([3, 3]);
  });
});

describe('money', () => {
  it('lets every token that an iteration looks at bear an equal part, drafted ones too', () => {
    const [decoding, prompt, drafted] = [20, 100, 3];
    const sent = { arrival: [...Array<number>(decoding).fill(0), 2], input: Array<number>(decoding + 1).fill(prompt), output: [...Array<number>(decoding).fill(4000), 1] };
    const rig = new Rig({ arrival: Float64Array.from(sent.arrival), input: Float64Array.from(sent.input), output: Float64Array.from(sent.output) }, { draftLength: drafted, draftCost: 0 }).run(2);
    const before = rig.pool.sum(Sum.promptSeconds, 2);
    rig.run(3);
    const step = new StepTime(setupOf(rig.values));
    step.begin(decoding, decoding * 800, drafted + 1);
    step.chunk(prompt, 0, true);
    expect((rig.pool.sum(Sum.promptSeconds, 3) - before) / step.seconds()).toBeCloseTo(prompt / (prompt + decoding * (drafted + 1)), 1);
  });

  it('is split between prompts and answers, and idle time is apart', () => {
    const rig = new Rig(poisson(200, 8, 800, 200), { poolReplicas: 2 }).run();
    const { now } = rig.net;
    expect(rig.pool.promptUsd(now) + rig.pool.answerUsd(now) + rig.pool.idleUsd(now)).toBeCloseTo(rig.pool.spentUsd(now), 9);
    expect(rig.pool.promptUsd(now)).toBeGreaterThan(0);
    expect(rig.measure('usdPerMillionIn')).toBeLessThan(rig.measure('usdPerMillionOut'));
    rig.pool.retune({ ...rig.values, priceOverride: 100 });
    expect(rig.pool.spentUsd(now)).toBeCloseTo((2 * now * priceOf(rig.values).each) / 3600, 9);
    expect(rig.pool.spentUsd(now + 36)).toBeCloseTo((2 * now * priceOf(rig.values).each) / 3600 + 2, 9);
  });
});

it('refuses what no GPU with sequences of its own has room for, though all together would', () => {
  const own = { languageModel: 'deepseek-v3', gpuType: 'h200', tensorParallel: '8', weightPrecision: 'fp8', attentionSpread: 'own' } as const;
  const rig = new Rig({ arrival: [0, 1], input: [2_000_000, 100_000], output: [10, 10] }, own).run();
  expect([...rig.sender.outcome].map((code) => code === Code.outOfMemory)).toEqual([true, false]);
});

it('takes a prompt through a pipeline in no less time because others decode meanwhile', () => {
  const first = (others: number): number => {
    const sent = { arrival: [...Array<number>(others).fill(0), 5], input: [...Array<number>(others).fill(10), 2000], output: [...Array<number>(others).fill(2000), 10] };
    return new Rig(sent, { languageModel: 'llama-3.1-70b', weightPrecision: 'fp8', pipelineStages: '8', gpuType: 'h100' }).run().ttft(others);
  };
  expect(first(7)).toBeGreaterThan(first(0));
  expect(first(7)).toBeLessThan(2 * first(0));
});
