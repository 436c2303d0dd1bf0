/** The commands that change the design or what is selected. */
import { addGroup, addNote, duplicate, moveItems, nextId, removeItems } from '../../design/edit.ts';
import { session } from '../../session/store.ts';
import { board } from '../board-view.ts';
import type { Command } from '../command.ts';
import { panels, smallScreen } from '../panels.ts';
import { chosen, pasteFromClipboard, removeChosen } from './clipboard.ts';
import { tidy } from './tidy.ts';

const some = (): boolean => session.getState().selection.size > 0;
const filled = (): boolean => session.getState().design.nodes.length > 0;
const handOnBoard = (): boolean => document.activeElement === document.body || document.activeElement?.closest('.react-flow') != null;
const outsideInspector = (): boolean => document.activeElement?.closest('[data-panel="inspector"], dialog') == null;

function selectAll(): void {
  const { design, select } = session.getState();
  select([...design.nodes, ...design.links, ...design.groups, ...design.notes].map((item) => item.id));
}

function duplicateChosen(): void {
  let copies: readonly string[] = [];
  session.getState().edit('Duplicate', (design) => {
    const doubled = duplicate(design, chosen());
    copies = doubled.copies;
    return doubled.design;
  });
  session.getState().select(copies);
}

function group(): void {
  const { design, selection, edit, select } = session.getState();
  if (!design.nodes.some((node) => selection.has(node.id))) return;
  const id = nextId(design, 'area');
  edit('Group', (before) => addGroup(before, selection));
  select([id]);
}

function ungroup(): void {
  const { design, selection, edit } = session.getState();
  const groups = design.groups.filter((one) => selection.has(one.id)).map((one) => one.id);
  if (groups.length > 0) edit('Ungroup', (before) => removeItems(before, groups));
}

function addArea(): void {
  const { design, edit, select } = session.getState();
  const at = board.current?.centre() ?? { x: 0, y: 0 };
  const id = nextId(design, 'area');
  edit('Add area', (before) => addGroup(before, { x: Math.round(at.x - 240), y: Math.round(at.y - 160) }));
  select([id]);
}

function writeNote(): void {
  const { design, edit, select } = session.getState();
  const at = board.current?.pointer() ?? { x: 0, y: 0 };
  const id = nextId(design, 'note');
  edit('Add note', (before) => addNote(before, '', Math.round(at.x), Math.round(at.y)));
  select([id]);
}

function nudge(dx: number, dy: number): void {
  const { design, selection, edit } = session.getState();
  const items = [...design.nodes, ...design.groups, ...design.notes].filter((item) => selection.has(item.id));
  const places = Object.fromEntries(items.map((item) => [item.id, { x: item.x + dx, y: item.y + dy }]));
  edit('Move', (before) => moveItems(before, places), `nudge:${Object.keys(places).join(' ')}`);
}

/** Selects the next component in the order of the outline, and brings it into view. */
function selectNext(step: 1 | -1): void {
  const { design, selection, select } = session.getState();
  const at = design.nodes.findIndex((node) => selection.has(node.id));
  const next = design.nodes[(at + step + design.nodes.length) % design.nodes.length];
  if (!next) return;
  select([next.id]);
  document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(next.id)}"]`)?.focus({ preventScroll: true });
}

function openSearch(): void {
  const small = matchMedia(smallScreen).matches;
  const focus = (): void => document.querySelector<HTMLInputElement>('[data-panel="palette"] input[type="search"]')?.focus();
  panels.setState({ sheet: small ? 'palette' : null });
  // At once, so that no letter typed after the key is lost; a sheet has to be on the page first.
  if (small) requestAnimationFrame(focus);
  else focus();
}

function letGo(): void {
  session.getState().select([]);
  panels.setState({ sheet: null });
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

const arrows = [['ArrowLeft', -1, 0, 'left'], ['ArrowRight', 1, 0, 'right'], ['ArrowUp', 0, -1, 'up'], ['ArrowDown', 0, 1, 'down']] as const;

const nudges: readonly Command[] = arrows.flatMap(([key, dx, dy, where]) => [
  { id: `nudge-${where}`, label: `Nudge ${where}`, section: 'Edit', keys: [key], when: () => some() && handOnBoard(), run: () => nudge(5 * dx, 5 * dy) },
  { id: `push-${where}`, label: `Nudge ${where} further`, section: 'Edit', keys: [`Shift+${key}`], when: () => some() && handOnBoard(), run: () => nudge(20 * dx, 20 * dy) },
]);

/** Commands of the section "Edit". */
export const editCommands: readonly Command[] = [
  { id: 'undo', label: 'Undo', section: 'Edit', keys: ['Mod+Z'], when: () => session.getState().canUndo, run: () => session.getState().undo() },
  { id: 'redo', label: 'Redo', section: 'Edit', keys: ['Mod+Shift+Z', 'Mod+Y'], when: () => session.getState().canRedo, run: () => session.getState().redo() },
  { id: 'add', label: 'Add a component', section: 'Edit', keys: ['/'], run: openSearch },
  { id: 'note', label: 'Write a note here', section: 'Edit', keys: [], run: writeNote },
  { id: 'area', label: 'Draw an area', section: 'Edit', keys: [], run: addArea },
  { id: 'select-all', label: 'Select everything', section: 'Edit', keys: ['Mod+A'], when: filled, run: selectAll },
  { id: 'next', label: 'Select the next component', section: 'Edit', keys: ['N'], when: filled, run: () => selectNext(1) },
  { id: 'previous', label: 'Select the one before', section: 'Edit', keys: ['Shift+N'], when: filled, run: () => selectNext(-1) },
  { id: 'copy', label: 'Copy', section: 'Edit', keys: ['Mod+C'], native: true, when: some, run: () => document.execCommand('copy') },
  { id: 'cut', label: 'Cut', section: 'Edit', keys: ['Mod+X'], native: true, when: some, run: () => document.execCommand('cut') },
  { id: 'paste', label: 'Paste here', section: 'Edit', keys: ['Mod+V'], native: true, run: () => void pasteFromClipboard() },
  { id: 'duplicate', label: 'Duplicate', section: 'Edit', keys: ['Mod+D'], when: some, run: duplicateChosen },
  { id: 'delete', label: 'Delete', section: 'Edit', keys: ['Delete', 'Backspace'], when: () => some() && outsideInspector(), run: () => removeChosen() },
  { id: 'group', label: 'Group in an area', section: 'Edit', keys: ['Mod+G'], when: some, run: group },
  { id: 'ungroup', label: 'Dissolve the area', section: 'Edit', keys: ['Mod+Shift+G'], when: some, run: ungroup },
  { id: 'tidy', label: 'Tidy the board', section: 'Edit', keys: ['Shift+T'], when: filled, run: () => void tidy() },
  { id: 'escape', label: 'Let go of everything', section: 'Edit', keys: ['Escape'], run: letGo },
  ...nudges,
];
