import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import type { RejectEntry } from '../../src/model/ingestion.ts';
import type { StateReads } from '../../src/state/state-store.ts';
import {
  apiUnderTest,
  bodyOf,
  INGESTION_ID,
  type ProblemBody,
  sampleIngestion,
  sampleReject,
} from './api-under-test.ts';

type Query = Parameters<StateReads['listRejects']>[1];
const path = `/api/ingestions/${INGESTION_ID}/rejects`;
const found: Partial<StateReads> = { getIngestion: () => Promise.resolve(sampleIngestion()) };

/** An API over pages that each name the next. */
function rejectApi(pages: readonly (readonly RejectEntry[])[]) {
  const queries: Query[] = [];
  const listRejects: StateReads['listRejects'] = async (_id, query) => {
    queries.push(query);
    const index = Number(query.cursor ?? 0);
    return { items: pages[index] ?? [], nextCursor: index + 1 < pages.length ? String(index + 1) : null };
  };
  return { ...apiUnderTest({ reads: { ...found, listRejects } }), queries };
}

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('GET /api/ingestions/{id}/rejects', () => {
  it('shows bad records with where, why and what they are', async () => {
    const { app, queries } = rejectApi([[sampleReject(10)], []]);
    expect(await bodyOf(await app.request(path))).toEqual({
      items: [
        {
          file_index: 0,
          byte_offset: 10,
          byte_length: 5,
          line: 4,
          column: 1,
          code: 'ROW_WIDTH',
          message: '2 cells in 3 columns',
          what_to_do: expect.stringContaining('Correct the row'),
          place: { byte_offset: 13, line: 4 },
          chunk_number: 1,
          recorded_at: '2026-03-01T11:59:57.000Z',
          raw: Buffer.from('17;ä').toString('base64'),
          raw_text: '17;ä',
          is_truncated: false,
        },
      ],
      next_cursor: '1',
    });
    await app.request(`${path}?limit=100&cursor=1`);
    expect(queries).toEqual([{ limit: 20 }, { limit: 100, cursor: '1' }]);
  });

  it.each<[string, Uint8Array, number, string | null]>([
    ['text', Buffer.from('a\0b'), 3, 'a\0b'],
    ['a byte order mark', Buffer.from('\ufeffa'), 4, '\ufeffa'],
    ['no UTF-8', Buffer.of(0x61, 0xff), 2, null],
    ['a character that is cut off in the source', Buffer.of(0x61, 0xc3), 2, null],
    ['a character that was cut off here', Buffer.of(0x61, 0xc3), 1000, 'a'],
    ['nothing', Buffer.of(), 0, ''],
  ])('gives the text of %s', async (_what, raw, byteLength, text) => {
    const { app } = rejectApi([[sampleReject(10, { raw, byteLength })]]);
    const { items } = await bodyOf<{ items: Record<string, unknown>[] }>(await app.request(path));
    expect(items[0]).toMatchObject({
      raw: Buffer.from(raw).toString('base64'),
      raw_text: text,
      is_truncated: byteLength > raw.length,
    });
  });

  it.each([
    ['?format=ndjson', {}],
    ['', { Accept: 'application/x-ndjson' }],
    ['', { Accept: 'application/json;q=0.5, application/x-ndjson' }],
  ])('gives all of them as a download, asked with %j %j', async (query, headers) => {
    const { app, queries } = rejectApi([[sampleReject(10), sampleReject(20)], [sampleReject(30)], []]);
    const response = await app.request(`${path}${query}`, { headers });
    expect(response.headers.get('Content-Type')).toBe('application/x-ndjson');
    expect(response.headers.get('Content-Disposition')).toBe(`attachment; filename="rejects-${INGESTION_ID}.ndjson"`);
    expect(linesOf(await response.text()).map((line) => line.byte_offset)).toEqual([10, 20, 30]);
    expect(queries.map(({ cursor }) => cursor)).toEqual([undefined, '1', '2']);
  });

  it.each([
    ['?format=json', { Accept: 'application/x-ndjson' }],
    ['', { Accept: '*/*' }],
    ['', { Accept: 'text/html' }],
  ])('gives a page where it is asked with %j %j', async (query, headers) => {
    const { app } = rejectApi([[sampleReject(10)]]);
    const response = await app.request(`${path}${query}`, { headers });
    expect(await bodyOf(response)).toMatchObject({ next_cursor: null });
  });

  it('reads a page only when the one before was taken', async () => {
    const { app, queries } = rejectApi(Array.from({ length: 50 }, (_, index) => [sampleReject(index)]));
    const { body } = await app.request(`${path}?format=ndjson`);
    const reader = body?.getReader();
    for (let read = 0; read < 3; read += 1) await reader?.read();
    expect(queries.length).toBeLessThanOrEqual(4);
    await reader?.cancel();
    expect(queries.length).toBeLessThanOrEqual(4);
  });

  it('breaks a download off that fails, and logs why', async () => {
    let asked = 0;
    const listRejects: StateReads['listRejects'] = async () => {
      asked += 1;
      if (asked > 1) throw new ServiceError('STATE_UNAVAILABLE');
      return { items: [sampleReject(10)], nextCursor: 'next' };
    };
    const { app, logged } = apiUnderTest({ reads: { ...found, listRejects } });
    const response = await app.request(`${path}?format=ndjson`);
    await expect(response.text()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    expect(logged).toMatchObject([{ level: 'error', event: 'request.failed', fields: { code: 'STATE_UNAVAILABLE' } }]);
  });

  it('tells of a download that cannot begin', async () => {
    const listRejects = () => Promise.reject(new ServiceError('STATE_UNAVAILABLE'));
    const { app } = apiUnderTest({ reads: { ...found, listRejects } });
    const response = await app.request(`${path}?format=ndjson`);
    expect([response.status, (await bodyOf(response)).code]).toEqual([503, 'STATE_UNAVAILABLE']);
  });

  it('answers 404, not an empty page, where there is no such ingestion', async () => {
    const { app } = apiUnderTest({ reads: { getIngestion: () => Promise.resolve(null) } });
    for (const query of ['', '?format=ndjson']) {
      const response = await app.request(`/api/ingestions/unknown/rejects${query}`);
      expect([response.status, (await bodyOf(response)).code]).toEqual([404, 'INGESTION_NOT_FOUND']);
    }
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['format=csv', 'format'],
    ['formatt=ndjson', 'formatt'],
  ])('answers 422 to ?%s', async (query, field) => {
    const { app, queries } = rejectApi([[]]);
    const response = await app.request(`${path}?${query}`);
    expect(response.status).toBe(422);
    expect((await bodyOf<ProblemBody>(response)).errors?.map((error) => error.field)).toEqual([field]);
    expect(queries).toEqual([]);
  });
});
