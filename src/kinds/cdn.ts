/** A content delivery network: caches near people, a shield in front of the origin, and a bill by the gigabyte. */
import { enlarged } from '../engine/agenda.ts';
import { Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Sampler } from '../engine/sampler.ts';
import { assumed, published } from '../kit/evidence.ts';
import { servingFaults, type FaultName } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { distribution, real, toggle, whole, type Values } from '../kit/param.ts';
import { predictedHits } from './response-cache/hit-ratio.ts';
import { KeyMap } from './response-cache/key-map.ts';
import { MOST_ENTRIES, Store } from './response-cache/store.ts';
import { counted } from '../units/format.ts';

const shielded = (v: Readonly<Record<string, unknown>>): boolean => v.cdnShield === true;

const params = {
  cdnEdges: whole({ label: 'Edges', help: 'Places with a cache of their own; every request comes to one of them by chance.', unit: 'count', default: 10, min: 1, max: 256 }),
  cdnCapacity: real({ label: 'Capacity of an edge', help: 'Bytes one edge may hold; the least recently used go first.', unit: 'bytes', default: 100e9, min: 1, max: 1e16 }),
  // CloudFront: 24 hours where the origin says nothing (default TTL).
  cdnTtl: real({ label: 'Time to live', help: 'What was fetched longer ago is fetched anew. 0 is for ever (CloudFront: 24 h).', unit: 'seconds', default: 86_400, min: 0, max: 1e9 }),
  cdnEdgeTime: distribution({ label: 'Time at the edge', help: 'From a request’s coming to hit or miss (assumed; the way to the edge is the wire).', unit: 'seconds', default: { shape: 'lognormal', mean: 0.002, cv: 0.5 }, min: 0, max: 60 }),
  cdnCoalescing: toggle({ label: 'Coalesce misses', help: 'Who misses what is already being fetched waits for it instead of asking again, at the same edge and at the shield.', section: 'Towards the origin', default: true }),
  cdnShield: toggle({ label: 'Origin shield', help: 'All edges ask one further cache before the origin, which then sees each thing asked for once.', section: 'Towards the origin', default: true }),
  cdnShieldCapacity: real({ label: 'Capacity of the shield', help: 'Bytes the shield may hold.', section: 'Towards the origin', unit: 'bytes', default: 1e12, min: 1, max: 1e16, shownWhen: shielded }),
  cdnShieldTime: distribution({ label: 'Time to the shield', help: 'From an edge to the shield and back, its look-up included (assumed, across a continent).', section: 'Towards the origin', unit: 'seconds', default: { shape: 'lognormal', mean: 0.03, cv: 0.3 }, min: 0, max: 60, shownWhen: shielded }),
  cdnEgressPrice: real({ label: 'Price per GB', help: 'What a gigabyte delivered to people costs.', section: 'Cost', unit: 'usd', default: 0.085, min: 0, max: 100 }),
  cdnRequestPrice: real({ label: 'Price of requests', help: 'Per million requests from people.', section: 'Cost', unit: 'usd/million requests', default: 1, min: 0, max: 10_000 }),
};

type CdnValues = Values<typeof params>;

const LOOKED = 0;
const SHIELD_LOOKED = 1;

/** In a call's `counter`: it is being looked up at its edge; others at its edge wait for it; other edges wait for it at the shield. */
const LOOKING = 1;
const LEADS_EDGE = 2;
const LEADS_SHIELD = 4;

/** Calls that wait for what another one fetches: who fetches a key, and the chain of those behind it. */
class Fetches {
  private next = new Int32Array(64);
  private last = new Int32Array(64);

  /** Whether `call` is the first to ask for a key at a place; otherwise it waits behind the one who is. */
  leads(asking: KeyMap, key: number, call: number): boolean {
    while (call >= this.next.length) {
      this.next = enlarged(this.next, new Int32Array(2 * this.next.length));
      this.last = enlarged(this.last, new Int32Array(2 * this.last.length));
    }
    this.next[call] = -1;
    const leader = asking.get(key);
    if (leader < 0) {
      asking.set(key, call);
      this.last[call] = call;
      return true;
    }
    this.next[this.last[leader]!] = call;
    this.last[leader] = call;
    return false;
  }

  /** The call behind one in its chain, or −1. */
  behind(call: number): number {
    return this.next[call]!;
  }
}

