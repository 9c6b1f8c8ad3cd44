/** Killed with SIGKILL as in crash-points.test.ts, in the formats beside JSON and with bad records, which must be on record once and at their places. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { CrashPoint } from '../../src/crash-point.ts';
import { badPlacesOf, feedNamed, pathOfFeed, recordsOfFeed } from '../harness/format-feeds.ts';
import { startReceiver } from '../harness/receiver.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const COUNT = 57;

describe('a service killed with SIGKILL and started again', { timeout: 60_000 }, () => {
  // Each point once, in the middle of the delivery where it is passed more than once, and almost each coding once: processes are dear.
  it.each<[string, `${CrashPoint}:${number}`]>([
    ['CSV', 'before-plan:1'],
    ['XML', 'planned-not-sent:5'],
    ['Excel', 'attempt-begun-not-sent:5'],
    ['gzipped NDJSON', 'sent-not-acked:5'],
    ['a folder of CSV files', 'acked-not-committed:7'],
    ['CSV in UTF-16', 'committed:5'],
    ['JSON by zstd', 'before-completed:1'],
    ['zipped XML', 'completed-not-committed:1'],
    ['XML in UTF-16', 'after-completed:1'],
  ])('loses and repeats no record of %s at %s, and counts each bad one once', async (name, crashAt) => {
    const feed = feedNamed(name);
    const folder = tempFolder();
    const filePath = pathOfFeed(feed, folder);
    await feed.write(filePath, COUNT, true);
    const receiver = await startReceiver();

    const doomed = await startServiceProcess(folder, { ACKSTREAM_CRASH_AT: crashAt });
    const submitted = await doomed.api.ingest({
      file_path: filePath,
      callback_url: receiver.callbackUrl,
      chunk_size_by_records: 5,
      on_bad_record: 'quarantine',
      ...feed.request,
    });
    expect(submitted.status).toBe(202);
    expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });

    const { api } = await startServiceProcess(folder);
    const { ingestion_id: id } = submitted.body;
    const badPlaces = badPlacesOf(feed, COUNT);
    expect(await api.untilStatus(id, 'COMPLETED', 'FAILED', 'PAUSED')).toMatchObject({
      status: 'COMPLETED',
      totals: { records: COUNT, chunks: 12, rejected_records: badPlaces.length },
    });
    expect(await receiver.records(id)).toEqual(recordsOfFeed(feed, COUNT));
    expect(await receiver.report(id)).toMatchObject({
      verdict_ok: true,
      out_of_order: 0,
      mismatches: 0,
      claimed: { rejected_records: badPlaces.length },
    });
    const rejects = await api.rejects(id);
    expect(rejects.map(({ file_index, byte_offset, line }) => ({ file_index, byte_offset, line }))).toEqual(badPlaces);
  });

  it('leaves aside what was too large for its chunk, and plans what follows under the larger size that is asked for then', async () => {
    const folder = tempFolder();
    const filePath = join(folder, 'lines.ndjson');
    // Every fourth is too large for the first size. All are in canonical form.
    const lines = Array.from(
      { length: 60 },
      (_, index) => `{"id":${index},"text":"${'x'.repeat(index % 4 === 3 ? 400 : 40)}"}`,
    );
    writeFileSync(filePath, lines.join('\n'));
    const receiver = await startReceiver();
    const asked = { file_path: filePath, callback_url: receiver.callbackUrl, on_bad_record: 'quarantine' };

    const doomed = await startServiceProcess(folder, { ACKSTREAM_CRASH_AT: 'planned-not-sent:4' });
    const { ingestion_id: id } = (await doomed.api.ingest({ ...asked, chunk_size_by_memory: 300 })).body;
    expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
    const setAside = offsetsOnRecord(folder);
    expect(setAside.length).toBeGreaterThan(0);

    // It goes on by itself with the chunk that was planned, until it is asked for larger ones.
    receiver.setFaults({ fault: 'status', chunk: 3, status: 503 });
    const { api } = await startServiceProcess(folder);
    const larger = { ...asked, chunk_size_by_memory: 3000 };
    expect((await api.ingest(larger)).body).toMatchObject({ ingestion_id: id, changed: ['chunk_size_by_memory'] });
    receiver.setFaults();
    expect(await api.untilStatus(id, 'COMPLETED', 'FAILED')).toMatchObject({ status: 'COMPLETED' });

    const rejects = await api.rejects(id);
    expect(rejects.map(({ byte_offset: offset }) => offset).slice(0, setAside.length)).toEqual(setAside);
    const rejectedTexts = rejects.map(({ raw_text: text }) => text ?? '');
    const records = await receiver.records(id);
    expect(records).toEqual(lines.filter((line) => !rejectedTexts.includes(line)));
    expect(records.length + rejects.length).toBe(lines.length);
    expect(records.some((record) => record.length > 300)).toBe(true);
    expect(await receiver.report(id)).toMatchObject({
      verdict_ok: true,
      claimed: { rejected_records: rejects.length },
    });
  });
});

function offsetsOnRecord(folder: string): number[] {
  const database = new Database(join(folder, 'data', 'ackstream.db'));
  const rows = database
    .prepare<[], { byte_offset: number }>('SELECT byte_offset FROM rejects ORDER BY byte_offset')
    .all();
  database.close();
  return rows.map((row) => row.byte_offset);
}
