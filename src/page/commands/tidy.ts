/** Tidies the board and shows all of it. */
import { session } from '../../session/store.ts';
import { tidy as tidyDesign } from '../../session/tidy.ts';
import { board } from '../board-view.ts';

/** Lays the whole board out from left to right along the wires. One undo step. */
export async function tidy(): Promise<void> {
  if (await tidyDesign(session.getState)) requestAnimationFrame(() => board.current?.fit());
}
