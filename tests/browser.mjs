/** Finds a Chromium for the tests that need a real browser, and gets one where there is none. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';

/** Fit for containers and build machines: no sandbox, no graphics card, and nothing that calls home. */
export const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable', '/snap/bin/chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** What a person can do where no Chromium could be had. */
export const advice = 'No Chromium was found. Set CHROMIUM_PATH to one, or run `npx playwright install --with-deps chromium`.';

/** Path of a Chromium: CHROMIUM_PATH, else one of the system's, else Playwright's own; null where there is none. */
export function findChromium() {
  const own = process.env.CHROMIUM_PATH;
  if (own) return existsSync(own) ? own : null;
  return [...usual, playwrights()].find((path) => path !== '' && existsSync(path)) ?? null;
}

/** Where Playwright keeps its Chromium, whether or not it is there; empty on systems it does not support. */
function playwrights() {
  try {
    return chromium.executablePath();
  } catch {
    return '';
  }
}

/** The same, but tries to install one first where there is none. */
export function ensureChromium() {
  const found = findChromium();
  if (found || process.env.CHROMIUM_PATH) return found;
  console.log('No Chromium was found; trying to install one.');
  const root = process.getuid?.() === 0;
  attempt('npx', ['playwright', 'install', ...(root ? ['--with-deps'] : []), 'chromium']);
  if (!findChromium() && root && existsSync('/usr/bin/apt-get')) {
    attempt('apt-get', ['update', '-qq']);
    attempt('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium']);
  }
  return findChromium();
}

/** Runs a command that may fail, for at most five minutes. */
function attempt(command, words) {
  spawnSync(command, words, { stdio: ['ignore', 'inherit', 'inherit'], timeout: 300_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}
