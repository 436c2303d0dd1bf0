/** An object store: high latency to the first byte, plenty of bytes after it, a limit on requests for each prefix, and a price for everything. */
import type { Clock } from '../engine/clock.ts';
import { Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Sampler } from '../engine/sampler.ts';
import { priced } from '../kit/cost.ts';
import { assumed, published } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { placeOf } from '../kit/hash.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { distribution, real, whole, type Values } from '../kit/param.ts';
import { counted } from '../units/format.ts';

const params = {
  objectFirstByte: distribution({ label: 'First byte', help: 'From a request to the first byte of its answer (published for S3: roughly 100–200 ms; the spread is assumed).', unit: 'seconds', default: { shape: 'lognormal', mean: 0.1, cv: 0.5 }, min: 0, max: 60 }),
  objectSpeed: real({ label: 'Speed of one request', help: 'Bytes per second that one request moves (published for S3: 85–90 MB/s).', unit: 'bytes/second', default: 85e6, min: 1, max: 1e12 }),
  objectParts: whole({ label: 'Parts in parallel', help: 'An object is moved in so many ranges at once: faster, and each is a request of its own.', unit: 'count', default: 1, min: 1, max: 1000 }),
  objectWrites: real({ label: 'Writes', help: 'Share of the calls that store an object; the others read one.', unit: 'share', default: 0, min: 0, max: 1 }),
  objectPrefixes: whole({ label: 'Prefixes', help: 'Parts of the key space, each with limits of its own; a key lies in one of them by hash.', section: 'Limits', unit: 'count', default: 1, min: 1, max: 1_000_000 }),
  objectReadLimit: real({ label: 'Reads per prefix', help: 'Requests per second; beyond, they are refused: rate limited, “slow down” (published for S3: 5,500).', section: 'Limits', unit: 'requests/second', default: 5500, min: 0.001, max: 1e9 }),
  objectWriteLimit: real({ label: 'Writes per prefix', help: 'Requests per second (published for S3: 3,500).', section: 'Limits', unit: 'requests/second', default: 3500, min: 0.001, max: 1e9 }),
  objectBurst: real({ label: 'Burst', help: 'Seconds’ worth of requests that may come at once (assumed).', section: 'Limits', unit: 'seconds', default: 1, min: 0.001, max: 3600 }),
  objectStored: real({ label: 'Stored', help: 'Bytes kept, for the bill.', section: 'Cost', unit: 'bytes', default: 1e12, min: 0, max: 1e18 }),
  objectStoragePrice: real({ label: 'Price per GB and month', help: 'What keeping a gigabyte costs for 730 hours.', section: 'Cost', unit: 'usd', default: 0.023, min: 0, max: 100 }),
  objectReadPrice: real({ label: 'Price of reads', help: 'Per million requests.', section: 'Cost', unit: 'usd/million requests', default: 0.4, min: 0, max: 10_000 }),
  objectWritePrice: real({ label: 'Price of writes', help: 'Per million requests.', section: 'Cost', unit: 'usd/million requests', default: 5, min: 0, max: 10_000 }),
  objectEgressPrice: real({ label: 'Price per GB read', help: 'What a gigabyte that leaves costs; 0 inside the region, $0.09 to the internet (AWS list price, 2025, not verified).', section: 'Cost', unit: 'usd', default: 0, min: 0, max: 100 }),
};

type ObjectValues = Values<typeof params>;

const DONE = 0;
const HOURS_A_MONTH = 730;
const GUIDELINES = 'AWS S3 performance guidelines, 2024';
const LIST = published('AWS S3 Standard, us-east-1 list price, 2025 (not verified)');

/** A token bucket for each prefix, filled as they are looked at. */
class Buckets {
  private tokens = new Float64Array(0);
  private at = new Float64Array(0);

  constructor(
    private readonly clock: Clock,
    private rate: number,
    private size: number,
  ) {}

  set(rate: number, size: number, buckets: number): void {
    this.rate = rate;
    this.size = size;
    if (buckets === this.tokens.length) return;
    this.tokens = new Float64Array(buckets).fill(size);
    this.at = new Float64Array(buckets).fill(this.clock.now);
  }

  /** Takes `n` tokens out of a bucket; false if they are not all there. */
  take(bucket: number, n: number): boolean {
    const { tokens, at, clock } = this;
    tokens[bucket] = Math.min(this.size, tokens[bucket]! + (clock.now - at[bucket]!) * this.rate);
    at[bucket] = clock.now;
    if (tokens[bucket]! < n) return false;
    tokens[bucket]! -= n;
    return true;
  }
}

