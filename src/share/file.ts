/** Design ⇄ file: pretty JSON that a person can read and a version control system can compare; how its run went stands beside it. */
import { catalogue, type Catalogue } from '../design/catalogue.ts';
import type { Design, Gated } from '../design/design.ts';
import { gateDesign, guarded } from '../design/gate.ts';
import { readJson } from '../design/json.ts';
import { kindVersions } from '../design/stored.ts';
import { mostEdits, packRun, unpackRun, type Shared } from './run-form.ts';

/** The text of a design's file: two spaces deep, with a newline at the end. Edits of its run go along in short form, where there are any and not too many. */
export function toFile(design: Design, run: Shared | null = null, book: Catalogue = catalogue): string {
  const versions = kindVersions(design, book);
  const whole = {
    ...design,
    ...(Object.keys(versions).length > 0 ? { kinds: versions } : {}),
    ...(run !== null && run.edits.length > 0 && run.edits.length <= mostEdits ? { history: packRun(run, book) } : {}),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** Reads a design's file; repairs are said, the rest refused in one sentence. */
export function fromFile(text: string, book: Catalogue = catalogue): Gated<Design> {
  const read = guarded(() => apart(readJson(text)));
  return read.ok ? gateDesign(read.value.design, book) : read;
}

/** The same with the run that was kept beside the design. A run that cannot be read is left out, which is said. */
export function openFile(text: string, book: Catalogue = catalogue): Gated<Shared> {
  const read = guarded(() => apart(readJson(text)));
  if (!read.ok) return read;
  const present = gateDesign(read.value.design, book);
  if (!present.ok) return present;
  const alone: Gated<Shared> = { ...present, value: { design: present.value, edits: [] } };
  if (read.value.history === undefined) return alone;
  const run = unpackRun(read.value.history, book);
  return run.ok ? { ...run, repairs: present.repairs } : { ...alone, repairs: [...present.repairs, `How its run went could not be read: ${run.why}`] };
}

type Json = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The design as the gate knows it, and the history that stands beside it. */
function apart(value: unknown): { readonly design: unknown; readonly history?: unknown } {
  if (!isRecord(value) || !Object.hasOwn(value, 'history')) return { design: value };
  const { history, ...design } = value;
  return { design, history };
}

/** A name for the file: the design's own, without what file systems mind. */
export function fileName(design: Design, extension = 'json'): string {
  const stem = design.name.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '').toLowerCase().slice(0, 60);
  return `${stem || 'design'}.sandtable.${extension}`;
}
