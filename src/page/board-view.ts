/** What the board lets the rest of the page do with its window: look around, and place components where a person can see them. */

/** A point in board coordinates (pixels at zoom 1). */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle in board coordinates. */
export interface Area extends Point {
  readonly width: number;
  readonly height: number;
}

export interface BoardView {
  /** Shows everything, or just these. */
  fit(ids?: readonly string[]): void;
  /** Shows everything again, with the next frame, after the room for it has changed; unless somebody is looking at a part of their own choice. */
  settle(): void;
  zoomBy(factor: number): void;
  zoomTo(zoom: number): void;
  /** The middle of what can be seen. */
  centre(): Point;
  /** What can be seen, in board coordinates. */
  visible(): Area;
  /** Where the pointer last was over the board; the middle when it is elsewhere. */
  pointer(): Point;
  /** The board point under a point of the window. */
  at(clientX: number, clientY: number): Point;
  /** Whether a point of the window lies on the bare board, and not on a panel. */
  covers(clientX: number, clientY: number): boolean;
  /** Puts a new component of that kind around `at` (or in the middle), clear of all others, and selects it. */
  place(kind: string, at?: Point): void;
  /** Opens the search for a component to add. */
  quickAdd(): void;
}

/** The board on the page; null until it is drawn. */
export const board: { current: BoardView | null } = { current: null };
