/** A database: a primary for writes, replicas for reads, each with a bounded number of connections and a bounded queue. */
import { Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Sampler } from '../engine/sampler.ts';
import { REFUSED, STARTED, Station } from '../engine/station.ts';
import { priced } from '../kit/cost.ts';
import { assumed, published } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type EstimateRow, type Flow, type Site } from '../kit/kind.ts';
import { distribution, real, whole, type Distribution, type Values } from '../kit/param.ts';
import { erlangC, waitingTime } from '../kit/queueing.ts';
import { counted } from '../units/format.ts';

const params = {
  dbConnections: whole({ label: 'Connections', help: 'Queries one server works on at the same time: the connection pool. More than a few per core only moves the queue inside.', unit: 'count', default: 20, min: 1, max: 100_000 }),
  dbReplicas: whole({ label: 'Read replicas', help: 'Copies that serve reads, each with as many connections; with none, reads go to the primary too.', unit: 'count', default: 0, min: 0, max: 64 }),
  // Assumed: an indexed point read over a local network, data in memory; the range commonly reported for PostgreSQL is 0.3–1 ms.
  dbReadTime: distribution({ label: 'Read time', help: 'Time one read keeps a connection busy (assumed: an indexed point read takes 0.3–1 ms).', unit: 'seconds', default: { shape: 'lognormal', mean: 0.0008, cv: 1 }, min: 0, max: 1e5 }),
  // Assumed: a small transaction that waits for one write-ahead-log flush on network storage, 1–5 ms.
  dbWriteTime: distribution({ label: 'Write time', help: 'Time one write keeps a connection busy, log flush included (assumed: 1–5 ms).', unit: 'seconds', default: { shape: 'lognormal', mean: 0.003, cv: 1 }, min: 0, max: 1e5 }),
  dbWriteShare: real({ label: 'Writes', help: 'Share of calls that write; they all go to the primary.', unit: 'share', default: 0.1, min: 0, max: 1 }),
  dbQueue: whole({ label: 'Queue', help: 'Calls that may wait for a connection, at each server. Beyond, they are refused: queue full.', unit: 'requests', default: 500, min: 0, max: 100_000_000 }),
  pricePerDbServer: real({ label: 'Price per server', help: 'What the primary, and each replica, costs per hour.', section: 'Cost', unit: 'usd/hour', default: 0.45, min: 0, max: 1000 }),
};

type DbValues = Values<typeof params>;

const READ = 0;
const WRITE = 1;

class Database extends Node implements Component<DbValues> {
  private values: DbValues;
  /** The primary first, then the replicas; stations that are no longer wanted stay to serve out what they have. */
  private readonly stations: Station[] = [];
  private readonly read: Sampler;
  private readonly write: Sampler;
  private readonly times: Stream;
  private readonly sorts: Stream;
  private wanted = 0;
  private turn = 0;
  reads = 0;
  writes = 0;
  /** Calls accepted: those in service or in line, now or once. */
  accepted = 0;

  constructor(values: DbValues, site: Site) {
    super(site.net);
    this.values = values;
    this.read = new Sampler(values.dbReadTime);
    this.write = new Sampler(values.dbWriteTime);
    this.times = site.stream('service');
    this.sorts = site.stream('sort');
    this.furnish(values);
  }

  private furnish(v: DbValues): void {
    this.wanted = 1 + v.dbReplicas;
    for (let k = 0; k < this.wanted && k < this.stations.length; k++) this.stations[k]!.resize(v.dbConnections, v.dbQueue);
    while (this.stations.length < this.wanted) this.stations.push(new Station(this.net.calls, v.dbConnections, v.dbQueue));
  }

  retune(values: DbValues): void {
    this.values = values;
    this.read.set(values.dbReadTime);
    this.write.set(values.dbWriteTime);
    this.furnish(values);
    for (let k = 0; k < this.stations.length; k++) for (let call = this.stations[k]!.draw(); call >= 0; call = this.stations[k]!.draw()) this.serve(call, k);
  }

  arrive(call: number): void {
    const writes = this.sorts.uniform() < this.values.dbWriteShare;
    const at = writes ? 0 : this.reader();
    this.net.calls.setData(call, at);
    this.net.calls.setCounter(call, writes ? WRITE : READ);
    const taken = this.stations[at]!.offer(call);
    if (taken === REFUSED) return this.net.fail(call, Code.queueFull);
    this.accepted++;
    if (taken === STARTED) this.serve(call, at);
  }

