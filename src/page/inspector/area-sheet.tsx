/** The inspector of one area: its name, what it stands for, and how far it is from the rest. */
import { groupLevels, type DesignGroup, type GroupLevel } from '../../design/design.ts';
import { renameGroup, setGroupDistance, setGroupLevel } from '../../design/edit.ts';
import { session } from '../../session/store.ts';
import { NumberField } from './number-field.tsx';
import { TitleField } from './title-field.tsx';
import fields from './fields.module.css';
import styles from './inspector.module.css';

const places: readonly GroupLevel[] = ['region', 'zone', 'rack'];

function put(group: DesignGroup, distance: { readonly latency?: number; readonly usdPerGb?: number }, part: string): null {
  session.getState().edit('Change distance', (design) => setGroupDistance(design, group.id, distance), `area:${group.id}:${part}`);
  return null;
}

/** Everything about one area. */
export function AreaSheet({ group }: { group: DesignGroup }) {
  const { edit } = session.getState();
  return (
    <>
      <header className={styles['head']}>
        <div>
          <TitleField label="Name of the area" value={group.label} onChange={(label) => edit('Rename area', (before) => renameGroup(before, group.id, label), `area:${group.id}`)} />
          <p>Components whose middle lies inside belong to it, move with it, and share what befalls it.</p>
        </div>
      </header>
      <label className={fields['field']}>
        <span className={fields['label']}>Stands for</span>
        <select aria-label="What the area stands for" value={group.level} onChange={(event) => edit('Change what an area stands for', (design) => setGroupLevel(design, group.id, event.target.value as GroupLevel))}>
          {groupLevels.map((level) => <option key={level} value={level}>{level === 'area' ? 'nothing but itself' : `a ${level}`}</option>)}
        </select>
      </label>
      {places.includes(group.level) && (
        <>
          <div className={fields['field']}>
            <span className={fields['label']} title="A wire that leaves it takes so much longer, each way.">Distance, one way</span>
            <NumberField label="Distance, one way" value={group.latency} range={{ unit: 'seconds', min: 0, max: 60, integer: false }} slider={false} onChange={(latency) => put(group, { latency }, 'latency')} />
          </div>
          <div className={fields['field']}>
            <span className={fields['label']} title="What answers cost on a wire that leaves it.">Traffic, USD per GB</span>
            <NumberField label="Traffic, USD per GB" value={group.usdPerGb} range={{ unit: 'ratio', min: 0, max: 1000, integer: false }} slider={false} onChange={(usdPerGb) => put(group, { usdPerGb }, 'price')} />
          </div>
        </>
      )}
    </>
  );
}
