/** Chance and design told apart: many seeds with bands, two designs in pairs, a slice of a fleet, and what a person is told when something else is wrong. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { askers, card, clockOf, expect, inspector, nameOf, open, select, setField, setSpeed, test, waitUntil } from './board.ts';

/** Two minutes of a service that is busy for three quarters of its time. */
const busy = (change = {}) => askers({
  nodes: [
    { id: 'users-1', kind: 'users', label: 'Users', x: 0, y: 0, params: { arrivalRate: 300 } },
    { id: 'service-1', kind: 'service', label: 'Service', x: 320, y: 0, params: { serverCount: 4, serviceTime: { shape: 'exponential', mean: 0.01, cv: 1 } } },
  ],
  run: { seed: 1, seconds: 120, warmupSeconds: 10, speed: 1 },
  ...change,
});

const panel = (page: Page): Locator => page.getByRole('dialog', { name: 'Chance, or the design?' });
const bands = (page: Page, chart: string): Locator => page.locator(`[data-chart="${chart}"] path.spread`);

async function repeat(page: Page, seeds: number): Promise<void> {
  if (!(await panel(page).isVisible())) await page.getByRole('button', { name: 'More seeds' }).click();
  await panel(page).getByLabel('Seeds').selectOption(String(seeds));
  await panel(page).getByRole('button', { name: `Repeat with ${seeds} seeds` }).click();
}

test('seeds of their own give bands on the charts and means with half-widths, and the workers go home', async ({ page }) => {
  await open(page, busy());
  await waitUntil(page, 1);
  await repeat(page, 5);
  const row = panel(page).getByRole('row', { name: /Service utilisation/ });
  await expect(row).toContainText(/7[3-7]\.?\d* ± \d+\.\d+ %/, { timeout: 30_000 });
  await expect(panel(page).getByRole('row', { name: /p99 latency/ })).toContainText(/\d ± \d.* ms/);
  for (const chart of ['latency', 'waiting', 'utilisation']) await expect(bands(page, chart).first()).toHaveAttribute('d', /^M/);
  await expect.poll(() => page.workers().length).toBe(1);
  await panel(page).getByLabel('Bands in the charts').uncheck();
  await expect(bands(page, 'latency')).toHaveCount(0);
  await panel(page).getByLabel('Bands in the charts').check();

  await select(page, 'service-1');
  await setField(page, 'Servers', '8');
  await expect(panel(page).getByText('The design has been changed since.')).toBeVisible();
  await expect(page.locator('[data-chart="latency"]').getByText('5 seeds, outdated')).toBeVisible();
  await panel(page).getByLabel('Compare with').selectOption('the design as opened');
  await panel(page).getByRole('button', { name: /^Repeat with/ }).click();
  await expect(panel(page).getByRole('row', { name: /p99 latency/ }).locator('[data-outcome="better"]')).toContainText(/−[\d.]+ ± [\d.]+ (ms|µs) \(better\)/, { timeout: 30_000 });
  await expect(panel(page).getByRole('row', { name: /cost\/h/ }).locator('[data-outcome="worse"]')).toBeVisible();
  await panel(page).getByRole('button', { name: 'Forget' }).click();
  await expect(bands(page, 'latency')).toHaveCount(0);
});

test('a study can be given up at any time', async ({ page }) => {
  await open(page, busy({ run: { seed: 1, seconds: 80_000, warmupSeconds: 0, speed: 1 } }));
  await waitUntil(page, 1);
  await repeat(page, 40);
  await expect(panel(page).getByRole('progressbar')).toBeVisible();
  await expect.poll(() => page.workers().length).toBeGreaterThan(1);
  const before = await clockOf(page);
  await waitUntil(page, before + 1);
  await panel(page).getByRole('button', { name: 'Cancel' }).click();
  await expect(panel(page).getByRole('progressbar')).toHaveCount(0);
  await expect.poll(() => page.workers().length).toBe(1);
  await panel(page).press('Escape');
  await expect(panel(page)).toHaveCount(0);
});

test('the warm-up can be found in the run, and how sure its figures are is said beside them', async ({ page }) => {
  await open(page, busy());
  await setSpeed(page, 64);
  await expect(inspector(page).getByText(/^This run: steady after 10 s; p99 ±/)).toBeVisible({ timeout: 20_000 });
  await inspector(page).getByLabel('Warm-up is').selectOption('found in the run');
  await expect(inspector(page).getByRole('textbox', { name: 'Warm-up', exact: true })).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Timeline of the run' }).getByText(/^(steady|not steady)/)).toBeVisible({ timeout: 20_000 });
});

