/** Where the board looks: the opening view, what keeps it whole while nobody has looked elsewhere, and the window's service to the page. */
import { useReactFlow, type Viewport } from '@xyflow/react';
import { useCallback, useEffect, useRef, type RefObject } from 'react';
import { kinds } from '../../kinds/index.ts';
import { session } from '../../session/store.ts';
import { board, type Area, type BoardView, type Point } from '../board-view.ts';
import { smallScreen } from '../panels.ts';
import { boxesOf, viewOf } from './fitting.ts';
import { wireUnder } from './gestures.ts';
import type { KindQuestion } from './kind-menu.tsx';
import type { BoardNode } from './shape.ts';
import { addAt } from './wiring.ts';

/** How the view goes elsewhere: as a move that the eye can follow, or at once for those who asked for less motion. */
const smooth = (): { readonly duration: number } => ({ duration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 220 });

type Root = RefObject<HTMLDivElement | null>;
type Flow = ReturnType<typeof useReactFlow<BoardNode>>;

const noBox: Area = { x: 0, y: 0, width: 0, height: 0 };

function boxOf(root: HTMLElement | null): Area {
  return root?.getBoundingClientRect() ?? noBox;
}

function middleOf(root: HTMLElement | null): Point {
  const box = boxOf(root);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

function visible(root: HTMLElement | null, at: (x: number, y: number) => Point): Area {
  const box = boxOf(root);
  const [start, end] = [at(box.x, box.y), at(box.x + box.width, box.y + box.height)];
  return { ...start, width: end.x - start.x, height: end.y - start.y };
}

/** What stands in front of the board, in the board's pixels. */
function inFront(room: Area): readonly Area[] {
  const boxes = [...document.querySelectorAll('[data-over-board]')].map((element) => element.getBoundingClientRect());
  return boxes.filter(({ width }) => width > 0).map(({ x, y, width, height }) => ({ x: x - room.x, y: y - room.y, width, height }));
}

function wholeView(root: HTMLElement | null, ids?: readonly string[]): Viewport | null {
  const boxes = boxesOf(session.getState().design, ids && new Set(ids));
  const room = boxOf(root);
  return boxes.length > 0 && room.width > 0 ? viewOf(boxes, room, inFront(room)) : null;
}

/** Shows everything at once, unless somebody looks at a part of their own choice. */
function showWhole(flow: Flow, root: Root, untouched: { readonly current: boolean }): void {
  const view = untouched.current ? wholeView(root.current) : null;
  if (view) void flow.setViewport(view);
}

/** The services of the board's window. */
function boardView(flow: Flow, root: Root, untouched: { current: boolean }, pointer: { current: Point | null }, ask: (question: KindQuestion) => void): BoardView {
  const at = (x: number, y: number): Point => flow.screenToFlowPosition({ x, y });
  const centre = (): Point => at(middleOf(root.current).x, middleOf(root.current).y);
  const covers = (x: number, y: number): boolean => root.current?.contains(document.elementFromPoint(x, y)) ?? false;
  const zoomTo = (zoom: number): void => {
    untouched.current = false;
    void flow.zoomTo(zoom, smooth());
  };
  let frame = 0;
  return {
    fit(ids) {
      untouched.current = !ids?.length;
      const view = wholeView(root.current, ids);
      if (view) void flow.setViewport(view, smooth());
    },
    settle() {
      cancelAnimationFrame(frame);
      // Not at once: whoever asks has just changed the page, which would be laid out for this alone, and again for the frame.
      frame = requestAnimationFrame(() => showWhole(flow, root, untouched));
    },
    zoomBy: (factor) => zoomTo(flow.getZoom() * factor),
    zoomTo, centre, at, covers, visible: () => visible(root.current, at),
    pointer: () => (pointer.current && covers(pointer.current.x, pointer.current.y) ? at(pointer.current.x, pointer.current.y) : centre()),
    place(id, where) {
      const kind = kinds.find((one) => one.id === id);
      if (kind) addAt(kind, where ?? centre(), undefined, where && wireUnder(flow.flowToScreenPosition(where)));
    },
    quickAdd() {
      const middle = middleOf(root.current);
      ask({ x: middle.x - 134, y: middle.y - 160, title: 'Add a component', kinds, choose: (kind) => addAt(kind, centre()) });
    },
  };
}

/** Shows a newly opened design whole, or as it was left; and whole it stays, however the window changes, until somebody looks elsewhere. */
function useOpening(flow: Flow, root: Root, untouched: { current: boolean }): void {
  const documentId = session((state) => state.documentId);
  const isMeasured = useRef(false);
  useEffect(() => {
    const { view, nodes } = session.getState().design;
    // On a small screen a stored view, made on a large one, shows a corner of the design at best.
    untouched.current = nodes.length > 0 && (!view || matchMedia(smallScreen).matches);
    // What is not laid out yet is measured below as soon as it is; to ask for it here would have the whole page laid out twice.
    if (!untouched.current) void flow.setViewport(nodes.length > 0 && view ? view : { x: 0, y: 0, zoom: 1 });
    else if (isMeasured.current) board.current?.settle();
  }, [documentId, flow, untouched]);
  useEffect(() => {
    const watch = new ResizeObserver(() => {
      isMeasured.current = true;
      showWhole(flow, root, untouched);
    });
    if (root.current) watch.observe(root.current);
    return () => watch.disconnect();
  }, [flow, root, untouched]);
}

/** Offers the board's view to the rest of the page for as long as it is drawn; answers what React Flow and the board must report. */
export function useLooking(root: Root, ask: (question: KindQuestion) => void) {
  const flow = useReactFlow<BoardNode>();
  const pointer = useRef<Point | null>(null);
  const untouched = useRef(true);
  useEffect(() => {
    const view = boardView(flow, root, untouched, pointer, ask);
    board.current = view;
    return () => {
      if (board.current === view) board.current = null;
    };
  }, [flow, root, ask]);
  useOpening(flow, root, untouched);
  const onMoveStart = useCallback((event: MouseEvent | TouchEvent | null) => {
    if (event) untouched.current = false;
    root.current?.toggleAttribute('data-moving', true);
  }, [root]);
  const onMoveEnd = useCallback((event: MouseEvent | TouchEvent | null, view: Viewport) => {
    root.current?.toggleAttribute('data-moving', false);
    if (event) session.getState().setView(view);
  }, [root]);
  return {
    onPointerMove: (event: { clientX: number; clientY: number }) => void (pointer.current = { x: event.clientX, y: event.clientY }),
    props: { onMoveStart, onMoveEnd },
  };
}
