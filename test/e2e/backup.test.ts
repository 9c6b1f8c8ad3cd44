/** Backups that are made while a delivery runs at full speed, and services that go on from them. */
import { copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { recordedContext } from '../cli/command-fixtures.ts';
import { writeFeed } from '../harness/feed.ts';
import { startReceiver } from '../harness/receiver.ts';
import { setScene } from '../harness/scene.ts';
import { startService } from '../harness/service.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const RECORD_COUNT = 250;
const RECORDS_PER_CHUNK = 5;
const CHUNK_COUNT = RECORD_COUNT / RECORDS_PER_CHUNK;
const SECRET = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;

/** Runs `ackstream backup` on the state of `folder`. */
async function backup(folder: string, ...args: readonly string[]) {
  const env = { ACKSTREAM_DATA_DIR: join(folder, 'data') };
  const { context, written } = recordedContext({ cwd: folder, env });
  const exitCode = await runCommandLine(['backup', ...args], context);
  return { exitCode, out: written.out, error: written.error };
}

/** How many chunks are acknowledged in a backup, which is sound. */
function ackedIn(path: string): number {
  const database = new Database(path, { readonly: true });
  try {
    expect(database.pragma('quick_check', { simple: true })).toBe('ok');
    const sql = `SELECT next_chunk_number AS acked, (SELECT count(*) FROM chunks WHERE acked_at IS NOT NULL) AS rows FROM ingestions`;
    const found = database.prepare<[], { acked: number; rows: number }>(sql).get();
    expect(found?.rows).toBe(found?.acked);
    return found?.acked ?? 0;
  } finally {
    database.close();
  }
}

describe('a backup', () => {
  it('made under a delivery at full speed is sound, and a service that starts on it comes to an exact end', async () => {
    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    const expected = writeFeed(filePath, RECORD_COUNT);
    const receiver = await startReceiver({ secret: SECRET });
    const request = {
      file_path: filePath,
      callback_url: receiver.callbackUrl,
      chunk_size_by_records: RECORDS_PER_CHUNK,
      callback_secret: SECRET,
    };
    let service = await startServiceProcess(folder);
    const { body } = await service.api.ingest(request);
    const ingestionId = body.ingestion_id;

    const backups: { path: string; acked: number }[] = [];
    const backUpUntil = async (acked: number) => {
      while ((backups.at(-1)?.acked ?? 0) < acked) {
        const path = join(folder, `${backups.length}.backup`);
        expect(await backup(folder, path)).toMatchObject({ exitCode: 0 });
        backups.push({ path, acked: ackedIn(path) });
        await new Promise(setImmediate);
      }
    };
    await backUpUntil(CHUNK_COUNT / 2);
    service.process.kill('SIGKILL');
    await service.ended;
    service = await startServiceProcess(folder);
    await backUpUntil(CHUNK_COUNT);
    await service.api.untilStatus(ingestionId, 'COMPLETED');
    await service.api.act(ingestionId, 'resume');
    await service.api.untilStatus(ingestionId, 'COMPLETED');
    service.process.kill('SIGTERM');
    await service.ended;

    const acked = backups.map((made) => made.acked);
    expect(acked).toEqual(acked.toSorted((one, other) => one - other));
    expect(new Set(acked).size).toBeGreaterThan(3);
    console.log(`backups under way: ${backups.length}, of ${new Set(acked).size} moments`);

    // What the receiver has seen: two runs and the one that said COMPLETED again.
    let highestEpoch = 3;
    for (const index of [0, Math.floor(backups.length / 3), backups.length - 1]) {
      const { path = '' } = backups[index] ?? {};
      const data = join(folder, `restored-${index}`);
      mkdirSync(data, { mode: 0o700 });
      copyFileSync(path, join(data, 'ackstream.db'));
      copyFileSync(join(folder, 'data', 'state.key'), join(data, 'state.key'));
      const restored = await startService(folder, { env: { ACKSTREAM_DATA_DIR: data } });
      if (index === backups.length - 1) await restored.api.act(ingestionId, 'resume');
      const shown = await restored.api.untilStatus(ingestionId, 'COMPLETED', 'FAILED', 'PAUSED');
      expect(shown).toMatchObject({ status: 'COMPLETED', last_error: null, totals: { records: RECORD_COUNT } });
      expect(shown.epoch).toBeGreaterThan(highestEpoch);
      highestEpoch = shown.epoch;
      await restored.stop();
      expect(await receiver.records(ingestionId)).toEqual(expected);
      expect(await receiver.report(ingestionId)).toMatchObject({ verdict_ok: true, mismatches: 0, out_of_order: 0 });
    }
  }, 60_000);

  it('is its owner’s alone, and says what it is and what is not in it', async () => {
    const folder = tempFolder();
    const umask = process.umask(0);
    try {
      const service = await startService(folder);
      const made = await backup(folder, 'state.backup');
      expect(made.exitCode).toBe(0);
      expect(made.out).toMatch(/^[\d,]+ bytes, 0 ingestions, \d+ ms: .*state\.backup\n$/);
      expect(made.error).toContain(join(folder, 'data', 'state.key'));
      expect(statSync(join(folder, 'state.backup')).mode & 0o777).toBe(0o600);
      await service.stop();
      const { out, error } = await backup(folder, 'other.backup', '--json');
      const path = join(folder, 'other.backup');
      expect(JSON.parse(out)).toEqual({
        file: path,
        bytes: statSync(path).size,
        ingestions: 0,
        duration_ms: expect.any(Number),
      });
      expect(error).toBe('');
      expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
    } finally {
      process.umask(umask);
    }
  });

  it('replaces nothing unless it is forced, and never lies in the data directory or takes the place of what is no file', async () => {
    const folder = tempFolder();
    await (await startService(folder)).stop();
    writeFileSync(join(folder, 'mine'), 'mine');
    mkdirSync(join(folder, 'folder'));
    expect(await backup(folder, 'mine')).toMatchObject({ exitCode: 2, error: expect.stringContaining('--force') });
    mkdirSync(join(folder, 'data', 'backups'));
    const inData = ['data/ackstream.db', 'data/state.key', 'data/new', 'data/backups/new'];
    for (const target of [...inData, 'folder', '/dev/null']) {
      expect(await backup(folder, target, '--force'), target).toMatchObject({ exitCode: 2, out: '' });
    }
    expect(await backup(folder, 'no/such/folder')).toMatchObject({ exitCode: 3, out: '' });
    expect(statSync(join(folder, 'mine')).size).toBe(4);
    expect(await backup(folder, 'mine', '--force')).toMatchObject({ exitCode: 0 });
    expect(contentOfEmpty(join(folder, 'mine'))).toBe(0);
    await (await startService(folder)).stop();
  });

  it('is not made of a damaged state, whatever SQLite says of it', async () => {
    const scene = await setScene({ recordCount: 30 });
    await scene.deliver();
    await scene.service.stop();
    const database = new Database(join(scene.folder, 'data', 'ackstream.db'));
    database.exec('UPDATE ingestions SET epoch = epoch + 1');
    database.close();
    const { exitCode, error } = await backup(scene.folder, 'a.backup');
    expect(exitCode).toBe(1);
    expect(error).toContain('STATE_DAMAGED: No backup was made');
    expect(error).toContain(join(scene.folder, 'data', 'ackstream.db'));
    expect(readdirSync(scene.folder).filter((name) => name.includes('backup'))).toEqual([]);
  });

  it('is not made of nothing, nor of what is no state', async () => {
    const folder = tempFolder();
    expect(await backup(folder, 'a.backup')).toMatchObject({ exitCode: 3, error: expect.stringContaining('no state') });
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'ackstream.db'), 'product_id;price\n'.repeat(100));
    expect(await backup(folder, 'a.backup')).not.toMatchObject({ exitCode: 0 });
    expect(readdirSync(folder)).toEqual(['data']);
  });
});

function contentOfEmpty(path: string): unknown {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare('SELECT count(*) FROM ingestions').pluck().get();
  } finally {
    database.close();
  }
}
