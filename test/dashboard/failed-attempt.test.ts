import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { setScene } from '../harness/scene.ts';
import { badge, describeInBrowser, expectAccessible, openPage, PATIENCE, picture } from './browser.ts';

const EVIL = '<img src=x onerror=alert(1)>';

/** A receiver that only ever answers so. */
async function startAnswering(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => answer(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describeInBrowser('the last failed attempt', (browser) => {
  it('shows why a broken receiver holds a delivery up, and stays when it is repaired', async () => {
    const scene = await setScene({ recordCount: 100 });
    const said = `${EVIL} the database is away`;
    scene.receiver.setFaults({ fault: 'status', status: 503, chunk: 3, body: said });
    const { body } = await scene.ingest({ retry: { window: '300ms', max_delay: '50ms' } });
    const { page, faults } = await openPage(browser(), `${scene.service.url}/#/ingestions/${body.ingestion_id}`);
    await badge(page, 'paused').waitFor();
    await page.getByRole('heading', { name: 'Why it stopped' }).waitFor();
    const attempt = page.locator('[data-key="last-failed-attempt"]');
    await expect.poll(() => attempt.getByLabel('Body of the answer').textContent(), PATIENCE).toBe(said);
    expect(await attempt.textContent()).toMatch(/HTTP 503.*at chunk 3/);
    expect(await page.locator('main img').count()).toBe(0);
    await expectAccessible(page);
    await picture(page, 'paused');

    scene.receiver.setFaults();
    await page.getByRole('button', { name: 'Resume' }).click();
    await badge(page, 'completed').waitFor();
    await scene.expectDelivered(body.ingestion_id);
    await attempt.getByText('It was delivered since.').waitFor();
    expect(await attempt.getByLabel('Body of the answer').textContent()).toBe(said);
    expect(faults).toEqual([]);
  });

  it('is shown with hostile headers as text, and the bytes of a body that is none, cut where it was', async () => {
    const scene = await setScene({ recordCount: 10 });
    const callback = await startAnswering((response) => {
      response.writeHead(500, {
        'X-Reason': EVIL,
        'X-Long': 'x'.repeat(3000),
        'Set-Cookie': 'session=secret-of-a-cookie',
      });
      response.end(Buffer.alloc(40_000, 0xff));
    });
    const { ingestion_id: id } = await scene.deliver({ callback_url: callback, retry: { window: '100ms' } });
    const { page, faults } = await openPage(browser(), `${scene.service.url}/#/ingestions/${id}`);
    const attempt = page.locator('[data-key="last-failed-attempt"]');
    await attempt.getByRole('cell', { name: EVIL }).waitFor();
    expect(await page.locator('main').textContent()).not.toContain('secret-of-a-cookie');
    await attempt.getByText('Cut: only its beginning is kept.').waitFor();
    expect(await attempt.getByLabel('Body of the answer, its bytes').textContent()).toMatch(/^ +0 {2}ff ff/);
    expect(await page.locator('main img').count()).toBe(0);
    await expectAccessible(page);
    await picture(page, 'binary');
    expect(faults).toEqual([]);
  });

  it('keeps where one reads, the focus and what is selected in it while the page around it changes', async () => {
    const scene = await setScene({ recordCount: 100 });
    const said = Array.from({ length: 400 }, (_, line) => `line ${line} of a long trace`).join('\n');
    scene.receiver.setFaults({ fault: 'status', status: 503, chunk: 3, body: said });
    const { body } = await scene.ingest({ retry: { window: '300ms', max_delay: '50ms' } });
    const { page, faults } = await openPage(browser(), `${scene.service.url}/#/ingestions/${body.ingestion_id}`);
    await badge(page, 'paused').waitFor();
    const attempt = page.locator('[data-key="last-failed-attempt"]');
    await attempt.locator('pre.said').waitFor();
    await page.evaluate(`{
      const said = document.querySelector('pre.said');
      said.focus();
      said.scrollTop = 700;
      getSelection().setBaseAndExtent(said.firstChild, 10, said.firstChild, 300);
    }`);
    const place = () =>
      page.evaluate(`[document.querySelector('pre.said').scrollTop, document.activeElement.className,
        getSelection().toString()]`);
    const before = [700, 'said', said.slice(10, 300)];
    expect(await place()).toEqual(before);

    // Its age ticks, then what came after it is said beside it.
    const ages = new Set<string | null>();
    const age = attempt.locator('time', { hasText: /\d+ s ago/ });
    await expect.poll(async () => ages.add(await age.textContent()).size, PATIENCE).toBeGreaterThan(2);
    expect(await place()).toEqual(before);
    scene.receiver.setFaults();
    await scene.service.api.act(body.ingestion_id, 'resume');
    await attempt.getByText('It was delivered since.').waitFor();
    expect(await place()).toEqual(before);
    expect(faults).toEqual([]);
  });

  it('may have been at COMPLETED', async () => {
    const scene = await setScene({ recordCount: 10 });
    scene.receiver.setFaults({ fault: 'status', status: 500, chunk: 'completed', body: 'no room for an end' });
    const { ingestion_id: id } = await scene.deliver({ retry: { window: '100ms', max_delay: '50ms' } });
    const { page } = await openPage(browser(), `${scene.service.url}/#/ingestions/${id}`);
    await page.getByText(/at COMPLETED/).waitFor();
    expect(await page.getByLabel('Body of the answer').textContent()).toBe('no room for an end');
  });
});
