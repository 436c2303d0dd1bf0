/** The embedding service: batch times against published work, padding against arithmetic, partial failures, faults and live changes. */
import { describe, expect, it } from 'vitest';
import { inFlightChoices, type InFlight } from '../src/engine/health.ts';
import { embedders, encoderOf, EncoderTime, flopOf } from '../src/kinds/encoder/models.ts';
import { kernels } from '../src/kinds/gpu-pool/constants.ts';
import type { FaultName } from '../src/kit/fault.ts';
import { estimates } from '../src/run/flow.ts';
import { Simulation } from '../src/run/simulation.ts';
import { constant, imbalances, node, off, path, people, ran, result, sketch, tuned, wire } from './sketch.ts';

const served = (rate: number, texts: number, params: Record<string, unknown>, seconds = 100, traffic: Record<string, unknown> = {}) =>
  sketch([people(rate, { itemCount: constant(texts), ...traffic }), node('embed', 'embedding-service', { embedderJitter: 0, embedderRoom: 1e8, ...params })], path('users', 'embed'), seconds);

const large = encoderOf(embedders, 'bge-large');
const onL4 = new EncoderTime({ encoder: large, gpu: 'l4', precision: 'bf16', share: 0.33 });

describe('encoder arithmetic', () => {
  it('counts the work of BERT-large as published: 246.93 GFLOP for 384 tokens (OpenVINO model zoo)', () => {
    expect(off(flopOf(large, 384, 384 * 384) / 1e9, 246.93)).toBeLessThan(0.005);
  });

  it('has the throughput measured with bge-large on an L4: 1.15 M tokens in texts of 449 in 18.49 s', () => {
    const texts = 36;
    expect(off((texts * 449) / onL4.seconds(texts * 449, texts * 449 * 449), 1.15e6 / 18.491)).toBeLessThan(0.03);
  });

  it('has the latencies measured with BERT-large for one text at a time, at the 171 tokens they imply', () => {
    const alone = (gpu: 'l4' | 'l40s'): number => new EncoderTime({ encoder: large, gpu, precision: 'fp8', share: 0.33 }).seconds(171, 171 * 171);
    expect(off(alone('l4'), 0.00191)).toBeLessThan(0.03);
    expect(off(alone('l40s'), 0.00102)).toBeLessThan(0.03);
  });

  it('reads the weights of a large model, however short the text', () => {
    const time = new EncoderTime({ encoder: encoderOf(embedders, 'e5-mistral-7b'), gpu: 'h100', precision: 'bf16', share: 0.33 });
    expect(off(time.seconds(1, 1) - 32 * 24e-6, 13.96e9 / (3.35e12 * kernels.hopper.stream))).toBeLessThan(0.001);
  });
});

