/** A board of hundreds of components: which cards are drawn whole, which turn next, and which come next onto it. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { emptyDesign, type DesignNode } from '../src/design/design.ts';
import { addNode } from '../src/design/edit.ts';
import { kinds } from '../src/kinds/index.ts';
import { nextTurns } from '../src/page/canvas/detail.ts';
import { readable } from '../src/page/canvas/distance.ts';
import { nextSlice } from '../src/page/canvas/gradually.ts';
import { portsOf } from '../src/page/canvas/ports.ts';
import { manyNodes } from '../src/page/many.ts';

const room = { width: 900, height: 560 };

/** So many services, ten to a row, 260 pixels apart. */
function crowd(count: number): readonly DesignNode[] {
  const design = Array.from({ length: count }, (_, i) => i).reduce((before, i) => addNode(before, 'service', (i % 10) * 260, Math.floor(i / 10) * 190, `s-${i}`), emptyDesign);
  return design.nodes;
}

describe('what is drawn whole', () => {
  const many = crowd(300);

  it('is nothing from far away, all of a few, and of many those in view, from the middle outwards', () => {
    expect(readable(many, [0, 0, 0.1], room).size).toBe(0);
    expect(readable(crowd(10), [0, 0, 0.1], room).size).toBe(0);
    expect(readable(crowd(manyNodes), [-9000, -9000, 1], room).size).toBe(manyNodes);
    const seen = [...readable(many, [-1000, -2500, 1], room)];
    expect(seen.length).toBeGreaterThan(9);
    expect(seen.length).toBeLessThan(50);
    const middle = { x: 1000 + room.width / 2, y: 2500 + room.height / 2 };
    const first = many.find(({ id }) => id === seen[0])!;
    expect(Math.abs(first.x + 98 - middle.x)).toBeLessThan(200);
    expect(Math.abs(first.y + 55 - middle.y)).toBeLessThan(200);
  });

  it('has every card of which a pixel is in view, wherever one looks', () => {
    fc.assert(fc.property(fc.double({ min: -9000, max: 9000, noNaN: true }), fc.double({ min: -9000, max: 9000, noNaN: true }), fc.double({ min: 0.5, max: 2.5, noNaN: true }), (x, y, zoom) => {
      const whole = readable(many, [x, y, zoom], room);
      for (const node of many) {
        const [left, top] = [node.x * zoom + x, node.y * zoom + y];
        const inView = left < room.width && left + 196 * zoom > 0 && top < room.height && top + 100 * zoom > 0;
        if (inView) expect(whole.has(node.id)).toBe(true);
      }
    }));
  });
});

describe('cards turn', () => {
  it('in the order in which they are wanted, then those no longer wanted, never more than allowed', () => {
    expect(nextTurns(new Set(['a', 'x']), new Set(['a', 'c', 'b']), 2)).toEqual(['c', 'b']);
    expect(nextTurns(new Set(['a', 'x', 'y']), new Set(['a', 'c']), 2)).toEqual(['c', 'x']);
    expect(nextTurns(new Set(['a']), new Set(['a']), 2)).toEqual([]);
  });

  it('until all that is wanted is whole and nothing else', () => {
    const ids = fc.uniqueArray(fc.constantFrom(...'abcdefghijklmnop'));
    fc.assert(fc.property(ids, ids, fc.integer({ min: 1, max: 5 }), (before, wanted, most) => {
      const now = new Set(before);
      for (let turns = nextTurns(now, new Set(wanted), most); turns.length > 0; turns = nextTurns(now, new Set(wanted), most)) {
        expect(turns.length).toBeLessThanOrEqual(most);
        for (const id of turns) if (!now.delete(id)) now.add(id);
      }
      expect([...now].sort()).toEqual([...wanted].sort());
    }));
  });
});

it('a slice of what is to come is what lies nearest to the middle of the view, or the first', () => {
  const waiting = crowd(100).map(({ id, x, y }) => ({ id, position: { x, y } }));
  expect(nextSlice(waiting, 20, null).map(({ id }) => id)).toEqual(waiting.slice(0, 20).map(({ id }) => id));
  const near = nextSlice(waiting, 20, { x: 1300, y: 950 });
  expect(near).toHaveLength(20);
  expect(near[0]!.id).toBe('s-55');
  expect(nextSlice(waiting.slice(0, 3), 20, { x: 0, y: 0 })).toHaveLength(3);
});

it('every kind has an end for each wire that it may have, and no other', () => {
  for (const kind of kinds) {
    const ids = portsOf(kind).map(({ id }) => id);
    expect(ids.includes('in')).toBe(kind.ports.in === 'call');
    expect(ids.includes('out')).toBe(kind.ports.out.some(({ wire }) => wire === 'call'));
    expect(ids.includes('prefix-in')).toBe(kind.ports.in === 'prefix' || kind.scales === true);
    expect(ids.includes('prefix-out')).toBe(kind.ports.out.some(({ wire }) => wire !== 'call'));
    expect(new Set(ids).size).toBe(ids.length);
  }
});
