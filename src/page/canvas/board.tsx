/** The board: the design drawn with React Flow, which holds no truth – it draws what the design says and reports what hands do. */
import {
  MiniMap, ReactFlow, ReactFlowProvider, SelectionMode, useReactFlow, useStoreApi, type Connection, type Edge, type FinalConnectionState, type IsValidConnection, type NodeChange,
} from '@xyflow/react';
import { useCallback, useMemo, useRef, useState, type KeyboardEvent as ReactKeyboardEvent, type MouseEvent as ReactMouseEvent } from 'react';
import { kinds } from '../../kinds/index.ts';
import { session } from '../../session/store.ts';
import { board, type Point } from '../board-view.ts';
import { matches, type Command } from '../command.ts';
import { panels } from '../panels.ts';
import { Area } from './area.tsx';
import { Card } from './card.tsx';
import { CommandMenu, type MenuPlace } from './command-menu.tsx';
import { useDistance } from './distance.ts';
import { EmptyBoard } from './empty.tsx';
import { beginDrag, dropOnWire, takeNodeChanges, takeSelection } from './gestures.ts';
import { useGradually } from './gradually.ts';
import { KindMenu, type KindQuestion } from './kind-menu.tsx';
import { useLooking } from './looking.ts';
import { Note } from './note.tsx';
import { boardEdges, boardNodes, nothingHeld, type BoardNode } from './shape.ts';
import { nodeUnder, WireHint } from './wire-hint.tsx';
import { WireLabel } from './wire-label.tsx';
import { manyWires, Wire } from './wire.tsx';
import { addAt, fasten, kindsFor, refusalAt, type LooseWire } from './wiring.ts';
import { ZoomBar } from './zoom-bar.tsx';
import styles from './board.module.css';

const nodeTypes = { card: Card, area: Area, note: Note };
const edgeTypes = { wire: Wire };
/** From so many wires on, their dots move in coarser steps. */
const someWires = 25;
/** Pixels that a hand may tremble while it clicks: less is a click and moves nothing, more is a drag. */
const tremble = 4;
const zooms = { min: 0.1, max: 2.5 };

interface BoardProps {
  readonly commands: readonly Command[];
  readonly openLibrary: () => void;
}

/** Nodes and edges as the design and the holding hand have them, and the way for React Flow to report changes. */
function useDrawn() {
  const design = session((state) => state.design);
  const documentId = session((state) => state.documentId);
  const selection = session((state) => state.selection);
  const [held, setHeld] = useState(nothingHeld);
  const holding = useRef(held);
  const nodes = useMemo(() => boardNodes(design, selection, held), [design, selection, held]);
  const edges = useMemo(() => boardEdges(design, selection, held), [design, selection, held]);
  const onNodesChange = useCallback((changes: NodeChange<BoardNode>[]) => {
    holding.current = takeNodeChanges(changes, holding.current);
    setHeld(holding.current);
  }, []);
  return { design, ...useGradually(documentId, nodes, edges), onNodesChange };
}

function pointOf(event: MouseEvent | TouchEvent): Point {
  const touch = 'changedTouches' in event ? event.changedTouches[0] : event;
  return { x: touch?.clientX ?? 0, y: touch?.clientY ?? 0 };
}

/** What happens when a wire in the hand is let go: fastened, refused with a reason, or a list of what could stand there. */
function useWiring(ask: (question: KindQuestion) => void) {
  const flow = useReactFlow<BoardNode>();
  const moving = useRef<string | undefined>(undefined);
  const props = useMemo(() => wiringProps(flow, moving, ask), [flow, ask]);
  return { moving, props };
}

