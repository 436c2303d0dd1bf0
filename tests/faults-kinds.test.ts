/**
 * Every kind in the list suffers every fault it says it can, at a random moment under load, in small random designs: the books balance while it
 * is broken and afterwards, nothing is left behind when all has run dry, and a fault that is over at once is none. New kinds are covered as they come.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Design, DesignNode } from '../src/design/design.ts';
import { inFlightChoices } from '../src/engine/health.ts';
import type { Network } from '../src/engine/network.ts';
import { Stream } from '../src/engine/random.ts';
import { kinds } from '../src/kinds/index.ts';
import { faultInfo, type FaultName } from '../src/kit/fault.ts';
import { starts, wireBetween, type AnyKind, type Component } from '../src/kit/kind.ts';
import { Simulation } from '../src/run/simulation.ts';
import { leftovers, wrongs } from './books.ts';
import { imbalances } from './sketch.ts';
import { anyGuard, anyNode, others, quiet, wired } from './sensible-design.ts';

const DESIGNS = 4;
const DRAWN = 36;
const EVENTS = 400;
const DRAIN = 6000;

/** One way to break a component, and to mend it. */
interface Blow {
  readonly name: string;
  strike(net: Network, node: Component<unknown>): void;
  heal(net: Network, node: Component<unknown>): void;
  /** Whether it is nothing at all where it is over at once. */
  readonly harmless: boolean;
}

const crash = (inFlight: (typeof inFlightChoices)[number]): Blow => ({
  name: `crash, ${inFlight}`,
  strike: (net, { index }) => net.health.crash(index, inFlight),
  heal(net, node) {
    if (net.health.restore(node.index) && starts(node)) node.begin();
  },
  harmless: inFlight === 'resume',
});

const hang: Blow = { name: 'hang', strike: (net, { index }) => net.health.hang(index), heal: (net, { index }) => net.health.thaw(index), harmless: true };

const slow: Blow = {
  name: 'slow',
  strike(net, { index }) {
    net.pace[index] = 5;
  },
  heal(net, { index }) {
    net.pace[index] = 1;
  },
  harmless: true,
};

const release: Blow = {
  name: 'release',
  strike: (net, { index }) => net.health.setErrors(index, 0.5, new Stream(1, 'release', 'fault')),
  heal: (net, { index }) => net.health.setErrors(index, 0, new Stream(1, 'release', 'fault')),
  harmless: true,
};

const byNetwork: Partial<Record<FaultName, readonly Blow[]>> = { crash: inFlightChoices.map(crash), hang: [hang], slow: [slow], release: [release] };

const own = (fault: FaultName): Blow => {
  const amount = Math.min(20, faultInfo[fault].amount?.default ?? 0);
  return { name: fault, strike: (_net, node) => node.strike!(fault, amount), heal: (_net, node) => (faultInfo[fault].instant ? undefined : node.heal?.(fault, amount)), harmless: false };
};

function blows({ faults }: AnyKind): Blow[] {
  // A scheduled job is slowness by another name.
  return (faults as readonly FaultName[]).filter((fault) => fault !== 'job').flatMap((fault) => byNetwork[fault] ?? [own(fault)]);
}

/** People who ask often enough for something to be under way, in turns or not. */
const anyCrowd: fc.Arbitrary<DesignNode> = fc
  .tuple(anyNode('n0', 'users'), fc.constantFrom('poisson', 'bursty', 'closed'), fc.constantFrom(5, 50, 500))
  .map(([crowd, arrivals, often]) => ({ ...crowd, params: { ...crowd.params, arrivals, arrivalRate: often, population: often, thinkTime: { shape: 'exponential', mean: 0.5, cv: 1 } } }));

