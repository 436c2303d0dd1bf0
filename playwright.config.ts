/** Whole journeys in a real Chromium, over the built site, under the headers it is meant to be served with. */
import { defineConfig } from '@playwright/test';
import { findChromium, flags } from './tests/browser.mjs';

/** Seldom used by anything else. */
const port = 4187;
const executablePath = findChromium();

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  fullyParallel: false,
  workers: 1,
  // A shared machine may stall for a second; whatever needed a second try is named at the end all the same.
  retries: 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: !!process.env['CI'],
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    viewport: { width: 1440, height: 900 },
    trace: 'off',
    launchOptions: { args: [...flags], ...(executablePath === null ? {} : { executablePath }) },
  },
  webServer: {
    command: `node node_modules/vite/bin/vite.js preview --host 127.0.0.1 --port ${port} --strictPort`,
    url: `http://127.0.0.1:${port}/`,
    reuseExistingServer: false,
  },
});
