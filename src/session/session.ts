/** The shape of the one changing thing on the page. The store in `store.ts` fulfils it; the page's rooms meet here only. */
import type { Design, Gated, View } from '../design/design.ts';
import type { Layout, RunHistory, RunState } from '../run/protocol.ts';
import type { Result } from '../run/result.ts';
import type { Traces } from './engine.ts';

/** State of the simulation as the page sees it; live figures come by `frames`, not by state. */
export interface RunView {
  readonly state: RunState | 'loading' | 'crashed';
  /** Simulated seconds per wall second asked for; 0 is as fast as possible. */
  readonly speed: number;
  /** A sentence worth showing: why the run stopped, or that the worker was restarted. */
  readonly notice: string | null;
  /** Whether it runs and yet has said nothing for two seconds. */
  readonly silent: boolean;
  /** How far the run had come when it went back, in simulated seconds; null while it stands further than ever. */
  readonly furthest: number | null;
}

/** What a message offers to do about what it says. */
export interface ToastAction {
  readonly label: string;
  readonly run: () => void;
}

/** A short message on the page. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'info' | 'error';
  readonly action: ToastAction | null;
}

/** A document kept in this browser. */
export interface SavedDesign {
  readonly id: string;
  readonly name: string;
  readonly savedAt: number;
}

/** All that the page's rooms share, and what can be done with it. */
export interface SessionState {
  readonly design: Design;
  /** Ids of selected nodes, links, groups and notes. */
  readonly selection: ReadonlySet<string>;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly undoLabel: string | null;
  readonly redoLabel: string | null;
  readonly run: RunView;
  readonly layout: Layout | null;
  readonly toasts: readonly Toast[];
  /** Id under which the open document is kept in this browser. */
  readonly documentId: string;
  /** Whether another tab writes the open document: what is changed here is not kept until it is taken over. */
  readonly elsewhere: boolean;
  /** The document as it was opened. */
  readonly opened: Design;
  /** Names of the traces loaded in this tab. */
  readonly traces: readonly string[];
  /** All that decides the run under way: the design it began with and the edits since, in order of time; null before the first. */
  readonly history: RunHistory | null;

  /** One edit, one undo step; edits with the same `merge` key in a row become one step. Never resets the run. */
  edit(label: string, change: (design: Design) => Design, merge?: string): void;
  undo(): void;
  redo(): void;
  select(ids: Iterable<string>): void;
  setView(view: View): void;

  /** Opens a design as a document of its own (autosaved work stays where it was) and starts it; with the history that led to it, it goes on where that ends. */
  open(design: Design, origin: 'scenario' | 'file' | 'link' | 'new' | 'saved', documentId?: string, history?: RunHistory): void;
  /** Text of a dropped or chosen file: a design, or a trace (CSV, JSONL); says what was wrong otherwise. */
  openFile(name: string, text: string): Gated<string>;
  /** The same for a file itself, which is read first; a trace is read beside the page. */
  takeFile(file: File): Promise<Gated<string>>;
  /** What is kept in this browser; rejects with the end of a sentence where it keeps nothing. */
  saved(): Promise<readonly SavedDesign[]>;
  openSaved(id: string): Promise<void>;
  forgetSaved(id: string): Promise<void>;

  /** Takes the open document over from the tab that writes it; what either tab had of its own is kept. */
  takeOver(): Promise<void>;

  play(): void;
  pause(): void;
  step(): void;
  /** Starts the present design at 0; what was done to it in this run is forgotten as history, not as design. */
  restart(seed?: number): void;
  /** Gives up a simulation that says nothing any more and loads the present design into another, paused. */
  revive(): void;
  /** Plays the whole history again from the beginning: the design it began with, and every edit at its moment. */
  replay(): void;
  /** Goes to a moment of the run's history and pauses there; whatever is edited then forks the run. */
  rewind(time: number): void;
  /** Shows the board's figures as they were at a moment, without going there. */
  look(time: number): void;
  /** The run as it can be shared: its history, looking as the board does now; null before the first run. */
  sharedRun(): RunHistory | null;
  setSpeed(speed: number): void;
  /** What has happened in the run so far; rejects with a sentence where the simulation cannot say. */
  result(): Promise<Result>;
  /** The traces loaded in this tab. */
  loadedTraces(): Traces;

  say(text: string, tone?: 'info' | 'error', action?: ToastAction): void;
  dismiss(id: number): void;
}
