/**
 * Every code that the document lists of an operation is provoked: by a request to a real service wherever a request can bring it about, else by dependencies that fail with it.
 * So no operation lists what it cannot answer.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createToken } from '../../src/access/api-token.ts';
import { changeTokenFile, TOKEN_FILE } from '../../src/access/token-file.ts';
import { type ErrorCode, ServiceError } from '../../src/errors.ts';
import {
  type ApiUnderTest,
  apiUnderTest,
  ask,
  bodyOf,
  gateUnderTest,
  INGESTION_ID,
  NOW,
  sampleIngestion,
  sampleLedgerEntry,
} from './api-under-test.ts';
import { type Call, useDocumentedService } from './documented-service.ts';
import {
  type Answer,
  answerOf,
  codeOf,
  codesOf,
  type DocumentedOperation,
  faultsOf,
  type OpenApiDocument,
  operationsOf,
} from './openapi-document.ts';
import { BROKEN_FILE_CODES, writeBrokenFile } from './previewed-files.ts';

const document = await bodyOf<OpenApiDocument>(await apiUnderTest().app.request('/openapi.json'));
const service = useDocumentedService();
const { ids, filePath, folder } = service;

type Provocation = (operation: DocumentedOperation, code: string) => Promise<Answer>;

const TOKEN = 'a-token-of-some-length';

/** A request that an operation would take, by the id of an ingestion that only fakes know. */
function soundCall({ id, method, path, operation }: DocumentedOperation): Call {
  const asked = { method, path: path.replace('{id}', INGESTION_ID).replace('{n}', '0') };
  if (operation.requestBody === undefined) return asked;
  const target = id === 'submitIngestion' ? { callback_url: 'http://receiver.example/' } : {};
  return { ...asked, body: { file_path: '/x.json', ...target } };
}

/** Asks an API of fakes. */
function askFakes(
  api: ApiUnderTest,
  { method, path, body }: Call,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const typed = body === undefined ? headers : { 'Content-Type': 'application/json', ...headers };
  return answerOf(ask(api, path, { method, headers: typed, ...json }));
}

const bearing = (token: string) => ({ Authorization: `Bearer ${token}` });

/** A token of each scope, in the file of the folder. */
const tokens = { ingest: '', read: '' };
beforeAll(() => {
  const made = (['ingest', 'read'] as const).map((scope) => {
    const { token, record } = createToken({ name: scope, scopes: [scope], createdAt: NOW, expiresAt: null });
    tokens[scope] = token;
    return record;
  });
  changeTokenFile(join(folder, TOKEN_FILE), () => made);
});

/** What is made once for all operations: each describes them all. */
const apis = new Map<string, ApiUnderTest>();
function sharedApi(key: string, make: () => ApiUnderTest): ApiUnderTest {
  const api = apis.get(key) ?? make();
  apis.set(key, api);
  return api;
}

const gated = (options: Parameters<typeof gateUnderTest>[0]) => apiUnderTest({ gate: gateUnderTest(options) });
const openApi = () => sharedApi('open', () => gated({}));

const AT_THE_GATE: Readonly<Record<string, Provocation>> = {
  // More than a few of an address, and it is shut out.
  UNAUTHORIZED: (operation) => askFakes(gated({ apiToken: TOKEN }), soundCall(operation)),
  FORBIDDEN(operation) {
    const needed = operation.operation.security?.[0]?.token?.[0];
    const token = tokens[needed === 'read' ? 'ingest' : 'read'];
    const api = sharedApi('tokens', () => gated({ dataDir: folder }));
    return askFakes(api, soundCall(operation), bearing(token));
  },
  TOKENS_UNUSABLE(operation) {
    const api = sharedApi('unusable', () => {
      const dataDir = join(folder, 'unusable');
      mkdirSync(dataDir);
      const made = gated({ dataDir, apiToken: TOKEN });
      writeFileSync(join(dataDir, TOKEN_FILE), '{}');
      return made;
    });
    return askFakes(api, soundCall(operation), bearing(TOKEN));
  },
  HOST_NOT_ALLOWED: (operation) => askFakes(openApi(), soundCall(operation), { Host: 'evil.example' }),
  ORIGIN_NOT_ALLOWED: (operation) => askFakes(openApi(), soundCall(operation), { Origin: 'http://evil.example' }),
  async RATE_LIMITED(operation) {
    const api = sharedApi('limited', () => gated({ rateLimit: 1 }));
    await askFakes(api, soundCall(operation));
    return askFakes(api, soundCall(operation));
  },
};

