/** Constants that a number goes by, each with its tag and its source. */
import { Fragment } from 'react';
import type { Constant } from '../../kit/evidence.ts';
import { format } from '../../units/format.ts';
import { Tag } from './tag.tsx';
import styles from './constants.module.css';

const constantText = ({ value, unit }: Constant): string => (typeof value === 'number' ? format(value, unit) : value);

/** Neighbours with the same tag and source, together. */
function bySource(constants: readonly Constant[]): Constant[][] {
  const groups: Constant[][] = [];
  for (const constant of constants) {
    const last = groups.at(-1);
    if (last?.[0]?.source === constant.source && last[0].tag === constant.tag) last.push(constant);
    else groups.push([constant]);
  }
  return groups;
}

/** Rows of a description list, which is the caller's; those of one source together, above it. */
export function Constants({ constants }: { constants: readonly Constant[] }) {
  return bySource(constants).map((group) => (
    <div key={group[0]!.label} className={styles['constant']}>
      {group.map((constant) => (
        <Fragment key={constant.label}>
          <dt>{constant.label}</dt>
          <dd>{constantText(constant)}<Tag tag={constant.tag} /></dd>
        </Fragment>
      ))}
      <dd className={styles['source']}>{group[0]!.source}</dd>
    </div>
  ));
}
