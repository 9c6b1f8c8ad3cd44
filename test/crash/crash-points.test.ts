/**
 * The service is a process of its own, killed with SIGKILL at a named point, and started again. The receiver is the judge: what it accepted must be the
 * records of the file, in order, byte by byte, and it must never have met a gap, another checksum under a known id, or a second
 * delivery under another number.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CRASH_POINTS, type CrashPoint } from '../../src/crash-point.ts';
import { writeFeed } from '../harness/feed.ts';
import { startReceiver } from '../harness/receiver.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const RECORDS = 95;
const CHUNK_RECORDS = 10;

/** Which pass of a point is deadly: the middle of the delivery, where a point is passed more than once. */
const PASSES: Readonly<Record<CrashPoint, readonly number[]>> = {
  'before-plan': [1],
  'planned-not-sent': [1, 5, 10],
  'attempt-begun-not-sent': [1, 5, 10],
  'sent-not-acked': [1, 5, 10],
  'acked-not-committed': [1, 5, 10],
  committed: [1, 5, 10],
  'before-completed': [1],
  'completed-not-committed': [1],
  'after-completed': [1],
};

const cases = CRASH_POINTS.flatMap((point) => PASSES[point].map((pass) => `${point}:${pass}`));

describe('a service killed with SIGKILL and started again', { timeout: 60_000 }, () => {
  it.each(cases)('loses, repeats and reorders nothing at %s', async (crashAt) => {
    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    const expected = writeFeed(filePath, RECORDS);
    const receiver = await startReceiver();

    const doomed = await startServiceProcess(folder, { ACKSTREAM_CRASH_AT: crashAt });
    const submitted = await doomed.api.ingest({
      file_path: filePath,
      callback_url: receiver.callbackUrl,
      chunk_size_by_records: CHUNK_RECORDS,
    });
    expect(submitted.status).toBe(202);
    expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });

    const survivor = await startServiceProcess(folder);
    const { ingestion_id: ingestionId } = submitted.body;
    const shown = await survivor.api.untilStatus(ingestionId, 'COMPLETED', 'FAILED', 'PAUSED');

    expect(shown).toMatchObject({ status: 'COMPLETED', totals: { records: RECORDS, chunks: 10 } });
    expect(await receiver.records(ingestionId)).toEqual(expected);
    expect(await receiver.report(ingestionId)).toMatchObject({
      chunks: 10,
      records: RECORDS,
      out_of_order: 0,
      mismatches: 0,
      completed: true,
      verdict_ok: true,
    });
    survivor.process.kill('SIGTERM');
    expect(await survivor.ended).toEqual({ code: 0, signal: null });
  });

  it('goes on after being killed again and again, with a receiver that loses every third answer', async () => {
    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    const expected = writeFeed(filePath, RECORDS);
    const receiver = await startReceiver({
      seed: 7,
      faults: [{ fault: 'reset', after_storing: true, probability: 0.34 }],
    });
    const first = await startServiceProcess(folder, { ACKSTREAM_CRASH_AT: 'acked-not-committed:2' });
    const { ingestion_id: ingestionId } = (
      await first.api.ingest({
        file_path: filePath,
        callback_url: receiver.callbackUrl,
        chunk_size_by_records: CHUNK_RECORDS,
      })
    ).body;
    expect((await first.ended).signal).toBe('SIGKILL');
    for (const crashAt of ['sent-not-acked:2', 'committed:2', 'attempt-begun-not-sent:2']) {
      const next = await startServiceProcess(folder, { ACKSTREAM_CRASH_AT: crashAt });
      expect((await next.ended).signal).toBe('SIGKILL');
    }
    const survivor = await startServiceProcess(folder);
    const shown = await survivor.api.untilStatus(ingestionId, 'COMPLETED', 'FAILED', 'PAUSED');
    expect(shown).toMatchObject({ status: 'COMPLETED' });
    expect(await receiver.records(ingestionId)).toEqual(expected);
  });
});
