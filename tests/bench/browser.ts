/** Measurements inside Chromium: the workloads in a worker, and the built page: its frames with 300 live components, and how fast big scenarios run in it. */
import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { chromium, type Browser } from '@playwright/test';
import { build, preview } from 'vite';
import type { Design } from '../../src/design/design.ts';
import { gateScenarioText } from '../../src/design/scenario.ts';
import { toLink } from '../../src/share/link.ts';
import { workerCpuSeconds } from './worker-cpu.ts';
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

/** How long a browser is left alone once its page is open, in milliseconds: on two cores its own start otherwise doubles the time of a first run (measured: 1.1–1.3 × warm, not 1.3–1.9). */
const REST = 2000;

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
    await setTimeout(REST);
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

/** What a person at the page gets. */
export interface InPage {
  readonly fps: number;
  readonly longestFrameMs: number;
  /** Simulated seconds per second on the wall, both as the page shows them. */
  readonly timesRealTime: number;
  /** Share of a processor that the simulation's worker had meanwhile; null where that is not known. On a machine with others it is below 1. */
  readonly workerShare: number | null;
}

/** The simulated clock as the page shows it, in seconds; runs in the page. */
const shownSeconds = (): number => document.querySelector('[role=timer] span')!.textContent.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);

/** The built page with a design running in it, over so many seconds on the wall after as many to settle. */
export async function inPage(browser: Browser, design: Design, seconds: number): Promise<InPage> {
  const server = await preview({ logLevel: 'error', preview: { port: 0, host: '127.0.0.1' } });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  try {
    const address = server.httpServer.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${address.port}/${await toLink(design)}`);
    await page.waitForSelector('.react-flow__node', { timeout: 20_000 });
    await page.waitForTimeout(3000);
    const [cpu, from] = [workerCpuSeconds(), await page.evaluate(shownSeconds)];
    const { took, ...frames } = await page.evaluate(countFrames, seconds * 1000);
    const share = (workerCpuSeconds() - cpu) / took;
    return { ...frames, timesRealTime: ((await page.evaluate(shownSeconds)) - from) / took, workerShare: Number.isNaN(share) ? null : share };
  } finally {
    await page.close();
    await server.close();
  }
}

/** Frames drawn from now on, and the seconds it took; runs in the page. */
function countFrames(milliseconds: number): Promise<{ fps: number; longestFrameMs: number; took: number }> {
  return new Promise((resolve) => {
    const started = performance.now();
    let [frames, last, longest] = [0, started, 0];
    const tick = (now: number): void => {
      frames++;
      longest = Math.max(longest, now - last);
      last = now;
      if (now - started < milliseconds) requestAnimationFrame(tick);
      else resolve({ fps: (frames * 1000) / (now - started), longestFrameMs: longest, took: (now - started) / 1000 });
    };
    requestAnimationFrame(tick);
  });
}

/** The built page with 300 components running. */
export const crowded = (browser: Browser): Promise<InPage> => inPage(browser, crowd(300), 5);

/** The built page with the reference design of a scenario at full speed: every request simulated, and no end in sight. */
export function scenarioInPage(browser: Browser, slug: string): Promise<InPage> {
  const gated = gateScenarioText(readFileSync(`scenarios/${slug}.json`, 'utf8'));
  if (!gated.ok) throw new Error(gated.why);
  const { reference } = gated.value;
  return inPage(browser, { ...reference, run: { ...reference.run, speed: 0, slice: 1, seconds: 3600 } }, 4);
}
