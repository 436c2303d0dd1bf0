/** An idempotency ledger: carries out what a request asks for once, however often it is asked, and counts how often it was done more than once. */
import { enlarged } from '../engine/agenda.ts';
import { Node } from '../engine/network.ts';
import { Code } from '../engine/reasons.ts';
import type { Stream } from '../engine/random.ts';
import { Sampler } from '../engine/sampler.ts';
import { assumed, published } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { choice, distribution, real, type Values } from '../kit/param.ts';
import { Deliveries } from './messages/messages.ts';

type Loose = Readonly<Record<string, unknown>>;
const kept = (v: Loose): boolean => v.ledgerMode !== 'none';
const leased = (v: Loose): boolean => v.ledgerMode === 'reserve' && v.ledgerCommit === 'after';

const params = {
  ledgerMode: choice({
    label: 'Before a charge',
    help: 'What is done before the charge is carried out.',
    options: [
      { value: 'none', label: 'nothing', note: 'every attempt charges' },
      { value: 'check', label: 'look up', note: 'check, then act: two attempts at once both find nothing' },
      { value: 'reserve', label: 'reserve the key', note: 'a conditional write: only one attempt gets it' },
    ],
    default: 'reserve',
  }),
  ledgerCommit: choice({
    label: 'Entry is written',
    help: 'How the charge and its entry belong together: what is left of them when the ledger crashes between the two.',
    options: [
      { value: 'after', label: 'after the charge', note: 'a crash in between leaves a charge that nobody knows of' },
      { value: 'transaction', label: 'together with it', note: 'one transaction or an outbox: both or neither' },
    ],
    default: 'transaction',
    shownWhen: kept,
  }),
  ledgerInProgress: choice({
    label: 'While the first is under way',
    help: 'What an attempt gets whose key another one holds.',
    options: [
      { value: 'wait', label: 'waits for it' },
      { value: 'refuse', label: 'is refused', note: 'shed; as a 409, it may be tried again' },
    ],
    default: 'wait',
    shownWhen: (v) => v.ledgerMode === 'reserve',
  }),
  ledgerLookup: distribution({ label: 'Look-up or reservation', help: 'Time of the read or conditional write before the charge (assumed, a replicated key-value store).', section: 'Store', unit: 'seconds', default: { shape: 'lognormal', mean: 0.004, cv: 0.5 }, min: 0, max: 60, shownWhen: kept }),
  ledgerWrite: distribution({ label: 'Writing the entry', help: 'Time from the charge’s being done until its entry is safely stored (assumed, a replicated key-value store).', section: 'Store', unit: 'seconds', default: { shape: 'lognormal', mean: 0.006, cv: 0.5 }, min: 0, max: 60, shownWhen: kept }),
  ledgerTtl: real({ label: 'Time to live', help: 'An entry is forgotten after this long; a retry that comes later charges again (Stripe: at least 24 h).', section: 'Store', unit: 'seconds', default: 86_400, min: 0.001, max: 1e9, shownWhen: kept }),
  ledgerLease: real({ label: 'Reservation holds', help: 'A reservation whose owner has not been heard of for so long is taken over by the next attempt.', section: 'Store', unit: 'seconds', default: 60, min: 0.001, max: 1e6, shownWhen: leased }),
  ledgerPrice: real({ label: 'Price of operations', help: 'A look-up or reservation is one, writing an entry is one.', section: 'Cost', unit: 'usd/million requests', default: 0.625, min: 0, max: 10_000, shownWhen: kept }),
};

type LedgerValues = Values<typeof params>;

const LOOKED = 0;
const WRITTEN = 1;
const LEASE_OVER = 2;

/** In a call's `data`: its look-up is on its way; it waits for another's charge; its own charge, or the entry for it, is under way. */
const LOOKING = 0;
const WAITING = 1;
const ACTING = 2;

// What is known of a request, by its row: an entry's state, the first call that waits for it, and the charge that owns it.
const STRIDE = 3;
const STATE = 0;
const HEAD = 1;
const OWNER = 2;
const NOTHING = 0;
const RESERVED = 1;
const DONE = 2;
// And moments: the birth of the request the entry is about, when it was reserved or written, and the birth of the one last charged.
const BORN = 0;
const SINCE = 1;
const CHARGED = 2;

