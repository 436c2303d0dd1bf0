/** Plays the open design in the engine: loads it, hands edits over one at a time, follows the run's state, and starts again after a loss. */
import type { Design } from '../design/design.ts';
import type { Frame, Layout, RunHistory } from '../run/protocol.ts';
import type { Result } from '../run/result.ts';
import { clock } from '../units/format.ts';
import { createEngine, type Engine, type EngineEvents, type Traces } from './engine.ts';
import { chartReader, charts, frames } from './frames.ts';
import { sameRun } from './looks.ts';
import type { RunView } from './session.ts';

/** What the player asks of the session and tells it. */
export interface PlayerHost {
  design(): Design;
  traces(): Traces;
  onRun(change: Partial<RunView>): void;
  onLayout(layout: Layout | null): void;
  onTrouble(sentence: string): void;
  /** The run's history has changed: an edit was taken in, or the run began anew. */
  onHistory(history: RunHistory): void;
  /** The run has come to a moment of its history at which the design was this one. */
  onDesign(design: Design): void;
}

/** The run's controls. None but `result` answers, and none throws; what goes wrong is told to the host. */
export interface Player {
  /** Starts the session's design afresh at time 0, and plays it at once where asked. */
  load(play: boolean): void;
  /** Gives up an engine that says nothing any more, and loads the session's design into another, paused. */
  revive(): void;
  /** Starts a whole history instead, whose edits are taken in as their moments come; goes to a moment of it before anything is shown, where one is given. */
  replay(history: RunHistory, play: boolean, at?: number): void;
  /** Goes to an earlier or later moment of the run's history, and pauses there. */
  rewind(time: number): void;
  /** Shows the board's figures as they were at a moment, without going there. */
  look(time: number): void;
  /** Takes an edited design into the run; while one is under way, only the newest waits. */
  apply(design: Design, label: string): void;
  play(): void;
  pause(): void;
  step(): void;
  setSpeed(speed: number): void;
  /** What has happened in the run so far; rejects with a sentence where the engine cannot say. */
  result(): Promise<Result>;
}

/** Losses in a row after which the player waits for the person instead of starting again. */
const mostLosses = 3;
const lossMemoryMilliseconds = 60_000;
/** A slider under the hand hands over no more than so many edits: each is kept, shown in the charts and shared with the run. */
const editRestMilliseconds = 250;
/** A run that says nothing for five of these (two seconds and what is left of one) is silent. Counted rather than timed, so that a page that slept blames nobody. */
const listenMilliseconds = 500;
const mostSilent = 5;
/** A way that takes longer than this is spoken of. */
const longMilliseconds = 400;

/** A player with an engine of its own. */
export function createPlayer(host: PlayerHost, makeEngine: (events: EngineEvents) => Engine = createEngine): Player {
  return new EnginePlayer(host, makeEngine);
}

class EnginePlayer implements Player {
  readonly #host: PlayerHost;
  readonly #engine: Engine;
  readonly #readCharts: () => void;
  /** Rises with every load; answers to earlier loads are dropped. */
  #round = 0;
  #layout: Layout | null = null;
  #state: RunView['state'] = 'loading';
  #speed = 1;
  /** The design the engine has or is being given, and the edit that waits behind it. */
  #given: Design | null = null;
  #waiting: { readonly design: Design; readonly label: string } | null = null;
  #busy = false;
  /** A frame that came while the layout was changing. */
  #held: Frame | null = null;
  #losses: number[] = [];
  /** Commands that the engine has not answered yet. */
  #asked = 0;
  #history: RunHistory | null = null;
  /** Loads, applied edits and rewinds that this worker has been asked for: frames that were made before the last of them are stale. */
  #generation = 0;
  /** How many edits of the history the session's design has. */
  #edits = 0;
  /** Where the run stands, as far as it has been heard, and the furthest it had come before it went back. */
  #now = 0;
  #furthest: number | null = null;
  /** The round in which the run is on its way to a moment; until it is there, it is neither played nor stepped. */
  #going = -1;
  /** The moment last asked to be looked at, while an answer is under way. */
  #looking: { next: number | null } | null = null;
  /** When the last edit was handed over, what it was called, and the timer of the one that waits for it. */
  #last = { label: '', at: -Infinity };
  #rest: ReturnType<typeof setTimeout> | undefined;
  /** Listens to a run under way: how often in a row nothing was heard. */
  #ear: ReturnType<typeof setInterval> | undefined;
  #unheard = 0;

