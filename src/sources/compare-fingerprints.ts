import type { SourceFingerprint } from '../model/ingestion.ts';
import type { SourceStat } from './source.ts';

/**
 * What became of a file: `changed`: its bytes are others; `touched`: it was copied or restored, or times were forged, so that its bytes must be
 * compared before they are trusted; `same`: nothing.
 */
export type SourceDrift = 'same' | 'touched' | 'changed';

/** What sizes, times and inodes say. */
export function compareStat(recorded: SourceStat, current: SourceStat): SourceDrift {
  if (recorded.size !== current.size || recorded.mtimeNs !== current.mtimeNs) return 'changed';
  return recorded.ctimeNs === current.ctimeNs && recorded.inode === current.inode ? 'same' : 'touched';
}

/** {@link compareStat}, and what the digests of both ends say. */
export function compareFingerprints(recorded: SourceFingerprint, current: SourceFingerprint): SourceDrift {
  const isSameAtEnds = recorded.headDigest === current.headDigest && recorded.tailDigest === current.tailDigest;
  return isSameAtEnds ? compareStat(recorded, current) : 'changed';
}

/** Between fingerprints that differ, what can be said to a person; undefined: nothing but that they do. */
export function describeChange(recorded: SourceFingerprint, current: SourceFingerprint): string | undefined {
  const { fileCount } = recorded;
  if (fileCount !== current.fileCount) {
    return `It was ${describeCount(fileCount)} when it was begun, and is ${describeCount(current.fileCount)} now.`;
  }
  if (fileCount !== undefined) return `Of its ${fileCount} files at least one has other bytes, times or another name.`;
  if (recorded.size === current.size) return undefined;
  return `It had ${recorded.size} bytes when it was begun, and has ${current.size} now.`;
}

function describeCount(fileCount: number | undefined): string {
  if (fileCount === undefined) return 'a single file';
  return fileCount === 1 ? 'a set of 1 file' : `a set of ${fileCount} files`;
}
