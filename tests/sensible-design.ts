/** Random designs such as a sensible person might draw: figures near the defaults, wires forward only; and faults that befall them. */
import fc from 'fast-check';
import { catalogue } from '../src/design/catalogue.ts';
import { faultRepeats, type Design, type DesignFault, type DesignNode } from '../src/design/design.ts';
import { faultDefaults, faultRefusal, faultsFor } from '../src/design/faults.ts';
import { wireRefusal } from '../src/design/wires.ts';
import { inFlightChoices } from '../src/engine/health.ts';
import { kindOf, kinds } from '../src/kinds/index.ts';
import { linkParams } from '../src/kinds/link.ts';
import { faultInfo } from '../src/kit/fault.ts';
import type { Param, Params } from '../src/kit/param.ts';
import { valueOf } from './design-arbitrary.ts';
import { exponential, node, sketch, wire } from './sketch.ts';

/** A multiple of a figure between a sixteenth and sixteen times, within its limits. */
const near = (spec: { min: number; max: number }, from: number, whole: boolean): fc.Arbitrary<number> =>
  fc.integer({ min: -16, max: 16 }).map((k) => {
    const value = Math.min(spec.max, Math.max(spec.min, (from || Math.min(1, spec.max)) * 2 ** (k / 4)));
    return whole ? Math.round(value) : value;
  });

/** A value that a sensible person might choose: anything for choices, figures not too far from the default. */
function sensible(spec: Param): fc.Arbitrary<unknown> {
  if (spec.type === 'number') return near(spec, spec.default, spec.integer);
  if (spec.type !== 'distribution') return spec.type === 'trace' ? fc.constant('') : valueOf(spec);
  const shape = fc.constantFrom(...spec.shapes);
  return fc.record({ shape, mean: near(spec, spec.default.mean, false), cv: fc.constantFrom(0, 0.5, 1, 3) });
}

/** A component of a kind. */
export const anyNode = (id: string, kindId: string): fc.Arbitrary<DesignNode> => {
  const declared = Object.entries(kindOf(kindId)!.params as Params);
  const values = fc.record(Object.fromEntries(declared.map(([name, spec]) => [name, fc.option(sensible(spec), { nil: undefined, freq: 2 })])));
  return values.map((v) => node(id, kindId, Object.fromEntries(Object.entries(v).filter(([, value]) => value !== undefined))));
};

/** Wires between pairs of components that the rules allow; forward only, so that nothing goes round in circles (a cache that
 * waits for the answer to a question that comes back to itself waits for ever, and rightly). */
export function wired(nodes: readonly DesignNode[], picks: readonly (readonly [number, number, number])[]): Design {
  let design = sketch(nodes, [], 5);
  const draw = (a: number, b: number, latency: number): void => {
    const [from, to] = [nodes[a]!.id, nodes[b]!.id];
    if (wireRefusal(design, from, to) === null) design = { ...design, links: [...design.links, wire(from, to, { linkLatency: exponential(latency) })] };
  };
  // Everyone is reached by somebody before, if the rules let them.
  for (let b = 1; b < nodes.length; b++) for (let a = b - 1; a >= 0 && !design.links.some((l) => l.to === nodes[b]!.id); a--) draw(a, b, 0);
  for (const [x, y, latency] of picks) {
    const [a, b] = [x % nodes.length, y % nodes.length];
    draw(Math.min(a, b), Math.max(a, b), latency);
  }
  return design;
}

/** All kinds but users. */
export const others = kinds.filter((k) => k.id !== 'users').map((k) => k.id);
/** Users and up to seven other components behind them. */
export const anyDesign: fc.Arbitrary<Design> = fc
  .tuple(anyNode('n0', 'users'), fc.array(fc.constantFrom(...others), { minLength: 1, maxLength: 7 }), fc.array(fc.tuple(fc.nat(7), fc.nat(7), fc.constantFrom(0, 0.001, 0.05)), { maxLength: 6 }))
  .chain(([crowd, ids, picks]) => fc.tuple(...ids.map((id, i) => anyNode(`n${i + 1}`, id))).map((rest) => wired([crowd, ...rest], picks)));

/** The same design when nobody asks any more. */
export const quiet = (design: Design): Design => ({ ...design, nodes: design.nodes.map((n) => (n.kind === 'users' ? { ...n, params: { ...n.params, arrivals: 'poisson', arrivalRate: 0 } } : n)) });


/** Settings of a wire that is more than a delay. */
export const anyGuard = fc.record({
  linkLoss: fc.constantFrom(0, 0, 0.1),
  linkTimeout: fc.constantFrom(0, 0.01, 0.3),
  linkCancels: fc.boolean(),
  linkRetries: fc.constantFrom(0, 1, 3),
  retryBackoff: fc.constantFrom(0, 0.05),
  retryBudget: fc.constantFrom(0, 0.2),
  hedgeDelay: fc.constantFrom(0, 0, 0.02),
  hedgeQuantile: fc.constantFrom(0, 0, 0.9),
  breakerShare: fc.constantFrom(0, 0, 0.5),
  linkBandwidth: fc.constantFrom(linkParams.linkBandwidth.default, { shape: 'exponential', mean: 1e6, cv: 1 }),
});

const anyFault = fc.record({ target: fc.nat(), fault: fc.nat(), at: fc.double({ min: 0, max: 5, noNaN: true }), seconds: fc.constantFrom(0, 0.01, 0.5, 2), share: fc.double({ min: 0, max: 1, noNaN: true }), inFlight: fc.constantFrom(...inFlightChoices), repeat: fc.constantFrom(...faultRepeats) });

/** A design with guarded wires and up to six faults that its components and wires can suffer. */
export const anyBrokenDesign: fc.Arbitrary<Design> = fc.tuple(anyDesign, fc.array(anyGuard, { maxLength: 4 }), fc.array(anyFault, { minLength: 1, maxLength: 6 })).map(([design, guards, picks]) => {
  const links = design.links.map((link, i) => (guards[i] === undefined ? link : { ...link, params: { ...link.params, ...guards[i] } }));
  const guarded = { ...design, links };
  return { ...guarded, faults: picks.flatMap((pick, i) => faultOf(guarded, pick, `fault-${i + 1}`)) };
});

function faultOf(design: Design, pick: { target: number; fault: number; at: number; seconds: number; share: number; inFlight: DesignFault['inFlight']; repeat: DesignFault['repeat'] }, id: string): DesignFault[] {
  const targets = [...design.nodes, ...design.links];
  const target = targets[pick.target % targets.length]!.id;
  const can = faultsFor(design, target, catalogue);
  if (can.length === 0) return [];
  const name = can[pick.fault % can.length]!;
  const { amount } = faultInfo[name];
  const strength = amount === null ? 0 : amount.max <= 1 ? pick.share : Math.max(amount.min, Math.round(amount.default * 2 * pick.share));
  const fault: DesignFault = { ...faultDefaults(name), id, target, at: pick.at, seconds: faultInfo[name].instant ? 0 : pick.seconds, amount: strength, inFlight: pick.inFlight, repeat: pick.repeat, every: 3 };
  return faultRefusal(design, fault, catalogue) === null ? [fault] : [];
}
