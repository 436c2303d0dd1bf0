/** The estimate by hand: traffic followed through the graph by arithmetic alone, and each component's own sums for its share. */
import type { Design } from '../design/design.ts';
import { fullParams, fullValues } from '../design/params.ts';
import { kindOf } from '../kinds/index.ts';
import { inOrder, isOpenTo, linkParams, type LinkValues } from '../kinds/link.ts';
import { wireBetween, type AnyKind, type EstimateRow, type Flow, type Remembered, type Sort } from '../kit/kind.ts';
import type { TokenCost } from '../kit/prefix.ts';

/** What arithmetic says about one component. */
export interface Estimate {
  readonly flow: Flow;
  readonly rows: readonly EstimateRow[];
}

/** No traffic at all. */
export const noFlow: Flow = { rate: 0, scv: 1, inputTokens: 0, outputTokens: 0, bytes: 0, items: 1, keys: 1, skew: 0 };

/** Rounds of following the traffic; a graph without circles needs as many as its longest path, circles converge like a series. */
const MOST_ROUNDS = 200;

interface Part {
  readonly kind: AnyKind;
  readonly values: Readonly<Record<string, unknown>>;
  /** In the order in which they are tried. */
  readonly wires: readonly { readonly id: string; readonly to: string; readonly values: LinkValues }[];
}

const leadsToCalls = (from: AnyKind, to: AnyKind | undefined): boolean => to !== undefined && wireBetween(from, to) === 'call';

function parts(design: Design): Map<string, Part> {
  const out = new Map<string, Part>();
  for (const node of design.nodes) {
    const kind = kindOf(node.kind);
    if (kind === undefined) continue;
    const wires = design.links
      .filter((l) => l.from === node.id && leadsToCalls(kind, kindOf(design.nodes.find((n) => n.id === l.to)?.kind ?? '')))
      .map((l) => ({ id: l.id, to: l.to, values: fullValues(linkParams, l.params) }))
      .sort(inOrder);
    out.set(node.id, { kind, values: fullParams(kind, node.params), wires });
  }
  return out;
}

/** Two streams joined: rates add, means weigh by rate, the variability of a sum of many streams tends to Poisson (taken as the mean). */
function joined(a: Flow, b: Flow): Flow {
  const rate = a.rate + b.rate;
  if (rate <= 0) return a;
  const mean = (of: (f: Flow) => number): number => (of(a) * a.rate + of(b) * b.rate) / rate;
  const larger = a.keys >= b.keys ? a : b;
  return {
    rate,
    scv: mean((f) => f.scv),
    inputTokens: mean((f) => f.inputTokens),
    outputTokens: mean((f) => f.outputTokens),
    bytes: mean((f) => f.bytes),
    items: mean((f) => f.items),
    keys: larger.keys,
    skew: larger.skew,
    sharedTokens: mean((f) => f.sharedTokens ?? 0),
    beginnings: Math.max(a.beginnings ?? 0, b.beginnings ?? 0),
    ...spreadOf(a.rate > b.rate ? a : b),
    sorts: mixed(a, b, rate),
  };
}

/** How the lengths of a stream vary; of two, those of the larger stand for both. */
const spreadOf = ({ spread }: Flow): Pick<Flow, 'spread'> => (spread ? { spread } : {});

/** Nobody in particular: what calls are where no class or tenant is named. */
const plain = (flow: Flow): readonly Sort[] => flow.sorts ?? [{ name: 'all', tenant: '', share: 1, inputTokens: flow.inputTokens, outputTokens: flow.outputTokens }];

