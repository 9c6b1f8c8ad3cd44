import { expect, it } from 'vitest';
import { renderTable } from '../../src/cli/render-table.ts';

const columns = [
  { title: 'NAME', cell: (row: { name: string; count: number }) => row.name },
  { title: 'N', cell: (row: { name: string; count: number }) => String(row.count), align: 'right' as const },
];

it('makes each column as wide as its widest cell', () => {
  const rows = [
    { name: 'a', count: 5 },
    { name: 'longer', count: 1234 },
  ];
  expect(renderTable(rows, columns)).toBe('NAME       N\na          5\nlonger  1234\n');
});

it('counts the columns of a terminal, not characters', () => {
  const rows = [
    { name: '日本', count: 5 },
    { name: 'abcd', count: 6 },
  ];
  expect(renderTable(rows, columns)).toBe('NAME  N\n日本  5\nabcd  6\n');
});

it('shows the titles where there are no rows', () => {
  expect(renderTable([], columns)).toBe('NAME  N\n');
});
