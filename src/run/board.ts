/** A design brought to life: the nodes and links of a running network, kept in step with the design as it is edited. */
import { fullParams, fullValues } from '../design/params.ts';
import type { Design, DesignLink, DesignNode } from '../design/design.ts';
import { Network, type Budget, type Node } from '../engine/network.ts';
import { Stream } from '../engine/random.ts';
import { Sampler } from '../engine/sampler.ts';
import type { Trace } from '../engine/trace.ts';
import { kindOf } from '../kinds/index.ts';
import { linkParams } from '../kinds/link.ts';
import type { AnyKind, Component, Site, Wire } from '../kit/kind.ts';

/** A component of the running network. */
export interface Live {
  readonly id: string;
  readonly kind: AnyKind;
  readonly node: Component<unknown>;
  label: string;
  values: Readonly<Record<string, unknown>>;
}

/** A wire of the running network; `index` counts in `Network.links`. */
export interface LiveLink {
  readonly id: string;
  readonly index: number;
  readonly wire: Wire;
  design: DesignLink;
}

type LinkValues = ReturnType<typeof fullValues<typeof linkParams>>;

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Something that starts by itself when the run does (a source of traffic). */
interface Starts {
  begin(): void;
}

/** Something other components are attached to (say, a KV cache to an engine). */
interface Attaches {
  attached(peers: readonly Node[]): void;
}

const starts = (node: object): node is Starts => 'begin' in node;
const attaches = (node: object): node is Attaches => 'attached' in node;

/** The running counterpart of a design. Nodes and links are taken in the order of their ids, so the order in the file is of no matter. */
export class Board {
  readonly net: Network;
  readonly nodes = new Map<string, Live>();
  readonly links = new Map<string, LiveLink>();

  constructor(
    private readonly seed: number,
    private readonly traces: Readonly<Record<string, Trace>>,
    budget?: Budget,
  ) {
    this.net = new Network(budget);
  }

  /** Makes the network match the design from this moment on. Whatever is in flight goes on where that has a meaning. */
  apply(design: Design): void {
    const fresh: Live[] = [];
    this.removeMissing(design);
    for (const node of [...design.nodes].sort(byId)) this.place(node, fresh);
    for (const link of [...design.links].sort(byId)) this.wire(link);
    this.route();
    for (const live of fresh) if (starts(live.node)) live.node.begin();
  }

  private removeMissing(design: Design): void {
    const nodes = new Map(design.nodes.map((n) => [n.id, n.kind]));
    for (const [id, live] of this.nodes) if (nodes.get(id) !== live.kind.id) this.nodes.delete(id);
    const links = new Map(design.links.map((l) => [l.id, l]));
    for (const [id, live] of this.links) {
      const now = links.get(id);
      if (now?.from !== live.design.from || now.to !== live.design.to || !this.nodes.has(now.from) || !this.nodes.has(now.to)) this.links.delete(id);
    }
  }

  private place(node: DesignNode, fresh: Live[]): void {
    const known = this.nodes.get(node.id);
    const kind = kindOf(node.kind);
    if (kind === undefined) throw new Error(`There is no component kind called “${node.kind}”.`);
    const values = fullParams(kind, node.params);
    if (known === undefined) fresh.push(this.build(node, kind, values));
    else {
      known.label = node.label;
      if (JSON.stringify(values) !== JSON.stringify(known.values)) known.node.retune(values);
      known.values = values;
    }
  }

  private build(node: DesignNode, kind: AnyKind, values: Readonly<Record<string, unknown>>): Live {
    const site: Site = {
      net: this.net,
      id: node.id,
      stream: (purpose) => new Stream(this.seed, node.id, purpose),
      trace: (name) => this.traces[name] ?? null,
    };
    const live: Live = { id: node.id, kind, node: kind.build(values, site) as Component<unknown>, label: node.label, values };
    this.net.addNode(live.node);
    this.nodes.set(node.id, live);
    return live;
  }

  private wire(link: DesignLink): void {
    const values = fullValues(linkParams, link.params);
    const known = this.links.get(link.id);
    if (known !== undefined) {
      known.design = link;
      this.tune(known.index, values);
      return;
    }
    const from = this.nodes.get(link.from)!;
    const to = this.nodes.get(link.to)!;
    const wire = to.kind.ports.in ?? 'call';
    const stream = new Stream(this.seed, link.id, 'link');
    const index = this.net.addLink({ id: link.id, from: from.node.index, to: to.node.index, latency: null, stream, async: false, weight: 1 });
    this.links.set(link.id, { id: link.id, index, wire, design: link });
    this.tune(index, values);
  }

  private tune(index: number, values: LinkValues): void {
    const state = this.net.links[index]!;
    const latency = values.linkLatency;
    this.net.setLatency(index, latency.mean > 0 ? new Sampler(latency) : null);
    state.async = values.fireAndForget;
    state.weight = values.linkWeight;
  }

  /** Tells every node where its wires lead now. */
  private route(): void {
    const order = (l: LiveLink): number => fullValues(linkParams, l.design.params).linkOrder;
    const sorted = [...this.links.values()].sort((a, b) => order(a) - order(b) || byId(a, b));
    for (const live of this.nodes.values()) {
      const mine = sorted.filter((l) => l.design.from === live.id);
      const calls = mine.filter((l) => l.wire === 'call');
      live.node.out = Int32Array.from(calls.filter((l) => !this.net.links[l.index]!.async), (l) => l.index);
      live.node.asyncOut = Int32Array.from(calls.filter((l) => this.net.links[l.index]!.async), (l) => l.index);
      if (attaches(live.node)) live.node.attached(mine.filter((l) => l.wire !== 'call').map((l) => this.nodes.get(l.design.to)!.node));
    }
  }

  /** What the whole board costs per hour now, in USD, and each component's part. */
  costs(): { readonly total: number; readonly nodes: Readonly<Record<string, number>> } {
    const nodes = Object.fromEntries([...this.nodes.values()].map((l) => [l.id, l.kind.cost(l.values).reduce((sum, row) => sum + row.usdPerHour, 0)]));
    return { total: Object.values(nodes).reduce((a, b) => a + b, 0), nodes };
  }
}
