import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { feedText } from '../harness/feed.ts';
import { startReceiver } from '../harness/receiver.ts';
import { type Scene, setScene } from '../harness/scene.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { badge, describeInBrowser, expectAccessible, focused, openPage, PATIENCE, picture } from './browser.ts';

/** So slowly that it is under way for as long as a test looks on. */
const SLOWLY = { fault: 'delay', delay_ms: 1000 } as const;
const EVIL = '<img src=x onerror=alert(1)>';

describeInBrowser('the dashboard', (browser) => {
  const open = (scene: Pick<Scene, 'service'>, path = '/') => openPage(browser(), scene.service.url + path);

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
    scene.receiver.setFaults(SLOWLY);
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
    await expect.poll(() => page.getByLabel('File').inputValue(), PATIENCE).toBe(scene.filePath);
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

  it('is readable on a phone and on a desk, dark and light', async () => {
    const scene = await setScene({ recordCount: 400 });
    const folder = join(scene.folder, 'a-folder-with-quite-a-long-name-for-the-feeds-of-the-night');
    mkdirSync(folder);
    for (const name of ['autumn', 'a-file-name-that-somebody-has-made-much-too-long-to-fit-a-phone']) {
      writeFileSync(join(folder, `${name}.json`), feedText(50));
      await scene.deliver({ file_path: join(folder, `${name}.json`) });
    }
    const delay = { fault: 'delay', delay_ms: 30 } as const;
    scene.receiver.setFaults(delay, { fault: 'status', status: 500, chunk: 20, body: 'out of memory' });
    const { ingestion_id: id } = await scene.deliver({ retry: { window: '100ms', max_delay: '50ms' } });
    const { page, faults } = await open(scene);
    await page.getByRole('link', { name: 'autumn' }).waitFor();
    await expectAccessible(page, { alsoOnDesk: true });
    await picture(page, 'list');
    await page.goto(`${scene.service.url}/#/ingestions/${id}`);
    await page.locator('#chart-rates canvas').waitFor();
    await page.getByText('Settings').click();
    await expectAccessible(page, { alsoOnDesk: true });
    await picture(page, 'one');
    expect(faults).toEqual([]);
  });

  it('leads through the ledger, and verifies what was delivered', async () => {
    const scene = await setScene({ recordCount: 800 });
    const { ingestion_id: id } = await scene.deliver();
    const { page, faults } = await open(scene, `/#/ingestions/${id}`);
    const rows = async () => {
      const [first = '', ...others] = await page.locator('[data-key="ledger"] tbody th').allTextContents();
      return [first, others.at(-1)];
    };
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
    await expect.poll(rows, PATIENCE).toEqual(['79 (last)', '55']);
    await press('Older');
    await expect.poll(rows, PATIENCE).toEqual(['54', '30']);
    await press('Older');
    await expect.poll(rows, PATIENCE).toEqual(['29', '5']);
    await press('Oldest');
    await expect.poll(rows, PATIENCE).toEqual(['24', '0']);
    await press('Newer');
    await expect.poll(rows, PATIENCE).toEqual(['49', '25']);
    await page.getByLabel('Go to chunk').fill('20');
    await page.keyboard.press('Enter');
    await expect.poll(rows, PATIENCE).toEqual(['32', '8']);
    await press('Newest');
    await expect.poll(rows, PATIENCE).toEqual(['79 (last)', '55']);
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.locator('main').getByText('All 80 chunks (800 records) are in the file').waitFor();
    expect(faults).toEqual([]);
  });

  it('can be used by keyboard alone, and keeps the focus while figures change', async () => {
    const scene = await setScene({ recordCount: 2000 });
    scene.receiver.setFaults(SLOWLY);
    const { body } = await scene.ingest();
    const { page } = await open(scene);
    await badge(page, 'running').waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('skip');
    await page.keyboard.press('Enter');
    expect(await focused(page)).toBe('main');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('New ingestion');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');

    await page.getByRole('link', { name: 'products.json' }).focus();
    const before = await page.locator('.course b').textContent();
    await expect.poll(() => page.locator('.course b').textContent(), PATIENCE).not.toBe(before);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Pause' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page), PATIENCE).toBe('Resume');
    await page.getByRole('button', { name: 'Cancel…' }).focus();
    await page.keyboard.press('Enter');
    expect(await focused(page)).toBe('question-no');
    await page.keyboard.press('Escape');
    expect(await focused(page)).toBe('Cancel…');
    expect((await scene.service.api.get(body.ingestion_id)).status).toBe('PAUSED');
    // Somebody else does it: what stands beside the focus changes.
    await scene.service.api.act(body.ingestion_id, 'resume');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    expect(await focused(page)).toBe('Cancel…');
  });

  it('deletes only after saying what goes and what stays, and then shows what is left', async () => {
    const scene = await setScene({ recordCount: 10 });
    const { ingestion_id: id } = await scene.deliver();
    const { page, faults } = await open(scene, `/#/ingestions/${id}`);
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByText('Removed for good: its ledger').waitFor();
    await page.getByText('Kept: the file').waitFor();
    await expectAccessible(page);
    await picture(page, 'delete');
    await page.getByRole('button', { name: 'No, keep it' }).click();
    expect((await scene.service.api.get(id)).status).toBe('COMPLETED');
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByText('Nothing was delivered yet').waitFor();
    await expect.poll(() => page.locator('#announcer').textContent(), PATIENCE).toBe('Deleted.');

    await page.goBack();
    await page.getByRole('heading', { name: 'No such ingestion' }).waitFor();
    await expectAccessible(page);
    expect(faults).toEqual([]);
  });

  it('shows all that was set aside, also what came while one looked', async () => {
    const folder = tempFolder();
    const path = join(folder, 'bad.csv');
    writeFileSync(path, `id,name\n${'1,2,3\n'.repeat(20)}${'4,5\n'.repeat(200)}${'6,7,8\n'.repeat(15)}`);
    const receiver = await startReceiver();
    receiver.setFaults({ fault: 'status', status: 503, chunk: 5 });
    const service = await startService(folder);
    const { body } = await service.api.ingest({
      file_path: path,
      callback_url: receiver.callbackUrl,
      chunk_size_by_records: 10,
      on_bad_record: 'quarantine',
      max_bad_records: 100,
      retry: { max_delay: '100ms' },
    });
    const { page } = await open({ service }, `/#/ingestions/${body.ingestion_id}`);
    await page.getByRole('heading', { name: 'Set aside: 20' }).waitFor();
    receiver.setFaults();
    await page.getByRole('heading', { name: 'Set aside: 35' }).waitFor();
    await page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(() => page.locator('.rejects > li').count(), PATIENCE).toBe(35);
  });
});
