import type { OpenAPIHono } from '@hono/zod-openapi';
import { createApi } from '../../src/api/app.ts';
import type { Connection } from '../../src/api/connection.ts';
import type { ApiDependencies } from '../../src/api/dependencies.ts';
import { createGate, type Gate, type GateOptions } from '../../src/api/gate.ts';
import { CHAIN_START } from '../../src/model/chunk.ts';
import { type Ingestion, type LedgerEntry, NO_FAILURES, type RejectEntry } from '../../src/model/ingestion.ts';
import type { LogEvent, LogFields } from '../../src/model/logger.ts';

/** 2026-03-01T12:00:00Z: the time at which all of these tests happen. */
export const NOW = Date.UTC(2026, 2, 1, 12);
/** An id of an ingestion. */
export const INGESTION_ID = '810ba930073cbac56a41b756b443a9cf0407396ac43bf4f59e40737b25fe8bba';
/** The id of its file. */
export const FILE_ID = '92acf69559533fd7171c7f80834b38f3656bff2296e1924122526f5a901eec8d';

/** An ingestion in the middle of its first run, but for what is given. */
export function sampleIngestion(fields: Partial<Ingestion> = {}): Ingestion {
  return {
    ingestionId: INGESTION_ID,
    fileId: FILE_ID,
    version: 'resume',
    filePath: '/x.json',
    fileType: 'json',
    read: {
      recordPath: 'products',
      isRecordPathFound: true,
      numberForm: 'exact',
      maxDepth: 256,
      maxRecordBytes: 1024,
      format: { encoding: null },
      onBadRecord: 'quarantine',
    },
    delivery: {
      callbackUrl: 'http://receiver.example/callback',
      chunkSizeByRecords: 500,
      chunkSizeByMemory: 0,
      retryWindowMs: 259_200_000,
      maxDelayMs: 60_000,
      callbackHeaders: { Authorization: 'Bearer header-secret' },
      callbackSecret: 'whsec_signing-secret',
      statusUrl: null,
      maxBadRecords: { kind: 'percent', percent: 0.5 },
    },
    status: 'RUNNING',
    queueSequence: 1,
    epoch: 1,
    fingerprint: { size: 1000, mtimeNs: '1', ctimeNs: '1', inode: '1:1', headDigest: '', tailDigest: '' },
    checkpoint: {
      nextChunkNumber: 2,
      recordCount: 1000,
      sourceBytes: 500,
      chainChecksum: CHAIN_START,
      isAtEnd: false,
    },
    highestAckedChunk: 1,
    highestPlannedChunk: 2,
    closeAtBytes: null,
    retry: NO_FAILURES,
    nextAttemptAt: null,
    lastError: null,
    rejectedRecords: 0,
    createdAt: NOW - 11_000,
    updatedAt: NOW - 1000,
    runStartedAt: NOW - 10_000,
    runStartedRecordCount: 0,
    completedAt: null,
    ...fields,
  };
}

/** A row of its ledger, with one failed and one acknowledged attempt. */
export function sampleLedgerEntry(chunkNumber: number): LedgerEntry {
  const attempt = { epoch: 1, begunAt: NOW - 5000, endedAt: NOW - 4900 };
  return {
    plan: {
      chunkNumber,
      recordOffset: chunkNumber * 500,
      recordCount: 500,
      firstPosition: { fileIndex: 0, byteOffset: 10, line: 2, column: 3, sourceBytes: 10, seek: null, state: null },
      positionAfter: null,
      bounds: { maxRecords: 500, maxBytes: 67_108_864, closeAtBytes: null },
      isLast: false,
      checksum: 'c'.repeat(64),
      byteCount: 250,
    },
    chainChecksum: 'd'.repeat(64),
    plannedAt: NOW - 6000,
    ackedAt: NOW - 4000,
    attemptCount: 2,
    attempts: [
      { ...attempt, attempt: 1, outcome: 'unavailable', httpStatus: 503, reason: 'HTTP 503' },
      { ...attempt, attempt: 2, endedAt: null, outcome: null, httpStatus: null, reason: null },
    ],
  };
}

