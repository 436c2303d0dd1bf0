import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin, type UserConfig } from 'vite';

/** Served with the preview, so that the tests run under the same rules as any host that sends them. */
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sim-worker",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** Module constants stay `const` in the bundle: V8 then folds typed arrays and numbers into the code (10 % of the time of an event). */
const output = { topLevelVar: false };

/** How a measure is counted, at the end of the line that declares it. */
const counting = /^( {4}\w+: \{ label: .*?, )total: .*?((?:, chart: '\w+')?) \},$/gm;

/**
 * The page shows components but never runs them: that is the worker's part, which brings its own copy. Without their running forms a third of
 * what the page loads before the first simulation stays away.
 */
const withoutRunningForms: Plugin = {
  name: 'without-running-forms',
  apply: 'build',
  enforce: 'pre',
  transform(code, id) {
    if (!/[\\/]src[\\/]kinds[\\/]/.test(id)) return null;
    const lean = code.replace(/^ {2}build: \(values(?:: \w+)?, site(?:: \w+)?\) => new \w+\(values, site\),$/m, "  build: () => { throw new Error('Components run in the worker.'); },").replace(counting, '$1total: () => 0$2 },');
    return lean === code ? null : { code: lean, map: null };
  },
};

/** Sentences that only the inspector and what it opens show, as literals with what stands before them. */
const explaining = /\b(help|about): ((['"`])(?:(?!\3|\\|\$\{).|\\.)*\3)/g;

/** What a measure is counted of, on the line that declares it. */
const counted = /^( {4}\w+: \{ label: .*?\bformula: )((['"`])(?:(?!\3|\\|\$\{).|\\.)*\3)/gm;

/** All of them, each once, in an order that depends on nothing but the files. */
function explanations(): readonly string[] {
  const files = readdirSync('src/kinds', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).sort();
  return [...new Set(files.flatMap((file) => [explaining, counted].flatMap((sort) => [...readFileSync(`src/kinds/${file}`, 'utf8').matchAll(sort)].map((found) => found[2]!))))];
}

/**
 * The page opens and runs a design before anybody reads about its components: their longer sentences come with the inspector, and in their places
 * stand numbers until then (`src/page/sentences.ts` puts them back). 16 kB less before the first simulation.
 */
const sentencesLater = (): Plugin => {
  let all: readonly string[] = [];
  return {
    name: 'sentences-later',
    apply: 'build',
    enforce: 'pre',
    buildStart: () => void (all = explanations()),
    transform(code, id) {
      if (/[\\/]src[\\/]page[\\/]sentences\.ts$/.test(id)) return { code: code.replace('= [];', `= [${all.join(',')}];`), map: null };
      if (!/[\\/]src[\\/]kinds[\\/]/.test(id)) return null;
      const lean = code
        .replace(explaining, (_, name: string, literal: string) => `${name}: '§${all.indexOf(literal)}'`)
        .replace(counted, (_, before: string, literal: string) => `${before}'§${all.indexOf(literal)}'`);
      return lean === code ? null : { code: lean, map: null };
    },
  };
};

/** Sums by hand that stand in files of their own come with the inspector, which alone shows them (`src/page/sums.ts` puts them in their places). */
const sumsLater: Plugin = {
  name: 'sums-later',
  apply: 'build',
  enforce: 'pre',
  transform(code, id) {
    if (!/[\\/]src[\\/]kinds[\\/]/.test(id)) return null;
    const lean = code.replace(/^import \{ (\w+) \} from '\.\/by-hand\.ts';$/m, 'const $1 = () => [];');
    return lean === code ? null : { code: lean, map: null };
  },
};

/** What is only ever explained, and stands in files of its own: sums by hand, and what figures rest on. */
const explained = /^import \{ ([\w, ]+) \} from '\.\/(?:by-hand|told)\.ts';$/gm;

/** The worker runs components but never explains them: sentences for people stay out of it, and of what has files of its own nothing is left but names. */
const withoutExplanations: Plugin = {
  name: 'without-explanations',
  apply: 'build',
  enforce: 'pre',
  transform(code, id) {
    if (!/[\\/]src[\\/]kinds[\\/]/.test(id)) return null;
    const lean = code.replace(/\b(help|about|doc|note|source|assumes|formula|basis): (['"`])(?:(?!\2|\\|\$\{).|\\.)*\2/g, "$1: ''").replace(explained, (_, names: string) => names.split(', ').map((name) => `const ${name} = () => [];`).join(''));
    return lean === code ? null : { code: lean, map: null };
  },
};

/** A bundle for Node: the command line (`--mode cli`), the benchmark (`--mode bench`) or the comparison with measurements (`--mode accuracy`). */
function forNode(entry: string, name: string): UserConfig {
  return {
    publicDir: false,
    logLevel: 'error',
    build: { ssr: entry, outDir: 'node_modules/.cache/sandtable', emptyOutDir: false, target: 'node20', rolldownOptions: { output: { ...output, entryFileNames: `${name}.mjs` } } },
  };
}

export default defineConfig(({ mode }) => {
  if (mode === 'cli') return forNode('src/cli/main.ts', 'cli');
  if (mode === 'bench') return forNode('tests/bench/main.ts', 'bench');
  if (mode === 'accuracy') return forNode('tests/accuracy/main.ts', 'accuracy');
  return {
    base: './',
    plugins: [react(), withoutRunningForms, sentencesLater(), sumsLater],
    worker: { format: 'es' as const, plugins: () => [withoutExplanations], rolldownOptions: { output } },
    build: { target: 'es2023', rolldownOptions: { output }, modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
    preview: { headers, port: 4173 },
    test: { include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'], testTimeout: 120_000, maxWorkers: Math.max(2, availableParallelism() - 1) },
  };
});
