/** The legend of a chart: one button per line; pressing it shows that line alone, pressing it again shows all. */
import styles from './charts.module.css';
import type { Line } from './marks.ts';

/** What a legend needs of a line. */
export type Key = Pick<Line, 'key' | 'name' | 'stroke' | 'dash' | 'weight'>;

/** What a line's name ends in where several lines are of one component: that tells them apart, and stands on a line of its own. */
function Name({ name }: { name: string }) {
  const at = name.lastIndexOf(' · ');
  return at < 0 ? <span>{name}</span> : <span className={styles['both']}><span>{name.slice(0, at)}</span><span className="visually-hidden"> · </span><span>{name.slice(at + 3)}</span></span>;
}

/** One button per line of the chart. */
export function Legend({ keys, isolated, isolate }: { keys: readonly Key[]; isolated: string | null; isolate: (key: string | null) => void }) {
  return (
    <div className={styles['legend']}>
      {keys.map(({ key, name, stroke, dash, weight }) => (
        <button key={key} type="button" aria-pressed={isolated === key} title={isolated === key ? 'Show all lines' : `Show ${name} alone`}
          onClick={() => isolate(isolated === key ? null : key)}>
          <svg width="16" height="8" aria-hidden="true">
            <line x1="1" x2="15" y1="4" y2="4" stroke={stroke} strokeWidth={weight + 0.4} strokeDasharray={dash || undefined} />
          </svg>
          <Name name={name} />
        </button>
      ))}
    </div>
  );
}
