/** Every number on a card says why: by mouse and by keyboard, with formula, constants, sources and the arithmetic beside it. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { askers, card, drag, expect, inspector, middle, open, select, test, waitUntil } from './board.ts';

const panel = (page: Page, figure: string): Locator => page.getByRole('dialog', { name: figure });
const figureOn = (page: Page, id: string, figure: string): Locator => card(page, id).getByRole('button', { name: figure });

/** Four servers for what eight would do easily: the line is bounded, so that run and arithmetic disagree. */
const crowded = askers({
  nodes: [
    { id: 'users-1', kind: 'users', label: 'Users', x: 0, y: 0, params: { arrivalRate: 500 } },
    { id: 'service-1', kind: 'service', label: 'Service', x: 320, y: 0, params: { serverCount: 4, waitingRoom: 10 } },
  ],
});

async function faultless(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  expect(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} – ${node.failureSummary ?? ''}`))).toEqual([]);
}

test('a click on a card’s number tells how it comes about, and does not drag the card', async ({ page }) => {
  await open(page, crowded);
  await waitUntil(page, 2);
  const before = await card(page, 'service-1').boundingBox();
  const at = await middle(figureOn(page, 'service-1', 'utilisation'));
  await drag(page, at, { x: at.x + 60, y: at.y + 90 });
  expect(await card(page, 'service-1').boundingBox()).toEqual(before);

  await figureOn(page, 'service-1', 'utilisation').click();
  const shown = panel(page, 'utilisation');
  await expect(shown).toContainText('measured in this run');
  await expect(shown).toContainText('∫ busy servers dt ÷ ∫ servers dt');
  await expect(shown.locator('dl div', { hasText: 'Servers' })).toContainText(/4.*assumed.*entered on this component/s);
  await expect(shown.getByRole('heading', { name: /By hand/ })).toContainText('100 %');
  await expect(shown).toContainText('First wall as load grows: servers, at 400 /s.');

  await shown.getByRole('button', { name: 'Why: arrivals' }).click();
  await expect(panel(page, 'arrivals')).toContainText('calls that arrived ÷ seconds');
  await panel(page, 'arrivals').getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('an iteration of a GPU pool says what it is the sum of, and what that rests on', async ({ page }) => {
  await page.goto('./');
  await card(page, 'pool').locator('header').click();
  const hand = page.getByRole('region', { name: 'By hand, and as simulated' });
  await hand.locator('summary').filter({ hasText: /^iteration/ }).click();
  const parts = hand.getByLabel('Parts');
  for (const part of ['products ⊕ weights', 'keys and values', 'exchange', 'engine', 'prompts']) await expect(parts).toContainText(part);
  await hand.locator('details[open]').getByRole('button', { name: 'Why the run says so' }).click();
  const shown = panel(page, 'iteration');
  await expect(shown).toContainText('∫ busy replicas dt ÷ iterations');
  await expect(shown).toContainText('Share of bandwidth, weights');
  await expect(shown).not.toContainText('§');
});

test('by keyboard: Enter opens it, Escape closes it and leaves the focus where it was', async ({ page }) => {
  await open(page, crowded);
  await waitUntil(page, 2);
  await card(page, 'service-1').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(figureOn(page, 'service-1', 'waiting')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(panel(page, 'waiting').getByRole('heading', { name: 'waiting Service' })).toBeFocused();
  await expect(panel(page, 'waiting')).toContainText('By hand it grows without end. Arithmetic takes for granted: an unbounded queue and independent arrivals.');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(figureOn(page, 'service-1', 'waiting')).toBeFocused();
});

test('the number goes on while the panel is open, and what fails says so too', async ({ page }) => {
  await open(page, crowded);
  await waitUntil(page, 2);
  await card(page, 'service-1').getByRole('button', { name: /queue full/ }).click();
  await expect(panel(page, 'failed share')).toContainText('calls that failed ÷ calls that came to an end');
  await expect(panel(page, 'failed share')).toContainText('It begins here: queue full, the line was as long as it may be.');
  const value = (): Promise<string> => panel(page, 'failed share').getByRole('status').innerText();
  const first = await value();
  await expect.poll(value).not.toBe(first);
  await page.keyboard.press('Escape');
  await card(page, 'users-1').getByRole('button', { name: /queue full/ }).click();
  await panel(page, 'failed share').getByRole('button', { name: 'Service' }).click();
  await expect(inspector(page).getByLabel('Name of the component')).toHaveValue('Service');
  await expect(panel(page, 'failed share').locator('dl div', { hasText: 'queue full' })).toContainText(/\d+ = \d+(\.\d+)? %/);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

    test('has no fault that axe can find, on a desk and on a phone', async ({ page }) => {
      await open(page, crowded);
      await waitUntil(page, 2);
      await figureOn(page, 'service-1', 'waiting').click();
      await expect(panel(page, 'waiting')).toBeVisible();
      await faultless(page);
      await page.keyboard.press('Escape');
      await select(page, 'service-1');
      await inspector(page).getByRole('button', { name: /^latency/ }).click();
      await expect(panel(page, 'latency')).toContainText('Service time');
      await page.setViewportSize({ width: 390, height: 844 });
      await expect(panel(page, 'latency')).toBeInViewport({ ratio: 1 });
      await faultless(page);
    });
  });
}
