/** An autoscaler: looks at a component now and then and sizes its replicas, by what it sees, by the clock, or by where things are going. */
import { Node } from '../engine/network.ts';
import { Code } from '../engine/reasons.ts';
import { published } from '../kit/evidence.ts';
import { defineKind, type Component, type Replicas, type ScalingSignal, type Site } from '../kit/kind.ts';
import { choice, real, table, whole, type Values } from '../kit/param.ts';
import { PATIENCE } from '../kit/replica-set.ts';

const following = (v: Readonly<Record<string, unknown>>): boolean => v.scalingPolicy !== 'schedule';

const params = {
  scalingPolicy: choice({
    label: 'Policy',
    help: 'What decides how many replicas there shall be.',
    options: [
      { value: 'utilisation', label: 'target utilisation', note: 'replicas × seen ÷ target, as Kubernetes does' },
      { value: 'queue', label: 'queue per replica', note: 'grows as soon as work waits' },
      { value: 'kv', label: 'KV memory in use', note: 'language models run out of memory before arithmetic' },
      { value: 'schedule', label: 'by the clock' },
      { value: 'predictive', label: 'predictive', note: 'utilisation as it will be when a replica asked for now is ready' },
    ],
    default: 'utilisation',
  }),
  scalingTarget: real({ label: 'Target', help: 'Share of capacity in use (or requests waiting per replica) that it steers for.', unit: 'ratio', default: 0.6, min: 0.01, max: 1000, shownWhen: following }),
  scalingLeast: whole({ label: 'At least', help: 'Replicas that are always there: the warm pool. 0 lets it scale to nothing.', unit: 'count', default: 1, min: 0, max: 1_000_000 }),
  scalingMost: whole({ label: 'At most', help: 'Never more than this, whatever is seen.', unit: 'count', default: 20, min: 1, max: 1_000_000 }),
  scalingInterval: real({ label: 'Looks every', help: 'Seconds between looks; each sees the average since the one before. Kubernetes: 15 s.', unit: 'seconds', default: 15, min: 0.1, max: 3600 }),
  scalingTolerance: real({ label: 'Tolerance', help: 'A deviation smaller than this share of the target changes nothing. Kubernetes: 0.1.', unit: 'share', default: 0.1, min: 0, max: 1, shownWhen: following }),
  scalingUpPause: real({ label: 'Pause after growing', help: 'It does not grow again before.', section: 'Cool-down', unit: 'seconds', default: 0, min: 0, max: 86400, shownWhen: following }),
  scalingDownPause: real({ label: 'Pause before shrinking', help: 'It shrinks to the most it would have wanted within this time. Kubernetes: 300 s.', section: 'Cool-down', unit: 'seconds', default: 300, min: 0, max: 86400, shownWhen: following }),
  scalingDrain: real({ label: 'Time to finish', help: 'Replicas that go take nothing new and may finish their work for so long (GPU pools and worker pools; others take the time they need). Then it is cut off. Kubernetes: 30 s unless told otherwise; AWS: 1 h.', section: 'Cool-down', unit: 'seconds', default: PATIENCE, min: 0, max: 1e6 }),
  scalingHorizon: real({ label: 'Looks ahead', help: 'How far the trend of the last looks is carried on; about one cold start.', unit: 'seconds', default: 60, min: 0, max: 86400, shownWhen: (v) => v.scalingPolicy === 'predictive' }),
  scalingPeriod: real({ label: 'Period', help: 'After which the times of the schedule begin again; 0 is never.', section: 'Schedule', unit: 'seconds', default: 0, min: 0, max: 1e7, shownWhen: (v) => v.scalingPolicy === 'schedule' }),
  scalingSchedule: table({
    label: 'Schedule',
    help: 'From each time on, so many replicas.',
    section: 'Schedule',
    default: [],
    maxRows: 24,
    columns: {
      scheduleTime: real({ label: 'From', help: 'Seconds since the start of the run, or of the period.', unit: 'seconds', default: 0, min: 0, max: 1e7 }),
      scheduleReplicas: whole({ label: 'Replicas', help: 'How many there shall be from then on.', unit: 'count', default: 1, min: 0, max: 1_000_000 }),
    },
    shownWhen: (v) => v.scalingPolicy === 'schedule',
  }),
};

type AutoscalerValues = Values<typeof params>;

const LOOK = 0;
/** Looks from which a trend is drawn. */
const TREND = 4;

/** What it remembers of one component that it sizes. */
interface Watch {
  readonly target: Replicas;
  total: number;
  per: number;
  /** ∫ work waiting dt up to the last look. */
  waited: number;
  grewAt: number;
  /** Sizes wanted of late, with their times, for the pause before shrinking; and loads seen of late, in busy replicas. */
  readonly wishes: { readonly at: number; readonly size: number }[];
  readonly loads: { readonly at: number; readonly load: number }[];
}

