/** Pure edits: each takes a design and answers with the edited one; what a design must not hold is left as it was. */
import { catalogue, type Catalogue } from './catalogue.ts';
import { groupDistance, limits, type Design, type DesignFault, type DesignGroup, type GroupLevel, type DesignLink, type DesignNode, type DesignNote, type Objective, type RunSettings } from './design.ts';
import { checkParam, sameValue } from './params.ts';
import { wireRefusal } from './wires.ts';
import type { Params } from '../kit/param.ts';

/** Size at which a card is drawn; areas measure their members by it. */
export const cardSize = { width: 200, height: 120 } as const;

const groupPadding = { side: 28, top: 44 } as const;
const newGroup = { width: 480, height: 320 } as const;

/** The next free id of the form `service-2`: one past the largest in use, so that the same edits give the same ids. */
export function nextId(design: Design, stem: string): string {
  const tail = `${stem}-`;
  let largest = 0;
  for (const { id } of everything(design)) {
    const number = id.startsWith(tail) ? Number(id.slice(tail.length)) : NaN;
    if (Number.isSafeInteger(number) && number > largest) largest = number;
  }
  return `${tail}${largest + 1}`;
}

/** Puts a component of a kind on the board, with default parameters; unknown kinds and full boards change nothing. */
export function addNode(design: Design, kindId: string, x: number, y: number, id = nextId(design, kindId), book: Catalogue = catalogue): Design {
  const kind = book.kindOf(kindId);
  if (!kind || design.nodes.length >= limits.nodes || has(design, id)) return design;
  const node: DesignNode = { id, kind: kindId, label: freeLabel(design, kind.label), x: pixel(x), y: pixel(y), params: {} };
  return { ...design, nodes: [...design.nodes, node] };
}

/** Removes components, wires, areas, notes and faults; wires of removed components, and faults of what is removed, go with them. */
export function removeItems(design: Design, ids: Iterable<string>): Design {
  const gone = new Set(ids);
  const stays = (item: { readonly id: string }): boolean => !gone.has(item.id);
  const left = {
    ...design,
    nodes: design.nodes.filter(stays),
    links: design.links.filter((link) => stays(link) && !gone.has(link.from) && !gone.has(link.to)),
    groups: design.groups.filter(stays),
    notes: design.notes.filter(stays),
  };
  const there = new Set([...left.nodes, ...left.links, ...left.groups].map((item) => item.id));
  return { ...left, faults: design.faults.filter((fault) => stays(fault) && there.has(fault.target)) };
}

/** Puts components, areas and notes at new places, in whole pixels; ids that are not on the board are passed over. */
export function moveItems(design: Design, places: Readonly<Record<string, { readonly x: number; readonly y: number }>>): Design {
  const moved = <T extends { readonly id: string; readonly x: number; readonly y: number }>(items: readonly T[]): readonly T[] =>
    changed(items, (item) => {
      const place = Object.hasOwn(places, item.id) ? places[item.id]! : item;
      const [x, y] = [pixel(place.x), pixel(place.y)];
      return x === item.x && y === item.y ? item : { ...item, x, y };
    });
  return { ...design, nodes: moved(design.nodes), groups: moved(design.groups), notes: moved(design.notes) };
}

/** Sets one parameter of a component. A value its declaration refuses changes nothing (`checkParam` says why). */
export function setNodeParam(design: Design, id: string, name: string, value: unknown, book: Catalogue = catalogue): Design {
  return withNode(design, id, (node) => {
    const kind = book.kindOf(node.kind);
    return kind ? withParam(node, kind.params as Params, name, value) : node;
  });
}

/** Sets one parameter of a wire. A value its declaration refuses changes nothing. */
export function setLinkParam(design: Design, id: string, name: string, value: unknown, book: Catalogue = catalogue): Design {
  return { ...design, links: changed(design.links, (link) => (link.id === id ? withParam(link, book.link, name, value) : link)) };
}

