/** What features cost that a design does not use: W1–W4 as they are, beside the same with features spelled out that never come to act. */
import type { Design } from '../../src/design/design.ts';
import { Simulation } from '../../src/run/simulation.ts';
import { workloads, type Workload } from './workloads.ts';

/** CPU time of one workload, as a multiple of the bare one. */
export interface Idle {
  readonly id: string;
  /** A crash and a cut wire planned for after the end; every wire's timeout, retries, hedge, breaker, loss spelled out as none; a listener to requests absent, as ever. */
  readonly off: number;
  /** Besides, every wire would try a failed call again, and none fails. */
  readonly watching: number;
}

const none = { linkTimeout: 0, linkCancels: false, linkRetries: 0, retryBudget: 0, hedgeDelay: 0, hedgeQuantile: 0, breakerShare: 0, linkLoss: 0, linkOnly: '', linkWeight: 1 };

/** The same design with its features spelled out and the faults that never strike. */
function spelled(design: Design, wires: Readonly<Record<string, unknown>>): Design {
  const later = { at: design.run.seconds * 2, seconds: 1, amount: 0, inFlight: 'fail', repeat: 'once', every: 0 } as const;
  return {
    ...design,
    links: design.links.map((link) => ({ ...link, params: { ...link.params, ...none, ...wires } })),
    faults: [
      { id: 'crash', target: design.nodes.at(-1)!.id, fault: 'crash', ...later },
      { id: 'cut', target: design.links[0]!.id, fault: 'partition', ...later },
    ],
  };
}

function cpu(design: Design, seconds: number): number {
  const sim = new Simulation(design);
  const from = process.cpuUsage();
  sim.runTo(seconds);
  const spent = process.cpuUsage(from);
  return spent.user + spent.system;
}

/** The best of so many runs each, taken in turn: what else the machine does meets all of them. */
const ROUNDS = 5;

function ratios({ id, design, customers, rate }: Workload): Idle {
  const seconds = (0.1 * customers) / rate;
  const variants = [design, spelled(design, {}), spelled(design, { linkRetries: 3 })];
  const best = variants.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) variants.forEach((variant, k) => (best[k] = Math.min(best[k]!, cpu(variant, seconds))));
  return { id, off: best[1]! / best[0]!, watching: best[2]! / best[0]! };
}

/** Measures W1–W4, in about six seconds. */
export function idle(): readonly Idle[] {
  return workloads.map(ratios);
}
