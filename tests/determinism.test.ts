/** The same design and seed give the same numbers, however the run is cut up and wherever it runs. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Design } from '../src/design/design.ts';
import type { Result } from '../src/run/result.ts';
import { Simulation } from '../src/run/simulation.ts';
import { fromFile, toFile } from '../src/share/file.ts';
import { exponential, gamma, node, path, people, ran, sketch, station, tuned, wire } from './sketch.ts';

/** A source with a daily pattern and skewed keys, a balancer, and two stations of differing temper. */
function busy(seconds = 40): Design {
  const crowd = people(60, { pattern: 'day', patternPeriod: 20, keyCount: 1000, inputTokens: { shape: 'lognormal', mean: 300, cv: 1 }, patience: exponential(2) });
  const nodes = [crowd, node('lb', 'load-balancer'), station('a', 2, gamma(0.03, 2)), station('b', 1, exponential(0.02), { waitingRoom: 20 })];
  return sketch(nodes, [...path('users', 'lb', 'a'), wire('lb', 'b')], seconds, 5);
}

const digestOf = (design: Design, seed?: number): string => ran(design, seed === undefined ? {} : { seed }).digest();

/** Runs to the end in pieces of so many events. */
function chopped(design: Design, pieces: readonly number[]): Simulation {
  const simulation = new Simulation(design);
  for (let k = 0; !simulation.runTo(design.run.seconds, pieces[k % pieces.length]); k++);
  return simulation;
}

const design = busy();
const reference = digestOf(design);

describe('a run', () => {
  it('repeats to the last bit', () => {
    expect(digestOf(design)).toBe(reference);
    expect(JSON.stringify(ran(design).result())).toBe(JSON.stringify(ran(design).result()));
  });

  it('is the same however many events at a time it takes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 6 }).filter((pieces) => pieces.some((n) => n > 20)), (pieces) => {
        expect(chopped(design, pieces).digest()).toBe(reference);
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it('is the same however often it is looked at on the way', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: design.run.seconds, noNaN: true }), { maxLength: 20 }), (moments) => {
        const simulation = new Simulation(design);
        for (const moment of [...moments].sort((a, b) => a - b)) {
          simulation.runTo(moment);
          simulation.result();
        }
        simulation.runTo(design.run.seconds);
        expect(simulation.digest()).toBe(reference);
      }),
      { numRuns: 15, seed: 1 },
    );
  });

  it('is another with another seed', () => {
    const digests = Array.from({ length: 10 }, (_, k) => digestOf(design, k));
    expect(new Set(digests).size).toBe(10);
  });

  it('is another with another parameter', () => {
    expect(digestOf(tuned(design, 'a', { serverCount: 3 }))).not.toBe(reference);
  });

  it('does not depend on the order of components and wires, on labels or places', () => {
    const turned = { ...design, nodes: [...design.nodes].reverse().map((one) => ({ ...one, x: one.x + 10, label: `${one.label}!` })), links: [...design.links].reverse() };
    expect(digestOf(turned)).toBe(reference);
  });

  it('repeats with the same edits at the same moments', () => {
    const edited = (pieces: number): string => {
      const simulation = new Simulation(design);
      for (let k = 1; k <= pieces; k++) simulation.runTo((10 * k) / pieces);
      simulation.apply(tuned(design, 'a', { serverCount: 1 }), 'fewer servers');
      simulation.runTo(design.run.seconds);
      return simulation.digest();
    };
    expect(edited(7)).toBe(edited(1));
    expect(edited(1)).not.toBe(reference);
  });
});

describe('the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandtable-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('runs a design to the same numbers as here', () => {
    const file = join(folder, 'design.json');
    writeFileSync(file, toFile(design));
    const read = fromFile(toFile(design));
    expect(read.ok && digestOf(read.value)).toBe(reference);
    const launched = spawnSync(process.execPath, [fileURLToPath(new URL('../src/cli/launch.mjs', import.meta.url)), 'run', file, '--json'], { encoding: 'utf8' });
    expect(launched.stderr).toBe('');
    expect((JSON.parse(launched.stdout) as Result).digest).toBe(reference);
  });
});
