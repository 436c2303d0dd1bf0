/** Where the wires of a card end: said once, for the card, which draws them, and for the wires, which are drawn before it. */
import { Position } from '@xyflow/react';
import type { AnyKind } from '../../kit/kind.ts';

/** One end for wires on a card. */
export interface PortPlace {
  readonly id: string;
  readonly type: 'source' | 'target';
  readonly position: Position;
  /** Whether it is an end that only wires know, not hands. */
  readonly quiet: boolean;
  /** Whether its wires attach one component to another instead of carrying calls. */
  readonly attaching: boolean;
}

const port = (id: string, type: 'source' | 'target', position: Position, quiet = false): PortPlace => ({ id, type, position, quiet, attaching: id.startsWith('prefix') });

const asked = [port('in', 'target', Position.Left), port('in-top', 'target', Position.Top, true)];
const attached = [port('prefix-in', 'target', Position.Top), port('prefix-in-side', 'target', Position.Left, true)];
const asking = [port('out', 'source', Position.Right), port('out-bottom', 'source', Position.Bottom, true)];
const attaching = [port('prefix-out', 'source', Position.Bottom), port('prefix-out-side', 'source', Position.Right, true)];

/** The ends of a kind's card. */
export function portsOf({ ports, scales }: AnyKind): readonly PortPlace[] {
  return [
    ...(ports.in === 'call' ? asked : []),
    ...(ports.in === 'prefix' || scales === true ? attached : []),
    ...(ports.out.some(({ wire }) => wire === 'call') ? asking : []),
    ...(ports.out.some(({ wire }) => wire !== 'call') ? attaching : []),
  ];
}
