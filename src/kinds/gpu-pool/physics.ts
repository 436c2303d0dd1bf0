/**
 * How long one iteration of an engine takes, and what it computes and reads: weights streamed from memory or multiplied at the sustained rate,
 * whichever is slower, attention over what is cached, exchange between the GPUs, and the engine's own overheads. Seconds, bytes, FLOP, per GPU.
 */
import { peakFor, type Gpu } from './catalogue-gpus.ts';
import { activeParameters, attentionMatrices, besideExperts, bytesRead, denseLayers, feedForwardMatrices, kvBytesPerLayer, kvBytesPerToken, visitedParameters, weightBytes, weightsPerGpu, type Model, type Precision } from './catalogue-models.ts';
import { constantsOf, software, type Constants, type Software } from './constants.ts';
import { allReduce, handOvers, oneShot, oneShotBytes, type Exchange, type Ways } from './exchange.ts';
import { Grouped, joined, Product, type Rates, type Shape } from './products.ts';

/** What an engine runs. */
export interface Setup {
  readonly model: Model;
  readonly gpu: Gpu;
  readonly precision: Precision;
  /** Size of one cached number. */
  readonly kvBytes: 1 | 2;
  /** GPUs that share each layer. */
  readonly tp: number;
  /** Stages that follow one another, each `tp` GPUs with its share of the layers; 1 where left out. */
  readonly pipeline?: number;
  /** The `tp` GPUs form so many groups, each with its own sequences and its own copy of all weights but the experts (attention data parallel); 1 where left out. */
  readonly attentionGroups?: number;
  /** How GPUs reach each other where no fast link joins them; as usual where left out. */
  readonly ways?: Ways;
  /** Share of the exchange that runs beside matrix products instead of after them; 0 where left out. */
  readonly beside?: number;
  /** What the serving software changes; vLLM where left out. */
  readonly software?: Software;
}

/** GPUs of one replica. */
export const gpusOf = ({ tp, pipeline = 1 }: Setup): number => tp * pipeline;

/** Groups with sequences of their own. */
const groupsOf = ({ attentionGroups = 1 }: Setup): number => attentionGroups;

/** Batches under way at a time, each with a budget of tokens of its own: one for each group of GPUs with sequences of their own, in each stage of a pipeline. */
export const partsOf = (setup: Setup): number => groupsOf(setup) * (setup.pipeline ?? 1);

/** Share of all layers that the fullest stage has: what cannot be divided evenly leaves the others waiting. */
const fullest = ({ model, pipeline = 1 }: Setup): number => Math.ceil(model.layers / pipeline) / model.layers;

/** GPUs over which attention of one sequence is spread. */
const attentionGpus = (s: Setup): number => s.tp / groupsOf(s);

/**
 * One iteration, told piece by piece, and its cost. Where it only decodes, the next iteration with the same sequences costs `growth` more,
 * because every sequence has one token more to look back on; so a stretch of iterations is an arithmetic series.
 */
export interface Clockwork {
  /** A new iteration: so many sequences decode, which look back on `context` tokens altogether; each works on `width` tokens (1; more where a draft is verified). */
  begin(decodes: number, context: number, width?: number): void;
  /** It also works on so many tokens of a prompt, after `cached` ones; the `last` of a prompt yields its first token. */
  chunk(tokens: number, cached: number, last: boolean): void;
  /** Seconds of the iteration; FLOP of all GPUs; bytes read and written by all GPUs. */
  seconds(): number;
  flops(): number;
  bytes(): number;
  /** By how much each of them grows per iteration while only decoding goes on; and for how many iterations it does, where not for all. */
  readonly growth: { readonly seconds: number; readonly flops: number; readonly bytes: number };
  readonly lasting?: number;
}

/** Which constant says how much of its peak products of that precision sustain on a GPU: that of 16 bit where it has no units for it. */
export function productsOf(gpu: Gpu, precision: Precision): 'compute16' | 'compute8' | 'compute4' {
  if (precision === 'fp8' && gpu.peak8 > 0) return 'compute8';
  if (gpu.peak4 === 0) return 'compute16';
  return precision === 'mxfp4' ? 'compute8' : precision === 'fp4' ? 'compute4' : 'compute16';
}

