import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import { fileIdOf } from '../../src/protocol/identity.ts';
import { type IngestRequest, parseIngestRequest } from '../../src/protocol/ingest-request.ts';

const REQUIRED = { file_path: '/feeds/products.json', callback_url: 'http://receiver.example/callback' };
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

function parse(fields: Record<string, unknown>): IngestRequest {
  return parseIngestRequest({ ...REQUIRED, ...fields });
}

function refusalOf(body: unknown): ServiceError {
  try {
    parseIngestRequest(body);
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error('the body was accepted');
}

function fieldsRefused(fields: Record<string, unknown>): readonly string[] {
  const error = refusalOf({ ...REQUIRED, ...fields });
  expect(error.code).toBe('REQUEST_INVALID');
  return error.fields?.map(({ field }) => field) ?? [];
}

describe('a request', () => {
  it('needs only the file and the callback', () => {
    expect(parseIngestRequest(REQUIRED)).toEqual({
      filePath: '/feeds/products.json',
      fileType: 'json',
      callbackUrl: 'http://receiver.example/callback',
      chunkSizeByRecords: null,
      chunkSizeByMemory: null,
      reIngestion: false,
      recordPath: null,
      numberForm: null,
      format: null,
      defaultFormat: { encoding: null },
      onBadRecord: null,
      maxBadRecords: null,
      retryWindowMs: null,
      maxDelayMs: null,
      callbackHeaders: null,
      callbackSecret: null,
      statusUrl: null,
    });
  });

  it('is taken over whole', () => {
    const request = parse({
      file_type: 'Json',
      chunk_size_by_records: 100_000,
      chunk_size_by_memory: 67_108_864,
      re_ingestion: true,
      record_path: 'products.items',
      number_form: 'jcs',
      format: { encoding: 'Latin1' },
      on_bad_record: 'quarantine',
      max_bad_records: '0.25%',
      retry: { window: '72h', max_delay: '100ms' },
      callback_headers: { Authorization: 'Bearer x', 'X-Empty': '' },
      callback_secret: SECRET,
      status_url: 'https://status.example',
    });
    expect(request).toEqual({
      filePath: '/feeds/products.json',
      fileType: 'json',
      callbackUrl: 'http://receiver.example/callback',
      chunkSizeByRecords: 100_000,
      chunkSizeByMemory: 67_108_864,
      reIngestion: true,
      recordPath: 'products.items',
      numberForm: 'jcs',
      format: { encoding: 'windows-1252' },
      defaultFormat: { encoding: null },
      onBadRecord: 'quarantine',
      maxBadRecords: { kind: 'percent', percent: 0.25 },
      retryWindowMs: 259_200_000,
      maxDelayMs: 100,
      callbackHeaders: { Authorization: 'Bearer x', 'X-Empty': '' },
      callbackSecret: SECRET,
      statusUrl: 'https://status.example/',
    });
  });

  it('takes null for a field that is left out', () => {
    const optional = [
      'file_type',
      'chunk_size_by_records',
      'chunk_size_by_memory',
      're_ingestion',
      'record_path',
      'number_form',
      'format',
      'on_bad_record',
      'max_bad_records',
      'retry',
      'callback_headers',
      'callback_secret',
      'status_url',
    ];
    expect(parse(Object.fromEntries(optional.map((name) => [name, null])))).toEqual(parseIngestRequest(REQUIRED));
    expect(parse({ retry: { window: null, max_delay: null } })).toEqual(parseIngestRequest(REQUIRED));
    expect(fieldsRefused({ file_path: null, callback_url: null })).toEqual(['file_path', 'callback_url']);
  });

  it.each([null, [], 'x', 1, true, [REQUIRED]])('is an object, not %j', (body) => {
    expect(refusalOf(body).fields).toEqual([{ field: '', message: 'must be a JSON object' }]);
  });

  it('is told every offending field at once', () => {
    const error = refusalOf({ chunk_size_by_records: '10', retry: { window: '3 days', x: 1 }, chunksize: 5 });
    expect(error.fields?.map(({ field }) => field).toSorted()).toEqual([
      'callback_url',
      'chunk_size_by_records',
      'chunksize',
      'file_path',
      'retry.window',
      'retry.x',
    ]);
  });

  it('is not answered with more than a hundred fields, however many are wrong', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`wrong_${index}`, 1]));
    expect(fieldsRefused(many)).toHaveLength(100);
    expect(fieldsRefused({ ['x'.repeat(100_000)]: 1 })).toEqual(['x'.repeat(200)]);
  });

  it.each(['mapping', 'File_path', 'toString', '__proto__'])('has no field %s', (name) => {
    expect(fieldsRefused(Object.fromEntries([[name, null]]))).toEqual([name]);
  });
});

