import { expect, it } from 'vitest';
import { describeInBrowser, expectAccessible, openPage } from '../dashboard/browser.ts';
import { setScene } from '../harness/scene.ts';

describeInBrowser('the page of the documentation, in a browser', (browser) => {
  it('lets every operation be tried by the keyboard alone, under its own policy', async () => {
    const scene = await setScene({ recordCount: 35 });
    const { ingestion_id: id } = await scene.deliver();
    const { page, faults } = await openPage(browser(), `${scene.service.url}/docs`);
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
    // Of sections that are all alike some are enough: looking at each element takes seconds.
    await page.evaluate(
      `document.querySelectorAll('section').forEach((section, index) => index % 8 === 0 || section.remove())`,
    );
    await expectAccessible(page);
    expect(faults).toEqual([]);
  });

  it('opens where there are tokens, asks for one, and keeps it in its tab alone, for the dashboard too', async () => {
    const token = 'a-token-of-some-length';
    const scene = await setScene({ recordCount: 0, env: { ACKSTREAM_API_TOKEN: token } });
    const { page, faults } = await openPage(browser(), `${scene.service.url}/docs`);
    const tryList = async () => {
      await page.locator('#listCircuits details').evaluate((details) => details.setAttribute('open', ''));
      await page.locator('#listCircuits button').click();
      return page.locator('#listCircuits output');
    };
    const refused = await tryList();
    await refused.getByText('Put a token into the field at the top of this page.').waitFor();
    await page.locator('#token').fill(token);
    const answered = await tryList();
    await answered.getByText('"items": []').waitFor();
    await page.reload();
    expect(await page.locator('#token').inputValue()).toBe(token);
    await page.goto(`${scene.service.url}/`);
    await page.getByRole('heading', { name: 'Ingestions' }).first().waitFor();
    expect(await page.evaluate('[localStorage.length, document.cookie]')).toEqual([0, '']);
    await page.goto(`${scene.service.url}/docs`);
    await page.locator('#token').fill('');
    await page.locator('#token').blur();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    expect(faults).toEqual([]);
  });
});
