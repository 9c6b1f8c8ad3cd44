import type { CsvFormat } from '../model/format.ts';
import { type CsvDialect, dialectOf } from './csv-dialect.ts';
import { CsvRow, OPEN } from './csv-row.ts';

/** In the order in which they are preferred where all else is equal: a comma stands in prose and in numbers too. */
const CANDIDATES = ['\t', ';', '|', ','] as const;
const COMMA = ',';
/** How many rows are looked at. */
const MAX_ROWS = 50;

/** How the head of a file looks with one delimiter. */
interface Split {
  readonly cellCount: number;
  /** Which part of the rows is well-formed and has as many cells as the first. */
  readonly share: number;
}

/**
 * The delimiter of a file by its first rows: that of `,` `;` tab and `|` with which the first row has several cells and the largest part of all rows, at least half of them, as
 * many. Of equal ones the comma comes last, and those with more cells first. The comma where there is none, as in a file of one column.
 * @param head the first bytes from the first row on
 */
export function findDelimiter(head: Uint8Array, format: CsvFormat, endsAtCarriageReturn: boolean): string {
  // A scan ends at a zero.
  const input = new Uint8Array(head.length + 1);
  input.set(head);
  let best: string = COMMA;
  let bestSplit: Split = { cellCount: 1, share: 0.5 };
  for (const delimiter of CANDIDATES) {
    if (delimiter === format.quote || delimiter === format.escape) continue;
    const split = splitRows(input, dialectOf(format, { delimiter, endsAtCarriageReturn }));
    if (split.cellCount === 1 || split.share < bestSplit.share) continue;
    const isTie = split.share === bestSplit.share;
    if (isTie && (delimiter === COMMA || split.cellCount <= bestSplit.cellCount)) continue;
    best = delimiter;
    bestSplit = split;
  }
  return best;
}

/** The first rows. The last, which may be cut off, counts only where it is the only one. */
function splitRows(input: Uint8Array, dialect: CsvDialect): Split {
  const row = new CsvRow(dialect);
  const end = input.length - 1;
  let cellCount = 0;
  let rowCount = 0;
  let equalCount = 0;
  for (let start = 0; start < end && rowCount < MAX_ROWS; ) {
    const next = row.scan(input, start, { end, isWhole: true });
    const isLast = next === end && rowCount > 0;
    if (next === OPEN || isLast) break;
    if (row.end > start) {
      rowCount += 1;
      if (rowCount === 1) cellCount = row.cellCount;
      if (row.fault === null && row.cellCount === cellCount) equalCount += 1;
    }
    start = next;
  }
  return { cellCount, share: equalCount / Math.max(1, rowCount) };
}
