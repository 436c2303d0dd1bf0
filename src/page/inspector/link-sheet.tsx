/** The inspector of one wire: where it leads, its parameters, and how it fares. */
import type { DesignLink } from '../../design/design.ts';
import { removeItems, setLinkParam } from '../../design/edit.ts';
import { fullValues } from '../../design/params.ts';
import { linkParams } from '../../kinds/link.ts';
import type { Params } from '../../kit/param.ts';
import { linkMeasures } from '../../run/protocol.ts';
import { session } from '../../session/store.ts';
import { format } from '../../units/format.ts';
import type { Unit } from '../../units/unit.ts';
import { linkFigure, useCalmFrame } from '../live.ts';
import { ParamSheet } from './param-field.tsx';
import styles from './inspector.module.css';

const params: Params = linkParams;
const figures: Readonly<Record<(typeof linkMeasures)[number], { label: string; unit: Unit }>> = {
  rate: { label: 'calls', unit: 'requests/second' },
  failedShare: { label: 'failed share', unit: 'share' },
  inFlight: { label: 'under way', unit: 'requests' },
};

function setParam(link: DesignLink, name: string, value: unknown, part = ''): void {
  const label = `Change ${params[name]?.label ?? name} of a wire`;
  session.getState().edit(label, (design) => setLinkParam(design, link.id, name, value), `param:${link.id}:${name}:${part}`);
}

/** Everything about one wire. */
export function LinkSheet({ link }: { link: DesignLink }) {
  const nodes = session((state) => state.design.nodes);
  const layout = session((state) => state.layout);
  const frame = useCalmFrame();
  const label = (id: string): string => nodes.find((node) => node.id === id)?.label ?? id;
  return (
    <>
      <header className={styles['head']}>
        <div>
          <h2>{label(link.from)} → {label(link.to)}</h2>
          <p>A wire: what the network and the caller’s patience do to a call.</p>
        </div>
      </header>
      <dl className={styles['figures']}>
        {linkMeasures.map((measure) => (
          <div key={measure}>
            <dt>{figures[measure].label}</dt>
            <dd>{format(frame && layout ? linkFigure(frame, layout, link.id, measure) : Number.NaN, figures[measure].unit)}</dd>
          </div>
        ))}
      </dl>
      <ParamSheet params={params} stored={link.params} values={fullValues(params, link.params)} put={(name, value, part) => setParam(link, name, value, part)} />
      <button type="button" className={styles['button']} onClick={() => session.getState().edit('Remove wire', (design) => removeItems(design, [link.id]))}>Remove this wire</button>
    </>
  );
}
