/** Runs the command line from its bundle, which is built first where a source is newer. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const bundle = join(root, 'node_modules/.cache/sandtable/cli.mjs');

/** Folders and files whose change makes the bundle stale; the page is no part of it. */
const sources = ['src/units', 'src/engine', 'src/kit', 'src/kinds', 'src/design', 'src/run', 'src/share', 'src/cli', 'vite.config.ts', 'package.json'];

/** Milliseconds since 1970 of the newest file at or below a path. */
function newest(path) {
  const here = statSync(path);
  if (!here.isDirectory()) return here.mtimeMs;
  return Math.max(here.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const stale = () => !existsSync(bundle) || sources.some((path) => newest(join(root, path)) > statSync(bundle).mtimeMs);

if (stale()) {
  const { build } = await import('vite');
  await build({ root, configFile: join(root, 'vite.config.ts'), mode: 'cli', logLevel: 'error' });
}
await import(pathToFileURL(bundle).href);
