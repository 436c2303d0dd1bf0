/**
 * 500 random designs under random schedules of faults, with guarded wires: at every moment the books balance, queues and servers keep to their
 * limits and money is what was paid; a run that goes on to its end leaves nothing behind; and the same seed gives the same digest again. A design
 * that fails is printed as a link that shows it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Design } from '../src/design/design.ts';
import { Simulation } from '../src/run/simulation.ts';
import { toLink } from '../src/share/link.ts';
import { leftovers, wrongs } from './books.ts';
import { anyBrokenDesign, quiet } from './sensible-design.ts';

const SEEDS = 500;
const EVENTS = 800;
const PIECES = 4;

/** Runs a design in pieces, then lets it run dry; answers with what was wrong first. */
function trial(design: Design): string[] {
  const sim = new Simulation(design);
  for (let piece = 0; piece < PIECES; piece++) {
    const before = sim.now;
    sim.runTo(design.run.seconds, EVENTS);
    const wrong = wrongs(sim);
    if (sim.now < before) wrong.push(`time went back from ${before} to ${sim.now}`);
    if (wrong.length > 0) return wrong;
  }
  sim.apply({ ...quiet(sim.design), faults: [] }, 'quiet');
  return [...leftovers(sim, 10 * EVENTS), ...wrongs(sim)];
}

describe('whatever breaks', () => {
  it(`keeps the books of ${SEEDS} random designs under random faults`, async () => {
    const designs = fc.sample(anyBrokenDesign, { numRuns: SEEDS, seed: 7 });
    for (const [i, design] of designs.entries()) {
      let wrong: string[];
      try {
        wrong = trial(design);
      } catch (error) {
        wrong = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
      }
      if (wrong.length > 0) expect.fail(`design ${i}:\n${wrong.join('\n')}\n${await toLink(design)}`);
    }
  }, 120_000);

  it('repeats itself, faults and all', () => {
    fc.assert(
      fc.property(anyBrokenDesign, (design) => {
        const run = (pieces: number): string => {
          const sim = new Simulation(design);
          for (let k = 1; k <= pieces; k++) sim.runTo((design.run.seconds * k) / pieces / 5);
          return sim.digest();
        };
        expect(run(1)).toBe(run(7));
      }),
      { numRuns: 25, seed: 8 },
    );
  });

  it('a fault of no length is no fault', () => {
    fc.assert(
      fc.property(anyBrokenDesign, (design) => {
        const brief = { ...design, faults: design.faults.filter((f) => f.seconds > 0).map((f) => ({ ...f, seconds: 0 })) };
        const digest = (one: Design): string => {
          const sim = new Simulation(one);
          sim.runTo(1, 20_000);
          return sim.digest();
        };
        expect(digest(brief)).toBe(digest({ ...design, faults: [] }));
      }),
      { numRuns: 25, seed: 9 },
    );
  });
});
