/** Who pays for what: the cost of a run shared out among classes of requests. */
import type { Board } from './board.ts';

/** ∫ calls in flight dt up to now, of every class at every component. */
export function presence({ net, nodes }: Board): ReadonlyMap<string, Float64Array> {
  const classes = net.ledger.classes.length;
  return new Map([...nodes.values()].map(({ id, node }) => [id, Float64Array.from({ length: classes }, (_, cls) => node.inFlightAreaOf(cls, net.now))]));
}

/**
 * USD by class number. A component's cost goes to the classes in proportion to the time their calls spent there since `before`; the cost of what nobody was at,
 * and what belongs to no component, in proportion to `requests` (evenly, if there were none). The parts add up to `usd`.
 */
export function attribute(board: Board, usd: number, usdByNode: ReadonlyMap<string, number>, before: ReadonlyMap<string, Float64Array> | null, requests: Float64Array): Float64Array {
  const now = presence(board);
  const parts = new Float64Array(requests.length);
  const hand = (amount: number, by: Float64Array): boolean => {
    const total = by.reduce((a, b) => a + b, 0);
    if (!(total > 0)) return false;
    for (let cls = 0; cls < parts.length; cls++) parts[cls]! += (amount * by[cls]!) / total;
    return true;
  };
  let rest = usd;
  for (const [id, amount] of usdByNode) {
    const here = now.get(id);
    if (here !== undefined && hand(amount, here.map((area, cls) => Math.max(0, area - (before?.get(id)?.[cls] ?? 0))))) rest -= amount;
  }
  if (!hand(rest, requests)) hand(rest, new Float64Array(parts.length).fill(1));
  return parts;
}
