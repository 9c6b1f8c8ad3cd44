/** A value that JSON can express. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * A place in a source at which a record begins, with what a reader needs to begin reading there. It is stored with every plan, so it is
 * plain data and its form changes only with a migration.
 */
export interface Position {
  /** Which file of the source, from 0. */
  readonly fileIndex: number;
  /** Offset of the record's first byte in that file. */
  readonly byteOffset: number;
  /** Line of that byte, from 1. */
  readonly line: number;
  /** Column of that byte in bytes, from 1. */
  readonly column: number;
  /** What the format's reader must know to begin here; only that reader looks inside. */
  readonly state: JsonValue;
}

/** One record of a source. */
export interface SourceRecord {
  /** The record in the canonical form of docs/protocol.md. They stand until the next batch is asked for. */
  readonly bytes: Uint8Array;
  readonly position: Position;
}

/** How numbers are written: with every digit, or as RFC 8785 has them (rounded to doubles). */
export type NumberForm = 'exact' | 'jcs';