/** Always the same functions: React Flow draws everything anew that was given another one. */
function wiringProps(flow: ReturnType<typeof useReactFlow<BoardNode>>, moving: { current: string | undefined }, ask: (question: KindQuestion) => void) {
  const letGo = (event: MouseEvent | TouchEvent, state: FinalConnectionState): void => {
    if (!state.fromNode || !state.fromHandle) return;
    const wire: LooseWire = { node: state.fromNode.id, backwards: state.fromHandle.type === 'target', ...(moving.current ? { moving: moving.current } : {}) };
    const { x, y } = pointOf(event);
    const target = state.toNode?.id ?? nodeUnder(x, y);
    if (target === wire.node && !state.toHandle) return;
    if (target) fasten(wire, target);
    else if (!wire.moving && board.current?.covers(x, y)) {
      const title = wire.backwards ? 'What calls this?' : 'What should it call?';
      ask({ x, y, title, kinds: kindsFor(wire), choose: (kind) => addAt(kind, flow.screenToFlowPosition({ x: x + 90, y }), wire) });
    }
  };
  return {
    isValidConnection: ((wire: Connection | Edge) => refusalAt({ node: wire.source, backwards: false, ...(moving.current ? { moving: moving.current } : {}) }, wire.target) === null) as IsValidConnection,
    onConnectEnd: (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      // Moving an end reports here too; it is dealt with below.
      if (!moving.current) letGo(event, state);
    },
    onReconnect: () => undefined,
    onReconnectStart: (_: ReactMouseEvent, edge: Edge) => void (moving.current = edge.id),
    onReconnectEnd: (event: MouseEvent | TouchEvent, _: Edge, _type: unknown, state: FinalConnectionState) => {
      letGo(event, state);
      moving.current = undefined;
    },
  };
}

/** Opens the menu at the pointer, on whatever lies there. */
function useContextMenu() {
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const props = useMemo(() => contextMenuProps(setMenu), []);
  return { menu, close: () => setMenu(null), props };
}

function contextMenuProps(show: (place: MenuPlace) => void) {
  const open = (event: ReactMouseEvent | MouseEvent, id: string | null): void => {
    event.preventDefault();
    const { selection, select } = session.getState();
    if (id && !selection.has(id)) select([id]);
    show({ x: event.clientX, y: event.clientY, onItem: id !== null || selection.size > 0 });
  };
  return {
    onNodeContextMenu: (event: ReactMouseEvent, node: BoardNode) => open(event, node.id),
    onEdgeContextMenu: (event: ReactMouseEvent, edge: Edge) => open(event, edge.id),
    onPaneContextMenu: (event: ReactMouseEvent | MouseEvent) => open(event, null),
    onSelectionContextMenu: (event: ReactMouseEvent) => open(event, [...session.getState().selection][0] ?? null),
  };
}

const wheelPanning = { panOnScroll: true, selectionOnDrag: true, panOnDrag: [1] };
const dragPanning = { panOnScroll: false, panOnDrag: [0, 1] };

/** The wheel zooms and a drag pans, as on maps; or the wheel pans and a drag selects, as in design tools. */
function panning(wheelPans: boolean) {
  return wheelPans && matchMedia('(pointer: fine)').matches ? wheelPanning : dragPanning;
}

/** The wire whose figures are wanted: the one under the pointer, else the selected one. */
function useWireOfInterest() {
  const [under, setUnder] = useState<string | null>(null);
  const selected = session((state) => {
    const [id] = state.selection;
    return state.selection.size === 1 && state.design.links.some((link) => link.id === id) ? (id ?? null) : null;
  });
  const there = session((state) => under !== null && state.design.links.some((link) => link.id === under));
  const props = useMemo(() => ({ onEdgeMouseEnter: (_: ReactMouseEvent, edge: Edge) => setUnder(edge.id), onEdgeMouseLeave: () => setUnder(null) }), []);
  return { wire: there ? under : selected, props };
}

const dragging = {
  onNodeDragStart: (event: MouseEvent | TouchEvent | ReactMouseEvent): void => beginDrag(event.altKey),
  onNodeDragStop: (_: unknown, node: BoardNode, all: readonly BoardNode[]): void => {
    const box = document.querySelector(`.react-flow__node[data-id="${CSS.escape(node.id)}"]`)?.getBoundingClientRect();
    if (box && all.length === 1 && node.type === 'card') dropOnWire(node.id, { x: box.x + box.width / 2, y: box.y + box.height / 2 });
  },
};

