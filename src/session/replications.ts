/** Replications in the page: a pool of workers of their own beside the one that plays, with progress, and a way to stop. Outside React. */
import * as Comlink from 'comlink';
import type { Design } from '../design/design.ts';
import type { Result } from '../run/result.ts';
import { bandsOf, type Bands } from '../run/statistics/bands.ts';
import { dispatch } from '../run/statistics/dispatch.ts';
import { merge } from '../run/statistics/merge.ts';
import { byDesign, tasksOf, type Replication, type ReplicationService, type Study } from '../run/statistics/replication.ts';
import { startWorker } from './engine.ts';

/** What the replications of one design say. */
export interface Replicated {
  readonly design: Design;
  /** All of them together, with intervals. */
  readonly result: Result;
  /** Each by itself, in the order of their seeds; two designs are compared by these (`compare`). */
  readonly results: readonly Result[];
  readonly bands: Bands;
}

/** How far a study is: whole replications of all designs, and the share of the work. */
export interface Progress {
  readonly done: number;
  readonly of: number;
  readonly share: number;
}

/** A study under way. */
export interface Replicating {
  /** One answer for each design; null where it was cancelled. Rejects with a sentence where a worker failed. Does not depend on how many workers there were. */
  readonly answer: Promise<readonly Replicated[] | null>;
  /** Ends its workers at once. */
  cancel(): void;
}

/** Workers at most: more than the page can feed help nobody, and the one that plays needs room. */
const MOST_WORKERS = 4;

/** How many workers this machine has processors for. */
const workersHere = (): number => Math.min(navigator.hardwareConcurrency || 2, MOST_WORKERS);

/** Starts the replications of a study. `start` and `most` are replaced in tests. */
export function startReplications(study: Study, onProgress: (progress: Progress) => void = () => {}, start: () => Worker = startWorker, most = workersHere()): Replicating {
  const of = tasksOf(study);
  const shares = new Float64Array(of);
  let done = 0;
  const tell = (): void => onProgress({ done, of, share: shares.reduce((a, b) => a + b, 0) / Math.max(1, of) });
  const workers = Array.from({ length: Math.min(most, of) }, start);
  let cancel = (): void => {};
  const cancelled = new Promise<null>((resolve) => (cancel = () => resolve(null)));
  const hands = workers.map((worker) => handOf(worker, study, (task, share) => {
    shares[task] = share;
    tell();
  }));
  const work = dispatch(of, hands, (count) => {
    done = count;
    tell();
  });
  const answer = Promise.race([work.then((all) => byDesign(study, all).map((own, d) => replicated(study.designs[d]!, own))), cancelled]).finally(() => workers.forEach((worker) => worker.terminate()));
  return { answer, cancel };
}

const replicated = (design: Design, all: readonly Replication[]): Replicated => ({
  design,
  result: merge(design, all),
  results: all.map(({ result }) => result),
  bands: bandsOf(all.map(({ charts }) => charts)),
});

/** Does tasks in a worker; every task settles, also when the worker dies. */
function handOf(worker: Worker, study: Study, tell: (task: number, share: number) => void): (task: number) => Promise<Replication> {
  const door = Comlink.wrap<ReplicationService>(worker);
  const lost = new Promise<never>((_, reject) => {
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      reject(new Error(event.message ? `A replication failed: ${event.message}` : 'The replications could not be started.'));
    });
    worker.addEventListener('messageerror', () => reject(new Error('A replication sent something unreadable.')));
  });
  // A worker may die while it has nothing to do; whoever asks next hears of it.
  lost.catch(() => undefined);
  const ready = Promise.resolve(door.prepare(study));
  return async (task) => {
    await Promise.race([ready, lost]);
    const answer = await Promise.race([door.replicate(task, Comlink.proxy((share: number) => tell(task, share))), lost]);
    tell(task, 1);
    return answer;
  };
}
