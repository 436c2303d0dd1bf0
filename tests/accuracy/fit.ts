/** Fits constants to trials: Gauss–Newton on the logarithms of constants and figures; errors beyond `HUGE` count less and less. */
import { Stream } from '../../src/engine/random.ts';
import { looked, turned, written, type Place, type Table } from './table.ts';
import type { Residual, Trial } from './trials.ts';

/** One constant that may move. */
export interface Knob extends Place {
  /** Strength of the pull towards where it began; weak where left out. */
  readonly pull?: number;
  /** Places that turn with it. */
  readonly also?: readonly Place[];
}

/** Relative errors beyond which a trial is taken for an outlier by and by (Cauchy): at first hardly any, so that a far start is no trap. */
const HUGE = [0.3, 0.06] as const;

/** How far one step may turn a knob, and by how much it is nudged to find slopes: logarithms of factors. */
const STRIDE = 0.5;
const NUDGE = 0.02;

/** Steps are shortened by as much at first, more where they fail. */
const DAMPING = 0.01;
const ROUNDS = 20;

/** Whether turning a knob moves the constants of a trial. */
function moves({ software, on }: Place, t: Trial): boolean {
  return (software === undefined || software === t.software) && (on === undefined || on === t.generation);
}

/** Pull above which a knob is not scattered. */
const FREE = 1;

/** Pull towards where a knob began: a constant half again as large as expected is as unlikely as an error of 3 %. */
const pullOf = (knob: Knob): number => knob.pull ?? 6;

const placesOf = (knob: Knob): readonly Place[] => [knob, ...(knob.also ?? [])];

/** Solves a small system by elimination with pivots. */
function solved(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const n = b.length;
  const m = a.map((row, i) => [...row, b[i]!]);
  for (let i = 0; i < n; i++) {
    let best = i;
    for (let r = i + 1; r < n; r++) if (Math.abs(m[r]![i]!) > Math.abs(m[best]![i]!)) best = r;
    [m[i], m[best]] = [m[best]!, m[i]!];
    for (let r = 0; r < n; r++) {
      if (r === i) continue;
      const f = m[r]![i]! / m[i]![i]!;
      for (let k = i; k <= n; k++) m[r]![k]! -= f * m[i]![k]!;
    }
  }
  return m.map((row, i) => row[n]! / row[i]!);
}

/** Residuals trial by trial, and slopes knob by knob, where the knobs stand. */
type Errors = readonly (readonly Residual[])[];
type Slopes = readonly (readonly (readonly number[] | null)[])[];

/** A fit under way. */
class Fit {
  constructor(
    private readonly table: Table,
    private readonly trials: readonly Trial[],
    private readonly knobs: readonly Knob[],
    private readonly huge: number,
    private readonly jumping: boolean,
  ) {}

  tableAt(turns: readonly number[]): Table {
    const table = this.knobs.reduce((t, knob, k) => placesOf(knob).reduce((then, place) => turned(then, place, Math.exp(turns[k]!)), t), this.table);
    return this.jumping ? written(table) : table;
  }

  errors(turns: readonly number[], of: (t: Trial) => boolean = () => true): (readonly Residual[] | null)[] {
    const then = this.tableAt(turns);
    return this.trials.map((t) => (of(t) ? t.residuals(looked(then, t.software, t.generation)) : null));
  }

  /** What an error costs. Of a few figures that jump none is an outlier, and the worst counts most. */
  private lost({ error, weight }: Residual): number {
    const square = (error / this.huge) ** 2;
    return this.jumping ? (weight * square) ** 2 : weight * Math.log1p(square);
  }

  price(errors: Errors, turns: readonly number[]): number {
    const loss = errors.flat().reduce((sum, r) => sum + this.lost(r), 0);
    return loss + turns.reduce((sum, x, k) => sum + pullOf(this.knobs[k]!) * x * x, 0);
  }

  slopes(turns: readonly number[], here: Errors): Slopes {
    return this.knobs.map((knob, k) => {
      const nudged = this.errors(turns.map((x, j) => (j === k ? x + NUDGE : x)), (t) => placesOf(knob).some((place) => moves(place, t)));
      return nudged.map((rs, i) => rs && rs.map((r, j) => (r.error - here[i]![j]!.error) / NUDGE));
    });
  }

