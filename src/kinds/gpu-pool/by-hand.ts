/** The estimate by hand: memory, batch, iteration time and capacity of a pool, from the same physics that the run uses. */
import { exp } from '../../engine/math.ts';
import type { EstimateRow, Flow, Remembered, Wall } from '../../kit/kind.ts';
import { waitingTime } from '../../kit/queueing.ts';
import { mayWait, type PoolValues } from './params.ts';
import { afterBatch, alone, amid, batchFor, fresh, iteration, lonePieces, looksOf, meanContext, queued, rounds, stay, whileBusy, type Load } from './mean-times.ts';
import { cacheTokens, gpusOf, partsOf, StepTime, weightsOf, type Setup } from './physics.ts';
import { gpusPerReplica, priceOf, reserving, setupOf, tokenBytes } from './setup.ts';
import { room as memory, speeds } from './told.ts';

/** Mean lengths of a flow on a pool. Of k drafted tokens 1 + α + … + αᵏ come with an iteration (Leviathan et al. 2023). */
function loadOf(v: PoolValues, flow: Flow, parts: number, remembered?: Remembered): Load {
  const lone = v.engineScheduling === 'static';
  const drafted = lone ? 0 : v.draftLength;
  let yielded = 1;
  for (let k = 0; k < drafted; k++) yielded = 1 + v.draftAcceptance * yielded;
  const input = Math.max(1, Math.round(flow.inputTokens));
  const output = Math.max(1, Math.round(flow.outputTokens));
  const found = remembered?.(tokenBytes(v)) ?? { tokens: 0, seconds: 0 };
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
    width: drafted + 1,
    drafting: drafted * v.draftCost,
    yielded,
    prompters: lone ? 0 : Math.max(0, Math.min(v.promptReplicas, v.poolReplicas - 1)),
    held: lone || reserving(v) ? input + output : input + output / 2,
  };
}

/** The batch at full load, what bounds it first, in words too; and where that is a limit somebody has set, what would without it. */
interface Bound {
  readonly most: number;
  readonly wall: Wall;
  readonly because: string;
  readonly behind?: Wall;
}

/** Twice the batch would yield less than so many times as much: the GPUs themselves are the limit, and not what bounds the batch. */
const HARDLY_MORE = 1.15;

/** What bounds the batch as load grows, or made a larger one useless before. */
function bounds(step: StepTime, load: Load, v: PoolValues, fitting: number): Bound {
  const budget = load.chunked ? load.budget / (load.width + (load.prompters > 0 ? 0 : fresh(load) / rounds(load))) : Infinity;
  const most = Math.max(1, Math.floor(Math.min(v.sequenceLimit, fitting, budget)));
  const rate = (n: number): number => n / iteration(step, { ...load, budget: Infinity }, n);
  if (rate(2 * most) < HARDLY_MORE * rate(most)) return { most, wall: slowest(step, load, most), because: 'beyond which a batch hardly gives more' };
  if (v.sequenceLimit < Math.min(fitting, budget)) return { most, wall: 'batch limit', because: 'that may run', behind: bounds(step, load, { ...v, sequenceLimit: Infinity }, fitting).wall };
  if (fitting <= budget) return { most, wall: 'memory', because: 'that fit into KV memory' };
  return { most, wall: slowest(step, load, most), because: 'for which the tokens of an iteration suffice' };
}

/** What takes longest of an iteration with `n` sequences and their share of prompts: arithmetic, reading, or exchange between GPUs, each alone. */
function slowest(step: StepTime, load: Load, n: number): Wall {
  step.begin(n, n * meanContext(load), load.width);
  if (load.prompters === 0) step.chunk(Math.max(1, Math.round((n * fresh(load)) / rounds(load))), (load.remembered + load.input) / 2, true);
  const [compute, bandwidth, fabric] = [step.computing(), step.reading(), step.exchanging()];
  return fabric > compute && fabric > bandwidth ? 'fabric' : compute > bandwidth ? 'compute' : 'bandwidth';
}

/** All GPUs of the pool: replicas times those of one. */
const gpusRow = (v: PoolValues): EstimateRow => ({ label: 'GPUs', value: v.poolReplicas * gpusPerReplica(v), unit: 'count', formula: `replicas × GPUs per replica = ${v.poolReplicas.toLocaleString('en')} × ${gpusPerReplica(v)}`, source: 'arithmetic' });

const weightsRow = (v: PoolValues, weights: number): EstimateRow => ({ label: 'weights per GPU', value: weights, unit: 'bytes', formula: `parameters × bytes ÷ GPUs; ${v.weightPrecision === 'mxfp4' ? 'all but experts' : 'embedding and output'} at 16 bit`, source: 'arithmetic', constants: memory(v) });

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
  return [
    gpusRow(v),
    weightsRow(v, weights),
    { label: 'KV room per replica', value: room, unit: 'tokens', formula: '(memory × share − weights − 2.5 GB) ÷ KV bytes per token', source: 'arithmetic; reserve after vLLM’s own reports', constants },
    { label: 'sequences that fit', value: Math.floor(room / load.held), unit: 'count', formula: `KV room ÷ ${heldAs(load)}`, source: 'arithmetic', constants, assumes: `all of mean length; at most ${v.sequenceLimit} run` },
  ];
}

