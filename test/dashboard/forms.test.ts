import { expect, it } from 'vitest';
import { type Scene, setScene } from '../harness/scene.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { badge, describeInBrowser, expectAccessible, focused, openPage, PATIENCE, picture } from './browser.ts';

/** So slowly that it is under way for as long as a test looks on. */
const SLOWLY = { fault: 'delay', delay_ms: 1000 } as const;
const TOKEN = 'a-token-of-the-settings';

describeInBrowser('the forms of the dashboard', (browser) => {
  const open = (scene: Pick<Scene, 'service'>, path = '/') => openPage(browser(), scene.service.url + path);

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
    // Of what comes within half a second there is no course.
    await page.locator('#chart-rates canvas').waitFor();
    scene.receiver.setFaults();
    await badge(page, 'completed').waitFor();
    await scene.expectDelivered(page.url().replace(/^.*\//, ''));
    await page.getByRole('rowheader', { name: '19 (last)' }).waitFor();
    await expectAccessible(page);
    await picture(page, 'completed');
    expect(faults).toEqual([]);
  });

  it('tells at a field why it was refused, and leads there', async () => {
    const scene = await setScene({ recordCount: 10 });
    const { page } = await open(scene, '/#/new');
    await page.getByLabel('File').fill(scene.filePath);
    await page.getByLabel('Callback', { exact: true }).fill('nowhere');
    await page.getByRole('button', { name: 'Start delivery' }).click();
    await expect.poll(() => focused(page), PATIENCE).toBe('field-callback_url');
    expect(await page.locator('#field-callback_url-problem').textContent()).toContain('must be an absolute http');
    await expectAccessible(page);
    await picture(page, 'refused');
  });

  it('says why nothing is sent where a file was delivered before', async () => {
    const scene = await setScene({ recordCount: 10 });
    await scene.deliver();
    const { page } = await open(scene, '/#/new');
    await page.getByLabel('File').fill(scene.filePath);
    await page.getByLabel('Callback', { exact: true }).fill(scene.receiver.callbackUrl);
    await page.getByRole('button', { name: 'Start delivery' }).click();
    await page.getByText('nothing is sent again').waitFor();
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
});
