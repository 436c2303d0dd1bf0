/** Reads one figure out of a result by its dotted path. */
import type { Result } from './result.ts';

/** The number at `path` (e.g. `llm.ttft.p99`, `nodes.gpu.utilisation`), or null where the result has none. */
export function metric(result: Result, path: string): number | null {
  let at: unknown = result;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return null;
    at = (at as Record<string, unknown>)[step];
  }
  return typeof at === 'number' && Number.isFinite(at) ? at : null;
}
