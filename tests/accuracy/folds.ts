/**
 * What the physics is worth where it was not fitted: all cases of a model, a GPU or a degree of tensor parallelism are left out, the constants fitted anew to
 * the rest from a start that knows nothing of them, and the cases left out compared.
 */
import { group } from 'd3-array';
import type { Case } from './cases.ts';
import { errorsOf } from './runs.ts';
import { fittedTo, type Measurements } from './stages.ts';
import { looked, type Table } from './table.ts';

/** How the cases are divided. */
export const divisions = {
  model: (c: Case) => c.model,
  GPU: (c: Case) => c.gpu,
  'tensor parallelism': (c: Case) => `TP ${c.setup.tp}`,
} as const;

/** One group left out, and the errors there. */
export interface Fold {
  readonly division: string;
  readonly left: string;
  readonly cases: number;
  readonly tpot: readonly number[];
  readonly ttft: readonly number[];
  readonly throughput: readonly number[];
}

/** Cases that a fold is fitted to: of each model under each software on each generation so many, spread evenly, so that those measured rarely are not lost. */
const thinned = (cases: readonly Case[], most: number): readonly Case[] => {
  const groups = group(cases, (c) => `${c.software} ${c.setup.gpu.generation} ${c.model}`);
  return [...groups.values()].flatMap((alike) => {
    const step = Math.ceil(alike.length / most);
    return alike.filter((_, i) => i % step === 0);
  });
};

/** Cases of a group, and rounds for each size of outliers, that a fold’s fit makes do with: a start that knows nothing is a dozen of them away. */
const MOST = 8;
const ROUNDS = 2;

/** Leaves out one group after another, of those with at least ten cases; `told` hears of each. */
export function folds(m: Measurements, start: Table, told: (fold: Fold) => void): Fold[] {
  const out: Fold[] = [];
  const timed = fittedTo({ ...m, cases: [], replays: [] }, start, undefined, ROUNDS);
  for (const [division, of] of Object.entries(divisions)) {
    for (const left of new Set(m.cases.map(of))) {
      const held = m.cases.filter((c) => of(c) === left);
      if (held.length < 10) continue;
      const table = fittedTo({ kernels: [], replays: [], cases: thinned(m.cases.filter((c) => of(c) !== left), MOST) }, timed, undefined, ROUNDS);
      const errors = held.map((c) => errorsOf(c, looked(table, c.software, c.setup.gpu.generation)));
      const figure = (name: 'tpot' | 'ttft' | 'throughput'): number[] => errors.flatMap((e) => (e[name] === undefined ? [] : [e[name]!]));
      const fold = { division, left, cases: held.length, tpot: figure('tpot'), ttft: figure('ttft'), throughput: figure('throughput') };
      out.push(fold);
      told(fold);
    }
  }
  return out;
}
