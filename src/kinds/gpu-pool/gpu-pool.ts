/** A GPU pool: replicas of a language model served by continuous batching, with the physics of its GPUs. */
import { servingFaults } from '../../kit/fault.ts';
import { defineKind } from '../../kit/kind.ts';
import { Sum } from './books.ts';
import { byHand } from './by-hand.ts';
import { params } from './params.ts';
import { GpuPool } from './pool.ts';
import { arithmetic, bandwidth, draw, evidence, listPrice, price, room, speeds } from './told.ts';
import { gpuChosen, gpusPerReplica, modelChosen, priceOf, tokenCost } from './setup.ts';

const total = (which: number) => (n: GpuPool, now: number): number => n.sum(which, now);

/** What the GPUs are called for short: without memory and form. */
const gpuName = (label: string): string => label.replace(/ (SXM |PCIe )?\d+ GB$/, '');

/** Engines that serve a language model on GPUs. */
export const gpuPool = defineKind({
  id: 'gpu-pool',
  label: 'GPU pool',
  doc: 'language-model engines on GPUs: continuous batching, paged KV cache, prefill and decode',
  about:
    'Every replica is an engine as vLLM is: requests wait in order (of arrival or priority), join the running batch when their prompt’s cache blocks fit (or those of their whole answer), work through the prompt in chunks beside the decodes of others (or before them, or in static batches), and yield a token per iteration, or several where a small model drafts. An iteration takes as long as its work: weights streamed or multiplied, attention over the tokens cached, exchange between the GPUs, overheads of layers and host; shares of peak are fitted per GPU generation to measured kernels and runs of 2025–26. When cache blocks run out, the last to come (of the lowest priority) is preempted: worked through again, or moved to host memory, or a disk behind it, and back. Prompts can have replicas of their own, which hand keys and values over a link. A request that could never fit fails: out of memory. Replicas start cold, leave when they are done, and can be lost with their work. A prefix cache can be wired to it. Left out: adapters, drafts that look further ahead than their blocks, micro-batches of a pipeline that are not alike, moving keys and values beside computing, and tokenising (about 15 ms a request).',
  group: 'Compute',
  icon: 'cpu',
  params,
  scales: true,
  slices: ['poolReplicas'],
  ports: { in: 'call', out: [{ wire: 'prefix', max: 1 }], refusal: 'a GPU pool computes its answers itself; only a KV cache can be wired to it' },
  measures: {
    tokensOut: { label: 'tokens out', unit: 'tokens/second', help: 'tokens of answers', inputs: ['running', 'stepTime'], total: total(Sum.out) },
    tokensIn: { label: 'tokens in', unit: 'tokens/second', help: 'tokens of prompts that are done', inputs: ['arrivals', 'prefixHits'], total: total(Sum.in) },
    batch: { label: 'batch', unit: 'count', help: 'sequences that run in a busy replica', formula: '∫ sequences that run dt ÷ ∫ busy replicas dt', inputs: ['running', 'utilisation', 'sequenceLimit'], total: (n: GpuPool, now: number) => n.books.running.area(now), per: (n: GpuPool, now: number) => n.books.busy.area(now) },
    running: { label: 'running', unit: 'count', help: 'sequences that run, all replicas together', inputs: ['arrivals', 'latency'], total: (n: GpuPool, now: number) => n.books.running.area(now) },
    batchUse: { label: 'batch full', unit: 'share', help: 'sequences that run, of those that may; an engine is busy long before it is full', formula: '∫ sequences that run dt ÷ ∫ places in all batches dt', inputs: ['running', 'sequenceLimit', 'poolReplicas'], total: (n: GpuPool, now: number) => n.books.running.area(now), per: (n: GpuPool, now: number) => n.books.slots.area(now), chart: 'utilisation' },
    cacheUse: { label: 'KV in use', unit: 'share', help: 'cache blocks in use; where more are needed, sequences are preempted', formula: '∫ cache blocks in use dt ÷ ∫ cache blocks dt', inputs: ['running', 'preemptions', 'memoryShare', 'cacheBlock', 'cachePrecision'], constants: room, total: total(Sum.blocks), per: (n: GpuPool, now: number) => n.books.blocks.area(now), chart: 'utilisation' },
    firstToken: { label: 'first token', unit: 'seconds', help: 'from arrival at the pool to the first token', formula: 'Σ time from arrival to the first token ÷ first tokens', inputs: ['waiting', 'stepTime', 'iterationTokens'], total: total(Sum.firstSeconds), per: total(Sum.firsts) },
    stepTime: { label: 'iteration', unit: 'seconds', help: 'time of one iteration of an engine', formula: '∫ busy replicas dt ÷ iterations, each: (weights ÷ bandwidth ⊕ FLOP ÷ rate) + KV read + exchange + engine; ⊕: nearly the greater of both, (aᵖ + bᵖ)^(1/p)', origin: 'modelled', inputs: ['batch', 'languageModel', 'weightPrecision', 'tensorParallel'], constants: speeds, total: (n: GpuPool, now: number) => n.books.busy.area(now), per: total(Sum.steps) },
    computeUse: { label: 'MFU', unit: 'share', help: 'arithmetic done over what all GPUs could do at peak', formula: 'FLOP of all iterations (of prompts, what no cache had) ÷ ∫ peak FLOP/s of all GPUs dt', origin: 'modelled', inputs: ['tokensOut', 'tokensIn', 'prefixHits'], constants: arithmetic, total: total(Sum.flops), per: (n: GpuPool, now: number) => n.books.flopRate.area(now) },
    bandwidthUse: { label: 'memory bandwidth', unit: 'share', help: 'bytes moved over what all GPUs could move at peak', formula: 'bytes read and written ÷ ∫ peak bytes/s of all GPUs dt', origin: 'modelled', inputs: ['stepTime', 'batch'], constants: bandwidth, total: total(Sum.bytes), per: (n: GpuPool, now: number) => n.books.byteRate.area(now), chart: 'utilisation' },
    replicasPaid: { label: 'replicas', unit: 'count', help: 'replicas paid for: those that start, serve and finish', inputs: ['poolReplicas'], total: (n: GpuPool, now: number) => n.paidArea(now) },
    preemptions: { label: 'preemptions', unit: 'requests/second', help: 'sequences sent back because the cache was full, or for more important ones that found no place', inputs: ['cacheUse', 'batchUse', 'engineOrder', 'sequenceLimit', 'preemptedTo'], total: total(Sum.preemptions) },
    recomputed: { label: 'tokens thrown away', unit: 'tokens/second', help: 'tokens that preempted sequences had and must be worked through again', inputs: ['preemptions'], total: total(Sum.recomputed) },
    swapped: { label: 'tokens to host', unit: 'tokens/second', help: 'tokens whose keys and values preempted sequences took to host memory', inputs: ['preemptions', 'hostMemory', 'hostBandwidth'], total: total(Sum.swapped) },
    swappedFar: { label: 'tokens to disk', unit: 'tokens/second', help: 'tokens whose keys and values preempted sequences took to disk, because the host had no room', inputs: ['preemptions', 'hostMemory', 'diskMemory', 'diskBandwidth'], total: total(Sum.swappedFar) },
    handedOver: { label: 'tokens handed over', unit: 'tokens/second', help: 'tokens whose keys and values went from a replica for prompts to one that answers', inputs: ['promptReplicas', 'handoverBandwidth'], total: total(Sum.handedOver) },
    moving: { label: 'on the way', unit: 'requests', help: 'requests whose keys and values are between two replicas', inputs: ['handedOver', 'handoverBandwidth', 'handoverLatency'], total: (n: GpuPool, now: number) => n.books.moving.area(now) },
    perToken: { label: 'per token', unit: 'seconds', help: 'time per output token after the first, as whoever reads waits for it; several come at once with speculation', formula: 'Σ time between deliveries ÷ tokens after the first', inputs: ['stepTime', 'preemptions', 'draftLength', 'engineScheduling'], total: (n: GpuPool) => n.books.gaps.histogram.sum, per: (n: GpuPool) => n.books.sums[Sum.out]! - n.books.sums[Sum.firsts]! },
    gap: { label: 'gap between tokens', unit: 'seconds', help: 'mean time between one token of an answer and the next (of deliveries, with speculation)', formula: 'Σ time between one token and the next ÷ gaps', inputs: ['stepTime', 'preemptions', 'draftLength', 'draftAcceptance', 'draftCost'], total: (n: GpuPool) => n.books.gaps.histogram.sum, per: (n: GpuPool) => n.books.gaps.histogram.count },
    stalls: { label: 'stalls', unit: 'share', help: 'gaps between tokens longer than 0.2 seconds, in which a reader waits; long prompts in one piece make them', formula: 'gaps longer than 0.2 s ÷ gaps', inputs: ['gap', 'iterationTokens', 'engineScheduling', 'preemptions'], total: (n: GpuPool) => n.books.gaps.stalls, per: (n: GpuPool) => n.books.gaps.histogram.count },
    usdPerMillion: { label: 'cost of tokens', unit: 'usd/million tokens', help: 'all that was paid, idle time too, per million tokens of prompts and answers', formula: '10⁶ × all that was paid ÷ (tokens in + tokens out)', origin: 'modelled', inputs: ['tokensIn', 'tokensOut', 'replicasPaid'], constants: price, total: (n: GpuPool, now: number) => n.spentUsd(now) * 1e6, per: (n: GpuPool, now: number) => n.sum(Sum.in, now) + n.sum(Sum.out, now) },
    usdPerMillionIn: { label: 'cost of input', unit: 'usd/million tokens', help: 'GPU time that prompts took per million of their tokens; every token that an iteration looks at bears an equal part of it, drafted ones too; idle time is left out', formula: '10⁶ × GPU time of prompts × price ÷ tokens in', origin: 'modelled', inputs: ['tokensIn', 'stepTime'], constants: price, total: (n: GpuPool, now: number) => n.promptUsd(now) * 1e6, per: total(Sum.in) },
    usdPerMillionOut: { label: 'cost of output', unit: 'usd/million tokens', help: 'GPU time that answers took per million of their tokens, idle time left out', formula: '10⁶ × GPU time of answers × price ÷ tokens out', origin: 'modelled', inputs: ['tokensOut', 'stepTime'], constants: price, total: (n: GpuPool, now: number) => n.answerUsd(now) * 1e6, per: total(Sum.out) },
    idleSpend: { label: 'idle GPUs', unit: 'usd/hour', help: 'paid for replicas that start, or have nothing to do', origin: 'modelled', inputs: ['replicasPaid', 'utilisation'], constants: price, total: (n: GpuPool, now: number) => n.idleUsd(now) * 3600 },
    power: { label: 'power', unit: 'watts', help: 'what all GPUs draw, idle ones too, by how much of peak arithmetic and bandwidth they use (approximate)', formula: 'watts of all GPUs by the shares of peak they use, averaged over time', origin: 'modelled', inputs: ['computeUse', 'bandwidthUse', 'replicasPaid'], constants: draw, total: (n: GpuPool, now: number) => n.joules(now) },
    prefixHits: { label: 'prefix hits', unit: 'share', help: 'prompt tokens that came from the prefix cache', formula: 'prompt tokens found in the prefix cache ÷ prompt tokens looked up', inputs: ['tokensIn'], total: total(Sum.found), per: total(Sum.lookedUp) },
  },
  common: {
    utilisation: { formula: '∫ busy replicas dt ÷ ∫ replicas dt', inputs: ['batch', 'poolReplicas'] },
    waiting: { inputs: ['batchUse', 'cacheUse', 'engineRoom'] },
    latency: { inputs: ['firstToken', 'gap'] },
  },
  evidence,
  card: ['utilisation', 'cacheUse'],
  strain: 'batchUse',
  face: { form: 'cells' },
  subtitle: (v) => `${v.poolReplicas.toLocaleString('en')} × ${gpusPerReplica(v)} ${gpuName(gpuChosen(v).label)}, ${modelChosen(v).label}`,
  estimate: byHand,
  token: tokenCost,
  cost: (v) => {
    const paid = priceOf(v);
    return [{ label: `${v.poolReplicas.toLocaleString('en')} × ${gpusPerReplica(v)} = ${paid.gpus.toLocaleString('en')} ${gpuChosen(v).label}`, usdPerHour: paid.usdPerHour, ...listPrice(v) }];
  },
  faults: [...servingFaults, 'replicas', 'preemption'],
  migrations: [],
  build: (values, site) => new GpuPool(values, site),
});
