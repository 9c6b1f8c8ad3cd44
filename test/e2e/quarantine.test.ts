/** Bad records that are set aside: each is on record once, at its place, whatever becomes of the delivery around it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ShownIngestion } from '../harness/api-client.ts';
import { type Scene, setScene } from '../harness/scene.ts';

const BAD = '{"bad":tru}';
const good = (index: number) => `{"id":${index}}`;

/** Lines `from` to `to`, with a bad one behind each whose index is among those given. */
function lines(to: number, badBehind: readonly number[] = [], from = 0): string[] {
  return Array.from({ length: to - from }, (_, index) => from + index).flatMap((index) =>
    badBehind.includes(index) ? [good(index), BAD] : [good(index)],
  );
}

/** A scene around a feed of lines, in chunks of five that are set aside where they are bad. */
async function setLineScene(content: readonly string[], options: Partial<Parameters<typeof setScene>[0]> = {}) {
  const scene = await setScene({ recordCount: 0, ...options });
  const filePath = join(scene.folder, 'lines.ndjson');
  const write = (next: readonly string[]) => writeFileSync(filePath, next.map((line) => `${line}\n`).join(''));
  write(content);
  const asked = { file_path: filePath, chunk_size_by_records: 5, on_bad_record: 'quarantine' };
  return {
    ...scene,
    write,
    filePath,
    ingest: (fields: object = {}) => scene.ingest({ ...asked, ...fields }),
    deliver: (fields: object = {}) => scene.deliver({ ...asked, ...fields }),
  };
}

/** Fails unless the receiver has the sound lines, in order and no other, and each other line is on record once, at its place. */
async function expectAccounted(scene: Scene, shown: ShownIngestion, content: readonly string[], isGood = isSound) {
  expect(shown.status).toBe('COMPLETED');
  expect(await scene.receiver.records(shown.ingestion_id)).toEqual(content.filter(isGood));
  let byteOffset = 0;
  const places: object[] = [];
  for (const [index, line] of content.entries()) {
    if (!isGood(line)) places.push({ byte_offset: byteOffset, line: index + 1, raw_text: line });
    byteOffset += line.length + 1;
  }
  const rejects = await scene.service.api.rejects(shown.ingestion_id);
  expect(rejects.map(({ byte_offset, line, raw_text }) => ({ byte_offset, line, raw_text }))).toEqual(places);
  expect(shown.totals.rejected_records).toBe(places.length);
  expect(await scene.receiver.report(shown.ingestion_id)).toMatchObject({
    verdict_ok: true,
    mismatches: 0,
    claimed: { rejected_records: places.length },
  });
}

const isSound = (line: string) => line !== BAD;

describe('bad records', () => {
  it.each<[string, readonly string[]]>([
    ['at the very start', [BAD, BAD, ...lines(7)]],
    ['at the very end', [...lines(7), BAD, BAD]],
    ['behind the last record of a full chunk', [...lines(10), BAD]],
    ['between two chunks', lines(12, [4, 9])],
    [
      'everywhere',
      [
        BAD,
        ...lines(
          12,
          Array.from({ length: 12 }, (_, index) => index),
        ),
      ],
    ],
    ['and no others', Array.from({ length: 30 }, () => BAD)],
    ['one alone', [BAD]],
  ])('%s are set aside, and the others arrive', async (_, content) => {
    const scene = await setLineScene(content);
    await expectAccounted(scene, await scene.deliver(), content);
  });

  it('five thousand in a row are put on record in parts, without waiting for the chunk around them', async () => {
    const content = [good(0), ...Array.from({ length: 5_000 }, () => BAD), good(1)];
    const scene = await setLineScene(content);
    const shown = await scene.deliver();
    await expectAccounted(scene, shown, content);
    const rejects = await scene.service.api.rejects(shown.ingestion_id);
    expect(rejects.filter(({ chunk_number: chunk }) => chunk === null).length).toBe(5_000);
  });

  it('are those that alone exceed the bound of a chunk, too', async () => {
    const large = `{"id":"${'x'.repeat(60)}"}`;
    const content = [large, ...lines(4), large, ...lines(8, [], 4), large];
    const scene = await setLineScene(content);
    const sizes = { chunk_size_by_memory: 40 };
    const failed = await scene.deliver({ ...sizes, on_bad_record: 'fail' });
    expect(failed).toMatchObject({
      status: 'FAILED',
      last_error: { code: 'RECORD_TOO_LARGE', place: { file: scene.filePath, byte_offset: 0, line: 1 } },
    });
    const shown = await scene.deliver(sizes);
    await expectAccounted(scene, shown, content, (line) => line !== large);
    const rejects = await scene.service.api.rejects(shown.ingestion_id);
    expect(new Set(rejects.map(({ code }) => code))).toEqual(new Set(['RECORD_TOO_LARGE']));
    // With a larger bound none of them is.
    const again = await scene.deliver({ re_ingestion: true, chunk_size_by_memory: 100 });
    await expectAccounted(scene, again, content, () => true);
  });

  it.each([0, 1, 3])('are counted once where the receiver goes back to chunk %i', async (keptChunks) => {
    const content = [BAD, ...lines(30, [1, 4, 9, 10, 17, 24, 29])];
    const scene = await setLineScene(content);
    scene.receiver.setFaults({ fault: 'forget', chunk: 4, keep_chunks: keptChunks, times: 1 });
    const shown = await scene.deliver();
    expect(scene.service.logged.map(({ event }) => event)).toContain('delivery.rewound');
    await expectAccounted(scene, shown, content);
  });

  it('are counted once where chunks are cut in half', async () => {
    const content = [BAD, ...lines(40, [0, 3, 4, 9, 14, 19, 20, 39])];
    const scene = await setLineScene(content);
    scene.receiver.setFaults({ fault: 'too-large', max_bytes: 600 });
    const shown = await scene.deliver({ chunk_size_by_records: 40 });
    expect(scene.service.logged.map(({ event }) => event)).toContain('chunk.halved');
    await expectAccounted(scene, shown, content);
  });

  it('are counted anew by a re-ingestion, and those of the first one stay as they are', async () => {
    const content = lines(12, [3, 7]);
    const scene = await setLineScene(content);
    const first = await scene.deliver();
    const corrected = lines(12, [7]);
    scene.write(corrected);
    const second = await scene.deliver({ re_ingestion: true });
    expect(second.ingestion_id).not.toBe(first.ingestion_id);
    await expectAccounted(scene, second, corrected);
    expect((await scene.service.api.rejects(first.ingestion_id)).length).toBe(2);
  });
});

