/** A pool of workers for long jobs: checkpoints, workers that fail or are taken away, and how much of their time was worth it. */
import { enlarged } from '../engine/agenda.ts';
import { Downstream, WAITING } from '../engine/downstream.ts';
import type { Order } from '../engine/line.ts';
import { exp } from '../engine/math.ts';
import { Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Sampler } from '../engine/sampler.ts';
import { REFUSED, STARTED, Station } from '../engine/station.ts';
import { priced } from '../kit/cost.ts';
import { assumed } from '../kit/evidence.ts';
import { servingFaults, type FaultName } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { distribution, real, whole, type Values } from '../kit/param.ts';
import { waitingTime } from '../kit/queueing.ts';
import { ReplicaSet } from '../kit/replica-set.ts';
import { counted } from '../units/format.ts';

type Loose = Readonly<Record<string, unknown>>;
const saving = (v: Loose): boolean => Number(v.checkpointEvery) > 0;
const breaking = (v: Loose): boolean => Number(v.workerMtbf) > 0;

const params = {
  workerCount: whole({ label: 'Workers', help: 'Jobs worked on at the same time, one by each.', unit: 'count', default: 8, min: 1, max: 1_000_000 }),
  jobTime: distribution({ label: 'Work of a job', help: 'Time it takes one worker if nothing goes wrong, checkpoints not counted.', unit: 'seconds', default: { shape: 'lognormal', mean: 60, cv: 1 }, min: 0, max: 1e8 }),
  workerQueue: whole({ label: 'Queue', help: 'Places to wait. When they are taken, jobs are refused: queue full.', unit: 'requests', default: 10_000, min: 0, max: 100_000_000 }),
  jobFailure: real({ label: 'Attempts that fail', help: 'Share of attempts at a job that fail by themselves, at any moment of the work alike; the next begins at the last checkpoint.', section: 'Failures', unit: 'share', default: 0, min: 0, max: 1 }),
  jobRetries: whole({ label: 'Further attempts', help: 'After so many more failed attempts a job is given up. Failures of workers do not count.', section: 'Failures', unit: 'count', default: 3, min: 0, max: 1000 }),
  // Seen: 419 unexpected interruptions in 54 days on 16,384 GPUs of Llama 3 405B (arXiv 2407.21783, table 5), one in 50,676 GPU-hours.
  workerMtbf: real({ label: 'Time between failures', help: 'Mean working time until a worker fails and the work since the last checkpoint is lost; 0 is never (Llama 3 405B: one in 50,676 GPU-hours, so 3.1 h for all 16,384).', section: 'Failures', unit: 'seconds', default: 0, min: 0, max: 1e10 }),
  workerRepair: distribution({ label: 'Repair', help: 'From a worker’s failure until it goes on from the last checkpoint (assumed).', section: 'Failures', unit: 'seconds', default: { shape: 'constant', mean: 30, cv: 0 }, min: 0, max: 1e6, shownWhen: breaking }),
  checkpointEvery: real({ label: 'Checkpoint every', help: 'Seconds of work between checkpoints; 0 is never. Young’s rule: √(2 × time of a checkpoint × time between failures).', section: 'Checkpoints', unit: 'seconds', default: 0, min: 0, max: 1e8 }),
  checkpointTime: real({ label: 'Time of a checkpoint', help: 'The worker does nothing else meanwhile (measured: 40 s for the 2.3 TB of BLOOM-176B).', section: 'Checkpoints', unit: 'seconds', default: 5, min: 0, max: 1e6, shownWhen: saving }),
  workerStart: distribution({ label: 'Start of a worker', help: 'How long a worker that an autoscaler adds takes until it works (assumed: a virtual machine, 60 s).', section: 'Scaling', unit: 'seconds', default: { shape: 'constant', mean: 60, cv: 0 }, min: 0, max: 1e5 }),
  pricePerWorker: real({ label: 'Price per worker', help: 'What one worker costs per hour; take it from your own bill.', section: 'Cost', unit: 'usd/hour', default: 0.1, min: 0, max: 10_000 }),
};

