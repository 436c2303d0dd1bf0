/** Constants that a number goes by, each with its tag and its source. */
import type { Constant } from '../../kit/evidence.ts';
import { format } from '../../units/format.ts';
import { Tag } from './tag.tsx';
import styles from './constants.module.css';

const constantText = ({ value, unit }: Constant): string => (typeof value === 'number' ? format(value, unit) : value);

/** Rows of a description list, which is the caller's. */
export function Constants({ constants }: { constants: readonly Constant[] }) {
  return constants.map((constant) => (
    <div key={constant.label} className={styles['constant']}>
      <dt>{constant.label}</dt>
      <dd>{constantText(constant)}<Tag tag={constant.tag} /></dd>
      <dd className={styles['source']}>{constant.source}</dd>
    </div>
  ));
}