class IdempotencyLedger extends Node implements Component<LedgerValues> {
  private readonly lookup: Sampler;
  private readonly write: Sampler;
  private readonly draws: Stream;
  private readonly writes: Stream;
  /** Charges under way: whose request, on behalf of which call. */
  private readonly charging = new Deliveries();
  private entries = new Int32Array(0);
  private moments = new Float64Array(0);
  private usd = 0;
  charges = 0;
  doubles = 0;
  replays = 0;
  waited = 0;
  refused = 0;
  takenOver = 0;

  constructor(
    private values: LedgerValues,
    site: Site,
  ) {
    super(site.net);
    this.lookup = new Sampler(values.ledgerLookup);
    this.write = new Sampler(values.ledgerWrite);
    this.draws = site.stream('look-up');
    this.writes = site.stream('write');
  }

  retune(values: LedgerValues): void {
    this.values = values;
    this.lookup.set(values.ledgerLookup);
    this.write.set(values.ledgerWrite);
  }

  arrive(call: number): void {
    const { net } = this;
    this.open(net.calls.request(call));
    if (this.values.ledgerMode === 'none') return this.act(call);
    this.pay();
    net.calls.setData(call, LOOKING);
    net.calls.setHandle(call, net.afterWork(this.lookup, this.draws, this.index, LOOKED, call));
  }

  private pay(): void {
    this.usd += this.values.ledgerPrice * 1e-6;
  }

  /** Makes sure that what stands in a request's row is about this request and no earlier one. */
  private open(request: number): void {
    while (request * STRIDE >= this.entries.length) this.grow();
    const at = request * STRIDE;
    const born = this.net.requests.born(request);
    if (this.moments[at + BORN] === born) return;
    this.moments[at + BORN] = born;
    this.moments[at + CHARGED] = -1;
    this.entries[at + STATE] = NOTHING;
    this.entries[at + HEAD] = this.entries[at + OWNER] = -1;
  }

  private grow(): void {
    const from = this.entries.length;
    const length = Math.max(64 * STRIDE, 2 * from);
    this.entries = enlarged(this.entries, new Int32Array(length));
    this.moments = enlarged(this.moments, new Float64Array(length).fill(-1));
  }

  override wake(what: number, call: number): void {
    if (what === WRITTEN) this.written(call);
    else {
      if (what === LEASE_OVER) this.unlink(call);
      this.look(call);
    }
  }

  private look(call: number): void {
    const { net, entries, moments } = this;
    const at = net.calls.request(call) * STRIDE;
    const since = moments[at + SINCE]!;
    const state = entries[at + STATE]!;
    if (state === DONE && net.now < since + this.values.ledgerTtl) {
      this.replays++;
      net.answer(call);
    } else if (state !== RESERVED) this.act(call);
    else if (this.values.ledgerCommit === 'after' && net.now >= since + this.values.ledgerLease) {
      this.takenOver++;
      this.act(call);
    } else this.duplicate(call, at);
  }

  /** Another attempt holds the key. */
  private duplicate(call: number, at: number): void {
    const { net, entries } = this;
    if (this.values.ledgerInProgress === 'refuse') {
      this.refused++;
      return net.fail(call, Code.shed);
    }
    this.waited++;
    net.calls.setData(call, WAITING);
    net.calls.setNext(call, entries[at + HEAD]!);
    entries[at + HEAD] = call;
    const until = this.values.ledgerCommit === 'after' ? this.moments[at + SINCE]! + this.values.ledgerLease : Infinity;
    net.calls.setHandle(call, until < Infinity ? net.at(until, this.index, LEASE_OVER, call) : -1);
  }

  /** Takes a call out of those that wait for its key. */
  private unlink(call: number): void {
    const { calls } = this.net;
    const at = calls.request(call) * STRIDE;
    const next = calls.next(call);
    if (this.entries[at + HEAD] === call) this.entries[at + HEAD] = next;
    else {
      let before = this.entries[at + HEAD]!;
      while (calls.next(before) !== call) before = calls.next(before);
      calls.setNext(before, next);
    }
  }