/** Dependencies of which each fails with a code; `knowsIngestion`: but for the reading of the ingestion and of the chunk's plan. */
function failingWith(code: string, knowsIngestion: boolean): Parameters<typeof apiUnderTest>[0] {
  const fail = () => {
    throw new ServiceError(code as ErrorCode);
  };
  const reject = () => Promise.reject(new ServiceError(code as ErrorCode));
  const found = () => Promise.resolve(sampleIngestion());
  return {
    service: { submit: reject, pause: reject, resume: reject, cancel: reject },
    reads: {
      getIngestion: knowsIngestion ? found : reject,
      listIngestions: reject,
      listChunks: reject,
      listRejects: reject,
    },
    rebuilder: {
      planOf: knowsIngestion ? () => Promise.resolve(sampleLedgerEntry(0).plan) : reject,
      rebuild: reject,
    },
    verifications: { start: fail, find: fail, forget: fail },
    retention: { delete: reject },
    previews: { preview: reject },
    circuits: { list: fail, of: fail },
    events: {
      async *follow() {
        yield await reject();
      },
    },
    metrics: { contentType: 'text/plain', render: reject },
  };
}

const fail =
  (knowsIngestion: boolean): Provocation =>
  (operation, code) => {
    const api = sharedApi(`${code} ${knowsIngestion}`, () => apiUnderTest(failingWith(code, knowsIngestion)));
    return askFakes(api, soundCall(operation));
  };
const failAtOnce = fail(false);
const failBehind = fail(true);

/** What no request brings about: it takes a disk that fails, a service that ends, many clients at once, or a change between two steps. */
const FROM_INSIDE: Readonly<Record<string, Provocation>> = {
  INTERNAL: failAtOnce,
  SHUTTING_DOWN: failAtOnce,
  STATE_DAMAGED: failAtOnce,
  STATE_UNAVAILABLE: failAtOnce,
  QUEUE_FULL: failBehind,
  PREVIEWS_BUSY: failBehind,
  READ_BACK_BUSY: failBehind,
  EVENT_STREAMS_BUSY: failBehind,
  SOURCE_UNREADABLE: failBehind,
  SOURCE_SET_TOO_LARGE: failBehind,
  WORKER_OUT_OF_MEMORY: failBehind,
  // Of a preview: a file that takes another's place, and a head of more than 64 MiB.
  SOURCE_CHANGED: failBehind,
  RECORD_TOO_LARGE: failBehind,
};

type Ask = (own: Call) => Call | Promise<Call>;

/** A request with a body that is sound but for what is given. */
const withFields =
  (fields: object | (() => object | Promise<object>)): Ask =>
  async (own) => ({
    ...own,
    body: { ...(own.body as object), ...(typeof fields === 'function' ? await fields() : fields) },
  });

/** A feed of its own, so that what one test makes of it is not met by another. */
function copyOfFeed(name: string): string {
  const path = join(folder, `${name}.json`);
  copyFileSync(filePath, path);
  return path;
}

async function deliveredCopy(name: string, fields: object = {}): Promise<{ file_path: string; id: string }> {
  const path = copyOfFeed(name);
  const id = await service.submit({ file_path: path, ...fields });
  await service.untilShown(id, '"status":"COMPLETED"');
  return { file_path: path, id };
}

/** A feed that is paused in the middle: its first attempt was answered with 503. */
async function begunCopy(name: string): Promise<{ file_path: string; id: string }> {
  const path = copyOfFeed(name);
  const id = await service.submit({ file_path: path, callback_url: service.busyUrl, retry: { max_delay: '1h' } });
  await service.untilShown(id, 'ATTEMPT_FAILED');
  return { file_path: path, id };
}