describe('embedding service', () => {
  it('takes for one call alone what the arithmetic says', () => {
    const r = result(served(1, 8, { embedderReplicas: 50, textLength: constant(100) })).nodes['embed']!;
    expect(off(r.latency.mean, onL4.seconds(800, 80_000))).toBeLessThan(1e-9);
    expect(r.measures['padding']).toBe(0);
  });

  it('splits a call whose texts do not fit into one batch', () => {
    const r = result(served(1, 10, { embedderReplicas: 1, textLength: constant(100), textBatchTokens: 400 }, 100.5, { arrivals: 'regular' })).nodes['embed']!;
    expect(r.measures['batchTexts']!).toBeCloseTo(10 / 3, 9);
    expect(r.latency.mean!).toBeCloseTo(2 * onL4.seconds(400, 40_000) + onL4.seconds(200, 20_000), 9);
  });

  it('batches texts of many calls: throughput under overload is that of full batches', () => {
    const params = { embedderReplicas: 1, textLength: constant(100), textBatchTokens: 3200, embedderRoom: 2000 };
    const r = result(served(5000, 1, params)).nodes['embed']!;
    expect(off(r.measures['textRate'], 32 / onL4.seconds(3200, 320_000))).toBeLessThan(0.02);
    expect(Object.keys(r.failedBy)).toEqual(['queue full']);
    expect(off(r.utilisation, 1)).toBeLessThan(0.02);
  });

  it('wastes E[max] − E[mean] of a batch by padding, and less by length', () => {
    // Lengths uniform on 0 … 2m and n in a batch: the longest is 2m · n/(n + 1) on average.
    const params = (textPacking: string) => ({ embedderReplicas: 1, textLength: { shape: 'uniform', mean: 200, cv: 1 / Math.sqrt(3) }, textPacking, textBatchSize: 8, textBatchTokens: 1e8, embedderRoom: 500 });
    const padding = (packing: string): number => result(served(4000, 1, params(packing))).nodes['embed']!.measures['padding']!;
    expect(padding('longest')).toBeCloseTo(1 - 200 / ((400 * 8) / 9), 1.7);
    expect(padding('buckets')).toBeLessThan(0.35);
    expect(padding('buckets')).toBeGreaterThan(0.1);
    expect(padding('ragged')).toBe(0);
  });

  it('serves more by length than padded, and most without padding', () => {
    const rate = (textPacking: string): number => result(served(4000, 1, { embedderReplicas: 1, textPacking, embedderRoom: 500, textTooLong: 'cut' }, 60)).nodes['embed']!.measures['tokenRate']!;
    expect(rate('buckets')).toBeGreaterThan(1.2 * rate('longest'));
    expect(rate('ragged')).toBeGreaterThan(rate('buckets'));
  });
});

describe('a text that is too long', () => {
  // Exponential lengths of mean 100 against a limit of 200: P = e^(−2), rounding to whole tokens moves it by half a token.
  const share = Math.exp(-200.5 / 100);
  const run = (textTooLong: string, texts = 16) => ran(served(100, texts, { embedderReplicas: 20, textLength: { shape: 'exponential', mean: 100, cv: 1 }, textLimit: 200, textTooLong }, 400));

  it('alone is refused where texts are refused', () => {
    const r = run('refuse text').result().nodes['embed']!;
    expect(off(r.measures['textsFailed'], share)).toBeLessThan(0.03);
    expect(r.failed).toBe(0);
  });

  it('takes its call with it: 1 − (1 − p)ⁿ', () => {
    const r = run('refuse call', 4).result().nodes['embed']!;
    expect(off(r.failed / r.arrived, 1 - (1 - share) ** 4)).toBeLessThan(0.03);
    expect(Object.keys(r.failedBy)).toEqual(['invalid']);
    expect(off(r.measures['textsFailed'], 1 - (1 - share) ** 4)).toBeLessThan(0.03);
  });

  it('takes its batch with it where nobody looks', () => {
    const sim = run('fail batch', 4);
    const r = sim.result().nodes['embed']!;
    expect(r.failed / r.arrived).toBeGreaterThan(1 - (1 - share) ** 4);
    expect(Object.keys(r.failedBy)).toEqual(['out of memory']);
    expect(imbalances(sim)).toEqual([]);
  });

  it('is cut, and nobody fails', () => {
    const r = run('cut').result().nodes['embed']!;
    expect(r.failed).toBe(0);
    expect(off(r.measures['textsCut'], share)).toBeLessThan(0.03);
  });

  it('does not come in a call of too many texts', () => {
    expect(Object.keys(result(served(10, 65, { textsPerCall: 64 }, 10)).nodes['embed']!.failedBy)).toEqual(['invalid']);
  });
});

