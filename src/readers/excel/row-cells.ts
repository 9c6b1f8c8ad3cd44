import { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { MAX_COLUMNS } from './cell-reference.ts';

const INITIAL_BYTES = 16 * 1024;
/** The end of the value of a column that the row does not have. */
const NO_CELL = -1;

/** The values of the cells of one row after the other, as JSON in canonical form, by their columns from 0. */
export class RowCells {
  /** No cell in this column or behind it has a value. */
  width = 0;
  /** Where values are written: what was written since the last cell was added is the value of the next, nothing that it has none. */
  readonly output = new ByteOutput(INITIAL_BYTES);
  readonly #starts = new Int32Array(MAX_COLUMNS);
  readonly #ends = new Int32Array(MAX_COLUMNS).fill(NO_CELL);
  #cellsEnd = 0;
  #valueStart = 0;

  /** Begins the next row. */
  clear(): void {
    this.#ends.fill(NO_CELL, 0, this.#cellsEnd);
    this.#cellsEnd = 0;
    this.#valueStart = 0;
    this.width = 0;
    this.output.take();
  }

  /** Adds a cell with the value that was written; false where the row has it already. */
  add(column: number): boolean {
    if (this.#ends[column] !== NO_CELL) return false;
    const { length } = this.output;
    this.#starts[column] = this.#valueStart;
    this.#ends[column] = length;
    if (column >= this.#cellsEnd) this.#cellsEnd = column + 1;
    if (column >= this.width && length > this.#valueStart) this.width = column + 1;
    this.#valueStart = length;
    return true;
  }

  /** Whether a column has a value. */
  hasValue(column: number): boolean {
    return (this.#ends[column] as number) > (this.#starts[column] as number);
  }

  /** Appends the value of a column to `target`; false where it has none. */
  appendValue(column: number, target: ByteOutput): boolean {
    const start = this.#starts[column] as number;
    const end = this.#ends[column] as number;
    if (end <= start) return false;
    target.append(this.output.bytes, start, end);
    return true;
  }

  /** The value of a column as text; null where it has none. */
  valueAt(column: number): string | null {
    if (!this.hasValue(column)) return null;
    return Buffer.from(this.output.bytes.subarray(this.#starts[column], this.#ends[column])).toString();
  }
}
