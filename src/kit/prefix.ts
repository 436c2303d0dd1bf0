/** The agreement between an engine and a prefix cache wired to it: what is looked up, what is stored, and what loading costs. */
import type { Node } from '../engine/network.ts';

/** A node that keeps the keys and values of prompts' beginnings. Requests are given by their number in `net.requests`. */
export interface PrefixCache {
  /** How many tokens at the beginning of the request's input it holds: whole blocks, at least one token less than the input. Booked as a look-up. */
  lookup(request: number): number;
  /** Seconds until so many tokens are loaded into the engine's memory. */
  loading(tokens: number): number;
  /** The whole input of a request has been computed and can be kept. */
  insert(request: number): void;
  /** Says how many bytes of keys and values one token has in the engine that is wired to it. */
  sizes(bytesPerToken: number): void;
}

/** A node that other nodes are attached to, by wires that carry no calls; told anew whenever wires change. */
export interface Attaches {
  attached(peers: readonly Node[]): void;
}

/** Whether a node is a prefix cache. */
export function isPrefixCache(node: object): node is PrefixCache & Node {
  return 'lookup' in node && 'loading' in node && 'insert' in node && 'sizes' in node;
}
