/** The simulation's worker, owned outside React: started when first needed, watched, and replaced when it dies or falls silent. */
import * as Comlink from 'comlink';
import type { Design, TimedEdit } from '../design/design.ts';
import type { Trace } from '../engine/trace.ts';
import type { Charts, Frame, Layout, RunHistory, RunService } from '../run/protocol.ts';
import type { Result } from '../run/result.ts';
import { simulationUrl, startScript } from './script.ts';

/** Loaded traces by the name that parameters know them by. */
export type Traces = Readonly<Record<string, Trace>>;

/** What the engine tells its owner of its own accord. */
export interface EngineEvents {
  onFrame(frame: Frame): void;
  /** The worker died or fell silent and is gone; every open promise was rejected. The next call starts another. */
  onLost(why: string): void;
}

/** The run service as the page sees it: every promise settles, also when the worker dies. */
export interface Engine {
  load(design: Design, traces: Traces, edits?: readonly TimedEdit[]): Promise<Layout>;
  apply(design: Design, label: string): Promise<Layout>;
  play(speed: number): Promise<void>;
  pause(): Promise<void>;
  step(seconds: number): Promise<void>;
  runTo(time: number): Promise<void>;
  rewind(time: number): Promise<Layout>;
  look(time: number): Promise<Frame>;
  layout(): Promise<Layout>;
  history(): Promise<RunHistory>;
  result(): Promise<Result>;
  charts(points: number): Promise<Charts>;
  /** Ends the worker; the next call starts another. */
  stop(): void;
}

type Door = RunService & { alive(): true };

interface Running {
  readonly worker: Worker;
  readonly door: Comlink.Remote<Door>;
  /** Ways to reject what is still open, because comlink's own promises never settle after `terminate`. */
  readonly open: Set<(error: Error) => void>;
  /** Heartbeats asked for and not yet answered. */
  silent: number;
  /** Whether it has ever answered. */
  heard: boolean;
  timer: ReturnType<typeof setInterval> | undefined;
}

const beatMilliseconds = 500;
/** Heartbeats that may go unanswered in a row: ten seconds' worth. Counted rather than timed, so that a page that slept blames nobody. */
const mostSilentBeats = 20;
/** The same before the first answer, when the script may still be on its way. */
const mostSilentAtFirst = 40;
const answerWithinMilliseconds = 15_000;

/** An engine whose worker starts with the first call. `start` is replaced in tests. */
export function createEngine(events: EngineEvents, start: () => Worker = startWorker): Engine {
  let running: Running | null = null;

  const lose = (why: string): void => {
    if (!running) return;
    end(running, why);
    running = null;
    events.onLost(why);
  };
  const current = (): Running => (running ??= begin(start(), events, lose));
  const call = <T>(ask: (door: Comlink.Remote<Door>) => Promise<T>, limited = true): Promise<T> => settled(current(), ask, limited);

  return {
    load: (design, traces, edits) => call((door) => door.load(design, traces, edits)),
    apply: (design, label) => call((door) => door.apply(design, label)),
    play: (speed) => call((door) => door.play(speed)),
    pause: () => call((door) => door.pause()),
    step: (seconds) => call((door) => door.step(seconds)),
    runTo: (time) => call((door) => door.runTo(time), false),
    rewind: (time) => call((door) => door.rewind(time), false),
    look: (time) => call((door) => door.look(time)),
    layout: () => call((door) => door.layout()),
    history: () => call((door) => door.history()),
    result: () => call((door) => door.result()),
    charts: (points) => call((door) => door.charts(points)),
    stop() {
      if (running) end(running, 'The simulation was stopped.');
      running = null;
    },
  };
}

function begin(worker: Worker, events: EngineEvents, lose: (why: string) => void): Running {
  const running: Running = { worker, door: Comlink.wrap<Door>(worker), open: new Set(), silent: 0, heard: false, timer: undefined };
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    lose(event.message ? `The simulation failed: ${event.message}` : 'The simulation could not be started.');
  });
  worker.addEventListener('messageerror', () => lose('The simulation sent something unreadable.'));
  settled(running, (door) => door.onFrame(Comlink.proxy((frame: Frame) => events.onFrame(frame))), false).catch(() => undefined);
  running.timer = setInterval(() => beat(running, lose), beatMilliseconds);
  return running;
}

function end(running: Running, why: string): void {
  clearInterval(running.timer);
  running.worker.terminate();
  const error = new Error(why);
  for (const reject of [...running.open]) reject(error);
  running.open.clear();
}

function beat(running: Running, lose: (why: string) => void): void {
  if (running.silent >= (running.heard ? mostSilentBeats : mostSilentAtFirst)) {
    lose('The simulation stopped answering and was restarted.');
    return;
  }
  running.silent++;
  if (running.silent > 1) return;
  settled(running, (door) => door.alive(), false).then(() => [running.silent, running.heard] = [0, true], () => undefined);
}

/** The answer of one call, or a rejection when the worker ends or, where `limited`, takes too long. */
function settled<T>(running: Running, ask: (door: Comlink.Remote<Door>) => Promise<T>, limited: boolean): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = limited ? setTimeout(() => finish(() => reject(new Error('The simulation took too long to answer.'))), answerWithinMilliseconds) : undefined;
    const abandon = (error: Error): void => finish(() => reject(error));
    const finish = (how: () => void): void => {
      clearTimeout(timer);
      running.open.delete(abandon);
      how();
    };
    running.open.add(abandon);
    ask(running.door).then((value) => finish(() => resolve(value)), (error: unknown) => finish(() => reject(error instanceof Error ? error : new Error(String(error)))));
  });
}

/** Starts a worker of the simulation; what it offers beside playing is for replications. */
export function startWorker(): Worker {
  return startScript(simulationUrl, 'simulation');
}
