import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeFeed } from '../harness/feed.ts';
import { setScene } from '../harness/scene.ts';
import { badge, describeInBrowser, expectAccessible, focused, openPage, PATIENCE } from './browser.ts';

describeInBrowser('what the page asks before it does it', (browser) => {
  it('names the file, and is withdrawn where the page is left, so that nothing else is done', async () => {
    const scene = await setScene({ recordCount: 10 });
    const otherPath = join(scene.folder, `${'a-name-much-too-long-for-a-phone-'.repeat(3)}.json`);
    writeFeed(otherPath, 10);
    const { ingestion_id: first } = await scene.deliver();
    const { ingestion_id: second } = await scene.deliver({ file_path: otherPath });
    const { page, faults } = await openPage(browser(), `${scene.service.url}/#/ingestions/${first}`);
    await page.getByRole('heading', { name: 'products.json' }).waitFor();
    await page.goto(`${scene.service.url}/#/ingestions/${second}`);
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('dialog', { name: /^Delete the ingestion of a-name.*\.json\?$/ }).waitFor();
    await expectAccessible(page);

    await page.goBack();
    await page.getByRole('heading', { name: 'products.json' }).waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await focused(page)).toBe('main');
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('dialog', { name: 'Delete the ingestion of products.json?' }).waitFor();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByRole('heading', { name: 'Ingestions' }).waitFor();
    expect((await scene.service.api.get(second)).status).toBe('COMPLETED');
    expect(faults).toEqual([]);
  });

  it('is withdrawn where the service asks for a token', async () => {
    const scene = await setScene({ recordCount: 1000 });
    // So slowly that it is under way for as long as this looks on.
    scene.receiver.setFaults({ fault: 'delay', delay_ms: 1000 });
    const { body } = await scene.ingest();
    const { page } = await openPage(browser(), `${scene.service.url}/#/ingestions/${body.ingestion_id}`);
    await badge(page, 'running').waitFor();
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await page.getByRole('dialog', { name: 'Cancel the ingestion of products.json?' }).waitFor();
    await page.route('**/api/ingestions/**', (route) =>
      route.fulfill({ status: 401, json: { code: 'UNAUTHORIZED', status: 401, title: 'No token' } }),
    );
    await page.getByLabel('Token', { exact: true }).waitFor();
    await expect.poll(() => focused(page), PATIENCE).toBe('token');
    expect(await page.getByRole('dialog').count()).toBe(0);
  });
});
