/** Measurements inside Chromium: the workloads in a worker, and frames per second of the page with 300 live components. */
import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser } from '@playwright/test';
import { build, preview } from 'vite';
import { toLink } from '../../src/share/link.ts';
import { crowd } from './workloads.ts';

/** What a worker measured of one workload. */
export interface InWorker {
  readonly id: string;
  readonly eventsPerSecond: number;
  readonly firstOverWarm: number;
}

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A headless Chromium, or null with a word why not. */
export async function openBrowser(executablePath: string | undefined): Promise<Browser | null> {
  try {
    return await chromium.launch({ args: flags, ...(executablePath === undefined ? {} : { executablePath }) });
  } catch {
    return null;
  }
}

/** W1–W4 in a worker of that browser. */
export async function inWorker(browser: Browser): Promise<readonly InWorker[]> {
  await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: { outDir: 'node_modules/.cache/sandtable/worker', target: 'es2023', lib: { entry: 'tests/bench/in-worker.ts', formats: ['es'], fileName: 'worker' }, rolldownOptions: { output: { topLevelVar: false } } },
  });
  const server = await serve('node_modules/.cache/sandtable/worker/worker.js');
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return await page.evaluate(
      () =>
        new Promise<InWorker[]>((resolve, reject) => {
          const seen: InWorker[] = [];
          const worker = new Worker('/worker.js', { type: 'module' });
          worker.onerror = (e) => reject(new Error(e.message));
          worker.onmessage = (e: MessageEvent<InWorker>) => (e.data.id === 'done' ? resolve(seen) : seen.push(e.data));
        }),
    );
  } finally {
    server.close();
  }
}

function serve(file: string): Promise<Server> {
  const server = createServer((request, response) => {
    const script = request.url === '/worker.js';
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
    response.end(script ? readFileSync(file) : '<!doctype html><title>bench</title>');
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Frames per second of the built page over five seconds with 300 components running, and the longest frame in milliseconds. */
export async function framesPerSecond(browser: Browser): Promise<{ readonly fps: number; readonly longestFrameMs: number }> {
  const server = await preview({ logLevel: 'error', preview: { port: 0, host: '127.0.0.1' } });
  try {
    const address = server.httpServer.address() as AddressInfo;
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`http://127.0.0.1:${address.port}/${await toLink(crowd(300))}`);
    await page.waitForSelector('.react-flow__node', { timeout: 20_000 });
    await page.waitForTimeout(3000);
    return await page.evaluate(
      () =>
        new Promise<{ fps: number; longestFrameMs: number }>((resolve) => {
          const started = performance.now();
          let frames = 0;
          let last = started;
          let longest = 0;
          const tick = (now: number): void => {
            frames++;
            longest = Math.max(longest, now - last);
            last = now;
            if (now - started < 5000) requestAnimationFrame(tick);
            else resolve({ fps: (frames * 1000) / (now - started), longestFrameMs: longest });
          };
          requestAnimationFrame(tick);
        }),
    );
  } finally {
    await server.close();
  }
}
