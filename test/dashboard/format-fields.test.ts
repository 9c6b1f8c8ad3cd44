import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { type Scene, setScene } from '../harness/scene.ts';
import { writeWorkbook } from '../readers/excel/workbook-writer.ts';
import { badge, describeInBrowser, expectAccessible, focused, openPage, PATIENCE, picture } from './browser.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const HEADER_VALUE = 'Bearer of-the-receiver';

const sheetOf = (...values: readonly (string | number)[]) => ({
  rows: values
    .map((value, index) => {
      const cell = typeof value === 'number' ? `<v>${value}</v>` : `<is><t>${value}</t></is>`;
      return `<row r="${index + 1}"><c r="A${index + 1}"${typeof value === 'number' ? '' : ' t="inlineStr"'}>${cell}</c></row>`;
    })
    .join(''),
});

describeInBrowser('the format fields of the form', (browser) => {
  /** The form for a feed, its folded section open. */
  async function openForm(scene: Pick<Scene, 'service'>, path: string): Promise<{ page: Page; faults: string[] }> {
    const opened = await openPage(browser(), `${scene.service.url}/#/new`);
    await opened.page.getByLabel('File').fill(path);
    await opened.page.getByText('Format and limits').click();
    return opened;
  }
  const press = (page: Page, name: string) => page.getByRole('button', { name }).click();
  const firstRecord = (page: Page) => page.locator('.records pre').first().textContent();

  it('let a second sheet be previewed and started', async () => {
    const scene = await setScene({ recordCount: 1 });
    const path = join(scene.folder, 'book.xlsx');
    const sheets = [
      { name: 'Notes', ...sheetOf('note', 'nothing') },
      { name: 'Products', ...sheetOf('id', 17, 18) },
    ];
    writeFileSync(path, writeWorkbook({ sheets }));
    const { page, faults } = await openForm(scene, path);
    await page.getByLabel('Sheet').fill('Prices');
    await press(page, 'Preview');
    await expect.poll(() => focused(page), PATIENCE).toBe('field-format-sheet');
    expect(await page.locator('#field-format-sheet-problem').textContent()).toContain('Prices');
    await page.getByLabel('Sheet').fill('Products');
    await press(page, 'Preview');
    await expect.poll(() => firstRecord(page), PATIENCE).toContain('"id": 17');
    await expectAccessible(page, { alsoOnDesk: true });
    await picture(page, 'sheet');

    await page.getByLabel('Sheet').fill('1');
    await page.getByLabel('Callback', { exact: true }).fill(scene.receiver.callbackUrl);
    await press(page, 'Start delivery');
    await badge(page, 'completed').waitFor();
    await scene.expectDelivered(page.url().replace(/^.*\//, ''), ['{"id":17}', '{"id":18}']);
    expect(faults).toEqual([]);
  });

  it('let a CSV file without a header row be previewed, and tell at the delimiter why it is none', async () => {
    const scene = await setScene({ recordCount: 1 });
    const path = join(scene.folder, 'plain.csv');
    writeFileSync(path, '17|chair\n18|table\n');
    const { page, faults } = await openForm(scene, path);
    await page.getByLabel('Delimiter').fill('||');
    await page.getByLabel('Header row').selectOption('there is none');
    await press(page, 'Preview');
    await expect.poll(() => focused(page), PATIENCE).toBe('field-format-delimiter');
    expect(await page.locator('#field-format-delimiter-problem').textContent()).toContain('one ASCII character');
    await expectAccessible(page);
    await picture(page, 'delimiter');

    await page.getByLabel('Delimiter').fill('|');
    await press(page, 'Preview');
    await expect.poll(() => firstRecord(page), PATIENCE).toContain('"column_2": "chair"');
    await page.getByLabel('Names of the columns').fill('id\nname\n');
    await press(page, 'Preview');
    await expect.poll(() => firstRecord(page), PATIENCE).toContain('"name": "chair"');
    expect(faults).toEqual([]);
  });

  it('are those of the type, whether it is chosen or told by the name', async () => {
    const scene = await setScene({ recordCount: 1 });
    const { page } = await openForm(scene, 'products.json');
    const labels = () => page.locator('fieldset').first().locator('label').allTextContents();
    await expect.poll(labels, PATIENCE).toEqual(['Encoding', 'Numbers']);
    await page.getByLabel('Encoding').fill('windows-1252');
    await page.getByLabel('Type').selectOption('XML');
    await expect.poll(labels, PATIENCE).toContain('Before attributes');
    expect(await page.getByLabel('Encoding').inputValue()).toBe('windows-1252');
    await page.getByLabel('Type').selectOption('by the name');
    await page.getByLabel('File').fill('/srv/feeds/*.xlsx');
    await expect.poll(labels, PATIENCE).toContain('Sheet');
    await page.getByLabel('Encoding').waitFor({ state: 'detached' });
  });

  it('keep what was said while the name is typed on through another type', async () => {
    const scene = await setScene({ recordCount: 1 });
    const { page } = await openForm(scene, 'products.csv');
    await page.getByLabel('Delimiter').fill('|');
    await page.getByLabel('Header row').selectOption('there is none');
    await page.getByLabel('Names of the columns').fill('id\nname');
    await page.getByLabel('File').pressSequentially('.gz');
    await expect.poll(() => page.getByLabel('Delimiter').inputValue(), PATIENCE).toBe('|');
    expect(await page.getByLabel('Header row').inputValue()).toBe('no');
    expect(await page.getByLabel('Names of the columns').inputValue()).toBe('id\nname');
    await page.getByLabel('Type').selectOption('Excel');
    await page.getByLabel('Delimiter').waitFor({ state: 'detached' });
    await page.getByLabel('Type').selectOption('CSV');
    expect(await page.getByLabel('Delimiter').inputValue()).toBe('|');
  });

  it('are kept where a file is delivered again, and its secrets shown nowhere', async () => {
    const scene = await setScene({ recordCount: 1 });
    const path = join(scene.folder, 'tabs.csv');
    writeFileSync(path, "id\tname\n17\t'a chair'\n");
    const { page, faults } = await openForm(scene, path);
    await page.getByText('Headers, secret and status URL').click();
    const values: readonly (readonly [string, string])[] = [
      ['Delimiter', '\\t'],
      ['Quote', "'"],
      ['Bytes per chunk', '2000'],
      ['Most bad records', '3%'],
      ['Try for', '5m'],
      ['Longest wait', '30s'],
      ['Status URL', `${scene.receiver.callbackUrl}/status`],
    ];
    for (const [label, text] of values) await page.getByLabel(label).fill(text);
    await page.getByLabel('A bad record').selectOption('is set aside');
    await page.getByLabel('Headers').fill(`Authorization: ${HEADER_VALUE}`);
    await page.getByLabel('Signing secret').fill(SECRET);
    await page.getByLabel('Callback', { exact: true }).fill(scene.receiver.callbackUrl);
    const previewed = page.waitForRequest('**/api/preview');
    await press(page, 'Preview');
    expect((await previewed).postData()).not.toMatch(/Bearer|whsec/);
    await page.getByRole('heading', { name: 'First records' }).waitFor();
    await press(page, 'Start delivery');
    await badge(page, 'completed').waitFor();
    const id = page.url().replace(/^.*\//, '');
    expect(await scene.service.api.get(id)).toMatchObject({
      format: { delimiter: '\t', quote: "'" },
      chunk_size_by_memory: 2000,
      on_bad_record: 'quarantine',
      max_bad_records: '3%',
      retry: { window: '5m', max_delay: '30s' },
      callback_header_names: ['Authorization'],
    });

    await page.getByRole('link', { name: 'Deliver again…' }).click();
    for (const [label, text] of values) expect(await page.getByLabel(label).inputValue()).toBe(text);
    expect(await page.getByLabel('Headers').inputValue()).toBe('Authorization: \n');
    expect(await page.getByLabel('Signing secret').inputValue()).toBe('');
    expect(await page.content()).not.toMatch(/Bearer of|whsec_Mf/);
    await picture(page, 'again');
    await press(page, 'Start delivery');
    await expect.poll(() => focused(page), PATIENCE).toBe('field-callback_headers');
    expect(await page.locator('#field-callback_headers-problem').textContent()).toContain('Authorization');
    expect((await scene.service.api.get(id)).epoch).toBe(1);
    expect(faults).toEqual([]);
  });
});
