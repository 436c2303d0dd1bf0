/**
 * `npm run bench [-- --json]`: how fast the simulator is, as ratios to other programs measured in the same run. Workloads W1–W4 go
 * through the same component kinds that a person drags onto the board, with all measures on; in Node with the compiler setting of the
 * command line, in Chromium as it comes. With `--json` what takes longest is left out: features unused, memory, and big scenarios in the page.
 */
import { existsSync } from 'node:fs';
import type { Browser } from '@playwright/test';
import { inlineMore } from '../../src/cli/compiler.ts';
import { Simulation } from '../../src/run/simulation.ts';
import { crowded, inWorker, openBrowser, scenarioInPage, type InPage, type InWorker } from './browser.ts';
import { features, type Features } from './features.ts';
import { growth, type Growth } from './growth.ts';
import { idle, type Idle } from './idle.ts';
import { memory, type Memory } from './memory.ts';
import { fleet, serving, VIDUR, type Serving } from './serving.ts';
import { workloads, type Workload } from './workloads.ts';
import { cpp, simjs, simpy } from './yardsticks.ts';

interface Row {
  readonly nsPerCustomer: number;
  readonly nsPerEvent: number;
  readonly eventsPerSecond: number;
  readonly firstOverWarm: number;
  readonly meanSojourn: number | null;
  readonly vsCpp: number | null;
  readonly vsSimpy: number | null;
  readonly vsSimjs: number | null;
  readonly chromiumEventsPerSecond: number | null;
  readonly chromiumFirstOverWarm: number | null;
}

function cpuOnce({ design, customers, rate }: Workload): { ns: number; mean: number | null } {
  const sim = new Simulation(design);
  const from = process.cpuUsage();
  sim.runTo(customers / rate);
  const used = process.cpuUsage(from);
  const result = sim.result();
  return { ns: ((used.user + used.system) * 1000) / customers, mean: result.latency.mean };
}

const ratio = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a / b);

/** First and best warm run of each workload in this process, before anything else runs in it. */
function inNode(): readonly { readonly first: number; readonly warm: number; readonly mean: number | null }[] {
  return workloads.map((w) => {
    const first = cpuOnce(w);
    return { first: first.ns, warm: Math.min(...Array.from({ length: 5 }, () => cpuOnce(w).ns)), mean: first.mean };
  });
}

function rows(node: ReturnType<typeof inNode>, chromium: readonly InWorker[]): Record<string, Row> {
  const reference = cpp();
  return Object.fromEntries(
    workloads.map((w, i) => {
      const { first, warm: ns, mean } = node[i]!;
      const there = chromium.find((c) => c.id === w.id);
      return [
        w.id,
        {
          nsPerCustomer: ns,
          nsPerEvent: ns / w.eventsPerCustomer,
          eventsPerSecond: (w.eventsPerCustomer * 1e9) / ns,
          firstOverWarm: first / ns,
          meanSojourn: mean,
          vsCpp: ratio(ns, reference(i + 1)),
          vsSimpy: ratio(simpy(i + 1), ns),
          vsSimjs: ratio(simjs(i + 1), ns),
          chromiumEventsPerSecond: there?.eventsPerSecond ?? null,
          chromiumFirstOverWarm: there?.firstOverWarm ?? null,
        },
      ];
    }),
  );
}

const two = (x: number | null, digits = 2): string => (x === null ? '–' : x.toFixed(digits));

function table(figures: Record<string, Row>): string {
  const head = ['', 'ns/customer', '× C++ (≤ 3)', '× faster than SimPy (≥ 40)', '× faster than simjs (≥ 8)', 'Chromium M events/s (≥ 6)', 'first run ÷ warm (≤ 1.5)'];
  const lines = workloads.map(({ id, title }) => {
    const r = figures[id]!;
    return [`${id} ${title}`, r.nsPerCustomer.toFixed(0), two(r.vsCpp), two(r.vsSimpy, 0), two(r.vsSimjs, 1), two(r.chromiumEventsPerSecond && r.chromiumEventsPerSecond / 1e6), two(r.chromiumFirstOverWarm)];
  });
  return [head, ...lines].map((cells) => cells.map((c, i) => (i === 0 ? c.padEnd(28) : c.padStart(26))).join('')).join('\n');
}

const grown = (g: Growth): string => `ns per event: 10 → ${g.nodes} components ${two(g.byNodes)}×; 10² → 10⁵ pending events ${two(g.byPending)}×`;

