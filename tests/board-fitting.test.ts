/** The opening view: everything on the board is seen, and nothing stands in front of it where there is room beside. */
import { describe, expect, it } from 'vitest';
import { viewOf, type Box } from '../src/page/canvas/fitting.ts';

const room = { x: 0, y: 0, width: 900, height: 560 };
const card = (x: number, y: number): Box => ({ x, y, width: 196, height: 130 });
const wide = [card(0, 0), card(320, 0), card(640, 0), card(0, 300), card(640, 300)];

const covered = (boxes: readonly Box[], { x, y, zoom }: { x: number; y: number; zoom: number }, area: typeof room): boolean =>
  boxes.some((box) => !box.hollow && box.x * zoom + x < area.x + area.width && (box.x + box.width) * zoom + x > area.x && box.y * zoom + y < area.y + area.height && (box.y + box.height) * zoom + y > area.y);

describe('the view', () => {
  const brief = { ...room, x: 12, y: 12, width: 330, height: 140 };
  const zoomBar = { ...room, x: 12, y: 516, width: 130, height: 32 };
  const panel = { ...room, x: 430, y: 110, width: 460, height: 440 };

  it.each([['a brief', [brief]], ['the zoom bar', [zoomBar]], ['a panel', [panel]], ['a brief and a panel', [brief, panel]], ['all of them', [brief, zoomBar, panel]]] as const)('keeps clear of %s', (_, inFront) => {
    const view = viewOf(wide.slice(0, 2), room, inFront);
    for (const area of inFront) expect(covered(wide.slice(0, 2), view, area)).toBe(false);
    for (const box of wide.slice(0, 2)) {
      expect(box.x * view.zoom + view.x).toBeGreaterThan(0);
      expect((box.x + box.width) * view.zoom + view.x).toBeLessThan(room.width);
      expect((box.y + box.height) * view.zoom + view.y).toBeLessThan(room.height);
    }
  });

  it('stays as large as it is where nothing is in front, or too little would be left', () => {
    const free = viewOf(wide, room, []);
    expect(viewOf(wide, room, [{ ...room, width: 5, height: 5 }])).toEqual(free);
    // A sheet over most of a small board.
    expect(viewOf(wide, room, [{ ...room, y: 120, height: 440 }])).toEqual(free);
  });
});
