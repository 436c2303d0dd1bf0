/** Hands and windows as they are: a hand trembles, a panel stands in front of the board, and a tablet is held upright. */
import { AxeBuilder } from '@axe-core/playwright';
import { askers, card, expect, inspector, middle, open, select, test } from './board.ts';

test('a hand that trembles while it clicks selects a card and moves nothing', async ({ page }) => {
  await open(page, askers());
  const before = await card(page, 'service-1').boundingBox();
  for (const by of [1, 2, 3]) {
    await page.keyboard.press('Escape');
    const at = await middle(card(page, 'service-1').locator('header'));
    await page.mouse.move(at.x, at.y);
    await page.mouse.down();
    await page.mouse.move(at.x + by, at.y);
    await page.mouse.up();
    await expect(inspector(page).getByLabel('Name of the component'), `by ${by}`).toHaveValue('Service');
  }
  expect(await card(page, 'service-1').boundingBox()).toEqual(before);
  await expect(page.getByRole('button', { name: 'Undo' })).toBeDisabled();
});

test('the board moves over for a panel in front of it, and nothing else can push it', async ({ page }) => {
  await open(page, askers());
  const before = await card(page, 'service-1').boundingBox();
  await page.getByRole('button', { name: 'More seeds' }).click();
  const panel = page.getByRole('dialog', { name: 'Chance, or the design?' });
  await expect(panel).toBeVisible();
  const covered = async (): Promise<boolean> => {
    const [front, behind] = [(await panel.boundingBox())!, (await card(page, 'service-1').boundingBox())!];
    return behind.x + behind.width > front.x && behind.y + behind.height > front.y;
  };
  await expect.poll(covered).toBe(false);
  await select(page, 'service-1');
  await panel.getByRole('button', { name: 'Close' }).click();
  await expect.poll(async () => card(page, 'service-1').boundingBox()).toEqual(before);
  const scrolled = await page.getByRole('main').evaluate((main) => [main, ...main.querySelectorAll('.react-flow')].map((each) => {
    each.scrollTop = 50;
    return each.scrollTop;
  }));
  expect(scrolled).toEqual([0, 0]);
});

test.describe('a tablet held upright', () => {
  test.use({ viewport: { width: 820, height: 1180 }, hasTouch: true, isMobile: true });

  test('shows the figures on its cards, its promises whole, and panels as sheets beside the board', async ({ page }) => {
    await open(page, askers({ objectives: [{ metric: 'latency.p99', relation: 'at most', limit: 0.05 }, { metric: 'requests.failedShare', relation: 'at most', limit: 0.01 }, { metric: 'cost.usdPerHour', relation: 'at most', limit: 5 }] }));
    await expect(card(page, 'service-1').getByText('utilisation')).toBeVisible();
    const chips = page.getByRole('list', { name: 'Objectives' });
    expect(await chips.evaluate((row) => row.scrollWidth - row.clientWidth)).toBe(0);
    await expect(page.locator('[data-chart="latency"]')).toBeVisible();
    await card(page, 'service-1').locator('header').tap();
    await page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name: 'Service' }).tap();
    await expect(inspector(page).getByLabel('Name of the component')).toBeInViewport();
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
    await page.getByRole('button', { name: 'Close the inspector' }).tap();
    await expect(inspector(page)).not.toBeInViewport();
  });
});
