/** The scenarios as files: they pass the gate, lie readably, fail and hold their objectives, and take their changes while they run. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../src/design/catalogue.ts';
import { faultRefusal } from '../src/design/faults.ts';
import type { Design, DesignGroup, DesignNode, DesignNote } from '../src/design/design.ts';
import { withTrace } from '../src/design/replay.ts';
import { gateScenarioText, settingRefusal, type Scenario, type WhatIf } from '../src/design/scenario.ts';
import { withWhatIf } from '../src/design/trial.ts';
import { parseTrace } from '../src/design/trace.ts';
import { kindOf } from '../src/kinds/index.ts';
import { cardHeight, cardWidth } from '../src/page/canvas/size.ts';
import { estimates } from '../src/run/flow.ts';
import type { Result } from '../src/run/result.ts';
import { Simulation } from '../src/run/simulation.ts';

const folder = new URL('../scenarios/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const textOf = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
const gated = new Map(files.map((file) => [file, gateScenarioText(textOf(file))]));
const scenarios = [...gated.values()].flatMap((one) => (one.ok ? [one.value] : []));
const sides = ['naive', 'reference'] as const;

interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const card = (node: DesignNode): Box => ({ name: node.label, x: node.x, y: node.y, width: cardWidth, height: cardHeight(kindOf(node.kind)) });
const area = ({ label, ...box }: DesignGroup): Box => ({ name: label, ...box });

/** About the room that handwriting takes. */
function handwriting(note: DesignNote): Box {
  const lines = note.text.split('\n');
  return { name: note.text, x: note.x, y: note.y, width: 10 * Math.max(...lines.map((text) => text.length)), height: 28 * lines.length };
}

const apart = (a: Box, b: Box, gap: number): boolean =>
  a.x + a.width + gap <= b.x || b.x + b.width + gap <= a.x || a.y + a.height + gap <= b.y || b.y + b.height + gap <= a.y;
const inside = (a: Box, b: Box): boolean => a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height;

/** What lies on or too near something else, in words. */
function collisions({ nodes, notes, groups }: Design): string[] {
  const things = [...nodes.map(card), ...notes.map(handwriting)];
  const touching = things.flatMap((a, i) => things.slice(i + 1).filter((b) => !apart(a, b, 16)).map((b) => `${a.name} – ${b.name}`));
  const cut = groups.map(area).flatMap((around) => things.filter((a) => !apart(a, around, 0) && !inside(a, around)).map((a) => `${a.name} – border of ${around.name}`));
  return [...touching, ...cut];
}

/** Requests per second that the sources offer by hand. */
function offered(design: Design): number {
  const all = estimates(design);
  return design.nodes.reduce((sum, node) => sum + (kindOf(node.kind)?.offers === undefined ? 0 : all[node.id]!.flow.rate), 0);
}

/** Seconds in which so many requests come, within bounds. */
const secondsFor = (design: Design, requests: number, most: number): number => Math.max(1, Math.min(most, requests / offered(design)));

function ran(design: Design, seconds: number): Result {
  const simulation = new Simulation(design);
  simulation.runTo(seconds);
  return simulation.result();
}

const missed = (result: Result): string[] => result.objectives.filter((one) => !one.met).map((one) => `${one.metric} is ${one.value}, not ${one.relation} ${one.limit}`);

/** Every figure by which a component shows what happens to it. */
function figures(result: Result): number[] {
  return Object.values(result.nodes).flatMap((n) => [n.utilisation, n.queue.mean, n.arrived, n.latency.mean, n.latency.p99, ...Object.values(n.measures)].map((x) => x ?? 0));
}

const moved = (a: readonly number[], b: readonly number[]): boolean => a.some((x, i) => Math.abs(x - b[i]!) > 0.05 * Math.max(Math.abs(x), Math.abs(b[i]!), 1e-9));

/** Without a warm-up: what happens from the first moment on counts. */
const cold = (design: Design): Design => ({ ...design, run: { ...design.run, warmupSeconds: 0 } });

/** What a run looks like from half time on, when the design is changed. */
function changed(design: Design, to: Design, seconds: number): Result {
  const late = (one: Design): Design => ({ ...one, run: { ...one.run, warmupSeconds: seconds / 2 } });
  const simulation = new Simulation(late(design));
  simulation.runTo(seconds / 2);
  if (to !== design) simulation.apply(late(to), 'what if');
  simulation.runTo(seconds);
  return simulation.result();
}

/** The designs that have what a change speaks of. */
const takers = (scenario: Scenario, { set, faults = [] }: WhatIf): Design[] =>
  sides.map((side) => scenario[side]).filter((design) => settingRefusal(design, set) === null && faults.every((fault) => faultRefusal(design, fault, catalogue) === null));

