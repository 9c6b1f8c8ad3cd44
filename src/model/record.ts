import type { ErrorRecord } from '../errors.ts';

/** A value that JSON can express. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * Where a decoded source can be opened without reading all before: an offset of its text, and the offset of its file at which just that text
 * begins.
 */
export type SeekPoint = readonly [textOffset: number, fileOffset: number];

/**
 * A place in a source at which a record begins, with what a reader needs to begin reading there. It is stored with every plan, so it is
 * plain data and its form changes only with a migration.
 *
 * Offsets, lines and columns are those of the text: what the file holds once it is decompressed and in UTF-8.
 */
export interface Position {
  /** Which file of the ingestion, from 0. */
  readonly fileIndex: number;
  /** Offset of the record's first byte in that file's text. */
  readonly byteOffset: number;
  /** Line of that byte, from 1. */
  readonly line: number;
  /** Column of that byte in bytes, from 1. */
  readonly column: number;
  /** Bytes of all files of the ingestion, as they lie on the disk, that come before it; about, where they are compressed. */
  readonly sourceBytes: number;
  /** What makes opening the source here cheap; null: nothing, or nothing is needed. */
  readonly seek: SeekPoint | null;
  /** What the format's reader must know to begin here; only that reader looks inside. */
  readonly state: JsonValue;
}

/** One record of a source. */
export interface SourceRecord {
  /** The record in the canonical form of docs/protocol.md. They stand until the next batch is asked for. */
  readonly bytes: Uint8Array;
  readonly position: Position;
}

/** How many raw bytes are kept of a bad record. */
export const MAX_RAW_BYTES = 64 * 1024;

/** A record that cannot be delivered, set aside. */
export interface BadRecord {
  /** Where it begins: with the file, what tells it from all other bad records of an ingestion. */
  readonly position: Position;
  /** How long it is in the text. */
  readonly byteLength: number;
  /** What is wrong, and where exactly. */
  readonly error: ErrorRecord;
  /** Its first {@link MAX_RAW_BYTES} as the text has them, a copy. */
  readonly raw: Uint8Array;
}

/** What a reader finds, in the order of the source. */
export type ReadItem = SourceRecord | BadRecord;

/** Whether what was read is a bad record. */
export function isBadRecord(item: ReadItem): item is BadRecord {
  return 'error' in item;
}

/** What becomes of a bad record: it ends the ingestion, or is set aside. */
export type OnBadRecord = 'fail' | 'quarantine';

/** How numbers are written: with every digit, or as RFC 8785 has them (rounded to doubles). */
export type NumberForm = 'exact' | 'jcs';