/** A bad record of it, at an offset, with what a test says otherwise. */
export function sampleReject(byteOffset: number, fields: Partial<RejectEntry> = {}): RejectEntry {
  const raw = Buffer.from(`17;\u00e4`);
  return {
    fileIndex: 0,
    byteOffset,
    line: 4,
    column: 1,
    byteLength: raw.length,
    error: { code: 'ROW_WIDTH', message: '2 cells in 3 columns', place: { byteOffset: byteOffset + 3, line: 4 } },
    raw,
    chunkNumber: 1,
    recordedAt: NOW - 3000,
    ...fields,
  };
}

/** What was logged. */
export interface LoggedLine {
  readonly level: string;
  readonly event: LogEvent;
  readonly fields: LogFields | undefined;
}

/** An API over fakes of the contracts it uses, and what it logged. */
export interface ApiUnderTest {
  readonly app: OpenAPIHono;
  readonly logged: LoggedLine[];
}

/** The connection of a client on this machine to a service at its default address. */
const CONNECTION: Connection = {
  remoteAddress: '127.0.0.1',
  localAddress: '127.0.0.1',
  localPort: 8000,
  breakOff: () => {},
};

/** A gate as a service on loopback has it, but for what is given: no token, no file of tokens, no limit. */
export function gateUnderTest(options: Partial<GateOptions> = {}): Gate {
  return createGate({
    dataDir: '/nowhere',
    apiToken: null,
    host: '127.0.0.1',
    listensOnLoopbackOnly: true,
    allowedHosts: [],
    rateLimit: 0,
    ...options,
  });
}

/** Asks an API as {@link CONNECTION} does, unless the headers or the connection say otherwise. */
export function ask(
  { app }: ApiUnderTest,
  path: string,
  {
    headers,
    connection = {},
    ...init
  }: Omit<RequestInit, 'headers'> & {
    readonly headers?: Readonly<Record<string, string>>;
    readonly connection?: Partial<Connection>;
  } = {},
): Promise<Response> {
  const request = new Request(`http://127.0.0.1:8000${path}`, {
    ...init,
    headers: { Host: '127.0.0.1:8000', ...headers },
  });
  return Promise.resolve(app.fetch(request, { ...CONNECTION, ...connection }));
}

/** The dependencies that a test does not name refuse to be used. */
export function apiUnderTest(
  given: Partial<Omit<ApiDependencies, 'service' | 'reads'>> & {
    readonly service?: Partial<ApiDependencies['service']>;
    readonly reads?: Partial<ApiDependencies['reads']>;
  } = {},
): ApiUnderTest {
  const logged: LoggedLine[] = [];
  const unexpected = (): never => {
    throw new Error('internal particulars: not expected to be called');
  };
  const logAs = (level: string) => (event: LogEvent, fields?: LogFields) => void logged.push({ level, event, fields });
  const app = createApi({
    health: { isReady: unexpected },
    metrics: { contentType: 'text/plain', render: unexpected },
    previews: { preview: unexpected },
    circuits: { list: unexpected, of: () => null },
    events: { follow: unexpected },
    rebuilder: { planOf: unexpected, rebuild: unexpected },
    verifications: { start: unexpected, find: unexpected, forget: unexpected },
    retention: { delete: unexpected },
    gate: null,
    clock: { now: () => NOW, sleep: unexpected },
    logger: { debug: logAs('debug'), info: logAs('info'), warn: logAs('warn'), error: logAs('error') },
    settings: { ACKSTREAM_API_TOKEN: 'set' },
    version: '1.2.3',
    ...given,
    service: { submit: unexpected, pause: unexpected, resume: unexpected, cancel: unexpected, ...given.service },
    reads: {
      getIngestion: unexpected,
      listIngestions: unexpected,
      listChunks: unexpected,
      listRejects: unexpected,
      getLastFailedAttempt: unexpected,
      countByStatus: unexpected,
      ...given.reads,
    },
  });
  return { app, logged };
}

/** POST /api/ingest with a body as JSON, or as it is where it is a text or bytes. */
export function postIngest(
  app: OpenAPIHono,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  return Promise.resolve(
    app.request('/api/ingest', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: isRaw ? Buffer.from(body) : JSON.stringify(body),
    }),
  );
}

/** A problem document, as far as tests look at it. */
export interface ProblemBody {
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly [member: string]: unknown;
}

/** The body of an answer as JSON. */
export async function bodyOf<Body = Record<string, unknown>>(response: Response): Promise<Body> {
  const body: Body = JSON.parse(await response.text());
  return body;
}
