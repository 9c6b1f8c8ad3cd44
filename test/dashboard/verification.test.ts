import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { setScene } from '../harness/scene.ts';
import { describeInBrowser, openPage, PATIENCE } from './browser.ts';

const RUNNING = { state: 'running', chunks: 10, chunks_verified: 3, records_verified: 30, mismatch: null, error: null };
const DONE = { ...RUNNING, state: 'done', chunks_verified: 10, records_verified: 100 };

/** What is asked of the service while a page is open; it says that requests are to be `spacingSeconds` apart. */
async function answerVerification(
  page: Page,
  spacingSeconds: number,
  answers: readonly ({ readonly status?: number; readonly json: object; readonly retryAfter?: string } | 'lost')[],
): Promise<number[]> {
  const askedAt: number[] = [];
  const headers = { RateLimit: `"default";r=8;t=${spacingSeconds}` };
  await page.route('**/api/**', async (route) => {
    const url = route.request().url();
    if (url.endsWith('/events')) return route.abort();
    if (url.endsWith('/verify')) return route.fulfill({ status: 202, json: RUNNING, headers });
    if (!url.endsWith('/verification')) {
      const response = await route.fetch();
      return route.fulfill({ response, headers: { ...response.headers(), ...headers } });
    }
    askedAt.push(performance.now());
    const answer = answers[askedAt.length - 1] ?? 'lost';
    if (answer === 'lost') return route.abort();
    const { status = 200, json, retryAfter } = answer;
    return route.fulfill({ status, json, headers: { ...headers, ...(retryAfter && { 'Retry-After': retryAfter }) } });
  });
  return askedAt;
}

describeInBrowser('the verification on a page', (browser) => {
  it('goes on after the service had no room or did not answer, as seldom as it wants to be asked', async () => {
    const scene = await setScene({ recordCount: 100 });
    const { ingestion_id: id } = await scene.deliver();
    const { page, faults } = await openPage(browser(), scene.service.url);
    const askedAt = await answerVerification(page, 1, [
      { json: RUNNING },
      { status: 429, json: { code: 'RATE_LIMITED', status: 429, title: 'Too many' }, retryAfter: '2' },
      'lost',
      { json: DONE },
    ]);
    await page.goto(`${scene.service.url}/#/ingestions/${id}`);
    await page.getByRole('button', { name: 'Verify' }).click();
    const box = page.locator('[data-key="verification"]');
    await expect.poll(() => askedAt.length, PATIENCE).toBe(3);
    expect(await box.textContent()).toBe('Verifying: 3 of 10 chunks.');
    await box.getByText('All 10 chunks (100 records) are in the file').waitFor();
    const [first = 0, second = 0, third = 0] = askedAt;
    expect(second - first).toBeGreaterThan(950);
    expect(third - second).toBeGreaterThan(1950);
    expect(faults).toEqual([]);
  });

  it('ends with what the service refuses', async () => {
    const scene = await setScene({ recordCount: 100 });
    const { ingestion_id: id } = await scene.deliver();
    const { page } = await openPage(browser(), scene.service.url);
    await answerVerification(page, 0, [{ status: 404, json: { code: 'NOT_FOUND', status: 404, title: 'Not there' } }]);
    await page.goto(`${scene.service.url}/#/ingestions/${id}`);
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByRole('heading', { name: 'Not there' }).waitFor();
    expect(await page.locator('[data-key="verification"]').count()).toBe(0);
  });
});
