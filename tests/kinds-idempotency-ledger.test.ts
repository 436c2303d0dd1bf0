/** The idempotency ledger: double charges counted exactly, none of them where keys are reserved and entry and charge go together. */
import { describe, expect, it } from 'vitest';
import type { Design, DesignFault } from '../src/design/design.ts';
import { constant, exponential, imbalances, node, people, ran, sketch, station, tuned, wire } from './sketch.ts';

const quick = { ledgerLookup: constant(0.002), ledgerWrite: constant(0.002) };
/** People who try again, a ledger, and something that charges. */
const shop = (params: Record<string, unknown>, retries: Record<string, unknown> = {}, charge = station('pay', 1000, constant(0.05)), seconds = 100): Design =>
  sketch([people(20), node('ledger', 'idempotency-ledger', { ...quick, ...params }), charge], [wire('users', 'ledger', { linkRetries: 3, retryBackoff: 0.2, ...retries }), wire('ledger', 'pay')], seconds);
const fault = (name: DesignFault['fault'], target: string, at: number, seconds: number, more: Partial<DesignFault> = {}): DesignFault => ({ id: `${name}-${target}-${at}`, fault: name, target, at, seconds, amount: 0, inFlight: 'fail', repeat: 'once', every: 600, ...more });
const counts = (sim: ReturnType<typeof ran>) => sim.board.nodes.get('ledger')!.node as unknown as { charges: number; doubles: number; replays: number; refused: number; takenOver: number };
const left = (sim: ReturnType<typeof ran>) => {
  sim.apply({ ...tuned(sim.design, 'users', { arrivalRate: 0 }), faults: [] }, 'quiet');
  sim.runTo(1e6);
  return [sim.board.net.calls.count, sim.board.net.requests.count, ...imbalances(sim)];
};

describe('idempotency ledger', () => {
  it('charges once and adds its look-up and its entry where nobody tries again', () => {
    const sim = ran(shop({}));
    expect(counts(sim).doubles).toBe(0);
    expect(sim.result().nodes.ledger!.latency.mean!).toBeCloseTo(0.054, 9);
    expect(left(sim)).toEqual([0, 0]);
    expect(counts(sim).charges).toBe(sim.result().nodes.users!.arrived);
  });

  it('without one, every attempt charges: three of them for each request that times out twice', () => {
    // The charge takes 1 s, the caller waits 0.4 s and tries three times: 3 charges a request, 2 of them too many.
    const sim = ran(shop({ ledgerMode: 'none' }, { linkTimeout: 0.4, linkRetries: 2 }, station('pay', 1000, constant(1))));
    expect(left(sim)).toEqual([0, 0]);
    const { charges, doubles } = counts(sim);
    expect(charges).toBe(3 * sim.result().nodes.users!.arrived);
    expect(doubles).toBe((2 / 3) * charges);
  });

  it('a look-up does not help attempts that come at once, a reservation does', () => {
    const hedged = { linkRetries: 0, hedgeDelay: 0.01 };
    const checked = ran(shop({ ledgerMode: 'check' }, hedged));
    expect(counts(checked).doubles).toBe(counts(checked).charges / 2);
    for (const ledgerInProgress of ['wait', 'refuse']) {
      const reserved = ran(shop({ ledgerInProgress }, hedged));
      expect(counts(reserved).doubles).toBe(0);
      expect(left(reserved)).toEqual([0, 0]);
      const { replays, refused, charges } = counts(reserved);
      expect([replays, refused]).toEqual(ledgerInProgress === 'wait' ? [charges, 0] : [0, charges]);
    }
  });

  it('a look-up helps attempts that come one after another', () => {
    // Answers get lost on the way back: the charge was made, and the next attempt finds its entry.
    for (const ledgerMode of ['check', 'reserve']) {
      const sim = ran(shop({ ledgerMode, ledgerCommit: 'after' }, { linkLoss: 0.2, linkTimeout: 5 }));
      expect(left(sim)).toEqual([0, 0]);
      expect(counts(sim).doubles).toBe(0);
      expect(counts(sim).replays).toBeGreaterThan(200);
    }
    const none = ran(shop({ ledgerMode: 'none' }, { linkLoss: 0.2, linkTimeout: 5 }));
    expect(left(none)).toEqual([0, 0]);
    expect(counts(none).doubles).toBeGreaterThan(200);
  });

  it('forgets after its time to live, and charges again', () => {
    const late = { linkLoss: 0.2, linkTimeout: 5 };
    expect(counts(ran(shop({ ledgerTtl: 1 }, late))).doubles).toBeGreaterThan(200);
    expect(counts(ran(shop({ ledgerTtl: 1000 }, late))).doubles).toBe(0);
  });

  it('a crash between charge and entry charges twice, unless the two are one transaction', () => {
    const crashes = [10, 20, 30, 40, 50, 60].map((at) => fault('crash', 'ledger', at, 1));
    const run = (params: Record<string, unknown>) => {
      const sim = ran({ ...shop({ ledgerWrite: constant(0.5), ledgerLease: 2, ...params }, { linkTimeout: 10, linkRetries: 5, retryBackoff: 1 }, undefined, 120), faults: crashes });
      expect(left(sim)).toEqual([0, 0]);
      return counts(sim);
    };
    for (const ledgerMode of ['check', 'reserve']) {
      expect(run({ ledgerMode, ledgerCommit: 'after' }).doubles).toBeGreaterThan(20);
      expect(run({ ledgerMode, ledgerCommit: 'transaction' }).doubles).toBe(0);
    }
    expect(run({ ledgerCommit: 'after' }).takenOver).toBeGreaterThan(20);
  });

  it('never charges twice with reservations in one transaction, whatever breaks, and answers only what was charged', () => {
    for (const target of ['ledger', 'pay'])
      for (const name of ['crash', 'hang', 'release', 'slow'] as const)
        for (const inFlight of ['fail', 'vanish', 'resume'] as const) {
          const faults = [15, 30, 45].map((at) => fault(name, target, at, 3, { inFlight, amount: name === 'slow' ? 30 : 0.5 }));
          const design = { ...shop({ ledgerInProgress: inFlight === 'vanish' ? 'refuse' : 'wait' }, { linkTimeout: 0.3, linkRetries: 6, linkLoss: 0.05, hedgeDelay: 0.1, linkCancels: inFlight === 'resume' }, station('pay', 8, exponential(0.1)), 60), faults };
          const sim = ran(design);
          expect(imbalances(sim)).toEqual([]);
          expect(left(sim), `${name} ${target} ${inFlight}`).toEqual([0, 0]);
          const { charges, doubles } = counts(sim);
          expect(doubles, `${name} ${target} ${inFlight}`).toBe(0);
          expect(charges).toBeGreaterThanOrEqual(sim.result().nodes.users!.served);
        }
  });

  it('charges by itself where no wire leads on, and pays for its operations', () => {
    const sim = ran(sketch([people(10), node('ledger', 'idempotency-ledger', quick)], [wire('users', 'ledger')], 1000));
    const { charges } = counts(sim);
    expect(charges).toBeGreaterThan(9000);
    expect(sim.result().cost.usd).toBeCloseTo(2 * charges * 0.625e-6, 7);
  });
});
