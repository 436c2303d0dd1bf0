/**
 * Design ⇄ the short form inside a link: columns instead of rows, defaults and predictable names left out, so that deflate
 * finds little to do. Unpacking trusts nothing and hands its outcome to the gate.
 */
import type { Catalogue } from '../design/catalogue.ts';
import { emptyDesign, limits, type Design, type DesignLink, type DesignNode } from '../design/design.ts';
import { Refusal, safeName } from '../design/json.ts';
import { kindVersions } from '../design/stored.ts';

/** More parameters than any kind has. */
const mostColumns = 200;

/** What is written of the settings of a run and of a fault, in this order. Only ever added to at the end: links are kept for ever. */
const runFields = ['seed', 'seconds', 'warmupSeconds', 'speed', 'warmup', 'slice'] as const;
const faultFields = ['id', 'fault', 'target', 'at', 'seconds', 'amount', 'inFlight', 'repeat', 'every'] as const;

/** Parameters of several items by name; null where an item has the default. */
type Columns = Record<string, unknown[]>;

/** A name that follows from the one before is the number of names skipped; any other is spelled. */
type Name = number | string;

interface Packed {
  n?: string;
  /** Kinds in order of first use; the columns that follow count in them. */
  k?: string[];
  /** Versions of kinds whose parameters have ever changed. */
  m?: Record<string, number>;
  /** Components: kind, id, label, x, y (each x and y as the step from the component before). */
  c?: [kinds: number[], ids: Name[], labels: Name[], xs: number[], ys: number[]];
  /** Parameters of the components of each kind, in the order of `k`. */
  p?: Columns[];
  /** Wires: from and to as positions in the list of components, and id. */
  l?: [from: number[], to: number[], ids: Name[]];
  w?: Columns;
  /** Areas; what they stand for and their distance only where they are more than drawn. */
  g?: (string | number)[][];
  f?: (string | number)[][];
  t?: [id: string, text: string, x: number, y: number][];
  o?: [metric: string, relation: 0 | 1, limit: number][];
  r?: (string | number)[];
  v?: [x: number, y: number, zoom: number];
}

/** The short form of a design, as plain JSON. */
export function pack(design: Design, book: Catalogue): unknown {
  const packed: Packed = {};
  if (design.name !== emptyDesign.name) packed.n = design.name;
  if (design.nodes.length > 0) packNodes(packed, design, book);
  if (design.links.length > 0) packLinks(packed, design);
  if (design.groups.length > 0) packed.g = design.groups.map((one) => [one.id, one.label, one.x, one.y, one.width, one.height, ...(one.level === 'area' ? [] : [one.level, one.latency, one.usdPerGb])]);
  if (design.notes.length > 0) packed.t = design.notes.map((one) => [one.id, one.text, one.x, one.y]);
  if (design.objectives.length > 0) packed.o = design.objectives.map((one) => [one.metric, one.relation === 'at most' ? 0 : 1, one.limit]);
  if (design.faults.length > 0) packed.f = design.faults.map((one) => faultFields.map((field) => one[field]));
  const run = runFields.map((field) => design.run[field]);
  if (runFields.some((field, k) => run[k] !== emptyDesign.run[field])) packed.r = design.run.warmup === 'given' && design.run.slice === 1 ? run.slice(0, 4) : run;
  if (design.view) packed.v = [design.view.x, design.view.y, design.view.zoom];
  return packed;
}

/** The design-shaped value that a short form stands for, still to pass the gate. Throws a `Refusal` where it stands for none. */
export function unpack(value: unknown, book: Catalogue): unknown {
  const packed = record(value);
  const kinds = list(packed.k, limits.nodes).map(String);
  const nodes = packed.c === undefined ? [] : unpackNodes(packed, kinds, book);
  return {
    ...(packed.n === undefined ? {} : { name: packed.n }),
    ...(packed.m === undefined ? {} : { kinds: packed.m }),
    ...(packed.v === undefined ? {} : { view: named(packed.v, ['x', 'y', 'zoom']) }),
    ...(packed.r === undefined ? {} : { run: named(packed.r, runFields) }),
    nodes,
    links: packed.l === undefined ? [] : unpackLinks(packed, nodes.map((node) => node.id)),
    groups: list(packed.g, limits.groups).map((row) => named(row, ['id', 'label', 'x', 'y', 'width', 'height', 'level', 'latency', 'usdPerGb'])),
    notes: list(packed.t, limits.notes).map((row) => named(row, ['id', 'text', 'x', 'y'])),
    faults: list(packed.f, limits.faults).map((row) => named(row, faultFields)),
    objectives: list(packed.o, limits.objectives).map((row) => {
      const objective = named(row, ['metric', 'relation', 'limit']);
      return { ...objective, relation: objective['relation'] === 0 ? 'at most' : objective['relation'] === 1 ? 'at least' : objective['relation'] };
    }),
  };
}

function packNodes(packed: Packed, design: Design, book: Catalogue): void {
  const kinds = [...new Set(design.nodes.map((node) => node.kind))];
  const ids = counter();
  packed.k = kinds;
  const versions = kindVersions(design, book);
  if (Object.keys(versions).length > 0) packed.m = versions;
  packed.c = [
    design.nodes.map((node) => kinds.indexOf(node.kind)),
    design.nodes.map((node) => ids.write(node.kind, '-', node.id)),
    design.nodes.map((node) => shortLabel(node, book)),
    steps(design.nodes.map((node) => node.x)),
    steps(design.nodes.map((node) => node.y)),
  ];
  const params = kinds.map((kind) => columnsOf(design.nodes.filter((node) => node.kind === kind)));
  if (params.some((columns) => Object.keys(columns).length > 0)) packed.p = params;
}

