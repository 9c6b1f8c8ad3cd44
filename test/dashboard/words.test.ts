import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Scene, setScene } from '../harness/scene.ts';
import { badge, describeInBrowser, expectAccessible, openPage, PATIENCE, picture } from './browser.ts';

describeInBrowser('the words of the page', (browser) => {
  const open = (scene: Pick<Scene, 'service'>, path = '/') => openPage(browser(), scene.service.url + path);

  it('say when an ingestion failed', async () => {
    const scene = await setScene({ recordCount: 10 });
    scene.receiver.setFaults({ fault: 'status', status: 410 });
    const { ingestion_id: id } = await scene.deliver();
    const { page } = await open(scene, `/#/ingestions/${id}`);
    await badge(page, 'failed').waitFor();
    const box = page.locator('[data-key="failure"]');
    await box.getByText(/It happened (just now|\d+ s ago)/).waitFor();
    const failed = page.locator('.facts div', { hasText: 'Failed' }).locator('time');
    const { last_error: error } = await scene.service.api.get(id);
    expect(await failed.getAttribute('datetime')).toBe((error as unknown as { at: string }).at);
    expect(await page.getByText('Ended').count()).toBe(0);
    await picture(page, 'failed');
  });

  it('name the box to tick where a file was delivered elsewhere, and lead to that delivery', async () => {
    const scene = await setScene({ recordCount: 10 });
    const { ingestion_id: id } = await scene.deliver();
    const { page, faults } = await open(scene, '/#/new');
    await page.getByLabel('File').fill(scene.filePath);
    await page.getByLabel('Callback', { exact: true }).fill(`${scene.receiver.callbackUrl}/other`);
    await page.getByRole('button', { name: 'Start delivery' }).click();
    await page.getByText('Tick “Deliver it from its start” in the form to deliver it').waitFor();
    expect(await page.locator('main').textContent()).not.toMatch(/re_ingestion|--re-ingest/);
    await expectAccessible(page);
    await picture(page, 'elsewhere');
    await page.getByRole('link', { name: 'The earlier ingestion' }).click();
    await badge(page, 'completed').waitFor();
    expect(page.url()).toContain(id);
    expect(faults).toEqual([]);
  });

  it('tell what to do where a delivery was begun with other settings', async () => {
    const scene = await setScene({ recordCount: 100 });
    scene.receiver.setFaults({ fault: 'status', status: 410, chunk: 3 });
    await scene.deliver();
    const { page } = await open(scene, '/#/new');
    await page.getByLabel('File').fill(scene.filePath);
    await page.getByLabel('Callback', { exact: true }).fill(scene.receiver.callbackUrl);
    await page.getByText('Format and limits').click();
    await page.getByLabel('Numbers').selectOption('as RFC 8785 writes them');
    await page.getByRole('button', { name: 'Start delivery' }).click();
    await page.getByText('or tick “Deliver it from its start” in the form to start anew').waitFor();
    await page.locator('#field-number_form-problem').waitFor();
    await page.getByRole('link', { name: 'The earlier ingestion' }).waitFor();
  });

  it('say of an unknown ingestion that it was not found, and not that the page is out of date', async () => {
    const scene = await setScene({ recordCount: 1 });
    const { page } = await open(scene, `/#/ingestions/${'0'.repeat(64)}`);
    await page.getByRole('heading', { name: 'No such ingestion' }).waitFor();
    expect(await page.locator('#connection').textContent()).toBe('Not found');
    expect(await page.locator('#connection').getAttribute('class')).not.toContain('bad');
    await picture(page, 'not-found');
  });

  it('name no flags of the command line in what is wrong with a file', async () => {
    const scene = await setScene({ recordCount: 1 });
    const path = join(scene.folder, 'export');
    writeFileSync(path, '{"a":1}\n{"a":2}\n');
    const { page } = await open(scene, '/#/new');
    await page.getByLabel('File').fill(path);
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('as in NDJSON').waitFor();
    expect(await page.locator('main').textContent()).not.toMatch(/--\w/);
  });

  it('number records from 1, and name the file of a bad one', async () => {
    const scene = await setScene({ recordCount: 1 });
    const folder = join(scene.folder, 'many');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.csv'), 'id,name\n1,chair\n');
    for (const name of ['north', 'south']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'b.csv'), 'id,name\n2,table,too many\n3,bed\n');
    }
    const { page } = await open(scene, '/#/new');
    await page.getByLabel('File').fill(`${folder}/**/*.csv`);
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText(' north/b.csv, line 2').waitFor();
    await page.getByText(' south/b.csv, line 2').waitFor();
    expect(await page.locator('ol.records').getAttribute('start')).toBeNull();

    const { ingestion_id: id } = await scene.deliver({ file_path: `${folder}/**/*.csv`, on_bad_record: 'quarantine' });
    await page.goto(`${scene.service.url}/#/ingestions/${id}`);
    await page.getByRole('heading', { name: 'Set aside: 2' }).waitFor();
    await page.locator('.rejects').getByText('north/b.csv, line 2').waitFor();
    await page.locator('.rejects').getByText('south/b.csv, line 2').waitFor();
    await page.getByRole('columnheader', { name: 'First record' }).waitFor();
    expect(await page.locator('main').textContent()).not.toMatch(/[KM]iB/);
  });

  it('tell every time in the zone of the browser, those in texts of the service too', async () => {
    const scene = await setScene({ recordCount: 10 });
    scene.receiver.setFaults({ fault: 'status', status: 503 });
    const { body } = await scene.ingest({ retry: { window: '100ms', max_delay: '20ms' } });
    const { page } = await open(scene, `/#/ingestions/${body.ingestion_id}`);
    const text = page.locator('[data-key="failure"] .trouble');
    await expect.poll(() => text.textContent(), PATIENCE).toMatch(/No attempt since \d\d:\d\d:\d\d/);
    const titles = await text.locator('time').evaluateAll((times) => times.map((time) => time.getAttribute('title')));
    for (const title of titles) expect(title).toMatch(/ at \d\d:\d\d:\d\d (CEST|CET|GMT\+\d)$/);
    await page.getByText('attempts at chunk 0').click();
    expect(await page.locator('main').textContent()).not.toMatch(/\d{4}-\d\d-\d\dT/);
    await picture(page, 'window-over');
  });
});
