/** Keeps a simulation in step with a clock that is handed in, and answers what the page asks. Lives in the worker. */
import type { Design, TimedEdit } from '../design/design.ts';
import type { Trace } from '../engine/trace.ts';
import { chartsOf, FailureMemory, figures, figuresAt, layoutOf, objectiveValues } from './frames.ts';
import type { Frame, Layout, RunService, RunState } from './protocol.ts';
import { Simulation } from './simulation.ts';

/** Events between looks at the clock: about a millisecond's worth. */
const BATCH = 4000;
/** Longest stretch of work in one go, in milliseconds; then messages get their turn. */
const SLICE = 12;
/** Milliseconds between frames, and between speed readings. */
const FRAME = 100;

/** Wall-clock milliseconds; only ever used to pace, never to decide what happens. */
export type Clock = () => number;

/** Calls back soon (`idle` false) or after about a display frame (`idle` true). */
export type Schedule = (turn: () => void, idle: boolean) => void;

class Player implements RunService {
  private sim: Simulation | null = null;
  private state: RunState = 'paused';
  private speed = 1;
  /** Wall and simulated time at which the present pace was set. */
  private wall0 = 0;
  private sim0 = 0;
  /** Run as fast as possible to this moment, then pause; Infinity when just playing. */
  private goal = Infinity;
  private arrived: (() => void) | null = null;
  private looping = false;
  private listener: (frame: Frame) => void = () => {};
  private frameAt = 0;
  private pace = { wall: 0, events: 0, time: 0, eventsPerSecond: 0, realTimeFactor: 0 };
  private horizon = Infinity;
  private traces: Readonly<Record<string, Trace>> = {};
  private generation = 0;
  private failures = new FailureMemory();
  /** What the objectives have come to in all of a run that is over. */
  private kept: Float64Array | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly schedule: Schedule,
  ) {}

  load(design: Design, traces: Readonly<Record<string, Trace>>, edits: readonly TimedEdit[] = []) {
    this.settle('paused');
    this.generation++;
    this.traces = traces;
    this.sim = new Simulation(design, { traces, edits });
    this.failures = new FailureMemory();
    this.kept = null;
    this.horizon = design.run.seconds;
    this.pace = { wall: this.clock(), events: 0, time: 0, eventsPerSecond: 0, realTimeFactor: 0 };
    this.send();
    return layoutOf(this.sim);
  }

  apply(design: Design, label: string) {
    const sim = this.running();
    this.generation++;
    if (design.run.seconds !== sim.design.run.seconds) this.horizon = Math.max(design.run.seconds, sim.now);
    sim.apply(design, label);
    this.kept = null;
    if (this.state === 'ended' && sim.now < this.horizon) this.state = 'paused';
    this.send();
    return layoutOf(sim);
  }

  async rewind(time: number): Promise<Layout> {
    const { start, edits } = this.running().history;
    const { horizon } = this;
    this.load(start, this.traces, edits);
    this.horizon = Math.max(horizon, time);
    await this.runTo(time);
    return layoutOf(this.running());
  }

  look(time: number): Frame {
    const sim = this.running();
    return { ...this.frame(sim), ...figuresAt(sim, time) };
  }

  layout(): Layout {
    return layoutOf(this.running());
  }

  history() {
    return this.running().history;
  }

  play(speed: number): void {
    const sim = this.running();
    if (this.state === 'stopped') return;
    if (sim.now >= this.horizon) this.horizon = sim.now + Math.max(1, sim.design.run.seconds);
    this.speed = speed;
    this.goal = Infinity;
    this.go();
  }

  pause(): void {
    this.settle('paused');
    this.send();
  }

  step(seconds: number): void {
    this.goal = this.running().now + seconds;
    this.horizon = Math.max(this.horizon, this.goal);
    this.speed = 0;
    this.go();
  }

  runTo(time: number): Promise<void> {
    const sim = this.running();
    if (time <= sim.now) return Promise.resolve();
    this.settle('paused');
    this.goal = time;
    this.horizon = Math.max(this.horizon, time);
    this.speed = 0;
    return new Promise((resolve) => {
      this.arrived = resolve;
      this.go();
    });
  }

  result() {
    return this.running().result();
  }

  charts(points: number) {
    return chartsOf(this.running(), points);
  }

  onFrame(listener: (frame: Frame) => void): void {
    this.listener = listener;
    if (this.sim !== null) this.send();
  }

  private running(): Simulation {
    if (this.sim === null) throw new Error('No design has been loaded yet.');
    return this.sim;
  }

  private go(): void {
    this.kept = null;
    this.state = 'running';
    this.wall0 = this.clock();
    this.sim0 = this.running().now;
    this.pace = { ...this.pace, wall: this.wall0, events: this.running().board.net.events, time: this.sim0 };
    if (!this.looping) {
      this.looping = true;
      this.schedule(this.turn, false);
    }
    this.send();
  }

  private settle(state: RunState): void {
    this.state = state;
    this.goal = Infinity;
    const arrived = this.arrived;
    this.arrived = null;
    arrived?.();
  }

  /** One turn of work: up to the moment the clock asks for, but no longer than a slice. */
  private readonly turn = (): void => {
    const sim = this.sim;
    if (this.state !== 'running' || sim === null) {
      this.looping = false;
      return;
    }
    const started = this.clock();
    const wanted = this.speed > 0 ? this.sim0 + ((started - this.wall0) / 1000) * this.speed : Infinity;
    const end = Math.min(this.goal, this.horizon);
    const target = Math.min(wanted, end);
    const reached = this.work(sim, target, started);
    if (sim.board.net.stopped !== null) this.settle('stopped');
    else if (reached && target === end) this.settle(end === this.horizon && this.goal > this.horizon ? 'ended' : 'paused');
    // Too slow for the wish: keep the pace from here rather than run after it for ever.
    else if (!reached && this.speed > 0) this.rebase(sim);
    if (this.clock() - this.frameAt >= FRAME || this.state !== 'running') this.send();
    this.schedule(this.turn, reached);
  };

  private rebase(sim: Simulation): void {
    this.wall0 = this.clock();
    this.sim0 = sim.now;
  }

  private work(sim: Simulation, target: number, started: number): boolean {
    // Stretches of simulated time with few events would not be cut by the event count alone: notes cost time too.
    for (;;) {
      const next = Math.min(target, sim.now + 256 * sim.recorder.interval);
      if (sim.runTo(next, BATCH) && (next === target || sim.board.net.stopped !== null)) return true;
      if (this.clock() - started > SLICE) return false;
    }
  }

  private send(): void {
    const { sim } = this;
    if (sim === null) return;
    this.frameAt = this.clock();
    this.measurePace(sim);
    this.listener(this.frame(sim));
  }

  private frame(sim: Simulation): Frame {
    return {
      time: sim.now,
      state: this.state,
      stopped: sim.board.net.stopped,
      events: sim.board.net.events,
      eventsPerSecond: this.pace.eventsPerSecond,
      realTimeFactor: this.pace.realTimeFactor,
      ...figures(sim),
      failing: this.failures.failing(sim),
      lasting: sim.board.episodes.filter((one) => one.to === null).map((one) => one.id),
      edits: sim.editsTaken,
      generation: this.generation,
      objectives: this.objectives(sim),
    };
  }

  /** While the run goes on, of its recent past; once it is over, what its result says. */
  private objectives(sim: Simulation): Float64Array {
    if (this.state !== 'ended' && this.state !== 'stopped') return objectiveValues(sim);
    return (this.kept ??= Float64Array.from(sim.result().objectives, ({ value }) => value ?? NaN));
  }

  private measurePace(sim: Simulation): void {
    const elapsed = (this.frameAt - this.pace.wall) / 1000;
    if (elapsed < 0.5) return;
    const { events } = sim.board.net;
    this.pace = {
      wall: this.frameAt,
      events,
      time: sim.now,
      eventsPerSecond: (events - this.pace.events) / elapsed,
      realTimeFactor: (sim.now - this.pace.time) / elapsed,
    };
  }
}

/** A service over a clock (milliseconds) and a scheduler, both handed in. */
export function createRunService(clock: Clock, schedule: Schedule): RunService {
  return new Player(clock, schedule);
}