const none = (own: Call): Call => ({ ...own, path: own.path.replace(ids.completed, 'none') });
const ofBody: Readonly<Record<string, Ask>> = {
  REQUEST_NOT_JSON: (own) => ({ ...own, body: '{' }),
  REQUEST_MEDIA_TYPE: (own) => ({ ...own, body: '{}', headers: { 'Content-Type': 'text/plain' } }),
  REQUEST_TOO_LARGE: (own) => ({ ...own, body: ' '.repeat(1024 * 1024 + 1) }),
  REQUEST_INVALID: withFields({ unknown: 1 }),
  SOURCE_NOT_ALLOWED: withFields({ file_path: '/etc/passwd' }),
  SOURCE_NOT_FOUND: withFields(() => ({ file_path: join(folder, 'none.json') })),
  SOURCE_NOT_A_FILE: withFields(() => {
    const path = join(folder, 'fifo.json');
    execFileSync('rm', ['-f', path]);
    execFileSync('mkfifo', [path]);
    return { file_path: path };
  }),
};

const moved = (event: string): Readonly<Record<string, Ask>> => ({
  INGESTION_NOT_FOUND: none,
  MOVE_NOT_ALLOWED: (own) => ({ ...own, path: `/api/ingestions/${ids.completed}/${event}` }),
});

/** Requests to the real service, by operation and code. */
const BY_REQUEST: Readonly<Record<string, Readonly<Record<string, Ask>>>> = {
  submitIngestion: {
    ...ofBody,
    CALLBACK_NOT_ALLOWED: withFields({ callback_url: 'http://169.254.169.254/' }),
    DELIVERED_ELSEWHERE: withFields({ callback_url: 'http://127.0.0.1:9/other' }),
    IDEMPOTENCY_KEY_REUSED: async (own) => {
      const headers = { 'Idempotency-Key': 'used' };
      await service.ask({ ...own, headers });
      return { ...own, headers, body: { ...(own.body as object), chunk_size_by_records: 7 } };
    },
    SOURCE_CHANGED: withFields(async () => {
      const { file_path: path } = await deliveredCopy('changed');
      appendFileSync(path, ' ');
      return { file_path: path };
    }),
    REQUEST_CHANGED: withFields(async () => {
      const { file_path: path } = await begunCopy('request-changed');
      return { file_path: path, callback_url: service.busyUrl, number_form: 'jcs' };
    }),
    HISTORY_DELETED: withFields(async () => {
      const { file_path: path, id } = await begunCopy('deleted');
      await service.ask({ method: 'POST', path: `/api/ingestions/${id}/cancel` });
      await service.ask({ method: 'DELETE', path: `/api/ingestions/${id}` });
      return { file_path: path, callback_url: service.busyUrl };
    }),
  },
  previewFeed: {
    ...ofBody,
    ...Object.fromEntries(BROKEN_FILE_CODES.map((code) => [code, withFields(() => writeBrokenFile(folder, code))])),
  },
  listIngestions: { REQUEST_INVALID: (own) => ({ ...own, path: `${own.path}?cursor=x` }) },
  getIngestion: { INGESTION_NOT_FOUND: none },
  listChunks: { INGESTION_NOT_FOUND: none, REQUEST_INVALID: (own) => ({ ...own, path: `${own.path}?from_chunk=-1` }) },
  listRejects: { INGESTION_NOT_FOUND: none, REQUEST_INVALID: (own) => ({ ...own, path: `${own.path}?format=xml` }) },
  getLastFailedAttempt: { INGESTION_NOT_FOUND: none, FAILED_ATTEMPT_NOT_FOUND: (own) => own },
  followIngestionEvents: {
    INGESTION_NOT_FOUND: none,
    REQUEST_INVALID: (own) => ({ ...own, path: `${own.path}?since=x` }),
  },
  followEvents: { REQUEST_INVALID: (own) => ({ ...own, path: `${own.path}?since=x` }) },
  verifyIngestion: { INGESTION_NOT_FOUND: none },
  getVerification: { INGESTION_NOT_FOUND: none, VERIFICATION_NOT_FOUND: (own) => ofPaused(own) },
  forgetVerification: { INGESTION_NOT_FOUND: none, VERIFICATION_NOT_FOUND: (own) => ofPaused(own) },
  pauseIngestion: moved('pause'),
  cancelIngestion: moved('cancel'),
  resumeIngestion: {
    INGESTION_NOT_FOUND: none,
    async MOVE_NOT_ALLOWED(own) {
      const { id } = await begunCopy('waiting');
      return { ...own, path: `/api/ingestions/${id}/resume` };
    },
  },
  deleteIngestion: { INGESTION_NOT_FOUND: none, MOVE_NOT_ALLOWED: (own) => ofPaused(own) },
  getChunkBody: {
    INGESTION_NOT_FOUND: none,
    CHUNK_NOT_FOUND: (own) => ({ ...own, path: own.path.replace(/0$/, '99') }),
    REQUEST_INVALID: (own) => ({ ...own, path: own.path.replace(/0$/, 'x') }),
    async SOURCE_CHANGED() {
      const { file_path: path, id } = await deliveredCopy('forged');
      writeFileSync(path, '[]');
      return { method: 'GET', path: `/api/ingestions/${id}/chunks/0` };
    },
    async SOURCE_NOT_FOUND() {
      const { file_path: path, id } = await deliveredCopy('gone');
      execFileSync('rm', [path]);
      return { method: 'GET', path: `/api/ingestions/${id}/chunks/0` };
    },
    async SOURCE_NOT_A_FILE() {
      const { file_path: path, id } = await deliveredCopy('fifo-later');
      execFileSync('rm', [path]);
      execFileSync('mkfifo', [path]);
      return { method: 'GET', path: `/api/ingestions/${id}/chunks/0` };
    },
    async SOURCE_NOT_ALLOWED() {
      const { file_path: path, id } = await deliveredCopy('link-later');
      execFileSync('ln', ['-sf', '/etc/passwd', path]);
      return { method: 'GET', path: `/api/ingestions/${id}/chunks/0` };
    },
  },
};

