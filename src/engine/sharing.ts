/**
 * Servers that do not finish one call before they turn to the next: shared by all (processor sharing), or taken away from one for
 * another (shortest remaining first, priority with preemption). How much work each call is stands in `Calls.mark`.
 */
import type { Clock } from './clock.ts';
import type { Calls } from './calls.ts';
import { Line } from './line.ts';
import type { Ledger } from './ledger.ts';

/** Ways to share. */
export const sharings = ['processor', 'remaining', 'preemptive'] as const;
/** One of those ways. */
export type Sharing = (typeof sharings)[number];

/** Plans the next end of service for its owner: `after` seconds from now, or cancels it (−1). */
type Plan = (after: number) => void;

const QUEUE = 0;
const BUSY = 1;
const SERVERS = 2;
const LAST = 3;

/**
 * All calls present share the servers, but none gets more than one. With processor sharing everyone has the same rate min(1, c/n), and
 * the call whose work is done first is found by its virtual finishing time (Kleinrock 1967); otherwise the c first in order have a
 * server each and the rest wait with what remains of their work.
 */
export class SharedServers {
  /** Calls present, at most `servers + room`. */
  present = 0;
  longest = 0;
  private readonly all = new Line();
  /** With preemption: calls being served, in order of their ends; `all` are those who wait. */
  private readonly served: number[] = [];
  private virtual = 0;
  private readonly t = new Float64Array(4);
  private readonly clock: Clock;

  constructor(
    private readonly calls: Calls,
    private readonly ledger: Ledger,
    public servers: number,
    public room: number,
    private readonly sharing: Sharing,
    private readonly plan: Plan,
  ) {
    this.clock = calls.clock;
    this.t[LAST] = this.clock.now;
  }

  /** Brings areas, and what is left of everybody's work, up to this moment. */
  private advance(): void {
    const { t } = this;
    const elapsed = this.clock.now - t[LAST]!;
    t[LAST] = this.clock.now;
    t[BUSY]! += elapsed * this.busy;
    t[QUEUE]! += elapsed * this.waiting;
    t[SERVERS]! += elapsed * this.servers;
    if (this.sharing === 'processor') this.virtual += elapsed * this.rate;
    else for (const call of this.served) this.calls.setMark(call, this.calls.mark(call) - elapsed);
  }

  private get rate(): number {
    return this.present === 0 ? 0 : Math.min(1, this.servers / this.present);
  }

  get busy(): number {
    return Math.min(this.present, this.servers);
  }
  /** With processor sharing: how many more there are than servers. */
  get waiting(): number {
    return Math.max(0, this.present - this.servers);
  }

  /** A call comes with its work (seconds) in `Calls.mark`; false if there is no room. */
  offer(call: number): boolean {
    this.advance();
    if (this.waiting >= this.room && this.present >= this.servers) return false;
    this.present++;
    if (this.waiting > this.longest) this.longest = this.waiting;
    if (this.sharing === 'processor') this.all.push(call, this.virtual + this.calls.mark(call));
    else this.enter(call);
    this.replan();
    return true;
  }

  /** Lower goes first: what remains; or the class's priority, then order of arrival. */
  private key(call: number): number {
    return this.sharing === 'remaining' ? this.calls.mark(call) : -this.ledger.classes[this.calls.class(call)]!.priority;
  }

  private enter(call: number): void {
    if (this.served.length < this.servers) {
      this.served.push(call);
      return;
    }
    const last = this.lastInOrder();
    const victim = this.served[last]!;
    if (this.key(call) < this.key(victim)) {
      this.served[last] = call;
      this.all.push(victim, this.key(victim));
    } else this.all.push(call, this.key(call));
  }

  /** Of those served, the one to give way first: the highest key, the latest come among equals. */
  private lastInOrder(): number {
    let last = 0;
    for (let k = 1; k < this.served.length; k++) if (this.key(this.served[k]!) >= this.key(this.served[last]!)) last = k;
    return last;
  }

  /** The planned end has come: the call that is done. */
  finish(): number {
    this.advance();
    let call: number;
    if (this.sharing === 'processor') {
      this.virtual = Math.max(this.virtual, this.all.firstKey());
      call = this.all.pop();
    } else {
      call = this.soonest();
      this.leaveServer(call);
    }
    this.present--;
    if (this.present === 0) this.virtual = 0;
    this.replan();
    return call;
  }

  private soonest(): number {
    return this.served.reduce((best, call) => (this.calls.mark(call) < this.calls.mark(best) ? call : best));
  }

  private leaveServer(call: number): void {
    this.served.splice(this.served.indexOf(call), 1);
    if (this.all.size > 0 && this.served.length < this.servers) this.served.push(this.all.pop());
  }

  /** Takes a call out, wherever it is; false if it is not here. */
  leave(call: number): boolean {
    this.advance();
    if (this.served.includes(call)) this.leaveServer(call);
    else if (!this.all.remove(call)) return false;
    this.present--;
    this.replan();
    return true;
  }

  private replan(): void {
    if (this.present === 0) this.plan(-1);
    else if (this.sharing === 'processor') this.plan(Math.max(0, (this.all.firstKey() - this.virtual) / this.rate));
    else this.plan(Math.max(0, this.calls.mark(this.soonest())));
  }

  /** Changes the number of servers and places; nobody is sent away. */
  resize(servers: number, room: number): void {
    this.advance();
    this.servers = servers;
    this.room = room;
    if (this.sharing !== 'processor') {
      while (this.served.length > servers) this.giveWay();
      while (this.served.length < servers && this.all.size > 0) this.served.push(this.all.pop());
    }
    this.replan();
  }

  private giveWay(): void {
    const [victim] = this.served.splice(this.lastInOrder(), 1);
    this.all.push(victim!, this.key(victim!));
  }

  /** Lets everybody go, with what remains of their work in `Calls.mark`. */
  evict(): readonly number[] {
    this.advance();
    const gone = [...this.served];
    while (this.all.size > 0) {
      if (this.sharing === 'processor') this.calls.setMark(this.all.first(), Math.max(0, this.all.firstKey() - this.virtual));
      gone.push(this.all.pop());
    }
    this.reset();
    this.plan(-1);
    return gone;
  }

  /** Everybody is gone. */
  reset(): void {
    this.advance();
    this.present = 0;
    this.virtual = 0;
    this.all.clear();
    this.served.length = 0;
  }

  /** ∫ calls without a server dt up to now; ∫ busy servers dt; ∫ servers dt. */
  queueArea(now: number): number {
    return this.t[QUEUE]! + (now - this.t[LAST]!) * this.waiting;
  }
  busyArea(now: number): number {
    return this.t[BUSY]! + (now - this.t[LAST]!) * this.busy;
  }
  serverArea(now: number): number {
    return this.t[SERVERS]! + (now - this.t[LAST]!) * this.servers;
  }
}
