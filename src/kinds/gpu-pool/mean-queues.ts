/** Mean times where requests wait for one another whole: replicas that only do prompts, and static batches. */
import { exp, pow } from '../../engine/math.ts';
import { erlangC } from '../../kit/queueing.ts';
import { batchSeconds, decoding, NEVER_FULL, padded, promptsSeconds, SETTLED, type Load } from './mean-times.ts';
import type { StepTime } from './physics.ts';

/** Batches of whoever came during the one before, or of the first to come after: mean seconds of one, the mean that a moment sees, E[W²] ÷ E[W], how many it sees in it, and the share of the time in which there is one. */
interface Bulk {
  readonly mean: number;
  readonly seen: number;
  readonly batch: number;
  readonly busy: number;
}

/**
 * A batch of N takes found + more × N, and N is Poisson with mean λW of the one before, W its seconds, or 1 where nobody came. Moments by balance, E[W′] = E[W] and
 * E[W′²] = E[W²]; the chance that nobody came as if what is beyond the first took an exponential time. With found = 0 it is M/D/1 (Pollaczek 1930, Khinchine 1932).
 */
function bulk(found: number, more: number, rate: number): Bulk {
  const growth = Math.min(NEVER_FULL, rate * more);
  let nobody = 1;
  let mean = found + more;
  for (let k = 0; k < SETTLED; k++) {
    mean = (found + more * nobody) / (1 - growth);
    nobody = (nobody + exp(-rate * (found + more)) / (1 + rate * Math.max(0, mean - found - more))) / 2;
  }
  const come = rate * mean + nobody;
  const squares = (found * found + 2 * found * more * come + more * more * come) / (1 - growth * growth);
  const batch = (found * come + more * (come + rate * rate * squares)) / mean;
  return { mean, seen: squares / mean, batch, busy: Math.min(NEVER_FULL, (rate * mean) / come) };
}

/** Of requests that only ask for their first token: mean seconds to it, share of the time in which a replica works, how many it then works on, and mean seconds until those are done. */
export interface Queued {
  readonly firstToken: number;
  readonly busy: number;
  readonly batch: number;
  readonly mean: number;
}

/**
 * Those of `replicas` that only do prompts: one alone takes `prompt` seconds, each further one of a batch `more`, `side` of them at once. Among several replicas the
 * wait is shorter as it is in M/M/c (Erlang 1917), or by the evenness of turns.
 */
export function queued(prompt: number, more: number, side: number, rate: number, replicas: number, turns: boolean): Queued {
  const each = Math.min(rate / replicas, NEVER_FULL / more);
  const { mean, seen, batch, busy } = bulk(prompt - more, more, each);
  const others = each * seen;
  const turn = Math.min(others, others / 2 + (side - 1) / 2);
  const many = turns ? busy / replicas : erlangC(replicas, replicas * busy) / replicas;
  return { firstToken: prompt + many * (seen / 2 + more * turn), busy, batch: Math.min(side, batch), mean };
}

/** Static batches: mean seconds to the first token, between tokens and of an iteration, sequences in a batch, and the share of the time in which there is one. */
export interface Batches extends Omit<Queued, 'mean'> {
  readonly perToken: number;
  readonly iteration: number;
  /** Sequences that one of them sees decode in its batch, itself included. */
  readonly decoding: number;
}

/** Of batches that take nobody in once they run, and wait `gather` seconds for company before, or until they are `most`. */
export function batches(step: StepTime, load: Load, rate: number, most: number, replicas: number, turns: boolean): Batches {
  const prompts = (n: number): number => promptsSeconds(step, padded(load, n), n);
  const seconds = (n: number): number => batchSeconds(step, load, n);
  const told = (n: number, batch: number, firstToken: number, busy: number): Batches => {
    const longest = padded(load, n);
    return { firstToken, busy, perToken: decoding(step, longest, n), iteration: seconds(n) / (longest.rounds + 1), batch, decoding: load.rounds > 0 ? n : 0 };
  };
  const company = Math.min(most, 1 + rate * load.gather);
  if (seconds(company) < load.gather) {
    const first = most > 1 ? Math.min(load.gather, (most - 1) / rate) : 0;
    return told(company, company, (first + ((company - 1) * first) / 2) / company + prompts(company), (seconds(company) * rate) / company);
  }
  const alone = seconds(1);
  let n = 1;
  let found: Bulk = { mean: alone, seen: alone, batch: 1, busy: 0 };
  for (let k = 0; k < SETTLED; k++) {
    const several = Math.min(most, Math.max(2, n));
    const more = several > 1 ? Math.min(alone, Math.max(0, (seconds(several) - alone) / (several - 1))) : 0;
    found = bulk(alone - more, more, rate);
    n = (n + Math.min(most, 1 + found.busy * rate * found.seen)) / 2;
  }
  // Where a batch does not take all, its others wait for the next: as many as are left over at a load of that share of all places.
  const share = Math.min(NEVER_FULL, (rate * seconds(most)) / most);
  const busy = Math.max(found.busy, share);
  // Where there is a choice, whoever comes waits only if all replicas are at a batch.
  const waits = turns ? busy : erlangC(replicas, replicas * busy);
  return told(n, Math.min(most, found.batch), prompts(n) + (waits * found.seen) / 2 / (1 - pow(share, most)), busy);
}
