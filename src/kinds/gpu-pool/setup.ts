/** From chosen parameters to what an engine runs and how it schedules. */
import { gpuOf, linkRates, peakFor, processorsLike, type Gpu } from './catalogue-gpus.ts';
import { besideExperts, kvBytesPerToken, modelOf, type Model } from './catalogue-models.ts';
import { software } from './constants.ts';
import type { TokenCost } from '../../kit/prefix.ts';
import { keeps, mayWait, type PoolValues } from './params.ts';
import { cacheTokens, gpusOf, partsOf, StepTime, tokenBytesPerGpu, weightsOf, type Setup } from './physics.ts';
import { Draw } from './power.ts';
import type { Rules } from './rules.ts';
import type { Shelf } from './shelves.ts';

/** Share of the cache that stays free when a request is let in, as in vLLM. */
const WATERMARK = 0.01;

/** The model chosen, or described by hand. */
export function modelChosen(v: PoolValues): Model {
  if (v.languageModel !== 'custom') return modelOf(v.languageModel);
  const { customLayers: layers, customHeadSize: headSize } = v;
  // Experts have a layer at least, and one looks back all the way.
  const experts = { count: v.customExperts, visited: Math.min(v.customVisited, v.customExperts), shared: v.customShared, ffn: v.customExpertSize, denseLayers: Math.min(v.customDenseLayers, layers - 1) };
  const latent = { kvRank: v.customLatent, queryRank: v.customLatentQueries, nope: headSize, rope: v.customRotary, value: headSize };
  return {
    id: 'custom',
    label: 'Model by hand',
    layers,
    hidden: v.customHidden,
    heads: v.customHeads,
    kvHeads: v.customKvHeads,
    headSize,
    ffn: v.customFeedForward,
    vocabulary: v.customVocabulary,
    gated: true,
    experts: v.customExperts > 0 ? experts : null,
    latent: v.customLatent > 0 ? latent : null,
    slidingLayers: Math.min(v.customSliding, layers - 1),
    window: v.customWindow,
    source: 'described on this component',
  };
}

/** The GPU chosen, or described by hand. */
export function gpuChosen(v: PoolValues): Gpu {
  if (v.gpuType !== 'custom') return gpuOf(v.gpuType);
  return {
    id: 'custom',
    label: 'GPU as described',
    generation: v.customLikeness,
    peak16: v.customPeak16,
    peak8: v.customPeak8,
    peak4: v.customPeak4,
    processors: processorsLike(v.customLikeness, v.customPeak16),
    memory: v.customMemory,
    bandwidth: v.customBandwidth,
    linked: v.customLinked,
    joined: v.customLinked ? v.customJoined : 8,
    linkRatio: v.customLinkRate / linkRates[v.customLikeness],
    watts: v.customWatts,
    usdPerHour: 0,
    source: 'described on this component',
    priceSource: 'no price entered on this component',
  };
}

/** The model on its GPUs, as chosen. */
export function setupOf(v: PoolValues): Setup {
  const model = modelChosen(v);
  const tp = Number(v.tensorParallel);
  return {
    model,
    gpu: gpuChosen(v),
    precision: model.experts === null ? besideExperts(v.weightPrecision) : v.weightPrecision,
    kvBytes: v.cachePrecision === '8' ? 1 : 2,
    tp,
    pipeline: Number(v.pipelineStages),
    attentionGroups: v.attentionSpread === 'own' && model.experts !== null ? tp : 1,
    ways: { routes: v.pcieRoutes, network: v.networkRate },
    beside: v.exchangeBeside,
    software: software[v.engineSoftware],
  };
}

/** Bytes of keys and values of one token, all GPUs of a replica together; of what each of them keeps whole, only once. */
export function tokenBytes(v: PoolValues): number {
  const { model, kvBytes } = setupOf(v);
  return kvBytesPerToken(model, kvBytes, 1);
}

/** Tokens of a prompt long enough that computing one among them takes what it takes. */
const MANY = 2048;

/** What a token is to an engine of the pool. */
export const tokenCost = (v: PoolValues): TokenCost => ({ bytes: tokenBytes(v), seconds: new StepTime(setupOf(v)).prompting(MANY) / MANY });

