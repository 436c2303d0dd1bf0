/** Copy, cut and paste as text: what travels is a small design, so it works across tabs and into a file or a chat. */
import { excerpt, paste, removeItems } from '../../design/edit.ts';
import type { Design } from '../../design/design.ts';
import { session } from '../../session/store.ts';
import { fromFile, toFile } from '../../share/file.ts';
import { board, type Point } from '../board-view.ts';
import { isTyping } from '../command.ts';

/** Ids of what is selected and can be copied, with the wires among them. */
export function chosen(): readonly string[] {
  return [...session.getState().selection];
}

/** Removes what is selected: one undo step. */
export function removeChosen(label = 'Delete'): void {
  const ids = chosen();
  if (ids.length === 0) return;
  session.getState().edit(ids.length === 1 ? label : `${label} ${ids.length} items`, (design) => removeItems(design, ids));
  session.getState().select([]);
}

function corner(part: Design): Point {
  const items = [...part.nodes, ...part.groups, ...part.notes];
  return { x: Math.min(...items.map((item) => item.x)), y: Math.min(...items.map((item) => item.y)) };
}

/** Pastes the text of a design at a point of the board, and selects what came; says so where the text is none. */
export function pasteText(text: string, at: Point): void {
  const { edit, select, say } = session.getState();
  const read = fromFile(text);
  if (!read.ok) return say(`What was pasted is no part of a design: ${read.why}`, 'error');
  if (read.value.nodes.length + read.value.groups.length + read.value.notes.length === 0) return say('There is nothing to paste in that design.', 'error');
  const from = corner(read.value);
  let copies: readonly string[] = [];
  edit('Paste', (design) => {
    const pasted = paste(design, read.value, Math.round(at.x - from.x), Math.round(at.y - from.y));
    copies = pasted.copies;
    return pasted.design;
  });
  select(copies);
}

function onCopy(event: ClipboardEvent): void {
  const { design, selection } = session.getState();
  if (isTyping(event.target) || selection.size === 0 || String(getSelection()) !== '' || !event.clipboardData) return;
  event.clipboardData.setData('text/plain', toFile(excerpt(design, selection)));
  event.preventDefault();
  if (event.type === 'cut') removeChosen('Cut');
}

function onPaste(event: ClipboardEvent): void {
  const text = event.clipboardData?.getData('text/plain').trim();
  if (isTyping(event.target) || !text?.startsWith('{')) return;
  event.preventDefault();
  pasteText(text, board.current?.pointer() ?? { x: 0, y: 0 });
}

/** Listens to the browser's own copy, cut and paste; answers how to stop. */
export function listenToClipboard(): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  document.addEventListener('copy', onCopy, { signal });
  document.addEventListener('cut', onCopy, { signal });
  document.addEventListener('paste', onPaste, { signal });
  return () => stop.abort();
}

/** Pastes from the clipboard where a menu asked for it; the browser may want to be asked first, or refuse. */
export async function pasteFromClipboard(): Promise<void> {
  try {
    pasteText(await navigator.clipboard.readText(), board.current?.pointer() ?? { x: 0, y: 0 });
  } catch {
    session.getState().say('The browser does not let a menu read the clipboard. Paste with the keyboard instead.', 'error');
  }
}
