/** Pure edits: what they do, what they leave alone, and that whatever they make passes the gate. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyDesign, type Design } from '../src/design/design.ts';
import * as edit from '../src/design/edit.ts';
import { gateScenario, type Lesson } from '../src/design/scenario.ts';
import { holds, withParams } from '../src/design/trial.ts';
import { anyDesign } from './design-arbitrary.ts';

const pair = (): Design => edit.connect(edit.addNode(edit.addNode(emptyDesign, 'users', 0, 0), 'service', 300, 0), 'users-1', 'service-1');

describe('edits', () => {
  it('name what they add by kind and count, and a removed name comes back only at the end', () => {
    let design = edit.addNode(pair(), 'service', 0, 200);
    expect(design.nodes.map((node) => node.id)).toEqual(['users-1', 'service-1', 'service-2']);
    expect(design.nodes.map((node) => node.label)).toEqual(['Users', 'Service', 'Service 2']);
    design = edit.addNode(edit.removeItems(design, ['service-1']), 'service', 0, 0);
    expect(design.nodes.map((node) => node.id)).toEqual(['users-1', 'service-2', 'service-3']);
    expect(design.links).toEqual([]);
  });

  it('store only what differs from the defaults, and refuse what the declaration refuses', () => {
    const set = edit.setNodeParam(pair(), 'service-1', 'serverCount', 4);
    expect(set.nodes[1]!.params).toEqual({ serverCount: 4 });
    expect(edit.setNodeParam(set, 'service-1', 'serverCount', 0)).toEqual(set);
    expect(edit.setNodeParam(set, 'service-1', 'serverCount', 8).nodes[1]!.params).toEqual({});
    expect(edit.setNodeParam(set, 'service-1', '__proto__', 8)).toEqual(set);
  });

  it('leave lists that they do not touch as they were', () => {
    const design = pair();
    const moved = edit.moveItems(design, { 'users-1': { x: 5.4, y: -0.2 } });
    expect(moved.nodes[0]).toMatchObject({ x: 5, y: 0 });
    expect(moved.nodes[1]).toBe(design.nodes[1]);
    expect(moved.links).toBe(design.links);
    expect(edit.moveItems(design, { 'users-1': { x: 0, y: 0 } }).nodes).toBe(design.nodes);
    expect(edit.connect(design, 'service-1', 'users-1')).toBe(design);
  });

  it('copy a part with the wires inside it', () => {
    const { design, copies } = edit.duplicate(edit.setLinkParam(pair(), 'link-1', 'linkWeight', 3), ['users-1', 'service-1']);
    expect(copies).toEqual(['users-2', 'service-2']);
    expect(design.links[1]).toEqual({ id: 'link-2', from: 'users-2', to: 'service-2', params: { linkWeight: 3 } });
  });

  it('draw areas around their members', () => {
    const design = edit.addGroup(pair(), ['service-1'], 'Zone A');
    expect(edit.membersOf(design, design.groups[0]!).map((node) => node.id)).toEqual(['service-1']);
  });

  it('never make what the gate would refuse, and reconnecting keeps a wire’s name', () => {
    fc.assert(fc.property(anyDesign(40), (design) => {
      const ids = [...design.nodes, ...design.links, ...design.groups, ...design.notes].map((item) => item.id);
      expect(new Set(ids).size).toBe(ids.length);
      const all = edit.removeItems(design, design.nodes.map((node) => node.id));
      expect([all.nodes, all.links]).toEqual([[], []]);
    }), { numRuns: 100 });
  });
});

describe('scenarios', () => {
  const lesson: Lesson = { claim: 'More servers, less waiting', a: { design: 'reference' }, b: { design: 'naive', set: { 'service-1.serverCount': 2 } }, metric: 'latency.p99', relation: 'at most', factor: 0.5, seconds: 60 };
  const scenario = { slug: 'two-desks', title: 'Two desks', brief: '', constraints: [], naive: pair(), reference: pair(), whatIfs: [{ label: 'Slow', set: { 'link-1.linkWeight': 2 } }], lessons: [lesson] };
  const why = (change: object): string => {
    const gated = gateScenario({ ...scenario, ...change });
    return gated.ok ? 'accepted' : gated.why;
  };

  it('are taken whole or refused in a sentence', () => {
    expect(gateScenario(scenario)).toEqual({ ok: true, value: { ...scenario, sources: [] }, repairs: [] });
    expect(why({ lessons: [{ ...lesson, b: null }] })).toBe('The lesson “More servers, less waiting” has neither another side nor a limit.');
    expect(why({ lessons: [{ ...lesson, a: { design: 'naive', set: { 'service-1.serverCount': 0 } } }] })).toBe('The lesson “More servers, less waiting”: “service-1”: servers must be between 1 and 1,000,000 (you gave 0).');
    expect(why({ whatIfs: [{ label: 'Gone', set: { 'service-9.x': 1 } }] })).toBe('The what-if “Gone”: there is no component or wire “service-9”.');
    expect(why({ naive: { nodes: 3 } })).toBe('The naive design: This is not a design: it has no list of components (“nodes”).');
    expect(why({ colour: 1 })).toBe('The scenario’s outermost level has a field “colour” that is not known here.');
  });

  it('set parameters of components and wires', () => {
    const changed = withParams(pair(), { 'service-1.serverCount': 3, 'link-1.linkWeight': 2, 'nothing.here': 1, odd: 1 });
    expect([changed.nodes[1]!.params, changed.links[0]!.params]).toEqual([{ serverCount: 3 }, { linkWeight: 2 }]);
  });

  it('hold claims only on values that were observed', () => {
    expect(holds(lesson, 1, 2)).toBe(true);
    expect(holds(lesson, 1.1, 2)).toBe(false);
    expect(holds(lesson, null, 2)).toBe(false);
    expect(holds(lesson, 1, null)).toBe(false);
    expect(holds({ ...lesson, b: null, limit: 3, relation: 'at least' }, 3, null)).toBe(true);
  });
});
