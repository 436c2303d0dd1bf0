/**
 * The one gate for designs from outside (link, file, paste, storage): a whole design, with the harmless repaired and said, or
 * one sentence that says what is wrong and where.
 */
import * as z from 'zod/mini';
import { inFlightChoices } from '../engine/health.ts';
import { faultInfo, type FaultName } from '../kit/fault.ts';
import type { AnyKind } from '../kit/kind.ts';
import { catalogue, type Catalogue } from './catalogue.ts';
import { emptyDesign, faultRepeats, groupDistance, groupLevels, limits, type Design, type DesignFault, type DesignGroup, type DesignLink, type DesignNode, type DesignNote, type Gated, type Objective, type RunSettings, type View } from './design.ts';
import { faultDefaults, faultRefusal } from './faults.ts';
import { inspect, readJson, Refusal, safeName } from './json.ts';
import { checkParams, slimParams, slimValues } from './params.ts';
import { wireRefusal } from './wires.ts';

// Without this, zod probes `new Function`, which the page's security policy forbids and reports.
z.config({ jitless: true });

/** How far from the origin anything may lie, in pixels, and how large an area may be. */
export const farthest = 1e6;

const figure = (min: number, max: number) => z.number().check(z.gte(min), z.lte(max));
const label = (length: number) => z.string().check(z.maxLength(length));
const id = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/));
const params = z.optional(z.record(z.string(), z.unknown()));
/** Coordinates are repaired rather than refused. */
const place = z.optional(z.unknown());
const wholeFigure = (min: number, max: number) => figure(min, max).check(z.multipleOf(1));

/** A fault as it may come from outside. */
export const faultShape = z.strictObject({
  id,
  fault: z.enum(Object.keys(faultInfo) as [FaultName, ...FaultName[]]),
  target: id,
  at: figure(0, 1e8),
  seconds: z.optional(figure(0, 1e8)),
  amount: z.optional(z.number()),
  inFlight: z.optional(z.enum(inFlightChoices)),
  repeat: z.optional(z.enum(faultRepeats)),
  every: z.optional(figure(0.001, 1e8)),
});

const shape = z.strictObject({
  version: z.optional(z.literal(1)),
  kinds: z.optional(z.record(z.string(), wholeFigure(0, 1000))),
  name: z.optional(label(limits.nameCharacters)),
  nodes: z.optional(z.array(z.strictObject({ id, kind: id, label: z.optional(label(limits.nameCharacters)), x: place, y: place, params }))),
  links: z.optional(z.array(z.strictObject({ id: z.optional(id), from: id, to: id, params }))),
  groups: z.optional(z.array(z.strictObject({
    id,
    label: label(limits.nameCharacters),
    x: place,
    y: place,
    width: place,
    height: place,
    level: z.optional(z.enum(groupLevels)),
    latency: z.optional(figure(0, 60)),
    usdPerGb: z.optional(figure(0, 1000)),
  }))),
  notes: z.optional(z.array(z.strictObject({ id, text: label(limits.noteCharacters), x: place, y: place }))),
  faults: z.optional(z.array(faultShape)),
  objectives: z.optional(z.array(z.strictObject({ metric: label(limits.nameCharacters), relation: z.enum(['at most', 'at least']), limit: z.number() }))),
  run: z.optional(z.strictObject({
    seed: z.optional(wholeFigure(0, 2 ** 32 - 1)),
    seconds: z.optional(figure(1e-3, 1e8)),
    warmupSeconds: z.optional(figure(0, 1e8)),
    warmup: z.optional(z.enum(['given', 'automatic'])),
    speed: z.optional(figure(0, 1e6)),
    slice: z.optional(wholeFigure(1, 1e6)),
  })),
  view: place,
});

type Outside = z.infer<typeof shape>;

/** Takes the text of a design (at most 2 MiB of JSON). */
export function gateDesignText(text: string, book: Catalogue = catalogue): Gated<Design> {
  return guarded((repairs) => admit(readJson(text), book, repairs));
}

/** Takes a parsed value that claims to be a design. The value itself is never kept: the design is built anew. */
export function gateDesign(value: unknown, book: Catalogue = catalogue): Gated<Design> {
  return guarded((repairs) => {
    inspect(value);
    return admit(value, book, repairs);
  });
}

/** Runs a check that throws `Refusal` and turns its end into a gated value. */
export function guarded<T>(check: (repairs: string[]) => T): Gated<T> {
  const repairs: string[] = [];
  try {
    return { ok: true, value: check(repairs), repairs };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, why: error.message };
    throw error;
  }
}

