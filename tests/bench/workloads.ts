/** The yardstick workloads W1–W4 as designs made of the same kinds that a person drags onto the board. */
import { emptyDesign, type Design, type DesignLink, type DesignNode } from '../../src/design/design.ts';

/** One workload: its design, how many customers it is measured over, and canonical events per customer. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  readonly design: Design;
  readonly customers: number;
  readonly eventsPerCustomer: number;
  /** Mean sojourn time by theory, where there is a formula; for a sanity check beside the speed. */
  readonly rate: number;
}

const node = (id: string, kind: string, params: Record<string, unknown>): DesignNode => ({ id, kind, label: id, x: 0, y: 0, params });

/** A wire that takes no time. */
export const wire = (from: string, to: string): DesignLink => ({ id: `${from}-${to}`, from, to, params: { linkLatency: { shape: 'constant', mean: 0, cv: 0 } } });

const constant = (mean: number) => ({ shape: 'constant', mean, cv: 0 });

const source = (rate: number): DesignNode =>
  node('users', 'users', { arrivalRate: rate, inputTokens: constant(0), outputTokens: constant(0), requestBytes: constant(0), itemCount: constant(1) });

const station = (id: string, servers: number, serviceTime: unknown = { shape: 'exponential', mean: 1, cv: 1 }): DesignNode =>
  node(id, 'service', { serverCount: servers, serviceTime, waitingRoom: 10_000_000 });

function design(name: string, rate: number, customers: number, nodes: readonly DesignNode[], links: readonly DesignLink[]): Design {
  return { ...emptyDesign, name, nodes: [source(rate), ...nodes], links, run: { ...emptyDesign.run, seconds: customers / rate } };
}

const pad = (i: number): string => String(i).padStart(2, '0');

function tandem(): Design {
  const ids = Array.from({ length: 10 }, (_, i) => `s${pad(i)}`);
  return design('W3', 0.9, 200_000, ids.map((id) => station(id, 1)), ids.map((id, i) => wire(i === 0 ? 'users' : ids[i - 1]!, id)));
}

function shortestQueue(): Design {
  const ids = Array.from({ length: 64 }, (_, i) => `s${pad(i)}`);
  const balancer = node('balancer', 'load-balancer', { balancing: 'least outstanding' });
  return design('W4', 57.6, 1_000_000, [balancer, ...ids.map((id) => station(id, 1, { shape: 'lognormal', mean: 1, cv: 1 }))], [wire('users', 'balancer'), ...ids.map((id) => wire('balancer', id))]);
}

/** W1 M/M/1, W2 M/M/8, W3 ten M/M/1 in tandem, W4 join the shortest of 64 queues; all at utilisation 0.9. */
export const workloads: readonly Workload[] = [
  { id: 'w1', title: 'M/M/1', design: design('W1', 0.9, 2_000_000, [station('s', 1)], [wire('users', 's')]), customers: 2_000_000, eventsPerCustomer: 2, rate: 0.9 },
  { id: 'w2', title: 'M/M/8', design: design('W2', 7.2, 2_000_000, [station('s', 8)], [wire('users', 's')]), customers: 2_000_000, eventsPerCustomer: 2, rate: 7.2 },
  { id: 'w3', title: 'ten M/M/1 in tandem', design: tandem(), customers: 200_000, eventsPerCustomer: 11, rate: 0.9 },
  { id: 'w4', title: 'join the shortest of 64', design: shortestQueue(), customers: 1_000_000, eventsPerCustomer: 2, rate: 57.6 },
];

/** A board of `count` components in rows, all with live figures: for measuring the page. */
export function crowd(count: number): Design {
  const rows = Math.ceil(count / 10);
  const nodes: DesignNode[] = [];
  const links: DesignLink[] = [];
  for (let row = 0; row < rows; row++) {
    const at = (i: number, n: DesignNode): DesignNode => ({ ...n, x: i * 260, y: row * 190 });
    const first = `users-${pad(row)}`;
    nodes.push(at(0, { ...source(20), id: first, label: first }));
    let last = first;
    for (let i = 1; i < 10 && nodes.length < count; i++) {
      const id = `s-${pad(row)}-${i}`;
      nodes.push(at(i, node(id, 'service', { serverCount: 4, serviceTime: { shape: 'exponential', mean: 0.15, cv: 1 } })));
      links.push(wire(last, id));
      last = id;
    }
  }
  return { ...emptyDesign, name: `${count} components`, nodes, links };
}
