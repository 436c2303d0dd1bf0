/** A labelled dashed area behind the cards: a region, a zone, a rack. Dragging its label takes its members along. */
import { NodeResizer, type Node, type NodeProps } from '@xyflow/react';
import { memo } from 'react';
import { renameGroup } from '../../design/edit.ts';
import type { DesignGroup } from '../../design/design.ts';
import { session } from '../../session/store.ts';
import styles from './area.module.css';

/** An area as React Flow carries it. */
export type AreaNode = Node<{ readonly group: DesignGroup }, 'area'>;

function rename(id: string, label: string): void {
  session.getState().edit('Rename area', (design) => renameGroup(design, id, label), `area:${id}`);
}

/** An area; its label is a field while it is selected. */
export const Area = memo(function Area({ data, selected }: NodeProps<AreaNode>) {
  const { group } = data;
  return (
    <div className={styles['area']} data-selected={selected || undefined}>
      <NodeResizer isVisible={selected} minWidth={80} minHeight={60} lineClassName={styles['edge'] ?? ''} handleClassName={styles['corner'] ?? ''} />
      <div className={`area-grip ${styles['grip']}`}>
        {selected
          ? <input key={group.id} className="nodrag" defaultValue={group.label} aria-label="Name of the area" size={Math.max(6, group.label.length)} onChange={(event) => rename(group.id, event.target.value)} />
          : <span>{group.label}</span>}
      </div>
    </div>
  );
});
