/** A design brought to life: the nodes and links of a running network, kept in step with the design as it is edited. */
import type { Design, DesignLink, DesignNode } from '../design/design.ts';
import { fullParams } from '../design/params.ts';
import { LINKS, Network, NO_LINK, type Budget, type Node } from '../engine/network.ts';
import { Stream } from '../engine/random.ts';
import type { Trace } from '../engine/trace.ts';
import { kindOf } from '../kinds/index.ts';
import { isOpenTo } from '../kinds/link.ts';
import { starts, wireBetween, type AnyKind, type Component, type Site } from '../kit/kind.ts';
import { Director } from './director.ts';
import type { Episode } from './protocol.ts';
import { sliced } from './slicing.ts';
import { Wiring, type LiveLink } from './wiring.ts';

/** A component of the running network. */
export interface Live {
  readonly id: string;
  readonly kind: AnyKind;
  readonly node: Component<unknown>;
  label: string;
  /** Its parameters in the design, of the whole where only a slice is simulated. */
  values: Readonly<Record<string, unknown>>;
  /** What its cost sheet has added up to until `paidUntil`, in USD. */
  paid: number;
  paidUntil: number;
}

const indices = (links: readonly LiveLink[]): Int32Array => Int32Array.from(links, (l) => l.index);

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Something other components are attached to (say, a KV cache to an engine). */
interface Attaches {
  attached(peers: readonly Node[]): void;
}

const attaches = (node: object): node is Attaches => 'attached' in node;

/** The running counterpart of a design. Nodes and links are taken in the order of their ids, so the order in the file is of no matter. */
export class Board {
  readonly net: Network;
  readonly nodes = new Map<string, Live>();
  readonly wiring: Wiring;
  /** One in so many requests is simulated, from the start of a run to its end; by that, counts and rates are to be multiplied. And where that bends the truth. */
  slice = 1;
  bends: readonly string[] = [];
  private divided: ReadonlySet<string> = new Set();
  private director: Director | null = null;
  /** What components that are gone had cost, in USD. */
  private paidForGone = 0;

  constructor(
    private readonly seed: number,
    private readonly traces: Readonly<Record<string, Trace>>,
    budget?: Budget,
  ) {
    this.net = new Network(budget);
    this.wiring = new Wiring(this.net, seed);
  }

  get links(): ReadonlyMap<string, LiveLink> {
    return this.wiring.links;
  }

  /** The faults that have come about so far. */
  get episodes(): readonly Episode[] {
    return this.director?.episodes ?? [];
  }

  /** Makes the network match the design from this moment on. Whatever is in flight goes on where that has a meaning. */
  apply(whole: Design): void {
    if (this.nodes.size === 0) this.slice = whole.run.slice;
    const { design, divided, bends } = sliced(whole, this.slice);
    this.divided = divided;
    this.bends = bends;
    const fresh: Live[] = [];
    this.removeMissing(design);
    const parts = new Map(design.nodes.map((node) => [node.id, node]));
    for (const node of [...whole.nodes].sort(byId)) this.place(node, parts.get(node.id)!, fresh);
    for (const link of [...design.links].sort(byId)) this.lay(link);
    this.wiring.tune(design);
    this.route();
    for (const live of fresh) if (starts(live.node)) live.node.begin();
    this.direct(design);
  }

  private lay(link: DesignLink): void {
    const from = this.nodes.get(link.from)!;
    const to = this.nodes.get(link.to)!;
    this.wiring.lay(link, from.node.index, to.node.index, wireBetween(from.kind, to.kind) ?? 'call');
  }

  private nodeAt(id: string): Node {
    return this.nodes.get(id)!.node;
  }

  /** Only a design with faults needs anyone to bring them about. */
  private direct(design: Design): void {
    if (this.director === null) {
      if (design.faults.length === 0) return;
      this.director = new Director(this.net, this.seed, this);
      this.net.addNode(this.director);
    }
    this.director.apply(design);
  }

