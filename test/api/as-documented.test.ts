/**
 * Every operation is asked with good and with bad input, over real HTTP, of a real service; what it answers is held against the document that the service itself gives:
 * status, media type, each member of the body, and of a problem the code.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReceiver } from '../../mock-receiver/receiver.ts';
import { type RunningService, serve } from '../../src/serve.ts';
import { writeFeed } from '../harness/feed.ts';
import { testConfig } from '../harness/service.ts';
import { until } from '../harness/until.ts';
import { startWireTap } from '../harness/wire-tap.ts';
import { type Components, type JsonSchema, schemaFaults } from './schema-faults.ts';

interface Body {
  readonly schema: JsonSchema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Operation {
  readonly operationId: string;
  readonly security?: readonly { readonly token: readonly string[] }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Body>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Body>> }>
  >;
  readonly parameters?: readonly { readonly name: string }[];
  readonly callbacks?: Readonly<Record<string, Readonly<Record<string, { readonly post: Operation }>>>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Components };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly mediaType: string | null;
  readonly etag: string | null;
  readonly text: string;
}

const folder = mkdtempSync(join(tmpdir(), 'ackstream-documented-'));
const filePath = join(folder, 'products.json');
const receiver = createReceiver();
let service: RunningService;
let document: Document;
let origin: string;
/** Ids of ingestions in the states that the operations need. */
const ids = { completed: '', deletable: '', paused: '' };

beforeAll(async () => {
  writeFeed(filePath, 35);
  origin = await receiver.start(0);
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  service = await serve(testConfig(folder), { logger });
  document = JSON.parse((await ask({ method: 'GET', path: '/openapi.json' })).text) as Document;
  ids.completed = await submitted({ file_path: filePath });
  ids.deletable = await submitted({ file_path: filePath, re_ingestion: true });
  ids.paused = await submitted({ file_path: filePath, re_ingestion: true, callback_url: `${origin}/none` });
  await ask({ method: 'POST', path: `/api/ingestions/${ids.paused}/pause` });
  await ask({ method: 'POST', path: `/api/ingestions/${ids.completed}/verify` });
});

afterAll(async () => {
  await service.stop();
  await receiver.stop();
  rmSync(folder, { recursive: true });
});

async function submitted(fields: Readonly<Record<string, unknown>>): Promise<string> {
  const body = { callback_url: `${origin}/callback`, chunk_size_by_records: 10, ...fields };
  const { text } = await ask({ method: 'POST', path: '/api/ingest', body });
  const { ingestion_id: id } = JSON.parse(text) as { ingestion_id: string };
  if (fields.callback_url === undefined) {
    await until(
      async () => (await ask({ method: 'GET', path: `/api/ingestions/${id}` })).text,
      (shown) => shown.includes('"status":"COMPLETED"'),
    );
  }
  return id;
}

async function ask({ method, path, body, headers = {} }: Call): Promise<Answer> {
  const answer = await request(service.url + path, {
    method: method as 'GET',
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const mediaType = String(answer.headers['content-type'] ?? '').split(';')[0] || null;
  // A stream of events never ends.
  const isStream = mediaType === 'text/event-stream';
  if (isStream) answer.body.destroy();
  const text = isStream ? '' : await answer.body.text();
  return { status: answer.statusCode, mediaType, etag: answer.headers.etag?.toString() ?? null, text };
}

function operationOf(id: string): { readonly method: string; readonly path: string; readonly operation: Operation } {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.operationId === id) return { method: method.toUpperCase(), path, operation };
    }
  }
  throw new Error(`no operation ${id}`);
}

/** What of an answer is not as the operation's document says. */
function faultsOf(operation: Operation, { status, mediaType, text }: Answer): string[] {
  const response = operation.responses[status];
  if (response === undefined) return [`${status} is not described: ${text}`];
  if (response.content === undefined) return text === '' ? [] : [`${status} has a body: ${text}`];
  const body = response.content[mediaType ?? ''];
  if (body === undefined)
    return [`${status} is described as ${Object.keys(response.content).join()}, not ${mediaType}`];
  if (mediaType?.endsWith('json') !== true) return [];
  const value: unknown = JSON.parse(text);
  const code = mediaType === 'application/problem+json' ? (value as { code: string }).code : null;
  return [
    ...schemaFaults(value, body.schema, document.components.schemas),
    ...(code === null || response.description.split(', ').includes(code) ? [] : [`${code} is not described`]),
  ];
}

