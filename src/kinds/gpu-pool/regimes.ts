/**
 * Means of a whole pool under a flow, by what happens to those who come: they join the batch under way, wait for a batch of their own, ask for their first token
 * alone, or come where all is full. Means of the queues themselves are in `mean-times.ts` and `mean-queues.ts`; `by-hand.ts` puts them into words.
 */
import type { Flow, Wall } from '../../kit/kind.ts';
import { waitingTime } from '../../kit/queueing.ts';
import type { Gpu } from './catalogue-gpus.ts';
import { batches, queued, type Queued } from './mean-queues.ts';
import { alone, amid, atMost, batchFor, decodingOf, fitting, fresh, lonePieces, looksOf, meanContext, NEVER_FULL, padded, promptsAtMost, stay, whileBusy, type Full, type Load } from './mean-times.ts';
import type { PoolValues } from './params.ts';
import { partsOf, StepTime } from './physics.ts';
import { setupOf } from './setup.ts';

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
  const links = prompters > 0 && load.rounds > 0 ? prompters / load.sending : Infinity;
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
function inBatches(step: StepTime, load: Load, most: number, rate: number, replicas: number, turns: boolean): Means {
  const { perToken, ...others } = batches(step, load, rate, most, replicas, turns);
  return { ...others, plain: perToken, perRound: perToken, running: others.busy * others.batch };
}

/** Where answers are one token, nobody decodes. */
function answeredAtOnce(step: StepTime, load: Load, { firstToken, busy, batch, mean }: Queued): Means {
  const pieces = lonePieces(step, load);
  const seconds = pieces > 1 ? alone(step, load) / pieces : mean;
  return { firstToken, iteration: seconds, plain: 0, perRound: 0, running: busy * batch, batch, decoding: 0, busy };
}

/** Replicas for answers where all answers are done with their first token. */
const NOTHING_TO_DO: Means = { firstToken: 0, iteration: 0, plain: 0, perRound: 0, running: 0, batch: 0, decoding: 0, busy: 0 };

/** A full one, from which nobody who comes later is answered in time. */
function overrun(step: StepTime, load: Load, { there, decoding, seconds }: Full): Means {
  const all = load.lone ? padded(load, there) : load;
  const plain = step.decoding(decoding, meanContext(all));
  const iteration = load.lone ? seconds / (all.rounds + 1) : seconds;
  return { firstToken: Infinity, iteration, plain, perRound: load.lone ? plain : seconds, running: there, batch: there, decoding, busy: 1 };
}

/** Means of the whole pool under a flow: times in seconds, sequences, and requests and tokens per second. */
export function meansOf(v: PoolValues, flow: Flow, load: Load, room: number) {
  const step = new StepTime(setupOf(v));
  const { prompters, lone, output, rounds, sending } = load;
  const answering = v.poolReplicas - prompters;
  const turns = v.poolSpreading === 'round robin';
  const bound = bounds(step, load, v, fitting(load, room));
  const apart = promptsApart(step, v, flow, load, Math.min(v.sequenceLimit, room / load.input));
  const full = atMost(step, load, bound.most);
  const answers = answering * pace(full);
  const prompts = prompters > 0 ? apart!.most : Infinity;
  const served = Math.min(flow.rate, answers, prompts);
  const each = Math.min(flow.rate, prompts) / answering;
  const means = each * answering > answers ? overrun(step, load, full)
    : lone ? inBatches(step, load, bound.most, each, answering, turns)
    : rounds > 0 ? joining(step, load, bound.most, each, answering, turns)
    : prompters > 0 ? NOTHING_TO_DO
    : answeredAtOnce(step, load, apart!);
  const handing = prompters > 0 && output > 1 ? sending + load.delay + waitingTime(Math.min(served / prompters, NEVER_FULL / sending), sending, 1, 1, 0) : 0;
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
  return waitingTime(together * Math.min(rate, (NEVER_FULL * most) / service), service, together * most, turns ? 1 / replicas : 1, 0);
}

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