type PoolValues = Values<typeof params>;

const DONE = 0;
const FAILED = 1;
const BROKE = 2;
const REPAIRED = 3;
const WORKER_STARTED = 4;

// A job, by its call: work in all and what of it is safe, in seconds; when this run began (−1: under repair), the pace then, checkpoints' interval and time then,
// and how long this run was to be.
const STRIDE = 7;
const WORK = 0;
const SAFE = 1;
const SINCE = 2;
const PACE = 3;
const EVERY = 4;
const TIME = 5;
const PLANNED = 6;
const REPAIRING = -1;
/** A call's handle once its job is done. */
const WORKED = -1;

// What is on disk of a job, by its request: the birth of that request, work in all, and what of it is safe.
const KEPT = 3;
const BORN = 0;

/** The oldest job first, also when it comes back to the line. */
class ByArrival implements Order {
  constructor(private readonly calls: { start(call: number): number }) {}
  key(call: number): number {
    return this.calls.start(call);
  }
  taken(): void {}
}

/** Workers that come and go; those lost take the work on them along. */
class Workers extends ReplicaSet {
  constructor(
    private readonly leaving: (count: number, keep: boolean) => readonly number[],
    private readonly left: (jobs: readonly number[]) => void,
    ...rest: ConstructorParameters<typeof ReplicaSet>
  ) {
    super(...rest);
  }

  override lose(count: number, keep = false): void {
    const jobs = this.leaving(count, keep);
    super.lose(count);
    this.left(jobs);
  }
}

class WorkerPool extends Node implements Component<PoolValues> {
  readonly scaling: Workers;
  private readonly station: Station;
  private readonly time: Sampler;
  private readonly repair: Sampler;
  private readonly draws: Stream;
  private readonly failures: Stream;
  private readonly breaks: Stream;
  private readonly repairs: Stream;
  private readonly losses: Stream;
  private readonly downstream: Downstream;
  private jobs = new Float64Array(64 * STRIDE);
  private disk = new Float64Array(64 * KEPT).fill(-1);
  /** Calls that have a worker, in no order; each knows its place by its `data`. */
  private running = new Int32Array(64);
  private runs = 0;
  usefulSeconds = 0;
  lostSeconds = 0;
  savingSeconds = 0;
  repairSeconds = 0;
  finished = 0;
  failed = 0;
  broke = 0;
  interrupted = 0;
  resumed = 0;

  constructor(
    private values: PoolValues,
    site: Site,
  ) {
    super(site.net);
    const { net } = site;
    this.station = new Station(net.calls, values.workerCount, values.workerQueue);
    this.station.reorder(new ByArrival(net.calls));
    this.time = new Sampler(values.jobTime);
    this.repair = new Sampler(values.workerRepair);
    this.draws = site.stream('service');
    this.failures = site.stream('failures');
    this.breaks = site.stream('breaks');
    this.repairs = site.stream('repairs');
    this.losses = site.stream('losses');
    this.downstream = new Downstream(net, this, site.stream('choice'), 'sequence', 1);
    const signals = {
      utilisation: { total: (now: number) => this.busyArea(now), per: (now: number) => this.serverArea(now) },
      queue: { total: (now: number) => this.queueArea(now), per: (now: number) => this.serverArea(now) },
    };
    this.scaling = new Workers((count, keep) => this.takeAway(count, keep), (jobs) => this.lineUpAgain(jobs), net, this, WORKER_STARTED, values.workerCount, new Sampler(values.workerStart), site.stream('starts'), () => this.resize(), signals, (from, to) => this.dismiss(to - from));
    this.scaling.charge(values.pricePerWorker);
  }

