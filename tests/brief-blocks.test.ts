/** Briefs are set as they were written: paragraphs stay apart, and lines under one another stay lines. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { beginning, blocksOf } from '../src/page/library/brief-blocks.ts';

const briefs = readdirSync(new URL('../scenarios/', import.meta.url)).filter((file) => file.endsWith('.json'))
  .map((file) => [file, (JSON.parse(readFileSync(new URL(`../scenarios/${file}`, import.meta.url), 'utf8')) as { readonly brief: string }).brief] as const);

it('a brief is paragraphs and lists, whose lines are named where a few words stand before a colon', () => {
  const long = 'a sentence that is much too long to be the name of anything at all';
  expect(blocksOf(`First.\n\nSecond: no list.\n\n\nbf16: 4 GPUs.\nfp8: 2: half.\n${long}: x\n`)).toEqual([
    { text: 'First.' },
    { text: 'Second: no list.' },
    { lines: [{ name: 'bf16', text: '4 GPUs.' }, { name: 'fp8', text: '2: half.' }, { name: '', text: `${long}: x` }] },
  ]);
  expect(blocksOf('Simulated:\n2: half.\nNot at all.')).toEqual([{ text: 'Simulated:' }, { lines: [{ name: '2', text: 'half.' }, { name: '', text: 'Not at all.' }] }]);
  expect(blocksOf(' \n\n')).toEqual([]);
  expect([beginning('First.\n\nSecond.'), beginning('')]).toEqual(['First.', '']);
});

it.each(briefs)('%s loses nothing and has no block that is a wall', (_, brief) => {
  const blocks = blocksOf(brief);
  const texts = blocks.flatMap((block) => ('text' in block ? [block.text] : block.lines.map(({ name, text }) => (name === '' ? text : `${name}: ${text}`))));
  expect(texts.join(' ')).toBe(brief.replaceAll(/\s+/g, ' ').trim());
  for (const text of texts) expect(text.length).toBeLessThan(900);
});

it('the ladder of the 70B scenario is a list of its rungs', () => {
  const ladder = blocksOf(new Map(briefs).get('llm-70b-30m-per-day.json')!).flatMap((block) => ('lines' in block ? block.lines : []));
  expect(ladder).toHaveLength(6);
  for (const { name } of ladder) expect(name).not.toBe('');
});