/** Share of peak that products of that precision sustain on a GPU, as far as its power lets it. */
export const sustained = (gpu: Gpu, precision: Precision, c: Constants): number => c[productsOf(gpu, precision)] * (gpu.sustains ?? 1);

/** Rates that products of a precision reach: FLOP/s sustained, bytes/s at which their weights stream. */
function ratesOf(gpu: Gpu, precision: Precision, c: Constants): Rates {
  return { flops: peakFor(gpu, precision) * sustained(gpu, precision, c), bytes: gpu.bandwidth * (precision === 'fp4' ? c.stream4 : c.stream), sharpness: c.sharpness };
}

/**
 * How sharply the launching of kernels hides behind the work of GPUs (the exponent of `joined`): little where every kernel of a layer is launched by itself
 * (software of 2023), nearly wholly where most are recorded as graphs. Assumed; rounded to what fits measured iterations.
 */
const LAUNCHED_SINGLY = 2;
const LAUNCHED_AS_GRAPHS = 4;

/** Share of bandwidth at which norms, activations and additions stream (assumed). */
export const SMALL = 0.8;

/** Bytes of an all-reduce from which it counts as large: 64 MiB. */
const LARGE = 2 ** 26;

/** Seconds per layer to narrow activations, where weights ask for it; and per layer of experts to choose them, gather what goes in and sum what comes out. */
export const narrowed = (precision: Precision, c: Constants): number => (besideExperts(precision) === 'bf16' ? 0 : c.narrowing);
export const choosing = (precision: Precision, c: Constants): number => (precision === 'mxfp4' ? c.routing4 : c.routing);

/** Tokens up to which an all-reduce is in one shot. */
export const oneShotUpTo = (setup: Setup, c: Constants): number => (groupsOf(setup) > 1 ? 0 : c.oneShotTokens || Math.max(0, Math.ceil(oneShotBytes(setup.tp, c) / (2 * setup.model.hidden)) - 1));

/** Matrix products, expert layers and exchange of a whole model: what depends on the number of tokens alone. */
class Layers {
  private readonly products: readonly Product[];
  private readonly head: Product;
  private readonly sparse: number;
  private readonly grouped: Grouped | null;
  private readonly exchangeStart: number;
  private readonly exchangePerToken: number;
  private readonly perToken: number;
  private readonly fixed: number;
  /** Of those seconds, what the layers cost beside work and exchange. */
  readonly overheads: number;
  /** Tokens up to which sums are formed in one shot, and what that costs more, or less. */
  private readonly oneShotUpTo: number;
  private readonly oneShotStart: number;
  private readonly oneShotPerToken: number;
  private readonly beside: number;
  /** Tokens from which an iteration's messages count as large, and what each then costs more. */
  private readonly largeFrom: number;
  private readonly largePerToken: number;

  constructor(
    private readonly setup: Setup,
    private readonly c: Constants,
  ) {
    const { model: m, gpu, precision, tp } = setup;
    const plainly = besideExperts(precision);
    const rates = ratesOf(gpu, plainly, c);
    const product = (times: number) => (shape: Shape): Product => new Product(times, shape, weightBytes[plainly], rates);
    const dense = denseLayers(m);
    const share = attentionGpus(setup);
    this.beside = setup.beside ?? 0;
    this.sparse = m.layers - dense;
    const shared = (m.experts?.shared ?? 0) * (m.experts?.ffn ?? 0);
    this.products = [
      ...attentionMatrices(m, share).map(product(m.layers)),
      ...(dense > 0 ? feedForwardMatrices(m, m.ffn, share).map(product(dense)) : []),
      ...(shared > 0 ? feedForwardMatrices(m, shared, share).map(product(this.sparse)) : []),
    ];
    this.head = new Product(1, [m.vocabulary / tp, m.hidden], 2, ratesOf(gpu, 'bf16', c));
    this.grouped = m.experts && new Grouped({ ...m.experts, hidden: m.hidden, gpus: tp, bytes: weightBytes[precision], always: precision === 'fp8' ? c.always8 : 0 }, { ...rates, bytes: gpu.bandwidth * c.streamExperts, flops: ratesOf(gpu, precision, c).flops * c.grouped });
    const exchange = this.exchange(dense, allReduce);
    const direct = this.exchange(dense, oneShot);
    this.oneShotUpTo = oneShotUpTo(setup, c);
    this.oneShotStart = direct.start - exchange.start;
    this.oneShotPerToken = (direct.perByte - exchange.perByte) * 2 * m.hidden;
    this.exchangeStart = exchange.start;
    this.exchangePerToken = exchange.perByte * 2 * m.hidden;
    this.perToken = this.smallWork(dense) + this.exchangePerToken;
    this.overheads = m.layers * (c.layer + narrowed(precision, c)) + this.sparse * (choosing(precision, c) + (groupsOf(setup) === 1 ? 0 : c.gather));
    this.fixed = this.overheads + exchange.start;
    this.largeFrom = c.reduceLarge > 0 ? LARGE / (2 * m.hidden) : Infinity;
    this.largePerToken = c.reduceLarge > 0 ? this.exchangePerToken * (c.reduceRate / c.reduceLarge - 1) : 0;
  }