/** What a sequence takes of the cache, in words. */
const heldAs = ({ held, input, output }: Load): string => (held < input + output ? '(input + output ÷ 2)' : '(input + output)');

/** What capacity is made of, in words. */
function capacityAs({ prompters, yielded }: Load, batch: string): string {
  const answers = `replicas${prompters > 0 ? ' that answer' : ''} × n${yielded > 1 ? ` × ${yielded.toFixed(2)} tokens` : ''} ÷ iteration with n sequences, the ${batch}`;
  return prompters > 0 ? `the lesser of ${answers}; and replicas for prompts × output ÷ first token` : answers;
}

/** Means of the whole pool under a flow: times in seconds, sequences, and requests and tokens per second. */
function meansOf(v: PoolValues, flow: Flow, load: Load, room: number) {
  const step = new StepTime(setupOf(v));
  const lone = v.engineScheduling === 'static';
  const { prompters } = load;
  const answering = v.poolReplicas - prompters;
  const bound = bounds(step, load, v, room / load.held);
  const first = alone(step, load);
  const prompts = prompters > 0 ? prompters / first : Infinity;
  const answers = (answering * bound.most * load.yielded) / iteration(step, load, bound.most);
  const capacity = Math.min(answers, prompts * load.output);
  const each = Math.min(flow.rate, prompts) / answering;
  const overloaded = flow.rate * load.output > capacity;
  const full = each * answering * load.output > answers;
  const batch = full ? bound.most : batchFor(step, load, each, bound.most);
  const n = Math.min(bound.most, whileBusy(batch));
  const chance = full ? 1 : 1 - exp(-batch);
  const looks = looksOf(step, load, n, each);
  const amidst = lone ? afterBatch : amid;
  const wall: Pick<Bound, 'wall' | 'behind'> = answers > prompts * load.output ? { wall: 'compute' } : { wall: bound.wall, ...(bound.behind && { behind: bound.behind }) };
  return {
    first,
    firstToken: overloaded ? Infinity : prompters > 0 ? queued(first, flow.rate / prompters) : (lone ? 0 : forPlace(step, load, bound.most, each, answering, v.poolSpreading === 'round robin')) + chance * amidst(step, load, n, each) + (1 - chance) * first,
    iteration: prompters > 0 ? looks.plain : meanIteration(step, load, looks, chance, chance / each, first),
    plain: looks.plain,
    // Prompts of others come between its tokens, but not in a static batch.
    perRound: lone ? looks.plain : stay(step, load, n, each).perToken,
    busy: n,
    running: answering * batch,
    utilisation: Math.min(1, (answering * chance + prompters * Math.min(1, flow.rate / prompts)) / v.poolReplicas),
    served: Math.min(flow.rate, capacity / load.output),
    capacity,
    wall,
    batchOfCapacity: `${bound.most.toLocaleString('en')} ${bound.because}`,
  };
}

/** Load of all places at most, where they are not taken for too few. */
const FULL = 0.98;

/** Replicas beyond which more make no wait for a place shorter that is worth telling. */
const MANY_REPLICAS = 200;

/**
 * Seconds until one of `most` places in a batch is free, each taken for as long as in a full one. Whoever goes where the least is going on waits for the first
 * place of all `replicas`; who takes turns waits for one of a replica to which every so-manieth request comes. Static batches take all who wait at once.
 */
function forPlace(step: StepTime, load: Load, most: number, rate: number, replicas: number, turns: boolean): number {
  const { prompt, perToken } = stay(step, load, most, rate);
  const service = prompt + rounds(load) * perToken;
  const together = turns ? 1 : Math.min(replicas, MANY_REPLICAS);
  return waitingTime(together * Math.min(rate, (FULL * most) / service), service, together * most, turns ? 1 / replicas : 1, 0);
}

/** Seconds that come of rounding; and shares of a plain iteration that do not. */
const NOTHING = 1e-9;
const SHORTER = 0.98;

/** Share of the time below which an engine is taken to see one request at a time. */
const ALONE = 1e-6;

/**
 * Seconds of an iteration: those among others, and those of prompts that find nobody there, as many as `chance` leaves of all that come. `each` are the busy
 * seconds of a request.
 */
function meanIteration(step: StepTime, load: Load, looks: ReturnType<typeof looksOf>, chance: number, each: number, first: number): number {
  const pieces = lonePieces(step, load);
  const among = looks.mean / looks.iterations;
  if (chance < ALONE || each <= first) return (first + rounds(load) * looks.plain) / (pieces + rounds(load));
  return each / ((each - (1 - chance) * first) / among + (1 - chance) * pieces);
}

/**
 * What a mean iteration is made of while n sequences decode: the parts of a plain one, what drafts take of it, and what prompts make it longer. None are told
 * where iterations of prompts by themselves take less than plain ones, and are so many that the mean does too.
 */
