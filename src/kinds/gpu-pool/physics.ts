/**
 * How long one iteration of an engine takes, and what it computes and reads: weights streamed from memory or multiplied at the sustained rate,
 * whichever is slower, attention over what is cached, exchange between the GPUs, and the engine's own overheads. Seconds, bytes, FLOP, per GPU.
 */
import { peakFor, type Gpu } from './catalogue-gpus.ts';
import { activeParameters, attentionMatrices, coreParameters, denseLayers, feedForwardMatrices, kvBytesPerLayer, kvBytesPerToken, weightBytes, weightsPerGpu, type Model, type Precision } from './catalogue-models.ts';
import { constants, software, type Constants, type Software } from './constants.ts';

/** What an engine runs: `tp` GPUs share each layer; `kvBytes` is the size of one cached number. */
export interface Setup {
  readonly model: Model;
  readonly gpu: Gpu;
  readonly precision: Precision;
  readonly kvBytes: 1 | 2;
  readonly tp: number;
  /** What the serving software changes; vLLM where left out. */
  readonly software?: Software;
}

/**
 * One iteration, told piece by piece, and its cost. Where it only decodes, the next iteration with the same sequences costs `growth` more,
 * because every sequence has one token more to look back on; so a stretch of iterations is an arithmetic series.
 */
export interface Clockwork {
  /** A new iteration: so many sequences decode, which look back on `context` tokens altogether. */
  begin(decodes: number, context: number): void;
  /** It also works on so many tokens of a prompt, after `cached` ones; the `last` of a prompt yields its first token. */
  chunk(tokens: number, cached: number, last: boolean): void;
  /** Seconds of the iteration; FLOP of all GPUs; bytes read and written by all GPUs. */
  seconds(): number;
  flops(): number;
  bytes(): number;
  /** By how much each of them grows per iteration while only decoding goes on. */
  readonly growth: { readonly seconds: number; readonly flops: number; readonly bytes: number };
}

/** (aᵖ + bᵖ)^(1/p) for p = 4 or 2, by multiplication and square roots alone, which are the same on every machine. */
function joined(a: number, b: number, sharpness: 2 | 4): number {
  const aa = a * a;
  const bb = b * b;
  return sharpness === 4 ? Math.sqrt(Math.sqrt(aa * aa + bb * bb)) : Math.sqrt(aa + bb);
}

/** Seconds of a matrix product of m rows, (m·c)ᵖ + (b + m·d)ᵖ, times how often it happens. */
class Product {
  private readonly compute: number;
  private readonly fixed: number;
  private readonly perRow: number;

  constructor(
    private readonly times: number,
    private readonly sharpness: 2 | 4,
    [n, k]: readonly [number, number],
    bytes: number,
    flopRate: number,
    byteRate: number,
  ) {
    this.compute = (2 * n * k) / flopRate;
    this.fixed = (n * k * bytes) / byteRate;
    this.perRow = (k * Math.max(bytes, 1) + 2 * n) / byteRate;
  }

  seconds(rows: number): number {
    return this.times * joined(rows * this.compute, this.fixed + rows * this.perRow, this.sharpness);
  }
}

/** Share of the experts below which the rest is taken to be hit too. */
const ALL_BUT = 1e-12;

/** Expected share of experts that T tokens do not visit, (1 − visited/count)^T, for T = 0, 1, … until it is nothing. */
function missed(count: number, visited: number): Float64Array {
  const out = [1];
  while (out.at(-1)! > ALL_BUT && visited < count) out.push(out.at(-1)! * (1 - visited / count));
  return Float64Array.from(out);
}

/** Over PCIe: seconds to start among 2, 4, 8 GPUs, and bytes/s of the ring (NCCL on two L40S, measured; boxes with bad routes reach a quarter). */
const PCIE_START = [7.5e-6, 11e-6, 17e-6] as const;
const PCIE_RATE = 20e9;