  /** Norms, activations and additions, per token. */
  private smallWork(dense: number): number {
    const { model: m, gpu, tp } = this.setup;
    return ((m.layers * 10 * m.hidden + (dense * 3 * m.ffn) / tp) * 2) / (SMALL * gpu.bandwidth);
  }

  /**
   * Of all layers: two all-reduces each. With attention in groups, the one after attention stays within the group, and every expert layer gathers the tokens
   * of all groups and scatters their sums, which is one among all. And what goes from stage to stage.
   */
  private exchange(dense: number, sum: typeof allReduce): Exchange {
    const { model: m, gpu, tp, pipeline = 1, ways } = this.setup;
    const groups = groupsOf(this.setup);
    const inside = sum(gpu, tp / groups, this.c, ways);
    const all = sum(gpu, tp, this.c, ways);
    const within = groups === 1 ? 0 : m.layers + dense;
    const over = handOvers(gpu, tp, pipeline, this.c, ways);
    const total = (of: 'start' | 'perByte'): number => within * (of === 'start' ? inside.start : inside.perByte / groups) + (groups === 1 ? 2 * m.layers : m.layers - dense) * all[of] + over[of];
    return { start: total('start'), perByte: total('perByte') };
  }

  /** Seconds of exchange between the GPUs for so many tokens. */
  exchanging(tokens: number): number {
    return this.exchangeStart + tokens * this.exchangePerToken + this.otherwise(tokens);
  }

  /** What few tokens and many cost more to exchange than others. */
  private otherwise(tokens: number): number {
    if (tokens <= this.oneShotUpTo) return this.oneShotStart + tokens * this.oneShotPerToken;
    return tokens < this.largeFrom ? 0 : tokens * this.largePerToken;
  }

  /** Share of all experts that so many tokens visit. */
  hit(tokens: number): number {
    return this.grouped === null ? 0 : this.grouped.hit(tokens);
  }

  /** Seconds for `tokens` tokens through all layers, `rows` of them on the busiest GPU, `outputs` of them to a word. No more of the exchange is hidden than products take. */
  seconds(tokens: number, rows: number, outputs: number): number {
    let sum = this.fixed + tokens * this.perToken + this.head.seconds(outputs);
    for (let k = 0; k < this.products.length; k++) sum += this.products[k]!.seconds(rows);
    if (this.grouped !== null) sum += this.sparse * this.grouped.seconds(tokens);
    if (this.beside > 0) sum -= this.hidden(tokens, rows);
    return sum + this.otherwise(tokens);
  }

  /** Seconds of exchange that run beside matrix products. */
  private hidden(tokens: number, rows: number): number {
    let products = this.grouped === null ? 0 : this.sparse * this.grouped.seconds(tokens);
    for (const product of this.products) products += product.seconds(rows);
    return this.beside * Math.min(products, this.exchanging(tokens));
  }

  /** Seconds of exchange that do not. */
  exposed(tokens: number, rows: number): number {
    return this.exchanging(tokens) - (this.beside > 0 ? this.hidden(tokens, rows) : 0);
  }
}

/** Kernels of prompt attention take as long for each token as if it looked at so many more: tiles half masked, queries and answers moved (measured, H100 and B200). */
export const MARGIN = 400;

