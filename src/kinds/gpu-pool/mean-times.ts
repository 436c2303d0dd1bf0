/**
 * Mean times of an engine that requests come to by chance, worked out as one would on a whiteboard: lengths are means, arrivals Poisson, and the physics that of
 * the run. What a person reads of it is put together in `by-hand.ts`.
 */
import { exp } from '../../engine/math.ts';
import type { Flow } from '../../kit/kind.ts';
import { longestOf } from '../../kit/longest.ts';
import { busyChance, waitingTime } from '../../kit/queueing.ts';
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
  /** Tokens of a sequence that an iteration looks at, seconds of drafting them as a share of a plain one, how many it yields on average, and iterations of an answer after its first token. */
  readonly width: number;
  readonly drafting: number;
  readonly yielded: number;
  readonly rounds: number;
  /** Replicas that only work through prompts; 0 where all do both. Seconds that the keys and values of a prompt then take over the link of one, and on top. */
  readonly prompters: number;
  readonly sending: number;
  readonly delay: number;
  /** Batches take nobody in once they run; seconds that they wait for company before. */
  readonly lone: boolean;
  readonly gather: number;
  /** How the lengths of prompts and answers vary, where batches are padded to the longest of either. */
  readonly spread: NonNullable<Flow['spread']>;
  /** Tokens of cache that a sequence takes on average: all that it will have where room is kept for its answer. */
  readonly held: number;
}

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
export function decoding(step: StepTime, load: Load, n: number): number {
  const drafts = load.drafting * step.decoding(n, meanContext(load));
  step.begin(n, n * meanContext(load), load.width);
  return step.seconds() + drafts;
}

/** Tokens of a prompt that one iteration takes beside n sequences: the budget that is left to the group of GPUs that works on it. */
const roomFor = (step: StepTime, load: Load, n: number): number => (load.chunked ? Math.max(1, Math.floor((load.budget - n * load.width) / partsOf(step.setup))) : load.budget);

/** How much longer an iteration gets, beside n sequences, by so many pieces of prompts of `tokens` each; what it takes of its own where prompts go first. */
export function prompting(step: StepTime, load: Load, n: number, pieces: number, tokens: number): number {
  const beside = load.chunked ? n : 0;
  step.begin(beside, beside * meanContext(load), load.width);
  const without = load.chunked ? step.seconds() : 0;
  for (let k = 0; k < pieces; k++) step.chunk(tokens, load.remembered + (fresh(load) - tokens) / 2, true);
  return step.seconds() - without + (pieces * tokens * load.loading) / fresh(load);
}

/** Beyond so many alike, each further one adds as much as those before. */
const MANY = 200;

/** What `of` is between two whole numbers. */
export function between(x: number, of: (whole: number) => number): number {
  if (x > MANY) return (of(MANY) * x) / MANY;
  const low = Math.floor(x);
  return low === x ? of(x) : (low + 1 - x) * of(low) + (x - low) * of(low + 1);
}

/** Iterations that a prompt takes beside n sequences. */
const piecesOf = (step: StepTime, load: Load, n: number): number => (load.chunked ? Math.max(1, fresh(load) / roomFor(step, load, n)) : 1);

/** A load as a static batch of n has it: all padded to the longest prompt and the longest answer among them. */
export function padded(load: Load, n: number): Load {
  const input = load.input * longestOf(load.spread.input, n);
  const output = load.output * longestOf(load.spread.output, n);
  return { ...load, input, output, rounds: output - 1 };
}

/** Tokens of cache that each of n sequences takes on average. */
export function held(load: Load, n: number): number {
  if (!load.lone) return load.held;
  const { input, output } = padded(load, n);
  return input + output;
}

/** Sequences that fit into so many tokens of cache. */
export function fitting(load: Load, room: number): number {
  let n = room / load.held;
  for (let k = 0; load.lone && k < SETTLED; k++) n = (n + room / held(load, n)) / 2;
  return n;
}

/** Seconds of a static batch of n: all prompts at once, and one iteration after another until the longest answer is done. */
export function batchSeconds(step: StepTime, load: Load, n: number): number {
  const longest = padded(load, n);
  return promptsSeconds(step, longest, n) + longest.rounds * decoding(step, longest, n);
}

