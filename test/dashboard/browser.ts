import { existsSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';

const CANDIDATES = [
  process.env.ACKSTREAM_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };

/** The browser that is there; undefined: there is none. */
const chromiumPath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

/** Starts a browser; the caller closes it. */
function launchBrowser(): Promise<Browser> {
  // Containers that run tests as root, and have little shared memory, would not start it otherwise.
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
  // It has a socket among its temporary files, and the path of one may not be long.
  const env = { ...process.env, TMPDIR: '/tmp' };
  return chromium.launch({ executablePath: chromiumPath ?? '', args, env });
}

/** A browser on a busy machine is slow. */
const TEST_TIME = { timeout: 60_000 };

/**
 * Tests of a subject in one browser, where there is one.
 * @param tests `browser` gives it while they run
 */
export function describeInBrowser(subject: string, tests: (browser: () => Browser) => void): void {
  if (chromiumPath === undefined) console.log(`${subject}: skipped, no Chromium was found (ACKSTREAM_CHROMIUM)`);
  describe.skipIf(chromiumPath === undefined)(`${subject}, in a browser`, TEST_TIME, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser();
    });
    afterAll(() => browser.close());
    tests(() => browser);
  });
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
  page.setDefaultTimeout(PATIENCE.timeout);
  await page.goto(url);
  return { page, faults };
}

/** Rules of axe that depend on the colours alone. */
const COLOUR_RULES = ['color-contrast'];

/** Fails where assistive technology could not use the page as it is, or it is wider than its window: on a phone in dark and light, and where asked on a desk. */
export async function expectAccessible(page: Page, { alsoOnDesk = false } = {}): Promise<void> {
  if (alsoOnDesk) await expectNoViolations(page);
  await page.setViewportSize(PHONE);
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await expectNoViolations(page);
  await expectNoSidewaysScrolling(page);
  // The layout does not depend on the colours.
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await expectNoViolations(page, COLOUR_RULES);
  await page.setViewportSize(DESK);
}

async function expectNoViolations(page: Page, runOnly?: readonly string[]): Promise<void> {
  const options = JSON.stringify({ resultTypes: ['violations'], ...(runOnly === undefined ? {} : { runOnly }) });
  // Through the debugger, which the content security policy does not concern.
  const found = await page.evaluate(`(async () => {
    if (window.axe === undefined) { ${axe.source} }
    const { violations } = await axe.run(document, ${options});
    return violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html).join(' | ').slice(0, 300));
  })()`);
  expect(found).toEqual([]);
}

/** Fails where the page is wider than its window. */
async function expectNoSidewaysScrolling(page: Page): Promise<void> {
  const excess = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  expect(excess).toBe(0);
}

/** As long as a page has for what it shows soon; a browser on a busy machine is slow. */
export const PATIENCE = { timeout: 10_000 } as const;

/** What the page says of the first ingestion that is in a state. */
export function badge(page: Page, word: string): Locator {
  return page.locator('.badge', { hasText: word }).first();
}

/** What the keyboard is at. */
export function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.id || document.activeElement.textContent');
}

/** Pictures for people, where they ask for some. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.ACKSTREAM_SCREENSHOTS;
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
