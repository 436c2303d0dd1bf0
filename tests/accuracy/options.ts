/** The words that the command is called with. */

/** What is asked for. */
export interface Options {
  readonly truth: string;
  /** Names of the options that were given. */
  readonly given: ReadonlySet<Name>;
}

const names = ['--truth', '--json', '--left-out', '--readme', '--folds', '--fit', '--write'] as const;
type Name = (typeof names)[number];

/** Where the reference figures lie unless another folder is named. */
const USUAL = '../shared/truth';

const isName = (word: string): word is Name => (names as readonly string[]).includes(word);

/** What the words ask for, or a sentence about what is wrong with them. */
export function optionsOf(words: readonly string[]): Options | string {
  let truth = USUAL;
  const given = new Set<Name>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!isName(word)) return `Unknown option ${word}: known are ${names.slice(0, -1).join(', ').replace('--truth', '--truth DIR')} and ${names.at(-1)!}.`;
    given.add(word);
    if (word !== '--truth') continue;
    const folder = words[++i];
    if (!folder || folder.startsWith('--')) return '--truth needs the name of a folder after it.';
    truth = folder;
  }
  if (given.has('--write') && !given.has('--fit')) return '--write goes with --fit, which finds the constants that it writes.';
  if (given.has('--fit') && given.has('--folds')) return '--fit and --folds are two commands: give one of them.';
  return { truth, given };
}
