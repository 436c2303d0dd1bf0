/** Sketches designs for tests in few words, and runs them. */
import { emptyDesign, type Design, type DesignLink, type DesignNode } from '../src/design/design.ts';
import { outcomes } from '../src/engine/reasons.ts';
import type { Result } from '../src/run/result.ts';
import { Simulation, type Options } from '../src/run/simulation.ts';

/** Random quantities as parameters hold them. */
export const constant = (mean: number) => ({ shape: 'constant', mean, cv: 0 });
export const exponential = (mean: number) => ({ shape: 'exponential', mean, cv: 1 });
export const gamma = (mean: number, scv: number) => ({ shape: 'gamma', mean, cv: Math.sqrt(scv) });

/** A component. */
export const node = (id: string, kind: string, params: Record<string, unknown> = {}): DesignNode => ({ id, kind, label: id, x: 0, y: 0, params });

/** A wire that takes no time. */
export const wire = (from: string, to: string, params: Record<string, unknown> = {}): DesignLink => ({ id: `${from}-${to}`, from, to, params: { linkLatency: constant(0), ...params } });

/** Wires along a path of components. */
export const path = (...ids: string[]): DesignLink[] => ids.slice(1).map((id, i) => wire(ids[i]!, id));

/** People who ask `arrivalRate` times a second for nothing in particular. */
export const people = (arrivalRate: number, params: Record<string, unknown> = {}): DesignNode =>
  node('users', 'users', { arrivalRate, inputTokens: constant(0), outputTokens: constant(0), requestBytes: constant(0), ...params });

/** Servers with a queue that nothing ever overflows. */
export const station = (id: string, serverCount: number, serviceTime: unknown = exponential(1), params: Record<string, unknown> = {}): DesignNode =>
  node(id, 'service', { serverCount, serviceTime, waitingRoom: 100_000_000, ...params });

/** A design of these components and wires, run for so many seconds. */
export const sketch = (nodes: readonly DesignNode[], links: readonly DesignLink[], seconds = 100, warmupSeconds = 0): Design => ({
  ...emptyDesign,
  name: 'sketch',
  nodes,
  links,
  run: { ...emptyDesign.run, seconds, warmupSeconds },
});

/** The same design with some parameters of one component changed. */
export const tuned = (design: Design, id: string, params: Record<string, unknown>): Design => ({
  ...design,
  nodes: design.nodes.map((n) => (n.id === id ? { ...n, params: { ...n.params, ...params } } : n)),
});

/** Runs a design to its end. */
export function ran(design: Design, options: Options = {}): Simulation {
  const simulation = new Simulation(design, options);
  simulation.runTo(design.run.seconds);
  return simulation;
}

/** The result of a design run to its end. */
export const result = (design: Design, options: Options = {}): Result => ran(design, options).result();

/** Every way in which the books of a simulation do not balance, in words; empty when they do. */
export function imbalances({ board }: Simulation): string[] {
  const wrong: string[] = [];
  for (const { id, node: one } of board.nodes.values()) {
    board.net.ledger.classes.forEach((_, cls) => {
      const arrived = one.arrivedOf(cls);
      const ended = one.ended.slice(cls * outcomes.length, (cls + 1) * outcomes.length).reduce((a, b) => a + b, 0);
      if (ended > arrived) wrong.push(`${id}: class ${cls} ended ${ended} of ${arrived}`);
    });
    const ended = one.ended.reduce((a, b) => a + b, 0);
    if (one.arrivedTotal() !== ended + one.inFlight) wrong.push(`${id}: ${one.arrivedTotal()} arrived, ${ended} ended, ${one.inFlight} in flight`);
    if (one.latency.count !== one.endedAs(0)) wrong.push(`${id}: ${one.latency.count} latencies of ${one.endedAs(0)} answers`);
  }
  return wrong;
}

/** By what share a figure differs from what it should be. */
export const off = (value: number | null | undefined, should: number): number => Math.abs((value ?? NaN) / should - 1);