/** Seconds of n prompts at once. */
export const promptsSeconds = (step: StepTime, load: Load, n: number): number => between(n, (pieces) => prompting(step, load, n, pieces, fresh(load)));

/** A full replica: requests there, how many of them decode, how many come and go with each iteration (of a static batch, with each batch), and seconds of that. */
export interface Full {
  readonly there: number;
  readonly decoding: number;
  readonly requests: number;
  readonly seconds: number;
}

/**
 * The most that a replica does with `most` requests at a time: each decodes for its rounds and is worked on as a prompt before, in chunks beside the others as far as
 * the tokens of an iteration suffice, or in iterations of prompts alone, as many together as there is room for.
 */
export function atMost(step: StepTime, load: Load, most: number): Full {
  const { rounds, width, budget, chunked } = load;
  if (load.lone) return { there: most, decoding: most, requests: most, seconds: batchSeconds(step, load, most) };
  if (load.prompters > 0) return { there: most, decoding: most, requests: most / rounds, seconds: decoding(step, load, most) };
  const byTokens = chunked ? budget / (fresh(load) + rounds * width) : Infinity;
  const stays = rounds + piecesOf(step, load, Math.min(most, byTokens * rounds));
  const requests = Math.min(byTokens, most / stays);
  const n = requests * rounds;
  const full = { there: requests * stays, decoding: n, requests };
  const plain = n > 0 || chunked ? decoding(step, load, n) : 0;
  if (chunked) {
    const chunk = Math.min(fresh(load), roomFor(step, load, n));
    return { ...full, seconds: plain + between((requests * fresh(load)) / chunk, (pieces) => prompting(step, load, n, pieces, chunk)) };
  }
  const together = Math.max(1, Math.min(requests, budget / fresh(load)));
  return { ...full, seconds: plain + (requests / together) * between(together, (pieces) => prompting(step, load, n, pieces, fresh(load))) };
}