  /** Jobs under way keep the checkpoints they began with. */
  retune(values: PoolValues): void {
    const before = this.values;
    this.values = values;
    this.time.set(values.jobTime);
    this.repair.set(values.workerRepair);
    this.scaling.start = new Sampler(values.workerStart);
    this.scaling.charge(values.pricePerWorker);
    if (values.workerCount !== before.workerCount) this.scaling.set(values.workerCount);
    else this.resize();
  }

  private resize(): void {
    this.station.resize(this.scaling.ready, this.values.workerQueue);
    for (let call = this.station.draw(); call >= 0; call = this.station.draw()) this.serve(call);
  }

  arrive(call: number): void {
    const { net } = this;
    while (call * STRIDE >= this.jobs.length) this.jobs = enlarged(this.jobs, new Float64Array(2 * this.jobs.length));
    this.recall(call, net.calls.request(call));
    net.calls.setCounter(call, 0);
    const taken = this.station.offer(call);
    if (taken === STARTED) this.serve(call);
    else if (taken === REFUSED) net.fail(call, Code.queueFull);
  }

  /** A job that was here before is the same job, and goes on from its last checkpoint. */
  private recall(call: number, request: number): void {
    while (request * KEPT >= this.disk.length) this.disk = enlarged(this.disk, new Float64Array(2 * this.disk.length).fill(-1));
    const { disk } = this;
    const at = request * KEPT;
    const born = this.net.requests.born(request);
    if (disk[at + BORN] !== born) {
      disk[at + BORN] = born;
      disk[at + 1] = this.time.draw(this.draws);
      disk[at + 2] = 0;
    } else if (disk[at + 2]! > 0) this.resumed++;
    this.jobs[call * STRIDE + WORK] = disk[at + 1]!;
    this.jobs[call * STRIDE + SAFE] = disk[at + 2]!;
  }

  private serve(call: number): void {
    if (this.runs === this.running.length) this.running = enlarged(this.running, new Int32Array(2 * this.runs));
    this.net.calls.setData(call, this.runs);
    this.running[this.runs++] = call;
    this.run(call);
  }

  /** Works on a job from what is safe of it, until it is done, fails, or its worker does. */
  private run(call: number): void {
    const { net, jobs, values } = this;
    const at = call * STRIDE;
    const pace = net.pace[this.index]!;
    jobs[at + SINCE] = net.now;
    jobs[at + PACE] = pace;
    jobs[at + EVERY] = values.checkpointEvery;
    jobs[at + TIME] = values.checkpointTime;
    let seconds = this.wall(at) * pace;
    let what = DONE;
    if (values.jobFailure > 0 && this.failures.uniform() < values.jobFailure) {
      what = FAILED;
      seconds *= this.failures.uniform();
    }
    if (values.workerMtbf > 0) {
      const until = this.breaks.exponential() * values.workerMtbf;
      if (until < seconds) {
        what = BROKE;
        seconds = until;
      }
    }
    jobs[at + PLANNED] = seconds;
    net.calls.setHandle(call, net.after(seconds, this.index, what, call));
  }

  /** Seconds at pace 1 from where a job stands to its end: the work that is left, and a checkpoint between any two pieces of it. */
  private wall(at: number): number {
    const left = this.jobs[at + WORK]! - this.jobs[at + SAFE]!;
    return left + this.checkpoints(at, left) * this.jobs[at + TIME]!;
  }

  private checkpoints(at: number, left: number): number {
    const every = this.jobs[at + EVERY]!;
    return every > 0 && left > 0 ? Math.ceil(left / every) - 1 : 0;
  }

  override wake(what: number, call: number): void {
    if (what === DONE) this.done(call);
    else if (what === FAILED) this.fails(call);
    else if (what === BROKE) this.breakDown(call);
    else if (what === REPAIRED) {
      this.repairSeconds += this.net.now - this.net.calls.mark(call);
      this.run(call);
    } else this.scaling.wake(call);
  }