  /** Charges. The call behind goes on by itself: whoever stops waiting does not stop a charge. */
  private act(call: number): void {
    const { net } = this;
    const request = net.calls.request(call);
    const charge = this.charging.open(request, call);
    net.calls.setData(call, ACTING);
    if (this.values.ledgerMode === 'reserve') this.enter(request * STRIDE, RESERVED, charge);
    if (this.out.length > 0) {
      net.calls.nextAttempt = charge;
      return net.call(this.out[0]!, request, -1, this.index);
    }
    for (let k = 0; k < this.asyncOut.length; k++) net.cast(this.asyncOut[k]!, request, this.index);
    this.over(charge, request, Code.answered);
  }

  private enter(at: number, state: number, owner: number): void {
    this.entries[at + STATE] = state;
    this.entries[at + OWNER] = owner;
    this.moments[at + SINCE] = this.net.now;
  }

  override returned(call: number): void {
    const { calls } = this.net;
    this.over(calls.attempt(call), calls.request(call), calls.outcome(call));
  }

  /** A charge is done or has failed. One that a crash has made the ledger forget leaves an entry only if the two go together. */
  private over(charge: number, request: number, outcome: number): void {
    const { net, charging } = this;
    const call = charging.forgotten(charge) ? -1 : charging.lane(charge);
    const at = request * STRIDE;
    const owns = this.entries[at + OWNER] === charge && this.entries[at + STATE] === RESERVED;
    const together = this.values.ledgerCommit === 'transaction' && this.values.ledgerMode !== 'none';
    charging.close(charge);
    if (outcome === Code.answered) this.charged(at);
    if (outcome === Code.answered && together) this.confirm(at);
    else if (outcome !== Code.answered && owns && (together || call >= 0)) {
      this.enter(at, NOTHING, -1);
      this.dismiss(at, outcome);
    }
    if (call < 0) return;
    if (outcome !== Code.answered || this.values.ledgerMode === 'none') return net.conclude(call, outcome);
    net.calls.setHandle(call, net.afterWork(this.write, this.writes, this.index, WRITTEN, call));
  }

  /** One more charge, and if it is not the request's first, one too many. */
  private charged(at: number): void {
    const { moments } = this;
    this.charges++;
    if (moments[at + CHARGED] === moments[at + BORN]) this.doubles++;
    moments[at + CHARGED] = moments[at + BORN]!;
  }

  private written(call: number): void {
    this.pay();
    if (this.values.ledgerCommit === 'after') this.confirm(this.net.calls.request(call) * STRIDE);
    this.net.answer(call);
  }

  /** The entry says that the charge is done, and so hear all who waited. */
  private confirm(at: number): void {
    this.enter(at, DONE, -1);
    this.dismiss(at, Code.answered);
  }

  /** One by one off the list: hearing of it, a caller may stop another one on it. */
  private dismiss(at: number, outcome: number): void {
    const { net } = this;
    for (let call = this.entries[at + HEAD]!; call >= 0; call = this.entries[at + HEAD]!) {
      this.entries[at + HEAD] = net.calls.next(call);
      if (net.calls.handle(call) >= 0) net.agenda.cancel(net.calls.handle(call));
      if (outcome === Code.answered) this.replays++;
      net.conclude(call, outcome);
    }
  }

  /** Looking and waiting can be stopped; a charge under way is not, and in a crash everything ends by itself. */
  override cancelled(call: number): void {
    const { calls, agenda } = this.net;
    if (!this.net.health.up(this.index)) return;
    const stage = calls.data(call);
    if (stage === ACTING) return;
    if (stage === WAITING) this.unlink(call);
    if (calls.handle(call) >= 0) agenda.cancel(calls.handle(call));
    this.net.fail(call, Code.cancelled);
  }

  /** A crash: entries are on disk and stay; who was asked for what is forgotten. */
  override reset(): void {
    this.charging.forget();
    for (let at = HEAD; at < this.entries.length; at += STRIDE) this.entries[at] = -1;
  }

  spentUsd(): number {
    return this.usd;
  }
}

