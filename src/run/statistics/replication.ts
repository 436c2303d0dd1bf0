/** One independent replication of a design, as plain data that a worker can send. */
import type { Design } from '../../design/design.ts';
import { countsOf } from '../../engine/histogram.ts';
import type { Trace } from '../../engine/trace.ts';
import { chartsOf } from '../frames.ts';
import type { Charts } from '../protocol.ts';
import { Simulation } from '../simulation.ts';
import type { Distributions, Replica, Times } from '../summary.ts';

/**
 * Designs to be run `count` times each. Replication k has the same seed in every design that has the same seed itself, so the same chances befall them all (common
 * random numbers), and their differences vary less than they do.
 */
export interface Study {
  readonly designs: readonly Design[];
  readonly traces: Readonly<Record<string, Trace>>;
  readonly count: number;
  /** Columns of the recorded charts; 0 for none. */
  readonly points: number;
}

/** What one replication gave; its charts have no columns where none were asked for. */
export interface Replication extends Replica {
  readonly charts: Charts;
}

/**
 * Seed of replication k = 0, 1, 2 … of a design: the design's own, then on by the golden ratio of 2³², the step of SplitMix (Steele, Lea and Flood 2014). No two of
 * 2³² are alike; streams hash their seed with their name, so neighbours have nothing in common.
 */
export const replicationSeed = (seed: number, k: number): number => (seed + Math.imul(k, 0x9e3779b9)) >>> 0;

/** Events between words about the progress. */
const STRETCH = 500_000;

const each = <T>(all: Readonly<Record<string, T>>, copied: (one: T) => T): Record<string, T> => Object.fromEntries(Object.entries(all).map(([name, one]) => [name, copied(one)]));

const times = ({ latency, first, perOutput }: Times): Times => ({ latency: countsOf(latency), first: countsOf(first), perOutput: countsOf(perOutput) });

const copy = (seen: Distributions): Distributions => ({
  ...times(seen),
  classes: each(seen.classes, times),
  tenants: each(seen.tenants, times),
  nodes: each(seen.nodes, countsOf),
});

/** How many replications a study has in all. */
export const tasksOf = ({ designs, count }: Study): number => designs.length * count;

/** Runs one task of a study: replication ⌊task / designs⌋ of design task mod designs. `tell` hears now and then which share of it is done. */
export function replicate({ designs, traces, points }: Study, task: number, tell: (share: number) => void = () => {}): Replication {
  const design = designs[task % designs.length]!;
  const { seed, seconds } = design.run;
  const simulation = new Simulation(design, { traces, seed: replicationSeed(seed, Math.floor(task / designs.length)) });
  while (!simulation.runTo(seconds, STRETCH)) tell(simulation.now / seconds);
  const { result, seen } = simulation.replica();
  const charts: Charts = points > 0 ? chartsOf(simulation, points) : { times: new Float64Array(0), series: [], marks: [], episodes: [], warmup: result.warmup.seconds };
  return { result, seen: copy(seen), charts };
}

/** The answers of a study's tasks, by design. */
export const byDesign = <T>({ designs }: Study, answers: readonly T[]): T[][] => designs.map((_, d) => answers.filter((_, task) => task % designs.length === d));

/** What a worker offers: it is given a study once, and then its tasks one at a time. */
export interface ReplicationService {
  prepare(study: Study): void;
  replicate(task: number, tell: (share: number) => void): Replication;
}

/** A service without a study yet. */
export function createReplicationService(): ReplicationService {
  let current: Study | null = null;
  return {
    prepare: (study) => void (current = study),
    replicate(task, tell) {
      if (current === null) throw new Error('No study has been given yet.');
      return replicate(current, task, tell);
    },
  };
}