/** React Flow moves a card for every arrow key; with Alt they walk from card to card, and must be taken before it sees them. */
function takeWalk(event: ReactKeyboardEvent, commands: readonly Command[]): void {
  if (!event.altKey || !event.key.startsWith('Arrow')) return;
  event.preventDefault();
  event.stopPropagation();
  const command = commands.find(({ keys }) => keys.some((chord) => matches(chord, event.nativeEvent)));
  if (command?.when?.() ?? true) command?.run();
}

/** Cards say how large they are and where their wires end (`shape.ts`): React Flow, which would measure each as soon as it is drawn, measures only notes. */
function useKnownSizes(): void {
  const store = useStoreApi();
  useState(() => {
    const { updateNodeInternals } = store.getState();
    const measure: typeof updateNodeInternals = (updates, params) => {
      const unknown = new Map([...updates].filter(([id]) => store.getState().nodeLookup.get(id)?.type !== 'card'));
      if (unknown.size > 0) updateNodeInternals(unknown, params);
    };
    store.setState({ updateNodeInternals: measure });
  });
}

function Surface({ commands, openLibrary }: BoardProps) {
  const root = useRef<HTMLDivElement>(null);
  const [question, setQuestion] = useState<KindQuestion | null>(null);
  const { design, nodes, edges, onNodesChange } = useDrawn();
  const minimap = panels((state) => state.minimap);
  const wheelPans = panels((state) => state.wheelPans);
  useKnownSizes();
  useDistance(root);
  const running = session((state) => state.run.state === 'running');
  const wiring = useWiring(setQuestion);
  const context = useContextMenu();
  const interest = useWireOfInterest();
  const looking = useLooking(root, setQuestion);
  const onDoubleClick = (event: ReactMouseEvent): void => {
    if (!(event.target as Element).classList.contains('react-flow__pane')) return;
    const { clientX: x, clientY: y } = event;
    setQuestion({ x, y, title: 'Add a component', kinds, choose: (kind) => board.current && addAt(kind, board.current.at(x, y)) });
  };
  return (
    <div ref={root} className={styles['board']} data-running={running || undefined} data-some={design.links.length > someWires || undefined} data-many={design.links.length > manyWires || undefined} onPointerMove={looking.onPointerMove} onKeyDownCapture={(event) => takeWalk(event, commands)} onDoubleClick={onDoubleClick}>
      <ReactFlow<BoardNode>
        nodes={nodes} edges={edges} nodeTypes={nodeTypes} edgeTypes={edgeTypes}
        onNodesChange={onNodesChange} onEdgesChange={takeSelection} {...wiring.props} {...context.props} {...interest.props} {...panning(wheelPans)}
        {...looking.props} {...dragging}
        minZoom={zooms.min} maxZoom={zooms.max} deleteKeyCode={null} selectionKeyCode="Shift" selectionMode={SelectionMode.Partial} multiSelectionKeyCode={['Shift', 'Meta', 'Control']}
        nodeClickDistance={tremble} nodeDragThreshold={tremble} paneClickDistance={tremble} zoomOnDoubleClick={false} elevateNodesOnSelect={false} connectionRadius={26} reconnectRadius={14}
      >
        {minimap && <MiniMap pannable zoomable className={styles['minimap'] ?? ''} nodeBorderRadius={12} ariaLabel="Map of the board" />}
        <WireHint moving={wiring.moving} />
        {interest.wire && <WireLabel id={interest.wire} />}
      </ReactFlow>
      <ZoomBar />
      {design.nodes.length === 0 && <EmptyBoard openLibrary={openLibrary} />}
      {question && <KindMenu key={`${question.x} ${question.y}`} question={question} close={() => setQuestion(null)} />}
      {context.menu && <CommandMenu place={context.menu} commands={commands} close={context.close} />}
    </div>
  );
}

/** The board with everything on it. */
export function Board(props: BoardProps) {
  return (
    <ReactFlowProvider>
      <Surface {...props} />
    </ReactFlowProvider>
  );
}