/** Matrix products and expert layers of a whole model: what depends on the number of tokens alone. */
class Layers {
  private readonly products: readonly Product[];
  private readonly head: Product;
  private readonly sparse: number;
  private readonly missing: Float64Array;
  private readonly visited: number;
  private readonly padding: number;
  private readonly expertCompute: number;
  private readonly expertBytes: number;
  private readonly expertPerToken: number;
  private readonly perToken: number;
  private readonly fixed: number;

  constructor(
    private readonly setup: Setup,
    private readonly c: Constants,
  ) {
    const { model: m, gpu, precision, tp } = setup;
    const bytes = weightBytes[precision];
    const flopRate = peakFor(gpu, precision) * (precision === 'fp4' && gpu.peak4 > 0 ? c.compute4! : c.compute);
    const byteRate = gpu.bandwidth * c.stream;
    const product = (times: number) => (shape: readonly [number, number]): Product => new Product(times, c.sharpness, shape, bytes, flopRate, byteRate);
    const dense = denseLayers(m);
    this.sparse = m.layers - dense;
    const shared = (m.experts?.shared ?? 0) * (m.experts?.ffn ?? 0);
    this.products = [
      ...attentionMatrices(m, tp).map(product(m.layers)),
      ...(dense > 0 ? feedForwardMatrices(m, m.ffn, tp).map(product(dense)) : []),
      ...(shared > 0 ? feedForwardMatrices(m, shared, tp).map(product(this.sparse)) : []),
    ];
    this.head = new Product(1, c.sharpness, [m.vocabulary / tp, m.hidden], 2, gpu.peak16 * c.compute, byteRate);
    const e = m.experts ?? { count: 0, visited: 0, ffn: 0 };
    this.missing = missed(e.count, e.visited);
    this.expertCompute = (6 * m.hidden * e.ffn) / tp / (flopRate * c.grouped);
    this.visited = e.visited;
    this.padding = e.count * c.padding;
    this.expertBytes = (e.count * 3 * m.hidden * e.ffn * bytes) / tp / byteRate;
    this.expertPerToken = (e.visited * (2 * m.hidden + 3 * e.ffn) * 2) / tp / byteRate;
    this.perToken = this.smallWork(dense) + m.layers * this.exchange().perToken;
    this.fixed = m.layers * (c.layer + this.exchange().fixed) + this.sparse * c.routing;
  }

  /** Norms, activations and additions: bytes over 0.8 of the bandwidth, per token. */
  private smallWork(dense: number): number {
    const { model: m, gpu, tp } = this.setup;
    return ((m.layers * 10 * m.hidden + (dense * 3 * m.ffn) / tp) * 2) / (0.8 * gpu.bandwidth);
  }

  /** Two all-reduces per layer, as a ring: every GPU sends 2·(tp − 1)/tp of the bytes. */
  private exchange(): { readonly fixed: number; readonly perToken: number } {
    const { model: m, gpu, tp } = this.setup;
    if (tp === 1) return { fixed: 0, perToken: 0 };
    const step = tp === 2 ? 0 : tp === 4 ? 1 : 2;
    const start = gpu.linked ? this.c.reduceStart + 0.2e-6 * (tp - 1) : PCIE_START[step]!;
    const rate = gpu.linked ? this.c.reduceRate : PCIE_RATE;
    return { fixed: 2 * start, perToken: (2 * 2 * m.hidden * 2 * (tp - 1)) / tp / rate };
  }

  /** Share of all experts that so many tokens visit. */
  hit(tokens: number): number {
    return tokens < this.missing.length ? 1 - this.missing[Math.floor(tokens)]! : 1;
  }

  /** Seconds of one expert layer: rows of tokens and of padding to multiply, weights of the experts visited to read. */
  private experts(tokens: number): number {
    const hit = this.hit(tokens);
    return joined((tokens * this.visited + hit * this.padding) * this.expertCompute, hit * this.expertBytes + tokens * this.expertPerToken, this.c.sharpness);
  }

