/** Every lesson of every scenario, run: both sides for its seconds, and the claim held against what was measured. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { gateDesign } from '../src/design/gate.ts';
import { gateScenarioText, type Lesson, type LessonSide, type Scenario } from '../src/design/scenario.ts';
import { holds, lessonDesign, sideDesign } from '../src/design/trial.ts';
import { metric } from '../src/run/metric.ts';
import type { Result } from '../src/run/result.ts';
import { Simulation } from '../src/run/simulation.ts';

const folder = new URL('../scenarios/', import.meta.url);

function opened(file: string): Scenario {
  const gated = gateScenarioText(readFileSync(new URL(file, folder), 'utf8'));
  if (!gated.ok) throw new Error(`${file}: ${gated.why}`);
  return gated.value;
}

const scenarios = readdirSync(folder).filter((file) => file.endsWith('.json')).map(opened);

/** Runs one side; the same side for the same time is run once. */
function runner(scenario: Scenario): (side: LessonSide, seconds: number) => Result {
  const known = new Map<string, Result>();
  return (side, seconds) => {
    const key = JSON.stringify([side, seconds]);
    const old = known.get(key);
    if (old !== undefined) return old;
    const simulation = new Simulation(sideDesign(scenario, side));
    simulation.runTo(seconds);
    const result = simulation.result();
    known.set(key, result);
    return result;
  };
}

const figure = (value: number | null): string => (value === null ? 'nothing' : String(Number(value.toPrecision(4))));

function bound({ relation, factor, limit, b }: Lesson): string {
  return b === null ? `${relation} ${limit}` : `${relation} ${factor} times the other`;
}

/** The claim with what was measured, as one line of the report. */
function line(lesson: Lesson, a: number | null, b: number | null): string {
  const sides = lesson.b === null ? figure(a) : `${figure(a)} against ${figure(b)}`;
  return `  ${lesson.claim}\n    ${lesson.metric}: ${sides} (${bound(lesson)})`;
}

const report: string[] = [];

it('an area says no sum that holds no longer', () => {
  const scenario = scenarios.find(({ slug }) => slug === 'llm-70b-30m-per-day')!;
  const labels = (set: Record<string, unknown>): string[] => sideDesign(scenario, { design: 'naive', set }).groups.map(({ label }) => label);
  expect(labels({})).toEqual(['4,337 × 4 = 17,348 H100s']);
  expect(labels({ 'users.arrivalRate': 347 })).toEqual(['4,337 × 4 = 17,348 H100s']);
  expect(labels({ 'pool.poolReplicas': 600 })).toEqual(['']);
});

for (const scenario of scenarios) {
  const run = runner(scenario);
  describe(scenario.slug, () => {
    report.push(scenario.slug);
    it('has lessons whose designs can be opened, with the limit they are held to', () => {
      for (const lesson of scenario.lessons) {
        for (const of of [lesson.a, lesson.b]) {
          const design = of && lessonDesign(scenario, lesson, of);
          const gated = design && gateDesign(JSON.parse(JSON.stringify(design)));
          expect(gated === null || (gated.ok && gated.repairs.length === 0), lesson.claim).toBe(true);
          if (lesson.limit !== undefined && design) expect(design.objectives[0]).toEqual({ metric: lesson.metric, relation: lesson.relation, limit: lesson.limit });
        }
      }
    });

    for (const lesson of scenario.lessons) {
      it(lesson.claim, () => {
        const value = (side: LessonSide): number | null => metric(run(side, lesson.seconds), lesson.metric);
        const a = value(lesson.a);
        const b = lesson.b && value(lesson.b);
        const said = line(lesson, a, b);
        report.push(said);
        expect(holds(lesson, a, b), said).toBe(true);
      });
    }
  });
}

afterAll(() => console.log(report.join('\n')));