/** Whether requests wait for room for their whole answers; drafts make answers grow by leaps, and their blocks come with them. */
export const reserving = (v: PoolValues): boolean => v.cacheClaim === 'answer' && v.engineScheduling !== 'static' && v.draftLength === 0;

/** Scheduling rules of one replica; `blocks` is 0 where the model does not fit. */
export function rulesOf(v: PoolValues): Rules {
  const setup = setupOf(v);
  const blocks = Math.floor(cacheTokens(setup, v.memoryShare) / v.cacheBlock);
  const blockBytes = v.cacheBlock * tokenBytesPerGpu(setup);
  return {
    clockwork: new StepTime(setup),
    blockSize: v.cacheBlock,
    blocks,
    watermark: Math.floor(WATERMARK * blocks),
    mostSequences: v.sequenceLimit,
    budget: v.iterationTokens * partsOf(setup),
    groups: setup.attentionGroups!,
    stages: setup.pipeline!,
    chunked: v.engineScheduling === 'chunked',
    static: v.engineScheduling === 'static',
    reserving: reserving(v),
    ahead: software[v.engineSoftware].ahead,
    looksEvery: v.queueLooks,
    companyIterations: mayWait(v) ? v.companyIterations : 0,
    companyTokens: v.companyTokens,
    gather: v.batchGathering,
    ranked: v.engineOrder !== 'arrival',
    pushing: v.engineOrder === 'pushing',
    shelves: shelvesOf(v, blockBytes, setup.attentionGroups!),
    drafting: v.draftLength > 0 && v.engineScheduling !== 'static' ? { length: v.draftLength, acceptance: v.draftAcceptance, cost: v.draftCost } : null,
    draw: new Draw(setup.gpu, gpusOf(setup), peaksOf(v)),
    longest: 0x3fffffff,
  };
}

/** Room for sequences that gave way, where they are kept at all: each GPU has its own part of a block. */
function shelvesOf(v: PoolValues, blockBytes: number, groups: number): Shelf[] {
  const shelf = (bytes: number, bandwidth: number): Shelf => ({ blocks: Math.floor(bytes / blockBytes) * groups, moveSeconds: blockBytes / bandwidth });
  return [...(keeps(v) ? [shelf(v.hostMemory, v.hostBandwidth)] : []), ...(v.preemptedTo === 'disk' ? [shelf(v.diskMemory, v.diskBandwidth)] : [])];
}

/** How keys and values get from one replica to another. */
export interface Handover {
  /** Bytes/s at which they leave a replica; seconds on top for each request. */
  readonly bandwidth: number;
  readonly latency: number;
}

/** The link between replicas as chosen. */
export const handoverOf = (v: PoolValues): Handover => ({ bandwidth: v.handoverBandwidth, latency: v.handoverLatency });

/** Seconds until a replica that is started serves: its GPUs load their parts of the weights side by side. */
export function coldStart(v: PoolValues): number {
  return weightsOf(setupOf(v)) / v.weightLoadRate + v.engineStartup;
}

/** GPUs of one replica. */
export const gpusPerReplica = (v: PoolValues): number => gpusOf(setupOf(v));

/** USD per hour of the whole pool and of one replica, GPUs in all, and who says so. */
export function priceOf(v: PoolValues): { readonly usdPerHour: number; readonly each: number; readonly gpus: number; readonly source: string } {
  const gpu = gpuChosen(v);
  const each = gpusPerReplica(v) * (v.priceOverride > 0 ? v.priceOverride : gpu.usdPerHour);
  return { usdPerHour: v.poolReplicas * each, each, gpus: v.poolReplicas * gpusPerReplica(v), source: v.priceOverride > 0 ? 'price entered on this component' : gpu.priceSource };
}

/** Peak rates of one replica: FLOP/s at the precision of the weights, and bytes/s. */
export function peaksOf(v: PoolValues): { readonly flops: number; readonly bytes: number } {
  const { gpu, precision } = setupOf(v);
  return { flops: peakFor(gpu, precision) * gpusPerReplica(v), bytes: gpu.bandwidth * gpusPerReplica(v) };
}
