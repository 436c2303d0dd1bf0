/** What the pool's figures rest on: data sheets, what engines reach of them, and what they cost on top; each with its source. */
import { assumed, evidenceIn, measured, published, type Constant, type Evidence } from '../../kit/evidence.ts';
import type { Unit } from '../../units/unit.ts';
import { linkedAmong, peakFor } from './catalogue-gpus.ts';
import { activeParameters, besideExperts, type Precision } from './catalogue-models.ts';
import { constantsOf, kernelFit, software, unmeasured, type Engine, type Kernels, type Software } from './constants.ts';
import { allReduce, linkRate, NETWORK_SHARE, NETWORK_START, nextDoor, oneShot, SEND_START, steps, together, USUAL } from './exchange.ts';
import type { PoolValues } from './params.ts';
import { choosing, MARGIN, narrowed, oneShotUpTo, productsOf, RESERVED, SMALL, sustained, tokenBytesPerGpu, weightsOf, type Setup } from './physics.ts';
import { watts } from './power.ts';
import { gpuChosen, gpusPerReplica, modelChosen, priceOf, setupOf } from './setup.ts';

type Row = readonly [label: string, value: number, unit: Unit];

const rows = (evidence: Evidence, ...of: readonly Row[]): Constant[] => of.map(([label, value, unit]) => ({ label, value, unit, ...evidence }));

/** A data sheet or configuration file; what is described by hand is taken for granted. */
const sheet = ({ id, source }: { readonly id: string; readonly source: string }): Evidence => (id === 'custom' ? assumed(source) : evidenceIn(source));

/** What is multiplied at a rate of its own: everything alike, or experts at that of the precision of the weights and all else at another. */
function multiplied({ gpu, precision }: Setup): readonly (readonly [whose: string, precision: Precision])[] {
  const rest = besideExperts(precision);
  return productsOf(gpu, rest) === productsOf(gpu, precision) ? [['', precision]] : [[', experts', precision], [', all else', rest]];
}

/** The same, and what is multiplied at 16 bits whatever the weights have: attention of prompts, and the output. */
function multipliedAtAll(setup: Setup): ReturnType<typeof multiplied> {
  const all = multiplied(setup);
  return all.some(([, precision]) => productsOf(setup.gpu, precision) === 'compute16') ? all : [...all, [', attention of prompts and output', 'bf16']];
}

const peakRows = (setup: Setup, of = multiplied(setup)): Constant[] => rows(sheet(setup.gpu), ...of.map(([whose, precision]): Row => [`Peak of a GPU${whose}`, peakFor(setup.gpu, precision), 'flop/second']));
const bandwidthRows = (v: PoolValues): Constant[] => rows(sheet(gpuChosen(v)), ['Memory bandwidth of a GPU', gpuChosen(v).bandwidth, 'bytes/second']);
const gpuRows = (v: PoolValues): Constant[] => rows(assumed('as chosen on this component'), ['GPUs of a replica', gpusPerReplica(v), 'count']);

/** Arithmetic at peak; and bandwidth. */
export const arithmetic = (v: PoolValues): Constant[] => [...peakRows(setupOf(v)), ...gpuRows(v), ...rows(sheet(modelChosen(v)), ['FLOP of a token, attention apart', 2 * activeParameters(modelChosen(v)), 'count'])];
export const bandwidth = (v: PoolValues): Constant[] => [...bandwidthRows(v), ...gpuRows(v)];

/** What is known of kernels on a GPU of its generation, constant by constant, and of an engine on it. */
function fitted(v: PoolValues): { readonly kernel: (key: keyof Kernels) => Evidence; readonly engine: Evidence } {
  const { generation } = gpuChosen(v);
  const by: Software = software[v.engineSoftware];
  const engine = by.fit !== '' && by.on[generation] !== undefined ? measured(`fitted to runs of ${by.label}, ${by.vintage}; median errors: ${by.fit}`) : assumed(`as ${by.label} on other GPUs, ${by.vintage}`);
  const own = generation === 'cdna3' ? assumed('after its largest matrix products, which reach half of peak') : assumed('as on other generations');
  return { kernel: (key) => (unmeasured[generation].includes(key) ? own : measured(`kernels timed alone, and engines; median errors: ${kernelFit}`)), engine };
}

/** What it takes from stage to stage of a pipeline. */
function handing({ gpu, tp, pipeline = 1 }: Setup, c: Engine, pcie: Evidence): Constant[] {
  const { inside, outside } = steps(gpu, tp, pipeline);
  const { start, perByte } = nextDoor(gpu, tp, pipeline, c);
  const linked = linkedAmong(gpu, tp * pipeline);
  return [
    ...(inside > 0 ? rows(linked ? assumed('some kernels') : pcie, ['Start of handing on to the next stage', start, 'seconds']) : []),
    ...(inside > 0 && !linked ? rows(pcie, ['Rate of handing on', 1 / perByte, 'bytes/second']) : []),
    ...(outside > 0 ? rows(assumed('one message over the network'), ['Start of handing on to another server', SEND_START, 'seconds']) : []),
  ];
}

