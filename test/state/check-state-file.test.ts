/** What a start finds in a data directory that something has happened to, and what a read finds in a row. */
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkStateFile } from '../../src/state/check-state-file.ts';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { writeRealisticState } from './realistic-state.ts';
import { answerOf, keyOf, ledgerOf, NOW, rejectsOf, sampleIngestion, stored, submitted } from './sample-state.ts';
import { memoryFolder, type temporaryFolder } from './temporary-folder.ts';

const NAME = 'ackstream.db';
const [MARKER, LOG] = [`${NAME}-id`, `${NAME}-wal`];
const damaged = (found: string) =>
  expect.objectContaining({ code: 'STATE_DAMAGED', detail: expect.stringContaining(found) });

/** As the schema has it. */
const GUARD = `CREATE TRIGGER acked_chunks_are_not_rewritten BEFORE UPDATE ON chunks WHEN old.acked_at IS NOT NULL
BEGIN SELECT raise(ABORT, 'an acknowledged chunk is never rewritten'); END`;

let place: ReturnType<typeof temporaryFolder>;
let samples: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  samples = memoryFolder();
  const path = join(samples.path, 'closed', NAME);
  const store = openSqliteStateStore({ path });
  await writeRealisticState(store);
  cpSync(join(samples.path, 'closed'), join(samples.path, 'killed'), { recursive: true });
  await store.close();
});
afterAll(() => samples.remove());
beforeEach(() => {
  place = memoryFolder();
  for (const folder of ['closed', 'killed']) {
    cpSync(join(samples.path, folder), join(place.path, folder), { recursive: true });
  }
});
afterEach(() => place.remove());

const pathIn = (folder: string) => join(place.path, folder, NAME);

/** Runs SQL on a state past everything that opening it does. */
function executeRaw(folder: string, sql: string): void {
  const connection = new SqliteConnection(pathIn(folder), { busyTimeoutMs: 0 });
  connection.execute(sql);
  connection.close();
}

/** Has a store do something in a folder, and leaves that as its killed process would. */
async function leaveKilled(folder: string, work: (store: StateStore) => Promise<unknown>): Promise<void> {
  const store = openSqliteStateStore({ path: pathIn(`${folder} (work)`) });
  await work(store);
  rmSync(join(place.path, folder), { recursive: true, force: true });
  cpSync(join(place.path, `${folder} (work)`), join(place.path, folder), { recursive: true });
  await store.close();
}

async function leaveClosed(folder: string, work: (store: StateStore) => Promise<unknown>): Promise<void> {
  const store = openSqliteStateStore({ path: pathIn(folder) });
  await work(store);
  await store.close();
}

const copyFile = (from: string, to: string, name: string) =>
  cpSync(join(place.path, from, name), join(place.path, to, name));

function bytesIn(folder: string): (readonly [string, Buffer])[] {
  const names = readdirSync(join(place.path, folder)).filter((name) => !name.endsWith('-shm'));
  const files = names.toSorted().map((name) => [name, readFileSync(join(place.path, folder, name))] as const);
  return files.filter(([, bytes]) => bytes.length > 0);
}

interface Damage {
  /** `killed` where it is not said: most of it is in the log. */
  readonly folder?: string;
  readonly change: () => void | Promise<void>;
  readonly found: string;
}

