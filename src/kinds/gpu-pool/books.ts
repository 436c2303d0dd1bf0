/** What a pool of engines counts: running totals that only grow, and levels over time. */
import { Level } from '../../engine/level.ts';
import { Gaps } from './gaps.ts';

/** Places of the running totals in `Books.sums`. */
export const Sum = {
  /** Tokens of answers; of prompts whose first token has come; worked through a second time after a preemption. */
  out: 0,
  in: 1,
  recomputed: 2,
  preemptions: 3,
  steps: 4,
  flops: 5,
  bytes: 6,
  /** ∫ blocks in use dt. */
  blocks: 7,
  /** Seconds from arrival to first token, and how many. */
  firstSeconds: 8,
  firsts: 9,
  /** Prompt tokens found in the prefix cache, and looked up. */
  found: 10,
  lookedUp: 11,
  /** Engine time that went into prompts: every token of an iteration bears an equal part of it. */
  promptSeconds: 12,
  /** Tokens whose keys and values went to host memory, or to a disk, instead of being thrown away; and to other engines. */
  swapped: 13,
  swappedFar: 14,
  handedOver: 15,
  /** Joules that work drew beyond idling. */
  joules: 16,
} as const;

/** How many running totals there are. */
export const SUMS = 17;

/** The books of one pool. */
export class Books {
  readonly sums = new Float64Array(SUMS);
  readonly waiting = new Level();
  readonly running = new Level();
  readonly busy = new Level();
  /** Sequences whose keys and values are on their way to another engine. */
  readonly moving = new Level();
  /** Times between the tokens of answers. */
  readonly gaps = new Gaps();
  /** Replicas that take nothing new and are paid for until they are done. */
  readonly leaving = new Level();
  /** Replicas there are, and what all of them together have: blocks, places in batches, FLOP/s, bytes/s. */
  readonly replicas = new Level();
  readonly blocks = new Level();
  readonly slots = new Level();
  readonly flopRate = new Level();
  readonly byteRate = new Level();
}
