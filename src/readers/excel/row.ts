import type { ServiceError } from '../../errors.ts';
import type { RowCells } from './row-cells.ts';

/** A row of a sheet, lent until the next one is told. */
export interface Row {
  /** From 1. */
  readonly number: number;
  /** The highest number of the rows before it. */
  readonly previous: number;
  /** Offset of its first byte in the part. */
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly cells: RowCells;
  /** What is wrong with it, without a place. */
  readonly fault: ServiceError | null;
  /** The beginning of its XML. */
  readonly raw: () => string;
}