describe('a state is not opened, and left as it is,', () => {
  const DAMAGES: Readonly<Record<string, Damage>> = {
    'where its file is gone': {
      change: () => rmSync(pathIn('killed')),
      found: 'is missing, and its marker says that there was one',
    },
    'where its file and its marker are gone, but not the log': {
      change: () => {
        rmSync(pathIn('killed'));
        rmSync(join(place.path, 'killed', MARKER));
      },
      found: 'is missing, and its write-ahead log is there',
    },
    'where its file is empty': { change: () => truncateSync(pathIn('killed')), found: 'the state is empty' },
    'where its file was cut off': {
      change: async () => {
        await leaveClosed('killed', async () => {});
        truncateSync(pathIn('killed'), 50_000);
      },
      found: NAME,
    },
    'where its file holds something else': {
      folder: 'closed',
      change: () => writeFileSync(pathIn('closed'), 'product_id;price\n'.repeat(1_000)),
      found: 'is not an SQLite database',
    },
    'where its log is gone, and with it all of it': {
      change: () => rmSync(join(place.path, 'killed', LOG)),
      found: 'it is older than it was',
    },
    'where its log was cut off': {
      change: () => truncateSync(join(place.path, 'killed', LOG), 100_000),
      found: 'it is older than it was',
    },
    'where a copy of before lies in its place': {
      change: async () => {
        await leaveClosed('killed', (store) => submitted(store, sampleIngestion('before')));
        copyFile('killed', 'copied', NAME);
        await leaveClosed('killed', (store) => submitted(store, sampleIngestion('after')));
        copyFile('copied', 'killed', NAME);
      },
      found: 'commits that are missing: 1',
    },
    'where another state lies in its place': {
      change: async () => {
        await leaveClosed('other', (store) => submitted(store, sampleIngestion('other')));
        rmSync(join(place.path, 'killed', LOG));
        copyFile('other', 'killed', NAME);
      },
      found: 'it is another state than its marker says',
    },
    'where the log of another state lies beside it': {
      change: async () => {
        await leaveClosed('killed', async () => {});
        await leaveKilled('other', async (store) => {
          for (let index = 0; index < 30; index += 1) await submitted(store, sampleIngestion(`other ${index}`));
        });
        copyFile('other', 'killed', LOG);
      },
      found: NAME,
    },
    'where its marker is not one': {
      change: () => writeFileSync(join(place.path, 'killed', MARKER), ''),
      found: `${MARKER} is not what was written`,
    },
  };

  it.each(Object.entries(DAMAGES))('%s', async (_, { folder = 'killed', change, found }) => {
    await change();
    const before = bytesIn(folder);
    expect(() => openSqliteStateStore({ path: pathIn(folder) })).toThrow(damaged(found));
    expect(bytesIn(folder)).toEqual(before);
  });

  it.each([
    ['a plan', 'DELETE FROM chunks WHERE acked_at IS NULL', 'the ledger does not agree'],
    ['an attempt', 'DELETE FROM attempts WHERE attempt = 2', 'attempts are missing'],
    ['a bad record', 'DELETE FROM rejects WHERE byte_offset = 2900', 'bad records are missing'],
    [
      'an ingestion',
      "UPDATE ingestions SET deleted_at = 0, deleted_extent = 'none' WHERE status = 'COMPLETED'; DELETE FROM ingestions WHERE status = 'COMPLETED'",
      'belong to no ingestion',
    ],
    [
      'the checkpoint',
      'UPDATE ingestions SET record_count = record_count + 1',
      'the row of ingestions with ingestion_id',
    ],
    ['the answer to a request', "UPDATE answers SET answer = '{}'", 'the row of answers with idempotency_key a-key'],
    ['a rule', 'DROP TRIGGER acked_chunks_are_not_removed', 'the schema is not what was written'],
  ])('where %s is no longer what it was', async (_, sql, found) => {
    executeRaw('closed', `PRAGMA foreign_keys = OFF; ${sql}`);
    const before = bytesIn('closed');
    expect(() => openSqliteStateStore({ path: pathIn('closed') })).toThrow(damaged(found));
    expect(bytesIn('closed')).toEqual(before);
  });
});

