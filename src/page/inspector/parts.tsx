/** What an estimate is the sum of, each part with its share. */
import type { EstimateRow } from '../../kit/kind.ts';
import { format } from '../../units/format.ts';

/** A description list of the parts; nothing where the row has none. */
export function Parts({ row: { parts = [], unit } }: { row: EstimateRow }) {
  const sum = parts.reduce((all, [, value]) => all + value, 0);
  if (parts.length === 0) return null;
  return (
    <dl aria-label="Parts">
      {parts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{format(value, unit)} <small>{format(value / sum, 'share')}</small></dd>
        </div>
      ))}
    </dl>
  );
}
