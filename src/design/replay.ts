/** A design that replays a recorded trace: its first source of traffic takes its requests from there. */
import type { Trace } from '../engine/trace.ts';
import { catalogue, type Catalogue } from './catalogue.ts';
import type { Design } from './design.ts';
import { slimParams } from './params.ts';

/** Seconds a run goes on after the last recorded request, so that its answers are seen as well. */
export const afterLastRequest = 60;

/** The name by which parameters know the trace in a file: the file's own, without folder and extension, at most 80 characters. */
export function traceName(file: string): string {
  return file.replace(/^.*[\\/]/, '').replace(/\.[^.]*$/, '').slice(0, 80) || 'trace';
}

/**
 * The design with its first source set to replay the trace, and run until a minute after the last request. A design without a
 * source that can replay comes back as it is.
 */
export function withTrace(design: Design, trace: Trace, book: Catalogue = catalogue): Design {
  const source = design.nodes.find((node) => book.kindOf(node.kind)?.replays !== undefined);
  const kind = source && book.kindOf(source.kind);
  if (!kind) return design;
  const params = slimParams(kind, { ...source.params, ...kind.replays?.(trace.name) });
  const seconds = (trace.arrival.at(-1) ?? 0) + afterLastRequest;
  return { ...design, nodes: design.nodes.map((node) => (node === source ? { ...node, params } : node)), run: { ...design.run, seconds } };
}
