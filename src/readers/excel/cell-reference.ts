/** A sheet has no more (Excel specifications and limits). */
export const MAX_ROWS = 1_048_576;
export const MAX_COLUMNS = 16_384;

const A = 0x41;
const LETTERS = 26;

/**
 * The column, from 0, of a reference such as `AB12`; -1 where it is none.
 * @param row the number of the row that it must be in, empty: any
 */
export function columnOf(reference: string, row: string): number {
  let column = 0;
  let index = 0;
  for (; index < reference.length; index += 1) {
    const letter = reference.charCodeAt(index) - A;
    if (letter < 0 || letter >= LETTERS) break;
    column = column * LETTERS + letter + 1;
  }
  const isInRow =
    row === '' ? index < reference.length : index + row.length === reference.length && reference.endsWith(row);
  return isInRow && column <= MAX_COLUMNS ? column - 1 : -1;
}