class Cdn extends Node implements Component<CdnValues> {
  private readonly edges: Store[] = [];
  private readonly shield: Store;
  private readonly edgeTime: Sampler;
  private readonly shieldTime: Sampler;
  private readonly arrivals: Stream;
  private readonly draws: Stream;
  private readonly ways: Stream;
  private asking: KeyMap[] = [];
  private shieldAsking = new KeyMap();
  private readonly atEdge = new Fetches();
  private readonly atShield = new Fetches();
  private usd = 0;
  lookups = 0;
  hits = 0;
  shieldLookups = 0;
  shieldHits = 0;
  coalesced = 0;
  private sentToShield = 0;
  fetched = 0;
  bytesOut = 0;
  bytesIn = 0;

  constructor(
    private values: CdnValues,
    site: Site,
  ) {
    super(site.net);
    this.shield = new Store(site.net.clock, values.cdnShieldCapacity, values.cdnTtl, 'LRU');
    this.edgeTime = new Sampler(values.cdnEdgeTime);
    this.shieldTime = new Sampler(values.cdnShieldTime);
    this.arrivals = site.stream('edges');
    this.draws = site.stream('look-up');
    this.ways = site.stream('shield');
    this.open();
  }

  /** Edges that fall away get nothing new; those that come begin empty. */
  retune(values: CdnValues): void {
    this.values = values;
    this.edgeTime.set(values.cdnEdgeTime);
    this.shieldTime.set(values.cdnShieldTime);
    this.shield.set(values.cdnShieldCapacity, values.cdnTtl, 'LRU');
    for (const edge of this.edges) edge.set(values.cdnCapacity, values.cdnTtl, 'LRU');
    this.open();
  }

  private open(): void {
    const { cdnEdges, cdnCapacity, cdnTtl } = this.values;
    while (this.edges.length < cdnEdges) {
      this.edges.push(new Store(this.net.clock, cdnCapacity, cdnTtl, 'LRU'));
      this.asking.push(new KeyMap());
    }
  }

  arrive(call: number): void {
    const { net } = this;
    this.usd += this.values.cdnRequestPrice * 1e-6;
    net.calls.setData(call, this.arrivals.below(this.values.cdnEdges));
    net.calls.setCounter(call, LOOKING);
    net.calls.setHandle(call, net.afterWork(this.edgeTime, this.draws, this.index, LOOKED, call));
  }

  override wake(what: number, call: number): void {
    if (what === LOOKED) this.look(call);
    else this.lookBehind(call);
  }

  private look(call: number): void {
    const { calls, requests } = this.net;
    const key = requests.key(calls.request(call));
    const edge = calls.data(call);
    calls.setCounter(call, 0);
    this.lookups++;
    if (this.edges[edge]!.hit(key)) {
      this.hits++;
      return this.finish(call, Code.answered);
    }
    if (this.values.cdnCoalescing) {
      if (!this.atEdge.leads(this.asking[edge]!, key, call)) {
        this.coalesced++;
        return;
      }
      calls.setCounter(call, LEADS_EDGE);
    }
    if (this.values.cdnShield) {
      this.sentToShield++;
      this.net.afterDraw(this.shieldTime, this.ways, this.index, SHIELD_LOOKED, call);
    } else this.fetch(call);
  }

  private lookBehind(call: number): void {
    const { calls, requests } = this.net;
    const key = requests.key(calls.request(call));
    this.shieldLookups++;
    if (this.shield.hit(key)) {
      this.shieldHits++;
      return this.filled(call, Code.answered);
    }
    if (this.values.cdnCoalescing) {
      if (!this.atShield.leads(this.shieldAsking, key, call)) {
        this.coalesced++;
        return;
      }
      calls.setCounter(call, calls.counter(call) | LEADS_SHIELD);
    }
    this.fetch(call);
  }

  /** Requests of which it is known whether they wait for somebody else's fetch: all that were looked up but those on their way to the shield. */
  get decided(): number {
    return this.lookups - this.sentToShield + this.shieldLookups;
  }

  private fetch(call: number): void {
    if (this.out.length === 0) return this.brought(call, Code.noHealthyTarget);
    this.fetched++;
    this.net.call(this.out[0]!, this.net.calls.request(call), call, this.index);
  }

  override replied(child: number, parent: number): void {
    this.brought(parent, this.net.calls.outcome(child));
  }

