/** Dragging a kind from the list onto the board, with pointer events: the same for mouse and pen; fingers tap instead, so that lists scroll. */
import { useRef, useState, type MouseEvent as ReactMouseEvent, type PointerEvent as ReactPointerEvent } from 'react';
import type { AnyKind } from '../../kit/kind.ts';
import { board } from '../board-view.ts';

/** What is being dragged, and where it is in the window. */
export interface Dragged {
  readonly kind: AnyKind;
  readonly x: number;
  readonly y: number;
}

const slack = 5;

interface Start {
  readonly x: number;
  readonly y: number;
  moved: boolean;
}

function drop(kind: AnyKind, x: number, y: number): void {
  const view = board.current;
  if (view?.covers(x, y)) view.place(kind.id, view.at(x, y));
}

/** Props for each entry of the list, and what is in the hand. A drag that moved is no click. */
export function useKindDrag() {
  const [dragged, setDragged] = useState<Dragged | null>(null);
  const start = useRef<Start | null>(null);
  const end = (): void => {
    start.current = null;
    setDragged(null);
  };
  const move = (kind: AnyKind, event: ReactPointerEvent): void => {
    const from = start.current;
    if (!from) return;
    from.moved ||= Math.hypot(event.clientX - from.x, event.clientY - from.y) > slack;
    if (from.moved) setDragged({ kind, x: event.clientX, y: event.clientY });
  };
  const wasDrag = useRef(false);
  const dragProps = (kind: AnyKind) => ({
    onPointerDown: (event: ReactPointerEvent<HTMLElement>) => {
      wasDrag.current = false;
      if (event.button !== 0 || event.pointerType === 'touch') return;
      event.currentTarget.setPointerCapture(event.pointerId);
      start.current = { x: event.clientX, y: event.clientY, moved: false };
    },
    onPointerMove: (event: ReactPointerEvent) => move(kind, event),
    onPointerUp: (event: ReactPointerEvent) => {
      wasDrag.current = start.current?.moved ?? false;
      if (wasDrag.current) drop(kind, event.clientX, event.clientY);
      end();
    },
    onPointerCancel: end,
    onClickCapture: (event: ReactMouseEvent) => {
      if (wasDrag.current) event.stopPropagation();
      wasDrag.current = false;
    },
  });
  return { dragged, dragProps };
}
