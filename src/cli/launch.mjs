/** Runs the command line from its bundle, which is built first where a source is newer. */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
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

/** Builds beside the bundle and then takes its place, so that another launch never reads half a file. */
async function rebuild() {
  const { build } = await import('vite');
  const outDir = `${bundle}.${process.pid}`;
  await build({ root, configFile: join(root, 'vite.config.ts'), mode: 'cli', logLevel: 'error', build: { outDir } });
  renameSync(join(outDir, 'cli.mjs'), bundle);
  rmSync(outDir, { recursive: true });
}

if (stale()) await rebuild();
await import(pathToFileURL(bundle).href);