  /** The replica with the fewest reads served and waiting, ties going round; the primary where there is none. */
  private reader(): number {
    const n = this.wanted - 1;
    if (n <= 0) return 0;
    const { stations } = this;
    let best = 1 + (this.turn++ % n);
    for (let k = 1; k < n; k++) {
      const other = 1 + ((this.turn - 1 + k) % n);
      if (stations[other]!.busy + stations[other]!.queued < stations[best]!.busy + stations[best]!.queued) best = other;
    }
    return best;
  }

  private serve(call: number, at: number): void {
    const writes = this.net.calls.counter(call) === WRITE;
    this.net.afterWork(writes ? this.write : this.read, this.times, this.index, at === 0 ? 0 : 1, call);
  }

  override wake(_what: number, call: number): void {
    const at = this.net.calls.data(call);
    if (this.net.calls.counter(call) === WRITE) this.writes++;
    else this.reads++;
    const next = this.stations[at]!.finish();
    if (next >= 0) this.serve(next, at);
    this.net.answer(call);
  }

  override reset(): void {
    for (const station of this.stations) station.reset();
  }

  /** Who waits for a connection leaves; a query that runs is run to its end. */
  override cancelled(call: number): void {
    if (this.stations[this.net.calls.data(call)]!.leave(call)) this.net.fail(call, Code.cancelled);
  }

  override queueArea(now: number): number {
    let sum = 0;
    for (const s of this.stations) sum += s.queueArea(now);
    return sum;
  }
  override queueLongest(): number {
    let most = 0;
    for (const s of this.stations) most = Math.max(most, s.longest);
    return most;
  }
  override busyArea(now: number): number {
    let sum = 0;
    for (const s of this.stations) sum += s.busyArea(now);
    return sum;
  }
  override serverArea(now: number): number {
    let sum = 0;
    for (const s of this.stations) sum += s.serverArea(now);
    return sum;
  }
  primaryBusy(now: number): number {
    return this.stations[0]!.busyArea(now);
  }
  primaryServers(now: number): number {
    return this.stations[0]!.serverArea(now);
  }
  override face(cells: Float64Array): number {
    const shown = Math.min(32, this.wanted);
    for (let k = 0; k < shown; k++) cells[k] = Math.min(1, this.stations[k]!.busy / this.stations[k]!.servers);
    return shown;
  }
}

const squaredCv = (d: Distribution): number => (d.shape === 'exponential' ? 1 : d.shape === 'constant' ? 0 : d.cv * d.cv);

/** Mean and squared coefficient of variation of a mixture: `share` of one, the rest of the other. */
function mixed(a: Distribution, b: Distribution, share: number): { mean: number; scv: number } {
  const mean = share * a.mean + (1 - share) * b.mean;
  const second = share * a.mean * a.mean * (1 + squaredCv(a)) + (1 - share) * b.mean * b.mean * (1 + squaredCv(b));
  return { mean, scv: mean > 0 ? Math.max(0, second / (mean * mean) - 1) : 0 };
}

function byHand(v: DbValues, flow: Flow): EstimateRow[] {
  const c = v.dbConnections;
  const alone = v.dbReplicas === 0;
  const primaryRate = flow.rate * (alone ? 1 : v.dbWriteShare);
  const primary = alone ? mixed(v.dbWriteTime, v.dbReadTime, v.dbWriteShare) : mixed(v.dbWriteTime, v.dbReadTime, 1);
  const readRate = alone ? 0 : (flow.rate * (1 - v.dbWriteShare)) / v.dbReplicas;
  const wait = waitingTime(primaryRate, primary.mean, c, flow.scv, primary.scv);
  const readWait = alone ? wait : waitingTime(readRate, v.dbReadTime.mean, c, 1, squaredCv(v.dbReadTime));
  const load = primaryRate * primary.mean + readRate * v.dbReplicas * v.dbReadTime.mean;
  const writesAtMost = c / Math.max(primary.mean * (alone ? 1 : v.dbWriteShare), 1e-12);
  const readsAtMost = alone || v.dbWriteShare === 1 ? Infinity : (c * v.dbReplicas) / Math.max(v.dbReadTime.mean * (1 - v.dbWriteShare), 1e-12);
  const capacity = Math.min(writesAtMost, readsAtMost);
  const meanWait = alone ? wait : v.dbWriteShare * wait + (1 - v.dbWriteShare) * readWait;
  return [
    { label: 'utilisation', value: Math.min(1, load / (c * (1 + v.dbReplicas))), unit: 'share', formula: 'calls × mean time ÷ connections, over all servers', source: 'utilisation law', measure: 'utilisation', assumes: 'nothing is refused' },
    { label: 'primary', value: Math.min(1, (primaryRate * primary.mean) / c), unit: 'share', formula: alone ? 'calls × mean time ÷ connections' : 'writes × write time ÷ connections', source: 'utilisation law', measure: 'primaryUtilisation', assumes: 'nothing is refused' },
    { label: 'capacity', value: capacity, unit: 'requests/second', formula: alone ? 'connections ÷ mean time' : 'the smaller of what the primary can write and the replicas can read', source: 'utilisation law', wall: 'connections' },
    { label: 'must wait', value: erlangC(c, primaryRate * primary.mean), unit: 'share', formula: 'Erlang C at the primary', source: 'Erlang 1917', assumes: 'exponential times; exact for M/M/c' },
    { label: 'mean wait', value: meanWait, unit: 'seconds', formula: '(Ca² + Cs²)/2 × Erlang-C wait', source: 'Allen and Cunneen 1990; exact for M/M/c and M/G/1', measure: 'wait', assumes: 'an unbounded queue; replicas chosen at random (by load they do better)' },
    { label: 'in line', value: flow.rate * meanWait, unit: 'requests', formula: 'calls × mean wait', source: 'Little 1961', measure: 'waiting', assumes: 'an unbounded queue; replicas chosen at random (by load they do better)' },
  ];
}