function admit(value: unknown, book: Catalogue, repairs: string[]): Design {
  checkCounts(value);
  const parsed = z.safeParse(shape, value);
  if (!parsed.success) throw new Refusal(sentence(value, parsed.error.issues[0]!));
  const outside = parsed.data;
  const nodes = (outside.nodes ?? []).map((node, index) => admitNode(node, index, outside.kinds ?? {}, book, repairs));
  const design: Design = {
    version: 1,
    name: outside.name ?? emptyDesign.name,
    nodes,
    links: [],
    groups: (outside.groups ?? []).map((group) => admitGroup(group, repairs)),
    notes: (outside.notes ?? []).map((note, index) => admitNote(note, index, repairs)),
    faults: [],
    objectives: (outside.objectives ?? []).map(admitObjective),
    run: admitRun(outside.run, repairs),
    view: admitView(outside.view, repairs),
  };
  const wired = admitLinks(design, outside.links ?? [], book);
  const whole = { ...wired, faults: (outside.faults ?? []).map((fault) => admitFault(wired, fault, book)) };
  checkIds(whole);
  return whole;
}

/** Before anything else is looked at: a million bad components should not become a million complaints. */
function checkCounts(value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refusal('This is not a design.');
  const lists = [['nodes', 'components'], ['links', 'wires'], ['groups', 'areas'], ['notes', 'notes'], ['faults', 'faults'], ['objectives', 'objectives']] as const;
  for (const [key, word] of lists) {
    const list = (value as Record<string, unknown>)[key];
    if (Array.isArray(list) && list.length > limits[key]) throw new Refusal(`A design holds at most ${limits[key].toLocaleString('en')} ${word}; this one has ${list.length.toLocaleString('en')}.`);
  }
  const version = (value as Record<string, unknown>)['version'];
  if (typeof version === 'number' && version > 1) throw new Refusal('This design was made by a newer version of Sandtable.');
  if (!Array.isArray((value as Record<string, unknown>)['nodes'])) throw new Refusal('This is not a design: it has no list of components (“nodes”).');
}

function admitNode(node: NonNullable<Outside['nodes']>[number], index: number, versions: Readonly<Record<string, number>>, book: Catalogue, repairs: string[]): DesignNode {
  const kind = safeName(node.kind) ? book.kindOf(node.kind) : undefined;
  if (!kind) throw new Refusal(`“${node.id}” is a “${node.kind}”, a component that is not known here.`);
  const name = node.label ?? kind.label;
  const stored = migrated(kind, node.params ?? {}, Object.hasOwn(versions, node.kind) ? versions[node.kind]! : 0);
  const checked = checkParams(kind.params as AnyKind['params'], stored);
  if (!checked.ok) throw new Refusal(`${kind.label} “${name}”: ${checked.why}.`);
  const fallback = { x: (index % 8) * 260, y: Math.floor(index / 8) * 180 };
  return { id: node.id, kind: kind.id, label: name, ...point(node, fallback, `“${name}”`, repairs), params: slimParams(kind, checked.value) };
}

/** Takes stored values up the kind's chain of migrations, from the version they were written in. */
function migrated(kind: AnyKind, stored: Readonly<Record<string, unknown>>, version: number): Readonly<Record<string, unknown>> {
  if (version > kind.migrations.length) throw new Refusal(`${kind.label}: this design was made by a newer version of Sandtable.`);
  return kind.migrations.slice(version).reduce<Readonly<Record<string, unknown>>>((values, step) => step(values), stored);
}

function admitLinks(design: Design, links: NonNullable<Outside['links']>, book: Catalogue): Design {
  const admitted: DesignLink[] = [];
  // One growing list behind one object: a new design per wire would copy the list two thousand times.
  const growing: Design = { ...design, links: admitted };
  for (const [index, link] of links.entries()) {
    const refusal = wireRefusal(growing, link.from, link.to, undefined, book);
    if (refusal) throw new Refusal(`Wire ${link.id ? `“${link.id}”` : index + 1}: ${refusal}`);
    const checked = checkParams(book.link, link.params ?? {});
    if (!checked.ok) throw new Refusal(`The wire from “${link.from}” to “${link.to}”: ${checked.why}.`);
    admitted.push({ id: link.id ?? `link-${index + 1}`, from: link.from, to: link.to, params: slimValues(book.link, checked.value) });
  }
  return growing;
}

function admitGroup(group: NonNullable<Outside['groups']>[number], repairs: string[]): DesignGroup {
  const size = (value: unknown, fallback: number): number => (finite(value) && value >= 1 ? Math.round(value) : fallback);
  const [width, height] = [size(group.width, 480), size(group.height, 320)];
  if (!finite(group.width) || !finite(group.height) || group.width < 1 || group.height < 1) repairs.push(`The size of area “${group.label}” was unreadable and is now ${width} × ${height}.`);
  const level = group.level ?? 'area';
  const distance = { ...groupDistance[level], ...defined({ latency: group.latency, usdPerGb: group.usdPerGb }) };
  return { id: group.id, label: group.label, ...point(group, { x: 0, y: 0 }, `area “${group.label}”`, repairs), width, height, level, ...distance };
}