function unpackNodes(packed: Record<string, unknown>, kinds: readonly string[], book: Catalogue): DesignNode[] {
  const [indices = [], ids = [], labels = [], xs = [], ys = []] = list(packed['c'], 5).map((column) => list(column, limits.nodes));
  const columns = list(packed['p'], kinds.length).map(columnsIn);
  const names = counter();
  const seen = kinds.map(() => 0);
  const [x, y] = [sums(xs), sums(ys)];
  return indices.map((which, index) => {
    const kind = typeof which === 'number' ? kinds[which] : undefined;
    if (kind === undefined) throw malformed();
    const params = columnAt(columns[which as number], seen[which as number]!++);
    return { id: names.read(kind, '-', ids[index]), kind, label: longLabel(kind, labels[index], book), x: x[index]!, y: y[index]!, params };
  });
}

function packLinks(packed: Packed, design: Design): void {
  const position = new Map(design.nodes.map((node, index) => [node.id, index]));
  const ids = counter();
  packed.l = [
    design.links.map((link) => position.get(link.from)!),
    design.links.map((link) => position.get(link.to)!),
    design.links.map((link) => ids.write('link', '-', link.id)),
  ];
  const columns = columnsOf(design.links);
  if (Object.keys(columns).length > 0) packed.w = columns;
}

function unpackLinks(packed: Record<string, unknown>, nodes: readonly string[]): DesignLink[] {
  const [from = [], to = [], ids = []] = list(packed['l'], 3).map((column) => list(column, limits.links));
  const columns = packed['w'] === undefined ? {} : columnsIn(packed['w']);
  const names = counter();
  const end = (at: unknown): string => {
    const id = typeof at === 'number' ? nodes[at] : undefined;
    if (id === undefined) throw malformed();
    return id;
  };
  return from.map((one, index) => ({ id: names.read('link', '-', ids[index]), from: end(one), to: end(to[index]), params: columnAt(columns, index) }));
}

/** Names of the form stem-number counted per stem, so that the usual 1, 2, 3 … become zeros. */
function counter(): { write(stem: string, dash: string, name: string): Name; read(stem: string, dash: string, short: unknown): string } {
  const last = new Map<string, number>();
  return {
    write(stem, dash, name) {
      const tail = name.startsWith(stem + dash) ? name.slice(stem.length + dash.length) : '';
      if (!/^[1-9]\d{0,8}$/.test(tail)) return name;
      const skipped = Number(tail) - (last.get(stem) ?? 0) - 1;
      last.set(stem, Number(tail));
      return skipped;
    },
    read(stem, dash, short) {
      if (typeof short !== 'number') return String(short);
      const number = (last.get(stem) ?? 0) + 1 + short;
      last.set(stem, number);
      return `${stem}${dash}${number}`;
    },
  };
}

/** 0 where the label is the kind's own, its number where it only adds one, else the label. */
function shortLabel(node: DesignNode, book: Catalogue): Name {
  const own = book.kindOf(node.kind)?.label ?? '';
  if (node.label === own) return 0;
  const tail = node.label.startsWith(`${own} `) ? node.label.slice(own.length + 1) : '';
  return /^[1-9]\d{0,5}$/.test(tail) ? Number(tail) : node.label;
}

function longLabel(kind: string, short: unknown, book: Catalogue): string {
  if (typeof short !== 'number') return String(short ?? '');
  const own = (safeName(kind) ? book.kindOf(kind)?.label : undefined) ?? kind;
  return short === 0 ? own : `${own} ${short}`;
}

function columnsOf(items: readonly { readonly params: Readonly<Record<string, unknown>> }[]): Columns {
  const names = [...new Set(items.flatMap((item) => Object.keys(item.params)))].sort();
  return Object.fromEntries(names.map((name) => [name, trimmed(items.map((item) => item.params[name] ?? null))]));
}

/** Without the nulls at the end: whoever reads past it finds none either. */
function trimmed(column: unknown[]): unknown[] {
  let length = column.length;
  while (length > 0 && column[length - 1] === null) length--;
  return column.slice(0, length);
}

function columnsIn(value: unknown): Readonly<Record<string, readonly unknown[]>> {
  const entries = Object.entries(record(value));
  if (entries.length > mostColumns) throw malformed();
  return Object.fromEntries(entries.map(([name, column]) => [name, list(column, limits.links)]));
}

function columnAt(columns: Readonly<Record<string, readonly unknown[]>> | undefined, index: number): Record<string, unknown> {
  const entries = Object.entries(columns ?? {}).map(([name, column]) => [name, column[index] ?? null] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}

function steps(values: readonly number[]): number[] {
  return values.map((value, index) => value - (values[index - 1] ?? 0));
}

function sums(values: readonly unknown[]): number[] {
  let total = 0;
  return values.map((step) => (total += typeof step === 'number' ? step : NaN));
}

function named(row: unknown, names: readonly string[]): Record<string, unknown> {
  const values = list(row, names.length);
  return Object.fromEntries(values.map((value, index) => [names[index]!, value]));
}

function record(value: unknown): Record<string, unknown> & { readonly [K in keyof Packed]?: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
  return value as Record<string, unknown>;
}

function list(value: unknown, most: number): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw malformed();
  if (value.length > most) throw new Refusal('This link holds more than a design may.');
  return value;
}

function malformed(): Refusal {
  return new Refusal('This link is damaged: its contents are no design.');
}