/** Prompts per second that a replica for prompts works through at most. */
export function promptsAtMost(step: StepTime, load: Load, most: number): number {
  const { requests, seconds } = atMost(step, { ...load, prompters: 0, rounds: 0 }, most);
  return requests / seconds;
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

/** Load of prompts, places and links at most: what comes faster than it can go is taken for a hair slower, since overload is told apart. */
export const NEVER_FULL = 0.98;

/** Turns after which the chance that nobody is found hardly moves. */
export const SETTLED = 30;

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

/** Load of prompts in several pieces at most: beyond, means of queues say more of their formula than of the run. */
const HEAVY = 0.9;

/**
 * What `looksOf` says where several prompts go side by side, each in a batch of its own that has no room for two: with the first one an iteration gets longer, with
 * others hardly. As many are under way as in M/D/c, c batches (Erlang 1917, Allen and Cunneen 1990).
 */
function sideBySide(step: StepTime, load: Load, n: number, rate: number, pieces: number): Looks {
  const parts = partsOf(step.setup);
  const whole = Math.min(fresh(load), roomFor(step, load, n));
  const plain = decoding(step, load, n);
  // Of several, one has a whole piece nearly always, and the others wait for it.
  const withPrompts = (prompts: number): number => {
    step.begin(n, n * meanContext(load), load.width);
    for (let k = 0; k < prompts; k++) step.chunk(k === 0 && prompts > 1 ? whole : fresh(load) / pieces, load.remembered + fresh(load) / 2, true);
    return step.seconds() + (prompts * load.loading) / pieces;
  };
  let chance = 0;
  let together = 1;
  let longer = plain;
  for (let k = 0; k < SETTLED; k++) {
    longer = plain + between(together, withPrompts) - withPrompts(0);
    const underWay = Math.min(HEAVY * parts, rate * pieces * longer);
    chance = busyChance(underWay, parts);
    together = Math.max(1, underWay / Math.max(chance, 1e-9));
  }
  const prompt = pieces * longer;
  const wait = waitingTime(Math.min(rate, (HEAVY * parts) / prompt), prompt, parts, 1, 0);
  return { mean: 1 / (chance / longer + (1 - chance) / plain), seen: chance * longer + (1 - chance) * plain, iterations: 1, decodes: 1, plain, prompt: prompt + wait, more: 0 };
}

/**
 * What it says of prompts that take several iterations, one after another: whole pieces, and a rest beside which the next one begins where it waits. M/D/1 (Pollaczek 1930,
 * Khinchine 1932).
 */
function oneByOne(step: StepTime, load: Load, n: number, rate: number, pieces: number): Looks {
  const room = roomFor(step, load, n);
  const plain = decoding(step, load, n);
  const whole = plain + prompting(step, load, n, 1, room);
  const lone = (pieces - 1) * whole + plain + prompting(step, load, n, 1, fresh(load) - (pieces - 1) * room);
  const share = fresh(load) / room;
  let busy = 0;
  for (let k = 0; k < SETTLED; k++) busy = (busy + Math.min(HEAVY, rate * (lone - busy * Math.max(0, lone - share * whole)))) / 2;
  const service = lone - busy * Math.max(0, lone - share * whole);
  const longer = service / (pieces - busy * (pieces - share));
  const wait = waitingTime(Math.min(rate, HEAVY / service), service, 1, 1, 0);
  return { mean: 1 / (busy / longer + (1 - busy) / plain), seen: busy * longer + (1 - busy) * plain, iterations: 1, decodes: 1, plain, prompt: lone + wait, more: 0 };
}

/**
 * Prompts come at a rate λ, and a look at the queue finds those of the interval W before it: N of them, Poisson with mean λW. If it finds any, they are worked
 * through together, and that is the next interval; if not, that is so many plain iterations. Where iterations are put together ahead, a look comes an iteration
 * early: the interval is the iteration under way, and the others of those many if nobody was found. Moments by balance (E[W′] = E[W], E[W′²] = E[W²]); the
 * chance that nobody is found as if prompts beyond the first took an exponential time.
 */
export function looksOf(step: StepTime, load: Load, n: number, rate: number): Looks {
  // Whose batch is empty looks at once.
  const looksEvery = Math.max(1, Math.min(load.looksEvery, load.rounds));
  const input = fresh(load);
  const plain = decoding(step, load, n);
  const room = roomFor(step, load, n);
  const pieces = load.chunked ? Math.ceil(input / room) : 1;
  if (partsOf(step.setup) > 1 && load.chunked && 2 * input > room) return sideBySide(step, load, n, rate, pieces);
  if (pieces > 1) return oneByOne(step, load, n, rate, pieces);
  const beside = load.chunked ? plain : 0;
  const prompt = beside + prompting(step, load, n, 1, input);
  // Between nothing and what it takes by itself, even where a second one takes an iteration out of the graphs recorded for few tokens, or goes to GPUs of its own.
  const more = Math.max(0, Math.min(prompt, another(step, load, n, room, prompt)));
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
  const prompts = 1 - none;
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

/** Mean batch while there is one, of a mean of n in all, when sequences come and go independently. */
export const whileBusy = (n: number, places: number): number => (n < 1e-6 ? 1 : n / busyChance(n, places));

/** Seconds from one token of an answer to the next with n requests in the batch where they come at a rate; and before them, of its prompt in the batch. */
export function stay(step: StepTime, load: Load, n: number, rate: number): { readonly perToken: number; readonly prompt: number } {
  if (load.prompters > 0) return { perToken: decoding(step, load, n), prompt: 0 };
  const { mean, seen, decodes, prompt, more } = looksOf(step, load, n, rate);
  return { perToken: mean / decodes, prompt: prompt + more * rate * seen };
}

/** Of n requests in a batch, how many decode: all but those whose prompts are worked on. */
export function decodingOf(step: StepTime, load: Load, n: number): number {
  return load.prompters > 0 ? n : (n * load.rounds) / (load.rounds + piecesOf(step, load, n));
}

/** Sequences in the batch on average where `rate` requests come per second to one replica; at most `most`. By halving intervals. */
export function batchFor(step: StepTime, load: Load, rate: number, most: number): number {
  const served = (n: number): number => {
    const { perToken, prompt } = stay(step, load, decodingOf(step, load, Math.min(most, whileBusy(n, most))), rate);
    return n / (prompt + load.rounds * perToken);
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
