/** Requests made of strings that programs stumble over: taken byte by byte or refused by a clear code; nothing fails, nothing is polluted. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import { parseIngestRequest } from '../../src/protocol/ingest-request.ts';
import { startReceiver } from '../harness/receiver.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { startWireTap } from '../harness/wire-tap.ts';
import { type LoggedService, startLoggedService } from './logged-service.ts';
import { NAUGHTY_STRINGS } from './naughty-strings.ts';

const CALLBACK = 'http://127.0.0.1:9/callback';
/** What the values of headers may hold; white space around them is no part of them (RFC 9110 section 5.5). */
const isHeaderValue = (text: string) => /^[\t\x20-\x7e]*$/.test(text);
/** HTTP clients send no other. */
const SENDABLE = NAUGHTY_STRINGS.filter((text) => /^[\x20-\x7e]*$/.test(text) && text.trim() !== '');
const MAX_HEADER_CHARACTERS = 4_000;

/** The fields that a request is refused for; null: it is taken. */
function refusedFields(fields: Readonly<Record<string, unknown>>): readonly string[] | null {
  try {
    parseIngestRequest({ file_path: '/feeds/a.json', callback_url: CALLBACK, ...fields });
    return null;
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'REQUEST_INVALID')
      return error.fields?.map(({ field }) => field) ?? [];
    throw error;
  }
}

/** A service and a feed for it. */
async function setUp(): Promise<{ service: LoggedService; filePath: string }> {
  const folder = tempFolder();
  const filePath = join(folder, 'feed.ndjson');
  writeFileSync(filePath, '{"id":1}\n');
  return { service: await startLoggedService(folder), filePath };
}

