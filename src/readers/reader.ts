import type { NumberForm, Position, SourceRecord } from '../model/record.ts';
import type { Source } from '../sources/source.ts';

/** What every reader must be told. Limits have no defaults here: the caller answers for them. */
export interface ReaderOptions {
  /** Most bytes of one record, in the source as well as in canonical form: RECORD_TOO_LARGE. */
  readonly maxRecordBytes: number;
  /** Deepest nesting of one record, a scalar being 0 and `[]` 1: RECORD_TOO_DEEP. */
  readonly maxDepth: number;
  readonly numberForm: NumberForm;
  /** Dotted path of the array that holds the records, `""` for a top-level array. NDJSON has none. */
  readonly recordPath: string;
}

/** Turns the bytes of a source into records: framing, grammar, canonical form. One per format. */
export interface Reader {
  /**
   * The records from `from` on, `null` being the start of the source, in the order of the source, in batches (as many as a block of input
   * holds: one at a time costs more than reading them). No batch is empty; the loop ends only at the sound end of the source. The first record of a
   * read at position p is the one that was yielded with position p. Bytes are lent: the next batch is written over those of the one before it.
   * Leaving the loop early releases everything.
   *
   * Throws ServiceError with the place: a READER_ or RECORD_ code, DUPLICATE_KEY, LONE_SURROGATE, INVALID_UTF8, NUMBER_OUT_OF_RANGE,
   * SOURCE_UNREADABLE. All records before the place were yielded first.
   */
  read(source: Source, from: Position | null, options: ReaderOptions): AsyncIterable<readonly SourceRecord[]>;
}
