/** What an event costs where everything is in use, beside the same components with nothing of it. */
import { cpuPerEvent } from './growth.ts';
import { emptyDesign, groupDistance, type Design, type DesignFault, type DesignGroup, type DesignNode } from '../../src/design/design.ts';
import { wire } from './workloads.ts';

/** CPU nanoseconds per event of the network (arrivals, ends of service, timers, messages), without and with all features. */
export interface Features {
  readonly noneNsPerEvent: number;
  readonly allNsPerEvent: number;
}

const constant = (mean: number) => ({ shape: 'constant', mean, cv: 0 });
const exponential = (mean: number) => ({ shape: 'exponential', mean, cv: 1 });
const replicas = ['a', 'b', 'c', 'd'];

/** Requests per second: services are busy 60–70 % of the time, before retries and hedges. */
const rate = 1000;

/** Priorities and tenants with weights; deadlines. */
const crowd = {
  requestClasses: [{ className: 'urgent', classShare: 1, classPriority: 5, classWithin: 0.2 }, { className: 'bulk', classShare: 3, classWithin: 2 }],
  requestTenants: [{ tenantName: 'large', tenantShare: 4, tenantWeight: 1 }, { tenantName: 'small', tenantShare: 1, tenantWeight: 2 }],
};

/** Timeouts that stop work, retries within a budget, hedges, a circuit breaker, loss. */
const guarded = { linkTimeout: 0.25, linkCancels: true, linkRetries: 2, retryBackoff: 0.02, retryBudget: 0.1, hedgeQuantile: 0.95, breakerShare: 0.5, linkLoss: 0.001 };

const zone = (id: string, y: number): DesignGroup => ({ id, label: id, x: 250, y, width: 300, height: 190, level: 'zone', ...groupDistance.zone });

const fault = (id: string, target: string, what: Pick<DesignFault, 'fault' | 'seconds' | 'amount' | 'every'>): DesignFault => ({ id, target, at: 5, inFlight: 'fail', repeat: 'random', ...what });

const faults = [
  fault('crash', 'a', { fault: 'crash', seconds: 1, amount: 0, every: 30 }),
  fault('slow', 'zone-2', { fault: 'slow', seconds: 2, amount: 2, every: 30 }),
  fault('loss', 'b-store', { fault: 'loss', seconds: 2, amount: 0.05, every: 20 }),
];

/** Users, a balancer, four services, and a store behind them. */
function design(all: boolean): Design {
  const node = (id: string, kind: string, x: number, y: number, params: Record<string, unknown>, used: Record<string, unknown> = {}): DesignNode => ({ id, kind, label: id, x, y, params: all ? { ...params, ...used } : params });
  const service = (id: string, x: number, y: number, serverCount: number): DesignNode =>
    node(id, 'service', x, y, { serverCount, serviceTime: exponential(0.005) }, { servingOrder: 'priority', sheddingRule: 'codel', codelTarget: 0.005, codelInterval: 0.02, serverStart: constant(1) });
  const nodes = [
    node('users', 'users', 0, 200, { arrivalRate: rate, inputTokens: constant(0), outputTokens: constant(0), requestBytes: constant(0) }, crowd),
    node('balancer', 'load-balancer', 100, 200, {}, { healthInterval: 1 }),
    ...replicas.map((id, k) => service(id, 300, k * 100, 2)),
    service('store', 700, 200, 8),
  ];
  const links = [wire('users', 'balancer'), ...replicas.flatMap((id) => [wire('balancer', id), wire(id, 'store')])];
  const long = { ...emptyDesign.run, seconds: 1e6 };
  if (!all) return { ...emptyDesign, run: long, nodes, links };
  const scaler = node('scaler', 'autoscaler', 100, 600, { scalingInterval: 5, scalingLeast: 2, scalingMost: 4, scalingDownPause: 30 });
  return {
    ...emptyDesign,
    run: long,
    nodes: [...nodes, scaler],
    links: [...links.map((l) => ({ ...l, params: { ...l.params, ...guarded } })), ...replicas.map((id) => wire('scaler', id))],
    groups: [zone('zone-1', 0), zone('zone-2', 200)],
    faults,
  };
}

/** Measures both, in a few seconds. */
export function features(): Features {
  return { noneNsPerEvent: cpuPerEvent(design(false), 1_500_000), allNsPerEvent: cpuPerEvent(design(true), 1_500_000) };
}