  /** Seconds for `tokens` tokens through all layers, `outputs` of them to a word. */
  seconds(tokens: number, outputs: number): number {
    let sum = this.fixed + tokens * this.perToken + this.head.seconds(outputs);
    for (let k = 0; k < this.products.length; k++) sum += this.products[k]!.seconds(tokens);
    if (this.sparse > 0) sum += this.sparse * this.experts(tokens);
    return sum;
  }
}

/** Attention per GPU and token looked back on, summed over layers that look back all the way, and over those with a window. */
class Attention {
  readonly secondsPerContext: number;
  readonly bytesPerContext: number;
  readonly flopsPerContext: number;
  /** Prompts: seconds and FLOP of one token looking at another, in all layers; seconds to read one cached token in one pass. */
  readonly secondsPerPair: number;
  readonly flopsPerPair: number;
  readonly secondsPerRead: number;
  /** Layers with a window as a share of those without; 0 without such layers. */
  readonly sliding: number;
  readonly window: number;

  constructor({ model: m, gpu, kvBytes, tp }: Setup, c: Constants) {
    const full = m.layers - m.slidingLayers;
    const byteRate = gpu.bandwidth * (kvBytes === 1 ? c.kvRead8 : c.kvRead);
    const flopRate = gpu.peak16 * c.prefill;
    const heads = m.heads / tp;
    const pair = 4 * heads * (m.latent === null ? m.headSize : (m.latent.nope + m.latent.rope + m.latent.value) / 2);
    // With a latent every head multiplies with the whole of it: (rank + rope) for the scores, rank for the sum.
    const decode = m.latent === null ? pair : 2 * heads * (2 * m.latent.kvRank + m.latent.rope);
    this.bytesPerContext = full * kvBytesPerLayer(m, kvBytes, tp);
    this.flopsPerContext = full * decode;
    this.secondsPerRead = this.bytesPerContext / byteRate;
    this.secondsPerContext = Math.max(this.secondsPerRead, m.latent === null ? 0 : this.flopsPerContext / flopRate);
    this.secondsPerPair = (full * pair) / flopRate;
    this.flopsPerPair = full * pair;
    this.sliding = full > 0 ? m.slidingLayers / full : 0;
    this.window = m.window;
  }
}

const under = (c: Constants, by: Software): Constants => ({
  ...c,
  compute: c.compute * by.compute,
  compute4: (c.compute4 ?? c.compute) * by.compute4,
  layer: c.layer * by.layer,
  host: c.host * by.host,
  perSequence: c.perSequence * by.perSequence,
});

/** The physics of one setup, worked out once; an iteration then costs a few dozen multiplications and square roots. */
export class StepTime implements Clockwork {
  readonly growth = { seconds: 0, flops: 0, bytes: 0 };
  private readonly layers: Layers;
  private readonly attention: Attention;
  private readonly attentionStart: number;
  private readonly flopsPerToken: number;
  private readonly flopsPerOutput: number;
  private readonly plainBytes: number;
  private readonly expertBytes: number;
  private readonly writtenPerToken: number;
  private readonly c: Constants;
  private decodes = 0;
  private context = 0;
  private tokens = 0;
  private sequences = 0;
  private outputs = 0;
  private promptSeconds = 0;
  private pairs = 0;
  private reads = 0;

  constructor(readonly setup: Setup) {
    const { model: m, gpu, precision, kvBytes, tp } = setup;
    this.c = under(constants[gpu.generation], setup.software ?? software.vllm);
    this.layers = new Layers(setup, this.c);
    this.attention = new Attention(setup, this.c);
    this.attentionStart = m.layers * this.c.attention;
    this.flopsPerToken = 2 * activeParameters(m);
    this.flopsPerOutput = 2 * m.vocabulary * m.hidden;
    const experts = m.experts === null ? 0 : ((m.layers - denseLayers(m)) * m.experts.count * 3 * m.hidden * m.experts.ffn) / tp;
    this.expertBytes = experts * weightBytes[precision];
    this.plainBytes = (coreParameters(m, tp) - experts) * weightBytes[precision] + (2 * m.vocabulary * m.hidden) / tp;
    this.writtenPerToken = kvBytesPerToken(m, kvBytes, tp);
  }