/** What an all-reduce among the GPUs of a replica takes: over fast links or without, and from server to server. */
function exchange(setup: Setup, c: Engine, kernel: (key: keyof Kernels) => Evidence): Constant[] {
  const { gpu, tp, pipeline = 1, ways = USUAL } = setup;
  const all: Constant[] = [];
  const { linkRatio = 1 } = gpu;
  const inside = Math.min(tp, together(gpu));
  const { start, perByte } = allReduce(gpu, inside, c, ways);
  const linked = linkedAmong(gpu, tp);
  const pcie = gpu.id === 'l40s' ? measured('servers of two to eight L40S') : assumed('as on L40S, by the rates of their slots');
  if (tp > 1 && !linked) all.push(...rows(pcie, ['Start of an all-reduce', start, 'seconds'], ['Rate of an all-reduce', 1 / perByte, 'bytes/second']));
  if (tp > 1 && linked) all.push(...rows(kernel('reduceStart'), ['Start of an all-reduce', start, 'seconds'], ['Start in one shot, of few tokens', oneShot(gpu, inside, c, ways).start, 'seconds']));
  if (tp > 1 && linked && oneShotUpTo(setup, c) > 0) all.push(...rows(published('sources of vLLM, FlashInfer and TensorRT-LLM'), ['Tokens up to which it is in one shot', oneShotUpTo(setup, c), 'tokens']));
  if (tp > 1 && c.reduceLarge > 0) all.push(...rows(measured('runs of this software on A100 and H100'), ['Rate of messages of 64 MiB and more', c.reduceLarge, 'bytes/second']));
  if ((tp > 1 && linked) || (pipeline > 1 && linkedAmong(gpu, tp * pipeline))) all.push(...rows(linkRatio === 1 ? kernel('reduceRate') : assumed('that of its likeness, by the rates of their links'), ['Rate over fast links', linkRate(gpu, c), 'bytes/second']));
  all.push(...handing(setup, c, pcie));
  if (tp > together(gpu)) all.push(...rows(measured('2 to 16 A100 in two servers: 25 to 55 µs (Vidur’s profiles)'), ['Start over the network', NETWORK_START, 'seconds']));
  if (tp * pipeline > together(gpu)) all.push(...rows(assumed('nine tenths of the line rate, as NCCL reaches'), ['Rate over the network, per GPU', NETWORK_SHARE * ways.network, 'bytes/second']));
  return all;
}

/** The only model whose runs tell what share of 8-bit experts is read at least. */
const ONLY_MODEL = 'qwen3-235b-a22b';

/** GPUs of the largest replicas that engines were measured on. */
const MEASURED_TOGETHER = 8;

/** What the time of an iteration rests on: the peaks, the shares of them that are reached, exchange, and overheads. */
export function speeds(v: PoolValues): Constant[] {
  const setup = setupOf(v);
  const { gpu, precision, kvBytes } = setup;
  const c = constantsOf(software[v.engineSoftware], gpu.generation);
  const { kernel, engine } = fitted(v);
  const products = (of: Precision): Evidence => (gpu.sustains === undefined ? kernel(productsOf(gpu, of)) : assumed('of its generation, times the root of its watts per FLOP/s over those of the card measured (after MLPerf’s entries with less power)'));
  const stream = precision === 'fp4' ? 'stream4' : 'stream';
  const read = kvBytes === 1 ? 'kvRead8' : 'kvRead';
  const cost = setup.tp > MEASURED_TOGETHER ? assumed(`extrapolated from replicas of up to ${MEASURED_TOGETHER} GPUs`) : engine;
  return [
    ...peakRows(setup, multipliedAtAll(setup)),
    ...bandwidthRows(v),
    ...multipliedAtAll(setup).flatMap(([whose, of]) => rows(products(of), [`Share of peak that products sustain${whose}`, sustained(gpu, of, c), 'share'])),
    ...rows(kernel('sharpness'), ['p of ⊕', c.sharpness, 'count']),
    ...rows(kernel(stream), ['Share of bandwidth, weights', c[stream], 'share']),
    ...rows(kernel(read), ['Share of bandwidth, keys and values', c[read], 'share']),
    ...rows(kernel('prefill'), ['Share of peak, attention of prompts', c.prefill, 'share'], ['Tokens that each of a prompt sees besides', MARGIN, 'tokens'], ['Start of attention, per layer', c.attention, 'seconds']),
    ...rows(published('FlashAttention 2, 3 and 4'), ['Queries that one multiprocessor takes on at a time', c.tile, 'count']),
    ...rows(sheet(gpu), ['Multiprocessors of a GPU', gpu.processors, 'count']),
    ...rows(assumed('as the larger kernels'), ['Share of bandwidth, norms and activations', SMALL, 'share']),
    ...exchange(setup, c, kernel),
    ...rows(cost, ...overheads(setup, c)),
    ...(setup.model.experts === null || precision !== 'fp8' || c.always8 === 0 ? [] : rows(setup.model.id === ONLY_MODEL ? engine : assumed('as in Qwen3-235B, the only model that tells'), ['Share of experts read at least', c.always8, 'share'])),
    ...(setup.model.experts === null ? [] : rows(precision === 'mxfp4' ? choosingFour(v) : cost, ['Choosing experts, per layer', choosing(precision, c), 'seconds'])),
  ];
}