/** Gives a component another label; its id stays. */
export function renameNode(design: Design, id: string, label: string): Design {
  return withNode(design, id, (node) => ({ ...node, label: clipped(label, limits.nameCharacters) || node.label }));
}

/** Names the design. */
export function renameDesign(design: Design, name: string): Design {
  return { ...design, name: clipped(name, limits.nameCharacters) || design.name };
}

/** Draws a wire; one that may not be drawn (`wireRefusal` says why) changes nothing. */
export function connect(design: Design, from: string, to: string, book: Catalogue = catalogue): Design {
  if (design.links.length >= limits.links || wireRefusal(design, from, to, undefined, book) !== null) return design;
  const link: DesignLink = { id: nextId(design, 'link'), from, to, params: {} };
  return { ...design, links: [...design.links, link] };
}

/** Moves an end of a wire; it keeps its id and its parameters. */
export function reconnect(design: Design, linkId: string, from: string, to: string, book: Catalogue = catalogue): Design {
  if (wireRefusal(design, from, to, linkId, book) !== null) return design;
  return { ...design, links: changed(design.links, (link) => (link.id === linkId ? { ...link, from, to } : link)) };
}

/** Copies components, areas and notes with the wires among them, beside the originals. Answers with the ids of the copies too. */
export function duplicate(design: Design, ids: Iterable<string>, dx = 40, dy = 40, book: Catalogue = catalogue): { readonly design: Design; readonly copies: readonly string[] } {
  return paste(design, excerpt(design, ids), dx, dy, book);
}

/** The part of a design that holds these items and the wires among them: what the clipboard carries. */
export function excerpt(design: Design, ids: Iterable<string>): Design {
  const chosen = new Set(ids);
  const wanted = (item: { readonly id: string }): boolean => chosen.has(item.id);
  const links = design.links.filter((link) => chosen.has(link.from) && chosen.has(link.to));
  return { ...design, nodes: design.nodes.filter(wanted), links, groups: design.groups.filter(wanted), notes: design.notes.filter(wanted), faults: [], objectives: [], view: null };
}

/** Adds another design's components, wires, areas and notes under new ids, moved by (dx, dy); what does not fit is left out. */
export function paste(design: Design, part: Design, dx: number, dy: number, book: Catalogue = catalogue): { readonly design: Design; readonly copies: readonly string[] } {
  const ids = new Map<string, string>();
  let grown = design;
  for (const node of part.nodes) grown = pasteNode(grown, node, dx, dy, ids);
  for (const link of part.links) grown = pasteLink(grown, link, ids, book);
  for (const group of part.groups) grown = withGroup(grown, { ...group, x: group.x + dx, y: group.y + dy }, ids);
  for (const note of part.notes) grown = withNote(grown, { ...note, x: note.x + dx, y: note.y + dy }, ids);
  return { design: grown, copies: [...ids.values()] };
}

/** Draws an area around the given components, or an empty one at a place. */
export function addGroup(design: Design, around: Iterable<string> | { readonly x: number; readonly y: number }, label = 'Area'): Design {
  if (!('x' in around)) return addAround(design, new Set(around), label);
  return withGroup(design, { id: '', label, x: around.x, y: around.y, ...newGroup, level: 'area', ...groupDistance.area });
}

/** Names an area. */
export function renameGroup(design: Design, id: string, label: string): Design {
  return changeGroup(design, id, (group) => ({ ...group, label: clipped(label, limits.nameCharacters) }));
}

/** Says what an area stands for; its distance becomes the usual one of that level. */
export function setGroupLevel(design: Design, id: string, level: GroupLevel): Design {
  return changeGroup(design, id, (group) => ({ ...group, level, ...groupDistance[level] }));
}

