import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

const CANDIDATES = [
  process.env.ACKSTREAM_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** The browser that is there; undefined: there is none. */
export const chromiumPath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

/** Starts a browser; the caller closes it. */
export function launchBrowser(): Promise<Browser> {
  // Containers that run tests as root, and have little shared memory, would not start it otherwise.
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
  return chromium.launch({ executablePath: chromiumPath ?? '', args });
}

/** A page, and what went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** What was written to the console as an error, thrown, or refused by the content security policy. */
  readonly faults: string[];
}

/** Opens a page of its own storage; closed when the test has finished. A refused request is no fault: the page shows it. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Vienna', ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    const isRefusal = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isRefusal) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('dialog', (dialog) => faults.push(`a dialog opened: ${dialog.message()}`));
  page.setDefaultTimeout(10_000);
  await page.goto(url);
  return { page, faults };
}

/** Fails where assistive technology could not use the page as it is. */
export async function expectAccessible(page: Page): Promise<void> {
  // Through the debugger, which the content security policy does not concern.
  const found = await page.evaluate(`(async () => {
    if (window.axe === undefined) { ${axe.source} }
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html).join(' | ').slice(0, 300));
  })()`);
  expect(found).toEqual([]);
}

/** Fails where the page is wider than its window. */
export async function expectNoSidewaysScrolling(page: Page): Promise<void> {
  const excess = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  expect(excess).toBe(0);
}