  private removeMissing(design: Design): void {
    const nodes = new Map(design.nodes.map((n) => [n.id, n.kind]));
    for (const [id, live] of this.nodes) if (nodes.get(id) !== live.kind.id) this.remove(id, live);
    const links = new Map(design.links.map((l) => [l.id, l]));
    this.wiring.cut(({ id, design: was }) => {
      const now = links.get(id);
      return now?.from === was.from && now.to === was.to && this.nodes.has(now.from) && this.nodes.has(now.to);
    });
  }

  private remove(id: string, live: Live): void {
    this.paidForGone += this.spentAt(live);
    this.nodes.delete(id);
  }

  /** Builds a component or takes up changes to it; `part` is what is simulated of it. */
  private place(node: DesignNode, part: DesignNode, fresh: Live[]): void {
    const known = this.nodes.get(node.id);
    const kind = kindOf(node.kind);
    if (kind === undefined) throw new Error(`There is no component kind called “${node.kind}”.`);
    const values = fullParams(kind, node.params);
    if (known === undefined) fresh.push(this.build(part, kind, values));
    else {
      known.label = node.label;
      if (JSON.stringify(values) === JSON.stringify(known.values)) return;
      known.paid = this.paidAt(known);
      known.paidUntil = this.net.now;
      known.node.retune(fullParams(kind, part.params));
      known.values = values;
    }
  }

  private build(part: DesignNode, kind: AnyKind, values: Readonly<Record<string, unknown>>): Live {
    const site: Site = {
      net: this.net,
      id: part.id,
      stream: (purpose) => new Stream(this.seed, part.id, purpose),
      trace: (name) => this.traces[name] ?? null,
    };
    const live: Live = { id: part.id, kind, node: kind.build(fullParams(kind, part.params), site) as Component<unknown>, label: part.label, values, paid: 0, paidUntil: this.net.now };
    this.net.addNode(live.node);
    this.nodes.set(part.id, live);
    return live;
  }

  /** Tells every node where its wires lead now. */
  private route(): void {
    const sorted = this.wiring.sorted();
    for (const live of this.nodes.values()) {
      const mine = sorted.filter((l) => l.design.from === live.id);
      const calls = mine.filter((l) => l.wire === 'call');
      const waited = calls.filter((l) => !l.values.fireAndForget);
      live.node.out = indices(waited);
      live.node.asyncOut = indices(calls.filter((l) => l.values.fireAndForget));
      const { classes } = this.net.ledger;
      live.node.routes = waited.every((l) => l.values.linkOnly === '') ? null : classes.map((c) => indices(waited.filter((l) => isOpenTo(l.values, c.name, c.tenant))));
      live.node.sole = calls.length === 0 ? NO_LINK : calls.length === 1 && waited.length === 1 && live.node.routes === null ? live.node.out[0]! : LINKS;
      if (attaches(live.node)) live.node.attached(mine.filter((l) => l.wire !== 'call').map((l) => this.nodeAt(l.design.to)));
    }
  }

  private paidAt(live: Live): number {
    const usdPerHour = live.kind.cost(live.values).reduce((sum, row) => sum + row.usdPerHour, 0);
    return live.paid + ((this.net.now - live.paidUntil) / 3600) * usdPerHour;
  }

  /** What a component has cost from the start until now, in USD. */
  spentAt(live: Live): number {
    if (live.node.spentUsd === undefined) return this.paidAt(live);
    return live.node.spentUsd(this.net.now) * (this.divided.has(live.id) ? this.slice : 1);
  }

  /** What everything has cost from the start until now, in USD, traffic between places included. */
  spentUsd(): number {
    let sum = this.paidForGone + this.wiring.spentUsd() * this.slice;
    for (const live of this.nodes.values()) sum += this.spentAt(live);
    return sum;
  }

  /** What the whole board costs per hour now, in USD, and each component's part. */
  costs(): { readonly total: number; readonly nodes: Readonly<Record<string, number>> } {
    const nodes = Object.fromEntries([...this.nodes.values()].map((l) => [l.id, l.kind.cost(l.values).reduce((sum, row) => sum + row.usdPerHour, 0)]));
    return { total: Object.values(nodes).reduce((a, b) => a + b, 0), nodes };
  }
}
