import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { readPythonState } from '../../src/state/python-state.ts';
import { writePythonState } from '../harness/python-state.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const id = (digit: string) => digit.repeat(64);

describe('the state of a Python service', () => {
  it('tells of each id how far it was acknowledged, and is left as it is', () => {
    const path = writePythonState(join(tempFolder(), 'ingestion_state.db'), [
      { id: id('a'), lastChunk: 2, records: 25, status: 'COMPLETED' },
      { id: id('b'), lastChunk: 0, records: 10, status: 'IN_PROGRESS' },
    ]);
    const before = statSync(path);
    const lastWrittenAt = Math.floor(before.mtimeMs);
    expect(readPythonState(path)).toEqual([
      { ingestionId: id('a'), lastChunk: 2, recordCount: 25, extent: 'all', lastWrittenAt },
      { ingestionId: id('b'), lastChunk: 0, recordCount: 10, extent: 'part', lastWrittenAt },
    ]);
    expect(statSync(path).mtimeMs).toBe(before.mtimeMs);
  });

  it('counts as delivered in part whatever does not say that it was completed', () => {
    const path = writePythonState(join(tempFolder(), 'ingestion_state.db'), []);
    const database = new Database(path);
    database.exec(
      `INSERT INTO ingestion_state VALUES ('${id('a')}', NULL, -3, NULL), ('${id('b')}', 'x', 1.5, 'FAILED')`,
    );
    database.close();
    expect(readPythonState(path)).toMatchObject([
      { ingestionId: id('a'), lastChunk: -1, recordCount: 0, extent: 'part' },
      { ingestionId: id('b'), lastChunk: -1, recordCount: 0, extent: 'part' },
    ]);
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['no file', () => {}, /there is no such file/],
    [
      'text',
      (path) => writeFileSync(path, 'no database, but longer than the header of one. '.repeat(20)),
      /not an SQLite/,
    ],
    ['an empty file', (path) => writeFileSync(path, ''), /no table ingestion_state/],
    ['a database of something else', (path) => new Database(path).exec('CREATE TABLE other (id)').close(), /no table/],
    [
      'a table that lacks a column',
      (path) => new Database(path).exec('CREATE TABLE ingestion_state (ingestion_id, status)').close(),
      /the column last_chunk, total_records/,
    ],
    [
      'a row whose id is none',
      (path) => writePythonState(path, [{ id: 'x', lastChunk: 0, records: 1, status: 'COMPLETED' }]),
      /ingestion_id "x"/,
    ],
    [
      'half of a database',
      (path) =>
        truncateSync(writePythonState(path, [{ id: id('a'), lastChunk: 0, records: 1, status: 'COMPLETED' }]), 5000),
      /damaged/,
    ],
  ])('that is %s is refused by what it lacks', (_what, make, reason) => {
    const path = join(tempFolder(), 'ingestion_state.db');
    make(path);
    expect(() => readPythonState(path)).toThrow(
      expect.objectContaining({ code: 'COMMAND_INVALID', message: expect.stringMatching(reason) }),
    );
  });
});
