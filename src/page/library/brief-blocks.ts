/** How the text of a brief is set: paragraphs apart by an empty line, and lines that follow one another without one as a list; a line before them that ends in a colon leads to it. */

/** One thing of a list; what stands before its first colon names it, if it is short. */
export interface Line {
  readonly name: string;
  readonly text: string;
}

/** A paragraph, or the lines of a list. */
export type Block = { readonly text: string } | { readonly lines: readonly Line[] };

/** A name is a few words: this many characters at most. */
const longestName = 48;

function lineOf(text: string): Line {
  const at = text.indexOf(': ');
  return at > 0 && at <= longestName ? { name: text.slice(0, at), text: text.slice(at + 2) } : { name: '', text };
}

/** A brief in its blocks, none of them empty. */
export function blocksOf(brief: string): readonly Block[] {
  const parts = brief.split(/\n\s*\n/).map((part) => part.split('\n').map((line) => line.trim()).filter((line) => line !== ''));
  return parts.filter((lines) => lines.length > 0).flatMap(([first = '', ...more]) => {
    if (more.length === 0) return [{ text: first }];
    return first.endsWith(':') ? [{ text: first }, { lines: more.map(lineOf) }] : [{ lines: [first, ...more].map(lineOf) }];
  });
}

/** What a brief begins with, where there is room for a few lines only. */
export function beginning(brief: string): string {
  return brief.trim().split('\n')[0] ?? '';
}
