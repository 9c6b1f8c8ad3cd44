import { copyFileSync, mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
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

  it('is read as it was before a write that was cut short, and left as it is', () => {
    const folder = tempFolder();
    const rows = Array.from({ length: 3_000 }, (_, index) => index.toString(16).padStart(64, '0')).map((rowId) => ({
      id: rowId,
      lastChunk: 4,
      records: 50,
      status: 'COMPLETED' as const,
    }));
    const running = new Database(writePythonState(join(folder, 'running.db'), rows));
    const path = join(folder, 'ingestion_state.db');
    try {
      // With no room for what it changed, the transaction writes some of it into the file.
      running.pragma('cache_size = 1');
      running.exec("BEGIN; UPDATE ingestion_state SET status = 'IN_PROGRESS', last_chunk = 99");
      for (const suffix of ['', '-journal']) copyFileSync(`${join(folder, 'running.db')}${suffix}`, path + suffix);
    } finally {
      running.close();
    }
    const before = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]);
    const read = readPythonState(path);
    expect(read).toHaveLength(rows.length);
    expect(read.filter(({ lastChunk, extent }) => lastChunk !== 4 || extent !== 'all')).toEqual([]);
    expect(read[0]?.lastWrittenAt).toBe(Math.floor(statSync(path).mtimeMs));
    expect(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs])).toEqual(before);
  });

  it('that the service is writing to is not read, and the service is to be stopped', () => {
    const path = writePythonState(join(tempFolder(), 'ingestion_state.db'), []);
    const running = new Database(path);
    try {
      running.exec('BEGIN EXCLUSIVE');
      expect(() => readPythonState(path)).toThrow(/another process works on it: stop the Python service/);
    } finally {
      running.close();
    }
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['no file', () => {}, /there is no such file/],
    ['a folder', (path) => mkdirSync(path), /there is no file/],
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