describe('every scenario', () => {
  it.each(files)('%s passes the gate without repairs, and is named as its file', (file) => {
    const one = gated.get(file)!;
    expect(one.ok || one.why).toBe(true);
    if (one.ok) expect([one.repairs, one.value.slug]).toEqual([[], file.replace(/\.json$/, '')]);
  });

  it.each(files)('%s is printed so that changes can be read', (file) => {
    expect(textOf(file)).toBe(`${JSON.stringify(JSON.parse(textOf(file)), null, 2)}\n`);
  });
});

describe.each(scenarios.map((scenario) => [scenario.slug, scenario] as const))('%s', (_slug, scenario) => {
  it('says what it is about, and holds both designs to the same three objectives', () => {
    expect(scenario.brief.length).toBeGreaterThan(300);
    expect(scenario.constraints.length).toBeGreaterThan(2);
    expect(scenario.reference.objectives).toHaveLength(3);
    expect(scenario.naive.objectives).toEqual(scenario.reference.objectives);
  });

  it.each(sides)('lies readably: %s', (side) => {
    const design = scenario[side];
    const labels = design.nodes.map((node) => node.label);
    expect(new Set(labels).size).toBe(labels.length);
    expect(design.groups.length).toBeGreaterThan(0);
    expect(design.notes.length).toBeGreaterThan(0);
    expect(collisions(design)).toEqual([]);
  });

  it.each(sides)('has an estimate by hand for every component: %s', (side) => {
    const all = estimates(scenario[side]);
    for (const node of scenario[side].nodes) expect(all[node.id]?.rows.length, node.label).toBeGreaterThan(0);
  });

  it.each(sides)('meets its objectives in the reference and misses one in the naive design, at full load: %s', (side) => {
    const design = scenario[side];
    const result = ran(design, design.run.warmupSeconds + secondsFor(design, 200_000, 60));
    expect(result.stopped).toBeNull();
    if (side === 'reference') expect(missed(result)).toEqual([]);
    else expect(missed(result).length).toBeGreaterThan(0);
  });

  it('takes every change while it runs, and it shows', () => {
    const unchanged = new Map<Design, number[]>();
    for (const whatIf of scenario.whatIfs) {
      const { label } = whatIf;
      const effects = takers(scenario, whatIf).map((design) => {
        const seconds = 2 * secondsFor(design, 70_000, 15);
        if (!unchanged.has(design)) unchanged.set(design, figures(changed(design, design, seconds)));
        const result = changed(design, withWhatIf(design, whatIf, seconds / 2), seconds);
        expect(result.stopped, label).toBeNull();
        return moved(figures(result), unchanged.get(design)!);
      });
      expect(effects, label).toContain(true);
    }
  });
});

describe('fleets of GPUs', () => {
  const fleets = scenarios.filter(({ reference }) => offered(reference) > 1000 && reference.nodes.some((node) => node.kind === 'gpu-pool'));

  it.each(fleets.map((scenario) => [scenario.slug, scenario.reference] as const))('hold as long as one looks, as seen in a slice of them: %s', (_slug, design) => {
    const { run } = design;
    // Of some 2,500 requests a second, so that pools divide evenly: a 34th of a row of 116 replicas would be 3, 12 % short.
    const slice = run.slice !== undefined && run.slice > 1 ? run.slice : Math.ceil(offered(design) / 2500);
    const { requests, objectives } = ran({ ...design, run: { ...run, slice, warmupSeconds: 2 * run.seconds } }, 4 * run.seconds);
    expect(requests.offered).toBeGreaterThan(1000);
    // A fleet that cannot keep up is behind by more every second.
    expect(requests.answered / requests.offered).toBeGreaterThan(0.95);
    expect(objectives.filter((one) => one.met === false).map((one) => `${one.metric} ${one.value}`)).toEqual([]);
  });
});

describe('the design that opens first', () => {
  it('replays a recorded trace of requests', () => {
    const parsed = parseTrace('recorded', 'TIMESTAMP,ContextTokens,GeneratedTokens\n0,374,44\n1.5,396,109\n2,1155,211\n');
    if (!parsed.ok) throw new Error(parsed.why);
    const { reference } = scenarios.find((scenario) => scenario.slug === 'llm-70b-endpoint')!;
    const design = withTrace(reference, parsed.trace);
    const simulation = new Simulation(cold(design), { traces: { recorded: parsed.trace } });
    simulation.runTo(design.run.seconds);
    const { requests, llm } = simulation.result();
    expect([requests.answered, llm?.ttft.count]).toEqual([3, 3]);
  });
});