function byHand(v: LedgerValues, flow: Flow) {
  const on = v.ledgerMode === 'none' ? 0 : 1;
  const assumes = 'every request is asked once';
  return [
    { label: 'charges', value: flow.rate, unit: 'requests/second', formula: 'one per request', source: 'flow balance', measure: 'charges', assumes: `${assumes}; nothing fails` },
    { label: 'time added', value: on * (v.ledgerLookup.mean + v.ledgerWrite.mean), unit: 'seconds', formula: 'look-up + writing the entry', source: 'arithmetic', assumes },
    { label: 'entries', value: on * flow.rate * v.ledgerTtl, unit: 'items', formula: 'rate × time to live', source: 'Little 1961', assumes },
    { label: 'operations', value: (on * 2 * flow.rate * 3600 * v.ledgerPrice) / 1e6, unit: 'usd/hour', formula: '(look-up + entry) × rate × price', source: 'AWS DynamoDB on-demand writes, $0.625 per million, us-east-1 list price, 2025 (not verified)', assumes },
  ] as const;
}

/** Carries out each request at most once, or counts how often it did not. */
export const idempotencyLedger = defineKind({
  id: 'idempotency-ledger',
  label: 'Idempotency ledger',
  doc: 'remembers which requests have been carried out, so that a retry is answered and not charged again',
  about:
    'Stands directly before what charges (or charges by itself, where no wire leads on). Attempts of one request share its key. Without a ledger every attempt charges; with a look-up, an attempt that finds an entry is answered from it, but two at once both find none; with a reservation only one attempt gets the key, and others wait for its outcome or are refused. The entry is written after the charge, so that a crash in between loses it, or together with the charge in one transaction. Entries are on disk and survive a crash; a reservation whose owner was lost is taken over after its time, which charges again if the charge had been made. A failed charge leaves no entry. Charges and charges beyond the first of a request are counted exactly as their answers reach the ledger, even while it is down; a charge whose answer is lost behind it is not seen, so let the wire to what charges have no timeout or loss. A charge under way is never stopped. Left out: two requests of a person that mean the same thing, and different payloads under one key.',
  group: 'Data',
  icon: 'receipt-text',
  params,
  slices: [],
  ports: { in: 'call', out: [{ wire: 'call', max: 1 }] },
  measures: {
    charges: { label: 'charges', unit: 'requests/second', help: 'charges carried out, the first of a request or not', inputs: ['arrivals', 'replays'], total: (n: IdempotencyLedger) => n.charges },
    doubleCharges: { label: 'double charges', unit: 'requests/second', help: 'charges beyond the first of a request', inputs: ['charges', 'ledgerMode', 'ledgerTtl'], total: (n: IdempotencyLedger) => n.doubles },
    doubleShare: { label: 'double charges', unit: 'share', help: 'charges beyond the first of a request, of all charges', formula: 'charges beyond the first of a request ÷ charges', inputs: ['charges', 'ledgerMode', 'ledgerTtl'], total: (n: IdempotencyLedger) => n.doubles, per: (n: IdempotencyLedger) => n.charges },
    replays: { label: 'answered from the ledger', unit: 'share', help: 'attempts answered without a charge of their own', formula: 'attempts answered without a charge of their own ÷ attempts', inputs: ['arrivals', 'ledgerTtl'], total: (n: IdempotencyLedger) => n.replays, per: (n: IdempotencyLedger) => n.arrivedTotal() },
    keyConflicts: { label: 'met one under way', unit: 'share', help: 'attempts whose key another one held: they waited or were refused', formula: 'attempts whose key another held ÷ attempts', inputs: ['ledgerInProgress', 'ledgerLease'], total: (n: IdempotencyLedger) => n.waited + n.refused, per: (n: IdempotencyLedger) => n.arrivedTotal() },
    takenOver: { label: 'taken over', unit: 'requests/second', help: 'reservations that ran out and were taken over', inputs: ['ledgerLease'], total: (n: IdempotencyLedger) => n.takenOver },
  },
  common: { latency: { inputs: ['ledgerLookup', 'ledgerWrite'] } },
  evidence: {
    ledgerLookup: assumed('a replicated key-value store'),
    ledgerWrite: assumed('a replicated key-value store'),
    ledgerTtl: published('Stripe keeps keys for at least 24 h'),
  },
  card: ['charges', 'doubleCharges'],
  face: { form: 'ring', measure: 'replays' },
  subtitle: (v) => ({ none: 'no ledger', check: 'check, then act', reserve: 'reserved keys' })[v.ledgerMode],
  estimate: byHand,
  passes: (_values, flow, weights) => weights.map(() => flow),
  cost: () => [],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new IdempotencyLedger(values, site),
});