/** Attention per GPU and token looked back on, summed over layers that look back all the way, and over those with a window. */
class Attention {
  /** Seconds for one token to look at another. Where several of a sequence look back at once, reading is shared and looking is not. */
  readonly secondsPerLook: number;
  readonly bytesPerContext: number;
  readonly flopsPerContext: number;
  /** Prompts: seconds and FLOP of one token looking at another, in all layers; seconds to read one cached token in one pass. */
  readonly secondsPerPair: number;
  readonly flopsPerPair: number;
  readonly secondsPerRead: number;
  /** One multiprocessor’s seconds for its queries to look at one more token, in all layers: nothing of a prompt is done before its last queries have seen all. */
  readonly secondsPerSight: number;
  /** Layers with a window as a share of those without; 0 without such layers. */
  readonly sliding: number;
  readonly window: number;

  constructor(setup: Setup, c: Constants) {
    const { model: m, gpu, kvBytes } = setup;
    const gpus = attentionGpus(setup);
    const full = m.layers - m.slidingLayers;
    const byteRate = gpu.bandwidth * (kvBytes === 1 ? c.kvRead8 : c.kvRead);
    const flopRate = gpu.peak16 * c.prefill;
    const heads = m.heads / gpus;
    const pair = 4 * heads * (m.latent === null ? m.headSize : (m.latent.nope + m.latent.rope + m.latent.value) / 2);
    // With a latent every head multiplies with the whole of it: (rank + rope) for the scores, rank for the sum.
    const decode = m.latent === null ? pair : 2 * heads * (2 * m.latent.kvRank + m.latent.rope);
    this.bytesPerContext = full * kvBytesPerLayer(m, kvBytes, gpus);
    this.flopsPerContext = full * decode;
    this.secondsPerRead = this.bytesPerContext / byteRate;
    this.secondsPerLook = this.flopsPerContext / flopRate;
    this.secondsPerPair = (full * pair) / flopRate;
    this.flopsPerPair = full * pair;
    this.secondsPerSight = (full * (pair / heads) * c.tile * gpu.processors) / flopRate;
    this.sliding = full > 0 ? m.slidingLayers / full : 0;
    this.window = m.window;
  }
}

/** Seconds of an iteration that only decodes: products, weights and activations streamed meanwhile; keys and values; exchange that nothing hides; all that engines cost beside. */
export interface IterationParts {
  readonly products: number;
  readonly looking: number;
  readonly exchange: number;
  readonly engine: number;
}

/** The physics of one setup, worked out once; an iteration then costs a few dozen multiplications and square roots. */
export class StepTime implements Clockwork {
  readonly growth = { seconds: NaN, flops: NaN, bytes: NaN };
  lasting = Infinity;
  private readonly layers: Layers;
  private readonly attention: Attention;
  private readonly attentionStart: number;
  private readonly flopsPerToken: number;
  private readonly flopsPerOutput: number;
  private readonly plainBytes: number;
  private readonly expertBytes: number;
  private readonly writtenPerToken: number;
  private readonly launches: number;
  private readonly promptLaunches: number;
  private readonly shortLaunches: number;
  private readonly perSequence: number;
  /** GPUs with sequences of their own; stages one after the other. */
  private readonly ranks: number;
  private readonly stages: number;
  private readonly fullest: number;
  private decodes = 0;
  private context = 0;
  private width = 1;
  private tokens = 0;
  private chunks = 0;
  private outputs = 0;
  private promptSeconds = 0;
  /** Of the longest piece of a prompt: tokens, and seconds of attention. */
  private longest = 0;
  private longestSeconds = 0;
  /** Seconds until the last queries of a piece have looked at all before them, of the longest. */
  private sight = 0;
  private pairs = 0;
  private reads = 0;

