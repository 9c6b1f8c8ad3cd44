import { describe, expect, it } from 'vitest';
import type { SourceFingerprint } from '../../src/model/ingestion.ts';
import { compareFingerprints, compareStat, describeChange } from '../../src/sources/compare-fingerprints.ts';

const RECORDED: SourceFingerprint = {
  size: 10,
  mtimeNs: '1',
  ctimeNs: '2',
  inode: '3:4',
  headDigest: 'a'.repeat(64),
  tailDigest: 'b'.repeat(64),
};

describe('The comparison of what is recorded of a file with what it is', () => {
  it.each([
    [{}, 'same'],
    [{ ctimeNs: '9' }, 'touched'],
    [{ inode: '3:9' }, 'touched'],
    [{ mtimeNs: '9' }, 'changed'],
    [{ size: 9 }, 'changed'],
    [{ size: 9, inode: '3:9' }, 'changed'],
  ] as const)('judges the difference %j as %s', (difference, drift) => {
    expect(compareStat(RECORDED, { ...RECORDED, ...difference })).toBe(drift);
    expect(compareFingerprints(RECORDED, { ...RECORDED, ...difference })).toBe(drift);
  });

  it('takes other bytes at either end for a change, whatever the times say', () => {
    expect(compareFingerprints(RECORDED, { ...RECORDED, headDigest: 'c'.repeat(64) })).toBe('changed');
    expect(compareFingerprints(RECORDED, { ...RECORDED, tailDigest: 'c'.repeat(64) })).toBe('changed');
  });
});

describe('The description of a change', () => {
  it.each([
    [{}, { size: 12 }, 'It had 10 bytes when it was begun, and has 12 now.'],
    [{}, { mtimeNs: '9' }, undefined],
    [{ fileCount: 12 }, { fileCount: 13 }, 'It was a set of 12 files when it was begun, and is a set of 13 files now.'],
    [{}, { fileCount: 1 }, 'It was a single file when it was begun, and is a set of 1 file now.'],
    [
      { fileCount: 3 },
      { fileCount: 3, size: 99 },
      'Of its 3 files at least one has other bytes, times or another name.',
    ],
  ] as const)('says of %j that became %j: %s', (recorded, current, text) => {
    expect(describeChange({ ...RECORDED, ...recorded }, { ...RECORDED, ...current })).toBe(text);
  });
});
