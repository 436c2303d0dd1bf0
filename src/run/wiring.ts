/** The wires of a running design: what they carry, how long they take, and what guards them. */
import type { Design, DesignLink } from '../design/design.ts';
import { crossed, insidesOf } from '../design/faults.ts';
import { fullValues } from '../design/params.ts';
import { Guard, type GuardRules } from '../engine/guard.ts';
import type { Network } from '../engine/network.ts';
import { Stream } from '../engine/random.ts';
import { Sampler } from '../engine/sampler.ts';
import { inOrder, isGuarded, linkParams, type LinkValues } from '../kinds/link.ts';
import type { Wire } from '../kit/kind.ts';

/** What faults do to a wire now. */
export interface Trouble {
  readonly severed: number;
  readonly loss: number;
  readonly delay: number;
}

const fine: Trouble = { severed: 0, loss: 0, delay: 1 };

/** A wire of the running network. Its sender calls along `index`; with a guard, what is sent goes on along `inner`. */
export interface LiveLink {
  readonly id: string;
  readonly index: number;
  inner: number;
  guard: Guard | null;
  readonly wire: Wire;
  design: DesignLink;
  values: LinkValues;
  /** Seconds and USD per byte on account of the places it leaves. */
  distance: number;
  usdPerByte: number;
  trouble: Trouble;
}

/** All wires of one board. */
export class Wiring {
  readonly links = new Map<string, LiveLink>();

  constructor(
    private readonly net: Network,
    private readonly seed: number,
  ) {}

  /** Lays a new wire between two nodes, or takes up changes to one that is there. */
  lay(link: DesignLink, from: number, to: number, wire: Wire): void {
    const known = this.links.get(link.id);
    const values = fullValues(linkParams, link.params);
    if (known !== undefined) Object.assign(known, { design: link, values });
    else {
      const index = this.net.addLink({ id: link.id, from, to, latency: null, stream: new Stream(this.seed, link.id, 'link'), async: false, weight: 1 });
      this.links.set(link.id, { id: link.id, index, inner: index, guard: null, wire, design: link, values, distance: 0, usdPerByte: 0, trouble: fine });
    }
  }

  /** Sets every wire as the design wants it, places and distances included. */
  tune(design: Design): void {
    const insides = insidesOf(design);
    for (const link of this.links.values()) {
      const places = crossed(design, link.design, insides);
      link.distance = Math.max(0, ...places.map((place) => place.latency));
      link.usdPerByte = Math.max(0, ...places.map((place) => place.usdPerGb)) / 1e9;
      this.set(link);
    }
  }

  /** Lets faults do to a wire what they do; null heals it. */
  afflict(id: string, trouble: Trouble | null): void {
    const link = this.links.get(id);
    if (link === undefined) return;
    link.trouble = trouble ?? fine;
    this.set(link);
  }

  private set(link: LiveLink): void {
    const { values, trouble, distance } = link;
    if (link.guard === null && (isGuarded(values) || link.usdPerByte > 0 || trouble.severed > 0 || trouble.loss > 0)) this.install(link);
    const { linkLatency: latency } = values;
    this.net.setLatency(link.inner, latency.mean > 0 ? new Sampler({ ...latency, mean: latency.mean * trouble.delay }) : null, distance * trouble.delay);
    this.net.links[link.index]!.severed = trouble.severed > 0;
    // No call travels along it, but whoever it attaches wants to know how far it is, a guard in between or not.
    if (link.wire === 'prefix') this.net.links[link.index]!.distance = distance * trouble.delay;
    for (const index of [link.index, link.inner]) {
      const state = this.net.links[index]!;
      state.async = values.fireAndForget;
      state.weight = values.linkWeight;
      state.stops = values.linkCancels;
    }
    if (values.linkCancels) this.net.allowCancelling();
    if (link.guard === null) return;
    link.guard.retune(rulesOf(link));
    link.guard.severed = trouble.severed;
    link.guard.lossBesides = trouble.loss;
  }

  /** Puts a guard between a wire's sender and what it leads to. What is under way already comes back as it went. */
  private install(link: LiveLink): void {
    const { net } = this;
    const outer = net.links[link.index]!;
    link.inner = net.addLink({ id: link.id, from: -1, to: outer.to, latency: null, stream: outer.stream, async: false, weight: 1 });
    // What the wire has carried so far stays on its books.
    net.linkCalls[link.inner] = net.linkCalls[link.index]!;
    net.linkFailed[link.inner] = net.linkFailed[link.index]!;
    link.guard = new Guard(net, link.inner, rulesOf(link), new Stream(this.seed, link.id, 'guard'));
    net.addNode(link.guard);
    outer.end = outer.to;
    net.setLatency(link.index, null);
    net.redirect(link.index, link.guard.index);
  }

  /** Wires that lead nowhere any more, because an end of theirs is gone. */
  cut(stays: (link: LiveLink) => boolean): void {
    for (const [id, link] of this.links) if (!stays(link)) this.links.delete(id);
  }

  /** All wires, in the order in which their senders try them. */
  sorted(): readonly LiveLink[] {
    return [...this.links.values()].sort(inOrder);
  }

  /** What answers crossing places have cost so far, in USD. */
  spentUsd(): number {
    let sum = 0;
    for (const { guard } of this.links.values()) if (guard !== null) sum += guard.spentUsd();
    return sum;
  }
}

function rulesOf({ values: v, usdPerByte }: LiveLink): GuardRules {
  return {
    timeout: v.linkTimeout,
    retries: v.linkRetries,
    backoff: v.retryBackoff,
    backoffMost: v.retryBackoffMost,
    jitter: v.retryJitter,
    budget: v.retryBudget > 0 ? v.retryBudget : Infinity,
    hedgeAfter: v.hedgeDelay,
    hedgeShare: v.hedgeQuantile,
    breaker: v.breakerShare > 0 ? { share: v.breakerShare, window: v.breakerWindow, least: v.breakerLeast, open: v.breakerOpen, probes: v.breakerProbes } : null,
    loss: v.linkLoss,
    bandwidth: v.linkBandwidth.mean > 0 ? new Sampler(v.linkBandwidth) : null,
    usdPerByte,
  };
}