describe('an integer of a request', () => {
  it.each(['10', true, 10.5, -1, Number.POSITIVE_INFINITY, 1e300, [], {}])('is not %j', (value) => {
    expect(fieldsRefused({ chunk_size_by_records: value })).toEqual(['chunk_size_by_records']);
    expect(fieldsRefused({ chunk_size_by_memory: value })).toEqual(['chunk_size_by_memory']);
  });

  it('may be written 10.0', () => {
    const body: unknown = JSON.parse('{"file_path":"/a","callback_url":"http://x","chunk_size_by_records":10.0}');
    expect(parseIngestRequest(body).chunkSizeByRecords).toBe(10);
  });

  it('is bounded', () => {
    expect(fieldsRefused({ chunk_size_by_records: 100_001 })).toEqual(['chunk_size_by_records']);
    expect(fieldsRefused({ chunk_size_by_memory: 67_108_865 })).toEqual(['chunk_size_by_memory']);
    expect(parse({ chunk_size_by_records: 0, chunk_size_by_memory: 0 })).toMatchObject({
      chunkSizeByRecords: 0,
      chunkSizeByMemory: 0,
    });
  });
});

describe('a boolean of a request', () => {
  it.each(['true', 'yes', 1, 0, ''])('is not %j', (value) => {
    expect(fieldsRefused({ re_ingestion: value })).toEqual(['re_ingestion']);
  });
});

describe('the file type', () => {
  it.each([
    ['JSON', 'json'],
    ['Ndjson', 'ndjson'],
    ['jsonl', 'ndjson'],
    ['csv', 'csv'],
    ['TSV', 'csv'],
    ['excel', 'excel'],
    ['XLSX', 'excel'],
    ['xlsm', 'excel'],
    ['Xml', 'xml'],
  ])('%s is %s', (name, type) => {
    expect(parse({ file_type: name }).fileType).toBe(type);
  });

  it.each([
    ['/a.json', 'json'],
    ['/a.JSONL', 'ndjson'],
    ['/a.ndjson', 'ndjson'],
    ['/a.csv', 'csv'],
    ['/a.TSV', 'csv'],
    ['/a.xlsx', 'excel'],
    ['/a.xlsm', 'excel'],
    ['/a.xls', 'excel'],
    ['/a.xml', 'xml'],
    ['/a.csv.gz', 'csv'],
    ['/a.xml.ZST', 'xml'],
    ['/a.jsonl.bz2', 'ndjson'],
    ['/a.tsv.zip', 'csv'],
    ['/feeds.csv/*.xml.gz', 'xml'],
    ['/feeds.csv', 'csv'],
    ['/feeds.xml/', 'xml'],
    ['/feeds/**/*', 'json'],
    ['/feeds/*.csv*', 'csv'],
    ['/feeds/*.xml.*', 'xml'],
    ['/feeds/feed.jsonl.gz*', 'ndjson'],
    ['/feeds', 'json'],
    ['/a.zip', 'json'],
    ['/a.gz.csv.gz.gz', 'json'],
    ['/a.txt', 'json'],
    ['/a', 'json'],
    ['/a.constructor', 'json'],
    ['/.jsonl', 'json'],
    ['/.csv.gz', 'json'],
  ])('of %s without one is %s', (path, type) => {
    expect(parse({ file_path: path }).fileType).toBe(type);
  });

  it.each(['yaml', '', 'json ', 'constructor', 'ſon', 7, ['json']])('is not %j', (name) => {
    expect(fieldsRefused({ file_type: name })).toEqual(['file_type']);
  });

  it('wins over the name', () => {
    expect(parse({ file_path: '/a.csv', file_type: 'json' }).fileType).toBe('json');
  });
});

describe('the file path', () => {
  it('is the same file however path and type are spelled', () => {
    const ids = [
      { file_path: '/feeds/a.json' },
      { file_path: '/feeds/./x/../a.json', file_type: 'JSON' },
      { file_path: '//feeds//a.json', file_type: 'Json' },
    ].map((fields) => {
      const { filePath, fileType } = parse(fields);
      return fileIdOf(filePath, fileType);
    });
    expect(new Set(ids).size).toBe(1);
  });

  it('is made absolute', () => {
    expect(parse({ file_path: 'feeds/a.json' }).filePath).toBe(resolve('feeds/a.json'));
  });

  it.each(['', 'a\0b', '/\ud800.json', `/${'x'.repeat(5000)}`, 7, ['/a']])('is not %j', (path) => {
    expect(fieldsRefused({ file_path: path })).toEqual(['file_path']);
  });

  it.each(['http://feeds.example/a.json', 'HTTPS://feeds.example/a.json', 's3://bucket/a.json', 'file:///a.json'])(
    'is not the URL %s, and says so',
    (url) => {
      expect(refusalOf({ ...REQUIRED, file_path: url }).fields?.[0]?.message).toContain('not supported yet');
    },
  );
});

