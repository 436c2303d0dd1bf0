/** How an engine schedules, on what, and what all engines of a pool share. */
import type { Network } from '../../engine/network.ts';
import type { PrefixCache } from '../../kit/prefix.ts';
import type { Books } from './books.ts';
import type { Clockwork } from './physics.ts';
import type { Draw } from './power.ts';
import type { Shelf } from './shelves.ts';

/** How an engine schedules, and on what. Replaced as a whole when anything changes. */
export interface Rules {
  readonly clockwork: Clockwork;
  readonly blockSize: number;
  readonly blocks: number;
  /** Blocks that must stay free when a request is let in. */
  readonly watermark: number;
  readonly mostSequences: number;
  readonly budget: number;
  /** Groups of GPUs with sequences of their own, which share the budget: a prompt is worked on by one of them, within its part. */
  readonly groups: number;
  /** Stages of a pipeline, each with a batch of its own under way: a prompt is in one of them, within its part of the budget. */
  readonly stages: number;
  /** The batch of an iteration is put together when the one before it begins, on the host while the GPUs work; a newcomer lets that one pass. */
  readonly ahead: boolean;
  /** Decode iterations from one look at the queue to the next; after an iteration with prompts it looks at once. */
  readonly looksEvery: number;
  /** Decode iterations that prompts wait for company at most: until there is one for each group, and so many tokens with the decodes; 0 where they do not wait. */
  readonly companyIterations: number;
  readonly companyTokens: number;
  /** Prompts in chunks beside decodes; otherwise whole prompts first. */
  readonly chunked: boolean;
  /** A batch is gathered, padded and kept until its longest answer is done; nobody joins meanwhile. */
  readonly static: boolean;
  /** A request joins only where its whole answer has room too, which nobody has to give way for later (TensorRT-LLM: no eviction, guaranteed). */
  readonly reserving: boolean;
  /** Seconds that an idle engine waits for such a batch to fill. */
  readonly gather: number;
  /** Requests of higher priority go first; and push running ones of lower priority out when there is no room. */
  readonly ranked: boolean;
  readonly pushing: boolean;
  /** Where preempted sequences are kept, the nearest first; none where they are recomputed. */
  readonly shelves: readonly Shelf[];
  /** Speculative decoding; null without. */
  readonly drafting: Drafting | null;
  /** What its GPUs draw. */
  readonly draw: Draw;
  /** Iterations one event may stand for. */
  readonly longest: number;
}

/** How a small model drafts tokens that the large one checks. */
export interface Drafting {
  /** Tokens drafted per iteration. */
  readonly length: number;
  /** Chance that a drafted token is accepted, given that those before it were. */
  readonly acceptance: number;
  /** Seconds of one drafted token for the batch, as a share of a plain decode iteration. */
  readonly cost: number;
}

/** What all engines of a pool share. */
export interface Floor {
  readonly rules: Rules;
  readonly books: Books;
  readonly cache: PrefixCache | null;
  readonly site: Network;
  /** Blocks in use at each engine, and those that the prompts in its queue will want. */
  readonly claims: Float64Array;
  /** How many times as long as it should everything takes now. */
  readonly slowness: number;
  /** A number that all draws about drafts follow from. */
  readonly draftSeed: number;
  /** A call is over: to be answered once the engine's books are closed. */
  finish(call: number): void;
  /** A call cannot go on at that engine. */
  give(replica: number, call: number, code: number): void;
  /** A prompt is done on an engine that only does prompts: its keys and values stay there until another engine has taken them. */
  handOver(replica: number, call: number): void;
  /** An engine has room for a call whose keys and values lie at engine `from`: they set out. Returns the handle of their planned arrival. */
  bring(call: number, from: number, tokens: number): number;
  /** The planned arrival with that handle is off. */
  recall(arrival: number): void;
}
