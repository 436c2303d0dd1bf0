/** The estimate by hand: memory, batch, iteration time and capacity of a pool, from the same physics that the run uses. */
import type { EstimateRow, Flow, Remembered, Wall } from '../../kit/kind.ts';
import { waitingTime } from '../../kit/queueing.ts';
import { mayWait, type PoolValues } from './params.ts';
import type { Gpu } from './catalogue-gpus.ts';
import { batches, onTheLink, queued, type Queued } from './mean-queues.ts';
import { alone, amid, atMost, batchFor, decodingOf, fitting, fresh, held, lonePieces, looksOf, meanContext, padded, promptsAtMost, stay, whileBusy, type Full, type Load } from './mean-times.ts';
import { cacheTokens, gpusOf, partsOf, StepTime, weightsOf, type Setup } from './physics.ts';
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

/** The batch at full load, what bounds it first, in words too; and where that is a limit somebody has set, what would without it. */
interface Bound {
  readonly most: number;
  readonly wall: Wall;
  readonly because: string;
  readonly behind?: Wall;
}

/** Twice the batch would yield less than so many times as much: the GPUs themselves are the limit, and not what bounds the batch. */
const HARDLY_MORE = 1.15;

/** Requests per second of a full replica. */
const pace = ({ requests, seconds }: Full): number => requests / seconds;

/** What bounds the batch as load grows, or made a larger one useless before. */
function bounds(step: StepTime, load: Load, v: PoolValues, fitting: number): Bound {
  const places = Math.max(1, Math.min(v.sequenceLimit, fitting));
  const most = atMost(step, load, places).there;
  const unbounded = load.chunked ? { ...load, budget: Infinity } : load;
  if (pace(atMost(step, unbounded, 2 * most)) < HARDLY_MORE * pace(atMost(step, unbounded, most))) return { most, wall: slowest(step, load, most), because: 'beyond which a batch hardly gives more' };
  if (most < ALMOST * places) return { most, wall: slowest(step, load, most), because: 'for which the tokens of an iteration suffice' };
  if (fitting <= v.sequenceLimit) return { most, wall: 'memory', because: 'that fit into KV memory' };
  return { most, wall: 'batch limit', because: 'that may run', behind: bounds(step, load, { ...v, sequenceLimit: Infinity }, fitting).wall };
}

/** Fewer than such a share of the places are fewer for a reason, and not by rounding. */
const ALMOST = 0.999;

/** Seconds of exchange in those that a full replica takes for what comes and goes. */
function exchanging(step: StepTime, load: Load, { decoding, requests }: Full): number {
  step.begin(decoding, decoding * meanContext(load), load.width);
  const beside = load.chunked ? 0 : step.exchanging();
  if (!load.chunked) step.begin(0, 0);
  if (load.prompters === 0) step.chunk(requests * fresh(load), (load.remembered + load.input) / 2, true);
  const rounds = load.lone ? padded(load, decoding).rounds : 1;
  return (load.chunked || load.prompters === 0 ? step.exchanging() : 0) + rounds * beside;
}

/** So many times as fast, to see what a full replica gains by it. */
const FASTER = 1.3;

/** Which of arithmetic, memory bandwidth, and exchange between GPUs a full replica would gain most by, were it faster. */
function slowest(step: StepTime, load: Load, most: number): Wall {
  const { setup } = step;
  const { gpu } = setup;
  const full = atMost(step, load, most);
  const gain = (faster: Partial<Gpu>): number => full.seconds - atMost(new StepTime({ ...setup, gpu: { ...gpu, ...faster } }), load, most).seconds;
  const compute = gain({ peak16: FASTER * gpu.peak16, peak8: FASTER * gpu.peak8, peak4: FASTER * gpu.peak4 });
  const bandwidth = gain({ bandwidth: FASTER * gpu.bandwidth });
  const fabric = exchanging(step, load, full) * (1 - 1 / FASTER);
  return fabric > compute && fabric > bandwidth ? 'fabric' : compute > bandwidth ? 'compute' : 'bandwidth';
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
    { label: 'sequences that fit', value: Math.floor(fitting(load, room, Infinity)), unit: 'count', formula: `KV room ÷ ${heldAs(load)}`, source: 'arithmetic', constants, assumes: `all of ${load.lone ? 'the length of the longest' : 'mean length'}; at most ${v.sequenceLimit} run` },
  ];
}

