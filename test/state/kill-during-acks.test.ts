/*
 * The store against `kill -9`: a child acknowledges chunk after chunk and prints the number of each once the commit has returned. Whatever the moment of
 * its death, the last number it could print, and at most the one commit after it, is there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openStateFile } from '../../src/state/sqlite-state-file.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { ledgerOf, NOW, planAfter, sampleIngestion, stored } from './sample-state.ts';
import { temporaryFolder } from './temporary-folder.ts';

const CHILD = fileURLToPath(new URL('acknowledge-for-ever.ts', import.meta.url));
const { ingestionId } = sampleIngestion('feed');

/** Kills the child once it has printed `count` numbers; the last number it has printed by then. */
async function runUntil(path: string, count: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let printed: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    printed = [...printed, line];
    if (printed.length === count) child.kill('SIGKILL');
  }
  expect(await closed).toEqual([null, 'SIGKILL']);
  return Number(printed.at(-1));
}

it.each([1, 40, 137, 300])('loses no commit that had returned when it was killed, after %i of them', async (count) => {
  const folder = temporaryFolder();
  const path = join(folder.path, 'state.sqlite');
  const lastPrinted = await runUntil(path, count);

  const connection = openStateFile(path);
  expect(connection.readPragma('integrity_check')).toBe('ok');
  expect(connection.prepare<[]>('PRAGMA foreign_key_check').all()).toEqual([]);
  connection.close();

  const store = openSqliteStateStore({ path });
  const { checkpoint, highestAckedChunk, highestPlannedChunk } = await stored(store, ingestionId);
  expect(lastPrinted).toBeGreaterThanOrEqual(count - 1);
  expect([lastPrinted, lastPrinted + 1]).toContain(highestAckedChunk);
  // An acknowledgement, the plan of the next chunk and the beginning of the attempt at it are there together or not at all.
  expect(highestPlannedChunk).toBe(highestAckedChunk + 1);
  const lastAcked = await store.getPlan(ingestionId, highestAckedChunk);
  expect(checkpoint.chainChecksum).toBe(lastAcked?.chainChecksum);
  const unacked = (await ledgerOf(store, ingestionId)).filter((entry) => entry.ackedAt === null);
  expect(unacked.map((entry) => entry.plan)).toEqual([planAfter(lastAcked, 10).plan]);
  expect(unacked[0]?.attempts).toMatchObject([{ attempt: 1, outcome: null }]);

  // And the delivery goes on from there.
  await store.recoverAtStart(NOW);
  const claimed = await store.claimNext({ now: NOW, excludedIds: [] });
  const begun = await store.beginAttempt({ ingestionId, epoch: claimed?.epoch ?? 0 }, highestAckedChunk + 1, NOW);
  expect(begun).toEqual({ attempt: 2, isCertainlyNotStored: false });
  await store.close();
  folder.remove();
});
