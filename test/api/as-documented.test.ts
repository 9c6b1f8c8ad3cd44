/**
 * Every operation is asked for everything that it can answer with success, over real HTTP, of a real service; what it answers is held against the document that the service itself
 * gives: status, headers, media type, each member of the body. What it refuses is in documented-codes.test.ts and bad-input.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { until } from '../harness/until.ts';
import { startWireTap } from '../harness/wire-tap.ts';
import { apiUnderTest } from './api-under-test.ts';
import { type Call, useDocumentedService } from './documented-service.ts';
import { type Answer, answerOf, faultsOf, operationsOf } from './openapi-document.ts';
import { type JsonSchema, schemaFaults } from './schema-faults.ts';

const service = useDocumentedService();
const { ids } = service;

type CallOf = (path: string) => Call;

/** A request for each of the answers that an operation has, in the order in which they are asked; `path` is its own, of the completed ingestion. */
const GOOD: Readonly<Record<string, CallOf | readonly CallOf[]>> = {
  submitIngestion: (path) => ({
    method: 'POST',
    path,
    body: { file_path: service.filePath, callback_url: service.callbackUrl },
  }),
  previewFeed: [
    (path) => ({ method: 'POST', path, body: { file_path: service.filePath } }),
    (path) => ({ method: 'POST', path, body: { file_path: `${service.folder}/table.csv`, full: true } }),
  ],
  listIngestions: [
    (path) => ({ method: 'GET', path }),
    (path) => ({ method: 'GET', path: `${path}?limit=1&status=COMPLETED` }),
  ],
  getIngestion: [
    (path) => ({ method: 'GET', path }),
    () => ({ method: 'GET', path: `/api/ingestions/${ids.paused}` }),
    () => ({ method: 'GET', path: `/api/ingestions/${ids.withRejects}` }),
  ],
  listChunks: [
    (path) => ({ method: 'GET', path }),
    (path) => ({ method: 'GET', path: `${path}?from_chunk=2&limit=1` }),
    () => ({ method: 'GET', path: `/api/ingestions/${ids.paused}/chunks` }),
  ],
  getChunkBody: (path) => ({ method: 'GET', path }),
  listRejects: [
    () => ({ method: 'GET', path: `/api/ingestions/${ids.withRejects}/rejects` }),
    () => ({ method: 'GET', path: `/api/ingestions/${ids.withRejects}/rejects?format=ndjson` }),
  ],
  getLastFailedAttempt: () => ({ method: 'GET', path: `/api/ingestions/${ids.paused}/last-failed-attempt` }),
  verifyIngestion: (path) => ({ method: 'POST', path }),
  getVerification: (path) => ({ method: 'GET', path }),
  forgetVerification: (path) => ({ method: 'DELETE', path }),
  resumeIngestion: () => ({ method: 'POST', path: `/api/ingestions/${ids.paused}/resume` }),
  pauseIngestion: () => ({ method: 'POST', path: `/api/ingestions/${ids.paused}/pause` }),
  cancelIngestion: () => ({ method: 'POST', path: `/api/ingestions/${ids.paused}/cancel` }),
  deleteIngestion: () => ({ method: 'DELETE', path: `/api/ingestions/${ids.deletable}` }),
  listCircuits: (path) => ({ method: 'GET', path }),
  getSettings: (path) => ({ method: 'GET', path }),
  followEvents: (path) => ({ method: 'GET', path }),
  followIngestionEvents: (path) => ({ method: 'GET', path: `${path}?since=0` }),
  getHealth: (path) => ({ method: 'GET', path }),
  getLiveness: (path) => ({ method: 'GET', path }),
  getReadiness: (path) => ({ method: 'GET', path }),
  getMetrics: (path) => ({ method: 'GET', path }),
  getOpenApi: (path) => ({ method: 'GET', path }),
  getDocs: (path) => ({ method: 'GET', path }),
};

/** What an answer is, as the document lists it. */
const kindOf = ({ status, headers }: Answer) => `${status} ${headers.get('Content-Type')?.split(';')[0] ?? ''}`.trim();

