/* What the service writes beside its state: contents of feeds, where others of the machine could look for them. */
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { StringTable } from '../../src/readers/excel/string-table.ts';
import { spool } from '../../src/sources/spool.ts';
import { memorySource } from '../contracts/memory-source.ts';

/** The open files of this process that were made for this purpose: where they were, their mode, and how many names they have. */
function openTemporaries(purpose: string) {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    const path = `/proc/self/fd/${descriptor}`;
    try {
      const wasAt = readlinkSync(path);
      if (!wasAt.includes(`ackstream-${purpose}-`)) return [];
      const { mode, nlink } = statSync(path);
      return [{ wasAt, mode: mode & 0o7777, nlink }];
    } catch {
      // The descriptor by which the folder of descriptors was listed is gone.
      return [];
    }
  });
}

if (process.platform !== 'linux') console.log('skipped: only Linux tells what a process has open');

const PRIVATE_AND_NAMELESS = [{ wasAt: expect.stringMatching(/ \(deleted\)$/), mode: 0o600, nlink: 0 }];

describe.runIf(process.platform === 'linux')('a temporary file', () => {
  it('of what a workbook expands to is its owner’s alone and has no name', async () => {
    const source = await spool(memorySource(Buffer.alloc(100_000, 'x')), { maxBytes: 1_000_000 });
    expect(openTemporaries('spool')).toEqual(PRIVATE_AND_NAMELESS);
    await source.close();
    expect(openTemporaries('spool')).toEqual([]);
  });

  it('of the shared texts of a workbook is its owner’s alone and has no name', () => {
    const table = new StringTable(0);
    const text = Buffer.alloc(50_000, 'x');
    table.add(text, 0, text.length);
    expect(openTemporaries('texts')).toEqual(PRIVATE_AND_NAMELESS);
    table.close();
    expect(openTemporaries('texts')).toEqual([]);
  });
});