/** What is known of choosing experts of 4 bits: measured in one model under one software. */
function choosingFour({ engineSoftware }: PoolValues): Evidence {
  const by: Software = software[engineSoftware];
  return by.any.routing4 === undefined ? assumed(`as under ${software.vllm.label}`) : measured('gpt-oss 120B on H100 (InferenceX issue 828, 2026)');
}

/** What an engine costs beside the work of its kernels; what it is free of is left out. */
function overheads({ model, precision, tp, attentionGroups = 1 }: Setup, c: Engine): Row[] {
  const all: Row[] = [
    ['Everything else, per layer', c.layer, 'seconds'],
    ['Narrowing activations, per layer', narrowed(precision, c), 'seconds'],
    ['Host, per iteration', c.host, 'seconds'],
    ['Host, per sequence in it', c.perSequence + c.perStream, 'seconds'],
    ['Launching kernels, per layer', c.launchLayer, 'seconds'],
    ['Launching kernels, all layers, for each GPU', c.launchRank, 'seconds'],
    ['Launching kernels of prompts, per layer', tp * c.launchPrompt, 'seconds'],
    ['Tokens up to which prompts go without that', c.launchPrompt > 0 ? c.graphTokens : 0, 'tokens'],
  ];
  const sparse: Row[] = [
    ['Share of that rate, products of experts', c.grouped, 'share'],
    ['Share of bandwidth, weights of experts', c.streamExperts, 'share'],
    ['Gathering everybody’s tokens for experts, per layer', attentionGroups > 1 ? c.gather : 0, 'seconds'],
    ['Launching kernels of experts, per layer', c.launchExperts, 'seconds'],
  ];
  return [...all, ...(model.experts === null ? [] : sparse)].filter(([, value]) => value > 0);
}

/** What room for keys and values rests on. */
export function room(v: PoolValues): Constant[] {
  const setup = setupOf(v);
  return [
    ...rows(sheet(setup.gpu), ['Memory of a GPU (its name counts in GiB)', setup.gpu.memory, 'bytes']),
    ...rows(sheet(setup.model), ['Weights per GPU', weightsOf(setup), 'bytes'], ['Keys and values of a token, on a GPU', tokenBytesPerGpu(setup), 'bytes']),
    ...rows(measured('memory reports of vLLM, 2025–26'), ['Kept for activations', RESERVED, 'bytes']),
  ];
}

/** How much of the memory an engine may take. */
export const taken = ({ memoryShare }: PoolValues): Constant[] => rows(assumed('as chosen on this component; vLLM’s default is 0.9'), ['Share of memory that may be used', memoryShare, 'share']);

/** What power rests on. */
export function draw(v: PoolValues): Constant[] {
  const gpu = gpuChosen(v);
  return [
    ...rows(sheet(gpu), ['Rated power of a GPU', gpu.watts, 'watts']),
    ...rows(assumed('drivers of idle data-centre cards report 60 to 140 W'), ['With nothing to do', watts(gpu, 0, 0), 'watts']),
    ...rows(assumed('as on A100 and H100 servers (Patel et al., ASPLOS 2024)'), ['At 60 % of peak arithmetic', watts(gpu, 0.6, 0), 'watts'], ['At 80 % of peak bandwidth', watts(gpu, 0, 0.8), 'watts']),
  ];
}

/** Who says what a GPU costs. */
export function listPrice(v: PoolValues): Evidence {
  const { source } = priceOf(v);
  return v.priceOverride > 0 || v.gpuType === 'custom' ? assumed(source) : evidenceIn(source);
}

/** What money rests on. */
export const price = (v: PoolValues): Constant[] => rows(listPrice(v), ['Price of a replica', priceOf(v).each, 'usd/hour']);

/** What the defaults of some parameters rest on. */
export const evidence = {
  memoryShare: published('vLLM’s default, 0.9, taken for other software too'),
  cacheClaim: published('vLLM lets in whose prompt fits; TensorRT-LLM guarantees that nobody is evicted, unless told otherwise'),
  cacheBlock: published('vLLM’s default, 16 tokens, taken for other software too'),
  handoverLatency: published('Splitwise 2024: 5 ms on H100, 8 on A100'),
  handoverBandwidth: published('line rate of one 400 Gbit/s card'),
  networkRate: published('line rate of one 400 Gbit/s card'),
  weightLoadRate: measured('65.5 GB of safetensors from disk into an H100 in 19–21 s (ServerlessLLM, 2025)'),
  engineStartup: assumed('process, graphs, profiling: 30 s'),
  hostBandwidth: assumed('PCIe 5.0 × 16 at 80 %'),
  draftAcceptance: assumed('0.5 to 0.9 were measured (Leviathan et al. 2023)'),
  draftCost: assumed('0.02 to 0.11 were measured (Leviathan et al. 2023)'),
} as const;
