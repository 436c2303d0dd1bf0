/** A recorded trace, dropped on the page, is replayed request by request, the same as on the command line. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { askers, dropFile, expect, inspector, linkHere, nameOf, open, runByCommand, runToEnd, select, setField, test, toast } from './board.ts';

const azure = fileURLToPath(new URL('../../shared/truth/traces/AzureLLMInferenceTrace_conv.csv', import.meta.url));
const requests = 19_366;

test('the whole Azure conversation trace runs through the first scenario', async ({ page, context }) => {
  test.skip(!existsSync(azure), `The Azure conversation trace is not at ${azure}.`);
  test.setTimeout(150_000);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('./');
  await expect(nameOf(page)).toHaveValue('70B endpoint, p99 50 ms');
  await setField(page, 'Warm-up', '0 s');
  await dropFile(page, 'AzureLLMInferenceTrace_conv.csv', readFileSync(azure, 'utf8'));
  await expect(toast(page, `with ${requests.toLocaleString('en')} requests`)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Undo' })).toHaveAttribute('title', 'Undo: Replay “AzureLLMInferenceTrace_conv”');
  const link = await linkHere(page);
  const here = await runToEnd(page, 120_000);
  expect(here.requests).toBe(requests);
  const there = await runByCommand([link, '--trace', azure]);
  expect(here).toEqual({ digest: there.digest, requests: there.requests.offered });
});

const csv = ['TIMESTAMP,ContextTokens,GeneratedTokens', '2023-11-16 18:15:46.68,374,44', '2023-11-16 18:15:50.99,many,109', 'yesterday,12,7', '2023-11-16 18:15:51.22,879,55'].join('\n');

test('a trace with bad rows says how many, and where; what is good is replayed, as one edit', async ({ page }) => {
  await open(page, askers());
  await dropFile(page, 'half.csv', csv);
  await expect(toast(page, 'Loaded the trace “half” with 2 requests.')).toBeVisible();
  await expect(toast(page, '2 rows were left out; line 3: its input tokens are no whole number; line 4: its time cannot be read.')).toBeVisible();
  await select(page, 'users-1');
  const arrivals = inspector(page).getByLabel('Arrivals', { exact: true });
  await expect(arrivals).toHaveValue('trace');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(arrivals).toHaveValue('poisson');
  await page.getByRole('button', { name: 'Redo' }).click();
  await expect(arrivals).toHaveValue('trace');
  await page.getByRole('button', { name: 'Restart' }).click();
  expect((await runToEnd(page)).requests).toBe(2);
});
