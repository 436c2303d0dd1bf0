/** The inspector of one component: name, parameters, the arithmetic beside the run, every measure, and what it costs. */
import type { DesignNode } from '../../design/design.ts';
import { renameNode, setNodeParam } from '../../design/edit.ts';
import { fullParams } from '../../design/params.ts';
import { kindOf } from '../../kinds/index.ts';
import type { AnyKind } from '../../kit/kind.ts';
import { session } from '../../session/store.ts';
import { format } from '../../units/format.ts';
import { figureText } from '../figure-text.ts';
import { IconTile } from '../icons.tsx';
import { useCalmFrame } from '../live.ts';
import { figureIn, measuresOf } from '../measures.ts';
import { askWhy } from '../why.ts';
import { ByHand } from './by-hand.tsx';
import { ParamSheet } from './param-field.tsx';
import { Tag } from './tag.tsx';
import { TitleField } from './title-field.tsx';
import styles from './inspector.module.css';

function rename(id: string, label: string): void {
  session.getState().edit('Rename', (design) => renameNode(design, id, label), `label:${id}`);
}

function setParam(node: DesignNode, kind: AnyKind, name: string, value: unknown, part = ''): void {
  const label = `Change ${kind.params[name]?.label ?? name} of ${node.label}`;
  session.getState().edit(label, (design) => setNodeParam(design, node.id, name, value), `param:${node.id}:${name}:${part}`);
}

function Measures({ node, kind }: { node: DesignNode; kind: AnyKind }) {
  const layout = session((state) => state.layout);
  const frame = useCalmFrame();
  return (
    <details className={styles['fold']} open>
      <summary>Measured now</summary>
      <dl className={styles['figures']}>
        {measuresOf(kind).map(({ name, label, unit, help }) => {
          const figure = figureIn(frame, layout, node.id, name);
          return (
            <div key={name} data-bad={(name === 'failedShare' && figure > 0) || undefined}>
              <dt title={help}>{label}</dt>
              <dd><button type="button" title="Why this number" aria-haspopup="dialog" aria-label={`${label} ${figureText(figure, unit)}`} onClick={(event) => askWhy(node.id, name, event.currentTarget)}>{figureText(figure, unit)}</button></dd>
            </div>
          );
        })}
      </dl>
    </details>
  );
}

function Costs({ node, kind }: { node: DesignNode; kind: AnyKind }) {
  const rows = kind.cost(fullParams(kind, node.params));
  if (rows.length === 0) return null;
  return (
    <section className={styles['block']} aria-label="What it costs">
      <h3>What it costs</h3>
      <dl className={styles['figures']}>
        {rows.map((row) => (
          <div key={row.label}>
            <dt>{row.label}<small>{row.tag && <Tag tag={row.tag} />} {row.source}</small></dt>
            <dd>{format(row.usdPerHour, 'usd/hour')}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Everything about one component. */
export function NodeSheet({ node }: { node: DesignNode }) {
  const kind = kindOf(node.kind);
  if (!kind) return <p>There is no component kind called “{node.kind}”.</p>;
  return (
    <>
      <header className={styles['head']}>
        <IconTile icon={kind.icon} group={kind.group} large />
        <div>
          <TitleField label="Name of the component" value={node.label} onChange={(label) => rename(node.id, label)} />
          <p>{kind.doc}</p>
        </div>
      </header>
      <ParamSheet params={kind.params} stored={node.params} values={fullParams(kind, node.params)} put={(name, value, part) => setParam(node, kind, name, value, part)} />
      <ByHand node={node} />
      <Measures node={node} kind={kind} />
      <Costs node={node} kind={kind} />
      <details className={styles['fold']}>
        <summary>What it models</summary>
        <p>{kind.about}</p>
      </details>
    </>
  );
}