test('a slice of a fleet is marked, with what it bends, and is gone with the next start', async ({ page }) => {
  await open(page, busy());
  await waitUntil(page, 1);
  await expect(page.getByRole('button', { name: /^1 in/ })).toHaveCount(0);
  await setField(page, 'Simulate one in', '3');
  const mark = page.getByRole('button', { name: '1 in 3' });
  await expect(mark).toBeVisible();
  await expect(page.getByText('1 in 3 simulated; figures scaled back')).toBeVisible();
  await mark.click();
  await expect(page.getByRole('dialog', { name: 'What is simulated' })).toContainText('“Service”: servers 4 does not divide by 3; 1 stand for it.');
  await page.keyboard.press('Escape');
  // Scaled back: as many requests a second as the whole fleet has.
  await page.locator('[data-chart="waiting"]').getByRole('button', { name: 'Throughput' }).click();
  await setSpeed(page, 16);
  await waitUntil(page, 20);
  await expect(page.locator('[data-chart="waiting"] figcaption')).toHaveText(/^Of (2[5-9]|3[0-4])\d \/s offered/);
  await setField(page, 'Simulate one in', '1');
  await expect(mark).toHaveCount(0);
});

test('D takes a component down and up again', async ({ page }) => {
  await open(page, busy());
  await waitUntil(page, 1);
  await select(page, 'service-1');
  await page.getByRole('main').press('d');
  await expect(card(page, 'service-1')).toContainText('Crash');
  await waitUntil(page, (await clockOf(page)) + 0.5);
  await page.keyboard.press('d');
  await expect(card(page, 'service-1')).not.toContainText('Crash');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys and gestures' }).getByRole('row', { name: /Take what is selected down, or up again/ })).toContainText('D');
});

test('a wire’s sheet stays folded where nothing is set', async ({ page }) => {
  await open(page, busy({ links: [{ from: 'users-1', to: 'service-1', params: { hedgeDelay: 0.5 } }] }));
  await page.locator('.react-flow__edge').first().click({ force: true });
  await expect(inspector(page).getByRole('textbox', { name: 'Hedge after', exact: true })).toBeVisible();
  await expect(inspector(page).getByRole('textbox', { name: 'Timeout', exact: true })).toBeHidden();
  await inspector(page).getByText('Timeout and retries').click();
  await expect(inspector(page).getByRole('textbox', { name: 'Timeout', exact: true })).toBeVisible();
  await expect(inspector(page).getByText('1 set')).toBeVisible();
});

test('a run that says nothing can be started again without losing the design', async ({ page }) => {
  await open(page, busy());
  await waitUntil(page, 1);
  await page.workers()[0]!.evaluate(() => {
    setTimeout(() => {
      for (;;);
    });
  });
  await page.getByRole('button', { name: 'Start it again' }).click({ timeout: 8_000 });
  await page.getByRole('button', { name: 'Play' }).click();
  await waitUntil(page, 0.5);
  await expect(card(page, 'service-1')).toBeVisible();
});

test('of two tabs with one design, one writes; the other can take over', async ({ page, context }) => {
  await open(page, busy({ name: 'Shared' }));
  await nameOf(page).fill('Shared by two');
  await nameOf(page).press('Enter');
  // Written a moment after the edit.
  await page.waitForTimeout(1000);
  const other = await context.newPage();
  await other.goto('./');
  await expect(nameOf(other)).toHaveValue('Shared by two');
  await other.getByRole('button', { name: 'Take over' }).click();
  await expect(other.getByText('open in another tab')).toHaveCount(0);
  await expect(page.getByText('open in another tab')).toBeVisible();
  await nameOf(other).fill('Gone on elsewhere');
  await nameOf(other).press('Enter');
  await other.waitForTimeout(1000);
  await page.bringToFront();
  await page.getByRole('button', { name: 'Take over' }).click();
  await expect(nameOf(page)).toHaveValue('Gone on elsewhere');
  await expect(other.getByText('open in another tab')).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const)
  for (const [width, height] of [[1440, 900], [390, 844]] as const) {
    test.describe(`${colorScheme}, ${width} wide`, () => {
      test.use({ colorScheme, viewport: { width, height }, contextOptions: { reducedMotion: 'reduce' } });

      test('the figures of a study, a slice and its bends have no fault that axe can find', async ({ page }) => {
        const faultless = async (state: string): Promise<void> => {
          const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
          expect.soft(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}`)), state).toEqual([]);
        };
        await open(page, busy({ run: { seed: 1, seconds: 120, warmupSeconds: 10, speed: 4, slice: 2 } }));
        await waitUntil(page, 1);
        await page.getByRole('button', { name: '1 in 2' }).click();
        await faultless('what is bent');
        await page.keyboard.press('Escape');
        if (width < 760) await page.getByRole('button', { name: 'Charts' }).click();
        await page.getByRole('button', { name: 'More seeds' }).click();
        await faultless('before a study');
        await repeat(page, 5);
        await expect(panel(page).getByRole('row', { name: /p99 latency/ })).toBeVisible({ timeout: 30_000 });
        await faultless('a study');
      });
    });
  }