/** What two streams together are made of. */
function mixed(a: Flow, b: Flow, rate: number): readonly Sort[] {
  if (a.rate <= 0 || a.sorts === b.sorts) return plain(b);
  const all = new Map<string, Sort>();
  for (const flow of [a, b]) {
    for (const sort of plain(flow)) {
      const key = JSON.stringify([sort.name, sort.tenant]);
      const known = all.get(key) ?? { ...sort, share: 0 };
      const more = (sort.share * flow.rate) / rate;
      const share = known.share + more;
      const mean = (of: (s: Sort) => number): number => (share > 0 ? (of(known) * known.share + of(sort) * more) / share : of(known));
      all.set(key, { ...sort, share, inputTokens: mean((s) => s.inputTokens), outputTokens: mean((s) => s.outputTokens) });
    }
  }
  return [...all.values()];
}

/** The part of a flow that is of these sorts; its tokens are to all tokens as theirs are to those of all sorts. */
function partOf(flow: Flow, sorts: readonly Sort[]): Flow {
  const share = sorts.reduce((sum, one) => sum + one.share, 0);
  const part = (of: (s: Sort) => number): number => {
    const whole = plain(flow).reduce((sum, one) => sum + one.share * of(one), 0);
    return whole > 0 && share > 0 ? sorts.reduce((sum, one) => sum + one.share * of(one), 0) / share / whole : 1;
  };
  return {
    ...flow,
    rate: flow.rate * share,
    inputTokens: flow.inputTokens * part((s) => s.inputTokens),
    outputTokens: flow.outputTokens * part((s) => s.outputTokens),
    sorts: sorts.map((one) => ({ ...one, share: share > 0 ? one.share / share : 0 })),
  };
}

/** What a component sends on along each of its wires: sorts that may take the same ones go together. */
function sends(part: Part, flow: Flow): readonly Flow[] {
  const { wires } = part;
  if (wires.every((w) => w.values.linkOnly === '')) return passed(part, flow);
  const groups = new Map<string, { readonly open: readonly boolean[]; readonly sorts: Sort[] }>();
  for (const sort of plain(flow)) {
    const open = wires.map((w) => isOpenTo(w.values, sort.name, sort.tenant));
    const group = groups.get(open.join()) ?? { open, sorts: [] };
    groups.set(open.join(), group);
    group.sorts.push(sort);
  }
  const out = wires.map((): Flow => ({ ...flow, rate: 0 }));
  for (const { open, sorts } of groups.values()) {
    const some = partOf(flow, sorts);
    // What bounds the whole bounds its parts in proportion.
    const sent = passed({ ...part, wires: wires.filter((_, k) => open[k]) }, { ...some, rate: flow.rate });
    let next = 0;
    open.forEach((is, k) => {
      if (is) out[k] = joined(out[k]!, scaled(sent[next++] ?? noFlow, flow.rate > 0 ? some.rate / flow.rate : 0));
    });
  }
  return out;
}

const scaled = (flow: Flow, by: number): Flow => ({ ...flow, rate: flow.rate * by });

/** The same for calls that may take all of the wires: where nobody waits for the answer, everything that passes goes along. */
function passed(part: Part, flow: Flow): readonly Flow[] {
  const waited = part.wires.filter((w) => !w.values.fireAndForget);
  const answered = shared({ ...part, wires: waited }, flow);
  const through = (wire: Part['wires'][number]): Flow => shared({ ...part, wires: [wire] }, flow)[0] ?? noFlow;
  return part.wires.map((wire) => (wire.values.fireAndForget ? through(wire) : (answered[waited.indexOf(wire)] ?? noFlow)));
}

function shared({ kind, values, wires }: Part, flow: Flow): readonly Flow[] {
  const weights = wires.map((w) => w.values.linkWeight);
  if (kind.passes !== undefined) return kind.passes(values, flow, weights) as readonly Flow[];
  if (kind.offers === undefined) return wires.map(() => flow);
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => ({ ...flow, rate: total > 0 ? (flow.rate * w) / total : 0 }));
}

