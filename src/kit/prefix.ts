/** The agreement between an engine and a prefix cache wired to it: what is looked up, what is stored, what loading costs, and what the wire does to it. */
import { Guard } from '../engine/guard.ts';
import type { Network, Node } from '../engine/network.ts';

/** What one token of a prompt is to an engine: bytes of keys and values, and seconds to compute it among many. */
export interface TokenCost {
  readonly bytes: number;
  readonly seconds: number;
}

/** A prefix cache as an engine sees it. Requests are given by their number in `net.requests`. */
export interface PrefixCache {
  /** How many tokens at the beginning of the request's input come from it: whole blocks, at least one token less than the input. Booked as a look-up. */
  lookup(request: number): number;
  /** Seconds until so many tokens are loaded into the engine's memory. */
  loading(tokens: number): number;
  /** The whole input of a request has been computed by one of the engine's replicas and can be kept. */
  insert(request: number, replica: number): void;
  /** The engine has replicas 0 … `count` − 1 left; what lay with others is gone with them. */
  left(count: number): void;
  /** Says what a token is to the engine. */
  sizes(token: TokenCost): void;
}

/** A node that keeps the keys and values of prompts' beginnings. */
export interface PrefixStore extends Omit<PrefixCache, 'insert' | 'left'> {
  /** Keeps what `owner` has computed, a number that is one replica's of one engine; returns how many tokens are new. */
  insert(request: number, owner: number): number;
  /** Owners `from` … `to` − 1 are gone. */
  lose(from: number, to: number): void;
  /** Bytes of keys and values of one token. */
  readonly tokenBytes: number;
}

/** A node that other nodes are attached to, by wires that carry no calls; told anew whenever wires change. */
export interface Attaches {
  attached(peers: readonly Node[]): void;
}

/** Whether a node is a prefix cache. */
export function isPrefixStore(node: object): node is PrefixStore & Node {
  return 'lookup' in node && 'loading' in node && 'insert' in node && 'sizes' in node;
}

/** The prefix cache among the nodes that an engine is attached to, at the end of its wire; null where there is none. */
export function prefixCacheOf(net: Network, engine: Node, peers: readonly Node[]): PrefixCache | null {
  const store = peers.find(isPrefixStore);
  return store === undefined ? null : new WiredCache(store, new PrefixWire(net, engine, store), engine);
}

/** A wire that carries keys and values, and no calls. Where there is none between two nodes, they lie beside each other. */
export class PrefixWire {
  private readonly link: number;

  constructor(
    private readonly net: Network,
    from: Node,
    to: Node,
  ) {
    // A wire that has been removed and laid again is a new one.
    this.link = net.links.findLastIndex((l) => l.from === from.index && (l.end ?? l.to) === to.index);
  }

  /** Whether anything gets through, and the other end answers. */
  get open(): boolean {
    return this.link < 0 || this.net.reachable(this.link);
  }

  /** Seconds there and back on account of the places between its ends; now, with whatever faults do to it. Its latency is part of loading. */
  get roundTrip(): number {
    return this.link < 0 ? 0 : 2 * (this.net.links[this.link]!.distance ?? 0);
  }

  /** So many bytes go along it, there or back; where it leaves a place they are paid for as answers are. */
  carry(bytes: number): void {
    const first = this.link < 0 ? undefined : this.net.nodes[this.net.links[this.link]!.to];
    if (first instanceof Guard) first.bytes += bytes;
  }
}

/** More replicas than any engine has. */
const REPLICAS = 2 ** 24;

/** A prefix cache at the end of a wire: while it cannot be reached, it has nothing and takes nothing, and the engine knows at once. */
class WiredCache implements PrefixCache {
  constructor(
    private readonly store: PrefixStore,
    private readonly wire: PrefixWire,
    private readonly engine: Node,
  ) {}

  private owner(replica: number): number {
    return this.engine.index * REPLICAS + replica;
  }

  lookup(request: number): number {
    if (!this.wire.open) return 0;
    const tokens = this.store.lookup(request);
    this.wire.carry(tokens * this.store.tokenBytes);
    return tokens;
  }

  loading(tokens: number): number {
    return tokens > 0 ? this.wire.roundTrip + this.store.loading(tokens) : 0;
  }

  insert(request: number, replica: number): void {
    if (this.wire.open) this.wire.carry(this.store.insert(request, this.owner(replica)) * this.store.tokenBytes);
  }

  left(count: number): void {
    this.store.lose(this.owner(count), this.owner(REPLICAS));
  }

  sizes(token: TokenCost): void {
    this.store.sizes(token);
  }
}
