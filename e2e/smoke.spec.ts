/** The page opens without a word of complaint, also not from its own security policy. */
import { expect, test } from '@playwright/test';

test('the page opens cleanly under its security policy', async ({ page }) => {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.text().startsWith('securitypolicyviolation')) complaints.push(message.text());
  });
  page.on('requestfailed', (request) => complaints.push(`not loaded: ${request.url()}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`securitypolicyviolation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  const answer = await page.goto('./');
  expect(answer?.headers()['content-security-policy']).toContain("default-src 'none'");
  await expect(page).toHaveTitle(/Sandtable/);
  await expect(page.locator('#root')).not.toBeEmpty();
  // The first figures have come from the worker by then.
  await page.waitForTimeout(1500);
  expect(complaints).toEqual([]);
});