  private done(call: number): void {
    const { jobs } = this;
    const at = call * STRIDE;
    const left = jobs[at + WORK]! - jobs[at + SAFE]!;
    this.savingSeconds += this.checkpoints(at, left) * jobs[at + TIME]! * jobs[at + PACE]!;
    this.usefulSeconds += left * jobs[at + PACE]!;
    this.lostSeconds += this.standing(at);
    this.finished++;
    this.disk[this.net.calls.request(call) * KEPT + 2] = 0;
    this.free(call);
    const outcome = this.downstream.begin(call);
    if (outcome !== WAITING) this.net.conclude(call, outcome);
  }

  /** Seconds of a run in which its worker only hung. */
  private standing(at: number): number {
    return Math.max(0, this.net.now - this.jobs[at + SINCE]! - this.jobs[at + PLANNED]!);
  }

  override replied(child: number, parent: number): void {
    const outcome = this.downstream.replied(child, parent);
    if (outcome !== WAITING) this.net.conclude(parent, outcome);
  }

  /** A run has ended early: what was saved is safe, the rest is lost; or, with `all`, it was saved in the last moment. */
  private stop(call: number, all: boolean): void {
    const { jobs, net } = this;
    const at = call * STRIDE;
    if (jobs[at + SINCE] === REPAIRING) {
      this.repairSeconds += net.now - net.calls.mark(call);
      return;
    }
    const pace = jobs[at + PACE]!;
    const every = jobs[at + EVERY]!;
    const standing = this.standing(at);
    const elapsed = (net.now - jobs[at + SINCE]! - standing) / pace;
    const left = jobs[at + WORK]! - jobs[at + SAFE]!;
    const pieces = every > 0 ? Math.min(this.checkpoints(at, left), Math.floor(elapsed / (every + jobs[at + TIME]!))) : 0;
    const saving = pieces * jobs[at + TIME]!;
    const safe = all && every > 0 ? Math.min(elapsed - saving, left, (pieces + 1) * every) : pieces * every;
    jobs[at + SAFE]! += safe;
    this.disk[net.calls.request(call) * KEPT + 2] = jobs[at + SAFE]!;
    this.usefulSeconds += safe * pace;
    this.savingSeconds += saving * pace;
    this.lostSeconds += standing + Math.max(0, elapsed - saving - safe) * pace;
  }

  /** The job itself has failed: again from its last checkpoint, or never. */
  private fails(call: number): void {
    const { calls } = this.net;
    this.failed++;
    this.stop(call, false);
    const attempts = calls.counter(call) + 1;
    calls.setCounter(call, attempts);
    if (attempts <= this.values.jobRetries) return this.run(call);
    this.free(call);
    this.net.fail(call, Code.crashed);
  }

  private breakDown(call: number): void {
    const { net } = this;
    this.broke++;
    this.stop(call, false);
    this.jobs[call * STRIDE + SINCE] = REPAIRING;
    net.calls.setMark(call, net.now);
    net.calls.setHandle(call, net.afterDraw(this.repair, this.repairs, this.index, REPAIRED, call));
  }

  /** A call gives its worker up, who turns to the next. */
  private free(call: number): void {
    this.strikeOff(call);
    this.net.calls.setHandle(call, WORKED);
    const next = this.station.finish();
    if (next >= 0) this.serve(next);
  }

  private strikeOff(call: number): void {
    const { calls } = this.net;
    const place = calls.data(call);
    const last = this.running[--this.runs]!;
    this.running[place] = last;
    calls.setData(last, place);
  }

  /** Chooses who loses its worker when so many workers go, each as likely as another, and stops the jobs on them. */
  private takeAway(count: number, keep: boolean): readonly number[] {
    const jobs: number[] = [];
    let ready = this.scaling.ready;
    for (let k = Math.min(count, ready); k > 0; k--) {
      if (this.runs === 0 || this.losses.uniform() * ready-- >= this.runs) continue;
      jobs.push(this.unseat(keep));
    }
    return jobs;
  }

