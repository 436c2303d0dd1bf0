/** The estimate by hand: memory, batch, iteration time and capacity of a pool, from the same physics that the run uses. */
import { exp } from '../../engine/math.ts';
import type { EstimateRow, Flow, Wall } from '../../kit/kind.ts';
import type { PoolValues } from './params.ts';
import { cacheTokens, gpusOf, StepTime, weightsOf } from './physics.ts';
import { priceOf, setupOf } from './setup.ts';

/** Mean lengths, at least one token each, and what limits the batch. */
interface Load {
  readonly input: number;
  readonly output: number;
  readonly budget: number;
  readonly chunked: boolean;
}

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
  const plain = step.decoding(n, meanContext(load));
  if (!load.chunked) return plain + (n / load.output) * step.prompting(load.input);
  const chunk = Math.max(1, Math.min(load.input, Math.floor((load.budget - n) / step.setup.attentionGroups!)));
  step.begin(n, n * meanContext(load));
  step.chunk(chunk, (load.input - chunk) / 2, true);
  return plain + Math.min(1, ((n / load.output) * load.input) / chunk) * (step.seconds() - plain);
}

/** Mean batch while there is one, of a mean of n in all, when sequences come and go independently (a Poisson number). */
const whileBusy = (n: number): number => (n < 1e-6 ? 1 : n / (1 - exp(-n)));

/** Sequences that decode on average where `rate` requests come per second to one replica; at most `most`. By halving intervals. */
function batchFor(step: StepTime, load: Load, rate: number, most: number): number {
  const served = (n: number): number => n / (load.output * iteration(step, load, Math.min(most, whileBusy(n))));
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
  const budget = load.chunked ? load.budget / (1 + load.input / load.output) : Infinity;
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
  step.begin(n, n * meanContext(load));
  const bandwidth = step.bytes() / (gpu.bandwidth * gpus);
  step.chunk(Math.max(1, Math.round((n * load.input) / load.output)), load.input / 2, true);
  const compute = step.flops() / (gpu.peak16 * gpus);
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
  const load = { input: Math.max(1, Math.round(flow.inputTokens)), output: Math.max(1, Math.round(flow.outputTokens)), budget: v.iterationTokens * setup.attentionGroups!, chunked: v.engineScheduling === 'chunked' };
  const room = cacheTokens(setup, v.memoryShare);
  if (room < load.input + load.output) return tooLarge(v, weights);
  return [...memoryRows(v, weights, room, load), ...speedRows(v, flow, load, room)];
}

function memoryRows(v: PoolValues, weights: number, room: number, load: Load): EstimateRow[] {
  return [
    { label: 'weights per GPU', value: weights, unit: 'bytes', formula: 'parameters × bytes ÷ GPUs; embedding and output at 16 bit', source: 'arithmetic' },
    { label: 'KV room per replica', value: room, unit: 'tokens', formula: '(memory × share − weights − 2.5 GB) ÷ KV bytes per token', source: 'arithmetic; reserve after vLLM’s own reports' },
    { label: 'sequences that fit', value: Math.floor(room / meanContext(load)), unit: 'count', formula: 'KV room ÷ (input + output ÷ 2)', source: 'arithmetic', assumes: `all of mean length; at most ${v.sequenceLimit} run` },
  ];
}

function speedRows(v: PoolValues, flow: Flow, load: Load, room: number): EstimateRow[] {
  const step = new StepTime(setupOf(v));
  const bound = bounds(step, load, v, room / meanContext(load));
  const { most } = bound;
  const each = flow.rate / v.poolReplicas;
  const capacity = (v.poolReplicas * most) / iteration(step, load, most);
  const batch = batchFor(step, load, each, most);
  const busy = whileBusy(batch);
  const time = iteration(step, load, Math.min(most, busy));
  const first = alone(step, load);
  const served = Math.min(flow.rate, capacity / load.output);
  const tokens = served * (load.input + load.output);
  const source = 'roofline with fitted shares (see constants)';
  const assumes = 'mean lengths, Poisson arrivals shared evenly, no prefix hits, and time to serve what comes';
  return [
    { label: 'first token, nobody else', value: first, unit: 'seconds', formula: 'matrix products at sustained rate + attention + overheads', source, measure: 'firstToken', assumes: 'the mean prompt, and no iteration to wait for' },
    { label: 'iteration', value: time, unit: 'seconds', formula: 'weights ÷ bandwidth ⊕ FLOP ÷ rate + KV read + overheads + share of prompts', source, measure: 'stepTime', assumes },
    { label: 'batch while busy', value: busy, unit: 'count', formula: 'n with n ÷ (output × iteration) = rate; n ÷ (1 − e⁻ⁿ)', source: 'Little 1961; M/G/∞', measure: 'batch', assumes },
    { label: 'utilisation', value: Math.min(1, 1 - exp(-batch)), unit: 'share', formula: '1 − e⁻ⁿ', source: 'M/G/∞', measure: 'utilisation', assumes },
    { label: 'in flight', value: v.poolReplicas * batch + served * first, unit: 'requests', formula: 'rate × (first token + output × iteration)', source: 'Little 1961', measure: 'inFlight', assumes },
    { label: 'KV in use', value: Math.min(1, (batch * meanContext(load)) / room), unit: 'share', formula: 'sequences × (input + output ÷ 2) ÷ KV room', source: 'Little 1961', measure: 'cacheUse', assumes },
    { label: 'tokens out', value: served * load.output, unit: 'tokens/second', formula: 'min(rate × output, capacity)', source: 'flow balance', measure: 'tokensOut', assumes: 'the mean rate; lengths as told' },
    { label: 'capacity', value: capacity, unit: 'tokens/second', formula: `replicas × n ÷ iteration with n sequences, the ${most.toLocaleString('en')} ${bound.because}`, source, assumes, wall: bound.wall },
    { label: 'price of tokens', value: tokens > 0 ? priceOf(v).usdPerHour / 3600 / (tokens / 1e6) : 0, unit: 'usd/million tokens', formula: 'price ÷ tokens in and out', source: priceOf(v).source, assumes: 'at the load offered; idle time is paid too' },
  ];
}