  /** The step of Gauss and Newton, shortened. */
  step(turns: readonly number[], here: Errors, slopes: Slopes, damping: number): number[] {
    const n = this.knobs.length;
    const a = this.knobs.map((knob, p) => Array.from({ length: n }, (_, q) => (p === q ? pullOf(knob) : 0)));
    const b = this.knobs.map((knob, p) => -pullOf(knob) * turns[p]!);
    here.forEach((rs, i) =>
      rs.forEach((r, j) => {
        const w = r.weight / (this.huge * this.huge + r.error * r.error);
        const d = slopes.map((s) => s[i]?.[j] ?? 0);
        for (let p = 0; p < n; p++) {
          if (d[p] === 0) continue;
          b[p]! -= w * d[p]! * r.error;
          for (let q = 0; q < n; q++) a[p]![q]! += w * d[p]! * d[q]!;
        }
      }),
    );
    a.forEach((row, p) => (row[p] = row[p]! * (1 + damping) + 1e-9));
    return solved(a, b).map((x) => Math.max(-STRIDE, Math.min(STRIDE, x)));
  }
}

/** Turns the knobs so that the trials fit best where errors beyond `huge` count less and less. */
function turnedBest(fit: Fit, start: readonly number[], rounds: number): readonly number[] {
  let turns = start;
  let here = fit.errors(turns) as Errors;
  let damping = DAMPING;
  for (let round = 0; round < rounds; round++) {
    const slopes = fit.slopes(turns, here);
    const before = fit.price(here, turns);
    let gain = 0;
    for (let tries = 0; tries < 5 && gain <= 0; tries++, damping *= 8) {
      const step = fit.step(turns, here, slopes, damping);
      const next = turns.map((x, k) => x + step[k]!);
      const there = fit.errors(next) as Errors;
      gain = before - fit.price(there, next);
      if (gain > 0) {
        [turns, here] = [next, there];
        damping /= 24;
      }
    }
    if (gain < 1e-3 * before) break;
  }
  return turns;
}

/** Steps by which knobs are tried one by one where slopes say little, and how often all are. */
const PACES = [0.04, 0.02, 0.01] as const;
const SWEEPS = 10;

/** Turns one knob after another to and fro as long as that helps: for figures that jump, where steps along slopes stop short. */
function triedOut(fit: Fit, start: readonly number[]): readonly number[] {
  let turns = start;
  const priced = (at: readonly number[]): number => fit.price(fit.errors(at) as Errors, at);
  let best = priced(turns);
  for (const pace of PACES) {
    for (let sweep = 0, before = Infinity; sweep < SWEEPS && best < before; sweep++) {
      before = best;
      for (const [k, by] of turns.flatMap((_, k) => [[k, pace], [k, -pace]] as const)) {
        const next = turns.map((x, j) => (j === k ? x + by : x));
        const price = priced(next);
        if (price < best) [turns, best] = [next, price];
      }
    }
  }
  return turns;
}

/** How many starts are tried where figures jump, and how far apart they lie: logarithms of factors. */
const STARTS = 12;
const APART = 0.4;

/** Where fits begin: as things stand, and scattered about that. */
function starts(knobs: readonly Knob[], count: number): (readonly number[])[] {
  const chance = new Stream(1, 'fit', 'starts');
  return Array.from({ length: count }, (_, i) => knobs.map((knob) => (i === 0 || pullOf(knob) > FREE ? 0 : APART * (2 * chance.uniform() - 1))));
}

/**
 * The table with the knobs turned so that the trials fit best. A pull to where they began decides what the trials leave open. `jumping` figures are few: the fit
 * then begins in several places, is tried out knob by knob, with constants as the source will tell them, and the best one counts.
 */
export function fitted(table: Table, trials: readonly Trial[], knobs: readonly Knob[], rounds = ROUNDS, jumping = false): Table {
  const last = new Fit(table, trials, knobs, HUGE.at(-1)!, jumping);
  const ends = starts(knobs, jumping ? STARTS : 1).map((start) => {
    const turns = HUGE.reduce((then, huge) => turnedBest(new Fit(table, trials, knobs, huge, jumping), then, rounds), start);
    return jumping ? triedOut(last, turns) : turns;
  });
  const priced = ends.length === 1 ? [0] : ends.map((turns) => last.price(last.errors(turns) as Errors, turns));
  return written(last.tableAt(ends[priced.indexOf(Math.min(...priced))]!));
}
