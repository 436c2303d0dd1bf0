/** The estimate by hand: memory, batch, iteration time and capacity of a pool, from the same physics that the run uses. */
import { exp } from '../../engine/math.ts';
import type { EstimateRow, Flow, Wall } from '../../kit/kind.ts';
import { peakFor } from './catalogue-gpus.ts';
import { mayWait, type PoolValues } from './params.ts';
import { cacheTokens, gpusOf, StepTime, weightsOf } from './physics.ts';
import { priceOf, reserving, setupOf } from './setup.ts';

/** Mean lengths, at least one token each, what limits the batch, and how answers come. */
interface Load {
  readonly input: number;
  readonly output: number;
  readonly budget: number;
  readonly chunked: boolean;
  /** Decode iterations from one look at the queue to the next. */
  readonly looksEvery: number;
  /** Decode iterations that prompts wait for company at most, and tokens that are enough. */
  readonly companyIterations: number;
  readonly companyTokens: number;
  /** Tokens of a sequence that an iteration looks at, seconds of drafting them as a share of a plain one, and how many it yields on average. */
  readonly width: number;
  readonly drafting: number;
  readonly yielded: number;
  /** Replicas that only work through prompts; 0 where all do both. */
  readonly prompters: number;
  /** Tokens of cache that a sequence takes on average: all that it will have where room is kept for its answer. */
  readonly held: number;
}

/** Mean lengths of a flow on a pool. Of k drafted tokens 1 + α + … + αᵏ come with an iteration (Leviathan et al. 2023). */
function loadOf(v: PoolValues, flow: Flow, groups: number): Load {
  const lone = v.engineScheduling === 'static';
  const drafted = lone ? 0 : v.draftLength;
  let yielded = 1;
  for (let k = 0; k < drafted; k++) yielded = 1 + v.draftAcceptance * yielded;
  const input = Math.max(1, Math.round(flow.inputTokens));
  const output = Math.max(1, Math.round(flow.outputTokens));
  return {
    input,
    output,
    budget: v.iterationTokens * groups,
    chunked: v.engineScheduling === 'chunked',
    looksEvery: v.promptReplicas > 0 ? 1 : v.queueLooks,
    companyIterations: mayWait(v) && v.promptReplicas === 0 ? v.companyIterations : 0,
    companyTokens: v.companyTokens,
    width: drafted + 1,
    drafting: drafted * v.draftCost,
    yielded,
    prompters: lone ? 0 : Math.max(0, Math.min(v.promptReplicas, v.poolReplicas - 1)),
    held: lone || reserving(v) ? input + output : input + output / 2,
  };
}

/** Iterations in which a mean answer comes. */
const rounds = ({ output, yielded }: Load): number => output / yielded;

/** Mean context of a decoding sequence: the prompt and half of the answer. */
const meanContext = ({ input, output }: Load): number => input + output / 2;

/** Seconds for a whole prompt with nobody else there, in as many iterations as its chunks need. */
function alone(step: StepTime, { input, budget, chunked }: Load): number {
  const most = Math.ceil(budget / step.setup.attentionGroups!);
  if (!chunked || input <= most) return step.prompting(input);
  let sum = 0;
  for (let done = 0; done < input; done += most) sum += step.prompting(Math.min(most, input - done), done);
  return sum;
}

/**
 * Mean iteration with n sequences decoding: n ÷ output prompts come per iteration, and each makes some of them longer by its chunks (or adds
 * iterations of its own where prompts go first).
 */
function iteration(step: StepTime, load: Load, n: number): number {
  const context = n * meanContext(load);
  const drafting = load.drafting * step.decoding(n, meanContext(load));
  step.begin(n, context, load.width);
  const plain = step.seconds();
  if (load.prompters > 0) return plain + drafting;
  const prompts = n / rounds(load);
  if (!load.chunked) return plain + drafting + prompts * step.prompting(load.input);
  const chunk = Math.max(1, Math.min(load.input, Math.floor((load.budget - n * load.width) / step.setup.attentionGroups!)));
  step.begin(n, context, load.width);
  step.chunk(chunk, (load.input - chunk) / 2, true);
  return plain + drafting + Math.min(1, (prompts * load.input) / chunk) * (step.seconds() - plain);
}

