import { cutToWidth, textWidth } from './text-width.ts';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Gives a padded cell, or the title, its colour. */
  readonly paint?: (text: string) => string;
  /** Of the last column: how wide a line may be at most, for which its cells are cut. Ten columns it has in any case. */
  readonly lineColumns?: number;
}

/** Less of a text tells nothing. */
const MIN_CUT_COLUMNS = 10;

/** Rows below their titles, each column as wide as its widest cell, two spaces between columns. Ends with a line break. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))];
  const widths = columns.map((_column, index) => Math.max(...lines.map((cells) => textWidth(cells[index] ?? ''))));
  const last = columns.length - 1;
  const room =
    (columns[last]?.lineColumns ?? Infinity) - widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0);
  widths[last] = Math.min(widths[last] ?? 0, Math.max(MIN_CUT_COLUMNS, room));
  return lines.map((cells) => `${padded(cells, columns, widths).join('  ').trimEnd()}\n`).join('');
}

function padded<Row>(cells: readonly string[], columns: readonly Column<Row>[], widths: readonly number[]): string[] {
  return cells.map((whole, index) => {
    const width = widths[index] ?? 0;
    const cell = cutToWidth(whole, width);
    const { align, paint } = columns[index] ?? {};
    const padding = ' '.repeat(width - textWidth(cell));
    const text = align === 'right' ? padding + cell : cell + padding;
    return paint?.(text) ?? text;
  });
}
