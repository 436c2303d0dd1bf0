/**
 * Mean times of an engine that requests come to by chance, worked out as one would on a whiteboard: lengths are means, arrivals Poisson, and the physics that of
 * the run. What a person reads of it is put together in `by-hand.ts`.
 */
import { exp } from '../../engine/math.ts';
import { partsOf, type StepTime } from './physics.ts';

/** Mean lengths, at least one token each, what limits the batch, and how answers come. */
export interface Load {
  readonly input: number;
  /** Tokens of a prompt that come from a prefix cache, and the seconds until they are loaded. */
  readonly remembered: number;
  readonly loading: number;
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

/** Iterations in which a mean answer comes. */
export const rounds = ({ output, yielded }: Load): number => output / yielded;

/** Mean context of a decoding sequence: the prompt and half of the answer. */
export const meanContext = ({ input, output }: Load): number => input + output / 2;

/** Tokens of a prompt to be worked through. */
export const fresh = ({ input, remembered }: Load): number => input - remembered;

/** Tokens of a lone prompt that one iteration takes. */
const loneChunk = (step: StepTime, { input, budget, chunked }: Load): number => (chunked ? Math.ceil(budget / partsOf(step.setup)) : input);

/** Iterations that a lone prompt takes. */
export const lonePieces = (step: StepTime, load: Load): number => Math.ceil(fresh(load) / loneChunk(step, load));

/** Seconds for a whole prompt with nobody else there, in as many iterations as its chunks need. */
export function alone(step: StepTime, load: Load): number {
  const { input, remembered, loading } = load;
  const most = loneChunk(step, load);
  let sum = loading;
  for (let done = remembered; done < input; done += most) sum += step.prompting(Math.min(most, input - done), done);
  return sum;
}

/** Seconds of an iteration in which n sequences decode and nothing else happens, drafts included. */
function decoding(step: StepTime, load: Load, n: number): number {
  const drafts = load.drafting * step.decoding(n, meanContext(load));
  step.begin(n, n * meanContext(load), load.width);
  return step.seconds() + drafts;
}

/** Tokens of a prompt that one iteration takes beside n sequences: the budget that is left to the group of GPUs that works on it. */
const roomFor = (step: StepTime, load: Load, n: number): number => (load.chunked ? Math.max(1, Math.floor((load.budget - n * load.width) / partsOf(step.setup))) : load.budget);

/** How much longer an iteration gets, beside n sequences, by so many pieces of prompts of `tokens` each; what it takes of its own where prompts go first. */
function prompting(step: StepTime, load: Load, n: number, pieces: number, tokens: number): number {
  const beside = load.chunked ? n : 0;
  step.begin(beside, beside * meanContext(load), load.width);
  const without = load.chunked ? step.seconds() : 0;
  for (let k = 0; k < pieces; k++) step.chunk(tokens, load.remembered + (fresh(load) - tokens) / 2, true);
  return step.seconds() - without + (pieces * tokens * load.loading) / fresh(load);
}

/** Beyond so many alike, each further one adds as much as those before. */
const MANY = 200;

/** What `of` is between two whole numbers. */
function between(x: number, of: (whole: number) => number): number {
  if (x > MANY) return (of(MANY) * x) / MANY;
  const low = Math.floor(x);
  return low === x ? of(x) : (low + 1 - x) * of(low) + (x - low) * of(low + 1);
}

/**
 * Time from one decode iteration to the next with n sequences decoding at full load: n ÷ output prompts come per iteration, and make it longer by their chunks, as
 * many as it has room for (or add iterations of their own, as many together, where prompts go first).
 */
export function iteration(step: StepTime, load: Load, n: number): number {
  const plain = decoding(step, load, n);
  if (load.prompters > 0) return plain;
  const prompts = n / rounds(load);
  const room = roomFor(step, load, n);
  if (!load.chunked) {
    const together = Math.max(1, Math.min(prompts, room / fresh(load)));
    return plain + (prompts / together) * between(together, (pieces) => prompting(step, load, n, pieces, fresh(load)));
  }
  const chunk = Math.min(fresh(load), room);
  return plain + between(Math.min((prompts * fresh(load)) / chunk, (partsOf(step.setup) * room) / chunk), (pieces) => prompting(step, load, n, pieces, chunk));
}

/** Intervals from one look at the queue to the next while n sequences decode. */
interface Looks {
  /** Seconds: the mean interval, and the mean that somebody sees who comes in it, E[W²] ÷ E[W]. */
  readonly mean: number;
  readonly seen: number;
  /** Iterations of a mean interval, and those of them that decode. */
  readonly iterations: number;
  readonly decodes: number;
  /** Seconds of a plain iteration; of those with the prompt that comes first, and how much longer each further one makes them. */
  readonly plain: number;
  readonly prompt: number;
  readonly more: number;
}

/** Prompts that come faster than they can be worked through are taken for a hair slower: the estimate says nothing of overload. */
const NEVER_FULL = 0.98;

/** Turns after which the chance that nobody is found hardly moves. */
const SETTLED = 30;

/**
 * How much longer one more prompt makes iterations that work on one already, which takes `first` seconds in all: as much of it as there is room for goes beside that
 * one, and the rest takes its share of an iteration of its own.
 */
function another(step: StepTime, load: Load, n: number, room: number, first: number): number {
  const input = fresh(load);
  const beside = Math.max(0, Math.min(input, room - input));
  const piece = Math.min(input, room / 2);
  const perToken = (prompting(step, load, n, 2, piece) - prompting(step, load, n, 1, piece)) / piece;
  return beside * perToken + (1 - beside / input) * first;
}

/**
 * Prompts come at a rate λ, and a look at the queue finds those of the interval W before it: N of them, Poisson with mean λW. If it finds any, they are worked
 * through together, and that is the next interval; if not, that is so many plain iterations. Where iterations are put together ahead, a look comes an iteration
 * early: the interval is the iteration under way, and the others of those many if nobody was found. Moments by balance (E[W′] = E[W], E[W′²] = E[W²]); the
 * chance that nobody is found as if prompts beyond the first took an exponential time.
 */
export function looksOf(step: StepTime, load: Load, n: number, rate: number): Looks {
  const { looksEvery } = load;
  const input = fresh(load);
  const plain = decoding(step, load, n);
  const room = roomFor(step, load, n);
  const pieces = load.chunked ? Math.ceil(input / room) : 1;
  const beside = load.chunked ? plain : 0;
  const one = beside + prompting(step, load, n, 1, input / pieces);
  const prompt = pieces * one;
  // Between nothing and what it takes by itself, even where a second one takes an iteration out of the graphs recorded for few tokens, or goes to GPUs of its own.
  const more = pieces > 1 ? prompt : Math.max(0, Math.min(prompt, another(step, load, n, room, one)));
  const ahead = step.setup.software?.ahead === true;
  const idle = ahead ? plain : looksEvery * plain;
  const rest = ahead ? (looksEvery - 1) * plain : 0;
  const found = prompt - more;
  const growth = Math.min(NEVER_FULL, rate * more);
  // An iteration has no more prompts than its tokens allow.
  const most = rest + Math.max(idle, prompt + (Math.floor(Math.max(1, room / input)) - 1) * more);
  let none = 1;
  let mean = idle + rest;
  for (let k = 0; k < SETTLED; k++) {
    mean = Math.min(most, (none * (idle + rest) + (1 - none) * found) / (1 - growth));
    const beyond = none < 1 ? Math.max(0, (mean - none * (idle + rest)) / (1 - none) - prompt) : 0;
    const next = (none * exp(-rate * idle) + ((1 - none) * exp(-rate * prompt)) / (1 + rate * beyond)) * (1 - none + none * exp(-rate * rest));
    none = (none + next) / 2;
  }
  const squares = none * idle * idle + (1 - none) * found * found + growth * mean * (2 * found + more) + none * rest * (2 * (mean - none * rest) + rest);
  const decodes = none * looksEvery;
  const prompts = (1 - none) * pieces;
  return { mean, seen: Math.min(most, squares / (1 - growth * growth) / mean), iterations: decodes + prompts, decodes: load.chunked ? decodes + prompts : decodes, plain, prompt, more };
}

/** Mean iterations that prompts wait for company, and how many others each then finds: the first as long as it takes for enough to come, the others half as long. */
function company(step: StepTime, load: Load, n: number, perIteration: number): { readonly wait: number; readonly others: number } {
  const enough = Math.max(step.setup.attentionGroups!, Math.ceil((load.companyTokens - n * load.width) / load.input));
  const could = perIteration * load.companyIterations;
  // Of those who could come, the mean of as many as are waited for: Σ over k of the chance that k or more do.
  let come = 0;
  let fewer = exp(-could);
  for (let k = 1, exactly = fewer; k < enough && fewer < 1 - 1e-9; k++) {
    come += 1 - fewer;
    exactly *= could / k;
    fewer += exactly;
  }
  const gathering = perIteration > 0 ? come / perIteration : 0;
  return { wait: (gathering + (come * gathering) / 2) / (1 + come), others: Math.min(enough - 1, (come * (2 + come)) / (1 + come)) };
}

/**
 * Seconds to the first token of one that comes while n sequences run: what is left until the next look at the queue, an iteration more where that has been put
 * together already, the wait for company, and its prompt with all that are found together with it.
 */
export function amid(step: StepTime, load: Load, n: number, rate: number): number {
  const { mean, seen, iterations, plain, prompt, more } = looksOf(step, load, n, rate);
  const { wait, others } = company(step, load, n, rate * plain);
  return seen / 2 + (step.setup.software?.ahead === true ? mean / iterations : 0) + wait * plain + prompt + more * Math.max(others, rate * seen);
}

/** Seconds to the first token where a batch takes nobody in: what is left of the one under way, and the prompts of all who came meanwhile. */
export function afterBatch(step: StepTime, load: Load, n: number, rate: number): number {
  const batch = rounds(load) * stay(step, load, n, rate).perToken;
  return batch / 2 + prompting(step, load, n, Math.max(1, Math.round(n)), fresh(load));
}

/** Seconds to the first token at a replica that only does prompts, one after another as they come (Pollaczek and Khinchine, service of one length). */
export function queued(first: number, rate: number): number {
  const load = Math.min(NEVER_FULL, rate * first);
  return first + (load * first) / (2 * (1 - load));
}

/** Mean batch while there is one, of a mean of n in all, when sequences come and go independently (a Poisson number). */
export const whileBusy = (n: number): number => (n < 1e-6 ? 1 : n / (1 - exp(-n)));

/** Seconds from one token of an answer to the next with n sequences in the batch where requests come at a rate; and before them, of its prompt in the batch. */
export function stay(step: StepTime, load: Load, n: number, rate: number): { readonly perToken: number; readonly prompt: number } {
  if (load.prompters > 0) return { perToken: decoding(step, load, n), prompt: 0 };
  const { mean, seen, decodes, prompt, more } = looksOf(step, load, n, rate);
  return { perToken: mean / decodes, prompt: prompt + more * rate * seen };
}

/** Sequences in the batch on average where `rate` requests come per second to one replica; at most `most`. By halving intervals. */
export function batchFor(step: StepTime, load: Load, rate: number, most: number): number {
  const served = (n: number): number => {
    const { perToken, prompt } = stay(step, load, Math.min(most, whileBusy(n)), rate);
    return n / (prompt + rounds(load) * perToken);
  };
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