  /** `c` replaces the constants that follow from the setup. */
  constructor(
    readonly setup: Setup,
    private readonly c: Constants = constantsOf(setup.software ?? software.vllm, setup.gpu.generation),
  ) {
    const { model: m, precision, kvBytes, tp } = setup;
    this.layers = new Layers(setup, c);
    this.attention = new Attention(setup, c);
    this.attentionStart = m.layers * c.attention;
    this.flopsPerToken = 2 * activeParameters(m);
    this.flopsPerOutput = 2 * m.vocabulary * m.hidden;
    const read = bytesRead(m, precision, tp, attentionGpus(setup));
    this.expertBytes = read.experts;
    this.plainBytes = read.core;
    this.writtenPerToken = m.layers * kvBytesPerLayer(m, kvBytes, attentionGpus(setup));
    this.launches = m.layers * c.launchLayer + tp * c.launchRank;
    this.shortLaunches = this.launches + (m.layers - denseLayers(m)) * c.launchExperts;
    this.promptLaunches = this.shortLaunches + m.layers * tp * c.launchPrompt;
    this.perSequence = c.perSequence + c.perStream;
    this.ranks = groupsOf(setup);
    this.stages = setup.pipeline ?? 1;
    this.fullest = fullest(setup);
  }

  begin(decodes: number, context: number, width = 1): void {
    this.decodes = decodes;
    this.context = context;
    this.width = width;
    this.tokens = decodes * width;
    this.chunks = 0;
    this.outputs = this.tokens;
    this.promptSeconds = 0;
    this.longest = 0;
    this.longestSeconds = 0;
    this.sight = 0;
    this.pairs = 0;
    this.reads = 0;
    const { attention, growth } = this;
    // Windows that are not full yet grow as everything does, until on average they are.
    const left = attention.window - context / decodes;
    const filling = attention.sliding > 0 && left > 0;
    this.lasting = filling ? 1 + Math.floor(left / width) : Infinity;
    const grow = filling ? 1 + attention.sliding : 1;
    growth.seconds = (grow * this.busiest() * this.perContext() * this.uneven()) / this.streams();
    growth.flops = grow * decodes * width * attention.flopsPerContext * this.sharing();
    growth.bytes = grow * decodes * attention.bytesPerContext * this.sharing();
  }

  chunk(tokens: number, cached: number, last: boolean): void {
    const { attention } = this;
    this.tokens += tokens;
    this.chunks++;
    if (last) this.outputs++;
    const pairs = tokens * cached + (tokens * tokens) / 2;
    const near = attention.sliding > 0 ? attention.sliding * Math.min(pairs, tokens * attention.window) : 0;
    // A short piece after a long cached one reads more than it computes.
    const seconds = Math.max((pairs + near + tokens * MARGIN) * attention.secondsPerPair, cached * attention.secondsPerRead);
    this.sight = Math.max(this.sight, (cached + tokens) * attention.secondsPerSight);
    this.promptSeconds += seconds;
    this.longest = Math.max(this.longest, tokens);
    this.longestSeconds = Math.max(this.longestSeconds, seconds);
    this.pairs += pairs + near;
    this.reads += cached;
  }

  /** Seconds per token looked back on, of all tokens that look. */
  private perContext(): number {
    return Math.max(this.attention.secondsPerRead, this.width * this.attention.secondsPerLook);
  }

  /** GPUs that do each sequence's attention, each its share. */
  private sharing(): number {
    return attentionGpus(this.setup);
  }

  /** Batches that follow one another through the stages, at most one for each; a lone sequence keeps only one stage busy at a time. */
  private streams(): number {
    return this.stages === 1 ? 1 : Math.max(1, Math.min(this.stages, this.decodes + this.chunks));
  }

  /** How much longer batches take that wait for one another at the fullest stage. */
  private uneven(): number {
    return Math.max(1, this.streams() * this.fullest);
  }

  /** Tokens that the decoding sequences look back on, those of windowed layers counted by their share. */
  private lookedBack(): number {
    const { sliding, window } = this.attention;
    return this.context + sliding * Math.min(this.context, this.decodes * window);
  }

  /** Of the decoding sequences, how many the busiest GPU has where GPUs have sequences of their own. */
  private busiest(): number {
    return this.ranks === 1 ? this.decodes : Math.ceil(this.decodes / this.ranks);
  }

  /** Of `n` prompts, how many are worked on side by side on GPUs of their own. */
  private beside(n: number): number {
    return Math.max(1, Math.min(this.ranks, n));
  }

