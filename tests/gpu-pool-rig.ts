/** A bare rig for engine tests: requests of given lengths at given moments, sent straight to one pool, each with its own times noted. */
import { plainClass } from '../src/engine/ledger.ts';
import { Network, Node } from '../src/engine/network.ts';
import { Stream } from '../src/engine/random.ts';
import { Pattern } from '../src/engine/requests.ts';
import type { Trace } from '../src/engine/trace.ts';
import { gpuPool } from '../src/kinds/gpu-pool/gpu-pool.ts';
import { GpuPool } from '../src/kinds/gpu-pool/pool.ts';
import type { Rules } from '../src/kinds/gpu-pool/rules.ts';
import { kvCache } from '../src/kinds/kv-cache/kv-cache.ts';
import type { AnyKind, Site } from '../src/kit/kind.ts';
import { defaults, type Values } from '../src/kit/param.ts';

type PoolValues = Values<typeof gpuPool.params>;
type CacheValues = Values<typeof kvCache.params>;

/** Requests to be sent, column by column; `prefix` and `prefixInput` where they share beginnings. */
export interface Sent {
  readonly arrival: ArrayLike<number>;
  readonly input: ArrayLike<number>;
  readonly output: ArrayLike<number>;
  readonly prefix?: ArrayLike<number>;
  readonly prefixInput?: number;
  readonly trace?: Trace;
  /** Priorities of their classes, 0 … 9. */
  readonly priority?: ArrayLike<number>;
  /** When somebody hangs up, in seconds from arrival; Infinity for those who wait. */
  readonly patience?: ArrayLike<number>;
}

class Sender extends Node {
  readonly first: Float64Array;
  readonly last: Float64Array;
  readonly outcome: Int32Array;
  private readonly like = new Pattern();
  private readonly rows = new Map<number, number>();

  constructor(net: Network, private readonly sent: Sent) {
    super(net);
    this.first = new Float64Array(sent.arrival.length).fill(NaN);
    this.last = this.first.slice();
    this.outcome = new Int32Array(sent.arrival.length).fill(-1);
    this.like.set(net.requests.freshVersion(), 0, 0, 0, 0, 1);
    if (sent.patience) net.allowCancelling();
  }

  start(): void {
    if (this.sent.arrival.length > 0) this.net.at(this.sent.arrival[0]!, this.index, 0, 0);
  }

  arrive(): void {}

  override wake(what: number, row: number): void {
    if (what === 0) this.send(row);
    else for (const call of this.net.calls.at(this.net.links[this.out[0]!]!.to, this.net.travelling())) if (this.rows.get(this.net.calls.request(call)) === row) this.net.cancel(call);
  }

  private send(row: number): void {
    const { requests } = this.net;
    if (row + 1 < this.sent.arrival.length) this.net.at(this.sent.arrival[row + 1]!, this.index, 0, row + 1);
    const r = requests.create(this.like);
    requests.setWork(r, this.sent.input[row]!, this.sent.output[row]!, 0);
    if (this.sent.prefix) requests.setPrefix(r, this.sent.prefix[row]!, this.sent.prefixInput ?? 0);
    if (this.sent.trace) requests.setRow(r, requests.register(this.sent.trace) + row);
    if (this.sent.priority) requests.setClass(r, this.sent.priority[row]!);
    this.rows.set(r, row);
    if (this.sent.patience && this.sent.patience[row]! < Infinity) this.net.after(this.sent.patience[row]!, this.index, 1, row);
    this.net.call(this.out[0]!, r, -1, this.index);
  }

  override returned(call: number): void {
    const { calls, requests } = this.net;
    const row = this.rows.get(calls.request(call))!;
    this.rows.delete(calls.request(call));
    this.first[row] = requests.first(calls.request(call));
    this.last[row] = this.net.now;
    this.outcome[row] = calls.outcome(call);
  }
}

/** A pool (and a prefix cache, if asked for) with somebody who sends requests to it. */
export class Rig {
  readonly net = new Network();
  readonly pool: GpuPool;
  readonly cache: ReturnType<typeof kvCache.build> | null;
  readonly sender: Sender;
  readonly values: PoolValues;

  constructor(readonly sent: Sent, values: Partial<PoolValues> = {}, special: Partial<Rules> = {}, cache: Partial<CacheValues> | null = null) {
    this.sender = new Sender(this.net, sent);
    for (let priority = 0; priority < 10; priority++) this.net.openBook({ ...plainClass, name: `priority ${priority}`, priority }, this.sender);
    this.values = { ...defaults(gpuPool.params), ...values };
    this.pool = new GpuPool(this.values, this.site('pool'), special);
    this.cache = cache === null ? null : kvCache.build({ ...defaults(kvCache.params), ...cache }, this.site('cache'));
    for (const node of [this.sender, this.pool, this.cache]) if (node !== null) this.net.addNode(node);
    this.sender.out = Int32Array.of(this.net.addLink({ id: 'l', from: 0, to: 1, latency: null, stream: new Stream(1, 'l', 'l'), async: false, weight: 1 }));
    this.pool.attached(this.cache === null ? [] : [this.cache]);
    this.sender.start();
  }

  private site(id: string): Site {
    return { net: this.net, id, stream: (purpose) => new Stream(1, id, purpose), trace: () => null };
  }

  run(until = Infinity): this {
    while (!this.net.run(until, Infinity));
    return this;
  }

  /** Seconds from arrival to first token, per further token, and to the end, of request i. */
  ttft(i: number): number {
    return this.sender.first[i]! - this.sent.arrival[i]!;
  }
  e2e(i: number): number {
    return this.sender.last[i]! - this.sent.arrival[i]!;
  }
  tpot(i: number): number {
    return (this.sender.last[i]! - this.sender.first[i]!) / Math.max(1, this.sent.output[i]! - 1);
  }

  /** A measure of the pool from the start until now. */
  measure(name: keyof typeof gpuPool.measures): number {
    return read(gpuPool, this.pool, name, this.net.now);
  }
  cacheMeasure(name: keyof typeof kvCache.measures): number {
    return read(kvCache, this.cache!, name, this.net.now);
  }
}

function read(kind: AnyKind, node: Node, name: string, now: number): number {
  const { total, per } = kind.measures[name]!;
  return total(node, now) / (per === undefined ? now : per(node, now));
}

/** Poisson arrivals with lengths spread evenly between a tenth and 1.9 times their means. */
export function poisson(count: number, rate: number, input: number, output: number, seed = 1): Sent {
  const stream = new Stream(seed, 'rig', 'sent');
  const arrival = new Float64Array(count);
  let now = 0;
  for (let i = 0; i < count; i++) arrival[i] = now += stream.exponential() / rate;
  const spread = (mean: number): Float64Array => Float64Array.from({ length: count }, () => Math.max(1, Math.round(mean * (0.1 + 1.8 * stream.uniform()))));
  return { arrival, input: spread(input), output: spread(output) };
}