class Autoscaler extends Node implements Component<AutoscalerValues> {
  private watches: Watch[] = [];
  private started = false;
  /** Looks taken, and the replicas ready and starting that were seen at them. */
  looks = 0;
  seenReady = 0;
  seenStarting = 0;
  changes = 0;

  constructor(
    private values: AutoscalerValues,
    site: Site,
  ) {
    super(site.net);
  }

  retune(values: AutoscalerValues): void {
    this.values = values;
  }

  /** Told by the board which components it sizes. */
  attached(peers: readonly Node[]): void {
    const known = new Map(this.watches.map((watch) => [watch.target, watch]));
    const targets = peers.flatMap((peer) => (peer as Component<unknown>).scaling ?? []);
    this.watches = targets.map((target) => known.get(target) ?? this.watch(target));
  }

  private watch(target: Replicas): Watch {
    const { signal } = this;
    const { now } = this.net;
    const at = target.signals[signal];
    return { target, total: at?.total(now) ?? 0, per: at?.per(now) ?? 0, waited: target.signals.queue?.total(now) ?? 0, grewAt: -Infinity, wishes: [], loads: [] };
  }

  private get signal(): ScalingSignal {
    const { scalingPolicy: policy } = this.values;
    return policy === 'queue' || policy === 'kv' ? policy : 'utilisation';
  }

  begin(): void {
    if (this.started) return;
    this.started = true;
    this.net.after(0, this.index, LOOK, 0);
  }

  override reset(): void {
    this.started = false;
  }

  arrive(call: number): void {
    this.net.fail(call, Code.noHealthyTarget);
  }

  override wake(): void {
    this.net.after(this.values.scalingInterval, this.index, LOOK, 0);
    const { ready, starting } = this.sizes;
    this.looks++;
    this.seenReady += ready;
    this.seenStarting += starting;
    for (const watch of this.watches) this.look(watch);
  }

  private look(watch: Watch): void {
    const { now } = this.net;
    if (this.values.scalingPolicy === 'schedule') return this.resize(watch, this.scheduled(now));
    const signal = watch.target.signals[this.signal];
    if (signal === undefined) return;
    const [total, per] = [signal.total(now), signal.per(now)];
    const seen = per > watch.per ? (total - watch.total) / (per - watch.per) : total > watch.total ? Infinity : 0;
    [watch.total, watch.per] = [total, per];
    const waits = this.waits(watch, now);
    this.resize(watch, this.steadied(watch, this.wanted(watch, seen, waits), now));
  }

  /** Whether anything has waited since the last look. */
  private waits(watch: Watch, now: number): boolean {
    const before = watch.waited;
    watch.waited = watch.target.signals.queue?.total(now) ?? 0;
    return watch.waited > before;
  }

  /** Replicas × seen ÷ target (Kubernetes' rule), unless within tolerance; with prediction, what is seen is first carried on. */
  private wanted(watch: Watch, seen: number, waits: boolean): number {
    const { scalingTarget, scalingTolerance } = this.values;
    const { ready, wanted } = watch.target;
    // From nothing, any work at all brings one, also work that only waits; without a figure of its own there is nothing to multiply.
    if (ready === 0) return Math.max(wanted, seen > 0 || waits ? 1 : 0);
    const load = this.foreseen(watch, ready * seen);
    const ratio = load / ready / scalingTarget;
    if (Math.abs(ratio - 1) <= scalingTolerance) return wanted;
    const size = Math.ceil(load / scalingTarget - 1e-9);
    // While some are missing or starting, those that serve may be overloaded and still come to less than was wanted: no reason to shrink.
    return ratio > 1 ? Math.max(wanted, size) : size;
  }

  /** The load, in busy replicas, as it will be after the horizon if it goes on as over the last looks (least squares); never less than now. */
  private foreseen(watch: Watch, load: number): number {
    const { scalingPolicy, scalingHorizon } = this.values;
    if (scalingPolicy !== 'predictive') return load;
    const { loads } = watch;
    loads.push({ at: this.net.now, load });
    if (loads.length > TREND) loads.shift();
    const n = loads.length;
    const meanAt = loads.reduce((s, l) => s + l.at, 0) / n;
    const mean = loads.reduce((s, l) => s + l.load, 0) / n;
    const spread = loads.reduce((s, l) => s + (l.at - meanAt) * (l.at - meanAt), 0);
    const slope = spread > 0 ? loads.reduce((s, l) => s + (l.at - meanAt) * (l.load - mean), 0) / spread : 0;
    return load + Math.max(0, slope) * scalingHorizon;
  }