  seconds(): number {
    const { c, chunks, decodes, ranks, layers } = this;
    const streams = this.streams();
    const beside = this.beside(chunks);
    const prompts = this.tokens - decodes * this.width;
    const busiest = this.busiest();
    const rows = ranks === 1 ? this.tokens : busiest * this.width + Math.max(prompts / beside, this.longest);
    // Every batch takes all stages one after the other; the others wait for the largest, which has a whole piece of a prompt.
    let work = layers.seconds(Math.max(this.tokens / streams, this.longest), Math.max(rows / streams, this.longest), this.outputs / streams);
    if (chunks > 0) work += this.attentionStart + Math.max(this.promptSeconds / beside / streams, this.longestSeconds, this.sight);
    if (decodes > 0) work += this.attentionStart;
    const launches = chunks === 0 ? this.launches : rows > c.graphTokens ? this.promptLaunches : this.shortLaunches;
    if (launches > 0) work = joined(work, launches, c.launchLayer > 0 ? LAUNCHED_SINGLY : LAUNCHED_AS_GRAPHS);
    return work * this.uneven() + this.looking() + c.host + this.perSequence * (busiest + chunks / beside);
  }

  /** Seconds in which decoding sequences look back on their keys and values. */
  private looking(): number {
    return this.decodes === 0 ? 0 : (this.lookedBack() * this.perContext() * (this.busiest() / this.decodes) * this.uneven()) / this.streams();
  }

  /** The same seconds as a sum, of an iteration that only decodes. */
  parts(): IterationParts {
    const tokens = this.tokens / this.streams();
    const rows = (this.busiest() * this.width) / this.streams();
    const exchange = this.layers.exposed(tokens, rows) * this.uneven();
    const looking = this.looking();
    const products = (this.layers.seconds(tokens, rows, tokens) - this.layers.overheads) * this.uneven() - exchange;
    return { products, looking, exchange, engine: this.seconds() - products - looking - exchange };
  }

  flops(): number {
    const { attention } = this;
    const looking = this.lookedBack() * this.width * attention.flopsPerContext + this.pairs * attention.flopsPerPair;
    return this.tokens * this.flopsPerToken + this.outputs * this.flopsPerOutput + looking * this.sharing();
  }

  /** Weights are read by each GPU once per batch that passes it, of the experts those that this batch visits. */
  bytes(): number {
    const streams = this.streams();
    const weights = this.plainBytes + this.layers.hit(this.tokens / streams) * this.expertBytes;
    const cache = (this.lookedBack() + this.reads) * this.attention.bytesPerContext + this.tokens * this.writtenPerToken;
    return weights * this.setup.tp * streams + cache * this.sharing();
  }

  /** Seconds of it in which the GPUs exchange results. */
  exchanging(): number {
    return this.layers.exchanging(this.tokens / this.streams());
  }

  /** Seconds that its arithmetic would take alone, at the rate which large products sustain. */
  computing(): number {
    const { gpu, model, precision } = this.setup;
    const ofExperts = this.tokens * 2 * visitedParameters(model);
    const others = this.flops() - ofExperts;
    return (ofExperts / ratesOf(gpu, precision, this.c).flops + others / ratesOf(gpu, besideExperts(precision), this.c).flops) / gpusOf(this.setup);
  }

  /** Seconds that reading and writing would take alone, at the rate at which weights stream. */
  reading(): number {
    const { gpu, precision } = this.setup;
    return this.bytes() / (gpusOf(this.setup) * ratesOf(gpu, precision, this.c).bytes);
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
export function cacheRoom(setup: Setup, share: number): number {
  return share * setup.gpu.memory - weightsOf(setup) - RESERVED;
}

/** Bytes of weights on one GPU: its slice of the fullest stage; with attention apart, all that is not experts. */
export function weightsOf(setup: Setup): number {
  return weightsPerGpu(setup.model, setup.precision, setup.tp, attentionGpus(setup)) * fullest(setup);
}

/** Bytes of keys and values of one token on each GPU that keeps them, in the fullest stage. */
export const tokenBytesPerGpu = (setup: Setup): number => kvBytesPerToken(setup.model, setup.kvBytes, attentionGpus(setup)) * fullest(setup);

/** Tokens whose keys and values fit into one replica. */
export function cacheTokens(setup: Setup, share: number): number {
  return Math.max(0, Math.floor(cacheRoom(setup, share) / tokenBytesPerGpu(setup))) * groupsOf(setup);
}