/** What a sequence takes of the cache, in words. */
const heldAs = ({ held: each, input, output, lone }: Load): string => (lone ? '(longest input + output)' : each < input + output ? '(input + output ÷ 2)' : '(input + output)');

/** What capacity is made of, in words. */
function capacityAs({ prompters, yielded }: Load, batch: string): string {
  const answers = `replicas${prompters > 0 ? ' that answer' : ''} × output × requests that end with an iteration ÷ its seconds, in a batch of ${batch}${yielded > 1 ? `; each yields ${yielded.toFixed(2)} tokens` : ''}`;
  return prompters > 0 ? `the least of ${answers}; of replicas for prompts × output × prompts that they do per second; and of their links` : answers;
}

/** How prompts come along at replicas that do nothing else: seconds to the first token, share of the time they work, requests per second at most, and what bounds those. */
interface Prompts extends Queued {
  readonly most: number;
  readonly wall: Wall;
}

/** Those of the replicas for prompts; of all where answers are one token; null where prompts and answers share replicas. */
function promptsApart(step: StepTime, v: PoolValues, { rate }: Flow, load: Load, places: number): Prompts | null {
  const { prompters, lone } = load;
  if (prompters === 0 && (load.rounds > 0 || lone)) return null;
  const replicas = prompters > 0 ? prompters : v.poolReplicas;
  const prompt = alone(step, load);
  const each = promptsAtMost(step, load, places);
  const parts = load.chunked ? partsOf(step.setup) : 1;
  const side = Math.max(parts, Math.floor(load.budget / fresh(load)));
  const links = prompters > 0 ? prompters / load.sending : Infinity;
  const computed = replicas * each;
  return { ...queued(prompt, Math.min(prompt, 1 / each), side, rate, replicas, v.poolSpreading === 'round robin'), most: Math.min(computed, links), wall: links < computed ? 'fabric' : 'compute' };
}

/** Means of one replica: seconds to the first token, of an iteration and of a plain one, and from one decode iteration to the next; sequences there, in a batch, and decoding; share of the time in which it works. */
interface Means extends Omit<Queued, 'mean'> {
  readonly iteration: number;
  readonly plain: number;
  readonly perRound: number;
  readonly running: number;
  readonly decoding: number;
}

/** Where everybody joins the batch under way. */
function joining(step: StepTime, load: Load, most: number, rate: number, replicas: number, turns: boolean): Means {
  const running = batchFor(step, load, rate, most);
  const batch = Math.min(most, whileBusy(running, Math.max(1, Math.round(most))));
  const busy = Math.min(1, running / batch);
  const decoding = decodingOf(step, load, batch);
  const first = alone(step, load);
  const looks = looksOf(step, load, decoding, rate);
  return {
    firstToken: forPlace(step, load, most, rate, replicas, turns) + busy * amid(step, load, decoding, rate) + (1 - busy) * first,
    iteration: load.prompters > 0 ? looks.plain : meanIteration(step, load, looks, busy, busy / rate, first),
    plain: looks.plain,
    perRound: stay(step, load, decoding, rate).perToken,
    running, batch, decoding, busy,
  };
}

/** Where batches take nobody in. */
function inBatches(step: StepTime, load: Load, most: number, rate: number): Means {
  const { perToken, ...others } = batches(step, load, rate, most);
  return { ...others, plain: perToken, perRound: perToken, running: others.busy * others.batch };
}

/** Where answers are one token, nobody decodes. */
function answeredAtOnce(step: StepTime, load: Load, { firstToken, busy, batch, mean }: Queued): Means {
  const pieces = lonePieces(step, load);
  const seconds = pieces > 1 ? alone(step, load) / pieces : mean;
  return { firstToken, iteration: seconds, plain: 0, perRound: 0, running: busy * batch, batch, decoding: 0, busy };
}

/** A full one, from which nobody who comes later is answered in time. */
function overrun(step: StepTime, load: Load, { there, decoding, seconds }: Full): Means {
  const all = load.lone ? padded(load, there) : load;
  const plain = step.decoding(decoding, meanContext(all));
  const iteration = load.lone ? seconds / (all.rounds + 1) : seconds;
  return { firstToken: Infinity, iteration, plain, perRound: load.lone ? plain : seconds, running: there, batch: there, decoding, busy: 1 };
}