class ObjectStore extends Node implements Component<ObjectValues> {
  private readonly firstByte: Sampler;
  private readonly draws: Stream;
  private readonly sorts: Stream;
  private readonly reads: Buckets;
  private readonly writes: Buckets;
  private usd = 0;
  private storage = 0;
  private priced: number;
  requests = 0;
  slowedDown = 0;
  bytesOut = 0;
  bytesIn = 0;

  constructor(
    private values: ObjectValues,
    site: Site,
  ) {
    super(site.net);
    this.firstByte = new Sampler(values.objectFirstByte);
    this.draws = site.stream('first byte');
    this.sorts = site.stream('writes');
    this.reads = new Buckets(site.net.clock, 0, 0);
    this.writes = new Buckets(site.net.clock, 0, 0);
    this.priced = site.net.now;
    this.limit();
  }

  retune(values: ObjectValues): void {
    this.storage = this.storageUsd(this.net.now);
    this.priced = this.net.now;
    this.values = values;
    this.firstByte.set(values.objectFirstByte);
    this.limit();
  }

  /** A bucket holds at least what one call asks for, or it could never be served. */
  private limit(): void {
    const { objectReadLimit, objectWriteLimit, objectBurst, objectPrefixes, objectParts } = this.values;
    this.reads.set(objectReadLimit, Math.max(objectParts, objectReadLimit * objectBurst), objectPrefixes);
    this.writes.set(objectWriteLimit, Math.max(objectParts, objectWriteLimit * objectBurst), objectPrefixes);
  }

  arrive(call: number): void {
    const { net, values } = this;
    const request = net.calls.request(call);
    const parts = values.objectParts;
    const write = values.objectWrites > 0 && this.sorts.uniform() < values.objectWrites;
    if (!(write ? this.writes : this.reads).take(placeOf(net.requests.key(request), values.objectPrefixes), parts)) {
      this.slowedDown++;
      return net.fail(call, Code.rateLimited);
    }
    this.requests += parts;
    this.usd += parts * (write ? values.objectWritePrice : values.objectReadPrice) * 1e-6;
    let slowest = 0;
    for (let k = 0; k < parts; k++) slowest = Math.max(slowest, this.firstByte.draw(this.draws));
    const seconds = slowest + net.requests.bytes(request) / (parts * values.objectSpeed);
    net.calls.setData(call, write ? 1 : 0);
    net.calls.setHandle(call, net.after(seconds * net.pace[this.index]!, this.index, DONE, call));
  }

  override wake(_what: number, call: number): void {
    const { net } = this;
    const bytes = net.requests.bytes(net.calls.request(call));
    if (net.calls.data(call) === 1) this.bytesIn += bytes;
    else {
      this.bytesOut += bytes;
      this.usd += bytes * 1e-9 * this.values.objectEgressPrice;
    }
    net.answer(call);
  }

  /** A transfer can be broken off; its requests are paid for. In a crash everything ends by itself. */
  override cancelled(call: number): void {
    if (!this.net.health.up(this.index)) return;
    this.net.agenda.cancel(this.net.calls.handle(call));
    this.net.fail(call, Code.cancelled);
  }

  private storageUsd(now: number): number {
    const { objectStored, objectStoragePrice } = this.values;
    return this.storage + (((now - this.priced) / 3600) * objectStored * 1e-9 * objectStoragePrice) / HOURS_A_MONTH;
  }

  spentUsd(now: number): number {
    return this.usd + this.storageUsd(now);
  }
}