/** Mean iterations that prompts wait for company beside n sequences: the first as long as it takes for enough to come, the others half as long. */
function waiting(step: StepTime, load: Load, n: number): number {
  const enough = Math.max(step.setup.attentionGroups!, Math.ceil((load.companyTokens - n * load.width) / load.input));
  const each = n / rounds(load);
  const gathering = each > 0 ? Math.min(load.companyIterations, (enough - 1) / each) : 0;
  return (gathering + (each * gathering * gathering) / 2) / (1 + each * gathering);
}

/**
 * Seconds to the first token of one that comes while n sequences run in iterations of `each` seconds on average: what is left of the one under way (E[T²] ÷ 2E[T]:
 * most come during long ones), one more where that has been put together already, half of those between two looks at the queue, and as many as its prompt takes beside them.
 */
function amid(step: StepTime, load: Load, n: number, each: number): number {
  const { input } = load;
  const chunk = load.chunked ? Math.max(1, Math.min(input, Math.floor((load.budget - n * load.width) / step.setup.attentionGroups!))) : input;
  const pieces = Math.ceil(input / chunk);
  step.begin(load.chunked ? n : 0, load.chunked ? n * meanContext(load) : 0, load.width);
  step.chunk(input / pieces, (input - input / pieces) / 2, true);
  const long = step.seconds();
  const plain = Math.min(each, step.decoding(n, meanContext(load)));
  const share = long > plain ? Math.min(1, (each - plain) / (long - plain)) : 0;
  const left = ((1 - share) * plain * plain + share * long * long) / (2 * each);
  return waiting(step, load, n) * plain + left + (step.setup.software?.ahead === true ? each : 0) + ((load.looksEvery - 1) / 2) * plain + pieces * long;
}

/** Mean batch while there is one, of a mean of n in all, when sequences come and go independently (a Poisson number). */
const whileBusy = (n: number): number => (n < 1e-6 ? 1 : n / (1 - exp(-n)));

/** Sequences that decode on average where `rate` requests come per second to one replica; at most `most`. By halving intervals. */
function batchFor(step: StepTime, load: Load, rate: number, most: number): number {
  const served = (n: number): number => n / (rounds(load) * iteration(step, load, Math.min(most, whileBusy(n))));
  if (served(most) <= rate) return most;
  let low = 0;
  let high = most;
  for (let k = 0; k < 50; k++) {
    const middle = (low + high) / 2;
    if (served(middle) < rate) low = middle;
    else high = middle;
  }
  return high;
}

/** What bounds the batch, or makes a larger one useless; and that batch. */
function bounds(step: StepTime, load: Load, v: PoolValues, fitting: number): { readonly most: number; readonly wall: Wall; readonly because: string } {
  const budget = load.chunked ? load.budget / (load.width + (load.prompters > 0 ? 0 : load.input / rounds(load))) : Infinity;
  const most = Math.max(1, Math.floor(Math.min(v.sequenceLimit, fitting, budget)));
  const rate = (n: number): number => n / iteration(step, { ...load, budget: Infinity }, n);
  // Twice the batch would hardly give more: the GPU itself is the limit.
  if (rate(2 * most) < 1.15 * rate(most)) return { most, wall: slowest(step, load, v, most), because: 'beyond which a batch hardly gives more' };
  if (fitting <= Math.min(v.sequenceLimit, budget)) return { most, wall: 'memory', because: 'that fit into KV memory' };
  return { most, wall: 'batch limit', because: budget < v.sequenceLimit ? 'for which the tokens of an iteration suffice' : 'that may run' };
}

