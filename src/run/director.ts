/** Brings about the faults of a design at their moments, and ends them. All its events are the simulation's own, so a run repeats with its faults. */
import type { Design, DesignFault } from '../design/design.ts';
import { crossed, insidesOf } from '../design/faults.ts';
import { Node, type Network } from '../engine/network.ts';
import { Stream } from '../engine/random.ts';
import { faultInfo, faultText, type FaultName } from '../kit/fault.ts';
import { starts, type Component } from '../kit/kind.ts';
import type { Episode } from './protocol.ts';
import type { Wiring } from './wiring.ts';

/** Where the director finds what faults befall. */
interface Stage {
  readonly nodes: ReadonlyMap<string, { readonly label: string; readonly node: Component<unknown>; readonly kind: { readonly faults: readonly FaultName[] } }>;
  readonly wiring: Wiring;
}

/** A fault of the design and where it stands. */
interface Part {
  fault: DesignFault;
  readonly draws: Stream;
  /** Handle of the next beginning or end; −1 for none. */
  pending: number;
  /** How often it has begun. */
  count: number;
  /** What it befell when it last began; null while it does not last. */
  struck: { readonly nodes: readonly string[]; readonly links: readonly string[] } | null;
  /** Its place among the episodes. */
  episode: number;
}

const BEGIN = 0;
const END = 1;

/** The least a random spell or pause can be, so that faults cannot chase each other at one instant. */
const SHORTEST = 1e-3;

/** See above. It is a node of the network only to have events of its own. */
export class Director extends Node {
  readonly episodes: Episode[] = [];
  private readonly parts: Part[] = [];
  private design: Design | null = null;

  constructor(
    net: Network,
    private readonly seed: number,
    private readonly stage: Stage,
  ) {
    super(net);
  }

  arrive(): void {
    throw new Error('Nobody calls the director.');
  }

