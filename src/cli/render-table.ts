import { textWidth } from './text-width.ts';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Gives a padded cell, or the title, its colour. */
  readonly paint?: (text: string) => string;
}

/** Rows below their titles, each column as wide as its widest cell, two spaces between columns. Ends with a line break. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))];
  const widths = columns.map((_column, index) => Math.max(...lines.map((cells) => textWidth(cells[index] ?? ''))));
  return lines.map((cells) => `${padded(cells, columns, widths).join('  ').trimEnd()}\n`).join('');
}

function padded<Row>(cells: readonly string[], columns: readonly Column<Row>[], widths: readonly number[]): string[] {
  return cells.map((cell, index) => {
    const width = widths[index] ?? 0;
    const { align, paint } = columns[index] ?? {};
    const padding = ' '.repeat(width - textWidth(cell));
    const text = align === 'right' ? padding + cell : cell + padding;
    return paint?.(text) ?? text;
  });
}
