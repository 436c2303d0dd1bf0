/** Other programs doing the same work, measured in the same run: C++, SimPy, simjs. Each is left out, and said so, where it cannot run. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** CPU nanoseconds per customer of one program on one workload, or null where it could not be run. */
export type Yardstick = (workload: number) => number | null;

const folder = resolve('../shared/bench');

/** How many customers each program is given: enough to be steady, few enough to finish within seconds. */
const customers = { cpp: [2_000_000, 2_000_000, 200_000, 1_000_000], simpy: [30_000, 30_000, 4_000, 15_000], simjs: [100_000, 100_000, 10_000, 50_000] } as const;

function cpuPerCustomer(command: string, args: readonly string[]): number | null {
  try {
    const line = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 }).trim().split('\n').at(-1)!;
    const { cpu, customers: n } = JSON.parse(line) as { cpu: number; customers: number };
    return (cpu / n) * 1e9;
  } catch {
    return null;
  }
}

/** The reference in C++, built with g++ if it is there. */
export function cpp(): Yardstick {
  const out = resolve('node_modules/.cache/sandtable');
  mkdirSync(out, { recursive: true });
  const program = join(out, 'reference');
  try {
    if (!existsSync(program)) execFileSync('g++', ['-O3', '-march=native', '-std=c++17', join(folder, 'reference.cpp'), '-o', program], { stdio: 'ignore' });
  } catch {
    return () => null;
  }
  return (w) => best(() => cpuPerCustomer(program, [String(w), String(customers.cpp[w - 1])]));
}

/** SimPy, under Debian's Python. Its single runs scatter by a tenth, either way. */
export const simpy: Yardstick = (w) => median(() => cpuPerCustomer('/usr/bin/python3', [join(folder, 'simpy_bench.py'), String(w), String(customers.simpy[w - 1])]));

/** simjs, the fastest simulator found on npm. */
export const simjs: Yardstick = (w) => {
  const source = join(folder, 'simjs_bench.cjs');
  if (!existsSync(source)) return null;
  // The script lives elsewhere; its `require` has to find this project's packages.
  const run = `process.argv.splice(1, 0, 'bench'); require('module').createRequire(${JSON.stringify(resolve('package.json'))}); eval(require('fs').readFileSync(${JSON.stringify(source)}, 'utf8'))`;
  return cpuPerCustomer(process.execPath, ['-e', run, String(w), String(customers.simjs[w - 1])]);
};

/** The best of five measurements, as of this project's own warm runs: machines are shared. */
function best(measure: () => number | null): number | null {
  const all = Array.from({ length: 5 }, measure).filter((m) => m !== null);
  return all.length > 0 ? Math.min(...all) : null;
}

/** The middle one of three measurements. */
function median(measure: () => number | null): number | null {
  return [measure(), measure(), measure()].filter((m) => m !== null).sort((a, b) => a - b)[1] ?? null;
}
