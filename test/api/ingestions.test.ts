import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import { STATUSES } from '../../src/model/ingestion.ts';
import type { StateReads } from '../../src/state/state-store.ts';
import {
  apiUnderTest,
  bodyOf,
  INGESTION_ID,
  NOW,
  type ProblemBody,
  sampleIngestion,
  sampleLedgerEntry,
} from './api-under-test.ts';

const found: Partial<StateReads> = { getIngestion: () => Promise.resolve(sampleIngestion()) };
const none: Partial<StateReads> = { getIngestion: () => Promise.resolve(null) };

describe('GET /api/ingestions', () => {
  type Query = Parameters<StateReads['listIngestions']>[0];
  function listingApi() {
    const queries: Query[] = [];
    const listIngestions: StateReads['listIngestions'] = (query) => {
      queries.push(query);
      return Promise.resolve({ items: [sampleIngestion()], nextCursor: query.cursor === undefined ? 'next' : null });
    };
    return { ...apiUnderTest({ reads: { listIngestions } }), queries };
  }

  it('answers pages, each naming the next until there is none', async () => {
    const { app, queries } = listingApi();
    const first = await bodyOf(await app.request('/api/ingestions'));
    expect(first).toMatchObject({ items: [{ ingestion_id: INGESTION_ID }], next_cursor: 'next' });
    const second = await bodyOf(await app.request('/api/ingestions?cursor=next&limit=500&status=FAILED'));
    expect(second.next_cursor).toBeNull();
    expect(queries).toEqual([{ limit: 50 }, { limit: 500, cursor: 'next', status: 'FAILED' }]);
  });

  it.each(STATUSES)('filters by %s', async (status) => {
    const { app, queries } = listingApi();
    expect((await app.request(`/api/ingestions?status=${status}`)).status).toBe(200);
    expect(queries).toEqual([{ limit: 50, status }]);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=501', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1e2', 'limit'],
    ['limit=', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=a&cursor=b', 'cursor'],
    ['status=running', 'status'],
    ['status=', 'status'],
    ['statuss=FAILED', 'statuss'],
  ])('answers 422 to ?%s', async (query, field) => {
    const { app, queries } = listingApi();
    const response = await app.request(`/api/ingestions?${query}`);
    expect(response.status).toBe(422);
    expect((await bodyOf<ProblemBody>(response)).errors?.map((error) => error.field)).toEqual([field]);
    expect(queries).toEqual([]);
  });

  it('tells of a cursor that the store does not know', async () => {
    const fields = [{ field: 'cursor', message: 'is not known' }];
    const listIngestions = () => Promise.reject(new ServiceError('REQUEST_INVALID', { fields }));
    const { app } = apiUnderTest({ reads: { listIngestions } });
    const response = await app.request('/api/ingestions?cursor=zzz');
    expect([response.status, (await bodyOf(response)).errors]).toEqual([422, fields]);
  });
});

describe('GET /api/ingestions/{id}', () => {
  it('shows the ingestion whole', async () => {
    const { app } = apiUnderTest({ reads: found });
    expect(await bodyOf(await app.request(`/api/ingestions/${INGESTION_ID}`))).toEqual({
      ingestion_id: INGESTION_ID,
      file_id: sampleIngestion().fileId,
      version: 'resume',
      file_path: '/x.json',
      file_type: 'json',
      file_count: 1,
      format: { encoding: null },
      record_path: 'products',
      number_form: 'exact',
      on_bad_record: 'quarantine',
      max_bad_records: '0.5%',
      callback_url: 'http://receiver.example/callback',
      callback_header_names: ['Authorization'],
      status_url: null,
      chunk_size_by_records: 500,
      chunk_size_by_memory: 0,
      retry: { window: '72h', max_delay: '1m' },
      status: 'RUNNING',
      epoch: 1,
      totals: { records: 1000, chunks: 2, rejected_records: 0, source_bytes: 500, source_size: 1000 },
      percent: 50,
      records_per_second: 100,
      eta_seconds: 10,
      chain_checksum: '0'.repeat(64),
      last_error: null,
      next_attempt_at: null,
      circuit: null,
      created_at: '2026-03-01T11:59:49.000Z',
      updated_at: '2026-03-01T11:59:59.000Z',
      run_started_at: '2026-03-01T11:59:50.000Z',
      completed_at: null,
    });
  });

  it('never shows a secret', async () => {
    const { app } = apiUnderTest({
      reads: { ...found, listIngestions: () => Promise.resolve({ items: [sampleIngestion()], nextCursor: null }) },
    });
    for (const path of [`/api/ingestions/${INGESTION_ID}`, '/api/ingestions']) {
      expect(await (await app.request(path)).text()).not.toMatch(/header-secret|signing-secret/);
    }
  });

  it('shows the last error with what to do, and when it goes on', async () => {
    const lastError = {
      code: 'READER_SYNTAX' as const,
      message: 'A comma was expected.',
      at: NOW - 1000,
      place: { file: '/x.json', byteOffset: 9, line: 2, column: 3 },
      data: { candidates: ['a', 'b'] },
    };
    const reads = { getIngestion: () => Promise.resolve(sampleIngestion({ lastError, nextAttemptAt: NOW + 5000 })) };
    const body = await bodyOf(await apiUnderTest({ reads }).app.request(`/api/ingestions/${INGESTION_ID}`));
    expect(body).toMatchObject({
      last_error: {
        code: 'READER_SYNTAX',
        message: 'A comma was expected.',
        what_to_do:
          'Correct the file at this place and send it again; if it is of another type, send `file_type` (`--type`).',
        at: '2026-03-01T11:59:59.000Z',
        place: { file: '/x.json', byte_offset: 9, line: 2, column: 3 },
        data: { candidates: ['a', 'b'] },
      },
      next_attempt_at: '2026-03-01T12:00:05.000Z',
    });
  });

  it.each(['a%2Fb', '..%2f', '%ff', '%00', 'a'.repeat(8000)])('asks for the id as it is: %s', async (id) => {
    const asked: string[] = [];
    const getIngestion = async (ingestionId: string) => {
      asked.push(ingestionId);
      return null;
    };
    const response = await apiUnderTest({ reads: { getIngestion } }).app.request(`/api/ingestions/${id}`);
    expect([response.status, (await bodyOf(response)).code]).toEqual([404, 'INGESTION_NOT_FOUND']);
    expect(asked).toEqual([id === '%ff' ? id : decodeURIComponent(id)]);
  });

  it('answers 404 where there is none', async () => {
    const response = await apiUnderTest({ reads: none }).app.request('/api/ingestions/unknown');
    expect([response.status, (await bodyOf(response)).code]).toEqual([404, 'INGESTION_NOT_FOUND']);
  });
});

