/** The agreement between those who gather calls into batches and those who can serve a whole batch as one piece of work. */
import type { Node } from '../engine/network.ts';

/**
 * A node that takes a batch as one call, whose request carries the sums of its members' items, tokens and bytes. A node that only hands
 * on may answer by asking its targets.
 */
export interface TakesBatches {
  readonly takesBatches: boolean;
}

/** Whether a node takes a batch as one call. */
export function takesBatches(node: Node): boolean {
  return 'takesBatches' in node && node.takesBatches === true;
}
