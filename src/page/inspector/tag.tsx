/** How far a number can be trusted, as a small word beside it. */
import type { Tag as EvidenceTag } from '../../kit/evidence.ts';
import styles from './why.module.css';

const meanings = {
  measured: 'measured, in this run or in the world',
  modelled: 'worked out by a formula',
  published: 'stated by its maker, an operator or a paper',
  assumed: 'taken for granted; replace it by your own figure where you have one',
} as const;

/** The word. */
export function Tag({ tag, children }: { tag: EvidenceTag | 'modelled'; children?: string }) {
  return <i className={styles['tag']} data-tag={tag} title={meanings[tag]}>{children ?? tag}</i>;
}