  /** Stops a job that has a worker, each as likely as another. */
  private unseat(keep: boolean): number {
    const call = this.running[this.losses.below(this.runs)]!;
    this.net.agenda.cancel(this.net.calls.handle(call));
    this.stop(call, keep);
    this.strikeOff(call);
    return call;
  }

  /** So many workers that were to go have had their time. Jobs that are still with any save themselves and go on with others. */
  private dismiss(count: number): void {
    const surplus = Math.max(0, Math.min(count, this.runs - this.scaling.ready));
    if (surplus > 0) this.lineUpAgain(Array.from({ length: surplus }, () => this.unseat(true)));
  }

  /** Jobs whose workers are gone stand in line again, where they stood before. */
  private lineUpAgain(jobs: readonly number[]): void {
    const { station } = this;
    this.interrupted += jobs.length;
    // Those free to go on are taken only once all are back in line.
    station.resize(0, Infinity);
    for (const call of jobs) {
      station.finish();
      station.offer(call);
    }
    this.resize();
  }

  override cancelled(call: number): void {
    const { net } = this;
    if (!net.health.up(this.index)) return;
    if (!this.station.leave(call)) {
      if (net.calls.handle(call) === WORKED) return net.cancelChildren(call);
      net.agenda.cancel(net.calls.handle(call));
      this.stop(call, false);
      this.free(call);
    }
    net.fail(call, Code.cancelled);
  }

  /** A crash of the whole pool: what was saved is on disk for those who ask again. */
  override reset(): void {
    for (let k = 0; k < this.runs; k++) this.stop(this.running[k]!, false);
    this.runs = 0;
    this.station.reset();
    this.scaling.reset();
  }

  strike(fault: FaultName, amount: number): void {
    if (fault === 'replicas' || fault === 'preemption') this.scaling.lose(amount, fault === 'preemption');
  }

  heal(fault: FaultName, amount: number): void {
    if (fault === 'replicas' || fault === 'preemption') this.scaling.replace(amount);
  }

  spentUsd(now: number): number {
    return this.scaling.spentUsd(now);
  }

  /** Seconds of workers' time that have come to an end: useful, lost, saving and under repair. */
  spentSeconds(): number {
    return this.usefulSeconds + this.lostSeconds + this.savingSeconds + this.repairSeconds;
  }
  override queueArea(now: number): number {
    return this.station.queueArea(now);
  }
  override queueLongest(): number {
    return this.station.longest;
  }
  override busyArea(now: number): number {
    return this.station.busyArea(now);
  }
  override serverArea(now: number): number {
    return this.station.serverArea(now);
  }
  override face(cells: Float64Array): number {
    const { busy, servers } = this.station;
    const shown = Math.min(32, servers);
    for (let i = 0; i < shown; i++) cells[i] = busy > (i * servers) / shown ? 1 : 0;
    return shown;
  }
}

/**
 * Mean seconds of a worker for `work` seconds in pieces of `every` with checkpoints of `time` between them, where it fails on average every `mtbf` seconds of
 * working and is back after `repair`: a piece of length x takes (M + R)(e^(x/M) − 1) (Daly 2006, exponential failures; exact).
 */
function meanTime(work: number, every: number, time: number, mtbf: number, repair: number): number {
  const piece = (x: number): number => (mtbf > 0 ? (mtbf + repair) * (exp(Math.min(700, x / mtbf)) - 1) : x);
  if (every <= 0 || work <= every) return piece(work);
  const pieces = Math.ceil(work / every) - 1;
  return pieces * piece(every + time) + piece(work - pieces * every);
}