/** What takes longest of an iteration with `n` sequences and their share of prompts: arithmetic at peak, reading at peak, or exchange between GPUs. */
function slowest(step: StepTime, load: Load, v: PoolValues, n: number): Wall {
  const setup = setupOf(v);
  const { gpu } = setup;
  const gpus = gpusOf(setup);
  step.begin(n, n * meanContext(load), load.width);
  const bandwidth = step.bytes() / (gpu.bandwidth * gpus);
  if (load.prompters === 0) step.chunk(Math.max(1, Math.round((n * load.input) / rounds(load))), load.input / 2, true);
  const compute = step.flops() / (peakFor(gpu, setup.precision) * gpus);
  const fabric = step.exchanging();
  return fabric > compute && fabric > bandwidth ? 'fabric' : compute > bandwidth ? 'compute' : 'bandwidth';
}

/** Rows for a model that does not fit. */
function tooLarge(v: PoolValues, weights: number): EstimateRow[] {
  const setup = setupOf(v);
  const { gpu } = setup;
  return [
    { label: 'weights per GPU', value: weights, unit: 'bytes', formula: 'parameters × bytes ÷ GPUs; embedding and output at 16 bit', source: 'arithmetic' },
    { label: 'does not fit: memory per GPU to use', value: gpu.memory * v.memoryShare, unit: 'bytes', formula: 'memory × share; 2.5 GB of it go to activations', source: gpu.source, assumes: `every request fails: out of memory. Use more than ${gpusOf(setup)} GPUs per replica, narrower weights, or a larger GPU` },
    { label: 'capacity', value: 0, unit: 'tokens/second', formula: 'no room for keys and values', source: 'arithmetic', measure: 'tokensOut', wall: 'memory' },
  ];
}

/** What a person would work out on a whiteboard before running it. */
export function byHand(v: PoolValues, flow: Flow): EstimateRow[] {
  const setup = setupOf(v);
  const weights = weightsOf(setup);
  const load = loadOf(v, flow, setup.attentionGroups!);
  const room = cacheTokens(setup, v.memoryShare);
  if (room < load.input + load.output) return tooLarge(v, weights);
  return [...memoryRows(v, weights, room, load), ...speedRows(v, flow, load, room)];
}

function memoryRows(v: PoolValues, weights: number, room: number, load: Load): EstimateRow[] {
  return [
    { label: 'weights per GPU', value: weights, unit: 'bytes', formula: 'parameters × bytes ÷ GPUs; embedding and output at 16 bit', source: 'arithmetic' },
    { label: 'KV room per replica', value: room, unit: 'tokens', formula: '(memory × share − weights − 2.5 GB) ÷ KV bytes per token', source: 'arithmetic; reserve after vLLM’s own reports' },
    { label: 'sequences that fit', value: Math.floor(room / load.held), unit: 'count', formula: `KV room ÷ ${heldAs(load)}`, source: 'arithmetic', assumes: `all of mean length; at most ${v.sequenceLimit} run` },
  ];
}

/** What a sequence takes of the cache, in words. */
const heldAs = ({ held, input, output }: Load): string => (held < input + output ? '(input + output ÷ 2)' : '(input + output)');

/** What capacity is made of, in words. */
function capacityAs({ prompters, yielded }: Load, batch: string): string {
  const answers = `replicas${prompters > 0 ? ' that answer' : ''} × n${yielded > 1 ? ` × ${yielded.toFixed(2)} tokens` : ''} ÷ iteration with n sequences, the ${batch}`;
  return prompters > 0 ? `the lesser of ${answers}; and replicas for prompts × output ÷ first token` : answers;
}

