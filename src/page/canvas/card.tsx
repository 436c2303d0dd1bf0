/** One component on the board: what it is, two live figures, a live face, and how it fares. */
import { Handle, type Node, type NodeProps } from '@xyflow/react';
import { memo, useEffect, useRef, useState, type CSSProperties, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react';
import { fullParams } from '../../design/params.ts';
import type { DesignFault, DesignNode } from '../../design/design.ts';
import { kindOf } from '../../kinds/index.ts';
import type { AnyKind, Face } from '../../kit/kind.ts';
import { outcomes } from '../../engine/reasons.ts';
import { faultText } from '../../kit/fault.ts';
import type { Frame, Layout } from '../../run/protocol.ts';
import { format } from '../../units/format.ts';
import { session } from '../../session/store.ts';
import { befalling } from '../breaking.ts';
import { figureText } from '../figure-text.ts';
import { IconTile } from '../icons.tsx';
import { failedShare, nodeFigure, onFigures } from '../live.ts';
import { manyNodes } from '../many.ts';
import { measureOf, type MeasureInfo } from '../measures.ts';
import { askWhy } from '../why.ts';
import { useWhole } from './detail.ts';
import { facePainter, ringLength } from './face.ts';
import { portsOf } from './ports.ts';
import styles from './card.module.css';

/** A card as React Flow carries it: the design's node, nothing live. */
export type CardNode = Node<{ readonly node: DesignNode }, 'card'>;

/** Why calls fail here of late, and what share of them; empty where none do. */
function failureText(frame: Frame, layout: Layout, id: string): string {
  const share = failedShare(frame, layout, id);
  if (!(share > 0)) return '';
  const code = frame.failing[layout.failing[id] ?? -1] ?? 0;
  return `${code > 0 ? `${outcomes[code]} ` : ''}${format(share, 'share', 2)}`;
}

const lastingAt = (frame: Frame, id: string): DesignFault | undefined => befalling(session.getState().design, id).find((one) => frame.lasting.includes(one.id));

/** The sharpest true sentence about a card: what befalls it, and why calls fail there. */
function badgeText(frame: Frame, layout: Layout, id: string): string {
  const fault = lastingAt(frame, id);
  return [fault ? faultText(fault.fault, fault.amount) : '', failureText(frame, layout, id)].filter((part) => part !== '').join(' · ');
}

/** How a card fares under load: hot from 90 % of its limit. */
function paintState(card: HTMLElement, id: string, strain: string): (frame: Frame, layout: Layout) => void {
  let hot = card.hasAttribute('data-hot');
  return (frame, layout) => {
    card.toggleAttribute('data-struck', lastingAt(frame, id) !== undefined);
    const isHot = nodeFigure(frame, layout, id, strain) > 0.9;
    if (isHot !== hot) card.toggleAttribute('data-hot', (hot = isHot));
  };
}

function paintText(element: HTMLElement, id: string, figure: MeasureInfo): (frame: Frame, layout: Layout) => void {
  let written = '–';
  return (frame, layout) => {
    const text = figureText(nodeFigure(frame, layout, id, figure.name), figure.unit);
    if (text !== written) element.textContent = written = text;
  };
}

const partOf = (card: HTMLElement, part: string): HTMLElement => card.querySelector(`[data-part="${part}"]`) as HTMLElement;

/** Connects a card's elements to the frames for as long as they are on the page. */
function useLiveCard(id: string, kind: AnyKind | undefined, hasAll: boolean) {
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (card.current && kind) return onFigures(paintState(card.current, id, kind.strain ?? 'utilisation'));
  }, [id, kind]);
  useEffect(() => {
    const root = card.current;
    if (!root || !kind || !hasAll) return;
    const paints = [...kind.card.map((measure, i) => paintText(partOf(root, `figure${i}`), id, measureOf(kind, measure))), facePainter(kind.face, partOf(root, 'face'), kind, id)];
    return onFigures((frame, layout) => {
      for (const paint of paints) paint(frame, layout);
    });
  }, [id, kind, hasAll]);
  return card;
}

function FaceView({ face }: { face: Face }) {
  switch (face.form) {
    case 'bar':
      return <div className={styles['bar']} data-part="face"><i /></div>;
    case 'ring':
      return (
        <div className={styles['ring']} data-part="face">
          <svg viewBox="0 0 28 28"><circle cx="14" cy="14" r="11" /><circle cx="14" cy="14" r="11" strokeDasharray={ringLength} strokeDashoffset={ringLength} /></svg>
        </div>
      );
    case 'spark':
      return <div className={styles['spark']} data-part="face"><svg viewBox="0 0 174 24" preserveAspectRatio="none"><path d="" /><path d="" /></svg></div>;
    case 'cells':
    case 'slots':
      return <div className={styles[face.form]} data-part="face" />;
  }
}