describe('a naughty string', () => {
  it('as any field of a request is taken, or refused for that field', () => {
    const fields = [
      'file_type',
      'callback_url',
      'status_url',
      'record_path',
      'number_form',
      'callback_secret',
      'on_bad_record',
    ];
    for (const text of NAUGHTY_STRINGS) {
      for (const field of fields)
        expect([null, [field]], `${field} ${text}`).toContainEqual(refusedFields({ [field]: text }));
      expect([null, ['file_path']]).toContainEqual(refusedFields({ file_path: text, file_type: 'json' }));
      expect(refusedFields({ [`${text} `]: 1 })).toHaveLength(1);
      expect(refusedFields({ retry: { [`${text} `]: 1 } })).toHaveLength(1);
    }
  });

  it('as a value of a header is taken exactly where HTTP can carry it', () => {
    for (const text of NAUGHTY_STRINGS) {
      const refused = refusedFields({ callback_headers: { 'x-naughty': text } });
      expect(refused, text).toEqual(isHeaderValue(text) ? null : ['callback_headers.x-naughty']);
    }
  });

  it('as a value of a header arrives byte by byte', async () => {
    const { service, filePath } = await setUp();
    const receiver = await startReceiver();
    const tap = await startWireTap(receiver.callbackUrl);
    const groups: string[][] = [[]];
    for (const text of NAUGHTY_STRINGS.filter(isHeaderValue)) {
      const group = groups.at(-1) ?? [];
      const length = group.reduce((sum, value) => sum + value.length + 'x-n-100'.length, text.length);
      if (length > MAX_HEADER_CHARACTERS) groups.push([text]);
      else group.push(text);
    }
    for (const group of groups) {
      const { body } = await service.api.ingest({
        file_path: filePath,
        callback_url: tap.url,
        re_ingestion: true,
        callback_headers: Object.fromEntries(group.map((text, index) => [`x-n-${index}`, text])),
      });
      await service.api.untilStatus(body.ingestion_id, 'COMPLETED');
      const headers = tap.messages.at(-1)?.headers ?? {};
      expect(group.map((_, index) => headers[`x-n-${index}`])).toEqual(
        group.map((text) => text.replace(/^[\t ]+|[\t ]+$/g, '')),
      );
    }
    await service.stopAndCheckLogs();
  });

  it('as an Idempotency-Key is one, or refused as none', async () => {
    const { service, filePath } = await setUp();
    for (const text of SENDABLE) {
      const { status, body } = await service.api.call<{ code: string; errors?: { field: string }[] }>(
        'POST',
        '/api/ingest',
        {},
        {
          'Idempotency-Key': text,
        },
      );
      expect({ status, code: body.code }).toEqual({ status: 422, code: 'REQUEST_INVALID' });
      const isKey = /^[\x21-\x7e]{1,255}$/.test(text.trim());
      expect(
        body.errors?.some(({ field }) => field === 'Idempotency-Key'),
        text,
      ).toBe(!isKey);
    }
    const request = { file_path: filePath, callback_url: CALLBACK };
    const keys = SENDABLE.filter((text) => /^[\x21-\x7e]{1,255}$/.test(text)).filter((_, index) => index % 20 === 0);
    for (const key of keys) {
      const first = await service.api.ingest(request, { 'Idempotency-Key': key });
      const again = await service.api.ingest(request, { 'Idempotency-Key': key });
      expect(again.body).toEqual(first.body);
      const other = await service.api.ingest({ ...request, chunk_size_by_records: 7 }, { 'Idempotency-Key': key });
      expect(other.body).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    }
    await service.stopAndCheckLogs();
  });

  it('as a record path finds its records, or is refused by a clear code', async () => {
    const folder = tempFolder();
    const receiver = await startReceiver();
    const names = NAUGHTY_STRINGS.filter((text) => !text.includes('.') && text.length <= 1024);
    const marks = ['\\', '"', '\0', '\u001b', '\u202e', '\ufeff', '__'];
    const shown = names
      .filter((name, index) => index % 120 === 0 || marks.some((mark) => name.includes(mark)))
      .slice(0, 12);
    writeFileSync(
      join(folder, 'feed.json'),
      `{${names.map((name, index) => `${JSON.stringify(name)}:[{"index":${index}}]`).join(',')}}`,
    );
    const service = await startLoggedService(folder);
    for (const name of shown) {
      const { body } = await service.api.ingest({
        file_path: join(folder, 'feed.json'),
        callback_url: receiver.callbackUrl,
        record_path: name,
        re_ingestion: true,
      });
      expect(await service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED')).toMatchObject({
        status: 'COMPLETED',
        record_path: name,
      });
      expect(await receiver.records(body.ingestion_id)).toEqual([`{"index":${names.indexOf(name)}}`]);
    }
    await service.stopAndCheckLogs();
  });

  it('as a path, a parameter or a body of its own is refused by a clear code', async () => {
    const { service } = await setUp();
    for (const text of NAUGHTY_STRINGS.filter((_, index) => index % 8 === 0)) {
      const encoded = encodeURIComponent(text);
      for (const path of [
        `/api/ingestions/${encoded}`,
        `/api/ingestions?status=${encoded}`,
        `/api/ingestions?cursor=${encoded}`,
        `/${encoded}`,
      ]) {
        const { status, body } = await service.api.callForText('GET', path);
        expect(status, path).toBeGreaterThanOrEqual(200);
        expect(status, path).toBeLessThan(500);
        expect(() => JSON.parse(body) as unknown, path).not.toThrow();
      }
      const { status } = await service.api.callForText('POST', '/api/ingest', text);
      expect([400, 422]).toContain(status);
    }
    await service.stopAndCheckLogs();
  });
});

describe('keys that mean something to JavaScript', () => {
  const BODIES = [
    '{"__proto__":{"re_ingestion":true},"file_path":"/a.json","callback_url":"http://127.0.0.1:9/"}',
    '{"file_path":"/a.json","callback_url":"http://127.0.0.1:9/","constructor":{"prototype":{"polluted":1}}}',
    '{"file_path":"/a.json","callback_url":"http://127.0.0.1:9/","retry":{"__proto__":{"max_delay":"1s"}}}',
    '{"file_path":"/a.json","callback_url":"http://127.0.0.1:9/","callback_headers":{"__proto__":"x"}}',
    '{"file_path":"/a.json","callback_url":"http://127.0.0.1:9/","format":{"__proto__":{"encoding":"utf-8"}}}',
    '{"__proto__":{"file_path":"/a.json","callback_url":"http://127.0.0.1:9/"}}',
  ];

  it('are refused in a request, and pollute nothing', async () => {
    const { service } = await setUp();
    for (const text of BODIES) {
      for (const path of ['/api/ingest', '/api/preview']) {
        const { status, body } = await service.api.call<{ code: string }>('POST', path, text);
        expect({ status, code: body.code }, path + text).toEqual({ status: 422, code: 'REQUEST_INVALID' });
      }
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(12);
    await service.stopAndCheckLogs();
  });
});
