import { expect, it, onTestFinished } from 'vitest';
import { setScene } from '../harness/scene.ts';
import { startService } from '../harness/service.ts';
import { badge, describeInBrowser, expectAccessible, openPage, PATIENCE, picture } from './browser.ts';

const SLOWLY = { fault: 'delay', delay_ms: 30 } as const;
const IS_LIVE = 'document.getElementById("connection").textContent === "Live"';

describeInBrowser('the connection of a page to the service', (browser) => {
  it('is said to be lost while the service is away, and goes on by itself when it is back', async () => {
    const scene = await setScene({ recordCount: 300 });
    scene.receiver.setFaults(SLOWLY);
    const { body } = await scene.ingest();
    const { page, faults } = await openPage(browser(), `${scene.service.url}/#/ingestions/${body.ingestion_id}`);
    await badge(page, 'running').waitFor();
    await scene.service.stop();
    await page.getByRole('heading', { name: 'The service does not answer' }).waitFor();
    await expectAccessible(page);
    await picture(page, 'gone');

    await startService(scene.folder, { env: { ACKSTREAM_PORT: new URL(scene.service.url).port } });
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
      await page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
        document.dispatchEvent(new Event('visibilitychange'))`);
    }
    await expect.poll(liveCount, PATIENCE).toBe(0);
  });

  it('leaves requests to others where the limit of the service is near', async () => {
    const scene = await setScene({ recordCount: 10 });
    const context = await browser().newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.route('**/api/**', async (route) => {
      const headers = { ETag: 'W/"1"', RateLimit: '"default";r=1;t=3' };
      if (route.request().url().endsWith('/events')) await route.abort();
      else await route.fulfill({ json: { items: [], next_cursor: null }, headers });
    });
    const nextLook = () => page.waitForRequest(/\/api\/ingestions/);
    await Promise.all([nextLook(), page.goto(scene.service.url)]);
    const begun = performance.now();
    await nextLook();
    expect(performance.now() - begun).toBeGreaterThan(2500);
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