/** What a document lists of answers that are no problem. A service that is not ready is another than this one. */
function kindsOf(id: string): string[] {
  const { responses } = service.operation(id).operation;
  const kinds = Object.entries(responses).flatMap(([status, { content }]) =>
    content === undefined ? [status] : Object.keys(content).map((mediaType) => `${status} ${mediaType}`),
  );
  return kinds.filter((kind) => !kind.endsWith('problem+json') && kind !== '503 application/json');
}

it('asks every operation of the document', () => {
  const described = operationsOf(service.document.paths).map(({ id }) => id);
  expect(Object.keys(GOOD).toSorted()).toEqual(described.toSorted());
});

it.each(Object.keys(GOOD))('%s gives every answer that its document says, and each as it says', async (id) => {
  const { path, operation } = service.operation(id);
  const ownPath = path.replace('{id}', ids.completed).replace('{n}', '1');
  const seen = new Set<string>();
  const look = async (call: Call): Promise<Answer> => {
    const answer = await service.ask(call);
    expect(faultsOf(operation, answer, service.document), `${call.method} ${call.path}`).toEqual([]);
    seen.add(kindOf(answer));
    return answer;
  };
  for (const call of [GOOD[id] ?? []].flat().map((callOf) => callOf(ownPath))) {
    const answer = await look(call);
    const etag = answer.headers.get('ETag');
    if (etag === null) continue;
    // Of some readings a part is made anew each time, such as the speed.
    if (operation.responses['304'] !== undefined) {
      const again = await look({ ...call, headers: { 'If-None-Match': etag } });
      expect([again.status, again.headers.get('ETag'), again.text]).toEqual([304, etag, '']);
      expect((await look({ ...call, headers: { 'If-None-Match': 'W/"other"' } })).status).toBe(200);
    }
    const head = await service.ask({ ...call, method: 'HEAD' });
    expect([head.status, head.headers.get('ETag'), head.text]).toEqual([200, etag, '']);
  }
  expect([...seen].toSorted()).toEqual(kindsOf(id).toSorted());
});

it('getReadiness says so as its document says where the service is not ready', async () => {
  const isReady = () => Promise.resolve({ ready: false, checks: { state: false } });
  const answer = await answerOf(apiUnderTest({ health: { isReady } }).app.request('/health/ready'));
  expect(answer.status).toBe(503);
  expect(faultsOf(service.operation('getReadiness').operation, answer, service.document)).toEqual([]);
});

it('listRejects downloads one item of a page in each line', async () => {
  const path = `/api/ingestions/${ids.withRejects}/rejects`;
  const { text } = await service.ask({ method: 'GET', path, headers: { Accept: 'application/x-ndjson' } });
  const lines = text.trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  const { schemas } = service.document.components;
  for (const line of lines) expect(schemaFaults(JSON.parse(line), schemas.Reject ?? {}, schemas)).toEqual([]);
});

describe('what is sent to a receiver', () => {
  it('is what the callbacks of the document say', async () => {
    const { schemas } = service.document.components;
    const schema = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
    const faults = (value: unknown, name: string) => schemaFaults(value, schema(name), schemas);
    const tap = await startWireTap(null);
    const id = await service.submit({
      callback_url: tap.url,
      status_url: tap.url,
      re_ingestion: true,
      callback_secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    });
    await until(
      () => Promise.resolve(tap.messages.length),
      (count) => count === 7,
    );
    const { callbacks = {} } = service.operation('submitIngestion').operation;
    const [delivery] = Object.values(callbacks).flatMap((paths) => operationsOf(paths));
    const parameters = delivery?.operation.parameters ?? [];
    for (const { headers, bytes } of tap.messages) {
      const body = JSON.parse(bytes.toString()) as { ingestion_id: string; records?: unknown; epoch?: number };
      expect(body.ingestion_id).toBe(id);
      const name =
        body.records !== undefined ? 'ChunkMessage' : body.epoch === undefined ? 'CompletedMessage' : 'StatusMessage';
      expect(faults(body, name)).toEqual([]);
      for (const { name: header } of parameters) expect(headers).toHaveProperty(header.toLowerCase());
    }
    expect(parameters).toHaveLength(7);
    expect(faults({ ack: true, ingestion_id: null, more: 1 }, 'Acknowledgement')).toEqual([]);
    expect(faults({ ack: 'yes' }, 'Acknowledgement')).not.toEqual([]);
  });
});
