import { expect, it } from 'vitest';
import { jsonLine } from '../../src/cli/json-line.ts';
import { readProjectFiles } from '../repo/project-files.ts';

/** What makes JSON that is no line of an output: bodies of requests, what two looks are compared by, and the format in a preview, which is shown as all text is. */
const NO_LINES = ['demo-receiver', 'service-client', 'progress-reporter', 'render-preview'];

it('says the same as JSON does, without a character that a terminal obeys', () => {
  const value = { path: 'a\x1b[31m\u009b31m\u2028\u202egnp.\x7f"\\', text: 'Größe 日本 😀' };
  const line = jsonLine(value);
  expect(JSON.parse(line)).toEqual(value);
  expect(line).toContain('\\u009b31m\\u2028\\u202egnp.\\u007f');
  expect(line).toContain('Größe 日本 😀');
  expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\u202e]/u);
  expect(line.endsWith('}\n')).toBe(true);
});

it('is the only way by which commands print JSON', () => {
  const makers = readProjectFiles('src/cli', /\.ts$/).filter(({ text }) => text.includes('JSON.stringify('));
  const names = makers.map(({ path }) => path.replace(/^.*\//, '').replace(/\.ts$/, ''));
  expect(names.toSorted()).toEqual(['json-line', ...NO_LINES].toSorted());
});
