import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { feedText } from '../harness/feed.ts';
import { startReceiver } from '../harness/receiver.ts';
import { type Scene, setScene } from '../harness/scene.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { chromiumPath, expectAccessible, expectNoSidewaysScrolling, launchBrowser, openPage } from './browser.ts';

if (chromiumPath === undefined) console.log('dashboard: skipped, no Chromium was found (ACKSTREAM_CHROMIUM)');

const SLOWLY = { fault: 'delay', delay_ms: 30 } as const;
const EVIL = '<img src=x onerror=alert(1)>';
const TOKEN = 'a-token-of-the-settings';

/** Pictures for people, where they ask for some. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.ACKSTREAM_SCREENSHOTS;
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

describe.skipIf(chromiumPath === undefined)('the dashboard', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  const open = (scene: Pick<Scene, 'service'>, path = '/', options = {}) =>
    openPage(browser, scene.service.url + path, options);

  it('previews a feed, starts it from the form and watches it finish', async () => {
    const scene = await setScene({ recordCount: 200 });
    scene.receiver.setFaults(SLOWLY);
    const { page, faults } = await open(scene);
    await page.getByText('Nothing was delivered yet').waitFor();
    await expectAccessible(page);
    await picture(page, 'empty');

    await page.getByRole('link', { name: 'New ingestion' }).first().click();
    await page.getByLabel('File').fill(scene.filePath);
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('heading', { name: 'First records' }).waitFor();
    expect(await page.getByRole('cell', { name: 'integer' }).count()).toBeGreaterThan(0);
    await expectAccessible(page);
    await picture(page, 'form');

    await page.getByLabel('Callback', { exact: true }).fill(scene.receiver.callbackUrl);
    await page.getByLabel('Records per chunk').fill('10');
    await page.getByRole('button', { name: 'Start delivery' }).click();
    await badge(page, 'running').waitFor();
    await expectAccessible(page);
    await badge(page, 'completed').waitFor();
    await scene.expectDelivered(page.url().replace(/^.*\//, ''));
    await page.getByRole('rowheader', { name: '19 (last)' }).waitFor();
    await page.locator('#chart-rates canvas').waitFor();
    await expectAccessible(page);
    await picture(page, 'completed');
    expect(faults).toEqual([]);
  });

  it('shows why a broken receiver holds a delivery up, and goes on when it is repaired', async () => {
    const scene = await setScene({ recordCount: 100 });
    const said = `${EVIL} the database is away`;
    scene.receiver.setFaults({ fault: 'status', status: 503, chunk: 3, body: said });
    const { body } = await scene.ingest({ retry: { window: '300ms', max_delay: '50ms' } });
    const { page, faults } = await open(scene, `/#/ingestions/${body.ingestion_id}`);
    await badge(page, 'paused').waitFor();
    await page.getByRole('heading', { name: 'Last failed attempt' }).waitFor();
    await expect.poll(() => page.getByLabel('What came back').textContent()).toContain(said);
    expect(await page.locator('main img').count()).toBe(0);
    await expectAccessible(page);
    await picture(page, 'paused');

    scene.receiver.setFaults();
    await page.getByRole('button', { name: 'Resume' }).click();
    await badge(page, 'completed').waitFor();
    await scene.expectDelivered(body.ingestion_id);
    expect(faults).toEqual([]);
  });

  it('shows that an attempt failed and when the next one is while it waits', async () => {
    const scene = await setScene({ recordCount: 100 });
    scene.receiver.setFaults({ fault: 'status', status: 503, retry_after: 600 });
    await scene.ingest({ retry: { max_delay: '10m' } });
    const { page } = await open(scene);
    await badge(page, 'retrying').waitFor();
    await page.getByText(/Next attempt in \d+ min/).waitFor();
    await expectAccessible(page);
    await picture(page, 'retrying');
  });

  it('pauses, resumes, and cancels only after asking', async () => {
    const scene = await setScene({ recordCount: 1000 });
    scene.receiver.setFaults({ ...SLOWLY, delay_ms: 60 });
    const { body } = await scene.ingest();
    const { page, faults } = await open(scene, `/#/ingestions/${body.ingestion_id}`);
    await page.getByRole('button', { name: 'Pause' }).click();
    await badge(page, 'paused').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'No, leave it' }).click();
    expect((await scene.service.api.get(body.ingestion_id)).status).not.toBe('CANCELLED');
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await page.getByRole('button', { name: 'Cancel it' }).click();
    await badge(page, 'cancelled').waitFor();
    await page.getByRole('link', { name: 'Deliver again…' }).click();
    await expect.poll(() => page.getByLabel('File').inputValue()).toBe(scene.filePath);
    expect(await page.getByRole('checkbox').isChecked()).toBe(true);
    expect(faults).toEqual([]);
  });

  it('shows hostile names, bytes and preview texts as text', async () => {
    const folder = tempFolder();
    const path = join(folder, `${EVIL.replaceAll('/', '')}.csv`);
    writeFileSync(path, `id,${EVIL}\n1,<script>alert(2)</script>\n2,${EVIL},too many\n3,c\n`);
    const receiver = await startReceiver();
    const service = await startService(folder);
    const { body } = await service.api.ingest({
      file_path: path,
      callback_url: receiver.callbackUrl,
      on_bad_record: 'quarantine',
    });
    await service.api.untilStatus(body.ingestion_id, 'COMPLETED');
    const { page, faults } = await open({ service });
    await page.getByRole('link', { name: EVIL }).click();
    await page.getByRole('heading', { name: 'Set aside: 1' }).waitFor();
    await page.getByText(`2,${EVIL},too many`).waitFor();
    await page.getByText('Bytes', { exact: true }).click();
    await page.locator('.bytes').waitFor();
    await expectAccessible(page);
    await picture(page, 'rejects');
    await page.goto(`${service.url}/#/new`);
    await page.getByLabel('File').fill(path);
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('rowheader', { name: EVIL }).waitFor();
    expect(await page.locator('main :is(img, script)').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('asks for a token, keeps it in the tab alone and sends it as a header', async () => {
    const folder = tempFolder();
    const service = await startService(folder, { env: { ACKSTREAM_API_TOKEN: TOKEN } });
    const { page, faults } = await open({ service });
    await page.getByLabel('Token', { exact: true }).fill('another-token-than-that');
    await page.getByRole('button', { name: 'Use this token' }).click();
    await page.getByText('That token is not valid').waitFor();
    await expectAccessible(page);
    await picture(page, 'token');
    await page.getByLabel('Token', { exact: true }).fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByText('Nothing was delivered yet').waitFor();
    expect(await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length]')).toEqual(['', 0, 1]);
    await page.getByRole('button', { name: 'Forget token' }).click();
    await page.getByLabel('Token', { exact: true }).waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    expect(faults).toEqual([]);
  });

  it('says that the service is gone', async () => {
    const scene = await setScene({ recordCount: 10 });
    await scene.deliver();
    const { page } = await open(scene);
    await badge(page, 'completed').waitFor();
    await scene.service.stop();
    await page.getByRole('heading', { name: 'The service does not answer' }).waitFor();
    await expectAccessible(page);
    await picture(page, 'gone');
  });

  it('tells at a field why it was refused, and leads there', async () => {
    const scene = await setScene({ recordCount: 10 });
    const { page } = await open(scene, '/#/new');
    await page.getByLabel('File').fill(scene.filePath);
    await page.getByLabel('Callback', { exact: true }).fill('nowhere');
    await page.getByRole('button', { name: 'Start delivery' }).click();
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('field-callback_url');
    expect(await page.locator('#field-callback_url-problem').textContent()).toContain('must be an absolute http');
    await expectAccessible(page);
    await picture(page, 'refused');
  });

  it('is readable on a phone and on a desk, dark and light', async () => {
    const scene = await setScene({ recordCount: 400 });
    const folder = join(scene.folder, 'a-folder-with-quite-a-long-name-for-the-feeds-of-the-night');
    mkdirSync(folder);
    for (const name of ['autumn', 'a-file-name-that-somebody-has-made-much-too-long-to-fit-a-phone']) {
      writeFileSync(join(folder, `${name}.json`), feedText(50));
      await scene.deliver({ file_path: join(folder, `${name}.json`) });
    }
    scene.receiver.setFaults(SLOWLY, { fault: 'status', status: 500, chunk: 20, body: 'out of memory' });
    const { ingestion_id: id } = await scene.deliver({ retry: { window: '100ms', max_delay: '50ms' } });
    const { page, faults } = await open(scene);
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await page.goto(`${scene.service.url}/#/`);
        await page.getByRole('link', { name: 'autumn' }).waitFor();
        await expectNoSidewaysScrolling(page);
        if (width === 1280) await expectAccessible(page);
        await picture(page, `list-${colorScheme}-${width}`);
        await page.goto(`${scene.service.url}/#/ingestions/${id}`);
        await page.locator('#chart-rates canvas').waitFor();
        await expectNoSidewaysScrolling(page);
        if (width === 1280) await expectAccessible(page);
        await picture(page, `one-${colorScheme}-${width}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it('leads through the ledger, and verifies what was delivered', async () => {
    const scene = await setScene({ recordCount: 400 });
    const { ingestion_id: id } = await scene.deliver();
    const { page, faults } = await open(scene, `/#/ingestions/${id}`);
    await page.getByRole('rowheader', { name: '39 (last)' }).waitFor();
    await page.getByRole('button', { name: 'Older' }).click();
    await page.getByRole('rowheader', { name: '14', exact: true }).waitFor();
    expect(await page.getByRole('rowheader').count()).toBe(15);
    await page.getByRole('button', { name: 'Newest' }).click();
    await page.getByRole('rowheader', { name: '39 (last)' }).waitFor();
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText('All 40 chunks (400 records) are in the file').waitFor();
    expect(faults).toEqual([]);
  });

  it('can be used by keyboard alone, and keeps the focus while figures change', async () => {
    const scene = await setScene({ recordCount: 2000 });
    scene.receiver.setFaults(SLOWLY);
    await scene.ingest();
    const { page } = await open(scene);
    await badge(page, 'running').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.getByRole('link', { name: 'products.json' }).focus();
    const before = await page.locator('.course b').textContent();
    await expect.poll(() => page.locator('.course b').textContent(), { timeout: 8000 }).not.toBe(before);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Pause' }).focus();
    await page.keyboard.press('Enter');
    await badge(page, 'paused').waitFor();
  });
});

/** What the page says of the first ingestion that is in a state. */
function badge(page: Page, word: string) {
  return page.locator('.badge', { hasText: word }).first();
}