const used = (f: Features): string => `ns per event: without any feature ${two(f.noneNsPerEvent, 0)}; with timeouts, retries, hedges, breakers, priorities, tenants, shedding, faults, areas and an autoscaler ${two(f.allNsPerEvent, 0)}`;

function unused(costs: readonly Idle[]): string {
  const of = (key: 'off' | 'watching'): string => costs.map((c) => `${c.id.toUpperCase()} ${two(c[key])}`).join(', ');
  return [
    'CPU time against the same workload with nothing set (there is no engine without the features to compare with):',
    `  timeouts, retries, hedges, breakers, loss spelled out as none on every wire, two faults planned for after the end: ${of('off')} (< 1.15)`,
    `  retries on every wire as well, and nothing ever fails (in use, so no bar): ${of('watching')}`,
  ].join('\n');
}

function remembered(runs: readonly Memory[]): string {
  const of = (text: (m: Memory) => string): string => runs.map((m) => `${m.id.toUpperCase()} ${text(m)}`).join(', ');
  return [
    `bytes allocated per event in steady state (0): ${of((m) => two(m.bytesPerEvent, 1))}`,
    `memory held after ten times the simulated time (flat is 1×): ${of((m) => `${two(m.heldAfterTenTimes)}× of ${two(m.heldBytes / 1e6, 1)} MB`)}`,
  ].join('\n');
}

const share = ({ workerShare: s }: InPage): string => (s === null ? '' : `; its worker had ${(100 * s).toFixed(0)} % of a processor, all of one would make it ${two(1 / s)} times as fast`);

/** The page's own bars. */
function paged({ page300, lookupsInPage: lookups, fleetInPage }: Paged): string {
  return [
    `page with 300 components: ${page300.fps.toFixed(0)} frames/s (≥ 50), longest frame ${page300.longestFrameMs.toFixed(0)} ms`,
    `500,000 look-ups/s in the page, every one simulated: ${two(lookups.timesRealTime)} × real time (> 1) at ${lookups.fps.toFixed(0)} frames/s (60)${share(lookups)}`,
    `10,000 requests/s to a 175B model in the page, the whole fleet: ${two(fleetInPage.timesRealTime, 1)} × real time (≥ 10) at ${fleetInPage.fps.toFixed(0)} frames/s${share(fleetInPage)}`,
  ].join('\n');
}

interface Paged {
  readonly page300: InPage;
  readonly lookupsInPage: InPage;
  readonly fleetInPage: InPage;
}

const inThePage = async (browser: Browser, page300: InPage): Promise<Paged> => ({
  page300,
  lookupsInPage: await scenarioInPage(browser, 'embedding-lookup-500k-qps'),
  fleetInPage: await scenarioInPage(browser, 'llm-175b-10k-rps'),
});

function served(streams: readonly Serving[]): string {
  const lines = streams.map(({ id, requestsPerCpuSecond: r }) => `  ${id.padEnd(36)}${Math.round(r).toLocaleString('en').padStart(10)} requests per CPU second (≥ 290,000), ${Math.round(r / VIDUR)} × Vidur’s loop (≥ 300)`);
  return ['language-model serving, 1,024 tokens in and 256 out:', ...lines].join('\n');
}

async function main(): Promise<void> {
  inlineMore();
  const json = process.argv.includes('--json');
  const node = inNode();
  const chrome = process.env['CHROMIUM_PATH'] ?? ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((p) => existsSync(p));
  const browser = await openBrowser(chrome);
  const chromium = browser === null ? [] : await inWorker(browser);
  const page300 = browser !== null && existsSync('dist/index.html') ? await crowded(browser) : null;
  const page = browser !== null && page300 !== null && !json ? await inThePage(browser, page300) : null;
  await browser?.close();
  const figures = rows(node, chromium);
  const grows = growth();
  const costs = features();
  const llm = serving();
  const timesReal = fleet();
  if (json) return void console.log(JSON.stringify({ ...figures, page300, growth: grows, features: costs, serving: llm, fleetTimesRealTime: timesReal }));
  console.log(table(figures));
  console.log(grown(grows));
  console.log(used(costs));
  console.log(unused(idle()));
  console.log(remembered(await memory()));
  console.log(served(llm));
  console.log(`10,000 requests/s to a 175B model, the whole fleet: ${two(timesReal, 0)} × real time (≥ 10)`);
  console.log(page === null ? 'the page: not measured (run npm run build first; needs a Chromium)' : paged(page));
}

await main();