describe('a callback URL', () => {
  it.each([
    ['HTTP://Receiver.Example:80/a', 'http://receiver.example/a'],
    ['https://[::1]:9000/a?b=c', 'https://[::1]:9000/a?b=c'],
    ['http://127.1', 'http://127.0.0.1/'],
  ])('%s is taken as %s', (text, url) => {
    expect(parse({ callback_url: text }).callbackUrl).toBe(url);
  });

  it.each([
    '',
    'zzz',
    '/callback',
    '//receiver.example',
    'http:receiver.example',
    'http:/receiver.example',
    'http://',
    'http:///a',
    'http://user@receiver.example',
    'http://user:secret@receiver.example',
    'http://:secret@receiver.example',
    'http://receiver.example/#fragment',
    'http://receiver.example#',
    ' http://receiver.example',
    'http://receiver.example\n',
    'http://receiver.example/a b',
    'http://receiver.example\\a',
    'http://receiver.example:99999',
    'ftp://receiver.example',
    'javascript:alert(1)',
    'unix:/run/x.sock',
    `http://receiver.example/${'x'.repeat(9000)}`,
    7,
  ])('is not %j', (text) => {
    expect(fieldsRefused({ callback_url: text, status_url: text })).toEqual(['callback_url', 'status_url']);
  });
});

describe('retry settings', () => {
  it.each(['72', '1.5h', '-1h', '', '8761h', 72, true])('have no window of %j', (window) => {
    expect(fieldsRefused({ retry: { window } })).toEqual(['retry.window']);
  });

  it.each(['0s', '25h', '1'])('have no longest delay of %j', (delay) => {
    expect(fieldsRefused({ retry: { max_delay: delay } })).toEqual(['retry.max_delay']);
  });

  it('may say not to wait at all before pausing', () => {
    expect(parse({ retry: { window: '0s' } }).retryWindowMs).toBe(0);
  });
});

describe('callback headers', () => {
  it.each([
    'Content-Type',
    'content-length',
    'HOST',
    'Connection',
    'Transfer-Encoding',
    'Content-Digest',
    'Idempotency-Key',
    'Ackstream-Epoch',
    'ackstream-anything',
    'Webhook-Signature',
    'Expect',
    'User-Agent',
  ])('cannot set %s, which is the service’s own', (name) => {
    expect(fieldsRefused({ callback_headers: { [name]: 'x' } })).toEqual([`callback_headers.${name}`]);
  });

  it.each(['', 'a b', 'a:', 'ä', 'a\r\nb', '(a)'])('have no name %j', (name) => {
    expect(refusalOf({ ...REQUIRED, callback_headers: { [name]: 'x' } }).code).toBe('REQUEST_INVALID');
  });

  it('have no name that would vanish on the way', () => {
    const headers: unknown = JSON.parse('{"__proto__":"x"}');
    expect(fieldsRefused({ callback_headers: headers })).toEqual(['callback_headers.__proto__']);
  });

  it.each(['a\r\nX-Injected: 1', 'a\n', '\0', 'ä', '€', 7, null, ['a']])('have no value %j', (value) => {
    expect(fieldsRefused({ callback_headers: { 'X-A': value } })).toEqual(['callback_headers.X-A']);
  });

  it('are each there once, whatever the case, and few', () => {
    expect(fieldsRefused({ callback_headers: { 'X-A': '1', 'x-a': '2' } })).toEqual(['callback_headers.x-a']);
    expect(fieldsRefused({ callback_headers: { 'X-A': 'x'.repeat(5000) } })).toEqual(['callback_headers']);
    expect(fieldsRefused({ callback_headers: [] })).toEqual(['callback_headers']);
  });
});

describe('a callback secret', () => {
  it.each([
    '',
    'secret',
    'whsec_',
    `whsec_${Buffer.alloc(23).toString('base64')}`,
    SECRET.slice(6),
    `${SECRET} `,
    `${SECRET}*`,
  ])('is not %j, and is not repeated', (secret) => {
    const error = refusalOf({ ...REQUIRED, callback_secret: secret });
    expect(error.fields).toEqual([
      { field: 'callback_secret', message: 'must be whsec_ followed by the base64 of at least 24 bytes' },
    ]);
  });
});