/** Of each operation what a good request has beside its path, in the order in which they are asked. */
const GOOD: Readonly<Record<string, () => Partial<Call> & { readonly path?: string }>> = {
  submitIngestion: () => ({ body: { file_path: filePath, callback_url: `${origin}/callback` } }),
  previewFeed: () => ({ body: { file_path: filePath, full: true } }),
  listIngestions: () => ({}),
  getIngestion: () => ({}),
  listChunks: () => ({}),
  getChunkBody: () => ({}),
  listRejects: () => ({}),
  verifyIngestion: () => ({}),
  getVerification: () => ({}),
  resumeIngestion: () => ({ path: `/api/ingestions/${ids.paused}/resume` }),
  pauseIngestion: () => ({ path: `/api/ingestions/${ids.paused}/pause` }),
  cancelIngestion: () => ({ path: `/api/ingestions/${ids.paused}/cancel` }),
  deleteIngestion: () => ({ path: `/api/ingestions/${ids.deletable}` }),
  listCircuits: () => ({}),
  followEvents: () => ({}),
  followIngestionEvents: () => ({}),
  getHealth: () => ({}),
  getLiveness: () => ({}),
  getReadiness: () => ({}),
  getMetrics: () => ({}),
  getOpenApi: () => ({}),
  getDocs: () => ({}),
};

function goodCall(id: string): Call {
  const { method, path } = operationOf(id);
  return { method, path: path.replace('{id}', ids.completed).replace('{n}', '1'), ...GOOD[id]?.() };
}

/** Requests that must be refused, by the code that must be answered. */
function badCalls(id: string): readonly (readonly [string, Call])[] {
  const { method, path, operation } = operationOf(id);
  const sound = path.replace('{id}', ids.completed).replace('{n}', '1');
  const calls: (readonly [string, Call])[] = [];
  if (path.includes('{id}')) {
    calls.push(['INGESTION_NOT_FOUND', { method, path: path.replace('{id}', 'none').replace('{n}', '1') }]);
  }
  if (['listIngestions', 'listChunks', 'listRejects'].includes(id)) {
    for (const query of ['limit=0', 'cursor=x', 'unknown=1']) {
      calls.push(['REQUEST_INVALID', { method, path: `${sound}?${query}` }]);
    }
  }
  if (id === 'getChunkBody') {
    calls.push(['CHUNK_NOT_FOUND', { method, path: path.replace('{id}', ids.completed).replace('{n}', '99') }]);
    calls.push(['REQUEST_INVALID', { method, path: path.replace('{id}', ids.completed).replace('{n}', 'x') }]);
  }
  if (id === 'getVerification') {
    calls.push(['VERIFICATION_NOT_FOUND', { method, path: path.replace('{id}', ids.paused) }]);
  }
  if (['pauseIngestion', 'cancelIngestion'].includes(id)) calls.push(['MOVE_NOT_ALLOWED', { method, path: sound }]);
  if (operation.requestBody !== undefined) {
    const body = { file_path: filePath, ...(id === 'submitIngestion' ? { callback_url: `${origin}/callback` } : {}) };
    calls.push(
      ['REQUEST_NOT_JSON', { method, path, body: '{' }],
      ['REQUEST_INVALID', { method, path, body: { ...body, unknown: 1 } }],
      ['REQUEST_MEDIA_TYPE', { method, path, body: '{}', headers: { 'content-type': 'text/plain' } }],
      ['REQUEST_TOO_LARGE', { method, path, body: ' '.repeat(1024 * 1024 + 1) }],
      ['SOURCE_NOT_FOUND', { method, path, body: { ...body, file_path: join(folder, 'none.json') } }],
      ['SOURCE_NOT_ALLOWED', { method, path, body: { ...body, file_path: '/etc/passwd' } }],
    );
  }
  if (method !== 'GET') {
    calls.push(['ORIGIN_NOT_ALLOWED', { method, path: sound, headers: { Origin: 'http://evil.example' } }]);
  }
  if (operation.security !== undefined) {
    calls.push(['HOST_NOT_ALLOWED', { method, path: sound, headers: { Host: 'evil.example' } }]);
  }
  return calls;
}

const OPERATIONS = Object.keys(GOOD);