function speedRows(v: PoolValues, flow: Flow, load: Load, room: number): EstimateRow[] {
  const step = new StepTime(setupOf(v));
  const bound = bounds(step, load, v, room / load.held);
  const { most } = bound;
  const { prompters } = load;
  const answering = v.poolReplicas - prompters;
  const first = alone(step, load);
  const prompts = prompters > 0 ? prompters / first : Infinity;
  const answers = (answering * most * load.yielded) / iteration(step, load, most);
  const capacity = Math.min(answers, prompts * load.output);
  const batch = batchFor(step, load, Math.min(flow.rate, prompts) / answering, most);
  const busy = whileBusy(batch);
  const time = iteration(step, load, Math.min(most, busy));
  const chance = 1 - exp(-batch);
  const atWork = answering * chance + prompters * Math.min(1, flow.rate / prompts);
  const served = Math.min(flow.rate, capacity / load.output);
  const source = 'roofline with fitted shares (see constants)';
  const assumes = `${v.engineScheduling === 'static' ? 'answers of one length: the longest of a batch keeps the others' : 'mean lengths'}, Poisson arrivals shared evenly, no prefix hits, and time to serve what comes`;
  // With replicas for prompts, what the run shows is the mean of both sorts.
  const seen = (measure: string): { readonly measure?: string } => (prompters > 0 ? {} : { measure });
  return [
    { label: 'first token, nobody else', value: first, unit: 'seconds', formula: 'matrix products at sustained rate + attention + overheads', source },
    { label: 'first token', value: chance * amid(step, load, Math.min(most, busy), time) + (1 - chance) * first, unit: 'seconds', formula: 'E[T²] ÷ 2E[T] of the iteration under way, one more where that is planned ahead, those until the queue is looked at and company is there, and those of its prompt beside the others; the above where nobody is there', source, ...seen('firstToken'), assumes: `${assumes}, and no prompts before it` },
    { label: 'iteration', value: time, unit: 'seconds', formula: 'weights ÷ bandwidth ⊕ FLOP ÷ rate + KV read + overheads + share of prompts', source, ...seen('stepTime'), assumes },
    { label: 'batch while busy', value: busy, unit: 'count', formula: 'n with n ÷ (output × iteration) = rate; n ÷ (1 − e⁻ⁿ)', source: 'Little 1961; M/G/∞', ...seen('batch'), assumes },
    { label: 'utilisation', value: Math.min(1, atWork / v.poolReplicas), unit: 'share', formula: prompters > 0 ? '1 − e⁻ⁿ of those that answer, rate × first token of the others' : '1 − e⁻ⁿ', source: 'M/G/∞', measure: 'utilisation', assumes },
    { label: 'in flight', value: answering * batch + served * first, unit: 'requests', formula: 'rate × (first token + output × iteration)', source: 'Little 1961', measure: 'inFlight', assumes },
    { label: 'KV in use', value: Math.min(1, (answering * batch * load.held) / (v.poolReplicas * room)), unit: 'share', formula: `sequences × ${heldAs(load)} ÷ KV room`, source: 'Little 1961', measure: 'cacheUse', assumes },
    { label: 'tokens out', value: served * load.output, unit: 'tokens/second', formula: 'min(rate × output, capacity)', source: 'flow balance', measure: 'tokensOut', assumes: 'the mean rate; lengths as told' },
    { label: 'capacity', value: capacity, unit: 'tokens/second', formula: capacityAs(load, `${most.toLocaleString('en')} ${bound.because}`), source, assumes, wall: answers > prompts * load.output ? 'compute' : bound.wall },
    ...priceRow(v, served * (load.input + load.output)),
  ];
}

/** What a million of so many tokens per second cost; nothing is said where there are none, or no price is known. */
function priceRow(v: PoolValues, tokens: number): EstimateRow[] {
  const { usdPerHour, source } = priceOf(v);
  if (tokens === 0 || usdPerHour === 0) return [];
  return [{ label: 'price of tokens', value: usdPerHour / 3600 / (tokens / 1e6), unit: 'usd/million tokens', formula: 'price ÷ tokens in and out', source, assumes: 'at the load offered; idle time is paid too' }];
}
