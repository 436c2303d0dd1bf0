/** The estimate by hand: memory, batch, iteration time and capacity of a pool, from the same physics that the run uses. */
import type { EstimateRow, Flow, Remembered } from '../../kit/kind.ts';
import { fitting, held, meanContext, padded, type Load } from './mean-times.ts';
import { mayWait, type PoolValues } from './params.ts';
import { cacheTokens, gpusOf, partsOf, StepTime, weightsOf, type Setup } from './physics.ts';
import { meansOf } from './regimes.ts';
import { gpusPerReplica, handoverOf, priceOf, reserving, setupOf, tokenBytes, tokenCost } from './setup.ts';
import { room as memory, speeds, taken } from './told.ts';

/**
 * Tokens that an iteration yields on average where k are drafted, 1 + α + … + αᵏ (Leviathan et al. 2023), and iterations until `tokens` have come: as many as
 * renewals of that mean take to reach them, the last of which goes beyond (Feller 1968).
 */
function drafted(v: PoolValues, tokens: number): { readonly yielded: number; readonly rounds: number } {
  let yielded = 1;
  let beyond = 0;
  for (let k = 1, accepted = v.draftAcceptance; k <= v.draftLength; k++, accepted *= v.draftAcceptance) {
    yielded += accepted;
    beyond += k * accepted;
  }
  return { yielded, rounds: tokens === 0 ? 0 : Math.max(1, (tokens + beyond / yielded) / yielded) };
}

/** Lengths that do not vary. */
const ALIKE: Load['spread'] = { input: { shape: 'constant', cv: 0 }, output: { shape: 'constant', cv: 0 } };

/** Mean lengths of a flow on a pool. */
function loadOf(v: PoolValues, flow: Flow, parts: number, remembered?: Remembered): Load {
  const lone = v.engineScheduling === 'static';
  const input = Math.max(1, Math.round(flow.inputTokens));
  const output = Math.max(1, Math.round(flow.outputTokens));
  const found = remembered?.(tokenCost(v)) ?? { tokens: 0, seconds: 0 };
  const { bandwidth, latency } = handoverOf(v);
  const length = lone ? 0 : v.draftLength;
  return {
    input,
    remembered: Math.min(found.tokens, input - 1),
    loading: found.seconds,
    output,
    budget: v.iterationTokens * parts,
    chunked: v.engineScheduling === 'chunked',
    looksEvery: v.promptReplicas > 0 ? 1 : v.queueLooks,
    companyIterations: mayWait(v) && v.promptReplicas === 0 ? v.companyIterations : 0,
    companyTokens: v.companyTokens,
    width: length + 1,
    drafting: length * v.draftCost,
    ...drafted({ ...v, draftLength: length }, output - 1),
    prompters: lone ? 0 : Math.max(0, Math.min(v.promptReplicas, v.poolReplicas - 1)),
    sending: (input * tokenBytes(v)) / bandwidth,
    delay: latency,
    lone,
    gather: lone ? v.batchGathering : 0,
    spread: flow.spread ?? ALIKE,
    held: lone || reserving(v) ? input + output : input + output / 2,
  };
}

/** All GPUs of the pool: replicas times those of one. */
const gpusRow = (v: PoolValues): EstimateRow => ({ label: 'GPUs', value: v.poolReplicas * gpusPerReplica(v), unit: 'count', formula: `replicas × GPUs per replica = ${v.poolReplicas.toLocaleString('en')} × ${gpusPerReplica(v)}`, source: 'arithmetic' });

const weightsRow = (v: PoolValues, weights: number): EstimateRow => ({ label: 'weights per GPU', value: weights, unit: 'bytes', formula: `${setupOf(v).attentionGroups! > 1 ? 'experts × bytes ÷ GPUs + all else × bytes' : 'parameters × bytes ÷ GPUs'}; ${v.weightPrecision === 'mxfp4' ? 'all but experts' : 'embedding and output'} at 16 bit`, source: 'arithmetic', constants: memory(v) });

/** Rows for a model that does not fit. */
function tooLarge(v: PoolValues, weights: number): EstimateRow[] {
  const setup = setupOf(v);
  const { gpu } = setup;
  return [
    weightsRow(v, weights),
    { label: 'does not fit: memory per GPU to use', value: gpu.memory * v.memoryShare, unit: 'bytes', formula: 'memory × share; 2.5 GB of it go to activations', source: gpu.source, assumes: `every request fails: out of memory. Use more than ${gpusOf(setup)} GPUs per replica, narrower weights, or a larger GPU` },
    { label: 'capacity', value: 0, unit: 'tokens/second', formula: 'no room for keys and values', source: 'arithmetic', measure: 'tokensOut', wall: 'memory' },
  ];
}

