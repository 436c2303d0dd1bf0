/** How the cost of an event grows with the size of a design and with the number of pending events. */
import { Simulation } from '../../src/run/simulation.ts';
import { emptyDesign, type Design } from '../../src/design/design.ts';
import { wire } from './workloads.ts';

/** Cost of an event in the large case over that in the small one. */
export interface Growth {
  readonly nodes: number;
  readonly byNodes: number;
  readonly byPending: number;
}

const constant = (mean: number) => ({ shape: 'constant', mean, cv: 0 });
const node = (id: string, kind: string, params: Record<string, unknown>) => ({ id, kind, label: id, x: 0, y: 0, params });

/** A far horizon: notes for the charts are taken by simulated time, and are not what is measured here. */
const long = { ...emptyDesign.run, seconds: 1e6 };

/** Many sources, each with a service of its own, together `rate` requests per second. */
function pairs(count: number, rate: number): Design {
  const ids = Array.from({ length: count }, (_, i) => String(i).padStart(5, '0'));
  const users = ids.map((i) => node(`u${i}`, 'users', { arrivalRate: rate / count, inputTokens: constant(0), outputTokens: constant(0), requestBytes: constant(0) }));
  const services = ids.map((i) => node(`v${i}`, 'service', { serverCount: 1, serviceTime: { shape: 'exponential', mean: (0.7 * count) / rate, cv: 1 } }));
  return { ...emptyDesign, run: long, nodes: [...users, ...services], links: ids.map((i) => wire(`u${i}`, `v${i}`)) };
}

/** One source and a service with so many servers that about `pending` are busy. */
function wide(pending: number): Design {
  const users = node('u', 'users', { arrivalRate: 1000, inputTokens: constant(0), outputTokens: constant(0), requestBytes: constant(0) });
  const service = node('v', 'service', { serverCount: 1_000_000, serviceTime: { shape: 'exponential', mean: pending / 1000, cv: 1 } });
  return { ...emptyDesign, run: long, nodes: [users, service], links: [wire('u', 'v')] };
}

/** CPU nanoseconds per event of a design, over `events` events after as many to warm up. */
export function cpuPerEvent(design: Design, events: number): number {
  const sim = new Simulation(design);
  sim.runTo(1e9, events);
  const before = sim.board.net.events;
  const from = process.cpuUsage();
  sim.runTo(1e9, events);
  const used = process.cpuUsage(from);
  return ((used.user + used.system) * 1000) / (sim.board.net.events - before);
}

/** Measures both, in a few seconds. */
export function growth(): Growth {
  const nodes = 10_000;
  const small = cpuPerEvent(pairs(5, 1000), 1_000_000);
  const few = cpuPerEvent(wide(100), 1_000_000);
  return { nodes, byNodes: cpuPerEvent(pairs(nodes / 2, 1000), 1_000_000) / small, byPending: cpuPerEvent(wide(100_000), 1_500_000) / few };
}