  /** The origin has answered, or not: the shield keeps it, and all edges that wait hear of it. */
  private brought(call: number, outcome: number): void {
    const { calls, requests } = this.net;
    const request = calls.request(call);
    const key = requests.key(request);
    if (outcome === Code.answered) {
      this.bytesIn += requests.bytes(request);
      if (this.values.cdnShield) this.shield.put(key, Math.max(1, requests.bytes(request)));
    }
    if ((calls.counter(call) & LEADS_SHIELD) === 0) return this.filled(call, outcome);
    this.shieldAsking.delete(key);
    for (let one = call; one >= 0; ) {
      const next = this.atShield.behind(one);
      this.filled(one, outcome);
      one = next;
    }
  }

  /** An edge has what it asked for, or not: it keeps it, and all who wait there are answered. A failure is not kept. */
  private filled(call: number, outcome: number): void {
    const { calls, requests } = this.net;
    const request = calls.request(call);
    const key = requests.key(request);
    const edge = calls.data(call);
    if (outcome === Code.answered) this.edges[edge]!.put(key, Math.max(1, requests.bytes(request)));
    if ((calls.counter(call) & LEADS_EDGE) === 0) return this.finish(call, outcome);
    this.asking[edge]!.delete(key);
    for (let one = call; one >= 0; ) {
      const next = this.atEdge.behind(one);
      this.finish(one, outcome);
      one = next;
    }
  }

  private finish(call: number, outcome: number): void {
    if (outcome === Code.answered) {
      const bytes = this.net.requests.bytes(this.net.calls.request(call));
      this.bytesOut += bytes;
      this.usd += bytes * 1e-9 * this.values.cdnEgressPrice;
    }
    this.net.conclude(call, outcome);
  }

  /** Looking up can be stopped; a fetch goes on, because what it brings is kept. In a crash everything ends by itself. */
  override cancelled(call: number): void {
    const { calls, agenda, health } = this.net;
    if (!health.up(this.index) || calls.counter(call) !== LOOKING) return;
    agenda.cancel(calls.handle(call));
    this.net.fail(call, Code.cancelled);
  }

  /** A crash: what is kept is on disk and stays; who waits for what is forgotten. */
  override reset(): void {
    this.asking = this.asking.map(() => new KeyMap());
    this.shieldAsking = new KeyMap();
  }

  strike(fault: FaultName): void {
    if (fault !== 'flush') return;
    this.shield.clear();
    for (const edge of this.edges) edge.clear();
  }

  spentUsd(): number {
    return this.usd;
  }

  /** How full each edge is. */
  override face(cells: Float64Array): number {
    const shown = Math.min(32, this.values.cdnEdges);
    for (let i = 0; i < shown; i++) cells[i] = Math.min(1, this.edges[i]!.used / this.values.cdnCapacity);
    return shown;
  }
}

const fitting = (capacity: number, bytes: number): number => Math.min(MOST_ENTRIES, Math.floor(capacity / Math.max(1, bytes)));

/** Share of requests answered at their edge, and share answered there or at the shield (taken as if it saw every request). */
function hitsByHand(v: CdnValues, flow: Flow): { readonly edge: number; readonly both: number } {
  const edge = predictedHits(flow.keys, flow.skew, fitting(v.cdnCapacity, flow.bytes), flow.rate / v.cdnEdges, v.cdnTtl, true).hit;
  if (!v.cdnShield) return { edge, both: edge };
  return { edge, both: Math.max(edge, predictedHits(flow.keys, flow.skew, fitting(v.cdnShieldCapacity, flow.bytes), flow.rate, v.cdnTtl, true).hit) };
}

function byHand(v: CdnValues, flow: Flow) {
  const { edge, both } = hitsByHand(v, flow);
  const source = 'Che, Tung and Wang 2002';
  const assumes = 'warm caches, objects alike, independent requests of Zipf popularity';
  return [
    { label: 'hit ratio', value: edge, unit: 'share', formula: 'Σ p(1 − e^(−pT)), Σ (1 − e^(−pT)) = entries of one edge', source, measure: 'edgeHitRatio', assumes },
    { label: 'origin sees', value: flow.rate * (1 - both), unit: 'requests/second', formula: v.cdnShield ? 'rate × (1 − hit ratio of the shield for all requests)' : 'rate × (1 − hit ratio)', source: v.cdnShield ? `${source}, the shield as if it saw every request` : 'flow balance', measure: 'originFetches', assumes: `${assumes}; no coalescing` },
    { label: 'delivered', value: flow.rate * flow.bytes, unit: 'bytes/second', formula: 'rate × bytes', source: 'flow balance', measure: 'egress', assumes: 'every request is answered' },
    { label: 'traffic', value: flow.rate * flow.bytes * 3600e-9 * v.cdnEgressPrice, unit: 'usd/hour', formula: 'bytes delivered × price', source: 'AWS CloudFront, first 10 TB in the US and Europe, $0.085 per GB, list price, 2025 (not verified)' },
    { label: 'requests', value: (flow.rate * 3600 * v.cdnRequestPrice) / 1e6, unit: 'usd/hour', formula: 'rate × price', source: 'AWS CloudFront, HTTPS in the US, $1.00 per million, list price, 2025 (not verified)' },
  ] as const;
}

