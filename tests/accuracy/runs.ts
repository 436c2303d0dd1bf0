/** Simulates one case as it was measured, in the same engine and pool that a person drags onto the board. */
import { Network, Node } from '../../src/engine/network.ts';
import { plainClass } from '../../src/engine/ledger.ts';
import { Stream } from '../../src/engine/random.ts';
import { Pattern } from '../../src/engine/requests.ts';
import type { Constants } from '../../src/kinds/gpu-pool/constants.ts';
import { gpuPool } from '../../src/kinds/gpu-pool/gpu-pool.ts';
import { cacheTokens, StepTime } from '../../src/kinds/gpu-pool/physics.ts';
import { GpuPool } from '../../src/kinds/gpu-pool/pool.ts';
import type { Rules } from '../../src/kinds/gpu-pool/rules.ts';
import { defaults } from '../../src/kit/param.ts';
import type { Case, Figure } from './cases.ts';

/** Lengths and the rest of a request that is sent. */
interface Next {
  readonly input: number;
  readonly output: number;
}

/** Sends requests at given moments, or whenever somebody is answered, and sums up their times. */
export class Asker extends Node {
  firsts = 0;
  perToken = 0;
  totals = 0;
  tokens = 0;
  count = 0;
  private readonly gaps = new Stream(1, 'asker', 'gaps');
  /** When the last was answered, in seconds. */
  end = 0;
  private readonly like = new Pattern();

  /** `next` gives the lengths of the request to be sent, or null when no more are; with `again`, everybody asks once more when answered. */
  constructor(net: Network, private readonly next: () => Next | null, private readonly again: number) {
    super(net);
    this.like.set(net.requests.freshVersion(), 0, 0, 0, 0, 1);
  }

  arrive(): void {}

  override wake(): void {
    const next = this.next();
    if (next === null) return;
    const r = this.net.requests.create(this.like);
    this.net.requests.setWork(r, next.input, next.output, 0);
    this.net.call(this.out[0]!, r, -1, this.index);
  }

  override returned(call: number): void {
    const { requests, calls, now } = this.net;
    const r = calls.request(call);
    this.firsts += requests.first(r) - requests.born(r);
    this.totals += now - requests.born(r);
    if (requests.output(r) > 1) this.perToken += (now - requests.first(r)) / (requests.output(r) - 1);
    this.tokens += requests.output(r);
    this.count++;
    this.end = now;
    if (this.again >= 0) this.net.after(2 * this.again * this.gaps.uniform(), this.index, 0, 0);
  }
}

/** Scheduling rules of a case's engine under given constants. */
export function rulesFor(c: Case, constants: Constants): Partial<Rules> {
  const clockwork = new StepTime(c.setup, constants);
  const blockSize = 16;
  const blocks = Math.floor(cacheTokens(c.setup, c.memoryShare) / blockSize);
  const whole = c.load.kind === 'batch';
  return { clockwork, blockSize, blocks, watermark: Math.floor(0.01 * blocks), mostSequences: c.sequences, budget: whole ? 1e9 : c.budget, groups: c.setup.attentionGroups ?? 1, stages: c.setup.pipeline ?? 1, chunked: c.chunked, reserving: c.reserving, looksEvery: c.looksEvery, companyIterations: c.company.iterations, companyTokens: c.company.tokens, ahead: c.setup.software!.ahead };
}

/** A pool under those rules with an asker wired to it, who has been woken at the given moments. */
export function asked(rules: Partial<Rules>, moments: readonly number[], next: () => Next | null, again = -1): Asker {
  const net = new Network();
  const asker = new Asker(net, next, again);
  net.openBook({ name: 'all', ...plainClass }, asker);
  net.addNode(asker);
  const pool = new GpuPool({ ...defaults(gpuPool.params), engineRoom: 1_000_000 }, { net, id: 'pool', stream: (purpose) => new Stream(1, 'pool', purpose), trace: () => null }, rules);
  net.addNode(pool);
  asker.out = Int32Array.of(net.addLink({ id: 'l', from: 0, to: 1, latency: null, stream: new Stream(1, 'l', 'l'), async: false, weight: 1 }));
  for (const moment of moments) net.at(moment, 0, 0, 0);
  while (!net.run(Infinity, Infinity));
  return asker;
}

