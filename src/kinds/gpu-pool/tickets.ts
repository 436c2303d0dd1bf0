/**
 * What the pool notes on each of its calls, in the fields that a call has for the node that serves it: where it is, how far its answer is, and what has
 * become of its keys and values while it waits.
 */
import type { Network } from '../../engine/network.ts';

/** Nothing is kept of a waiting call. A number from 0 on says at which engine its keys and values lie; one from −4 down, from which they are on their way. */
export const NOWHERE = -1;
/** Its keys and values lie on one of two shelves: 0, host memory, or 1, a disk; and back. */
export const onShelf = (shelf: number): number => -2 - shelf;
export const shelfOf = onShelf;
export const isOnShelf = (kept: number): boolean => kept === onShelf(0) || kept === onShelf(1);
/** They are on their way from that engine; and back. */
export const onItsWayFrom = (replica: number): number => -4 - replica;

/** The notes on the calls of one pool. */
export class Tickets {
  constructor(private readonly net: Network) {}

  /** A call has come. */
  open(call: number): void {
    this.setAnswered(call, 0);
    this.setKept(call, NOWHERE);
    this.setSlot(call, -1);
  }

  /** Tokens of the prompt and of the answer: at least one each. */
  input(call: number): number {
    return Math.max(1, Math.round(this.net.requests.input(this.net.calls.request(call))));
  }
  output(call: number): number {
    return Math.max(1, Math.round(this.net.requests.output(this.net.calls.request(call))));
  }

  /** Tokens of the answer that were done when it last left a batch. */
  answered(call: number): number {
    return this.net.calls.data(call);
  }
  setAnswered(call: number, tokens: number): void {
    this.net.calls.setData(call, tokens);
  }

  /** Tokens to work through before its next: the prompt and what had been answered before it was preempted. */
  prompt(call: number): number {
    return this.input(call) + this.net.calls.data(call);
  }

  /** Tokens whose keys and values there are of a call in the middle of its answer: all but the last. */
  held(call: number): number {
    return this.prompt(call) - 1;
  }

  /** Number of the replica it waits or runs at. */
  replica(call: number): number {
    return this.net.calls.counter(call);
  }
  setReplica(call: number, replica: number): void {
    this.net.calls.setCounter(call, replica);
  }

  /** Its place in the batch, or −1 while it waits; while it waits for another engine to take it over, its place at the first. */
  slot(call: number): number {
    return this.net.calls.handle(call);
  }
  setSlot(call: number, slot: number): void {
    this.net.calls.setHandle(call, slot);
  }

  /** Where its keys and values are while it waits or is on its way. */
  kept(call: number): number {
    return this.net.calls.misses(call);
  }
  setKept(call: number, where: number): void {
    this.net.calls.setMisses(call, where);
  }

  /** When the last token of its answer came, while it is in no batch. */
  lastToken(call: number): number {
    return this.net.calls.mark(call);
  }
  setLastToken(call: number, time: number): void {
    this.net.calls.setMark(call, time);
  }

  /** The priority of its class: higher goes first. */
  priority(call: number): number {
    return this.net.ledger.classes[this.net.calls.class(call)]!.priority;
  }
}