function ofPaused(own: Call): Call {
  return { ...own, path: own.path.replace(ids.completed, ids.paused) };
}

const byRequest =
  (askFor: Ask): Provocation =>
  async (operation) => {
    const { path, body, ...own } = soundCall(operation);
    const target = operation.id === 'submitIngestion' ? { callback_url: service.callbackUrl } : {};
    const real = { ...own, path: path.replace(INGESTION_ID, ids.completed) };
    return service.ask(await askFor(body === undefined ? real : { ...real, body: { file_path: filePath, ...target } }));
  };

function provocationOf({ id }: DocumentedOperation, code: string): Provocation | undefined {
  const askFor = BY_REQUEST[id]?.[code];
  return askFor === undefined ? (AT_THE_GATE[code] ?? FROM_INSIDE[code]) : byRequest(askFor);
}

describe.each(operationsOf(document.paths).filter(({ operation }) => codesOf(operation).length > 0))(
  '$id',
  (operation) => {
    it.each(codesOf(operation.operation))('answers %s as its document says', async (code) => {
      const provoke = provocationOf(operation, code);
      if (provoke === undefined) throw new Error(`nothing here provokes ${code}`);
      const answer = await provoke(operation, code);
      expect(codeOf(answer), answer.text).toBe(code);
      expect(faultsOf(operation.operation, answer, document)).toEqual([]);
    });
  },
);

it('provokes no code of a request that is not listed', () => {
  for (const [id, provocations] of Object.entries(BY_REQUEST)) {
    const listed = codesOf(service.operation(id).operation);
    expect(
      Object.keys(provocations).filter((code) => !listed.includes(code)),
      id,
    ).toEqual([]);
  }
});
