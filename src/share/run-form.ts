/** A run ⇄ its short form: the design it began with, and the edits made as it went, each as what of the short form it changed. */
import type { Catalogue } from '../design/catalogue.ts';
import { limits, type Design, type Gated, type TimedEdit } from '../design/design.ts';
import { gateDesign, guarded } from '../design/gate.ts';
import { Refusal } from '../design/json.ts';
import { pack, unpack } from './pack.ts';

/** Most edits that a link or file holds. */
export const mostEdits = 100;

/** Latest moment of an edit, in simulated seconds. */
const latest = 1e9;

/** What a link or file holds: the design a run begins with, and the edits made as it went. */
export interface Shared {
  readonly design: Design;
  readonly edits: readonly TimedEdit[];
}

type Short = Readonly<Record<string, unknown>>;

/** The design as it stands at the end of what was shared. */
export function presentOf({ design, edits }: Shared): Design {
  return edits.at(-1)?.design ?? design;
}

/** The short form of a run: that of its first design, and under `e` a row of time, label and changes for each edit. */
export function packRun({ design: start, edits }: Shared, book: Catalogue): Short {
  const first = pack(start, book) as Short;
  if (edits.length === 0) return first;
  let before = first;
  const rows = edits.map(({ time, label, design }) => {
    const after = pack(design, book) as Short;
    const row = [time, label, changes(before, after)];
    before = after;
    return row;
  });
  return { ...first, e: rows };
}

/** The parts that differ; null for those that are no longer there. */
function changes(before: Short, after: Short): Short {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return Object.fromEntries(names.map((name) => [name, after[name] ?? null]));
}

/** The run that a short form stands for; every design in it passes the gate, or all is refused. */
export function unpackRun(value: unknown, book: Catalogue): Gated<Shared> {
  const rows = guarded(() => rowsOf(value));
  if (!rows.ok) return rows;
  const design = admit(value, book);
  if (!design.ok) return design;
  const edits: TimedEdit[] = [];
  let short = value as Short;
  for (const [index, row] of rows.value.entries()) {
    const edit = guarded(() => rowOf(row, edits.at(-1)?.time ?? 0));
    if (!edit.ok) return edit;
    short = changed(short, edit.value.changes);
    const after = admit(short, book);
    if (!after.ok) return { ok: false, why: `Edit ${index + 1} of this run: ${after.why}` };
    edits.push({ time: edit.value.time, label: edit.value.label, design: after.value });
  }
  return { ok: true, value: { design: design.value, edits }, repairs: design.repairs };
}

function admit(short: unknown, book: Catalogue): Gated<Design> {
  const outside = guarded(() => unpack(short, book));
  return outside.ok ? gateDesign(outside.value, book) : outside;
}

function changed(short: Short, change: Short): Short {
  return Object.fromEntries(Object.entries({ ...short, ...change }).filter(([, part]) => part !== null));
}

function rowsOf(value: unknown): readonly unknown[] {
  const rows = (value as { readonly e?: unknown } | null)?.e ?? [];
  if (!Array.isArray(rows)) throw malformed();
  if (rows.length > mostEdits) throw new Refusal(`At most ${mostEdits} edits of a run are read; this one has ${rows.length.toLocaleString('en')}.`);
  return rows;
}

function rowOf(row: unknown, earliest: number): { readonly time: number; readonly label: string; readonly changes: Short } {
  const [time, label, change] = Array.isArray(row) ? (row as readonly unknown[]) : [];
  const timely = typeof time === 'number' && time >= earliest && time <= latest;
  if (!timely || typeof label !== 'string' || typeof change !== 'object' || change === null || Array.isArray(change)) throw malformed();
  return { time, label: label.slice(0, limits.nameCharacters), changes: change as Short };
}

const malformed = (): Refusal => new Refusal('The edits of this run are damaged.');