function Ports({ kind }: { kind: AnyKind }) {
  return portsOf(kind).map(({ id, type, position, quiet, attaching }) => (
    <Handle key={id} id={id} type={type} position={position} className={styles[quiet ? 'quiet' : 'port']} data-wire={attaching ? 'prefix' : undefined}
      isConnectable={!quiet || type === 'target'} isConnectableStart={!quiet} />
  ));
}

/** Keys with which a button is pressed are its own: the board would select or move the card. */
function keepPress(event: KeyboardEvent): void {
  if (event.key === 'Enter' || event.key === ' ') event.stopPropagation();
}

/** A number on the card, which opens why it is what it is. A hand that begins here presses a button and does not drag the card. */
function Asking({ node, measure, name, className, children }: { node: DesignNode; measure: string; name: string; className: string; children: ReactNode }) {
  const ask = (event: MouseEvent<HTMLElement>): void => {
    event.stopPropagation();
    askWhy(node.id, measure, event.currentTarget);
  };
  return (
    <button type="button" className={`nodrag nopan ${styles[className]}`} title="Why this number" aria-haspopup="dialog" aria-labelledby={name} onClick={ask} onKeyDown={keepPress}>
      {children}
    </button>
  );
}

function Rows({ kind, node }: { kind: AnyKind; node: DesignNode }) {
  const under = kind.face.form === 'bar' && kind.face.measure === kind.card[0] ? 0 : 1;
  return kind.card.map((measure, i) => (
    <div key={measure}>
      <div className={styles['row']}>
        <span id={`${node.id}-label${i}`}>{measureOf(kind, measure).label}</span>
        <Asking node={node} measure={measure} className="figure" name={`${node.id}-label${i} ${node.id}-figure${i}`}><b id={`${node.id}-figure${i}`} data-part={`figure${i}`}>–</b></Asking>
      </div>
      {i === under && kind.face.form !== 'ring' && <FaceView face={kind.face} />}
    </div>
  ));
}

/** What goes wrong here, over the edge of the card; nothing, most of the time. */
function Badge({ node }: { node: DesignNode }) {
  const { id } = node;
  const [text, setText] = useState('');
  useEffect(() => onFigures((frame, layout) => setText(badgeText(frame, layout, id))), [id]);
  if (text === '') return null;
  return <Asking node={node} measure="failedShare" className="failing" name={`${id}-badge`}><span id={`${id}-badge`} className={styles['badge']} data-part="badge">{text}</span></Asking>;
}

function subtitle(kind: AnyKind, node: DesignNode): string {
  return kind.subtitle(fullParams(kind, node.params));
}

/** What a card says of its component below the name; whole under the pointer where it is cut off. */
function Subtitle({ text }: { text: string }) {
  return <span title={text}>{text}</span>;
}

/** Tells the style sheet how long a name and its longest word are: from further away, it is written as large as they allow. */
function nameLength(label: string): CSSProperties {
  return { '--length': label.length, '--longest': Math.max(...label.split(/\s+/).map((word) => word.length)) } as CSSProperties;
}

/** A move, which is nothing to what stands on a card, draws none anew. */
function looksTheSame(before: NodeProps<CardNode>, now: NodeProps<CardNode>): boolean {
  const [a, b] = [before.data.node, now.data.node];
  return before.selected === now.selected && (a === b || (a.id === b.id && a.kind === b.kind && a.label === b.label && a.params === b.params));
}

/** A component's card. Its figures are written into it frame by frame and never pass through React. */
export const Card = memo(function Card({ data, selected }: NodeProps<CardNode>) {
  const { node } = data;
  const kind = kindOf(node.kind);
  const isWhole = useWhole(node.id);
  const hasAll = session(({ design }) => design.nodes.length <= manyNodes) || isWhole;
  // What a card of a few has shown so far stays with it. One of many has ports from when a hand first comes near.
  const [isNear, setNear] = useState(false);
  const card = useLiveCard(node.id, kind, hasAll);
  if (!kind) return <article className={styles['card']} ref={card}>{node.label}</article>;
  return (
    <article className={styles['card']} data-selected={selected || undefined} data-plate={!isWhole || undefined} ref={card} onPointerEnter={() => setNear(true)}>
      <header className={styles['head']}>
        <IconTile icon={hasAll ? kind.icon : null} group={kind.group} />
        <div className={styles['names']}>
          <b style={nameLength(node.label)}>{node.label}</b>
          {hasAll && <Subtitle text={subtitle(kind, node)} />}
        </div>
        {hasAll && kind.face.form === 'ring' && <FaceView face={kind.face} />}
      </header>
      {hasAll && <Rows kind={kind} node={node} />}
      <Badge node={node} />
      {(hasAll || isNear) && <Ports kind={kind} />}
    </article>
  );
}, looksTheSame);
