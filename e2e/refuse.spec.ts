/** What comes from outside and is no design is refused in a sentence, and what is open stays open. */
import { askers, dropFile, expect, nameOf, open, test, toast, wires } from './board.ts';

const users = { id: 'users-1', kind: 'users', label: 'Users', x: 0, y: 0 };

const files = [
  { name: 'broken.json', text: '{"nodes": [', sentence: 'broken.json: This is not JSON: it ends too early.' },
  { name: 'unknown.json', text: JSON.stringify({ nodes: [users, { ...users, id: 'x', kind: 'flux-capacitor' }] }), sentence: /unknown\.json: .*flux-capacitor/ },
  { name: 'large.json', text: ' '.repeat(3 * 2 ** 20), sentence: 'large.json: This is 3 MiB of text; at most 2 MiB are read.' },
  { name: 'proto.json', text: '{"nodes": [], "__proto__": {"polluted": true}}', sentence: 'proto.json: The key “__proto__” is not allowed.' },
  { name: 'picture.png', text: '\u0089PNG\r\n', sentence: 'picture.png: This is not JSON.' },
  { name: 'empty.json', text: '', sentence: 'empty.json: This file is empty.' },
  { name: 'empty.csv', text: 'TIMESTAMP,ContextTokens,GeneratedTokens\n', sentence: 'empty.csv: This trace has no rows.' },
];

test('a file that is no design is refused in a sentence and nothing is lost', async ({ page }) => {
  await open(page, askers());
  for (const { name, text, sentence } of files) {
    await dropFile(page, name, text);
    const message = toast(page, sentence);
    await expect(message).toBeVisible();
    await message.getByRole('button', { name: 'Dismiss' }).click();
    await expect(nameOf(page)).toHaveValue('Askers');
    await expect(wires(page)).toHaveCount(1);
  }
  expect(await page.evaluate(() => 'polluted' in {})).toBe(false);
});

const links = [
  { hash: '#s1.!!!notbase64!!!', sentence: 'This link is damaged: it was cut short or changed on its way.' },
  { hash: '#s1.AAAA', sentence: 'This link is damaged: it was cut short or changed on its way.' },
  { hash: '#s9.AAAA', sentence: 'This link was made by a newer version of Sandtable.' },
];

test('a link that is no design is refused in a sentence and nothing is lost', async ({ page }) => {
  await open(page, askers());
  for (const { hash, sentence } of links) {
    await page.evaluate((to) => {
      location.hash = to;
    }, hash);
    const message = toast(page, sentence);
    await expect(message).toBeVisible();
    await message.getByRole('button', { name: 'Dismiss' }).click();
    await expect(nameOf(page)).toHaveValue('Askers');
  }
});

test('a bad link opened first still leads to a working page', async ({ page }) => {
  await page.goto('./#s1.garbage');
  await expect(toast(page, 'This link is damaged')).toBeVisible();
  await expect(page.locator('.react-flow__node').first()).toBeVisible();
});