/** Connections, read and write times, read replicas, a bounded queue. */
export const database = defineKind({
  id: 'database',
  label: 'Database',
  doc: 'a primary for writes and replicas for reads, with connection pools and bounded queues',
  about:
    'Each call is a read or a write, by chance. Writes go to the primary, reads to the replica with the fewest queries, or to the primary where there is none. A query holds one connection for its time; who finds none waits in a bounded queue, and leaves it when nobody waits for the answer any more; a query that runs is run to its end. After a crash the data is there and the connections are free. It leaves out locks and conflicts between transactions, the work replicas spend on replaying writes, replication lag, buffer misses (put them into the times) and fail-over.',
  group: 'Data',
  icon: 'database',
  params,
  slices: ['dbReplicas', 'dbConnections', 'dbQueue'],
  ports: { in: 'call', out: [], refusal: 'a database is where calls end' },
  measures: {
    dbReads: { label: 'reads', unit: 'requests/second', help: 'reads answered', inputs: ['arrivals', 'dbWriteShare'], total: (n: Database) => n.reads },
    dbWrites: { label: 'writes', unit: 'requests/second', help: 'writes answered', inputs: ['arrivals', 'dbWriteShare'], total: (n: Database) => n.writes },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time in line for a connection per accepted call', formula: '∫ calls in line dt ÷ calls accepted', inputs: ['waiting', 'arrivals', 'dbConnections'], total: (n: Database, now: number) => n.queueArea(now), per: (n: Database) => n.accepted },
    primaryUtilisation: { label: 'primary busy', unit: 'share', help: 'connections of the primary in use', formula: '∫ busy connections of the primary dt ÷ ∫ its connections dt', inputs: ['dbWrites', 'dbConnections', 'dbWriteTime'], total: (n: Database, now: number) => n.primaryBusy(now), per: (n: Database, now: number) => n.primaryServers(now), chart: 'utilisation' },
  },
  common: {
    utilisation: { formula: '∫ busy connections dt ÷ ∫ connections dt, over all servers', inputs: ['dbConnections', 'dbReplicas', 'dbReadTime', 'dbWriteTime', 'dbWriteShare'] },
    waiting: { inputs: ['dbConnections', 'dbQueue'] },
    latency: { inputs: ['wait', 'dbReadTime', 'dbWriteTime'] },
  },
  evidence: {
    dbReadTime: assumed('an indexed point read, data in memory: 0.3–1 ms is commonly reported for PostgreSQL'),
    dbWriteTime: assumed('a small transaction with one log flush on network storage: 1–5 ms'),
  },
  card: ['utilisation', 'waiting'],
  face: { form: 'cells' },
  subtitle: (v) => (v.dbReplicas === 0 ? `${v.dbConnections} connections` : `primary + ${v.dbReplicas} replicas`),
  estimate: byHand,
  cost: (v) => [{ label: counted(1 + v.dbReplicas, 'server'), usdPerHour: (1 + v.dbReplicas) * v.pricePerDbServer, ...priced(v.pricePerDbServer, params.pricePerDbServer, published('AWS RDS for PostgreSQL db.r6g.xlarge single zone, us-east-1 on-demand list price, 2025 (not verified)')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new Database(values, site),
});
