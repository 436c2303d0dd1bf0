/** What guardrails agree on: whether a request is unsafe, and what the last one that looked at it said. */
import { enlarged } from '../../engine/agenda.ts';
import type { Network } from '../../engine/network.ts';

/** Said of a request: nothing yet, that it may pass, that it is blocked. */
export const NOTHING = 0;
export const PASSED = 1;
export const BLOCKED = 2;

const shared = new WeakMap<Network, Verdicts>();
const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);

/** The verdicts in one network, by request. */
export class Verdicts {
  private said = new Int32Array(256);

  /** Those that all guardrails of a network share. */
  static of(net: Network): Verdicts {
    const known = shared.get(net);
    if (known !== undefined) return known;
    const fresh = new Verdicts();
    shared.set(net, fresh);
    return fresh;
  }

  /** The last verdict on a request since it was cleared. */
  last(request: number): number {
    return request < this.said.length ? this.said[request]! : NOTHING;
  }

  say(request: number, verdict: number): void {
    while (request >= this.said.length) this.said = enlarged(this.said, new Int32Array(this.said.length * 2));
    this.said[request] = verdict;
  }
}

/**
 * A number 0 … 1 that belongs to a request (given by row and moment of birth), the same for whoever looks: below the unsafe share, the request is unsafe.
 * Mixed as in MurmurHash3.
 */
export function badness(request: number, born: number): number {
  bits[0] = born;
  let h = Math.imul(words[0]! ^ Math.imul(request + 1, 0x9e3779b1), 0xcc9e2d51);
  h = Math.imul((h ^ (h >>> 15)) + words[1]!, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}
