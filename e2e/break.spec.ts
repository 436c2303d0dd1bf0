/** Breaking a running design, seeing why, healing it, going back, forking, and sharing all of it. */
import { askers, card, clockOf, expect, inspector, linkHere, nameOf, open, runByCommand, runToEnd, select, setSpeed, test, waitUntil } from './board.ts';

const fragile = askers({
  name: 'Fragile askers',
  nodes: [
    { id: 'users-1', kind: 'users', label: 'Users', x: 0, y: 0, params: { arrivalRate: 50 } },
    { id: 'service-1', kind: 'service', label: 'Service', x: 320, y: 0 },
  ],
  objectives: [{ metric: 'requests.failedShare', relation: 'at most', limit: 0.01 }],
  run: { seed: 11, seconds: 60, warmupSeconds: 0, speed: 2 },
});

test('a design is broken from the menu, healed, taken back, forked and shared; the link replays to the same digest', async ({ page, context, browser }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page, fragile);
  await waitUntil(page, 3);

  await page.getByRole('button', { name: 'Break it' }).click();
  await page.getByRole('menuitem', { name: 'Crash: Service' }).click();
  await expect(card(page, 'service-1').locator('[data-part="badge"]')).toHaveText(/Crash · crashed 100 %/);
  await expect(page.locator('[data-state="missed"]')).toHaveCount(1);

  await page.getByRole('button', { name: 'Break it' }).click();
  await page.getByRole('menuitem', { name: 'Heal everything' }).click();
  await expect(card(page, 'service-1').locator('[data-part="badge"]')).toHaveCount(0, { timeout: 15_000 });

  // Back to before it broke: the board is as it was then, and nothing has gone wrong yet.
  await page.getByLabel('Moment of the run').fill('1.5');
  await page.getByLabel('Moment of the run').press('ArrowLeft');
  await expect.poll(() => clockOf(page)).toBeLessThan(2);
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible();
  await expect(card(page, 'service-1').locator('[data-part="badge"]')).toHaveCount(0);

  // What is changed here is another run from here on.
  await select(page, 'service-1');
  await inspector(page).getByText('Break it', { exact: true }).click();
  await inspector(page).getByRole('button', { name: 'Slow', exact: true }).click();
  await expect(page.getByText('The run forks here')).toBeVisible();
  await setSpeed(page, 4);
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect(card(page, 'service-1').locator('[data-part="badge"]')).toHaveText(/Slow/);
  await waitUntil(page, 6);

  const link = await linkHere(page);
  const here = await runToEnd(page, 40_000);
  const elsewhere = await browser.newContext({ viewport: page.viewportSize() });
  const other = await elsewhere.newPage();
  await other.goto(link);
  await expect(nameOf(other)).toHaveValue('Fragile askers');
  const there = await runToEnd(other, 40_000);
  expect(there).toEqual(here);
  const command = await runByCommand([link]);
  expect(command.digest).toBe(here.digest);
  await elsewhere.close();
});