/** A component of a kind with whoever may lead to it before it and two others behind it; where it is users, it is the users. */
function around(kind: AnyKind): fc.Arbitrary<Design> {
  const fronts = kinds.filter((front) => wireBetween(front, kind) !== null).map((front) => front.id);
  const before = fc.constantFrom(...(fronts.includes('users') ? ['', ...fronts.filter((id) => id !== 'users')] : fronts.length > 0 ? fronts : ['service']));
  const parts = before.chain((front) => fc.tuple(anyCrowd, fc.constantFrom(...others), fc.constantFrom(...others)).chain(([crowd, one, two]) => {
    const middle = [front, kind.id === 'users' ? '' : kind.id, one, two].filter((id) => id !== '');
    return fc.tuple(...middle.map((id, i) => anyNode(`n${i + 1}`, id))).map((rest) => [crowd, ...rest]);
  }));
  return fc.tuple(parts, fc.array(fc.tuple(fc.nat(7), fc.nat(7), fc.constantFrom(0, 0.001, 0.05)), { maxLength: 4 }), fc.array(anyGuard, { maxLength: 3 })).map(([nodes, picks, guards]) => {
    const design = wired(nodes, picks);
    return { ...design, links: design.links.map((link, i) => (guards[i] === undefined ? link : { ...link, params: { ...link.params, ...guards[i] } })) };
  });
}

/** A simulation run for so many events and then until its victim has something to do, if that comes soon. */
function underLoad(design: Design, kind: AnyKind, events: number): { sim: Simulation; victim: Component<unknown> } {
  const sim = new Simulation(design);
  const victim = [...sim.board.nodes.values()].find((live) => live.kind.id === kind.id)!.node;
  sim.runTo(design.run.seconds, events);
  for (let k = 0; k < EVENTS && victim.inFlight === 0 && !sim.runTo(design.run.seconds, 1); k++);
  return { sim, victim };
}

/** Designs in which the component has something to do when it is struck, as far as a few dozen drawn at random have any; and when it is struck. */
function sample(kind: AnyKind): (readonly [Design, number])[] {
  const drawn = fc.sample(fc.tuple(around(kind), fc.nat(EVENTS)), { numRuns: DRAWN, seed: 11 });
  const loaded: [Design, number][] = [];
  for (const [design, events] of drawn) if (loaded.length < DESIGNS && underLoad(design, kind, events).victim.inFlight > 0) loaded.push([design, events]);
  return loaded.length > 0 ? loaded : drawn.slice(0, DESIGNS);
}

/** Breaks a component, mends it and lets all run dry; answers with what was wrong first. */
function trial({ sim, victim }: ReturnType<typeof underLoad>, blow: Blow): string[] {
  const { net } = sim.board;
  const end = sim.design.run.seconds;
  const steps: (() => unknown)[] = [
    () => blow.strike(net, victim),
    () => sim.runTo(end, EVENTS),
    () => blow.heal(net, victim),
    () => sim.runTo(end, EVENTS),
    () => sim.apply(quiet(sim.design), 'quiet'),
  ];
  for (const [k, step] of steps.entries()) {
    step();
    const wrong = wrongs(sim);
    if (wrong.length > 0) return [`after step ${k}`, ...wrong];
  }
  return [...leftovers(sim, DRAIN), ...imbalances(sim)];
}

describe.each(kinds.filter(({ faults }) => faults.length > 0).map((kind) => [kind.label, kind] as const))('%s', (_label, kind) => {
  const designs = sample(kind);

  it.runIf(kind.ports.in === 'call')('is struck while it works', () => {
    for (const [design, events] of designs) expect(underLoad(design, kind, events).victim.inFlight).toBeGreaterThan(0);
    expect(designs.length).toBe(DESIGNS);
  });

  it.each(blows(kind).map((blow) => [blow.name, blow] as const))('keeps its books: %s', (_name, blow) => {
    for (const [i, [design, events]] of designs.entries()) {
      expect(trial(underLoad(design, kind, events), blow), `design ${i}: ${JSON.stringify(design)}`).toEqual([]);
    }
  });

  it.each(blows(kind).filter(({ harmless }) => harmless).map((blow) => [blow.name, blow] as const))('is none the worse when it is over at once: %s', (_name, blow) => {
    for (const [design, events] of designs) {
      const [calm, struck] = [underLoad(design, kind, events), underLoad(design, kind, events)];
      blow.strike(struck.sim.board.net, struck.victim);
      blow.heal(struck.sim.board.net, struck.victim);
      for (const { sim } of [calm, struck]) sim.runTo(design.run.seconds, EVENTS);
      expect(struck.sim.digest()).toBe(calm.sim.digest());
    }
  });
});
