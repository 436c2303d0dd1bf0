/** The estimate by hand: traffic followed through the graph by arithmetic alone, and each component's own sums for its share. */
import type { Design } from '../design/design.ts';
import { fullParams, fullValues } from '../design/params.ts';
import { kindOf } from '../kinds/index.ts';
import { linkParams } from '../kinds/link.ts';
import { wireBetween, type AnyKind, type EstimateRow, type Flow } from '../kit/kind.ts';

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
  readonly wires: readonly { readonly to: string; readonly weight: number }[];
}

const leadsToCalls = (from: AnyKind, to: AnyKind | undefined): boolean => to !== undefined && wireBetween(from, to) === 'call';

function parts(design: Design): Map<string, Part> {
  const out = new Map<string, Part>();
  for (const node of design.nodes) {
    const kind = kindOf(node.kind);
    if (kind === undefined) continue;
    const wires = design.links
      .filter((l) => l.from === node.id && leadsToCalls(kind, kindOf(design.nodes.find((n) => n.id === l.to)?.kind ?? '')))
      .map((l) => ({ to: l.to, weight: fullValues(linkParams, l.params).linkWeight }));
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
  };
}

/** What a component sends on along each of its wires. */
function sends({ kind, values, wires }: Part, flow: Flow): readonly Flow[] {
  const weights = wires.map((w) => w.weight);
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
  for (let round = 0; round < Math.min(MOST_ROUNDS, 2 * all.size + 2); round++) {
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

/** The estimate by hand of every component of a design. */
export function estimates(design: Design): Readonly<Record<string, Estimate>> {
  const flow = flows(design);
  return Object.fromEntries(
    [...parts(design)].map(([id, { kind, values }]) => {
      const mine = flow.get(id) ?? noFlow;
      return [id, { flow: mine, rows: kind.estimate(values, mine) as readonly EstimateRow[] }];
    }),
  );
}