/** What a person would work out on a whiteboard before running it. */
export function byHand(v: PoolValues, flow: Flow, remembered?: Remembered): EstimateRow[] {
  const setup = setupOf(v);
  const weights = weightsOf(setup);
  const load = loadOf(v, flow, partsOf(setup), remembered);
  const room = cacheTokens(setup, v.memoryShare);
  if (room / setup.attentionGroups! < load.input + load.output) return tooLarge(v, weights);
  return [...memoryRows(v, weights, room, load), ...speedRows(v, flow, load, room)];
}

function memoryRows(v: PoolValues, weights: number, room: number, load: Load): EstimateRow[] {
  const constants = memory(v);
  const apart = setupOf(v).attentionGroups! > 1;
  return [
    gpusRow(v),
    weightsRow(v, weights),
    { label: 'KV room per replica', value: room, unit: 'tokens', formula: `(memory × share − weights − 2.5 GB) ÷ KV bytes of a token on a GPU${apart ? ', × GPUs, each with sequences of its own' : ''}`, source: 'arithmetic; reserve after vLLM’s own reports', constants: [...taken(v), ...constants] },
    { label: 'sequences that fit', value: Math.floor(fitting(load, room)), unit: 'count', formula: `KV room ÷ ${heldAs(load)}`, source: 'arithmetic', constants, assumes: `all of ${load.lone ? 'the length of the longest' : 'mean length'}; at most ${v.sequenceLimit} run` },
  ];
}

/** What a sequence takes of the cache, in words. */
const heldAs = ({ held: each, input, output, lone }: Load): string => (lone ? '(longest input + output)' : each < input + output ? '(input + output ÷ 2)' : '(input + output)');

/** What capacity is made of, in words. */
function capacityAs({ prompters, yielded }: Load, batch: string): string {
  const answers = `replicas${prompters > 0 ? ' that answer' : ''} × output × requests that end with an iteration ÷ its seconds, in a batch of ${batch}${yielded > 1 ? `; each yields ${yielded.toFixed(2)} tokens` : ''}`;
  return prompters > 0 ? `the least of ${answers}; of replicas for prompts × output × prompts that they do per second; and of their links` : answers;
}

/** Seconds that come of rounding; and shares of a plain iteration that do not. */
const NOTHING = 1e-9;
const SHORTER = 0.98;

/**
 * What a mean iteration is made of while n sequences decode: the parts of a plain one, what drafts take of it, and what prompts make it longer. None are told
 * where iterations of prompts by themselves take less than plain ones, and are so many that the mean does too.
 */
function partsOfIteration(setup: Setup, load: Load, { decoding, plain, iteration }: ReturnType<typeof meansOf>): NonNullable<EstimateRow['parts']> {
  if (decoding === 0 || iteration < SHORTER * plain) return [];
  const step = new StepTime(setup);
  step.begin(decoding, decoding * meanContext(load.lone ? padded(load, decoding) : load), load.width);
  const { products, looking, exchange, engine } = step.parts();
  const parts = [['products ⊕ weights', products], ['keys and values', looking], ['exchange', exchange], ['engine', engine], ['drafts', load.drafting > 0 ? plain - products - looking - exchange - engine : 0], ['prompts', iteration - plain]] as const;
  return parts.filter(([, seconds]) => seconds > NOTHING);
}

