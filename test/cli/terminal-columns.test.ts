import { expect, it } from 'vitest';
import { terminalColumns } from '../../src/cli/terminal-columns.ts';

it.each([
  ['no terminal', { COLUMNS: '40' }, { columns: 120 }, null],
  ['a terminal', {}, { isTTY: true, columns: 120 }, 120],
  ['a terminal that does not say', {}, { isTTY: true, columns: 0 }, 80],
  ['COLUMNS', { COLUMNS: '40' }, { isTTY: true, columns: 120 }, 40],
  ['COLUMNS that are none', { COLUMNS: '0' }, { isTTY: true, columns: 120 }, 120],
])('has the columns of %s', (_what, env, output, columns) => {
  expect(terminalColumns(env, output)).toBe(columns);
});