describe('an ingestion that a bad record would end', () => {
  const content = lines(40, [22, 31]);

  it('goes on where it was, once it FAILED and they may be set aside', async () => {
    const scene = await setLineScene(content);
    const failed = await scene.deliver({ on_bad_record: 'fail' });
    expect(failed).toMatchObject({ status: 'FAILED', totals: { records: 20 }, last_error: { code: 'READER_SYNTAX' } });
    const { body } = await scene.ingest();
    expect(body).toMatchObject({ status: 'RESUMED', ingestion_id: failed.ingestion_id, changed: ['on_bad_record'] });
    const shown = await scene.service.api.untilStatus(failed.ingestion_id, 'COMPLETED', 'FAILED');
    await expectAccounted(scene, shown, content);
    expect(await scene.receiver.report(shown.ingestion_id)).toMatchObject({ duplicates: 0 });
  });

  it('does not, where they may be set aside while it is RUNNING', async () => {
    const scene = await setLineScene(content);
    scene.receiver.setFaults({ fault: 'status', chunk: 1, status: 503 });
    const { ingestion_id: id } = (await scene.ingest({ on_bad_record: 'fail' })).body;
    await scene.service.api.untilStatus(id, 'RUNNING');
    expect((await scene.ingest()).body).toMatchObject({ status: 'RUNNING', changed: ['on_bad_record'] });
    scene.receiver.setFaults();
    await expectAccounted(scene, await scene.service.api.untilStatus(id, 'COMPLETED', 'FAILED'), content);
  });

  it('does not, where they may be set aside while it is QUEUED', async () => {
    const scene = await setLineScene(content);
    scene.receiver.setFaults({ fault: 'status', chunk: 1, status: 503, retry_after: '3600' });
    const { ingestion_id: id } = (await scene.ingest({ on_bad_record: 'fail' })).body;
    await scene.service.api.untilStatus(id, 'QUEUED');
    expect((await scene.ingest()).body).toMatchObject({ status: 'RUNNING', changed: ['on_bad_record'] });
    scene.receiver.setFaults();
    await scene.service.api.act(id, 'pause');
    await scene.service.api.act(id, 'resume');
    await expectAccounted(scene, await scene.service.api.untilStatus(id, 'COMPLETED', 'FAILED'), content);
  });

  it('is not what one becomes that sets them aside, once an attempt was begun', async () => {
    const scene = await setLineScene(content);
    const shown = await scene.deliver();
    const refused = await scene.ingest({ on_bad_record: 'fail' });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'REQUEST_CHANGED', errors: [{ field: 'on_bad_record' }] },
    });
    await expectAccounted(scene, await scene.service.api.get(shown.ingestion_id), content);
  });
});

describe('a file that is another one before anything of it was sent', () => {
  it.each(['a request', 'a resume'])('loses its bad records with %s', async (by) => {
    const scene = await setLineScene([BAD, BAD, ...lines(7)]);
    const failed = await scene.deliver({ max_bad_records: 1 });
    expect(failed).toMatchObject({ status: 'FAILED', totals: { rejected_records: 2 } });
    expect(scene.receiver.attempts).toEqual([]);
    const other = lines(9, [5]);
    scene.write(other);
    if (by === 'a resume') await scene.service.api.act(failed.ingestion_id, 'resume');
    else await scene.ingest();
    await expectAccounted(scene, await scene.service.api.untilStatus(failed.ingestion_id, 'COMPLETED'), other);
  });
});
