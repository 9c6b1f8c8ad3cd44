import { expect, it } from 'vitest';
import { printAllPages } from '../../src/cli/print-all-pages.ts';
import { recordedContext } from './command-fixtures.ts';

it('sees a signal that comes while pages are there at once, as those of a service of its own process are', async () => {
  const interruption = new AbortController();
  const printed: string[] = [];
  const { context } = recordedContext({
    signal: interruption.signal,
    write: (text) => {
      printed.push(text);
      setImmediate(() => interruption.abort());
    },
  });
  const pages = [1, 2, 3].map((item) => ({ items: [item], next_cursor: item < 3 ? String(item) : null }));
  const askFor = (cursor: string | null) => Promise.resolve(pages[Number(cursor)] ?? { items: [], next_cursor: null });
  expect(await printAllPages(askFor, String, context)).toBe(130);
  expect(printed).toEqual(['1']);
});