function byHand(v: ObjectValues, flow: Flow) {
  const reads = flow.rate * (1 - v.objectWrites);
  const writes = flow.rate * v.objectWrites;
  const spread = Math.min(v.objectPrefixes, Math.max(1, flow.keys));
  const limit = spread * Math.min(v.objectWrites < 1 ? v.objectReadLimit / (1 - v.objectWrites) : Infinity, v.objectWrites > 0 ? v.objectWriteLimit / v.objectWrites : Infinity);
  const operations = (v.objectParts * 3600 * (reads * v.objectReadPrice + writes * v.objectWritePrice)) / 1e6;
  const even = 'keys spread evenly over prefixes';
  return [
    { label: 'one object', value: v.objectFirstByte.mean + flow.bytes / (v.objectParts * v.objectSpeed), unit: 'seconds', formula: 'first byte + bytes ÷ (parts × speed)', source: GUIDELINES, measure: 'latency', assumes: v.objectParts > 1 ? 'the mean first byte; the slowest of several parts takes longer' : 'nothing is refused' },
    { label: 'capacity', value: limit / v.objectParts, unit: 'requests/second', formula: 'prefixes × limit ÷ parts', source: GUIDELINES, assumes: even, wall: 'rate limit' },
    { label: 'bytes read', value: reads * flow.bytes, unit: 'bytes/second', formula: 'reads × bytes', source: 'flow balance', measure: 'bytesRead', assumes: 'nothing is refused' },
    { label: 'under way', value: flow.rate * (v.objectFirstByte.mean + flow.bytes / (v.objectParts * v.objectSpeed)), unit: 'requests', formula: 'rate × time', source: 'Little 1961', measure: 'inFlight', assumes: 'nothing is refused' },
    { label: 'operations', value: operations, unit: 'usd/hour', formula: 'rate × parts × price', source: priced(v.objectReadPrice, params.objectReadPrice, LIST).source },
    { label: 'traffic out', value: reads * flow.bytes * 1e-9 * v.objectEgressPrice * 3600, unit: 'usd/hour', formula: 'bytes read × price', source: priced(v.objectEgressPrice, params.objectEgressPrice, LIST).source },
  ] as const;
}

/** Keeps large things cheaply and far away. */
export const objectStore = defineKind({
  id: 'object-store',
  label: 'Object store',
  doc: 'keeps objects: slow to the first byte, fast after it, limited by prefix, paid by byte and by request',
  about:
    'A call moves the bytes of its request: the time to the first byte, then bytes at the speed of one request, in as many ranges at once as are set; the slowest counts. Any number of requests run at the same time, but every prefix has a limit of reads and of writes per second (a token bucket); beyond, they are refused as rate limited, which clients answer with back-off. Each range is a request, and all are paid for, refused ones not. Every object is there; it survives a crash. Left out: prefixes that gain capacity as their load lasts, the bandwidth of the machine that asks (set it on the wire), listing, consistency, and storage classes that must be restored first.',
  group: 'Data',
  icon: 'archive',
  params,
  slices: ['objectReadLimit', 'objectWriteLimit', 'objectStored'],
  ports: { in: 'call', out: [], refusal: 'an object store is where reads and writes end' },
  measures: {
    bytesRead: { label: 'bytes read', unit: 'bytes/second', help: 'bytes of objects that went out', inputs: ['answers', 'objectWrites'], total: (n: ObjectStore) => n.bytesOut },
    bytesStored: { label: 'bytes written', unit: 'bytes/second', help: 'bytes of objects that came in', inputs: ['answers', 'objectWrites'], total: (n: ObjectStore) => n.bytesIn },
    objectRequests: { label: 'requests', unit: 'requests/second', help: 'requests taken in, every range one', inputs: ['arrivals', 'objectParts'], total: (n: ObjectStore) => n.requests },
    slowDowns: { label: 'told to slow down', unit: 'share', help: 'calls refused because their prefix was over its limit', formula: 'calls refused at their prefix’s limit ÷ calls that arrived', inputs: ['objectRequests', 'objectPrefixes', 'objectReadLimit', 'objectWriteLimit', 'objectBurst'], total: (n: ObjectStore) => n.slowedDown, per: (n: ObjectStore) => n.arrivedTotal() },
  },
  common: { latency: { inputs: ['objectFirstByte', 'objectSpeed', 'objectParts'] } },
  evidence: {
    objectFirstByte: published(`${GUIDELINES}: roughly 100–200 ms; the spread is assumed`),
    objectSpeed: published(`${GUIDELINES}: 85–90 MB/s`),
    objectReadLimit: published(`${GUIDELINES}: 5,500 a second and prefix`),
    objectWriteLimit: published(`${GUIDELINES}: 3,500 a second and prefix`),
    objectBurst: assumed('a second’s worth'),
  },
  card: ['bytesRead', 'latency'],
  face: { form: 'spark', measure: 'bytesRead' },
  strain: 'slowDowns',
  subtitle: (v) => `${counted(v.objectPrefixes, 'prefix', 'prefixes')}${v.objectParts > 1 ? `, ${v.objectParts} parts` : ''}`,
  estimate: byHand,
  cost: (v) => [{ label: 'storage, without operations and traffic', usdPerHour: (v.objectStored * 1e-9 * v.objectStoragePrice) / HOURS_A_MONTH, ...priced(v.objectStoragePrice, params.objectStoragePrice, LIST) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new ObjectStore(values, site),
});
