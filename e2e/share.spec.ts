/** A link holds the whole design: whoever opens it sees and measures the same, and loses nothing of their own. */
import { askers, card, drag, expect, linkHere, linkOf, middle, nameOf, open, runByCommand, runToEnd, seedOf, test, watch, wires } from './board.ts';

const shared = askers({
  name: 'Shared askers',
  run: { seed: 4711, seconds: 20, warmupSeconds: 0, speed: 1 },
  view: { x: 120, y: 160, zoom: 0.9 },
});

test('a shared link opens elsewhere as the same design and gives the same digest as the command line', async ({ page, context, browser }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page, shared);
  const viewport = '.react-flow__viewport';
  const board = await middle(page.getByRole('main'));
  await drag(page, { x: board.x, y: board.y + 120 }, { x: board.x + 60, y: board.y + 170 });
  const link = await linkHere(page);
  const lookedAt = await page.locator(viewport).getAttribute('style');

  const elsewhere = await browser.newContext({ viewport: page.viewportSize() });
  const complaints = await watch(elsewhere);
  const other = await elsewhere.newPage();
  await other.goto(link);
  await expect(nameOf(other)).toHaveValue('Shared askers');
  await expect(seedOf(other)).toHaveValue('4711');
  await expect(wires(other)).toHaveCount(1);
  expect(lookedAt).not.toContain('translate(120px, 160px)');
  await expect(other.locator(viewport)).toHaveAttribute('style', lookedAt!);

  const here = await runToEnd(other);
  const there = await runByCommand([link, '--seconds', '20']);
  expect(here).toEqual({ digest: there.digest, requests: there.requests.offered });
  expect(complaints).toEqual([]);
  await elsewhere.close();
});

test('where the clipboard is refused, the link can be copied by hand', async ({ page }) => {
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('refused'));
  });
  await open(page, shared);
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  const field = page.getByLabel('Link to this design');
  await expect(field).toHaveValue(/#s1\./);
  await expect(field).toBeFocused();
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(field).toBeHidden();
});

test('opening a link leaves local work where it was', async ({ page }) => {
  await open(page, askers({ name: 'My own work' }));
  await card(page, 'service-1').locator('header').click();
  await page.keyboard.press('Delete');
  await expect(card(page, 'service-1')).toHaveCount(0);
  await page.goto('about:blank');
  await page.goto(`./${await linkOf(shared)}`);
  await expect(nameOf(page)).toHaveValue('Shared askers');
  await page.getByRole('button', { name: 'Library' }).click();
  await page.getByRole('button', { name: 'Open My own work' }).click();
  await expect(nameOf(page)).toHaveValue('My own work');
  await expect(card(page, 'users-1')).toBeVisible();
  await expect(card(page, 'service-1')).toHaveCount(0);
});
