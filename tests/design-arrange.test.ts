/** Edits that put things in order: edges, even gaps, and components put into wires. */
import { describe, expect, it } from 'vitest';
import { alignItems, distributeItems, insertInWire } from '../src/design/arrange.ts';
import { emptyDesign, type Design } from '../src/design/design.ts';
import { addNode, addNote, connect } from '../src/design/edit.ts';

const three = (): Design => addNode(addNode(addNode(emptyDesign, 'users', 0, 10), 'service', 300, 90), 'service', 900, 40);
const ids = ['users-1', 'service-1', 'service-2'];
const places = (design: Design): number[][] => design.nodes.map(({ x, y }) => [x, y]);

describe('arranging', () => {
  it('brings edges and middles into line', () => {
    expect(places(alignItems(three(), ids, 'top'))).toEqual([[0, 10], [300, 10], [900, 10]]);
    expect(places(alignItems(three(), ids, 'bottom'))).toEqual([[0, 90], [300, 90], [900, 90]]);
    expect(places(alignItems(three(), ids, 'middle'))).toEqual([[0, 50], [300, 50], [900, 50]]);
    expect(places(alignItems(three(), ids, 'right'))).toEqual([[900, 10], [900, 90], [900, 40]]);
    expect(alignItems(three(), ['users-1'], 'left')).toEqual(three());
  });

  it('takes the size of unlike things into account', () => {
    const design = addNote(addNode(emptyDesign, 'users', 0, 0), 'a note', 500, 0);
    expect(alignItems(design, ['users-1', 'note-1'], 'centre').notes[0]!.x).toBe(250);
  });

  it('evens out the gaps, whatever order things were chosen in', () => {
    expect(places(distributeItems(three(), [...ids].reverse(), 'x'))).toEqual([[0, 10], [450, 90], [900, 40]]);
    expect(distributeItems(three(), ids.slice(1), 'x')).toEqual(three());
  });

  it('puts a component into a wire, and leaves the wire alone where that is refused', () => {
    const wired = connect(three(), 'users-1', 'service-1');
    const { links } = insertInWire(wired, 'link-1', 'service-2');
    expect(links.map(({ id, from, to }) => `${id}: ${from} → ${to}`)).toEqual(['link-1: users-1 → service-2', 'link-2: service-2 → service-1']);
    const withCache = addNode(wired, 'users', 0, 400);
    expect(insertInWire(withCache, 'link-1', 'users-2')).toBe(withCache);
    expect(insertInWire(wired, 'link-1', 'service-1')).toBe(wired);
  });
});
