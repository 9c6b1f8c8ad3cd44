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
