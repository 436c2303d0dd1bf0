/** Calls that wait for a place in a batch: in order of arrival, or of priority and then arrival; who was preempted goes to the front of its own rank. */
import type { Calls } from '../../engine/calls.ts';

/** Priorities that are told apart: 0 … 9. */
const RANKS = 10;

/** The line of one engine; calls are linked through their own rows. */
export class WaitingLine {
  size = 0;
  private readonly heads = new Int32Array(RANKS).fill(-1);
  private readonly tails = new Int32Array(RANKS).fill(-1);
  /** No rank above this one has anybody waiting. */
  private top = 0;

  constructor(private readonly calls: Calls) {}

  /** Who is next, or −1. */
  first(): number {
    if (this.size === 0) return -1;
    while (this.heads[this.top]! < 0) this.top--;
    return this.heads[this.top]!;
  }

  private rank(priority: number): number {
    const rank = Math.max(0, Math.min(RANKS - 1, priority | 0));
    if (rank > this.top) this.top = rank;
    return rank;
  }

  push(call: number, priority: number): void {
    const rank = this.rank(priority);
    const { calls, heads, tails } = this;
    calls.setNext(call, -1);
    if (heads[rank]! < 0) heads[rank] = call;
    else calls.setNext(tails[rank]!, call);
    tails[rank] = call;
    this.size++;
  }

  unshift(call: number, priority: number): void {
    const rank = this.rank(priority);
    const { calls, heads, tails } = this;
    calls.setNext(call, heads[rank]!);
    if (heads[rank]! < 0) tails[rank] = call;
    heads[rank] = call;
    this.size++;
  }

  /** Takes the first out; there must be one. */
  shift(): number {
    const call = this.first();
    const { heads, tails, top } = this;
    heads[top] = this.calls.next(call);
    if (heads[top]! < 0) tails[top] = -1;
    this.size--;
    return call;
  }

  /** Takes a call out wherever it stands; false if it is not in line. */
  remove(call: number): boolean {
    for (let rank = 0; rank < RANKS; rank++) if (this.removeFrom(rank, call)) return true;
    return false;
  }

  private removeFrom(rank: number, call: number): boolean {
    const { calls, heads, tails } = this;
    let before = -1;
    let at = heads[rank]!;
    for (; at >= 0 && at !== call; at = calls.next(at)) before = at;
    if (at < 0) return false;
    const after = calls.next(call);
    if (before < 0) heads[rank] = after;
    else calls.setNext(before, after);
    if (after < 0) tails[rank] = before;
    this.size--;
    return true;
  }

  /** Everybody, in order. */
  all(): number[] {
    const all: number[] = [];
    for (let rank = RANKS - 1; rank >= 0; rank--) for (let call = this.heads[rank]!; call >= 0; call = this.calls.next(call)) all.push(call);
    return all;
  }

  /** Everybody, in order; the line is empty afterwards. */
  drain(): number[] {
    const all = this.all();
    this.heads.fill(-1);
    this.tails.fill(-1);
    this.size = 0;
    return all;
  }
}