/** Offered load at every component. */
export function flows(design: Design): ReadonlyMap<string, Flow> {
  const all = parts(design);
  const own = new Map([...all].map(([id, part]) => [id, part.kind.offers === undefined ? noFlow : (part.kind.offers(part.values) as Flow)]));
  let flow = new Map(own);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = new Map(own);
    for (const [id, part] of all) {
      const out = sends(part, flow.get(id)!);
      part.wires.forEach((w, i) => next.set(w.to, joined(next.get(w.to) ?? noFlow, out[i] ?? noFlow)));
    }
    const settled = [...next].every(([id, f]) => Math.abs(f.rate - (flow.get(id)?.rate ?? 0)) <= 1e-9 * f.rate);
    flow = next;
    if (settled && round > 0) break;
  }
  return flow;
}

/** Arithmetic knows of no faults, and says so where there are any. */
function unbroken(design: Design, rows: readonly EstimateRow[]): readonly EstimateRow[] {
  if (design.faults.length === 0) return rows;
  return rows.map((row) => (row.assumes === undefined && row.measure === undefined ? row : { ...row, assumes: row.assumes === undefined ? 'that nothing breaks' : `${row.assumes}, and that nothing breaks` }));
}

/** The prefix cache that each engine, and each cache, is wired to. */
function wiredCaches(design: Design, all: ReadonlyMap<string, Part>): ReadonlyMap<string, string> {
  const prefix = design.links.filter(({ from, to }) => all.has(from) && all.has(to) && wireBetween(all.get(from)!.kind, all.get(to)!.kind) === 'prefix');
  return new Map(prefix.map(({ from, to }) => [from, to]));
}

/** The costlier of two tokens, in bytes. */
const costlier = (a: TokenCost | undefined, b: TokenCost): TokenCost => (a && a.bytes >= b.bytes ? a : b);

/** What comes to caches: prompts of the engines wired to them; and, of those, what caches wired to another ask there, which asks no further. */
function towardsCaches(caches: ReadonlyMap<string, string>, all: ReadonlyMap<string, Part>, flow: Map<string, Flow>): void {
  const add = (cache: string, more: Flow, token: TokenCost | undefined, second: boolean): void => {
    const now = flow.get(cache) ?? noFlow;
    flow.set(cache, { ...joined(now, more), ...(token && { token: costlier(now.token, token) }), ...((second || now.second) && { second: true }) });
  };
  const isCache = (id: string): boolean => all.get(id)!.kind.remembers !== undefined;
  for (const [from, cache] of caches) if (!isCache(from)) add(cache, flow.get(from) ?? noFlow, all.get(from)!.kind.token?.(all.get(from)!.values) as TokenCost | undefined, false);
  const asked = new Map([...caches].filter(([from]) => isCache(from)).map(([from]) => [from, flow.get(from) ?? noFlow]));
  for (const [from, own] of asked) if (own.rate > 0) add(caches.get(from)!, own, own.token, true);
}

/** What the cache has that a component is wired to; for an engine, together with the one behind it. */
function remembered(from: string, caches: ReadonlyMap<string, string>, all: ReadonlyMap<string, Part>, flow: ReadonlyMap<string, Flow>): Remembered | undefined {
  const cache = caches.get(from);
  if (cache === undefined) return undefined;
  const { kind, values } = all.get(cache)!;
  const behind = all.get(from)!.kind.remembers === undefined ? remembered(cache, caches, all, flow) : undefined;
  return kind.remembers?.(values, flow.get(cache)!, behind) as Remembered | undefined;
}

/** The estimate by hand of every component of a design. */
export function estimates(design: Design): Readonly<Record<string, Estimate>> {
  const all = parts(design);
  const flow = new Map(flows(design));
  const caches = wiredCaches(design, all);
  towardsCaches(caches, all, flow);
  return Object.fromEntries(
    [...all].map(([id, { kind, values }]) => {
      const mine = flow.get(id) ?? noFlow;
      return [id, { flow: mine, rows: unbroken(design, kind.estimate(values, mine, remembered(id, caches, all, flow)) as readonly EstimateRow[]) }];
    }),
  );
}