function speedRows(v: PoolValues, flow: Flow, load: Load, room: number): EstimateRow[] {
  const means = meansOf(v, flow, load, room);
  const { prompters, output } = load;
  const source = 'roofline with fitted shares';
  const constants = speeds(v);
  const assumes = `${v.engineScheduling === 'static' ? 'the longest prompt and answer of a batch as long as that of as many drawn' : 'mean lengths'}, Poisson arrivals shared evenly, ${load.remembered > 0 ? 'a warm prefix cache' : 'no prefix hits'}, and time to serve what comes`;
  // With replicas for prompts, what the run shows is the mean of both sorts.
  const seen = (measure: string): { readonly measure?: string } => (prompters > 0 ? {} : { measure });
  return [
    { label: 'first token, nobody else', value: means.first, unit: 'seconds', formula: 'matrix products at sustained rate + attention + overheads', source, constants },
    firstTokenRow(v, load, means.firstToken, source, assumes),
    { label: 'iteration', value: means.iteration, unit: 'seconds', formula: '(weights ÷ bandwidth ⊕ FLOP ÷ rate) + KV read + exchange + engine + share of prompts; ⊕: nearly the greater of both', source, ...seen('stepTime'), parts: partsOfIteration(setupOf(v), load, means), assumes },
    ...perTokenRow(load, means, source, assumes),
    { label: 'batch while busy', value: means.batch, unit: 'count', formula: load.lone || output === 1 ? 'as many as come during the batch before, one at least; with a wait for company, 1 + rate × that' : 'n with n ÷ (prompt + (output − 1) × per token) = rate; n ÷ chance that anybody is there', source: 'Little 1961; Erlang 1917', ...seen('batch'), assumes },
    { label: 'utilisation', value: means.utilisation, unit: 'share', formula: prompters > 0 ? 'chance that anybody is there, at those that answer; rate × first token at the others' : load.lone ? 'seconds of a mean batch ÷ (those and the time until somebody comes)' : 'chance that anybody is there: 1 − e⁻ⁿ of as many as come, where there is room for all', source: 'M/M/c (Erlang 1917)', measure: 'utilisation', assumes },
    { label: 'in flight', value: means.served * (means.firstToken + means.stays), unit: 'requests', formula: `rate × (first token + (${load.lone ? 'longest ' : ''}output − 1) × per token)`, source: 'Little 1961', measure: 'inFlight', assumes },
    { label: 'KV in use', value: Math.min(1, (means.running * held(load, means.batch)) / (v.poolReplicas * room)), unit: 'share', formula: `sequences × ${heldAs(load)} ÷ KV room`, source: 'Little 1961', measure: 'cacheUse', assumes },
    { label: 'tokens out', value: means.served * output, unit: 'tokens/second', formula: 'min(rate × output, capacity)', source: 'flow balance', measure: 'tokensOut', assumes: 'the mean rate; lengths as told' },
    { label: 'capacity', value: means.capacity, unit: 'tokens/second', formula: capacityAs(load, means.batchOfCapacity), source, assumes, constants, ...means.wall },
    ...priceRow(v, means.served * (load.input + output)),
  ];
}

/** Nothing is said of answers of one token. */
function perTokenRow({ output, yielded, prompters }: Load, { answer }: ReturnType<typeof meansOf>, source: string, assumes: string): EstimateRow[] {
  const one = prompters > 0 ? 'an iteration' : 'an iteration, and prompts between two of them';
  const all = yielded === 1 ? one : `iterations until all have come ÷ (output − 1) × ${one}`;
  const formula = prompters > 0 ? `${all} + (bytes ÷ bandwidth of the link, the wait for it, and its delay) ÷ (output − 1)` : all;
  return output === 1 ? [] : [{ label: 'per token', value: answer / (output - 1), unit: 'seconds', formula, source: yielded === 1 ? source : `${source}; renewals: Feller 1968`, measure: 'perToken', assumes }];
}

function firstTokenRow(v: PoolValues, { prompters }: Load, value: number, source: string, assumes: string): EstimateRow {
  const formula =
    prompters > 0
      ? 'first token, nobody else (S), and the wait for those before: ρS ÷ 2(1 − ρ) of one replica (ρ = rate × S) where they come one by one, less where several are worked on together and among several replicas (as in M/M/c)'
      : v.engineScheduling === 'static'
        ? 'what is left of the batch under way, E[W²] ÷ 2E[W] of its time W, where no replica is free, or the wait for company; and the prompts of all in the batch'
        : 'E[W²] ÷ 2E[W] of the time W between looks at the queue (an iteration, mostly), one iteration more where that is planned ahead, the wait for company and for a place in the batch, and that of its prompt with all found at that look, or after those before it where prompts take several iterations; the above where nobody is there';
  return { label: 'first token', value, unit: 'seconds', formula, source: prompters > 0 ? `${source}; Pollaczek 1930, Khinchine 1932, Erlang 1917` : `${source}; Erlang 1917, Allen and Cunneen 1990`, measure: 'firstToken', assumes };
}

/** What a million of so many tokens per second cost; nothing is said where there are none, or no price is known. */
function priceRow(v: PoolValues, tokens: number): EstimateRow[] {
  const { usdPerHour, source } = priceOf(v);
  if (tokens === 0 || usdPerHour === 0) return [];
  return [{ label: 'price of tokens', value: usdPerHour / 3600 / (tokens / 1e6), unit: 'usd/million tokens', formula: 'price ÷ tokens in and out', source, measure: 'usdPerMillion', assumes: 'at the load offered; idle time is paid too' }];
}
