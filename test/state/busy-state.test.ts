/** Another process holds the state's file against its writer: a backup tool, say, or a person with a shell. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { NOW, planAfter, running, sampleIngestion, snapshotOf, withoutRejects } from './sample-state.ts';
import { temporaryFolder } from './temporary-folder.ts';

const CHILD = fileURLToPath(new URL('hold-write-lock.ts', import.meta.url));

it('waits for a bounded time, writes nothing of an acknowledgement it cannot commit, and takes the same one later', async () => {
  const folder = temporaryFolder();
  const path = join(folder.path, 'state.sqlite');
  const store = openSqliteStateStore({ path });
  const sample = sampleIngestion('feed');
  const run = await running(store, sample);
  const planned = planAfter(null, 10);
  await store.planChunk(run, withoutRejects(planned), NOW);
  const { attempt } = await store.beginAttempt(run, 0, NOW);
  const before = await snapshotOf(store, sample.ingestionId);

  const child = spawn(process.execPath, [CHILD, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  const next = withoutRejects(planAfter(planned, 10));
  const acknowledge = () => store.recordAck(run, { chunkNumber: 0, attempt, next, beginsNext: true, now: NOW });
  // It rejects while the other process holds the lock still: that lets go when its input ends.
  await expect(acknowledge()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', cause: { code: 'SQLITE_BUSY' } });
  // Reading goes on meanwhile.
  expect(await snapshotOf(store, sample.ingestionId)).toEqual(before);

  child.stdin.end();
  expect(await ended).toEqual([0, null]);
  const { ingestion, begun } = await acknowledge();
  expect(ingestion.checkpoint).toMatchObject({ nextChunkNumber: 1, recordCount: 10 });
  expect(begun).toEqual({ attempt: 1, isCertainlyNotStored: true });
  await store.close();
  folder.remove();
});