/** How much longer and dearer wires are that leave an area: seconds one way (0 … 60), USD per GB (0 … 1000). */
export function setGroupDistance(design: Design, id: string, distance: { readonly latency?: number; readonly usdPerGb?: number }): Design {
  return changeGroup(design, id, (group) => ({
    ...group,
    latency: Math.min(60, Math.max(0, distance.latency ?? group.latency)),
    usdPerGb: Math.min(1000, Math.max(0, distance.usdPerGb ?? group.usdPerGb)),
  }));
}

/** Gives an area another place and size; never smaller than 80 × 60. */
export function resizeGroup(design: Design, id: string, x: number, y: number, width: number, height: number): Design {
  return changeGroup(design, id, (group) => ({ ...group, x: pixel(x), y: pixel(y), width: Math.max(80, pixel(width)), height: Math.max(60, pixel(height)) }));
}

/** Adds a fault under a new id (`fault-1` …); answers with the design itself where it holds as many as it may. */
export function addFault(design: Design, fault: Omit<DesignFault, 'id'>): Design {
  if (design.faults.length >= limits.faults) return design;
  return { ...design, faults: [...design.faults, { ...fault, id: nextId(design, 'fault') }] };
}

/** Changes a fault: when it comes, for how long, how strong. */
export function changeFault(design: Design, id: string, change: Partial<Omit<DesignFault, 'id'>>): Design {
  return { ...design, faults: changed(design.faults, (fault) => (fault.id === id ? { ...fault, ...change } : fault)) };
}

/** The components whose centre lies inside an area. */
export function membersOf(design: Design, group: DesignGroup): readonly DesignNode[] {
  return design.nodes.filter((node) => {
    const [x, y] = [node.x + cardSize.width / 2 - group.x, node.y + cardSize.height / 2 - group.y];
    return x >= 0 && y >= 0 && x <= group.width && y <= group.height;
  });
}

/** Puts a handwritten note on the board. */
export function addNote(design: Design, text: string, x: number, y: number): Design {
  return withNote(design, { id: '', text: text.slice(0, limits.noteCharacters), x, y });
}

/** Rewrites a note. */
export function setNote(design: Design, id: string, text: string): Design {
  return { ...design, notes: changed(design.notes, (note) => (note.id === id ? { ...note, text: text.slice(0, limits.noteCharacters) } : note)) };
}

/** Adds an objective, up to the number a design may have. */
export function addObjective(design: Design, objective: Objective): Design {
  if (design.objectives.length >= limits.objectives || !Number.isFinite(objective.limit)) return design;
  return { ...design, objectives: [...design.objectives, objective] };
}

/** Rewrites the objective at `index`; one that does not exist changes nothing. */
export function setObjective(design: Design, index: number, objective: Objective): Design {
  if (!Number.isFinite(objective.limit)) return design;
  return { ...design, objectives: changed(design.objectives, (one, at) => (at === index ? objective : one)) };
}

/** Drops the objective at `index`. */
export function removeObjective(design: Design, index: number): Design {
  return { ...design, objectives: design.objectives.filter((_, at) => at !== index) };
}

/** Changes how the design is run; numbers that are not finite and not positive where they must be are passed over. */
export function setRun(design: Design, run: Partial<RunSettings>): Design {
  const next = { ...design.run, ...run };
  const sound = Number.isSafeInteger(next.seed) && next.seed >= 0 && next.seed < 2 ** 32
    && next.seconds >= 1e-3 && next.seconds <= 1e8 && next.warmupSeconds >= 0 && next.warmupSeconds < next.seconds
    && next.speed >= 0 && next.speed <= 1e6;
  return sound ? { ...design, run: next } : design;
}

function withParam<T extends { readonly params: Readonly<Record<string, unknown>> }>(item: T, params: Params, name: string, value: unknown): T {
  if (!Object.hasOwn(params, name)) return item;
  const spec = params[name]!;
  const checked = checkParam(spec, value);
  if (!checked.ok) return item;
  const { [name]: _, ...others } = item.params;
  return { ...item, params: sameValue(checked.value, spec.default) ? others : { ...others, [name]: checked.value } };
}

