/** How one call becomes calls to others: in sequence, in parallel waiting for all, for any or for k, or to exactly one. */
import type { Network, Node } from './network.ts';
import { Code } from './reasons.ts';
import type { Stream } from './random.ts';

/** Ways to call the nodes downstream. */
export type Plan = 'sequence' | 'all' | 'any' | 'quorum' | 'one';

/** Not finished yet; any other answer of `begin` and `replied` is an outcome code. */
export const WAITING = -1;

/**
 * Carries a node's calls downstream. `begin` starts them for a call, `replied` takes in what came back; both return `WAITING`,
 * or the outcome once it is decided. A call that has no links to follow is answered at once.
 */
export class Downstream {
  constructor(
    private readonly net: Network,
    private readonly node: Pick<Node, 'index' | 'out' | 'asyncOut' | 'routes' | 'outOf'>,
    private readonly stream: Stream,
    public plan: Plan,
    public quorum: number,
  ) {}

  begin(call: number): number {
    const { asyncOut } = this.node;
    const out = this.outOf(call);
    const request = this.net.calls.request(call);
    for (let k = 0; k < asyncOut.length; k++) this.net.cast(asyncOut[k]!, request, this.node.index);
    if (out.length === 0) return Code.answered;
    if (out.length === 1 || this.plan === 'one') this.one(call, request, out);
    else if (this.plan === 'sequence') this.step(call, 0, out);
    else this.fan(call, request, out);
    return WAITING;
  }

  private outOf(call: number): Int32Array {
    return this.node.routes === null ? this.node.out : this.node.outOf(this.net.calls.class(call));
  }

  /** To exactly one, by weight. */
  private one(call: number, request: number, out: Int32Array): void {
    this.net.call(this.net.pick(out, this.stream), request, call, this.node.index);
  }

  private step(call: number, k: number, out: Int32Array): void {
    this.net.calls.setCounter(call, k + 1);
    this.net.calls.setMisses(call, -2);
    this.net.call(out[k]!, this.net.calls.request(call), call, this.node.index);
  }

  /** To all at once. Held meanwhile: an answer may come back before the last call is out. */
  private fan(call: number, request: number, out: Int32Array): void {
    const { net } = this;
    const need = this.plan === 'all' ? out.length : this.plan === 'any' ? 1 : Math.min(this.quorum, out.length);
    net.calls.setCounter(call, need);
    net.calls.setMisses(call, out.length - need);
    net.hold(call);
    for (let k = 0; k < out.length && !net.concluded(call); k++) net.call(out[k]!, request, call, this.node.index);
    net.release(call);
  }

  /** Where in a sequence the wire stands that comes after `link`, which stood before place `k`. Wires may have come and gone meanwhile. */
  private following(out: Int32Array, k: number, link: number): number {
    if (out[k - 1] === link) return k;
    const place = out.indexOf(link);
    return place < 0 ? k - 1 : place + 1;
  }

  /** An answer to one of a call's calls: `WAITING` or the outcome of them all. */
  replied(child: number, parent: number): number {
    const { calls } = this.net;
    const code = calls.outcome(child);
    const misses = calls.misses(parent);
    if (misses === -1) return code;
    if (misses === -2) {
      const out = this.outOf(parent);
      const k = this.following(out, calls.counter(parent), calls.link(child));
      if (code !== Code.answered || k >= out.length) return code;
      this.step(parent, k, out);
      return WAITING;
    }
    if (code !== Code.answered) {
      calls.setMisses(parent, misses - 1);
      return misses > 0 ? WAITING : code;
    }
    const need = calls.counter(parent) - 1;
    calls.setCounter(parent, need);
    return need > 0 ? WAITING : Code.answered;
  }
}
