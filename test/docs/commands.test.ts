/** What holds for the commands of README.md and docs/ as they stand there; walk-pages.ts runs them. */
import { describe, expect, it } from 'vitest';
import { commandEntries } from '../../src/cli/command-table.ts';
import { NOT_RUN } from './not-run.ts';
import { commandsOf, pages } from './pages.ts';
import { readFences } from './read-page.ts';

const FEWEST_COMMANDS = 100;

describe('the pages', () => {
  it('have each command that is said not to be run', () => {
    const texts = pages.flatMap(({ text }) => commandsOf(text).map((command) => command.text));
    const stale = NOT_RUN.filter(({ pattern }) => !texts.some((text) => pattern.test(text)));
    expect(stale.map(({ pattern }) => pattern.source)).toEqual([]);
  });

  it('hide no command from the walk', () => {
    expect(pages.flatMap(({ text }) => commandsOf(text)).length).toBeGreaterThan(FEWEST_COMMANDS);
    const names = commandEntries().map(([name]) => name);
    const COMMAND = new RegExp(
      `^(?:\\$|curl|docker|kubectl|node|npm|php|python3|ackstream (?:${names.join('|')})) `,
      'm',
    );
    const hidden = pages.flatMap(({ path, text }) =>
      readFences(text).flatMap(({ language, code }) =>
        language === '' || (language === 'text' && COMMAND.test(code)) ? [`${path}: ${language} ${code}`] : [],
      ),
    );
    expect(hidden).toEqual([]);
  });

  it('have examples that are JSON, where they say so', () => {
    for (const { path, text } of pages) {
      for (const { language, code } of readFences(text)) {
        if (language === 'json')
          expect(() => JSON.parse(code.replaceAll('[…]', '[]')), `${path}\n${code}`).not.toThrow();
      }
    }
  });
});
