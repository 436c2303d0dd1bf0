/** Independent replications of one design, and confidence intervals from them. */
import type { Design } from '../src/design/design.ts';
import { Simulation, type Options } from '../src/run/simulation.ts';

/** What one replication saw: figures by name, and controls, quantities whose true mean is known to be zero. */
export interface Sight {
  readonly values: Readonly<Record<string, number>>;
  readonly controls: readonly number[];
}

/** Mean with the half-widths of its 99 % and 99.9 % confidence intervals. */
export interface Interval {
  readonly mean: number;
  readonly half99: number;
  readonly half999: number;
}

/** Replications per case. */
export const REPLICATIONS = 30;
/** Student's t at 0.995 and 0.9995 for 29, 28 and 27 degrees of freedom: none, one or two controls. */
const T = [[2.756, 3.659], [2.763, 3.674], [2.771, 3.69]] as const;

const mean = (a: readonly number[]): number => a.reduce((x, y) => x + y, 0) / a.length;

/** Runs a design with seeds 1 … 30, lets `prepare` look at each before it starts and `see` afterwards. */
export function replicate<P>(design: Design, prepare: (sim: Simulation, seed: number) => P, see: (sim: Simulation, prepared: P) => Sight, options: (seed: number) => Options = () => ({})): Sight[] {
  return Array.from({ length: REPLICATIONS }, (_, k) => {
    const simulation = new Simulation(design, { ...options(k + 1), seed: k + 1 });
    const prepared = prepare(simulation, k + 1);
    simulation.runTo(design.run.seconds);
    return see(simulation, prepared);
  });
}

/** Least-squares coefficients of y on the controls (at most two), both centred. */
function coefficients(y: readonly number[], c: readonly (readonly number[])[]): number[] {
  const cov = (a: readonly number[], b: readonly number[]): number => {
    const [ma, mb] = [mean(a), mean(b)];
    return a.reduce((sum, x, i) => sum + (x - ma) * (b[i]! - mb), 0);
  };
  if (c.length === 0) return [];
  if (c.length === 1) return [cov(c[0]!, y) / cov(c[0]!, c[0]!)];
  const [a, b] = [c[0]!, c[1]!];
  const [aa, ab, bb, ay, by] = [cov(a, a), cov(a, b), cov(b, b), cov(a, y), cov(b, y)];
  const det = aa * bb - ab * ab;
  return [(ay * bb - by * ab) / det, (by * aa - ay * ab) / det];
}

/**
 * Confidence interval of one figure. With controls (Lavenberg and Welch 1981) the part of its chance variation that goes along with them is taken out:
 * how much work happened to come, how many requests; about half of the variance of a wait.
 */
export function interval(sights: readonly Sight[], name: string): Interval {
  const y = sights.map((s) => s.values[name]!);
  const n = y.length;
  const used = sights[0]!.controls.map((_, k) => sights.map((s) => s.controls[k]!)).filter((c) => c.some((x) => x !== c[0]));
  const beta = coefficients(y, used);
  const residual = y.map((value, i) => value - beta.reduce((sum, b, k) => sum + b * used[k]![i]!, 0));
  const centre = mean(residual);
  const df = n - 1 - used.length;
  const error = Math.sqrt(residual.reduce((sum, r) => sum + (r - centre) ** 2, 0) / df / n);
  const [t99, t999] = T[used.length]!;
  return { mean: centre, half99: t99 * error, half999: t999 * error };
}