describe('GET /api/ingestions/{id}/chunks', () => {
  it('shows the ledger with every attempt', async () => {
    const reads: Partial<StateReads> = {
      ...found,
      listChunks: (_id, { limit, cursor }) =>
        Promise.resolve({ items: [sampleLedgerEntry(3)], nextCursor: `${limit}:${cursor}` }),
    };
    const { app } = apiUnderTest({ reads });
    const response = await app.request(`/api/ingestions/${INGESTION_ID}/chunks?limit=2&cursor=c`);
    expect(await bodyOf(response)).toEqual({
      items: [
        {
          chunk_number: 3,
          chunk_id: `${INGESTION_ID}:3`,
          checksum: 'c'.repeat(64),
          chain_checksum: 'd'.repeat(64),
          record_offset: 1500,
          record_count: 500,
          byte_count: 250,
          is_last: false,
          first_position: { byte_offset: 10, line: 2, column: 3 },
          planned_at: '2026-03-01T11:59:54.000Z',
          acked_at: '2026-03-01T11:59:56.000Z',
          attempt_count: 2,
          attempts: [
            {
              attempt: 1,
              epoch: 1,
              begun_at: '2026-03-01T11:59:55.000Z',
              ended_at: '2026-03-01T11:59:55.100Z',
              duration_ms: 100,
              outcome: 'unavailable',
              http_status: 503,
              reason: 'HTTP 503',
            },
            {
              attempt: 2,
              epoch: 1,
              begun_at: '2026-03-01T11:59:55.000Z',
              ended_at: null,
              duration_ms: null,
              outcome: null,
              http_status: null,
              reason: null,
            },
          ],
        },
      ],
      next_cursor: '2:c',
    });
  });

  it('answers 404, not an empty page, where there is no such ingestion', async () => {
    const response = await apiUnderTest({ reads: none }).app.request('/api/ingestions/unknown/chunks');
    expect([response.status, (await bodyOf(response)).code]).toEqual([404, 'INGESTION_NOT_FOUND']);
  });
});

describe.each([
  ['pause', 'PAUSED'],
  ['resume', 'QUEUED'],
  ['cancel', 'CANCELLED'],
] as const)('POST /api/ingestions/{id}/%s', (event, status) => {
  it('answers with the ingestion afterwards', async () => {
    const asked: string[] = [];
    const move = (id: string) => {
      asked.push(id);
      return Promise.resolve(sampleIngestion({ status }));
    };
    const { app } = apiUnderTest({ service: { [event]: move } });
    const response = await app.request(`/api/ingestions/${INGESTION_ID}/${event}`, { method: 'POST' });
    expect([response.status, (await bodyOf(response)).status]).toEqual([200, status]);
    expect(asked).toEqual([INGESTION_ID]);
  });

  it.each([
    ['INGESTION_NOT_FOUND', 404],
    ['MOVE_NOT_ALLOWED', 409],
    ['STATE_UNAVAILABLE', 503],
  ] as const)('tells %s', async (code, httpStatus) => {
    const { app } = apiUnderTest({ service: { [event]: () => Promise.reject(new ServiceError(code)) } });
    const response = await app.request(`/api/ingestions/x/${event}`, { method: 'POST' });
    expect([response.status, (await bodyOf(response)).code]).toEqual([httpStatus, code]);
  });
});