describe('a state is opened', () => {
  it('though it is too large to be looked at whole, and then what says how far its ingestions are is looked at', () => {
    executeRaw('closed', 'DELETE FROM chunks WHERE acked_at IS NULL');
    expect(() => checkStateFile(pathIn('closed'), { maxCheckedBytes: 0 })).not.toThrow();
    executeRaw('closed', 'UPDATE ingestions SET next_attempt_at = 0');
    expect(() => checkStateFile(pathIn('closed'), { maxCheckedBytes: 0 })).toThrow(damaged('the row of ingestions'));
  });

  it('as its killed process left it, also where the last commit was not noted in its marker', async () => {
    await leaveKilled('between', async (store) => {
      await submitted(store, sampleIngestion('first'));
      copyFile('between (work)', '.', MARKER);
      await submitted(store, sampleIngestion('second'));
    });
    copyFile('.', 'between', MARKER);
    await leaveClosed('between', async (store) => {
      expect((await store.countByStatus()).QUEUED).toBe(2);
    });
  });

  it('by a version with a newer schema, which looks at what this one left as closely', async () => {
    vi.resetModules();
    vi.doMock(import('../../src/state/sqlite-migrations.ts'), async (importOriginal) => {
      const original = await importOriginal();
      return { ...original, SCHEMA_VERSION: original.SCHEMA_VERSION + 1 };
    });
    const newer = await import('../../src/state/check-state-file.ts').finally(() =>
      vi.doUnmock('../../src/state/sqlite-migrations.ts'),
    );
    expect(() => newer.checkStateFile(pathIn('closed'))).not.toThrow();
    rmSync(join(place.path, 'killed', LOG));
    expect(() => newer.checkStateFile(pathIn('killed'))).toThrow(damaged('it is older than it was'));
    executeRaw('closed', 'UPDATE ingestions SET record_count = record_count + 1');
    expect(() => newer.checkStateFile(pathIn('closed'))).toThrow(damaged('the row of ingestions'));
  });

  it('where what was begun was taken back: that is no commit', async () => {
    await leaveClosed('between', async (store) => {
      await submitted(store, sampleIngestion('first'));
      await expect(submitted(store, sampleIngestion('first'))).rejects.toThrow('UNIQUE constraint');
      await store.submit(keyOf(sampleIngestion('first')), () => ({ answer: answerOf(sampleIngestion('first')) }));
    });
    await leaveClosed('between', async (store) => {
      expect((await store.countByStatus()).QUEUED).toBe(1);
    });
  });

  it('where it was restored to a folder of its own, without a marker', async () => {
    for (const name of [NAME, 'state.key']) copyFile('closed', 'restored', name);
    await leaveClosed('restored', async (store) => {
      expect(await store.countByStatus()).toMatchObject({ COMPLETED: 1, FAILED: 1, PAUSED: 1, CANCELLED: 1 });
    });
    expect(readFileSync(join(place.path, 'restored', MARKER))).toEqual(
      readFileSync(join(place.path, 'closed', MARKER)),
    );
  });
});

describe('a row that is not what was written', () => {
  it.each([
    ['chunks', 'UPDATE chunks SET planned_at = planned_at + 1 WHERE chunk_number = 59', 'chunk_number 59', ledgerOf],
    ['attempts', 'UPDATE attempts SET epoch = epoch + 1 WHERE target = 59', 'target 59, attempt 1', ledgerOf],
  ] as const)('of %s is found where it is read, and nowhere else', async (table, sql, key, read) => {
    executeRaw('closed', `DROP TRIGGER acked_chunks_are_not_rewritten; ${sql}; ${GUARD}`);
    await leaveClosed('closed', async (store) => {
      const { ingestionId } = sampleIngestion('finished');
      await expect(read(store, ingestionId)).rejects.toThrow(
        damaged(`the row of ${table} with ingestion_id ${ingestionId}, ${key} `),
      );
      expect(await ledgerOf(store, sampleIngestion('failed').ingestionId)).toHaveLength(3);
      expect(await stored(store, ingestionId)).toMatchObject({ status: 'COMPLETED' });
    });
  });

  it('of bad records is found by its bytes', async () => {
    executeRaw('closed', "UPDATE rejects SET raw = x'000000' WHERE byte_offset = 2900");
    await leaveClosed('closed', async (store) => {
      await expect(rejectsOf(store, sampleIngestion('under-way').ingestionId)).rejects.toThrow(
        damaged('the row of rejects'),
      );
    });
  });

  it('of an answer is found by its bytes, and by each other', async () => {
    const { ingestionId } = sampleIngestion('failed');
    for (const change of ["body = x'00'", "headers = '[]'", 'http_status = 200', 'body_byte_count = 1']) {
      executeRaw('closed', `UPDATE received_answers SET ${change}`);
      await leaveClosed('closed', async (store) => {
        await expect(store.getLastFailedAttempt(ingestionId)).rejects.toThrow(damaged('the row of received_answers'));
      });
    }
  });

  it('stops what would have been decided by it: an attempt that may have reached the receiver never counts as one that did not', async () => {
    const sample = sampleIngestion('paused');
    executeRaw('closed', `UPDATE attempts SET proves_not_stored = 1 WHERE ingestion_id = '${sample.ingestionId}'`);
    await leaveClosed('closed', async (store) => {
      await store.applyEvent(sample.ingestionId, 'resume', NOW);
      await store.recoverAtStart(NOW);
      for (;;) {
        const run = await store.claimNext({ now: NOW * 2, excludedIds: [] });
        if (run?.ingestionId !== sample.ingestionId) continue;
        const planned = await store.getPlan(run.ingestionId, 0);
        const half = planned === null ? null : { planned, rejects: [] };
        await expect(half && store.replacePlan(run, half, 1_000, NOW)).rejects.toThrow(damaged('the row of attempts'));
        return;
      }
    });
  });
});
