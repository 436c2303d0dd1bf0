/** Drawing wires by hand: which are allowed, what a refusal says, and what can be called from where a wire was dropped. */
import { insertInWire } from '../../design/arrange.ts';
import { addNode, connect, nextId, reconnect } from '../../design/edit.ts';
import { wireRefusal } from '../../design/wires.ts';
import { kinds } from '../../kinds/index.ts';
import type { AnyKind } from '../../kit/kind.ts';
import { session } from '../../session/store.ts';
import { board, type Point } from '../board-view.ts';
import { clearPlace } from './place.ts';

/** The loose end of a wire in the hand: it starts at `node`, or (when drawn backwards) it is to end there. */
export interface LooseWire {
  readonly node: string;
  readonly backwards: boolean;
  /** The wire whose end is being moved, if it is not a new one. */
  readonly moving?: string;
}

function ends(wire: LooseWire, other: string): [from: string, to: string] {
  return wire.backwards ? [other, wire.node] : [wire.node, other];
}

/** Why the wire in the hand may not be fastened to that component; null where it may. */
export function refusalAt(wire: LooseWire, other: string): string | null {
  return wireRefusal(session.getState().design, ...ends(wire, other), wire.moving);
}

const refusalMilliseconds = 7000;

/** Says why a wire was refused, for a while: it is advice on a gesture, not a fault that has to be put away. */
function sayRefusal(text: string): void {
  session.getState().say(text, 'error');
  setTimeout(() => {
    const { toasts, dismiss } = session.getState();
    for (const toast of toasts) if (toast.text === text) dismiss(toast.id);
  }, refusalMilliseconds);
}

/** Draws the wire, or says why not. */
export function fasten(wire: LooseWire, other: string): void {
  const { edit } = session.getState();
  const refusal = refusalAt(wire, other);
  const [from, to] = ends(wire, other);
  const moving = wire.moving;
  if (refusal) sayRefusal(refusal);
  else if (moving) edit('Reconnect wire', (design) => reconnect(design, moving, from, to));
  else edit('Draw wire', (design) => connect(design, from, to));
}

/** The kinds that a new component may have for the wire to be fastened to it. */
export function kindsFor(wire: LooseWire): readonly AnyKind[] {
  const { design } = session.getState();
  return kinds.filter((kind) => {
    const id = nextId(design, kind.id);
    return wireRefusal(addNode(design, kind.id, 0, 0, id), ...ends(wire, id)) === null;
  });
}

/** Adds a component with its middle at `middle`, wired to the loose end if there is one or put into the wire `into`, and selects it: one undo step. */
export function addAt(kind: AnyKind, middle: Point, wire?: LooseWire, into?: string | null): void {
  const { design, edit, select } = session.getState();
  const id = nextId(design, kind.id);
  const place = clearPlace(design, kind.id, middle, board.current?.visible());
  edit(`Add ${kind.label}`, (before) => {
    const added = addNode(before, kind.id, place.x, place.y, id);
    if (into) return insertInWire(added, into, id);
    return wire ? connect(added, ...ends(wire, id)) : added;
  });
  select([id]);
}
