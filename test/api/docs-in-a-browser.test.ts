import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, expectAccessible, launchBrowser, openPage } from '../dashboard/browser.ts';
import { setScene } from '../harness/scene.ts';

if (chromiumPath === undefined) console.log('documentation: skipped, no Chromium was found (ACKSTREAM_CHROMIUM)');

describe.skipIf(chromiumPath === undefined)('the page of the documentation, in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it('lets every operation be tried by the keyboard alone, under its own policy', async () => {
    const scene = await setScene({ recordCount: 35 });
    const { ingestion_id: id } = await scene.deliver();
    const { page, faults } = await openPage(browser, `${scene.service.url}/docs`);
    await page.locator('#getChunkBody summary').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type(id);
    await page.keyboard.press('Tab');
    await page.keyboard.type('3');
    await page.keyboard.press('Enter');
    const output = page.locator('#getChunkBody output');
    await output.getByText('"is_last": true').waitFor();
    expect(await output.textContent()).toMatch(new RegExp(`^GET /api/ingestions/${id}/chunks/3\n200`));

    await page.locator('#submitIngestion summary').click();
    await page.locator('#submitIngestion textarea').fill('{"file_path":"<img src=x>"}');
    await page.locator('#submitIngestion button').click();
    await page.locator('#submitIngestion output').getByText('"code": "REQUEST_INVALID"').waitFor();
    await expectAccessible(page);
    expect(faults).toEqual([]);
  });
});