function withNode(design: Design, id: string, change: (node: DesignNode) => DesignNode): Design {
  return { ...design, nodes: changed(design.nodes, (node) => (node.id === id ? change(node) : node)) };
}

function changeGroup(design: Design, id: string, change: (group: DesignGroup) => DesignGroup): Design {
  return { ...design, groups: changed(design.groups, (group) => (group.id === id ? change(group) : group)) };
}

/** Maps a list and answers with the list itself where nothing changed, so that what reads it is not woken. */
function changed<T>(items: readonly T[], change: (item: T, index: number) => T): readonly T[] {
  const next = items.map(change);
  return next.every((item, index) => item === items[index]) ? items : next;
}

function pasteNode(design: Design, node: DesignNode, dx: number, dy: number, ids: Map<string, string>): Design {
  if (design.nodes.length >= limits.nodes) return design;
  const id = nextId(design, node.kind);
  ids.set(node.id, id);
  const copy: DesignNode = { ...node, id, label: freeLabel(design, node.label), x: pixel(node.x + dx), y: pixel(node.y + dy) };
  return { ...design, nodes: [...design.nodes, copy] };
}

function pasteLink(design: Design, link: DesignLink, ids: ReadonlyMap<string, string>, book: Catalogue): Design {
  const [from, to] = [ids.get(link.from), ids.get(link.to)];
  const wired = from && to ? connect(design, from, to, book) : design;
  if (wired === design) return design;
  const last = wired.links[wired.links.length - 1]!;
  return { ...wired, links: [...design.links, { ...last, params: link.params }] };
}

function withGroup(design: Design, group: DesignGroup, ids?: Map<string, string>): Design {
  if (design.groups.length >= limits.groups) return design;
  const id = nextId(design, 'area');
  ids?.set(group.id, id);
  return { ...design, groups: [...design.groups, { ...group, id, x: pixel(group.x), y: pixel(group.y) }] };
}

function withNote(design: Design, note: DesignNote, ids?: Map<string, string>): Design {
  if (design.notes.length >= limits.notes) return design;
  const id = nextId(design, 'note');
  ids?.set(note.id, id);
  return { ...design, notes: [...design.notes, { ...note, id, x: pixel(note.x), y: pixel(note.y) }] };
}

function addAround(design: Design, ids: ReadonlySet<string>, label: string): Design {
  const members = design.nodes.filter((node) => ids.has(node.id));
  if (members.length === 0) return design;
  const [left, top] = [Math.min(...members.map((node) => node.x)), Math.min(...members.map((node) => node.y))];
  const right = Math.max(...members.map((node) => node.x)) + cardSize.width;
  const bottom = Math.max(...members.map((node) => node.y)) + cardSize.height;
  const { side, top: head } = groupPadding;
  return withGroup(design, { id: '', label, x: left - side, y: top - head, width: right - left + 2 * side, height: bottom - top + head + side, level: 'area', ...groupDistance.area });
}

/** `Service`, then `Service 2`, `Service 3` … */
function freeLabel(design: Design, label: string): string {
  const taken = new Set(design.nodes.map((node) => node.label));
  if (!taken.has(label)) return label;
  const stem = label.replace(/ \d+$/, '').slice(0, limits.nameCharacters - 6);
  let number = 2;
  while (taken.has(`${stem} ${number}`)) number++;
  return `${stem} ${number}`;
}

/** Whole pixels, and never minus zero, which JSON does not keep. */
function pixel(value: number): number {
  return Math.round(value) + 0;
}

function clipped(text: string, length: number): string {
  return text.trim().slice(0, length).trim();
}

function has(design: Design, id: string): boolean {
  for (const item of everything(design)) if (item.id === id) return true;
  return false;
}

function* everything(design: Design): Iterable<{ readonly id: string }> {
  yield* design.nodes;
  yield* design.links;
  yield* design.groups;
  yield* design.notes;
  yield* design.faults;
}
