/** What a person does on the page, as verbs; and a watch over everything the page complains of while a test runs. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test as base, expect, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { gateDesign } from '../src/design/gate.ts';
import { toLink } from '../src/share/link.ts';

export { expect };

/** Complaints of all pages of a context, from now on: errors, uncaught ones too, and whatever the security policy refused. */
export async function watch(context: BrowserContext): Promise<readonly string[]> {
  const complaints: string[] = [];
  context.on('weberror', (error) => complaints.push(`uncaught: ${error.error().message}`));
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`securitypolicyviolation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  return complaints;
}

/** Every test fails where the page complained, whatever else it tests. */
export const test = base.extend<{ quiet: undefined }>({
  quiet: [
    async ({ context }, use) => {
      const complaints = await watch(context);
      await use(undefined);
      expect(complaints, 'complaints of the page').toEqual([]);
    },
    { auto: true },
  ],
});

/** A design as it would stand in a file: what is left out takes its default. */
export type Sketch = Readonly<Record<string, unknown>>;

/** `#s1.…` for a sketch, which must pass the gate. */
export async function linkOf(sketch: Sketch): Promise<string> {
  const gated = gateDesign(sketch);
  if (!gated.ok) throw new Error(gated.why);
  return toLink(gated.value);
}

/** Users who ask one service; what is given replaces what is usual. */
export function askers(change: Sketch = {}): Sketch {
  return {
    name: 'Askers',
    nodes: [
      { id: 'users-1', kind: 'users', label: 'Users', x: 0, y: 0 },
      { id: 'service-1', kind: 'service', label: 'Service', x: 320, y: 0 },
    ],
    links: [{ from: 'users-1', to: 'service-1' }],
    ...change,
  };
}

/** Opens the page with a design. */
export async function open(page: Page, sketch: Sketch): Promise<void> {
  await page.goto(`./${await linkOf(sketch)}`);
  await expect(nameOf(page)).toHaveValue(String(sketch['name'] ?? 'Untitled design'));
}

/** Opens the page with nothing on the board. */
export const openEmpty = (page: Page): Promise<void> => open(page, { nodes: [] });

/** The field with the design's name in the bar. */
export const nameOf = (page: Page): Locator => page.getByRole('banner').getByLabel('Name of the design');

/** The field with the seed of the run, in the inspector while nothing is selected. */
export const seedOf = (page: Page): Locator => inspector(page).getByRole('textbox', { name: 'Seed', exact: true });

/** The card of a component. */
export const card = (page: Page, id: string): Locator => page.locator(`.react-flow__node[data-id="${id}"]`);

/** The wires on the board. */
export const wires = (page: Page): Locator => page.locator('.react-flow__edge');

/** Messages at the foot of the page. */
export const toast = (page: Page, text: string | RegExp): Locator => page.getByRole('listitem').filter({ hasText: text });

/** The panel on the right. */
export const inspector = (page: Page): Locator => page.getByRole('complementary', { name: 'Inspector' });

/** One of the inspector's figures that are measured now, by its label. */
export const measured = (page: Page, label: string): Locator => inspector(page).locator('details', { hasText: 'Measured now' }).locator('div', { has: page.getByText(label, { exact: true }) }).locator('dd');

/** Seconds on the run's clock. */
export async function clockOf(page: Page): Promise<number> {
  const text = await page.getByRole('timer').locator('span').first().innerText();
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** Waits until the run's clock is past a moment. */
export async function waitUntil(page: Page, seconds: number): Promise<void> {
  await expect.poll(() => clockOf(page), { timeout: 30_000 }).toBeGreaterThan(seconds);
}

/** Middle of something on the page, in pixels of the window. */
export async function middle(target: Locator): Promise<{ x: number; y: number }> {
  const box = await target.boundingBox();
  if (!box) throw new Error('It is not on the page.');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Drags with the mouse, in steps as a hand does. */
export async function drag(page: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 8 });
  await page.mouse.move(to.x, to.y, { steps: 8 });
  await page.mouse.up();
}

/** Drags a kind from the list to a place of the board, given as shares of its width and height. */
export async function place(page: Page, kind: string, across: number, down: number): Promise<void> {
  const before = await page.locator('.react-flow__node').count();
  const board = await page.getByRole('main').boundingBox();
  await drag(page, await middle(page.locator(`[data-kind="${kind}"]`)), { x: board!.x + board!.width * across, y: board!.y + board!.height * down });
  await expect(page.locator('.react-flow__node')).toHaveCount(before + 1);
}

/** Draws a wire from the dot on the right of one card to the dot on the left of another. */
export async function connect(page: Page, from: string, to: string): Promise<void> {
  await drag(page, await middle(card(page, from).locator('[data-handleid="out"]')), await middle(card(page, to).locator('[data-handleid="in"]')));
}

/** Selects a component as a person does, by clicking its name. */
export async function select(page: Page, id: string): Promise<void> {
  await card(page, id).locator('header').click();
  await expect(inspector(page).getByLabel('Name of the component')).toBeVisible();
}

/** Writes a value into a field of the inspector. */
export async function setField(page: Page, label: string, value: string): Promise<void> {
  await inspector(page).getByRole('textbox', { name: label, exact: true }).fill(value);
}

/** The link that the page puts on the clipboard; the context must be allowed to use it. */
export async function linkHere(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await expect(page.getByText('Link copied.')).toBeVisible();
  return page.evaluate(() => navigator.clipboard.readText());
}

/** The line that says what came out of a run that has ended. */
export const outcome = (page: Page): Locator => page.getByRole('status').filter({ hasText: 'digest' });

/** Sets how fast to run, in simulated seconds per second; 0 is as fast as possible. */
export async function setSpeed(page: Page, speed: number): Promise<void> {
  await page.getByLabel('Speed', { exact: true }).selectOption(String(speed));
}

/** Lets the run go as fast as it can, and waits for what it says at its end. */
export async function runToEnd(page: Page, timeout = 30_000): Promise<{ readonly requests: number; readonly digest: string }> {
  await setSpeed(page, 0);
  await expect(outcome(page)).toBeVisible({ timeout });
  const [, requests, digest] = /([\d,]+) requests · digest ([0-9a-f]+)/.exec(await outcome(page).innerText()) ?? [];
  return { requests: Number(requests?.replaceAll(',', '')), digest: digest ?? '' };
}

/** Writes another seed and starts the run afresh. */
export async function setSeed(page: Page, seed: number): Promise<void> {
  await setField(page, 'Seed', String(seed));
  await page.getByRole('button', { name: 'Restart' }).click();
}

/** Drops a file on the page. */
export async function dropFile(page: Page, name: string, text: string): Promise<void> {
  const files = await page.evaluateHandle(([called, inside]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([inside!], called!));
    return transfer;
  }, [name, text]);
  await page.dispatchEvent('main', 'dragover', { dataTransfer: files });
  await page.dispatchEvent('main', 'drop', { dataTransfer: files });
}

/** What the command line makes of the same link. */
export async function runByCommand(words: readonly string[]): Promise<{ readonly digest: string; readonly requests: { readonly offered: number } }> {
  const ran = await promisify(execFile)('npm', ['run', '-s', 'sandtable', '--', 'run', ...words, '--json'], { maxBuffer: 2 ** 26 });
  return JSON.parse(ran.stdout) as { digest: string; requests: { offered: number } };
}