/** Means of the whole pool under a flow: times in seconds, sequences, and requests and tokens per second. */
function meansOf(v: PoolValues, flow: Flow, load: Load, room: number) {
  const step = new StepTime(setupOf(v));
  const { prompters, lone, output, rounds, sending } = load;
  const answering = v.poolReplicas - prompters;
  const bound = bounds(step, load, v, fitting(load, room, Infinity));
  const apart = promptsApart(step, v, flow, load, Math.min(v.sequenceLimit, room / load.input));
  const full = atMost(step, load, bound.most);
  const answers = answering * pace(full);
  const prompts = prompters > 0 ? apart!.most : Infinity;
  const served = Math.min(flow.rate, answers, prompts);
  const each = Math.min(flow.rate, prompts) / answering;
  const means = each * answering > answers ? overrun(step, load, full)
    : lone ? inBatches(step, load, bound.most, each)
    : rounds === 0 ? answeredAtOnce(step, load, apart!)
    : joining(step, load, bound.most, each, answering, v.poolSpreading === 'round robin');
  const handing = prompters > 0 && output > 1 ? sending + load.delay + onTheLink(sending, served / prompters) : 0;
  return {
    ...means,
    first: alone(step, load),
    firstToken: flow.rate > served ? Infinity : (apart?.firstToken ?? means.firstToken),
    answer: rounds * means.perRound + handing,
    // A static batch is answered when its longest answer is done.
    stays: lone ? padded(load, means.batch).rounds * means.perRound : rounds * means.perRound + handing,
    running: answering * means.running + (prompters > 0 ? (served * load.input * (apart!.firstToken + 2 * handing)) / load.held : 0),
    utilisation: (answering * means.busy + prompters * (apart?.busy ?? 0)) / v.poolReplicas,
    served,
    capacity: Math.min(answers, prompts) * output,
    wall: answers > prompts ? { wall: apart!.wall } : { wall: bound.wall, ...(bound.behind && { behind: bound.behind }) },
    batchOfCapacity: `${Math.max(1, Math.round(bound.most)).toLocaleString('en')} ${bound.because}`,
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
  const { prompt, perToken } = stay(step, load, decodingOf(step, load, most), rate);
  const service = prompt + load.rounds * perToken;
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
  if (chance < ALONE || each <= (1 - chance) * first) return (first + load.rounds * looks.plain) / (pieces + load.rounds);
  return each / ((each - (1 - chance) * first) / among + (1 - chance) * pieces);
}

/**
 * What a mean iteration is made of while n sequences decode: the parts of a plain one, what drafts take of it, and what prompts make it longer. None are told
 * where iterations of prompts by themselves take less than plain ones, and are so many that the mean does too.
 */
function partsOfIteration(setup: Setup, load: Load, { decoding, plain, iteration }: ReturnType<typeof meansOf>): NonNullable<EstimateRow['parts']> {
  if (decoding === 0 || iteration < SHORTER * plain) return [];
  const step = new StepTime(setup);
  step.begin(decoding, decoding * meanContext(load), load.width);
  const { products, looking, exchange, engine } = step.parts();
  const parts = [['products ⊕ weights', products], ['keys and values', looking], ['exchange', exchange], ['engine', engine], ['drafts', plain - products - looking - exchange - engine], ['prompts', iteration - plain]] as const;
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
    { label: 'batch while busy', value: means.batch, unit: 'count', formula: load.lone ? 'as many as come during the batch before, one at least; with a wait for company, 1 + rate × that' : 'n with n ÷ (prompt + (output − 1) × per token) = rate; n ÷ chance that anybody is there', source: 'Little 1961; Erlang 1917', ...seen('batch'), assumes },
    { label: 'utilisation', value: means.utilisation, unit: 'share', formula: prompters > 0 ? 'chance that anybody is there, at those that answer; rate × first token at the others' : 'chance that anybody is there: 1 − e⁻ⁿ of as many as come, where there is room for all', source: 'M/M/c (Erlang 1917)', measure: 'utilisation', assumes },
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
