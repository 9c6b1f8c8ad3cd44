import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../harness/free-port.ts';
import { setScene } from '../harness/scene.ts';
import { startService } from '../harness/service.ts';
import { badge, describeInBrowser, expectAccessible, openPage, PATIENCE, picture } from './browser.ts';

/** So slowly that it is under way for as long as a test looks on. */
const SLOWLY = { fault: 'delay', delay_ms: 1000 } as const;
const IS_LIVE = 'document.getElementById("connection").textContent === "Live"';
const HIDE = `Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
  document.dispatchEvent(new Event('visibilitychange'))`;

describeInBrowser('the connection of a page to the service', (browser) => {
  it('is said to be lost while the service is away, and goes on by itself when it is back', async () => {
    const env = { ACKSTREAM_PORT: String(await findFreePort()) };
    const scene = await setScene({ recordCount: 300, env });
    scene.receiver.setFaults(SLOWLY);
    const { body } = await scene.ingest();
    const { page, faults } = await openPage(browser(), `${scene.service.url}/#/ingestions/${body.ingestion_id}`);
    await badge(page, 'running').waitFor();
    await scene.service.stop();
    scene.receiver.setFaults();
    await page.getByRole('heading', { name: 'The service does not answer' }).waitFor();
    await expectAccessible(page);
    await picture(page, 'gone');

    await startService(scene.folder, { env });
    await badge(page, 'completed').waitFor();
    await scene.expectDelivered(body.ingestion_id);
    expect(await page.getByRole('heading', { name: 'The service does not answer' }).count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('is polled where there is no stream of events', async () => {
    const scene = await setScene({ recordCount: 300 });
    const context = await browser().newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.route('**/api/events', (route) => route.fulfill({ status: 502, body: 'a proxy' }));
    await page.goto(scene.service.url);
    await page.getByText('Nothing was delivered yet').waitFor();
    scene.receiver.setFaults(SLOWLY);
    await scene.ingest();
    await badge(page, 'running').waitFor();
    scene.receiver.setFaults();
    await badge(page, 'completed').waitFor();
    expect(await page.evaluate(IS_LIVE)).toBe(false);
  });

  it('leaves room for other tabs: of many only three have a stream, and one that is hidden has none', async () => {
    const scene = await setScene({ recordCount: 10 });
    const { page: first } = await openPage(browser(), scene.service.url);
    const context = first.context();
    const others = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const page = await context.newPage();
        await page.goto(scene.service.url);
        return page;
      }),
    );
    const pages = [first, ...others];
    const liveCount = async () => {
      const found = await Promise.all(pages.map((page) => page.evaluate(IS_LIVE)));
      return found.filter((isLive) => isLive).length;
    };
    await expect.poll(liveCount, PATIENCE).toBe(3);
    await scene.deliver();
    await Promise.all(pages.map((page) => badge(page, 'completed').waitFor()));

    for (const page of pages) {
      await page.evaluate(HIDE);
    }
    await expect.poll(liveCount, PATIENCE).toBe(0);
  });

  it('is live again soon where a tab goes to another page while others have the other streams', async () => {
    const scene = await setScene({ recordCount: 10 });
    const { page: first, faults } = await openPage(browser(), scene.service.url);
    const others = [await first.context().newPage(), await first.context().newPage()];
    for (const page of others) await page.goto(scene.service.url);
    const isLive = (page: Page) => page.evaluate(IS_LIVE);
    for (const page of [first, ...others]) await expect.poll(() => isLive(page), PATIENCE).toBe(true);

    await first.getByRole('link', { name: 'New', exact: true }).click();
    await first.getByRole('heading', { name: 'New ingestion' }).waitFor();
    await expect.poll(() => isLive(first), PATIENCE).toBe(true);
    expect(await Promise.all(others.map(isLive))).toEqual([true, true]);
    expect(faults).toEqual([]);
  });

  it.each([
    { fate: 'hidden', streams: 0, leave: (page: Page) => page.evaluate(HIDE) },
    {
      fate: 'left for another',
      streams: 1,
      leave: async (page: Page) => {
        await page.getByRole('link', { name: 'New', exact: true }).click();
        // The click is over before the page has heard of it.
        await page.getByRole('heading', { name: 'New ingestion' }).waitFor();
      },
    },
  ])('takes no stream for a page that was $fate before it got its place', async ({ leave, streams }) => {
    const scene = await setScene({ recordCount: 10 });
    const context = await browser().newContext();
    onTestFinished(() => context.close());
    // The first place is given only when the test says so.
    await context.addInitScript(`{
      const { request } = LockManager.prototype;
      LockManager.prototype.request = function (name, options, work) {
        LockManager.prototype.request = request;
        return request.call(this, name, options, async (lock) => {
          await new Promise((resolve) => (window.givePlace = resolve));
          return work(lock);
        });
      };
    }`);
    const page = await context.newPage();
    let streamCount = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/api/events')) streamCount += 1;
    });
    await page.goto(scene.service.url);
    await page.waitForFunction('window.givePlace !== undefined');
    const placesHeld = () => page.evaluate('navigator.locks.query().then(({ held }) => held.length)');
    await leave(page);
    await page.evaluate('window.givePlace()');
    await expect.poll(() => page.evaluate(IS_LIVE), PATIENCE).toBe(streams > 0);
    await expect.poll(placesHeld, PATIENCE).toBe(streams);
    expect(streamCount).toBe(streams);
  });

  it('leaves requests to others where the limit of the service is near', async () => {
    const scene = await setScene({ recordCount: 10 });
    const context = await browser().newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const askedAt: number[] = [];
    await page.route('**/api/**', async (route) => {
      const headers = { ETag: 'W/"1"', RateLimit: '"default";r=1;t=3' };
      const url = route.request().url();
      if (url.endsWith('/events')) return route.abort();
      if (url.includes('/api/ingestions')) askedAt.push(performance.now());
      return route.fulfill({ json: { items: [], next_cursor: null }, headers });
    });
    await page.goto(scene.service.url);
    await expect.poll(() => askedAt.length, PATIENCE).toBeGreaterThan(1);
    const [first = 0, second = 0] = askedAt;
    expect(second - first).toBeGreaterThan(2500);
  });

  it('tells the time by the clock of the service', async () => {
    const scene = await setScene({ recordCount: 10 });
    await scene.deliver();
    const context = await browser().newContext();
    onTestFinished(() => context.close());
    await context.addInitScript('{ const now = Date.now; Date.now = () => now() - 7_200_000; }');
    const page = await context.newPage();
    await page.goto(scene.service.url);
    await page.locator('.state time', { hasText: /just now|\d s ago/ }).waitFor();
  });
});