  /** Cool-down: growing waits for its pause, shrinking goes no lower than what was wanted within the window. */
  private steadied(watch: Watch, size: number, now: number): number {
    const { scalingUpPause, scalingDownPause } = this.values;
    const { wishes, target } = watch;
    const bounded = this.bounded(size);
    wishes.push({ at: now, size: bounded });
    while (wishes[0]!.at < now - scalingDownPause) wishes.shift();
    if (bounded > target.wanted) return now - watch.grewAt < scalingUpPause ? target.wanted : bounded;
    return Math.min(target.wanted, Math.max(...wishes.map((wish) => wish.size)));
  }

  private scheduled(now: number): number {
    const { scalingPeriod, scalingSchedule, scalingLeast } = this.values;
    const time = scalingPeriod > 0 ? now - Math.floor(now / scalingPeriod) * scalingPeriod : now;
    const past = scalingSchedule.filter((row) => row.scheduleTime <= time).sort((a, b) => a.scheduleTime - b.scheduleTime);
    return past.at(-1)?.scheduleReplicas ?? scalingLeast;
  }

  private bounded(size: number): number {
    return Math.min(this.values.scalingMost, Math.max(this.values.scalingLeast, size));
  }

  private resize(watch: Watch, wish: number): void {
    const { target } = watch;
    const size = this.bounded(wish);
    if (size === target.wanted) return;
    this.changes++;
    if (size > target.wanted) watch.grewAt = this.net.now;
    target.scaleTo(size, this.values.scalingDrain);
  }

  /** Replicas ready and starting, of everything it sizes. */
  private get sizes(): { readonly ready: number; readonly starting: number } {
    const sum = (of: (target: Replicas) => number): number => this.watches.reduce((s, watch) => s + of(watch.target), 0);
    return { ready: sum((t) => t.ready), starting: sum((t) => t.starting) };
  }

  /** Its card shows the replicas: ready ones full, starting ones half. */
  override face(cells: Float64Array): number {
    const { ready, starting } = this.sizes;
    const shown = Math.min(32, ready + starting);
    for (let i = 0; i < shown; i++) cells[i] = i < ready ? 1 : 0.4;
    return shown;
  }
}

/** Sizes the replicas of what it is wired to. */
export const autoscaler = defineKind({
  id: 'autoscaler',
  label: 'Autoscaler',
  doc: 'sizes the replicas of what it is wired to, by load, queue, memory, clock or trend',
  about: 'Looks at each component it is wired to every so often, sees its average since the last look, and asks for more or fewer replicas. New ones start cold (the component says how long that takes) and are paid for from then on; those that go finish their work first, within a limit. It leaves out metric delays beyond its own interval and limits of the cloud account.',
  group: 'Operations',
  icon: 'gauge',
  params,
  slices: ['scalingLeast', 'scalingMost'],
  ports: { in: null, out: [{ wire: 'control', max: 20 }], refusal: 'an autoscaler sizes replicas and is asked by nobody' },
  measures: {
    ready: { label: 'ready', unit: 'count', help: 'replicas that serve, as seen at its looks', formula: 'Σ replicas seen serving ÷ looks', inputs: ['scalingInterval', 'scalingLeast', 'scalingMost'], total: (n: Autoscaler) => n.seenReady, per: (n: Autoscaler) => n.looks },
    starting: { label: 'starting', unit: 'count', help: 'replicas on their way, as seen at its looks', formula: 'Σ replicas seen starting ÷ looks', inputs: ['scalingInterval', 'scalingTarget'], total: (n: Autoscaler) => n.seenStarting, per: (n: Autoscaler) => n.looks },
    changes: { label: 'changes per hour', unit: 'count', help: 'times it asked for another number', formula: 'times it asked for another number ÷ hours', inputs: ['scalingInterval', 'scalingTolerance', 'scalingDownPause'], total: (n: Autoscaler) => n.changes * 3600 },
  },
  evidence: {
    scalingInterval: published('Kubernetes horizontal pod autoscaler: 15 s'),
    scalingTolerance: published('Kubernetes horizontal pod autoscaler: 0.1'),
    scalingDownPause: published('Kubernetes horizontal pod autoscaler: 300 s'),
    scalingDrain: published('AWS Auto Scaling, lifecycle hooks: 1 h'),
  },
  card: ['ready', 'starting'],
  face: { form: 'slots' },
  subtitle: (v) => `${v.scalingPolicy}, ${v.scalingLeast}–${v.scalingMost}`,
  estimate: (v) => [
    { label: 'sees a change after', value: v.scalingInterval, unit: 'seconds', formula: 'time between looks; then comes the cold start of what it sizes', source: 'Kubernetes horizontal pod autoscaler' },
    { label: 'at most', value: v.scalingMost, unit: 'count', formula: 'upper bound on replicas', source: 'its own parameter' },
  ],
  cost: () => [],
  faults: ['crash', 'hang'],
  migrations: [],
  build: (values, site) => new Autoscaler(values, site),
});
