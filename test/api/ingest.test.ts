import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, ServiceError } from '../../src/errors.ts';
import { sha256Hex } from '../../src/protocol/checksum.ts';
import type { IngestRequest } from '../../src/protocol/ingest-request.ts';
import type { SubmissionAnswer } from '../../src/state/state-store.ts';
import { apiUnderTest, bodyOf, FILE_ID, INGESTION_ID, type ProblemBody, postIngest } from './api-under-test.ts';

const BODY = { file_path: '/x.json', callback_url: 'http://receiver.example/callback' };
const STARTED: SubmissionAnswer = { status: 'STARTED', ingestionId: INGESTION_ID, fileId: FILE_ID, changed: [] };

/** An API whose service accepts everything, and what it was asked. */
function acceptingApi(answer = STARTED) {
  const asked: { request: IngestRequest; idempotency: { key: string; bodyDigest: string } | null }[] = [];
  const submit = (request: IngestRequest, idempotency: { key: string; bodyDigest: string } | null) => {
    asked.push({ request, idempotency });
    return Promise.resolve(answer);
  };
  return { ...apiUnderTest({ service: { submit } }), asked };
}

describe('POST /api/ingest', () => {
  it('answers 202 with the ids and where to look, not 200', async () => {
    const { app, asked } = acceptingApi();
    const response = await postIngest(app, BODY);
    expect(response.status).toBe(202);
    expect(response.headers.get('Location')).toBe(`/api/ingestions/${INGESTION_ID}`);
    expect(await response.text()).toBe(`{"status":"STARTED","ingestion_id":"${INGESTION_ID}","file_id":"${FILE_ID}"}`);
    expect(asked).toMatchObject([{ request: { filePath: '/x.json', fileType: 'json' }, idempotency: null }]);
  });

  it.each(['STARTED', 'RUNNING', 'RESUMED', 'COMPLETED'] as const)('passes the status %s on', async (status) => {
    const response = await postIngest(acceptingApi({ ...STARTED, status }).app, BODY);
    expect([response.status, (await bodyOf(response)).status]).toEqual([202, status]);
  });

  it('says what an existing ingestion took over', async () => {
    const { app } = acceptingApi({ ...STARTED, status: 'RESUMED', changed: ['callback_url', 'retry'] });
    expect(await bodyOf(await postIngest(app, BODY))).toMatchObject({ changed: ['callback_url', 'retry'] });
  });

  it('hands the Idempotency-Key on with a digest of the very bytes', async () => {
    const { app, asked } = acceptingApi();
    const text = JSON.stringify(BODY, null, 2);
    await postIngest(app, text, { 'Idempotency-Key': '"k-1"' });
    expect(asked[0]?.idempotency).toEqual({ key: '"k-1"', bodyDigest: sha256Hex(text) });
  });

  it.each(['', 'a b', 'x'.repeat(256), 'é'])('refuses the Idempotency-Key %j', async (key) => {
    const response = await postIngest(acceptingApi().app, BODY, { 'Idempotency-Key': key });
    expect(await bodyOf<ProblemBody>(response)).toMatchObject({
      code: 'REQUEST_INVALID',
      errors: [{ field: 'Idempotency-Key' }],
    });
  });

  it.each([
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json; charset="UTF-8"',
  ])('takes a body declared as %s', async (mediaType) => {
    expect((await postIngest(acceptingApi().app, BODY, { 'Content-Type': mediaType })).status).toBe(202);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'application/problem+json',
    'application/json; charset=latin1',
    'application/json, text/plain',
  ])('answers 415 to a body declared as %s', async (mediaType) => {
    const response = await postIngest(acceptingApi().app, BODY, { 'Content-Type': mediaType });
    expect([response.status, (await bodyOf(response)).code]).toEqual([415, 'REQUEST_MEDIA_TYPE']);
  });

  it('answers 415 to a body that is not declared at all: nothing skips validation', async () => {
    const body = new TextEncoder().encode('{"nonsense":1}');
    const response = await acceptingApi().app.request('/api/ingest', { method: 'POST', body });
    expect(response.status).toBe(415);
    expect((await acceptingApi().app.request('/api/ingest', { method: 'POST' })).status).toBe(415);
  });

  it('answers 415 to a compressed body', async () => {
    expect((await postIngest(acceptingApi().app, BODY, { 'Content-Encoding': 'gzip' })).status).toBe(415);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{file_path: 1}'],
    ['half of it', '{"file_path":'],
    ['two values', '{}{}'],
    ['NaN', 'NaN'],
    ['a repeated key', '{"file_path":"/a","callback_url":"http://x","file_path":"/b"}'],
    ['a key repeated by an escape', '{"file_path":"/a","callback_url":"http://x","file_p\\u0061th":"/b"}'],
    ['a repeated key further in', '{"file_path":"/a","callback_url":"http://x","callback_headers":{"A":"1","A":"2"}}'],
    ['deep nesting', `{"retry":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`],
  ])('answers 400 to %s', async (_what, text) => {
    const response = await postIngest(acceptingApi().app, text);
    expect([response.status, (await bodyOf(response)).code]).toEqual([400, 'REQUEST_NOT_JSON']);
  });

  it('says where a body is no JSON', async () => {
    const response = await postIngest(acceptingApi().app, '{"file_path" "/srv/feed.json"}');
    expect((await bodyOf(response)).detail).toBe('A colon was expected. (line 1, column 14, byte 13)');
  });

  it('answers 400 to invalid UTF-8, and repairs nothing', async () => {
    const bytes = Buffer.concat([Buffer.from('{"file_path":"/'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect((await postIngest(acceptingApi().app, bytes)).status).toBe(400);
  });

  it('does not repeat a body it cannot read', async () => {
    const response = await postIngest(acceptingApi().app, '{"callback_secret": s3cret}');
    expect(await response.text()).not.toContain('s3cret');
  });

  it('answers 422 with every offending field', async () => {
    const response = await postIngest(acceptingApi().app, '{"file_path":"","chunk":1,"__proto__":{"x":1}}');
    expect(response.status).toBe(422);
    const { errors } = await bodyOf<ProblemBody>(response);
    expect(errors?.map(({ field }) => field).toSorted()).toEqual(['__proto__', 'callback_url', 'chunk', 'file_path']);
  });

  it.each(['[]', 'null', '"x"', '1'])('answers 422 to %s, which is JSON but no object', async (text) => {
    expect((await postIngest(acceptingApi().app, text)).status).toBe(422);
  });

  it.each(['json', 'ndjson', 'csv', 'TSV', 'excel', 'XML'])('takes the file type %s', async (fileType) => {
    const response = await postIngest(acceptingApi().app, { ...BODY, file_type: fileType });
    expect(response.status).toBe(202);
  });

  it('answers 422, not 500, to another file type and to options of another', async () => {
    for (const fields of [{ file_type: 'yaml' }, { file_type: 'csv', format: { sheet: 0 } }]) {
      expect((await postIngest(acceptingApi().app, { ...BODY, ...fields })).status).toBe(422);
    }
  });

  it('takes every spelling of a path and a type for the same file', async () => {
    const { app, asked } = acceptingApi();
    await postIngest(app, { ...BODY, file_path: '/feeds/a.json', file_type: 'json' });
    await postIngest(app, { ...BODY, file_path: '/feeds/../feeds/./a.json', file_type: 'JSON' });
    expect(asked[0]?.request).toEqual(asked[1]?.request);
  });

  it('answers 413 to a body over 1 MiB, declared or streamed', async () => {
    const { app, asked } = acceptingApi();
    const tooLarge = JSON.stringify({ ...BODY, record_path: 'x'.repeat(1024 * 1024) });
    const declared = await postIngest(app, tooLarge, { 'Content-Length': String(tooLarge.length) });
    expect([declared.status, (await bodyOf(declared)).code]).toEqual([413, 'REQUEST_TOO_LARGE']);
    let sentCount = 0;
    const givenUp = Promise.withResolvers<void>();
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sentCount += 1;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
      cancel: () => givenUp.resolve(),
    });
    const streamed = await app.request(
      new Request('http://localhost/api/ingest', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: endless,
        duplex: 'half',
      }),
    );
    expect(streamed.status).toBe(413);
    // What is thrown away of the rest has a bound too.
    await givenUp.promise;
    expect(sentCount).toBeLessThan(17 * 16 + 10);
    expect(asked).toEqual([]);
  });

  it('takes a client that goes away in the middle for what it is, not for a failure of the service', async () => {
    const { app, logged } = acceptingApi();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"file_path":')),
      pull: (controller) => controller.error(new Error('aborted')),
    });
    const headers = { 'Content-Type': 'application/json' };
    const request = new Request('http://localhost/api/ingest', { method: 'POST', headers, body, duplex: 'half' });
    expect((await app.request(request)).status).toBe(400);
    expect(logged.map(({ level }) => level)).toEqual(['info']);
  });

  it.each([
    'SOURCE_NOT_ALLOWED',
    'CALLBACK_NOT_ALLOWED',
    'SOURCE_NOT_FOUND',
    'SOURCE_NOT_A_FILE',
    'DELIVERED_ELSEWHERE',
    'SOURCE_CHANGED',
    'REQUEST_CHANGED',
    'IDEMPOTENCY_KEY_REUSED',
    'QUEUE_FULL',
    'SHUTTING_DOWN',
    'STATE_UNAVAILABLE',
  ] satisfies ErrorCode[])('tells %s as the service does', async (code) => {
    const submit = () => Promise.reject(new ServiceError(code));
    const response = await postIngest(apiUnderTest({ service: { submit } }).app, BODY);
    expect(response.status).toBe(ERRORS[code].httpStatus);
    expect(await bodyOf(response)).toMatchObject({ code, what_to_do: ERRORS[code].remedy });
    const isToBeTriedAgain = response.status === 429 || response.status === 503;
    expect(response.headers.get('Retry-After')).toBe(isToBeTriedAgain ? '30' : null);
  });
});