/** Longest answer that data sets keep, over the mean: 1,024 of 219 in OpenOrca, 20,000 of 3,700 in R1's; in ShareGPT 850 of 214, which fits best what its runs take after the last arrival (assumed). */
const longest = { chat: 4, conversation: 5 } as const;

function drawnLength({ lengths }: Case, mean: number, stream: Stream): number {
  if (lengths === 'alike') return mean;
  if (lengths === 'near') return mean * (0.9 + 0.2 * stream.uniform());
  if (lengths === 'nominal') return mean * (0.8 + 0.2 * stream.uniform());
  return lengths === 'even' ? mean * (0.134 + 1.732 * stream.uniform()) : mean * Math.min(longest[lengths], stream.exponential());
}

/** Lengths of so many requests; where their mean is told, they have it exactly. */
function drawnLengths(c: Case, count: number, mean: number, stream: Stream): Float64Array {
  const all = Float64Array.from({ length: count }, () => drawnLength(c, mean, stream));
  const scale = c.lengths === 'nominal' || c.lengths === 'near' ? 1 : (count * mean) / all.reduce((a, b) => a + b, 0);
  return all.map((x) => Math.max(1, Math.round(x * scale)));
}

/** Requests of a case, one after another. */
function drawn(c: Case, count: number): () => Next | null {
  const input = drawnLengths(c, count, c.input, new Stream(1, 'case', 'input'));
  const output = drawnLengths(c, count, c.output, new Stream(1, 'case', 'output'));
  let at = 0;
  return () => (at < count ? { input: input[at]!, output: output[at++]! } : null);
}

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** Moments at which requests come: chance decides the gaps, and the last comes when it is due, as it did where that was measured. */
function moments(rate: number, requests: number): number[] {
  if (rate === Infinity) return zeros(requests);
  const gaps = new Stream(1, 'case', 'gaps');
  let now = 0;
  const all = zeros(requests).map(() => (now += gaps.exponential()));
  return all.map((x) => (x / now) * (requests / rate));
}

function run(c: Case, rules: Partial<Rules>, client: number): Asker {
  const { load } = c;
  if (load.kind === 'closed') return asked(rules, zeros(load.people), drawn(c, load.rounds * load.people), client);
  if (load.kind === 'online') return asked(rules, moments(load.rate, load.requests), drawn(c, load.requests));
  const count = load.kind === 'batch' ? load.size : load.requests;
  return asked(rules, zeros(count), drawn(c, count));
}

/** Sequences that run while somebody's first token comes: nearly all of those who ask again at once. */
const running = ({ load }: Case): number => (load.kind === 'closed' ? load.people : 0);

/** Figures of a simulated case: seconds, and output tokens per second of all replicas; NaN where the model does not fit. */
export function simulated(c: Case, constants: Constants): Readonly<Record<Figure, number>> {
  const streams = c.load.kind === 'closed' || c.load.kind === 'online';
  const asker = run(c, rulesFor(c, streams ? constants : { ...constants, perStream: 0 }), constants.client);
  const { count } = asker;
  const perToken = asker.perToken / count;
  const hidden = c.streamed - 1;
  const client = constants.client + running(c) * constants.clientPerSequence;
  return {
    throughput: (c.replicas * asker.tokens) / asker.end,
    ttft: asker.firsts / count + client + hidden * perToken,
    tpot: perToken * (1 - hidden / (0.9 * c.output - 1)),
    e2e: asker.totals / count + client,
  };
}

/** Relative errors, figure by figure, of those that were measured. */
export type Errors = Readonly<Partial<Record<Figure, number>>>;

/** Relative errors of a case. */
export function errorsOf(c: Case, constants: Constants): Errors {
  const figures = simulated(c, constants);
  return Object.fromEntries(Object.entries(c.measured).map(([figure, value]) => [figure, figures[figure as Figure] / value - 1]));
}
