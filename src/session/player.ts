/** Plays the open design in the engine: loads it, hands edits over one at a time, follows the run's state, and starts again after a loss. */
import type { Design, TimedEdit } from '../design/design.ts';
import type { Frame, Layout, RunHistory } from '../run/protocol.ts';
import type { Result } from '../run/result.ts';
import { createEngine, type Engine, type EngineEvents, type Traces } from './engine.ts';
import { chartReader, charts, frames } from './frames.ts';
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
  /** Starts the session's design afresh at time 0, and plays it at once where asked; `edits` are taken in as their moments come. */
  load(play: boolean, edits?: readonly TimedEdit[]): void;
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
  /** How many edits of the history the session's design has. */
  #edits = 0;
  #looking = false;

  constructor(host: PlayerHost, makeEngine: (events: EngineEvents) => Engine) {
    this.#host = host;
    this.#engine = makeEngine({ onFrame: (frame) => this.#take(frame), onLost: (why) => this.#lost(why) });
    this.#readCharts = chartReader((points) => this.#engine.charts(points));
  }

  load(play: boolean, edits: readonly TimedEdit[] = []): void {
    const round = ++this.#round;
    const design = this.#host.design();
    this.#edits = 0;
    this.#tell({ start: design, edits });
    [this.#given, this.#waiting, this.#busy, this.#held, this.#layout] = [design, null, true, null, null];
    this.#speed = design.run.speed;
    frames.clear();
    charts.clear();
    this.#host.onLayout(null);
    this.#become('loading', { speed: this.#speed, notice: null });
    this.#engine.load(design, this.#host.traces(), edits).then((layout) => this.#loaded(round, layout, play), (error: unknown) => this.#failed(round, error));
  }

  rewind(time: number): void {
    const history = this.#history;
    if (!history || this.#state === 'loading' || this.#state === 'crashed') return;
    const round = ++this.#round;
    [this.#waiting, this.#busy, this.#held] = [null, true, null];
    this.#become('loading', { notice: null });
    this.#engine.rewind(time).then((layout) => {
      if (round !== this.#round) return;
      this.#become('paused');
      this.#settle(layout);
    }, (error: unknown) => this.#failed(round, error));
  }

  look(time: number): void {
    if (this.#looking || this.#busy || !this.#layout) return;
    const round = this.#round;
    this.#looking = true;
    this.#engine.look(time)
      .then((frame) => round === this.#round && this.#layout && fits(frame, this.#layout) && frames.publish(frame), () => undefined)
      .finally(() => (this.#looking = false));
  }

  #tell(history: RunHistory): void {
    this.#history = history;
    this.#host.onHistory(history);
  }

  /** The run has passed edits of its history: the session's design becomes what it was then, and figures stand elsewhere. */
  #follow(count: number): void {
    const history = this.#history;
    if (!history || count === this.#edits) return;
    this.#edits = count;
    const design = count === 0 ? history.start : history.edits[count - 1]?.design;
    if (!design) return;
    this.#given = design;
    this.#host.onDesign(design);
    const round = this.#round;
    this.#engine.layout().then((layout) => {
      if (round !== this.#round) return;
      this.#layout = layout;
      this.#host.onLayout(layout);
    }, () => undefined);
  }

  apply(design: Design, label: string): void {
    if (this.#given && sameRun(this.#given, design)) {
      this.#waiting = null;
      return;
    }
    this.#waiting = { design, label };
    if (!this.#busy) this.#applyNext();
  }

  /** Goes on; a run that is over starts again from the beginning. */
  play(): void {
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
    const next = this.#waiting;
    this.#waiting = null;
    if (!next || this.#state === 'crashed') return;
    [this.#given, this.#busy] = [next.design, true];
    const round = this.#round;
    this.#engine.apply(next.design, next.label).then(async (layout) => {
      const history = await this.#engine.history();
      if (round !== this.#round) return;
      this.#edits = history.edits.length;
      this.#tell(history);
      this.#settle(layout);
    }, (error: unknown) => this.#failed(round, error)).catch((error: unknown) => this.#failed(round, error));
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
    if (this.#busy || !this.#layout) this.#held = frame;
    else if (fits(frame, this.#layout)) this.#show(frame);
  }

  #show(frame: Frame): void {
    // While a command is under way, a frame may still tell of the state before it.
    const settled = this.#asked === 0 && this.#state !== 'loading' && this.#state !== 'crashed';
    if (settled && this.#state !== frame.state) this.#become(frame.state, frame.stopped === null ? {} : { notice: frame.stopped });
    frames.publish(frame);
    this.#follow(frame.edits);
    this.#readCharts();
  }

  #failed(round: number, error: unknown): void {
    if (round !== this.#round) return;
    this.#busy = false;
    this.#host.onTrouble(sentence(error));
    if (this.#waiting) this.#applyNext();
    else if (!this.#layout) this.#become('crashed', { notice: sentence(error) });
  }

  #lost(why: string): void {
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
    this.#state = state;
    this.#host.onRun({ ...change, state });
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

/** Whether two designs run alike: what notes say, and where things lie while there are no areas, is nothing to the simulation. */
function sameRun(a: Design, b: Design): boolean {
  if (a.links !== b.links || a.faults !== b.faults || a.objectives !== b.objectives || a.nodes.length !== b.nodes.length) return false;
  if ((Object.keys(b.run) as (keyof Design['run'])[]).some((key) => key !== 'speed' && a.run[key] !== b.run[key])) return false;
  const placed = b.groups.length > 0;
  if (placed && a.groups !== b.groups) return false;
  if (a.nodes === b.nodes) return true;
  return a.nodes.every((node, index) => {
    const other = b.nodes[index]!;
    // Which area a component lies in decides how far it is from others, and what befalls it.
    if (placed && (node.x !== other.x || node.y !== other.y)) return false;
    return node.id === other.id && node.kind === other.kind && node.label === other.label && node.params === other.params;
  });
}
