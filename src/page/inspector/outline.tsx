/** The board as a list: everything that can be done by dragging can be done from here with the keyboard alone. */
import { useState } from 'react';
import type { Design, DesignNode } from '../../design/design.ts';
import { connect, removeItems } from '../../design/edit.ts';
import { wireRefusal } from '../../design/wires.ts';
import { kindOf } from '../../kinds/index.ts';
import { session } from '../../session/store.ts';
import { board } from '../board-view.ts';
import { IconTile } from '../icons.tsx';
import { manyNodes, useMoreAndMore } from '../many.ts';
import { panels } from '../panels.ts';
import styles from './inspector.module.css';

function inspect(id: string): void {
  session.getState().select([id]);
  panels.setState({ tab: 'inspect' });
  board.current?.fit([id]);
}

function remove(id: string, label: string): void {
  session.getState().edit(`Remove ${label}`, (design) => removeItems(design, [id]));
}

/** Where a wire from this component may lead. */
function targetsOf(design: Design, from: string): readonly DesignNode[] {
  return design.nodes.filter((node) => node.id !== from && wireRefusal(design, from, node.id) === null);
}

/** A list of legal targets, of many components only made when it is wanted; choosing one draws the wire. */
export function ConnectTo({ node }: { node: DesignNode }) {
  const design = session((state) => state.design);
  const [isWanted, setWanted] = useState(false);
  const isAsked = isWanted || design.nodes.length <= manyNodes;
  const targets = isAsked ? targetsOf(design, node.id) : [];
  if ((kindOf(node.kind)?.ports.out.length ?? 0) === 0) return null;
  return (
    <select className={styles['connect']} aria-label={`Connect ${node.label} to`} value="" disabled={isAsked && targets.length === 0} onFocus={() => setWanted(true)} onPointerEnter={() => setWanted(true)}
      onChange={(event) => session.getState().edit('Draw wire', (before) => connect(before, node.id, event.target.value))}>
      <option value="">{isAsked && targets.length === 0 ? 'Nothing to connect to' : 'Connect to…'}</option>
      {targets.map((target) => <option key={target.id} value={target.id}>{target.label}</option>)}
    </select>
  );
}

function WireItem({ id, to }: { id: string; to: string }) {
  return (
    <li className={styles['outlineWire']}>
      <button type="button" onClick={() => inspect(id)}>→ {to}</button>
      <button type="button" className={styles['cross']} aria-label={`Remove the wire to ${to}`} onClick={() => remove(id, 'wire')}>×</button>
    </li>
  );
}

function NodeItem({ node, design, selected }: { node: DesignNode; design: Design; selected: boolean }) {
  const kind = kindOf(node.kind);
  const label = (id: string): string => design.nodes.find((one) => one.id === id)?.label ?? id;
  const links = design.links.filter((link) => link.from === node.id);
  return (
    <li className={styles['outlineNode']} data-selected={selected || undefined}>
      <div>
        {kind && <IconTile icon={kind.icon} group={kind.group} />}
        <button type="button" aria-pressed={selected} onClick={() => inspect(node.id)}>{node.label}</button>
        <button type="button" className={styles['cross']} aria-label={`Remove ${node.label}`} onClick={() => remove(node.id, node.label)}>×</button>
      </div>
      {links.length > 0 && <ul>{links.map((link) => <WireItem key={link.id} id={link.id} to={label(link.to)} />)}</ul>}
      <ConnectTo node={node} />
    </li>
  );
}

/** Components and wires as a list with buttons. */
export function Outline() {
  const design = session((state) => state.design);
  const selection = session((state) => state.selection);
  const drawn = useMoreAndMore(design.nodes.length, 24);
  if (design.nodes.length === 0) return <p className={styles['soft']}>Nothing on the board yet. Press / and type the name of a component, then Enter.</p>;
  return (
    <ul className={styles['outline']}>
      {design.nodes.slice(0, drawn).map((node) => <NodeItem key={node.id} node={node} design={design} selected={selection.has(node.id)} />)}
    </ul>
  );
}