  begin(decodes: number, context: number): void {
    this.decodes = decodes;
    this.context = context;
    this.tokens = decodes;
    this.sequences = decodes;
    this.outputs = decodes;
    this.promptSeconds = 0;
    this.pairs = 0;
    this.reads = 0;
    const { attention, growth } = this;
    growth.seconds = decodes * attention.secondsPerContext;
    growth.flops = decodes * attention.flopsPerContext * this.setup.tp;
    growth.bytes = decodes * attention.bytesPerContext * this.setup.tp;
  }

  chunk(tokens: number, cached: number, last: boolean): void {
    const { attention } = this;
    this.tokens += tokens;
    this.sequences++;
    if (last) this.outputs++;
    const pairs = tokens * cached + (tokens * tokens) / 2;
    const near = attention.sliding > 0 ? attention.sliding * Math.min(pairs, tokens * attention.window) : 0;
    // A short piece after a long cached one reads more than it computes.
    this.promptSeconds += Math.max((pairs + near) * attention.secondsPerPair, cached * attention.secondsPerRead);
    this.pairs += pairs + near;
    this.reads += cached;
  }

  /** Tokens that the decoding sequences look back on, those of windowed layers counted by their share. */
  private lookedBack(): number {
    return this.context + this.decodes * this.attention.sliding * this.attention.window;
  }

  seconds(): number {
    const prompts = this.sequences > this.decodes ? this.attentionStart + this.promptSeconds : 0;
    const decoding = this.decodes > 0 ? this.attentionStart + this.lookedBack() * this.attention.secondsPerContext : 0;
    return this.layers.seconds(this.tokens, this.outputs) + prompts + decoding + this.c.host + this.c.perSequence * this.sequences;
  }

  flops(): number {
    const { attention, setup } = this;
    const looking = this.lookedBack() * attention.flopsPerContext + this.pairs * attention.flopsPerPair;
    return this.tokens * this.flopsPerToken + this.outputs * this.flopsPerOutput + looking * setup.tp;
  }

  bytes(): number {
    const weights = this.plainBytes + this.layers.hit(this.tokens) * this.expertBytes;
    const cache = (this.lookedBack() + this.reads) * this.attention.bytesPerContext + this.tokens * this.writtenPerToken;
    return (weights + cache) * this.setup.tp;
  }

  /** Seconds of one iteration in which `decodes` sequences look back on `context` tokens each. */
  decoding(decodes: number, context: number): number {
    this.begin(decodes, decodes * context);
    return this.seconds();
  }

  /** Seconds of one iteration that works through a whole prompt and nothing else. */
  prompting(tokens: number, cached = 0): number {
    this.begin(0, 0);
    this.chunk(tokens, cached, true);
    return this.seconds();
  }
}

/** Memory beside weights and cache: activations, graphs, the runtime. Bytes per GPU; from vLLM's own reports (approximate). */
export const RESERVED = 2.5e9;

/** Bytes of one GPU that are left for keys and values when the engine may take `share` of its memory; below zero where the model does not fit. */
export function cacheRoom({ model, gpu, precision, tp }: Setup, share: number): number {
  return share * gpu.memory - weightsPerGpu(model, precision, tp) - RESERVED;
}

/** Tokens whose keys and values fit. */
export function cacheTokens(setup: Setup, share: number): number {
  return Math.max(0, Math.floor(cacheRoom(setup, share) / kvBytesPerToken(setup.model, setup.kvBytes, setup.tp)));
}
