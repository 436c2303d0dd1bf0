/** Near the figures: whether the run is steady and how sure they are, and that only a part is simulated where that is so. */
import { session } from '../../session/store.ts';
import { useSlice } from '../slice.ts';
import { sureSentence, sureWords, useResult } from '../sure.ts';
import styles from './charts.module.css';

/** A line of small type. */
export function Sure() {
  const result = useResult();
  const design = session((state) => state.design);
  if (!result) return null;
  return <span title={sureSentence(result, design)}>{sureWords(result, design)}</span>;
}

/** The same in a sentence. */
export function SureText() {
  const result = useResult();
  const design = session((state) => state.design);
  if (!result) return null;
  return <p className={styles['sure']}><b>This run:</b> {sureWords(result, design)}. {sureSentence(result, design)}</p>;
}

/** That only a part is simulated, where that is so. */
export function Slice() {
  const slice = useSlice();
  return slice > 1 ? <span title="Counts, rates and money are scaled back; the bar on top says where that bends the truth.">1 in {slice.toLocaleString('en')} simulated; figures scaled back</span> : null;
}