function admitNote(note: NonNullable<Outside['notes']>[number], index: number, repairs: string[]): DesignNote {
  return { id: note.id, text: note.text, ...point(note, { x: 0, y: index * 80 }, `note ${index + 1}`, repairs) };
}

/** A fault from outside for a design, or a `Refusal`. */
export function admitFault(design: Design, outside: z.infer<typeof faultShape>, book: Catalogue): DesignFault {
  const fault = { ...faultDefaults(outside.fault), ...defined(outside) };
  const refusal = faultRefusal(design, fault, book);
  if (refusal) throw new Refusal(`Fault “${fault.id}”: ${refusal}`);
  return fault;
}

function admitObjective(objective: NonNullable<Outside['objectives']>[number]): Objective {
  const steps = objective.metric.split('.');
  if (steps.some((step) => step === '' || !safeName(step))) throw new Refusal(`“${objective.metric}” is no figure of a result.`);
  return { metric: objective.metric, relation: objective.relation, limit: objective.limit };
}

function admitRun(run: Outside['run'], repairs: string[]): RunSettings {
  const settings = { ...emptyDesign.run, ...defined(run ?? {}) };
  if (settings.warmupSeconds < settings.seconds) return settings;
  repairs.push('The warm-up was longer than the run and was dropped.');
  return { ...settings, warmupSeconds: 0 };
}

function admitView(view: unknown, repairs: string[]): View | null {
  if (view === undefined || view === null) return null;
  const { x, y, zoom } = view as Partial<Record<keyof View, unknown>>;
  if (finite(x) && finite(y) && finite(zoom) && zoom >= 0.01 && zoom <= 100) return { x: Math.round(x), y: Math.round(y), zoom: Math.round(zoom * 1000) / 1000 };
  repairs.push('The stored view was unreadable; the whole board is shown.');
  return null;
}

/** A place in whole pixels; fractions are only what dragging at some zoom happened to leave. */
function point(at: { readonly x?: unknown; readonly y?: unknown }, fallback: { readonly x: number; readonly y: number }, what: string, repairs: string[]): { x: number; y: number } {
  if (finite(at.x) && finite(at.y)) return { x: Math.round(at.x), y: Math.round(at.y) };
  repairs.push(`The position of ${what} was unreadable; it was placed anew.`);
  return fallback;
}

function finite(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= farthest;
}

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function checkIds(design: Design): void {
  const seen = new Set<string>();
  for (const { id } of [...design.nodes, ...design.links, ...design.groups, ...design.notes, ...design.faults]) {
    if (!safeName(id)) throw new Refusal(`“${id}” cannot be used as a name.`);
    if (seen.has(id)) throw new Refusal(`“${id}” is used twice; everything on the board needs a name of its own.`);
    seen.add(id);
  }
}

const words: Readonly<Record<string, string>> = { nodes: 'component', links: 'wire', groups: 'area', notes: 'note', faults: 'fault', objectives: 'objective' };

/** One of zod's complaints in words: where it is, and what is wrong there. */
function sentence(value: unknown, issue: z.core.$ZodIssue): string {
  const [list, index, ...rest] = issue.path;
  const item = typeof list === 'string' && Object.hasOwn(words, list) && typeof index === 'number';
  const where = item ? [`${words[list]} ${index + 1}${idAt(value, list, index)}`, ...rest] : issue.path;
  return `${capital(where.map(String).join(', ') || 'this design')} ${complaint(issue, issue.path.reduce(within, value))}.`;
}

function idAt(value: unknown, list: string, index: number): string {
  const id = (value as Record<string, Record<number, { id?: unknown }>>)[list]?.[index]?.id;
  return typeof id === 'string' ? ` (“${id.slice(0, 64)}”)` : '';
}

function within(value: unknown, step: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined;
}

function complaint(issue: z.core.$ZodIssue, given: unknown): string {
  switch (issue.code) {
    case 'unrecognized_keys': return `has a field “${issue.keys[0]?.slice(0, 64)}” that is not known here`;
    case 'invalid_type': return given === undefined ? 'is missing' : `must be ${article(issue.expected)}`;
    case 'too_big': return `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters long' : ''}`;
    case 'too_small': return `must be at least ${issue.minimum}`;
    case 'not_multiple_of': return 'must be a whole number';
    case 'invalid_value': return `must be one of ${issue.values.join(', ')}`;
    case 'invalid_format': return 'must be a short name of letters, digits, - and _';
    default: return 'is not valid';
  }
}

function article(expected: string): string {
  const plain: Readonly<Record<string, string>> = { string: 'text', record: 'a set of named values', object: 'an object', array: 'a list' };
  return plain[expected] ?? `a ${expected}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
