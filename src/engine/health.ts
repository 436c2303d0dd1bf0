/**
 * What has befallen the nodes of a network: down, hung, failing a share of what they are asked, or slow. Looked at only while
 * something is amiss (`Network.watch`); what happens to work in flight is a named choice.
 */
import type { Agenda } from './agenda.ts';
import type { Calls } from './calls.ts';
import type { Stream } from './random.ts';
import { Code } from './reasons.ts';

/** The network, as far as its health is concerned. */
interface Body {
  watch: number;
  readonly now: number;
  readonly agenda: Agenda;
  readonly calls: Calls;
  readonly nodes: readonly { reset(): void }[];
  settle(c: number, code: number): void;
  fail(c: number, code: number): void;
  concluded(c: number): boolean;
  travelling(): ReadonlySet<number>;
  deliver(node: number, c: number): void;
  replyLater(caller: number, c: number): void;
}

/**
 * What becomes of the work in flight when a node goes down: its callers hear at once that it failed (connection reset), they hear nothing until
 * it is back (a host that vanishes: only a timeout tells), or it is kept and goes on where it was.
 */
export const inFlightChoices = ['fail', 'vanish', 'resume'] as const;
/** One of those choices. */
export type InFlight = (typeof inFlightChoices)[number];

/** Events that die with their node are below this number; calls and answers on their way are above. */
const MORTAL = 14;

interface Ward {
  down: InFlight | null;
  hung: boolean;
  /** First of the node's events that came due meanwhile; −1 for none. */
  shelf: number;
  /** Calls that came, and answers to its own calls, meanwhile. */
  readonly arrivals: number[];
  readonly replies: number[];
  /** Calls that were lost without anyone being told. */
  readonly silent: number[];
  errors: number;
  draws: Stream | null;
}

const well = (): Ward => ({ down: null, hung: false, shelf: -1, arrivals: [], replies: [], silent: [], errors: 0, draws: null });

/** The sick bay of one network. */
export class Health {
  private readonly wards = new Map<number, Ward>();

  constructor(private readonly net: Body) {}

  private ward(node: number): Ward {
    let ward = this.wards.get(node);
    if (ward === undefined) {
      this.wards.set(node, (ward = well()));
      this.net.watch++;
    }
    return ward;
  }

  /** Forgets a node that has nothing left to watch. */
  private discharge(node: number, ward: Ward): void {
    if (ward.down !== null || ward.hung || ward.errors > 0) return;
    this.wards.delete(node);
    this.net.watch--;
  }

  /** Takes a node down; until `restore`, nothing that reaches it is answered. No effect on one that is down. */
  crash(node: number, inFlight: InFlight): void {
    const ward = this.ward(node);
    if (ward.down !== null) return;
    ward.down = inFlight;
    if (inFlight === 'resume') return;
    this.net.agenda.purge(node, MORTAL);
    ward.shelf = -1;
    ward.arrivals.length = 0;
    const lost = this.net.calls.at(node, this.net.travelling());
    this.net.nodes[node]!.reset();
    for (const c of lost) this.lose(c, node, ward);
  }

  /** Ends a call at a node that is down; ending one may end others, so its state is looked at again. */
  private lose(c: number, node: number, ward: Ward): void {
    const { net } = this;
    if (net.calls.node(c) !== node || net.concluded(c)) return;
    if (ward.down === 'vanish') {
      net.settle(c, Code.crashed);
      ward.silent.push(c);
    } else net.fail(c, Code.crashed);
  }

  /** Brings a node back; true if it is empty now and has to begin anew, false if it goes on where it was or was not down. */
  restore(node: number): boolean {
    const ward = this.wards.get(node);
    if (ward?.down == null) return false;
    const anew = ward.down !== 'resume';
    ward.down = null;
    for (const c of ward.silent.splice(0)) this.net.replyLater(this.net.calls.caller(c), c);
    if (!ward.hung) this.goOn(node, ward);
    this.discharge(node, ward);
    return anew;
  }

  /** Stops a node in its tracks: it takes calls in but does nothing until `thaw`. */
  hang(node: number): void {
    this.ward(node).hung = true;
  }

  /** What came due meanwhile happens now, in order. */
  thaw(node: number): void {
    const ward = this.wards.get(node);
    if (ward === undefined || !ward.hung) return;
    ward.hung = false;
    if (ward.down === null) this.goOn(node, ward);
    this.discharge(node, ward);
  }

  private goOn(node: number, ward: Ward): void {
    const { net } = this;
    net.agenda.at[0] = net.now;
    net.agenda.unpark(ward.shelf);
    ward.shelf = -1;
    // One may end others that are still on the list.
    while (ward.arrivals.length > 0) net.deliver(node, ward.arrivals.shift()!);
    for (const c of ward.replies.splice(0)) net.replyLater(node, c);
  }

  /** Lets a node fail this share of what it is asked (0 … 1), as a bad release does. */
  setErrors(node: number, share: number, draws: Stream): void {
    if (share <= 0 && !this.wards.has(node)) return;
    const ward = this.ward(node);
    ward.errors = share;
    ward.draws = draws;
    this.discharge(node, ward);
  }

  /** Whether a node answers at all now. */
  up(node: number): boolean {
    const ward = this.wards.get(node);
    return ward === undefined || (ward.down === null && !ward.hung);
  }

  /** A call has come to a node; true if it goes no further now. */
  stopsArrival(c: number, node: number): boolean {
    const ward = this.wards.get(node);
    if (ward === undefined) return false;
    if (ward.down !== null) this.lose(c, node, ward);
    else if (ward.hung) ward.arrivals.push(c);
    else if (ward.errors > 0 && ward.draws!.uniform() < ward.errors) this.net.fail(c, Code.crashed);
    else return false;
    return true;
  }

  /** Nobody wants a call any more that is at a node; true if the node hears of it. One that hangs does not, and what has not got through to it ends here. */
  hears(c: number, node: number): boolean {
    const ward = this.wards.get(node);
    if (ward === undefined) return true;
    const k = ward.arrivals.indexOf(c);
    if (k < 0) return !(ward.hung || ward.down === 'resume');
    ward.arrivals.splice(k, 1);
    this.net.fail(c, Code.cancelled);
    return false;
  }

  /** An answer has come back to a node; true if it must wait. A node that lost its work has no use for it. */
  stopsReply(c: number, caller: number): boolean {
    const ward = this.wards.get(caller);
    if (ward === undefined || !(ward.hung || ward.down === 'resume')) return false;
    ward.replies.push(c);
    return true;
  }

  /** An event of a node's own is due, just taken from the agenda; true if it must wait. */
  stopsEvent(slot: number, node: number): boolean {
    const ward = this.wards.get(node);
    if (ward === undefined || !(ward.hung || ward.down === 'resume')) return false;
    ward.shelf = this.net.agenda.park(slot, ward.shelf);
    return true;
  }
}