describe('the document', () => {
  it('has no operation that is not asked here', () => {
    const described = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(described.toSorted()).toEqual(OPERATIONS.toSorted());
  });

  it('gives an example of each JSON body and of each problem, all of them sound', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    let count = 0;
    for (const { operationId, requestBody, responses } of operations) {
      const bodies = [requestBody?.content, ...Object.values(responses).map(({ content }) => content)];
      for (const [mediaType, body] of bodies.flatMap((content) => Object.entries(content ?? {}))) {
        if (!mediaType.endsWith('json') || mediaType === 'application/x-ndjson') continue;
        const examples = [body.example, ...Object.values(body.examples ?? {}).map(({ value }) => value)];
        const given = examples.filter((example) => example !== undefined);
        expect(given.length, `${operationId} ${mediaType}`).toBeGreaterThan(0);
        for (const example of given) {
          expect(schemaFaults(example, body.schema, document.components.schemas), operationId).toEqual([]);
        }
        count += given.length;
      }
    }
    expect(count).toBeGreaterThan(100);
  });

  it('describes what a receiver is sent and answers, all of it named among the schemas', () => {
    const { callbacks = {} } = operationOf('submitIngestion').operation;
    const received = Object.values(callbacks).flatMap((paths) => Object.entries(paths));
    expect(received.map(([expression]) => expression)).toEqual([
      '{$request.body#/callback_url}',
      '{$request.body#/status_url}',
    ]);
    const [delivery, status] = received.map(([, { post }]) => post.requestBody?.content['application/json']?.schema);
    expect(delivery?.oneOf?.map(({ $ref }) => $ref?.split('/').at(-1))).toEqual(['ChunkMessage', 'CompletedMessage']);
    expect(status?.$ref).toBe('#/components/schemas/StatusMessage');
    for (const name of ['ChunkMessage', 'CompletedMessage', 'StatusMessage', 'Acknowledgement']) {
      expect(Object.keys(document.components.schemas)).toContain(name);
    }
  });
});

describe.each(OPERATIONS)('%s', (id) => {
  it('answers to bad input as its document says', async () => {
    for (const [code, call] of badCalls(id)) {
      const answer = await ask(call);
      expect(answer.text, `${call.method} ${call.path}`).toContain(`"code":"${code}"`);
      expect(faultsOf(operationOf(id).operation, answer), code).toEqual([]);
    }
  });

  it('answers to good input as its document says', async () => {
    const call = goodCall(id);
    const answer = await ask(call);
    expect(Math.floor(answer.status / 100), answer.text).toBe(2);
    expect(faultsOf(operationOf(id).operation, answer)).toEqual([]);
    const { operation } = operationOf(id);
    if (operation.responses['304'] === undefined) return;
    expect(answer.etag).not.toBeNull();
    const again = await ask({ ...call, headers: { 'If-None-Match': answer.etag ?? '' } });
    expect([again.status, again.etag, again.text]).toEqual([304, answer.etag, '']);
    expect((await ask({ ...call, headers: { 'If-None-Match': 'W/"other"' } })).status).toBe(200);
  });
});

describe('what is sent to a receiver', () => {
  it('is what the callbacks of the document say', async () => {
    const schema = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
    const faults = (value: unknown, name: string) => schemaFaults(value, schema(name), document.components.schemas);
    const tap = await startWireTap(null);
    const id = await submitted({
      file_path: filePath,
      callback_url: tap.url,
      status_url: tap.url,
      re_ingestion: true,
      callback_secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    });
    await until(
      () => Promise.resolve(tap.messages.length),
      (count) => count === 7,
    );
    const { delivery, status } = operationOf('submitIngestion').operation.callbacks ?? {};
    const [received] = [...Object.values(delivery ?? {}), ...Object.values(status ?? {})];
    for (const { headers, bytes } of tap.messages) {
      const body = JSON.parse(bytes.toString()) as { ingestion_id: string; records?: unknown; epoch?: number };
      expect(body.ingestion_id).toBe(id);
      const name =
        body.records !== undefined ? 'ChunkMessage' : body.epoch === undefined ? 'CompletedMessage' : 'StatusMessage';
      expect(faults(body, name)).toEqual([]);
      for (const parameter of received?.post.parameters ?? [])
        expect(headers).toHaveProperty(parameter.name.toLowerCase());
    }
    expect(received?.post.parameters).toHaveLength(7);
    expect(faults({ ack: true, ingestion_id: null, more: 1 }, 'Acknowledgement')).toEqual([]);
    expect(faults({ ack: 'yes' }, 'Acknowledgement')).not.toEqual([]);
  });
});
