import type { CsvFormat } from '../model/format.ts';

export const CARRIAGE_RETURN = 0x0d;

/** What no byte is: there is no such character. */
const NONE = -1;

/** How the rows of one file are written, as bytes. */
export interface CsvDialect {
  readonly delimiter: number;
  /** -1 where there are no quotes. */
  readonly quote: number;
  readonly escape: number;
  /** Whether a carriage return alone ends a row too, as in files of old Macs; else it stands for itself. */
  readonly endsAtCarriageReturn: boolean;
}

/** What a file's own head tells of it: with the options, what a reader must know to begin at any of its rows. */
export type CsvState = {
  readonly delimiter: string;
  readonly endsAtCarriageReturn: boolean;
  /** The names of the columns; null: they are counted in the first row that is found. */
  readonly columns: readonly string[] | null;
};

/** The dialect of a file by the options and what its head told. */
export function dialectOf(format: CsvFormat, head: Pick<CsvState, 'delimiter' | 'endsAtCarriageReturn'>): CsvDialect {
  return {
    delimiter: head.delimiter.charCodeAt(0),
    quote: format.quote?.charCodeAt(0) ?? NONE,
    escape: format.escape.charCodeAt(0),
    endsAtCarriageReturn: head.endsAtCarriageReturn,
  };
}
