/** Random designs over all kinds there are, for tests that must hold whatever a person draws. */
import fc from 'fast-check';
import { emptyDesign, type Design } from '../src/design/design.ts';
import * as edit from '../src/design/edit.ts';
import { kinds } from '../src/kinds/index.ts';
import { linkParams } from '../src/kinds/link.ts';
import type { Param, Params } from '../src/kit/param.ts';

const figure = (min: number, max: number, whole: boolean): fc.Arbitrary<number> =>
  whole ? fc.integer({ min: Math.max(min, -1e9), max: Math.min(max, 1e9) }) : fc.double({ min, max, noNaN: true });

/** Any value a parameter's declaration allows. */
export function valueOf(spec: Param): fc.Arbitrary<unknown> {
  switch (spec.type) {
    case 'number': return figure(spec.min, spec.max, spec.integer);
    case 'choice': return fc.constantFrom(...spec.options.map((option) => option.value));
    case 'toggle': return fc.boolean();
    case 'text': return fc.string({ maxLength: Math.min(20, spec.maxLength), unit: 'grapheme' }).filter((text) => text.length <= spec.maxLength);
    case 'trace': return fc.constantFrom('', 'conversation', 'code');
    case 'distribution': return fc.record({ shape: fc.constantFrom(...spec.shapes), mean: figure(spec.min, spec.max, false), cv: figure(0, 20, false) });
    case 'table': {
      const columns = Object.entries(spec.columns as Params).map(([name, column]) => [name, valueOf(column)] as const);
      return fc.array(fc.record(Object.fromEntries(columns)), { maxLength: Math.min(3, spec.maxRows) });
    }
  }
}

/** One edit as a name and the pure change it makes. */
export interface Step {
  readonly name: string;
  readonly change: (design: Design) => Design;
}

const place = fc.integer({ min: -5000, max: 5000 });
const words = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' });
const at = <T>(items: readonly T[], index: number): T | undefined => items[index % Math.max(1, items.length)];
const step = (name: string, change: (design: Design) => Design): Step => ({ name, change });

const anyParam = fc.constantFrom(...kinds.flatMap((kind) => Object.entries(kind.params as Params).map(([name, spec]) => ({ kind: kind.id, name, spec }))))
  .chain(({ kind, name, spec }) => valueOf(spec).map((value) => ({ kind, name, value })));
const anyLinkParam = fc.constantFrom(...Object.entries(linkParams as Params)).chain(([name, spec]) => valueOf(spec).map((value) => ({ name, value })));

/** Any single edit that a person could make, on whatever is on the board. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom(...kinds.map((kind) => kind.id)), x: place, y: place }).map(({ kind, x, y }) => step('add', (d) => edit.addNode(d, kind, x, y))) },
  { weight: 6, arbitrary: fc.tuple(fc.nat(1000), fc.nat(1000)).map(([a, b]) => step('connect', (d) => (d.nodes.length > 1 ? edit.connect(d, at(d.nodes, a)!.id, at(d.nodes, b)!.id) : d))) },
  { weight: 6, arbitrary: anyParam.chain((p) => fc.nat(1000).map((i) => step('set', (d) => edit.setNodeParam(d, at(d.nodes.filter((n) => n.kind === p.kind), i)?.id ?? '', p.name, p.value)))) },
  { weight: 2, arbitrary: anyLinkParam.chain((p) => fc.nat(1000).map((i) => step('set link', (d) => edit.setLinkParam(d, at(d.links, i)?.id ?? '', p.name, p.value)))) },
  fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000)).map(([l, a, b]) => step('reconnect', (d) => edit.reconnect(d, at(d.links, l)?.id ?? '', at(d.nodes, a)?.id ?? '', at(d.nodes, b)?.id ?? ''))),
  fc.tuple(fc.nat(1000), fc.nat(1000)).map(([a, b]) => step('remove', (d) => edit.removeItems(d, [at([...d.nodes, ...d.links, ...d.groups, ...d.notes], a)?.id ?? '', at(d.links, b)?.id ?? '']))),
  fc.tuple(fc.nat(1000), place, place).map(([i, x, y]) => step('move', (d) => edit.moveItems(d, { [at([...d.nodes, ...d.groups, ...d.notes], i)?.id ?? '-']: { x, y } }))),
  fc.tuple(fc.nat(1000), words).map(([i, label]) => step('rename', (d) => edit.renameNode(d, at(d.nodes, i)?.id ?? '', label))),
  fc.tuple(fc.nat(1000), fc.nat(1000)).map(([a, b]) => step('duplicate', (d) => edit.duplicate(d, [at(d.nodes, a)?.id ?? '', at(d.nodes, b)?.id ?? '']).design)),
  fc.tuple(fc.nat(1000), place, place).map(([i, x, y]) => step('group', (d) => edit.addGroup(d, d.nodes.length > 0 ? [at(d.nodes, i)!.id] : { x, y }, 'Zone'))),
  fc.tuple(words, place, place).map(([text, x, y]) => step('note', (d) => edit.addNote(d, text, x, y))),
  words.map((name) => step('name', (d) => edit.renameDesign(d, name))),
  fc.double({ min: 0, max: 1e6, noNaN: true }).map((limit) => step('objective', (d) => edit.addObjective(d, { metric: 'latency.p99', relation: 'at most', limit }))),
  fc.record({ seed: fc.nat(), seconds: fc.double({ min: 1, max: 1e5, noNaN: true }) }).map((run) => step('run', (d) => edit.setRun(d, run))),
);

/** Any design that can be drawn in at most `most` edits. */
export const anyDesign = (most = 60): fc.Arbitrary<Design> =>
  fc.array(anyStep, { minLength: 1, maxLength: most }).map((steps) => steps.reduce((design, one) => one.change(design), emptyDesign));
