import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CommitNumbers } from '../../src/state/commit-numbers.ts';
import { StateMarker } from '../../src/state/state-marker.ts';
import { tempFolder } from '../harness/temp-folder.ts';

it('gives each transaction one number, which is noted once it is made, and none twice: one that failed may be on the disk all the same', () => {
  const path = join(tempFolder(), 'ackstream.db');
  const mark = { storeId: 'ab'.repeat(16), commitNumber: 7 };
  const commits = new CommitNumbers(mark, new StateMarker(path, mark));
  const noted = () => Number(readFileSync(`${path}-id`, 'utf8').slice(33));
  expect(commits.numbered(() => [commits.take(), commits.take(), noted()])).toEqual([8, 8, 7]);
  expect(noted()).toBe(8);
  const fail = () => {
    throw new Error(`the disk failed at ${commits.take()}`);
  };
  expect(() => commits.numbered(fail)).toThrow('at 9');
  commits.numbered(() => 'nothing was written');
  expect(noted()).toBe(8);
  expect(commits.numbered(() => commits.take())).toBe(10);
  expect(noted()).toBe(10);
  commits.close();
});
