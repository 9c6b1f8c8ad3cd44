/** Killed with SIGKILL as in crash-points.test.ts, where something else is unusual too: the format, the sizes, or the receiver. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FaultRuleInput } from '../../mock-receiver/fault-rules.ts';
import type { CrashPoint } from '../../src/crash-point.ts';
import type { ShownIngestion } from '../harness/api-client.ts';
import { feedRecords, feedText } from '../harness/feed.ts';
import { startReceiver, type TestReceiver } from '../harness/receiver.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const RECORDS = 95;
const records = feedRecords(RECORDS);

/** What differs from one crash to another. */
interface Variant {
  readonly crashAt: `${CrashPoint}:${number}`;
  readonly name?: string;
  readonly text?: string;
  readonly faults?: readonly FaultRuleInput[];
  /** What the request says beside file, callback and chunks of 10. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What happens between the two processes. */
  readonly meanwhile?: (receiver: TestReceiver) => Promise<void> | void;
  /** What a second request says to the second process; without it none is sent. */
  readonly secondFields?: Readonly<Record<string, unknown>>;
}

/** Delivers with a crash in the middle. Fails unless the receiver has every record once, in order. */
async function surviveCrash(variant: Variant): Promise<{ shown: ShownIngestion; receiver: TestReceiver }> {
  const { crashAt, name = 'products.json', text = feedText(RECORDS), faults = [], fields = {} } = variant;
  const folder = tempFolder();
  const filePath = join(folder, name);
  writeFileSync(filePath, text);
  const receiver = await startReceiver({ faults });
  const asked = {
    file_path: filePath,
    callback_url: receiver.callbackUrl,
    chunk_size_by_records: 10,
    ...fields,
  };
  const doomed = await startServiceProcess(folder, { ACKSTREAM_CRASH_AT: crashAt });
  const { ingestion_id: id } = (await doomed.api.ingest(asked)).body;
  expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
  await variant.meanwhile?.(receiver);

  const survivor = await startServiceProcess(folder);
  if (variant.secondFields !== undefined) {
    const { body } = await survivor.api.ingest({ ...asked, ...variant.secondFields });
    expect(body).toMatchObject({ ingestion_id: id });
  }
  const shown = await survivor.api.untilStatus(id, 'COMPLETED', 'FAILED', 'PAUSED');
  expect(shown).toMatchObject({ status: 'COMPLETED', totals: { records: RECORDS } });
  expect(await receiver.records(id)).toEqual(records);
  expect(await receiver.report(id)).toMatchObject({ mismatches: 0, completed: true, verdict_ok: true });
  return { shown, receiver };
}

describe('a service killed with SIGKILL and started again', { timeout: 60_000 }, () => {
  it.each<[string, Pick<Variant, 'name' | 'text' | 'fields'>]>([
    [
      'lines of JSON, in chunks by bytes',
      {
        name: 'products.ndjson',
        text: `\uFEFF${records.join('\r\n\r\n')}`,
        fields: { chunk_size_by_records: 0, chunk_size_by_memory: 1200 },
      },
    ],
    ['an array that it had to find', { text: `{"n":1,"shop":{"items":${feedText(RECORDS)}},"tags":["x"]}` }],
  ])('loses, repeats and reorders nothing of %s', async (_what, variant) => {
    const { shown } = await surviveCrash({ crashAt: 'acked-not-committed:5', ...variant });
    expect(shown.totals.chunks).toBeGreaterThanOrEqual(10);
  });

  it.each(['planned-not-sent:5', 'acked-not-committed:5'] as const)(
    'sends the chunk of %s with the records it was planned with, whatever sizes are asked for then',
    async (crashAt) => {
      const { receiver } = await surviveCrash({ crashAt, secondFields: { chunk_size_by_records: 4 } });
      const counts = new Map<number | null, Set<number | null>>();
      for (const { chunkNumber, recordCount } of receiver.attempts) {
        counts.set(chunkNumber, (counts.get(chunkNumber) ?? new Set()).add(recordCount));
      }
      for (const number of [0, 1, 2, 3, 4]) expect([...(counts.get(number) ?? [])]).toEqual([10]);
    },
  );

  it('goes back to the first chunk where the receiver lost everything meanwhile', async () => {
    const { receiver } = await surviveCrash({
      crashAt: 'committed:7',
      meanwhile: (lost) => lost.receiver.store.clear(),
    });
    const numbers = receiver.attempts.map((attempt) => attempt.chunkNumber);
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]);
  });

  it('goes on with a rewind in whose middle it was killed', async () => {
    // Passes 1 to 6 are chunks 0 to 5; chunk 5 meets a receiver that has two chunks, and pass 8 is chunk 3 again.
    const { receiver } = await surviveCrash({
      crashAt: 'sent-not-acked:8',
      faults: [{ fault: 'forget', chunk: 5, keep_chunks: 2, times: 1 }],
    });
    expect(receiver.attempts.length).toBeGreaterThan(13);
  });

  it('keeps the halves that it has planned, and their size', async () => {
    const { receiver } = await surviveCrash({
      crashAt: 'committed:1',
      faults: [{ fault: 'too-large', max_bytes: 1500 }],
      fields: { chunk_size_by_records: 40 },
    });
    const taken = receiver.attempts.filter((attempt) => attempt.fault === null && attempt.recordCount !== null);
    for (const { recordCount } of taken) expect(recordCount).toBeLessThanOrEqual(10);
    const refused = receiver.attempts.filter((attempt) => attempt.fault !== null);
    expect(new Set(refused.map((attempt) => attempt.chunkNumber))).toEqual(new Set([0]));
  });
});
