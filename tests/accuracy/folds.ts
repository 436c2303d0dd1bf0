/**
 * What the physics is worth where it was not fitted: cases of a model, a GPU, a degree of tensor parallelism, or a quarter of all configurations are left out, the
 * constants fitted anew to the rest from a start that knows nothing of them, and the cases left out compared.
 */
import { group } from 'd3-array';
import type { Case } from './cases.ts';
import { errorsOf, type Errors } from './runs.ts';
import { fittedTo, type Measurements } from './stages.ts';
import { looked, type Table } from './table.ts';

/** How the cases are divided into groups of which each is left out in turn. */
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

/** Constants as kernels alone tell them. */
const kernelsOnly = (m: Measurements, start: Table, rounds: number): Table => fittedTo({ ...m, cases: [], replays: [] }, start, undefined, rounds);

/** Those cases with their errors after a fit to others. */
function unseen(held: readonly Case[], others: readonly Case[], timed: Table, rounds: number): (readonly [Case, Errors])[] {
  const table = fittedTo({ kernels: [], replays: [], cases: others }, timed, undefined, rounds);
  return held.map((c) => [c, errorsOf(c, looked(table, c.software, c.setup.gpu.generation))]);
}

/** Leaves out one group after another, of those with at least ten cases; `told` hears of each. */
export function folds(m: Measurements, start: Table, told: (fold: Fold) => void): Fold[] {
  const out: Fold[] = [];
  const timed = kernelsOnly(m, start, ROUNDS);
  for (const [division, of] of Object.entries(divisions)) {
    for (const left of new Set(m.cases.map(of))) {
      const held = m.cases.filter((c) => of(c) === left);
      if (held.length < 10) continue;
      const errors = unseen(held, thinned(m.cases.filter((c) => of(c) !== left), MOST), timed, ROUNDS);
      const figure = (name: 'tpot' | 'ttft' | 'throughput'): number[] => errors.flatMap(([, e]) => (e[name] === undefined ? [] : [e[name]!]));
      const fold = { division, left, cases: held.length, tpot: figure('tpot'), ttft: figure('ttft'), throughput: figure('throughput') };
      out.push(fold);
      told(fold);
    }
  }
  return out;
}

/** Parts into which configurations are dealt out, and rounds that each fit to the others is given. */
const PARTS = 4;
const MORE_ROUNDS = 6;

/** What makes lines a sweep over one configuration: model, GPU, precision, parallelism, software and lengths; only loads differ. */
const configuration = ({ model, gpu, setup, software, spread, family, input, output }: Case): string => [model, gpu, setup.precision, setup.tp, software, spread, setup.attentionGroups, family, input, output].join(' ');

/** Which part a case is dealt into: the same for all of its configuration, whatever else is measured. FNV-1a of 32 bits, stirred once more. */
export function partOf(c: Case): number {
  let h = 2_166_136_261;
  for (const sign of configuration(c)) h = Math.imul(h ^ sign.charCodeAt(0), 16_777_619);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return ((h ^ (h >>> 13)) >>> 0) % PARTS;
}

/** All cases with their errors where a quarter of all configurations, theirs among them, was left out; `told` hears of each quarter. */
export function quarters(m: Measurements, start: Table, told: (quarter: string) => void): (readonly [Case, Errors])[] {
  const timed = kernelsOnly(m, start, MORE_ROUNDS);
  return Array.from({ length: PARTS }, (_, part) => {
    const errors = unseen(m.cases.filter((c) => partOf(c) === part), m.cases.filter((c) => partOf(c) !== part), timed, MORE_ROUNDS);
    told(`configurations ${part + 1} of ${PARTS}`);
    return errors;
  }).flat();
}
