import type { SourceFingerprint } from '../model/ingestion.ts';
import type { SeekPoint } from '../model/record.ts';

/** The part of a fingerprint that costs no reading. */
export type SourceStat = Pick<SourceFingerprint, 'size' | 'mtimeNs' | 'ctimeNs' | 'inode'>;

/**
 * A file of an ingestion as it was found: plain data, so that another thread opens the same file or says that it changed. Of several, in the order in
 * which they are read.
 */
export interface PinnedFile {
  /** The real path, links resolved and found inside of the allowed roots. */
  readonly path: string;
  readonly stat: SourceStat;
}

/** The files of an ingestion, and what identifies all of them together. */
export interface SourceSet {
  /** At least one. */
  readonly files: readonly PinnedFile[];
  readonly fingerprint: SourceFingerprint;
}

/** Where the bytes of one file come from, one after the other: as they lie on the disk, decompressed, or brought into UTF-8. */
export interface ByteSource {
  /** What to call it in errors: the path. */
  readonly name: string;
  /** Which file of the ingestion, from 0. */
  readonly fileIndex: number;
  /**
   * The bytes from `offset` to the end, in blocks of any length, each standing until the next is asked for. Leaving the loop early releases
   * everything. Throws SOURCE_UNREADABLE, SOURCE_CHANGED; of compressed files READER_TRUNCATED, SOURCE_DAMAGED, SOURCE_EXPANDS.
   * @param seek what {@link seekPointAt} once gave for this offset
   */
  open(offset: number, seek?: SeekPoint | null): AsyncIterable<Uint8Array>;
  /** What makes opening at `offset` cheap later; only for offsets among the blocks given last. Null: nothing is needed, or nothing helps. */
  seekPointAt(offset: number): SeekPoint | null;
  /** Bytes of all files of the ingestion, as they lie on the disk, that come before `offset`; about, where they are compressed. */
  sourceBytesAt(offset: number): number;
  close(): Promise<void>;
}

/** A source whose bytes can be had in any order: a file as it lies on the disk. */
export interface Source extends ByteSource {
  /** Length in bytes when it was opened. */
  readonly size: number;
  /** `length` bytes at `offset`, fewer where the source ends. Throws SOURCE_UNREADABLE. */
  readAt(offset: number, length: number): Promise<Uint8Array>;
}
