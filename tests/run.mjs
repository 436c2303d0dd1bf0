/**
 * `npm test`: types, lint, unit and property tests, the build, and whole journeys in a real browser, one after the other. Every
 * step runs whatever became of those before it; the last line is the sum of all.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { advice, ensureChromium } from './browser.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const notes = join(root, 'node_modules/.cache/sandtable/tests');

/** Test files that simulate for minutes; everything else goes first. */
const slow = ['theory', 'property', 'metamorphic', 'lessons', 'scenarios', 'replays', 'scheduler'];

/** Runs a tool of this project and answers its exit code. Its standard input is empty, so nothing waits for a person. */
function tool(name, words, env = {}) {
  const bin = join(root, 'node_modules/.bin', name);
  return new Promise((settle) => {
    const child = spawn(bin, words, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env }, shell: process.platform === 'win32' });
    child.on('error', (error) => {
      console.error(`${name} could not be started: ${error.message}`);
      settle(1);
    });
    child.on('close', (code) => settle(code ?? 1));
  });
}

/** A step that passes or fails as a whole. */
async function whole(name, words, env) {
  const code = await tool(name, words, env);
  return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/** What a tool wrote about itself, or null where it died before. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** What failed, to be said again at the very end, where it is found at once. */
const failures = [];
const note = (step, name, why = '') => failures.push(`✗ ${step}: ${name}\n    ${why.replace(/\x1b\[[0-9;]*m/g, '').split('\n').slice(0, 6).join('\n    ')}`);

/** All specs in a tree of suites. */
const specsOf = (suites) => suites.flatMap((suite) => [...(suite.specs ?? []), ...specsOf(suite.suites ?? [])]);

/** A tool that failed without naming a failed test still counts as one failure. */
function sum(code, passed, failed, skipped) {
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

async function vitest(name, words) {
  const file = join(notes, `${name}.json`);
  rmSync(file, { force: true });
  const code = await tool('vitest', ['run', '--passWithNoTests', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...words]);
  const said = read(file);
  if (said === null) return sum(code, 0, 0, 0);
  for (const one of said.testResults.flatMap((result) => result.assertionResults)) if (one.status === 'failed') note(name, one.fullName, one.failureMessages?.[0]);
  // A file that cannot even be loaded has no tests to fail.
  const broken = said.testResults.filter((one) => one.status === 'failed' && one.assertionResults.length === 0).length;
  return sum(code, said.numPassedTests, said.numFailedTests + broken, said.numPendingTests + (said.numTodoTests ?? 0));
}

async function playwright() {
  const chromium = ensureChromium();
  if (chromium === null) {
    console.error(advice);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const file = join(notes, 'browser.json');
  rmSync(file, { force: true });
  const code = await tool('playwright', ['test', '--reporter=list,json'], { PLAYWRIGHT_JSON_OUTPUT_FILE: file, CHROMIUM_PATH: chromium });
  const said = read(file);
  for (const spec of specsOf(said?.suites ?? [])) {
    const results = spec.tests.flatMap((test) => test.results);
    const failed = results.find((result) => result.status !== 'passed' && result.status !== 'skipped');
    // One that passed when tried again is named all the same: it is a defect to be found.
    if (failed) note(spec.ok ? 'browser, passed at the second try' : 'browser', `${spec.file} › ${spec.title}`, failed.error?.message);
  }
  const stats = said?.stats;
  return stats ? sum(code, stats.expected + stats.flaky, stats.unexpected, stats.skipped) : sum(code, 0, 0, 0);
}

const steps = [
  ['types', () => whole('tsc', ['-b'])],
  ['lint', () => whole('eslint', ['.', '--max-warnings', '0'])],
  ['quick tests', () => vitest('quick', slow.map((word) => `--exclude=tests/${word}*`))],
  ['build', () => whole('vite', ['build', '--logLevel', 'warn'])],
  ['browser tests', playwright],
  ['slow tests', () => vitest('slow', slow.map((word) => `tests/${word}`))],
];

const wanted = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
const lines = [];
mkdirSync(notes, { recursive: true });
for (const [name, step] of steps.filter(([one]) => wanted.length === 0 || wanted.includes(one))) {
  console.log(`\n── ${name}`);
  const start = performance.now();
  const { passed, failed, skipped } = await step();
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  lines.push(`${failed === 0 ? '✓' : '✗'} ${name}: ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
}
if (failures.length > 0) console.log(`\n${failures.join('\n')}`);
console.log(`\n${lines.join('\n')}`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
