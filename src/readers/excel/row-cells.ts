import type { CellValues } from './columns.ts';

const NO_VALUE = 'null';

/** The cells of one row after the other, as JSON literals by their column. */
export class RowCells {
  /** No cell in this column, from 0, or behind it has a value. */
  width = 0;
  /** How many characters the values have together. */
  length = 0;
  readonly #values: (string | undefined)[] = [];
  #usedWidth = 0;

  /** The values, until the row is cleared. */
  get values(): CellValues {
    return this.#values;
  }

  /** Begins the next row. */
  clear(): void {
    this.#values.fill(undefined, 0, this.#usedWidth);
    this.#usedWidth = 0;
    this.width = 0;
    this.length = 0;
  }

  /**
   * Adds a cell; false where the row has it already.
   * @param literal null: the cell has no value
   */
  add(column: number, literal: string | null): boolean {
    if (column < this.#usedWidth && this.#values[column] !== undefined) return false;
    // So that the list of values never has holes, which would make it slow.
    while (this.#values.length < column) this.#values.push(undefined);
    this.#values[column] = literal ?? NO_VALUE;
    if (column >= this.#usedWidth) this.#usedWidth = column + 1;
    if (literal === null) return true;
    if (column >= this.width) this.width = column + 1;
    this.length += literal.length;
    return true;
  }
}
