import { execFileSync } from 'node:child_process';
/** What a service refuses, where a feed's own bounds end, and that it answers while it works. */
import { createReadStream, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFeed } from '../harness/feed.ts';
import { setScene } from '../harness/scene.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestClock } from '../harness/test-clock.ts';
import { until } from '../harness/until.ts';
import { startWireTap } from '../harness/wire-tap.ts';

const HOUR_MS = 3_600_000;

describe('a request is refused', () => {
  it('where the callback or the status_url is an address that may not be called', async () => {
    const scene = await setScene({ recordCount: 5 });
    for (const url of ['http://10.0.0.1/callback', 'http://169.254.169.254/latest', 'http://[fd00::1]/', 'http://0/']) {
      for (const fields of [{ callback_url: url }, { status_url: url }]) {
        expect(await scene.ingest(fields)).toMatchObject({ status: 403, body: { code: 'CALLBACK_NOT_ALLOWED' } });
      }
    }
    const { body } = await scene.service.api.call('GET', '/api/ingestions');
    expect(body.items).toEqual([]);
  });

  it('where the file lies outside of the roots, also behind a link or dots, and says nothing of what is there', async () => {
    const scene = await setScene({ recordCount: 5 });
    const outside = tempFolder();
    const secret = join(outside, 'secret.json');
    writeFeed(secret, 3);
    const link = join(scene.folder, 'link.json');
    symlinkSync(secret, link);
    symlinkSync(outside, join(scene.folder, 'folder'));
    const paths = [
      secret,
      link,
      join(scene.folder, 'folder', 'secret.json'),
      join(scene.folder, 'folder', 'missing.json'),
      `${scene.folder}/../${outside.split('/').at(-1)}/secret.json`,
      '/etc/passwd',
    ];
    for (const path of paths) {
      expect(await scene.ingest({ file_path: path }), path).toMatchObject({
        status: 403,
        body: { code: 'SOURCE_NOT_ALLOWED' },
      });
    }
  });

  it('where there is no such file, or it is no file', async () => {
    const scene = await setScene({ recordCount: 5 });
    expect(await scene.ingest({ file_path: join(scene.folder, 'missing.json') })).toMatchObject({
      status: 404,
      body: { code: 'SOURCE_NOT_FOUND' },
    });
    await mkdir(join(scene.folder, 'feeds'));
    expect(await scene.ingest({ file_path: join(scene.folder, 'feeds') })).toMatchObject({
      status: 404,
      body: { code: 'SOURCE_NOT_FOUND' },
    });
    execFileSync('mkfifo', [join(scene.folder, 'pipe.json')]);
    expect(await scene.ingest({ file_path: join(scene.folder, 'pipe.json') })).toMatchObject({
      status: 422,
      body: { code: 'SOURCE_NOT_A_FILE' },
    });
  });

  it('where too many wait already, and one that asks for what is there is not', async () => {
    const scene = await setScene({
      recordCount: 15,
      receiver: { faults: [{ fault: 'status', chunk: 1, status: 503, retry_after: '1' }] },
      env: { ACKSTREAM_MAX_QUEUED: '1', ACKSTREAM_MAX_RUNNING: '1' },
    });
    const { ingestion_id: running } = (await scene.ingest()).body;
    await scene.service.api.untilStatus(running, 'RUNNING');
    const paths = [1, 2].map((index) => join(scene.folder, `feed-${index}.json`));
    for (const path of paths) writeFeed(path, 5);
    const [second, third] = paths;
    expect((await scene.ingest({ file_path: second })).status).toBe(202);
    const refused = await scene.ingest({ file_path: third });
    expect(refused).toMatchObject({ status: 429, body: { code: 'QUEUE_FULL' } });
    expect(refused.headers['retry-after']).toBe('30');
    for (const path of [scene.filePath, second]) {
      expect(await scene.ingest({ file_path: path })).toMatchObject({ status: 202, body: { status: 'RUNNING' } });
    }
    scene.receiver.setFaults();
    await until(
      () => scene.ingest({ file_path: third }),
      ({ status }) => status === 202,
    );
  });

  it('where the service is shutting down, which it also tells its monitors', async () => {
    const scene = await setScene({ recordCount: 25 });
    let answerChunk = () => {};
    const held = new Promise<undefined>((resolve) => {
      answerChunk = () => resolve(undefined);
    });
    const tap = await startWireTap(scene.receiver.callbackUrl, () => held);
    const { ingestion_id: id } = (await scene.ingest({ callback_url: tap.url })).body;
    await until(tap.subjects, (subjects) => subjects.length === 1);
    const { service } = scene.service;
    const stopping = scene.service.stop();
    const post = (path: string, body?: string) =>
      service.fetch(
        new Request(`http://localhost${path}`, {
          method: 'POST',
          headers: { host: 'localhost', 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body }),
        }),
        { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1', localPort: 80, breakOff: () => {} },
      );
    const body = JSON.stringify({ file_path: scene.filePath, callback_url: tap.url });
    for (const refused of [await post('/api/ingest', body), await post(`/api/ingestions/${id}/resume`)]) {
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ code: 'SHUTTING_DOWN' });
      expect(refused.headers.get('retry-after')).toBe('30');
    }
    expect((await service.fetch(new Request('http://localhost/health/ready'))).status).toBe(503);
    answerChunk();
    await stopping;
    // The chunk in flight was finished, and no other begun.
    expect(tap.subjects()).toEqual([0]);
    expect(await scene.receiver.records(id)).toEqual(scene.expected.slice(0, 10));
  });
});