  constructor(host: PlayerHost, makeEngine: (events: EngineEvents) => Engine) {
    this.#host = host;
    this.#engine = makeEngine({ onFrame: (frame) => this.#take(frame), onLost: (why) => this.#lost(why) });
    this.#readCharts = chartReader((points) => this.#engine.charts(points));
  }

  load(play: boolean): void {
    this.replay({ start: this.#host.design(), edits: [] }, play);
  }

  revive(): void {
    this.#engine.stop();
    this.#generation = 0;
    this.load(false);
  }

  replay(history: RunHistory, play: boolean, at = 0): void {
    const round = ++this.#round;
    const { start, edits } = history;
    const behind = at > 0 ? edits.filter((edit) => edit.time <= at) : [];
    this.#edits = behind.length;
    this.#tell(history);
    [this.#given, this.#waiting, this.#busy, this.#held, this.#layout] = [behind.at(-1)?.design ?? start, null, true, null, null];
    [this.#now, this.#furthest, this.#going] = [0, null, at > 0 ? round : -1];
    this.#speed = this.#host.design().run.speed;
    frames.clear();
    charts.clear();
    this.#host.onLayout(null);
    this.#become('loading', { speed: this.#speed, notice: null, furthest: null });
    this.#generation++;
    const loaded = this.#engine.load(start, this.#host.traces(), edits);
    const there = at > 0 ? loaded.then(() => this.#onTo(at, round)) : loaded;
    there.then((layout) => this.#loaded(round, layout, play), (error: unknown) => this.#failed(round, error));
  }

  /** Goes on to a moment as fast as can be, and says so where it takes a while. */
  #onTo(time: number, round: number): Promise<Layout> {
    return this.#spoken(`Going to ${clock(time)} …`, round, this.#engine.runTo(time).then(() => this.#engine.layout()));
  }

  async #spoken<T>(notice: string, round: number, way: Promise<T>): Promise<T> {
    const timer = setTimeout(() => round === this.#round && this.#host.onRun({ notice }), longMilliseconds);
    this.#going = round;
    try {
      return await way;
    } finally {
      clearTimeout(timer);
      if (this.#going === round) this.#going = -1;
    }
  }

  rewind(time: number): void {
    if (!this.#history || this.#state === 'loading' || this.#state === 'crashed') return;
    const round = ++this.#round;
    if (this.#state === 'running') this.#run(this.#engine.pause());
    const [now, furthest] = [this.#now, Math.max(this.#furthest ?? 0, this.#now)];
    [this.#waiting, this.#busy, this.#held] = [null, true, null];
    this.#furthest = time < furthest ? furthest : null;
    this.#become('loading', { notice: null, furthest: this.#furthest });
    if (time < now) this.#generation++;
    const way = time >= now ? this.#onTo(time, round) : this.#spoken(`Going back to ${clock(time)} …`, round, this.#engine.rewind(time));
    way.then((layout) => {
      if (round !== this.#round) return;
      this.#become('paused', { notice: null });
      this.#settle(layout);
    }, (error: unknown) => this.#failed(round, error));
  }

  look(time: number): void {
    if (this.#looking) {
      this.#looking.next = time;
      return;
    }
    if (this.#busy || !this.#layout) return;
    const round = this.#round;
    const looking = (this.#looking = { next: null as number | null });
    this.#engine.look(time)
      .then((frame) => {
        if (round === this.#round && this.#layout && fits(frame, this.#layout)) frames.publish(asItWas(frame));
      }, () => undefined)
      .finally(() => {
        this.#looking = null;
        if (looking.next !== null && round === this.#round) this.look(looking.next);
      });
  }

  #tell(history: RunHistory): void {
    this.#history = history;
    this.#host.onHistory(history);
  }

  /** The run has passed edits of its history: the session's design becomes what it was then, and the frame waits until it is known where its figures stand. */
  #follow(frame: Frame): void {
    const history = this.#history;
    this.#edits = frame.edits;
    const design = frame.edits === 0 ? history?.start : history?.edits[frame.edits - 1]?.design;
    // An edit made meanwhile stands, and is about to be taken in.
    if (!design || this.#waiting) return;
    this.#given = design;
    this.#host.onDesign(design);
    [this.#busy, this.#held] = [true, frame];
    const round = this.#round;
    this.#engine.layout().then((layout) => round === this.#round && this.#settle(layout), (error: unknown) => this.#failed(round, error));
  }

  apply(design: Design, label: string): void {
    if (this.#given && sameRun(this.#given, design)) {
      this.#waiting = null;
      return;
    }
    this.#waiting = { design, label };
    if (this.#busy) return;
    const rest = label === this.#last.label ? this.#last.at + editRestMilliseconds - performance.now() : 0;
    if (rest <= 0) return this.#applyNext();
    this.#rest ??= setTimeout(() => this.#applyNext(), rest);
  }

  /** Goes on; a run that is over starts again from the beginning. */
  play(): void {
    if (this.#going === this.#round) return;
    if (this.#state === 'ended' || this.#state === 'stopped' || this.#state === 'crashed') return this.load(true);
    this.#become('running', { notice: null });
    this.#run(this.#engine.play(this.#speed));
  }

  pause(): void {
    if (this.#state === 'running') this.#become('paused');
    this.#run(this.#engine.pause());
  }

  /** One frame's worth of simulated time. */
  step(): void {
    if (this.#going === this.#round) return;
    if (this.#state === 'running') this.#become('paused');
    this.#run(this.#engine.step(0.1 * (this.#speed || 1)));
  }

  setSpeed(speed: number): void {
    this.#speed = speed;
    this.#host.onRun({ speed });
    if (this.#state === 'running') this.#run(this.#engine.play(speed));
  }

  result(): Promise<Result> {
    return this.#engine.result();
  }

  #loaded(round: number, layout: Layout, play: boolean): void {
    if (round !== this.#round) return;
    this.#settle(layout);
    if (play) this.play();
    else this.#become('paused');
  }

  #applyNext(): void {
    clearTimeout(this.#rest);
    this.#rest = undefined;
    const next = this.#waiting;
    if (!next || this.#busy || this.#state === 'crashed') return;
    // Nothing has happened yet: the run begins with the edited design, and has no edit in its history.
    if (this.#state === 'paused' && this.#now === 0) return this.load(false);
    [this.#waiting, this.#given, this.#busy] = [null, next.design, true];
    this.#last = { label: next.label, at: performance.now() };
    const round = this.#round;
    this.#generation++;
    this.#engine.apply(next.design, next.label).then(async (layout) => {
      const history = await this.#grown(next);
      if (round !== this.#round) return;
      this.#edits = history.edits.length;
      this.#furthest = null;
      this.#host.onRun({ furthest: null });
      this.#tell(history);
      this.#settle(layout);
    }, (error: unknown) => this.#failed(round, error)).catch((error: unknown) => this.#failed(round, error));
  }

  /** The history with an edit that was just taken in: the frame that came before the answer says when. */
  async #grown({ design, label }: { readonly design: Design; readonly label: string }): Promise<RunHistory> {
    const [held, history] = [this.#held, this.#history];
    if (!held || !history || held.edits === 0) return this.#engine.history();
    return { start: history.start, edits: [...history.edits.slice(0, held.edits - 1), { time: held.time, label, design }] };
  }

  /** A new layout stands: shows the frame that waited for it, and hands over the edit that waited. */
  #settle(layout: Layout): void {
    this.#busy = false;
    this.#layout = layout;
    this.#host.onLayout(layout);
    const held = this.#held;
    this.#held = null;
    if (held && fits(held, layout)) this.#show(held);
    if (this.#waiting) this.#applyNext();
  }

  #take(frame: Frame): void {
    this.#hear();
    if (frame.generation < this.#generation) return;
    if (this.#busy || !this.#layout) this.#held = frame;
    else if (fits(frame, this.#layout)) this.#show(frame);
  }

  #show(frame: Frame): void {
    // While a command is under way, a frame may still tell of the state before it.
    const settled = this.#asked === 0 && this.#state !== 'loading' && this.#state !== 'crashed';
    if (settled && this.#state !== frame.state) this.#become(frame.state, frame.stopped === null ? {} : { notice: frame.stopped });
    this.#now = frame.time;
    if (this.#furthest !== null && frame.time >= this.#furthest) this.#host.onRun({ furthest: (this.#furthest = null) });
    if (frame.edits !== this.#edits) this.#follow(frame);
    if (this.#busy) return;
    frames.publish(frame);
    this.#readCharts();
  }

  #failed(round: number, error: unknown): void {
    if (round !== this.#round) return;
    [this.#busy, this.#going] = [false, -1];
    this.#host.onTrouble(sentence(error));
    if (this.#waiting) this.#applyNext();
    else if (!this.#layout) this.#become('crashed', { notice: sentence(error) });
  }

  #lost(why: string): void {
    this.#generation = 0;
    const now = performance.now();
    this.#losses = [...this.#losses.filter((at) => now - at < lossMemoryMilliseconds), now];
    this.#round++;
    this.#busy = false;
    this.#host.onTrouble(why);
    if (this.#losses.length >= mostLosses) {
      this.#become('crashed', { notice: `${why} It was not started again; change the design, then restart.` });
      return;
    }
    // Paused: what brought it down would do so again.
    this.load(false);
    this.#host.onRun({ notice: why });
  }

  #become(state: RunView['state'], change: Partial<RunView> = {}): void {
    if (state !== this.#state) this.#listen(state === 'running');
    this.#state = state;
    this.#host.onRun({ ...change, state });
  }

  /** While it runs, frames come ten times a second: whoever hears none for two seconds is told. */
  #listen(running: boolean): void {
    clearInterval(this.#ear);
    this.#hear();
    if (!running) return;
    this.#ear = setInterval(() => {
      if (++this.#unheard === mostSilent) this.#host.onRun({ silent: true });
    }, listenMilliseconds);
  }

  #hear(): void {
    if (this.#unheard >= mostSilent) this.#host.onRun({ silent: false });
    this.#unheard = 0;
  }

  #run(promise: Promise<unknown>): void {
    const round = this.#round;
    this.#asked++;
    promise
      .catch((error: unknown) => {
        if (round === this.#round) this.#host.onTrouble(sentence(error));
      })
      .finally(() => this.#asked--);
  }
}

function sentence(error: unknown): string {
  return error instanceof Error && error.message ? error.message : 'The simulation failed.';
}

/** Whether a frame was written for this layout: a frame may overtake the answer that tells of a new one. */
function fits(frame: Frame, layout: Layout): boolean {
  const nodes = Object.values(layout.nodes).reduce((most, place) => Math.max(most, place.at + place.measures.length), 0);
  const links = Object.values(layout.links).reduce((most, at) => Math.max(most, at + 1), 0);
  return frame.nodes.length >= nodes && frame.links.length >= links;
}

/** A looked-at frame knows the figures of its moment; what lasted then the episodes tell, and promises and reasons were not kept. */
function asItWas(frame: Frame): Frame {
  const { time } = frame;
  const lasting = (charts.latest?.episodes ?? []).filter(({ from, to }) => from <= time && (to === null || time < to)).map(({ id }) => id);
  return { ...frame, lasting, failing: new Uint8Array(frame.failing.length), objectives: new Float64Array(frame.objectives.length).fill(Number.NaN) };
}
