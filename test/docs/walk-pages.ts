/*
 * Every command of README.md and docs/ is run, in the order in which it stands there, with real services and receivers: see page-walk.ts. What is not run is listed, with its reason, in not-run.ts. The
 * pages are parted by where their readers begin, so that two files of tests run side by side.
 */
import { describe, it } from 'vitest';
import { EXAMPLE_LANGUAGES } from '../package/example-receiver.ts';
import { BEGINNINGS } from './page-beginnings.ts';
import { PageWalk } from './page-walk.ts';
import { createPageWorld } from './page-world.ts';
import { commandsOf, pages } from './pages.ts';

const TIMEOUT_MS = 240_000;

/** Has the tests walk all pages whose readers begin in a fresh clone, or in an empty folder. */
export function walkPages(kind: 'clone' | 'empty'): void {
  const walked = pages.filter(
    ({ path, text }) => (BEGINNINGS[path]?.world ?? 'clone') === kind && commandsOf(text).length > 0,
  );
  const missing = EXAMPLE_LANGUAGES.filter(({ isThere }) => !isThere).map(({ name }) => name);
  if (missing.length > 0) console.log(`documentation: no interpreter here for ${missing.join(', ')}: not walked`);

  describe('a reader who does what the page says', () => {
    it.each(walked)('gets what $path says', { timeout: TIMEOUT_MS }, async ({ path, text }) => {
      const { commands, prepare } = BEGINNINGS[path] ?? {};
      const world = await createPageWorld(kind);
      prepare?.(world);
      const walk = new PageWalk(world);
      if (commands !== undefined) await walk.follow(`\`\`\`sh\n${commands}\n\`\`\`\n`);
      await walk.follow(text);
    });
  });
}
