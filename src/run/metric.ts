/** Reads one figure out of a result by its dotted path. */
import type { Result } from './result.ts';

/** What stands at `path`; undefined where nothing does. */
function find(result: Result, path: string): unknown {
  let at: unknown = result;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}

/** The number at `path` (e.g. `llm.ttft.p99`, `nodes.gpu.utilisation`), or null where the result has none. */
export function metric(result: Result, path: string): number | null {
  const found = find(result, path);
  return typeof found === 'number' && Number.isFinite(found) ? found : null;
}

/** Whether a result has a place for a number at `path`, be there one by now or not. */
export function hasFigure(result: Result, path: string): boolean {
  const found = find(result, path);
  return typeof found === 'number' || found === null;
}