/** Daly's interval (2006, higher order): √(2CM)·(1 + √(C/2M)/3 + C/18M) − C for C < 2M, else M. */
const daly = (time: number, mtbf: number): number => (time < 2 * mtbf ? Math.sqrt(2 * time * mtbf) * (1 + Math.sqrt(time / (2 * mtbf)) / 3 + time / (18 * mtbf)) - time : mtbf);

function byHand(v: PoolValues, flow: Flow) {
  const work = v.jobTime.mean;
  const time = meanTime(work, v.checkpointEvery, v.checkpointTime, v.workerMtbf, v.workerRepair.mean);
  const cv = v.jobTime.shape === 'exponential' ? 1 : v.jobTime.shape === 'constant' ? 0 : v.jobTime.cv;
  const wait = waitingTime(flow.rate, time, v.workerCount, flow.scv, cv * cv);
  const assumes = 'every job has the mean work, and no attempt fails by itself';
  const source = 'Daly 2006, exponential failures';
  const rows = [
    { label: 'a job takes', value: time, unit: 'seconds', formula: 'pieces × (M + R)(e^((τ + C)/M) − 1), the last without C', source, measure: 'workerTime', assumes },
    { label: 'worth it', value: work / Math.max(time, 1e-12), unit: 'share', formula: 'work ÷ time', source, measure: 'usefulShare', assumes },
    { label: 'utilisation', value: Math.min(1, (flow.rate * time) / v.workerCount), unit: 'share', formula: 'arrival rate × time ÷ workers', source: 'utilisation law', measure: 'utilisation', assumes },
    { label: 'capacity', value: v.workerCount / Math.max(time, 1e-12), unit: 'requests/second', formula: 'workers ÷ time', source: 'utilisation law', assumes, wall: 'servers' },
    { label: 'mean wait', value: wait, unit: 'seconds', formula: '(Ca² + Cs²)/2 × Erlang-C wait', source: 'Allen and Cunneen 1990; exact for M/M/c', measure: 'wait', assumes },
  ] as const;
  if (v.workerMtbf <= 0 || v.checkpointTime <= 0) return rows;
  return [
    ...rows,
    { label: 'best interval, to first order', value: Math.sqrt(2 * v.checkpointTime * v.workerMtbf), unit: 'seconds', formula: '√(2·C·M)', source: 'Young 1974' },
    { label: 'best interval', value: daly(v.checkpointTime, v.workerMtbf), unit: 'seconds', formula: '√(2CM)·(1 + √(C/2M)/3 + C/18M) − C', source: 'Daly 2006' },
  ] as const;
}