/** Answers near people what the origin has said before. */
export const cdn = defineKind({
  id: 'cdn',
  label: 'CDN',
  doc: 'caches near people, with a shield in front of the origin; paid by the gigabyte',
  about: `Every request comes to one of the edges by chance and is looked up by its key. A hit is answered there; a miss is asked of the shield, if there is one, and then along the one wire, once for all who wait for the same thing at that edge and at the shield. What comes back is kept at both, least recently used first out, until its time to live is over; a failure is everybody’s who waited, and is not kept. Caches are on disk and survive a crash; flushing empties all of them. A fetch goes on even if nobody waits for it any more. Price is by bytes delivered and by request. Left out: which edge is near whom, serving stale content while it is fetched anew, ranges of large objects, prices by region, and more than ${MOST_ENTRIES.toLocaleString('en')} objects in one cache.`,
  group: 'Memory',
  icon: 'globe',
  params,
  ports: { in: 'call', out: [{ wire: 'call', max: 1 }] },
  measures: {
    edgeHitRatio: { label: 'hit ratio', unit: 'share', help: 'requests answered at their edge', formula: 'requests answered at their edge ÷ requests looked up', inputs: ['cdnEdges', 'cdnCapacity', 'cdnTtl'], total: (n: Cdn) => n.hits, per: (n: Cdn) => n.lookups },
    shieldHitRatio: { label: 'hit ratio of the shield', unit: 'share', help: 'what edges asked of the shield and got there', formula: 'hits at the shield ÷ look-ups there', inputs: ['cdnShieldCapacity', 'cdnTtl'], total: (n: Cdn) => n.shieldHits, per: (n: Cdn) => n.shieldLookups },
    originFetches: { label: 'origin sees', unit: 'requests/second', help: 'requests that went to the origin', inputs: ['arrivals', 'edgeHitRatio', 'shieldHitRatio', 'cdnCoalesced'], total: (n: Cdn) => n.fetched },
    originBytes: { label: 'from the origin', unit: 'bytes/second', help: 'bytes that came from the origin', inputs: ['originFetches'], total: (n: Cdn) => n.bytesIn },
    cdnCoalesced: { label: 'coalesced', unit: 'share', help: 'requests that waited for a fetch already under way', formula: 'requests that waited for a fetch under way ÷ requests looked up, but those on their way to the shield', inputs: ['cdnCoalescing'], total: (n: Cdn) => n.coalesced, per: (n: Cdn) => n.decided },
    egress: { label: 'delivered', unit: 'bytes/second', help: 'bytes delivered to people', inputs: ['answers'], total: (n: Cdn) => n.bytesOut },
  },
  common: { latency: { inputs: ['edgeHitRatio', 'cdnEdgeTime', 'cdnShieldTime'] } },
  evidence: {
    cdnTtl: published('Amazon CloudFront, default time to live: 24 h'),
    cdnEdgeTime: assumed('a look-up in memory or on a local drive; the way to the edge is the wire'),
    cdnShieldTime: assumed('across a continent and back'),
  },
  card: ['edgeHitRatio', 'originFetches'],
  face: { form: 'cells' },
  subtitle: (v) => `${counted(v.cdnEdges, 'edge')}${v.cdnShield ? ', shielded' : ''}`,
  estimate: byHand,
  passes: (v, flow, weights) => weights.map(() => ({ ...flow, rate: flow.rate * (1 - hitsByHand(v, flow).both) })),
  cost: () => [],
  faults: [...servingFaults, 'flush'],
  migrations: [],
  build: (values, site) => new Cdn(values, site),
});
