/** CPU time of the workers of a browser that this process has started, from Linux's books: what a shared machine left them can so be told from what they made of it. */
import { readdirSync, readFileSync } from 'node:fs';

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // A process may end while one looks.
  }
};

const numbersIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
};

/** This process and all that it, or one of those, has started. */
function family(): ReadonlySet<string> {
  const parents = new Map(numbersIn('/proc').map((id) => [id, /^PPid:\s+(\d+)/m.exec(read(`/proc/${id}/status`))?.[1]]));
  const all = new Set([String(process.pid)]);
  for (let before = 0; before < all.size; ) {
    before = all.size;
    for (const [id, parent] of parents) if (parent !== undefined && all.has(parent)) all.add(id);
  }
  return all;
}

/** CPU seconds of all workers together so far; NaN where there are no such books. */
export function workerCpuSeconds(): number {
  const threads = [...family()].flatMap((id) => numbersIn(`/proc/${id}/task`).map((thread) => `/proc/${id}/task/${thread}`));
  const workers = threads.filter((thread) => read(`${thread}/comm`).startsWith('DedicatedWorker'));
  return workers.length === 0 ? NaN : workers.reduce((sum, thread) => sum + Number(read(`${thread}/schedstat`).split(' ')[0]) / 1e9, 0);
}