/** Workers for long jobs. */
export const workerPool = defineKind({
  id: 'worker-pool',
  label: 'Worker pool',
  doc: 'workers for long jobs, with checkpoints, failures and preemption; counts the time that was worth it',
  about:
    'Jobs wait, the oldest first, for one of the workers. A job saves its work at intervals; when its worker fails, or the job itself does, all since the last checkpoint is lost and done again. Failures of workers come at an exponential time of working and keep the worker for its repair; attempts that fail by themselves are made again at once, so many times. Lost workers send their jobs back to where they stood in line; those preempted were warned, and their jobs save themselves in time if they make checkpoints at all. After a crash of the whole pool a job that is asked for again (the same request, tried again by its caller) goes on from its last checkpoint, because checkpoints are on disk. A finished job calls what the pool is wired to, one after another, without its worker. Left out: jobs that need several workers at once, checkpoints beside the work, time to load a checkpoint apart from repair, and the load that checkpoints put on storage.',
  group: 'Compute',
  icon: 'hard-hat',
  params,
  slices: ['workerCount', 'workerQueue'],
  ports: { in: 'call', out: [{ wire: 'call', max: 100 }] },
  scales: true,
  measures: {
    usefulShare: { label: 'worth it', unit: 'share', help: 'workers’ time that went into work that was kept', formula: 'workers’ time that went into work that was kept ÷ workers’ time', inputs: ['lostShare', 'savingShare', 'workerMtbf', 'checkpointEvery'], total: (n: WorkerPool) => n.usefulSeconds, per: (n: WorkerPool) => n.spentSeconds() },
    lostShare: { label: 'lost', unit: 'share', help: 'workers’ time whose work was lost and done again', formula: 'workers’ time whose work was lost ÷ workers’ time', inputs: ['workerFailures', 'jobFailures', 'workerMtbf', 'checkpointEvery'], total: (n: WorkerPool) => n.lostSeconds, per: (n: WorkerPool) => n.spentSeconds() },
    savingShare: { label: 'saving', unit: 'share', help: 'workers’ time that went into checkpoints', formula: 'workers’ time that went into checkpoints ÷ workers’ time', inputs: ['checkpointEvery', 'checkpointTime'], total: (n: WorkerPool) => n.savingSeconds, per: (n: WorkerPool) => n.spentSeconds() },
    workerTime: { label: 'time per job', unit: 'seconds', help: 'workers’ time per finished job, losses and repairs included', formula: 'workers’ time ÷ jobs finished', inputs: ['jobTime', 'workerRepair', 'checkpointTime'], total: (n: WorkerPool) => n.spentSeconds(), per: (n: WorkerPool) => n.finished },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time in the queue per job that arrived', formula: '∫ jobs in line dt ÷ jobs that arrived', inputs: ['waiting', 'arrivals'], total: (n: WorkerPool, now: number) => n.queueArea(now), per: (n: WorkerPool) => n.arrivedTotal() },
    workerFailures: { label: 'failures of workers', unit: 'requests/second', help: 'times a worker failed at work', inputs: ['utilisation', 'workerCount', 'workerMtbf'], total: (n: WorkerPool) => n.broke },
    jobFailures: { label: 'failed attempts', unit: 'requests/second', help: 'attempts that failed by themselves', inputs: ['arrivals', 'jobFailure'], total: (n: WorkerPool) => n.failed },
    jobsInterrupted: { label: 'interrupted', unit: 'requests/second', help: 'jobs whose worker was taken away', total: (n: WorkerPool) => n.interrupted },
    jobsResumed: { label: 'gone on', unit: 'requests/second', help: 'jobs that came again and went on from a checkpoint', inputs: ['jobsInterrupted'], total: (n: WorkerPool) => n.resumed },
    workersPaid: { label: 'workers', unit: 'count', help: 'workers paid for: those that work and those that start', inputs: ['workerCount', 'workerStart'], total: (n: WorkerPool, now: number) => n.scaling.paidArea(now) },
  },
  common: {
    utilisation: { formula: '∫ busy workers dt ÷ ∫ workers dt', inputs: ['workerTime', 'workerCount', 'jobTime'] },
    latency: { inputs: ['wait', 'workerTime'] },
  },
  evidence: {
    jobTime: assumed('take it from your own jobs'),
    checkpointTime: assumed('some 300 GB at the 57 GB/s measured for BLOOM-176B (2.3 TB in 40 s)'),
    workerRepair: assumed('a spare worker takes over'),
    workerMtbf: assumed('workers never fail; one GPU in 50,676 hours was measured (Llama 3 405B, arXiv 2407.21783)'),
    workerStart: assumed('a virtual machine, 60 s'),
  },
  card: ['utilisation', 'usefulShare'],
  face: { form: 'slots' },
  subtitle: (v) => `${counted(v.workerCount, 'worker')}${v.checkpointEvery > 0 ? ', checkpoints' : ''}`,
  estimate: byHand,
  cost: (v) => [{ label: counted(v.workerCount, 'worker'), usdPerHour: v.workerCount * v.pricePerWorker, ...priced(v.pricePerWorker, params.pricePerWorker, assumed('a cloud server of two virtual CPUs, 2026')) }],
  faults: [...servingFaults, 'replicas', 'preemption'],
  migrations: [],
  build: (values, site) => new WorkerPool(values, site),
});