describe('embedding service under faults', () => {
  const fault = (what: FaultName, amount = 0, inFlight: InFlight = 'fail') => ({ id: 'f', fault: what, target: 'embed', at: 20, seconds: 10, amount, inFlight, repeat: 'once', every: 60 }) as const;
  const design = served(60, 8, { embedderReplicas: 3, embedderStart: constant(1) }, 60);
  const drained = (sim: Simulation): Simulation => {
    sim.apply(tuned(sim.design, 'users', { arrivalRate: 0 }), 'stop');
    sim.runTo(sim.now + 1000);
    return sim;
  };

  it('conserves calls through a crash, whatever becomes of those in flight', () => {
    for (const inFlight of inFlightChoices) {
      const sim = ran({ ...design, faults: [fault('crash', 0, inFlight)] });
      expect(imbalances(sim)).toEqual([]);
      expect(drained(sim).board.nodes.get('embed')!.node.inFlight).toBe(0);
      expect(sim.board.net.calls.count).toBe(0);
      expect(sim.board.net.requests.count).toBe(0);
      expect(sim.result().nodes['embed']!.queue.mean).toBeGreaterThan(0);
    }
  });

  it('fails the batches of lost replicas, those of warned ones finish, and others take their place', () => {
    const lost = ran({ ...design, faults: [fault('replicas', 2)] });
    expect(Object.keys(lost.result().nodes['embed']!.failedBy)).toEqual(['crashed']);
    expect(lost.result().nodes['embed']!.failed).toBeLessThan(20);
    expect(ran({ ...design, faults: [fault('preemption', 2)] }).result().nodes['embed']!.failed).toBe(0);
    expect(imbalances(lost)).toEqual([]);
    expect(drained(lost).board.net.calls.count).toBe(0);
  });

  it('lets go of what nobody wants any more', () => {
    const slow = { ...served(400, 8, { embedderReplicas: 1, embedderRoom: 1e6 }, 30), links: [wire('users', 'embed', { linkTimeout: 0.5, linkCancels: true })] };
    const sim = ran(slow);
    const r = sim.result().nodes['embed']!;
    expect(r.failedBy['cancelled']).toBeGreaterThan(1000);
    expect(r.queue.mean!).toBeLessThan(210);
    expect(imbalances(sim)).toEqual([]);
    expect(drained(sim).board.net.calls.count).toBe(0);
    expect(sim.result().nodes['embed']!.inFlight).toBe(0);
  });

  it('takes k times as long while slow', () => {
    const alone = served(1, 1, { embedderReplicas: 9, textLength: constant(100) }, 60);
    const r = result({ ...alone, faults: [{ ...fault('slow', 3), at: 0, seconds: 1000 }] }).nodes['embed']!;
    expect(off(r.latency.mean, 3 * onL4.seconds(100, 10_000))).toBeLessThan(1e-9);
  });

  it('takes up changes while it runs', () => {
    const sim = new Simulation(design);
    for (const [k, params] of [{ embedderReplicas: 1 }, { textPacking: 'buckets' }, { textPacking: 'ragged', textDelay: 0.05 }, { embedderReplicas: 5, embedderModel: 'bge-small' }].entries()) {
      sim.runTo(10 * (k + 1));
      sim.apply(tuned(sim.design, 'embed', params), 'edit');
    }
    sim.runTo(60);
    expect(imbalances(sim)).toEqual([]);
    expect(drained(sim).board.net.calls.count).toBe(0);
  });
});

describe('embedding service by hand', () => {
  it('agrees with the run where batches are full and texts alike', () => {
    const design = served(100, 8, { embedderReplicas: 2, textLength: constant(100), textPacking: 'ragged', textDelay: 100, textBatchTokens: 3200 }, 100);
    const rows = estimates(design)['embed']!.rows;
    const run = result(design).nodes['embed']!;
    const value = (label: string): number => rows.find((row) => row.label === label)!.value;
    expect(off(run.utilisation, value('load'))).toBeLessThan(0.03);
    expect(off(run.measures['tokenRate'], value('tokens'))).toBeLessThan(0.03);
    expect(off(run.measures['perMillion'], value('cost'))).toBeLessThan(0.03);
  });
});
