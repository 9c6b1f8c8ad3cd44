import type { SourceFingerprint } from '../model/ingestion.ts';

/** The part of a fingerprint that costs no reading. */
export type SourceStat = Pick<SourceFingerprint, 'size' | 'mtimeNs' | 'ctimeNs' | 'inode'>;

/** Where bytes come from. One opened source stands for the same bytes until it is closed, or says that they changed. */
export interface Source {
  /** What to call it in errors: the path. */
  readonly name: string;
  /** Length in bytes when it was opened. */
  readonly size: number;
  /**
   * The bytes from `offset` to the end, in blocks of any length, each standing until the next is asked for. Leaving the loop early releases
   * everything. Throws SOURCE_UNREADABLE.
   */
  open(offset: number): AsyncIterable<Uint8Array>;
  /** `length` bytes at `offset`, fewer where the source ends. Throws SOURCE_UNREADABLE. */
  readAt(offset: number, length: number): Promise<Uint8Array>;
  /** Size, times and inode of the opened file as they are now. */
  stat(): Promise<SourceStat>;
  /** {@link Source.stat} with head and tail digest; reads 128 KiB at most. */
  fingerprint(): Promise<SourceFingerprint>;
  close(): Promise<void>;
}
