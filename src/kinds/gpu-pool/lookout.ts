/** When an engine sees who has come: it looks at its queue every so many iterations, and may let prompts wait for company. */
import type { Network } from '../../engine/network.ts';
import type { BlockLedger } from './blocks.ts';
import type { Rules } from './rules.ts';
import type { Stretch } from './stretch.ts';
import { NOWHERE, type Tickets } from './tickets.ts';
import type { WaitingLine } from './waiting-line.ts';

/** When the queue was last looked at, and up to when whoever came is seen in the coming iteration. */
const LOOKED = 0;
const SEEN = 1;

/** What one engine knows of its queue. */
export class Lookout {
  /** Whether the prompts that could join wait for others. */
  holding = false;
  /** Iterations for which they have waited since the last one joined; whether more have come that are not looked at yet. */
  private held = 0;
  private unseen = false;
  /** Decode iterations since the last look. */
  private unlooked = 0;
  private readonly t = new Float64Array([0, Infinity]);

  constructor(
    private readonly net: Network,
    private readonly tickets: Tickets,
    private readonly queue: WaitingLine,
  ) {}

  /** Whether somebody may be waiting who is not seen. */
  get overlooks(): boolean {
    return this.t[SEEN]! < Infinity;
  }

  /** It looks now, and sees everybody. */
  see(): void {
    this.unlooked = 0;
    this.t[LOOKED] = this.net.now;
    this.t[SEEN] = Infinity;
  }

  /** Whether a call came when the coming iteration had been put together. Whoever has been at another engine is expected. */
  late(call: number): boolean {
    return this.net.calls.start(call) > this.t[SEEN]! && this.tickets.kept(call) === NOWHERE;
  }

  /**
   * Iterations are over. Whom the coming one can take on: the queue is looked at every so many iterations, and after prompts, when the last one ends, or begins
   * where the next is put together meanwhile.
   */
  pass(stretch: Stretch, rules: Rules, blocks: BlockLedger): void {
    const { count, chunkTokens } = stretch;
    const early = rules.ahead ? 1 : 0;
    const waits = this.queue.size > 0;
    this.held = chunkTokens > 0 ? 0 : this.holding ? this.held + count : this.held;
    this.t[SEEN] = Infinity;
    if (rules.looksEvery === 1) {
      if (rules.ahead && waits) this.t[SEEN] = stretch.after(count - early, blocks);
      return;
    }
    const iterations = this.unlooked + count;
    const since = chunkTokens > 0 ? 0 : iterations % rules.looksEvery;
    if (chunkTokens > 0 || iterations >= rules.looksEvery) this.t[LOOKED] = stretch.after(count - since - early, blocks);
    this.unlooked = since;
    if (waits && (rules.ahead || since > 0)) this.t[SEEN] = this.t[LOOKED]!;
  }

  /** Lets prompts wait for others while there are `tokens` of answers to go on with, for so many iterations since the last prompt. */
  hold(rules: Rules, tokens: number): void {
    this.holding = this.held < rules.companyIterations && this.lacks(rules, tokens);
  }

  /** Whether prompts wait, but not one for each group yet, or too few tokens with those of the answers. */
  private lacks({ groups, companyTokens }: Rules, tokens: number): boolean {
    let count = 0;
    this.unseen = false;
    for (const call of this.queue.all()) {
      if (this.late(call)) {
        this.unseen = true;
        continue;
      }
      tokens += this.tickets.prompt(call);
      if (++count >= groups && tokens >= companyTokens) return false;
    }
    return true;
  }

  /** Iterations after which the engine sees somebody it has not seen, or lets prompts wait no longer. */
  limit(rules: Rules): number {
    const overlooked = this.queue.size > 0 && (this.late(this.queue.first()) || (this.holding && this.unseen));
    return Math.min(overlooked ? rules.looksEvery - this.unlooked : Infinity, this.holding ? rules.companyIterations - this.held : Infinity);
  }

  /** Iterations after the one under way, with which `begun` have begun, until a call in the queue is seen: none for one that has been at another engine, which is expected, or where it may be company enough. */
  until(call: number, begun: number, { looksEvery, ahead, companyIterations }: Rules): number {
    if (companyIterations > 0 || this.net.calls.start(call) < this.net.now) return 0;
    const more = ahead ? 1 : 0;
    const passed = (this.unlooked + begun + more) % looksEvery;
    return passed === 0 ? more : more + looksEvery - passed;
  }
}
