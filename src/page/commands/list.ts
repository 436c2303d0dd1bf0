/** Every command of the page, in the order that help and the command box show them. */
import { frames } from '../../session/frames.ts';
import { session } from '../../session/store.ts';
import { board } from '../board-view.ts';
import { faultsOf, heal, lastsAt, presentMoment, strike } from '../breaking.ts';
import type { Command } from '../command.ts';
import { openLibrary } from '../current.ts';
import { newDesign, pickFile, saveFile } from '../files.ts';
import { panels } from '../panels.ts';
import { flipTheme } from '../theme.ts';
import { arrangeCommands } from './arrange-commands.ts';
import { editCommands } from './edit-commands.ts';

const some = (): boolean => session.getState().selection.size > 0;
const filled = (): boolean => session.getState().design.nodes.length > 0;

function runOrPause(): void {
  const { run, play, pause, restart } = session.getState();
  if (run.state === 'running') return pause();
  if (run.state === 'ended' || run.state === 'stopped' || run.state === 'crashed') restart();
  play();
}

/** The one selected thing that can go down, or null. */
function breakable(): string | null {
  const { design, selection } = session.getState();
  const [id] = selection;
  return id !== undefined && selection.size === 1 && faultsOf(design, id).includes('crash') ? id : null;
}

/** Takes down what is selected; what is down comes back. */
function downOrUp(): void {
  const id = breakable();
  if (id === null) return;
  const { design } = session.getState();
  const now = presentMoment();
  const isDown = design.faults.some((one) => one.target === id && one.fault === 'crash' && (lastsAt(one, now) || (frames.latest?.lasting.includes(one.id) ?? false)));
  if (isDown) heal(id);
  else strike(id, 'crash');
}

/** Opens the panel of more seeds, with the charts it belongs to. */
async function moreSeeds(): Promise<void> {
  panels.setState({ dock: true });
  const { study } = await import('../../session/study.ts');
  study.setState({ open: true });
}

function speedUp(up: boolean): void {
  const speeds = [0.1, 0.5, 1, 2, 4, 8, 16, 64, 0];
  const { run, setSpeed } = session.getState();
  const at = speeds.indexOf(run.speed);
  const next = speeds[(at < 0 ? 2 : at) + (up ? 1 : -1)];
  if (next !== undefined) setSpeed(next);
}

const viewCommands: readonly Command[] = [
  { id: 'fit', label: 'Show everything', section: 'View', keys: ['Shift+1'], run: () => board.current?.fit() },
  { id: 'fit-selection', label: 'Show the selection', section: 'View', keys: ['Shift+2', 'F'], when: some, run: () => board.current?.fit([...session.getState().selection]) },
  { id: 'zoom-in', label: 'Zoom in', section: 'View', keys: ['Mod+=', 'Mod++'], run: () => board.current?.zoomBy(1.25) },
  { id: 'zoom-out', label: 'Zoom out', section: 'View', keys: ['Mod+-'], run: () => board.current?.zoomBy(0.8) },
  { id: 'zoom-reset', label: 'Zoom to 100 %', section: 'View', keys: ['Mod+0'], run: () => board.current?.zoomTo(1) },
  { id: 'minimap', label: 'Map of the board', section: 'View', keys: ['Alt+M'], run: () => panels.setState((state) => ({ minimap: !state.minimap })) },
  { id: 'charts', label: 'Show or hide the charts', section: 'View', keys: ['Alt+C'], run: () => panels.setState((state) => ({ dock: !state.dock })) },
  { id: 'outline', label: 'Outline of the board', section: 'View', keys: ['Alt+O'], run: () => panels.setState((state) => ({ tab: state.tab === 'outline' ? 'inspect' : 'outline' })) },
  { id: 'theme', label: 'Light or dark', section: 'View', keys: [], run: flipTheme },
  { id: 'wheel', label: 'Wheel pans, drag selects (or: wheel zooms, drag pans)', section: 'View', keys: [], run: () => panels.setState((state) => ({ wheelPans: !state.wheelPans })) },
];

const runCommands: readonly Command[] = [
  { id: 'run', label: 'Run or pause', section: 'Run', keys: ['Mod+Enter'], whileTyping: true, when: filled, run: runOrPause },
  { id: 'step', label: 'Step one second', section: 'Run', keys: ['.'], when: filled, run: () => session.getState().step() },
  { id: 'restart', label: 'Start again', section: 'Run', keys: ['Mod+Alt+Enter'], when: filled, run: () => session.getState().restart() },
  { id: 'down', label: 'Take what is selected down, or up again', section: 'Run', keys: ['D'], when: () => breakable() !== null, run: downOrUp },
  { id: 'seeds', label: 'Repeat with more seeds', section: 'Run', keys: [], when: filled, run: () => void moreSeeds() },
  { id: 'faster', label: 'Faster', section: 'Run', keys: [']'], run: () => speedUp(true) },
  { id: 'slower', label: 'Slower', section: 'Run', keys: ['['], run: () => speedUp(false) },
];

const fileCommands: readonly Command[] = [
  { id: 'library', label: 'Open the library', section: 'File', keys: ['L'], run: openLibrary },
  { id: 'new', label: 'New design', section: 'File', keys: [], run: newDesign },
  { id: 'open', label: 'Open a file', section: 'File', keys: ['Mod+O'], whileTyping: true, run: () => void pickFile() },
  { id: 'save', label: 'Save as a file', section: 'File', keys: ['Mod+S'], whileTyping: true, run: saveFile },
];

const helpCommands: readonly Command[] = [
  { id: 'command-box', label: 'Find a command', section: 'Help', keys: ['Mod+K', 'Mod+Shift+P'], whileTyping: true, run: () => panels.setState((state) => ({ commandBox: !state.commandBox })) },
  { id: 'help', label: 'Keys and gestures', section: 'Help', keys: ['?'], run: () => panels.setState({ help: true }) },
];

/** All commands. */
export const commands: readonly Command[] = [...editCommands, ...arrangeCommands, ...viewCommands, ...runCommands, ...fileCommands, ...helpCommands];
