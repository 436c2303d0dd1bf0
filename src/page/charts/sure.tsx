/** Near the figures: whether the run is steady and how sure they are, and that only a part is simulated where that is so. */
import { useSyncExternalStore } from 'react';
import { followResults, results } from '../../session/results.ts';
import { session } from '../../session/store.ts';
import styles from './charts.module.css';
import { sureSentence, sureWords } from './sure-words.ts';

const useResult = () => useSyncExternalStore(followResults, () => results.latest);

/** A line of small type. */
export function Sure() {
  const result = useResult();
  const design = session((state) => state.design);
  if (!result) return null;
  return <span title={sureSentence(result)}>{sureWords(result, design)}</span>;
}

/** The same in a sentence. */
export function SureText() {
  const result = useResult();
  const design = session((state) => state.design);
  if (!result) return null;
  return <p className={styles['sure']}><b>This run:</b> {sureWords(result, design)}. {sureSentence(result)}</p>;
}