const corpus = resolve(process.env.ACKSTREAM_CORPORA ?? '../shared/corpora', 'naughty-strings/blns.json');
if (!existsSync(corpus)) console.log(`skipped: the naughty strings are not at ${corpus}`);

describe.skipIf(!existsSync(corpus))('a naughty string', () => {
  const strings: string[] = existsSync(corpus) ? JSON.parse(readFileSync(corpus, 'utf8')) : [];
  const places: Record<string, (text: string) => unknown> = {
    file_path: (text) => ({ ...BODY, file_path: text }),
    file_type: (text) => ({ ...BODY, file_type: text }),
    callback_url: (text) => ({ ...BODY, callback_url: text }),
    'host of callback_url': (text) => ({ ...BODY, callback_url: `http://${text}/` }),
    chunk_size_by_records: (text) => ({ ...BODY, chunk_size_by_records: text }),
    chunk_size_by_memory: (text) => ({ ...BODY, chunk_size_by_memory: text }),
    re_ingestion: (text) => ({ ...BODY, re_ingestion: text }),
    record_path: (text) => ({ ...BODY, record_path: text }),
    number_form: (text) => ({ ...BODY, number_form: text }),
    retry: (text) => ({ ...BODY, retry: text }),
    'window of retry': (text) => ({ ...BODY, retry: { window: text } }),
    'value in callback_headers': (text) => ({ ...BODY, callback_headers: { 'X-A': text } }),
    'name in callback_headers': (text) => ({ ...BODY, callback_headers: Object.fromEntries([[text, 'x']]) }),
    callback_secret: (text) => ({ ...BODY, callback_secret: text }),
    status_url: (text) => ({ ...BODY, status_url: text }),
    'name of a field': (text) => Object.fromEntries([...Object.entries(BODY), [text, 1]]),
    'whole body': (text) => text,
  };

  it.each(Object.keys(places))('as %s is accepted or refused, never failed at', async (place) => {
    const { app, logged } = acceptingApi();
    const statuses = new Set<number>();
    for (const text of strings) statuses.add((await postIngest(app, JSON.stringify(places[place]?.(text)))).status);
    expect(strings.length).toBeGreaterThan(500);
    expect([...statuses].filter((status) => status !== 202 && status !== 422)).toEqual([]);
    expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('in a path or query is answered, never failed at', async () => {
    const { app } = apiUnderTest({
      reads: {
        getIngestion: () => Promise.resolve(null),
        listIngestions: () => Promise.resolve({ items: [], nextCursor: null }),
      },
    });
    for (const text of strings) {
      const encoded = encodeURIComponent(text.toWellFormed());
      for (const path of [
        `/api/ingestions/${encoded}`,
        `/api/ingestions?cursor=${encoded}`,
        `/api/ingestions?${encoded}=1`,
        `/${encoded}`,
      ]) {
        expect((await app.request(path)).status, path).toBeLessThan(500);
      }
    }
  });
});
