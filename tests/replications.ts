/** Independent replications of one design, and confidence intervals from them. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { Design } from '../src/design/design.ts';
import type { Options, Simulation } from '../src/run/simulation.ts';

type Engine = typeof import('../src/run/simulation.ts');

/**
 * The simulator bundled as it is for the page. Tests see every module through the test runner's own wrapping, which costs more than half of the speed; for
 * hundreds of millions of events that matters. Tests that run at the same time need bundles of different names.
 */
export async function bundled(name = 'theory'): Promise<Engine> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const output = { entryFileNames: 'simulation.mjs' };
  const outDir = `${root}node_modules/.cache/sandtable/${name}`;
  await build({ configFile: false, root, logLevel: 'error', publicDir: false, build: { ssr: 'src/run/simulation.ts', outDir, emptyOutDir: false, target: 'node20', rolldownOptions: { output } } });
  return (await import(/* @vite-ignore */ `${outDir}/simulation.mjs`)) as Engine;
}

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
/** Student's t at 0.995 and 0.9995 for 29 … 26 degrees of freedom: none to three controls. */
const T = [[2.756, 3.659], [2.763, 3.674], [2.771, 3.69], [2.779, 3.707]] as const;

const mean = (a: readonly number[]): number => a.reduce((x, y) => x + y, 0) / a.length;

/** Runs a design with seeds 1 … 30, lets `prepare` look at each before it starts and `see` afterwards. */
export function replicate<P>(engine: Engine, design: Design, prepare: (sim: Simulation, seed: number) => P, see: (sim: Simulation, prepared: P) => Sight, options: (seed: number) => Options = () => ({})): Sight[] {
  return Array.from({ length: REPLICATIONS }, (_, k) => {
    const simulation = new engine.Simulation(design, { ...options(k + 1), seed: k + 1 });
    const prepared = prepare(simulation, k + 1);
    simulation.runTo(design.run.seconds);
    return see(simulation, prepared);
  });
}

/** Least-squares coefficients of y on the controls, all centred: the normal equations by Gaussian elimination. */
function coefficients(y: readonly number[], controls: readonly (readonly number[])[]): number[] {
  const cov = (a: readonly number[], b: readonly number[]): number => {
    const [ma, mb] = [mean(a), mean(b)];
    return a.reduce((sum, x, i) => sum + (x - ma) * (b[i]! - mb), 0);
  };
  const m = controls.map((c) => [...controls.map((d) => cov(c, d)), cov(c, y)]);
  for (let i = 0; i < m.length; i++)
    for (let k = 0; k < m.length; k++) {
      const factor = m[k]![i]! / m[i]![i]!;
      if (k !== i) m[k] = m[k]!.map((x, j) => x - factor * m[i]![j]!);
    }
  return m.map((row, i) => row[m.length]! / row[i]!);
}

/**
 * Confidence interval of one figure. With controls (Lavenberg and Welch 1981) the part of its chance variation that goes along with them is taken out:
 * how much work happened to come, how many requests; about half of the variance of a wait. `known` are figures of the same runs whose true values are
 * known, as further controls: a percentile varies mostly with its mean.
 */
export function interval(sights: readonly Sight[], name: string, known: Readonly<Record<string, number>> = {}): Interval {
  const y = sights.map((s) => s.values[name]!);
  const n = y.length;
  const others = Object.entries(known).map(([other, truth]) => sights.map((s) => s.values[other]! / truth - 1));
  const controls = [...sights[0]!.controls.map((_, k) => sights.map((s) => s.controls[k]!)), ...others].filter((c) => c.some((x) => x !== c[0]));
  const beta = coefficients(y, controls);
  const residual = y.map((value, i) => value - beta.reduce((sum, b, k) => sum + b * controls[k]![i]!, 0));
  const centre = mean(residual);
  const df = n - 1 - controls.length;
  const error = Math.sqrt(residual.reduce((sum, r) => sum + (r - centre) ** 2, 0) / df / n);
  const [t99, t999] = T[controls.length]!;
  return { mean: centre, half99: t99 * error, half999: t999 * error };
}