  /** Takes the faults of an edited design: new ones are planned, changed ones planned anew, removed ones end. */
  apply(design: Design): void {
    this.design = design;
    const wanted = new Map(design.faults.map((fault) => [fault.id, fault]));
    for (const part of this.parts) {
      const now = wanted.get(part.fault.id);
      wanted.delete(part.fault.id);
      if (now !== undefined && JSON.stringify(now) === JSON.stringify(part.fault)) continue;
      if (now !== undefined && this.onlyLength(part, now)) continue;
      this.end(part);
      this.unplan(part);
      if (now === undefined) continue;
      part.fault = now;
      part.count = 0;
      this.plan(part);
    }
    for (const fault of [...wanted.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      const part: Part = { fault, draws: new Stream(this.seed, fault.id, 'fault'), pending: -1, count: 0, struck: null, episode: -1 };
      this.parts.push(part);
      this.plan(part, this.net.now > 0);
    }
  }

  /** A fault that lasts and is only made longer or shorter goes on without beginning again; false where more has changed. */
  private onlyLength(part: Part, now: DesignFault): boolean {
    if (part.struck === null || now.repeat !== 'once') return false;
    if (JSON.stringify({ ...now, seconds: 0 }) !== JSON.stringify({ ...part.fault, seconds: 0 })) return false;
    this.unplan(part);
    part.fault = now;
    if (now.at + now.seconds <= this.net.now) this.end(part);
    else this.planAt(part, now.at + now.seconds, END);
    return true;
  }

  private unplan(part: Part): void {
    if (part.pending >= 0) this.net.agenda.cancel(part.pending);
    part.pending = -1;
  }

  /** Plans the first beginning from now on; one that should be under way begins now. */
  private plan(part: Part, fired = false): void {
    const { fault } = part;
    const { now } = this.net;
    const instant = faultInfo[fault.fault].instant;
    if (!instant && fault.seconds <= 0) return;
    let at = fault.at;
    if (fault.repeat === 'random') at = Math.max(at, now) + this.random(part, fault.every);
    else if (fault.repeat === 'every' && at + fault.seconds < now) {
      part.count = Math.ceil((now - at - fault.seconds) / fault.every);
      at += part.count * fault.every;
    }
    // Whoever fires something instant while the run goes means now, though the run has gone on a little meanwhile.
    if (instant ? at < now && !fired : at + fault.seconds <= now) return;
    this.planAt(part, Math.max(now, at), BEGIN);
  }

  private planAt(part: Part, at: number, what: number): void {
    part.pending = this.net.at(at, this.index, what, this.parts.indexOf(part));
  }

  private random(part: Part, mean: number): number {
    return Math.max(SHORTEST, mean * part.draws.exponential());
  }

  override wake(what: number, k: number): void {
    const part = this.parts[k]!;
    part.pending = -1;
    if (what === BEGIN) this.begin(part);
    else {
      this.end(part);
      this.again(part);
    }
  }

  private begin(part: Part): void {
    const { fault } = part;
    part.count++;
    part.struck = this.victims(fault);
    part.episode = this.episodes.push({ id: fault.id, label: faultText(fault.fault, fault.amount), target: fault.target, from: this.net.now, to: null }) - 1;
    this.bring(part, true);
    if (faultInfo[fault.fault].instant) {
      this.close(part);
      this.again(part);
    } else this.planAt(part, fault.repeat === 'random' ? this.net.now + this.random(part, fault.seconds) : this.untilOf(part), END);
  }

  /** When a fault that began late, because it was only made then, ends all the same. */
  private untilOf({ fault, count }: Part): number {
    const begins = fault.repeat === 'every' ? fault.at + (count - 1) * fault.every : fault.at;
    return Math.max(this.net.now, begins + fault.seconds);
  }

  private again(part: Part): void {
    const { fault } = part;
    const { now } = this.net;
    if (fault.repeat === 'random') this.planAt(part, now + this.random(part, fault.every), BEGIN);
    else if (fault.repeat === 'every') this.planAt(part, Math.max(now, fault.at + part.count * fault.every), BEGIN);
  }

  private end(part: Part): void {
    if (part.struck === null) return;
    this.bring(part, false);
    this.close(part);
  }

  private close(part: Part): void {
    part.struck = null;
    this.episodes[part.episode] = { ...this.episodes[part.episode]!, to: this.net.now };
  }

  /** The components and wires that a fault befalls as the design is now. */
  private victims({ fault, target }: DesignFault): NonNullable<Part['struck']> {
    const design = this.design!;
    const byWire = faultInfo[fault].by === 'wire';
    if (this.stage.nodes.has(target)) return { nodes: [target], links: [] };
    if (this.stage.wiring.links.has(target)) return { nodes: [], links: [target] };
    const insides = insidesOf(design);
    const area = design.groups.find((group) => group.id === target);
    if (area === undefined) return { nodes: [], links: [] };
    if (byWire) return { nodes: [], links: design.links.filter((link) => crossed(design, link, insides).includes(area)).map((link) => link.id) };
    return { nodes: [...insides.get(area)!].filter((id) => this.stage.nodes.get(id)?.kind.faults.includes(fault)).sort(), links: [] };
  }

  /** Brings a fault about, or ends it: what its victims suffer now follows from all the faults that last. */
  private bring(part: Part, begins: boolean): void {
    const { fault, amount, inFlight } = part.fault;
    const { nodes, links } = part.struck!;
    if (!begins) part.struck = null;
    for (const id of links) this.setWire(id);
    for (const id of nodes) {
      const live = this.stage.nodes.get(id);
      if (live === undefined) continue;
      if (faultInfo[fault].by === 'component') {
        if (begins) live.node.strike?.(fault, amount);
        else live.node.heal?.(fault, amount);
      } else this.setNode(id, live.node, part.draws, inFlight);
    }
  }

  private lasting(id: string, ...faults: readonly FaultName[]): readonly DesignFault[] {
    return this.parts.filter((p) => p.struck !== null && faults.includes(p.fault.fault) && (p.struck.nodes.includes(id) || p.struck.links.includes(id))).map((p) => p.fault);
  }

  private setNode(id: string, node: Component<unknown>, draws: Stream, inFlight: DesignFault['inFlight']): void {
    const { health, pace } = this.net;
    pace[node.index] = this.lasting(id, 'slow', 'job').reduce((k, fault) => k * fault.amount, 1);
    health.setErrors(node.index, 1 - this.lasting(id, 'release').reduce((good, fault) => good * (1 - fault.amount), 1), draws);
    if (this.lasting(id, 'hang').length > 0) health.hang(node.index);
    else health.thaw(node.index);
    if (this.lasting(id, 'crash').length > 0) health.crash(node.index, inFlight);
    else if (health.restore(node.index) && starts(node)) node.begin();
  }

  private setWire(id: string): void {
    const loss = 1 - this.lasting(id, 'loss').reduce((through, fault) => through * (1 - fault.amount), 1);
    const delay = this.lasting(id, 'delay').reduce((k, fault) => k * fault.amount, 1);
    this.stage.wiring.afflict(id, { severed: this.lasting(id, 'partition').length, loss, delay });
  }
}
