import { createHash } from 'node:crypto';
import { ServiceError } from '../../src/errors.ts';
import type { SourceFingerprint } from '../../src/model/ingestion.ts';
import type { ByteSource, PinnedFile, SourceSet, SourceStat } from '../../src/sources/source.ts';
import { type FeedText, writeFeed } from './feed-text.ts';
import type { FeedSpec, SourceChange } from './scenario.ts';

interface FeedVersion extends FeedText {
  readonly mtimeNs: string;
}

/** A feed that lies on no disk: its files, what can be told of them without reading, and what can happen to them. */
export class SimulatedFeed {
  readonly filePath: string;
  readonly fileType: FeedSpec['format'];
  readonly #spec: FeedSpec;
  readonly #versions: FeedVersion[];
  #current: FeedVersion;
  #ctime = 1;
  #inode = 1;
  #isReadable = true;

  constructor(spec: FeedSpec, index: number) {
    this.#spec = spec;
    this.fileType = spec.format;
    this.filePath = spec.fileCount === 1 ? `/feeds/${index}.${spec.format}` : `/feeds/${index}`;
    this.#current = { ...writeFeed(spec, 0), mtimeNs: '1' };
    this.#versions = [this.#current];
  }

  /** Every version that the feed ever had, the first one first. */
  get versions(): readonly FeedText[] {
    return this.#versions;
  }

  /** The files as they are now. */
  open(): SourceSet {
    const digest = digestOf(this.#current.files);
    const size = this.#current.files.reduce((sum, { length }) => sum + length, 0);
    const fingerprint: SourceFingerprint = { ...this.#stat(size), headDigest: digest, tailDigest: digest };
    return {
      files: this.#current.files.map((_, fileIndex) => this.#pin(fileIndex)),
      fingerprint: this.#spec.fileCount === 1 ? fingerprint : { fileCount: this.#spec.fileCount, ...fingerprint },
    };
  }

  isUntouched({ files }: SourceSet, fileIndex: number | null): boolean {
    const indices = fileIndex === null ? [...files.keys()] : [fileIndex];
    return indices.every((index) => isSameFile(files[index], this.#pin(index)));
  }

  /** Opens a file as a reading thread does. Throws SOURCE_CHANGED, SOURCE_UNREADABLE. */
  openFile(files: readonly PinnedFile[], fileIndex: number): ByteSource {
    if (!isSameFile(files[fileIndex], this.#pin(fileIndex))) throw new ServiceError('SOURCE_CHANGED');
    const bytesBefore = files.slice(0, fileIndex).reduce((sum, { stat }) => sum + stat.size, 0);
    return {
      name: this.filePath,
      fileIndex,
      open: (offset) => this.#read(fileIndex, offset),
      seekPointAt: () => null,
      sourceBytesAt: (offset) => bytesBefore + offset,
      close: async () => {},
    };
  }

  /** Copied, or restored: the same bytes with another ctime. */
  touch(): void {
    this.#ctime += 1;
  }

  change(change: SourceChange): void {
    const { records } = this.#spec;
    const version = this.#versions.length;
    const grown = { ...this.#spec, records: [...records, { padding: version, isBad: false }] };
    const text = change === 'grown' ? writeFeed(grown, 0) : writeFeed(this.#spec, version);
    this.#current = { ...text, mtimeNs: String(version + 1) };
    this.#versions.push(this.#current);
    this.#ctime += 1;
    if (change === 'replaced') this.#inode += 1;
  }

  /** Puts back the version that an ingestion was begun with, as it was but for its ctime. False: it is there. */
  putBack({ mtimeNs }: SourceFingerprint): boolean {
    const version = this.#versions.find((one) => one.mtimeNs === mtimeNs);
    if (version === undefined || version === this.#current) return false;
    this.#current = version;
    this.#ctime += 1;
    return true;
  }

  setReadable(isReadable: boolean): void {
    this.#isReadable = isReadable;
  }

  async *#read(fileIndex: number, offset: number): AsyncGenerator<Uint8Array> {
    const inode = this.#inode;
    const opened = this.#fileOf(this.#current, fileIndex);
    for (let start = offset; start < opened.length; ) {
      if (!this.#isReadable) throw new ServiceError('SOURCE_UNREADABLE', { place: { file: this.filePath } });
      // What is open shows what is written over it, and nothing of what takes its place.
      const bytes = this.#inode === inode ? this.#fileOf(this.#current, fileIndex) : opened;
      const end = Math.min(opened.length, start + this.#spec.blockBytes);
      const block = new Uint8Array(bytes.subarray(start, end));
      if (block.length === 0) throw new ServiceError('SOURCE_CHANGED', { detail: 'The file became shorter.' });
      yield block;
      // Blocks are lent: whoever looks at this one later must find that out.
      block.fill(0);
      start += block.length;
    }
  }

  #pin(fileIndex: number): PinnedFile {
    const path = this.#spec.fileCount === 1 ? this.filePath : `${this.filePath}/${fileIndex}`;
    return { path, stat: this.#stat(this.#fileOf(this.#current, fileIndex).length) };
  }

  #stat(size: number): SourceStat {
    return { size, mtimeNs: this.#current.mtimeNs, ctimeNs: String(this.#ctime), inode: `1:${this.#inode}` };
  }

  #fileOf({ files }: FeedText, fileIndex: number): Uint8Array {
    return files[fileIndex] ?? new Uint8Array(0);
  }
}

function isSameFile(pinned: PinnedFile | undefined, current: PinnedFile): boolean {
  const keys = ['size', 'mtimeNs', 'ctimeNs', 'inode'] as const;
  return pinned !== undefined && keys.every((key) => pinned.stat[key] === current.stat[key]);
}

function digestOf(files: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file);
  return hash.digest('hex');
}
