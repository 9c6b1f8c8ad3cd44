import type { NumberForm, OnBadRecord, Position, ReadItem } from '../model/record.ts';
import type { ByteSource } from '../sources/source.ts';

/** What every reader must be told. Limits have no defaults here: the caller answers for them. */
export interface ReaderOptions {
  /** Most bytes of one record, in the source as well as in canonical form: RECORD_TOO_LARGE. */
  readonly maxRecordBytes: number;
  /** Deepest nesting of one record, a scalar being 0 and `[]` 1: RECORD_TOO_DEEP. */
  readonly maxDepth: number;
  readonly numberForm: NumberForm;
  /** Where the records are: in JSON the dotted path of their array, `""` for a top-level array; in XML a name, or a path of names; else `""`. */
  readonly recordPath: string;
  readonly onBadRecord: OnBadRecord;
}

/** Turns the bytes of a source into records: framing, grammar, canonical form. One per format; made with the format's options. */
export interface Reader<Input extends ByteSource = ByteSource> {
  /**
   * The records from `from` on, `null` being the start of the source, in the order of the source, in batches (as many as a block of input
   * holds: one at a time costs more than reading them). No batch is empty; the loop ends only at the sound end of the source. The first item of a
   * read at position p is the one that was yielded with position p. Bytes are lent: the next batch is written over those of the one before it.
   * Leaving the loop early releases everything but the source.
   *
   * A bad record is thrown where `onBadRecord` is `fail`; with `quarantine` it is yielded in its place and reading goes on behind it, and only what is
   * wrong outside of records, or a record whose end cannot be found, is thrown. Throws ServiceError with the place: a READER_ or
   * RECORD_ code, DUPLICATE_KEY, LONE_SURROGATE, INVALID_UTF8, NUMBER_OUT_OF_RANGE…, and what the source throws. All items before the place
   * were yielded first.
   */
  read(source: Input, from: Position | null, options: ReaderOptions): AsyncIterable<readonly ReadItem[]>;
}
