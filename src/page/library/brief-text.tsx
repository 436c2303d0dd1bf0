/** A brief as paragraphs and lists. */
import { blocksOf, type Line } from './brief-blocks.ts';
import styles from './library.module.css';

const Rung = ({ line: { name, text } }: { line: Line }) => <li>{name !== '' && <><b>{name}</b>: </>}{text}</li>;

/** What the sign before a claim says. */
export const Dagger = () => <div className={styles['dagger']}>† a claim as interview guides make it, held against the simulation.</div>;

/** The whole text. */
export function BriefText({ brief }: { brief: string }) {
  return (
    <>
      {blocksOf(brief).map((block, i) =>
        'text' in block ? <p key={i}>{block.text}</p> : <ul key={i} className={styles['rungs']}>{block.lines.map((line, k) => <Rung key={k} line={line} />)}</ul>)}
      {brief.includes('†') && <Dagger />}
    </>
  );
}
