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

it('cuts the last column to what the line has left, but for ten columns of it', () => {
  const rows = [{ name: 'a', why: 'a reason without end' }];
  const cutTo = (lineColumns: number) =>
    renderTable<(typeof rows)[number]>(rows, [
      { title: 'NAME', cell: ({ name }) => name },
      { title: 'WHY', cell: ({ why }) => why, lineColumns },
    ]);
  expect(cutTo(26)).toBe('NAME  WHY\na     a reason without end\n');
  expect(cutTo(20)).toBe('NAME  WHY\na     a reason with…\n');
  expect(cutTo(3)).toBe('NAME  WHY\na     a reason …\n');
});
