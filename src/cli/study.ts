/** Replications on several processors: the command line's own threads, which run from the same file as itself. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { dispatch } from '../run/statistics/dispatch.ts';
import { byDesign, replicate, tasksOf, type Replication, type Study } from '../run/statistics/replication.ts';
import { readCount, type Words } from './words.ts';

/** Most replications of a design and most threads that can be asked for. */
const MOST_REPLICATIONS = 10_000;
const MOST_JOBS = 256;

/** The options of a command that runs replications. */
export const studyOptions = { replications: { type: 'string' }, jobs: { type: 'string' } } as const;

/** How many replications, or `otherwise` where nothing is said, and on how many threads (as many as there are processors). */
export function readStudy(words: Words, otherwise: number): { readonly count: number; readonly jobs: number } {
  const [count, jobs] = [words.text('replications'), words.text('jobs')];
  return {
    count: count === undefined ? otherwise : readCount('--replications', count, MOST_REPLICATIONS),
    jobs: jobs === undefined ? availableParallelism() : readCount('--jobs', jobs, MOST_JOBS),
  };
}

/** In a thread: does the tasks it is sent, one after another. */
export function serve(): void {
  const study = workerData as Study;
  parentPort!.on('message', (task: number) => parentPort!.postMessage(replicate(study, task)));
}

/** Runs a study on so many threads; the replications of each design in their order, the same for any number of threads. */
export async function runStudy(study: Study, jobs: number): Promise<Replication[][]> {
  const tasks = tasksOf(study);
  if (Math.min(jobs, tasks) === 1) return byDesign(study, await dispatch(tasks, [(task) => Promise.resolve(replicate(study, task))]));
  const threads = Array.from({ length: Math.min(jobs, tasks) }, () => new Worker(fileURLToPath(import.meta.url), { workerData: study }));
  try {
    return byDesign(study, await dispatch(tasks, threads.map((thread) => (task) => ask(thread, task))));
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

/** One task done by a thread; rejects where the thread fails. */
function ask(thread: Worker, task: number): Promise<Replication> {
  return new Promise((resolve, reject) => {
    thread.once('message', (answer: Replication) => {
      thread.off('error', reject);
      resolve(answer);
    });
    thread.once('error', reject);
    thread.postMessage(task);
  });
}