describe('a file under a waiting delivery', () => {
  it.each([
    ['leads out of the roots', 'FAILED', 'SOURCE_NOT_ALLOWED'],
    ['cannot be read', 'PAUSED', 'SOURCE_UNREADABLE'],
  ] as const)('that %s by then makes it %s', async (what, status, code) => {
    const clock = new TestClock();
    const scene = await setScene({
      recordCount: 25,
      clock,
      receiver: { faults: [{ fault: 'status', chunk: 1, status: 503, retry_after: '3600' }] },
    });
    const { ingestion_id: id } = (await scene.ingest()).body;
    await scene.service.api.untilStatus(id, 'QUEUED');
    const away = join(what === 'cannot be read' ? scene.folder : tempFolder(), 'away.json');
    renameSync(scene.filePath, away);
    // A link to itself is what even root cannot read.
    symlinkSync(what === 'cannot be read' ? scene.filePath : away, scene.filePath);
    scene.receiver.setFaults();
    clock.advance(HOUR_MS);
    expect(await scene.service.api.untilStatus(id, 'PAUSED', 'FAILED', 'COMPLETED')).toMatchObject({
      status,
      last_error: { code },
    });
    expect(await scene.receiver.records(id)).toEqual(scene.expected.slice(0, 10));
    renameSync(away, scene.filePath);
    expect((await scene.deliver()).status).toBe('COMPLETED');
    await scene.expectDelivered(id);
  });
});

describe('a bound by bytes', () => {
  const RECORD = '{"id":"123456"}';
  const feed = (records: readonly string[]) => `[${records.join(' , ')}]`;

  it.each([
    [RECORD.length + 2, 1],
    [RECORD.length * 2 + 2, 1],
    [RECORD.length * 2 + 3, 2],
    [RECORD.length * 3 + 4, 3],
  ])('of %i bytes holds %i such records, brackets and commas counted, and no chunk is empty', async (bound, count) => {
    const scene = await setScene({ recordCount: 1 });
    const records = Array.from({ length: 7 }, () => RECORD);
    writeFileSync(scene.filePath, feed(records));
    const sizes = { chunk_size_by_records: 0, chunk_size_by_memory: bound };
    const shown = await scene.deliver(sizes);
    await scene.expectDelivered(shown.ingestion_id, records);
    const counts = scene.receiver.attempts.slice(0, -1).map((attempt) => attempt.recordCount);
    expect(counts).toEqual([...Array(Math.floor(7 / count)).fill(count), ...(7 % count === 0 ? [] : [7 % count])]);
  });

  it.each([0, 3])(
    'that record %i alone exceeds ends in RECORD_TOO_LARGE at its place, behind all chunks that it does not touch',
    async (place) => {
      const scene = await setScene({ recordCount: 1 });
      const records = Array.from({ length: 5 }, (_, index) => (index === place ? '{"id":"12345678"}' : RECORD));
      writeFileSync(scene.filePath, feed(records));
      const sizes = { chunk_size_by_records: 2, chunk_size_by_memory: RECORD.length + 3 };
      const failed = await scene.deliver(sizes);
      expect(failed).toMatchObject({
        status: 'FAILED',
        last_error: {
          code: 'RECORD_TOO_LARGE',
          place: { file: scene.filePath, byte_offset: 1 + place * (RECORD.length + 3), line: 1 },
        },
      });
      // The chunk before it is still open when it is met: what follows that chunk is not known.
      expect(await scene.receiver.records(failed.ingestion_id)).toEqual(records.slice(0, Math.max(0, place - 1)));
      expect(new Set(scene.receiver.attempts.map((attempt) => attempt.recordCount))).toEqual(
        new Set(place === 0 ? [] : [1]),
      );
      // A larger bound is all that it needs.
      const shown = await scene.deliver({ chunk_size_by_memory: 100 });
      expect(shown).toMatchObject({ status: 'COMPLETED', ingestion_id: failed.ingestion_id });
      await scene.expectDelivered(shown.ingestion_id, records);
    },
  );

  it('and by count that a request changes while an ingestion waits for its slot holds from the first chunk', async () => {
    const scene = await setScene({
      recordCount: 15,
      receiver: { faults: [{ fault: 'status', chunk: 1, status: 503, retry_after: '1' }] },
      env: { ACKSTREAM_MAX_RUNNING: '1' },
    });
    const { ingestion_id: first } = (await scene.ingest()).body;
    await scene.service.api.untilStatus(first, 'RUNNING');
    const other = join(scene.folder, 'other.json');
    const expected = writeFeed(other, 20);
    await scene.ingest({ file_path: other });
    const { body } = await scene.ingest({ file_path: other, chunk_size_by_records: 4 });
    expect(body).toMatchObject({ status: 'RUNNING', changed: ['chunk_size_by_records'] });
    scene.receiver.setFaults();
    const shown = await scene.service.api.untilStatus(body.ingestion_id, 'COMPLETED');
    expect(shown.totals.chunks).toBe(5);
    await scene.expectDelivered(body.ingestion_id, expected);
  });
});