function partsOfIteration(setup: Setup, load: Load, { busy, plain, iteration }: ReturnType<typeof meansOf>): NonNullable<EstimateRow['parts']> {
  if (iteration < SHORTER * plain) return [];
  const step = new StepTime(setup);
  step.begin(busy, busy * meanContext(load), load.width);
  const { products, looking, exchange, engine } = step.parts();
  const parts = [['products ⊕ weights', products], ['keys and values', looking], ['exchange', exchange], ['engine', engine], ['drafts', plain - products - looking - exchange - engine], ['prompts', iteration - plain]] as const;
  return parts.filter(([, seconds]) => seconds > NOTHING);
}

function speedRows(v: PoolValues, flow: Flow, load: Load, room: number): EstimateRow[] {
  const means = meansOf(v, flow, load, room);
  const { prompters, yielded, output } = load;
  const source = 'roofline with fitted shares';
  const constants = speeds(v);
  const assumes = `${v.engineScheduling === 'static' ? 'answers of one length: the longest of a batch keeps the others' : 'mean lengths'}, Poisson arrivals shared evenly, ${load.remembered > 0 ? 'a warm prefix cache' : 'no prefix hits'}, and time to serve what comes`;
  // With replicas for prompts, what the run shows is the mean of both sorts.
  const seen = (measure: string): { readonly measure?: string } => (prompters > 0 ? {} : { measure });
  return [
    { label: 'first token, nobody else', value: means.first, unit: 'seconds', formula: 'matrix products at sustained rate + attention + overheads', source, constants },
    firstTokenRow(v, load, means.firstToken, source, assumes),
    { label: 'iteration', value: means.iteration, unit: 'seconds', formula: '(weights ÷ bandwidth ⊕ FLOP ÷ rate) + KV read + exchange + engine + share of prompts; ⊕: nearly the greater of both', source, ...seen('stepTime'), parts: partsOfIteration(setupOf(v), load, means), assumes },
    { label: 'per token', value: means.perRound / yielded, unit: 'seconds', formula: yielded === 1 ? 'an iteration, and prompts between two of them' : 'an iteration, and prompts between two of them ÷ tokens that one yields', source, measure: 'perToken', assumes },
    { label: 'batch while busy', value: means.busy, unit: 'count', formula: 'n with n ÷ (prompt + output × iteration) = rate; n ÷ (1 − e⁻ⁿ)', source: 'Little 1961; M/G/∞', ...seen('batch'), assumes },
    { label: 'utilisation', value: means.utilisation, unit: 'share', formula: prompters > 0 ? '1 − e⁻ⁿ of those that answer, rate × first token of the others' : '1 − e⁻ⁿ', source: 'M/G/∞', measure: 'utilisation', assumes },
    { label: 'in flight', value: means.served * (means.firstToken + rounds(load) * means.perRound), unit: 'requests', formula: 'rate × (first token + output × iteration)', source: 'Little 1961', measure: 'inFlight', assumes },
    { label: 'KV in use', value: Math.min(1, (means.running * load.held) / (v.poolReplicas * room)), unit: 'share', formula: `sequences × ${heldAs(load)} ÷ KV room`, source: 'Little 1961', measure: 'cacheUse', assumes },
    { label: 'tokens out', value: means.served * output, unit: 'tokens/second', formula: 'min(rate × output, capacity)', source: 'flow balance', measure: 'tokensOut', assumes: 'the mean rate; lengths as told' },
    { label: 'capacity', value: means.capacity, unit: 'tokens/second', formula: capacityAs(load, means.batchOfCapacity), source, assumes, constants, ...means.wall },
    ...priceRow(v, means.served * (load.input + output)),
  ];
}

function firstTokenRow(v: PoolValues, { prompters }: Load, value: number, source: string, assumes: string): EstimateRow {
  const formula =
    prompters > 0
      ? 'first token, nobody else (S), and the wait for those before: ρS ÷ 2(1 − ρ) with ρ = rate × S ÷ replicas for prompts'
      : v.engineScheduling === 'static'
        ? 'half of the batch under way, and the prompts of all who join the next; the above where nobody is there'
        : 'E[W²] ÷ 2E[W] of the time W between looks at the queue (an iteration, mostly), one iteration more where that is planned ahead, the wait for company and for a place in the batch, and that of its prompt with all found at that look; the above where nobody is there';
  return { label: 'first token', value, unit: 'seconds', formula, source: prompters > 0 ? `${source}; Pollaczek 1930, Khinchine 1932` : `${source}; Erlang 1917, Allen and Cunneen 1990`, measure: 'firstToken', assumes };
}

/** What a million of so many tokens per second cost; nothing is said where there are none, or no price is known. */
function priceRow(v: PoolValues, tokens: number): EstimateRow[] {
  const { usdPerHour, source } = priceOf(v);
  if (tokens === 0 || usdPerHour === 0) return [];
  return [{ label: 'price of tokens', value: usdPerHour / 3600 / (tokens / 1e6), unit: 'usd/million tokens', formula: 'price ÷ tokens in and out', source, measure: 'usdPerMillion', assumes: 'at the load offered; idle time is paid too' }];
}