describe('a document', () => {
  it.each([
    ['an object without an array', '{"shop":"x","count":0}', 'RECORDS_NOT_FOUND'],
    ['a text', '"records"', 'RECORDS_NOT_FOUND'],
    ['nothing at all', '', 'READER_TRUNCATED'],
  ])('that is %s is no success with no records', async (_what, text, code) => {
    const scene = await setScene({ recordCount: 1 });
    writeFileSync(scene.filePath, text);
    expect(await scene.deliver()).toMatchObject({ status: 'FAILED', last_error: { code } });
    expect(scene.receiver.attempts).toEqual([]);
  });

  it('keeps every digit on its way, and gives them up only where asked to', async () => {
    const scene = await setScene({ recordCount: 1 });
    const written = ['18446744073709551616', '0.1234567890123456789', '1.10', '5.0', '-0.0', '333333333.33333329'];
    writeFileSync(scene.filePath, `[${[...written, '1E400', '{"b":1,"\\u0061":[2.50]}'].join(',')}]`);
    const exact = await scene.deliver();
    const kept = ['18446744073709551616', '0.1234567890123456789', '1.1', '5', '0', '333333333.33333329'];
    await scene.expectDelivered(exact.ingestion_id, [...kept, '1e+400', '{"a":[2.5],"b":1}']);

    const jcs = await scene.deliver({ re_ingestion: true, number_form: 'jcs', chunk_size_by_records: 1 });
    expect(jcs).toMatchObject({ status: 'FAILED', last_error: { code: 'NUMBER_OUT_OF_RANGE' } });
    const rounded = ['18446744073709552000', '0.12345678901234568', '1.1', '5', '0', '333333333.3333333'];
    // The last of them is in the chunk that was open when the number out of range came.
    expect(await scene.receiver.records(jcs.ingestion_id)).toEqual(rounded.slice(0, -1));
    writeFileSync(scene.filePath, `[${written.join(',')}]`);
    const whole = await scene.deliver({ re_ingestion: true, number_form: 'jcs' });
    await scene.expectDelivered(whole.ingestion_id, rounded);
  });
});

describe('while a large file is read', () => {
  it('every question is answered, and the delivery goes on', async () => {
    const scene = await setScene({ recordCount: 30_000, note: ' long'.repeat(100) });
    const { ingestion_id: id } = (await scene.ingest({ chunk_size_by_records: 500 })).body;
    await until(
      () => scene.receiver.attempts.length,
      (count) => count > 1,
    );
    let answeredWhileRunning = 0;
    for (let asked = 0; asked < 30; asked += 1) {
      expect((await scene.service.api.call('GET', '/health')).status).toBe(200);
      const shown = await scene.service.api.get(id);
      if (shown.status === 'RUNNING') answeredWhileRunning += 1;
    }
    expect(answeredWhileRunning).toBeGreaterThan(10);
    expect(await scene.service.api.untilStatus(id, 'COMPLETED', 'FAILED')).toMatchObject({ status: 'COMPLETED' });
    expect(await scene.receiver.report(id)).toMatchObject({ verdict_ok: true, records: 30_000 });
    let size = 0;
    for await (const part of createReadStream(scene.filePath)) size += (part as Buffer).length;
    expect(size).toBeGreaterThan(18_000_000);
  });
});
