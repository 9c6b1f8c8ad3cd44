import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createToken } from '../../src/access/api-token.ts';
import { changeTokenFile, TOKEN_FILE } from '../../src/access/token-file.ts';
import type { ApiDependencies } from '../../src/api/dependencies.ts';
import { createHttpServer, SERVER_BOUNDS } from '../../src/api/http-server.ts';
import { ServiceError } from '../../src/errors.ts';
import type { FeedItem, Following } from '../../src/ingestion/event-feed.ts';
import type { LoggedEvent } from '../../src/model/event.ts';
import { ManualClock, settled } from '../harness/manual-clock.ts';
import { SseConnection } from '../harness/sse-connection.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { until } from '../harness/until.ts';
import { wait } from '../harness/wait.ts';
import {
  apiUnderTest,
  ask,
  bodyOf,
  gateUnderTest,
  INGESTION_ID,
  NOW,
  type ProblemBody,
  sampleIngestion,
} from './api-under-test.ts';

const AT = '2026-03-01T12:00:00.000Z';
const event = (id: number, content: LoggedEvent['content']): LoggedEvent =>
  content.kind === 'circuit'
    ? { id, ingestionId: null, at: NOW, content }
    : { id, ingestionId: INGESTION_ID, at: NOW, content };
const rejects = (id: number): LoggedEvent => event(id, { kind: 'rejects', rejectedRecords: id });

const ANYTHING: Following = { ingestionId: null, after: null, signal: new AbortController().signal };

/** A feed that gives the items and then ends, or goes on once `more` resolves; and what it was asked for. */
function feedOf(items: readonly FeedItem[], more: Promise<unknown> = Promise.resolve()) {
  const asked: Following[] = [];
  const events: ApiDependencies['events'] = {
    async *follow(following) {
      asked.push(following);
      yield { kind: 'start', after: 7 };
      yield* items;
      await more;
    },
  };
  return { events, asked };
}

/** Of a clock that stands still. */
const apiWith = (given: Parameters<typeof apiUnderTest>[0]) => apiUnderTest({ clock: new ManualClock(NOW), ...given });

const reads = { getIngestion: async () => sampleIngestion() };

describe('GET /api/events', () => {
  it('writes every kind of event as its number, its name and one line of JSON', async () => {
    const { events } = feedOf([
      {
        kind: 'events',
        events: [
          event(8, { kind: 'state', status: 'FAILED', error: { code: 'READER_SYNTAX', message: 'line\nbreak' } }),
          event(9, { kind: 'chunk', nextChunkNumber: 2, recordCount: 20, sourceBytes: 600, chunkCount: 3 }),
        ],
      },
      { kind: 'heartbeat', after: 10 },
      { kind: 'gap', oldestId: 12 },
      {
        kind: 'events',
        events: [
          event(12, {
            kind: 'attempt_failed',
            chunkNumber: null,
            attempt: 3,
            outcome: 'unavailable',
            httpStatus: 503,
            reason: 'HTTP 503',
            nextAttemptAt: NOW,
          }),
          rejects(13),
          event(14, { kind: 'circuit', origin: 'http://a', state: 'open', since: NOW, nextProbeAt: null }),
        ],
      },
    ]);
    const response = await apiWith({ events }).app.request('/api/events');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-store, no-transform');
    const of = `"ingestion_id":"${INGESTION_ID}","at":"${AT}"`;
    expect((await response.text()).split('\n\n')).toEqual([
      'retry: 1000\nid: 7',
      `id: 8\nevent: state\ndata: {${of},"status":"FAILED","error":{"code":"READER_SYNTAX","message":"line\\nbreak"}}`,
      `id: 9\nevent: chunk\ndata: {${of},"next_chunk_number":2,"records":20,"bytes":600,"chunks":3}`,
      ': alive\nid: 10',
      'id: 11\nevent: gap\ndata: {"oldest_id":12}',
      `id: 12\nevent: attempt_failed\ndata: {${of},"chunk_number":null,"attempt":3,"outcome":"unavailable","http_status":503,"reason":"HTTP 503","next_attempt_at":"${AT}"}`,
      `id: 13\nevent: rejects\ndata: {${of},"rejected_records":13}`,
      `id: 14\nevent: circuit\ndata: {"at":"${AT}","origin":"http://a","state":"open","since":"${AT}","next_probe_at":null}`,
      '',
    ]);
  });

  it.each<[string, string, Record<string, string>, number | null]>([
    ['from now on', '/api/events', {}, null],
    ['behind `since`', '/api/events?since=0', {}, 0],
    ['behind `Last-Event-ID`', '/api/events', { 'Last-Event-ID': '17' }, 17],
    ['behind `Last-Event-ID` where a browser repeats the URL', '/api/events?since=0', { 'Last-Event-ID': '17' }, 17],
  ])('begins %s', async (_name, path, headers, after) => {
    const { events, asked } = feedOf([]);
    await (await apiWith({ events }).app.request(path, { headers })).text();
    expect(asked).toMatchObject([{ ingestionId: null, after }]);
  });

  it.each<[string, string, Record<string, string>]>([
    ['since', '/api/events?since=-1', {}],
    ['last-event-id', '/api/events', { 'Last-Event-ID': 'x' }],
    ['start', '/api/events?start=1', {}],
  ])('refuses a bad %s', async (field, path, headers) => {
    const response = await apiUnderTest().app.request(path, { headers });
    expect(response.status).toBe(422);
    expect((await bodyOf<ProblemBody>(response)).errors).toMatchObject([{ field }]);
  });

  it('is refused before it begins where there is no room for it', async () => {
    const refused = () => Promise.reject(new ServiceError('EVENT_STREAMS_BUSY'));
    const events: ApiDependencies['events'] = {
      follow: () => Object.assign(feedOf([]).events.follow(ANYTHING), { next: refused }),
    };
    const response = await apiWith({ events }).app.request('/api/events');
    expect(response.status).toBe(429);
    expect((await bodyOf<ProblemBody>(response)).code).toBe('EVENT_STREAMS_BUSY');
  });

  it('holds no place for a HEAD', async () => {
    const { events, asked } = feedOf([]);
    const response = await apiWith({ events }).app.request('/api/events', { method: 'HEAD' });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(asked).toEqual([]);
  });

  it('leaves its place, and nothing in the log, whenever its reader goes', async () => {
    const left: string[] = [];
    const events: ApiDependencies['events'] = {
      async *follow({ signal }) {
        try {
          yield { kind: 'start', after: 0 };
          await new Promise((resolve) => {
            signal.addEventListener('abort', resolve);
          });
        } finally {
          left.push('left');
        }
      },
    };
    const { app, logged } = apiWith({ events });
    const early = await app.request('/api/events');
    await early.body?.cancel();
    const late = (await app.request('/api/events')).body?.getReader();
    await late?.read();
    const pending = late?.read();
    await settled();
    await late?.cancel();
    await pending;
    await settled();
    expect(left).toEqual(['left', 'left']);
    expect(logged).toEqual([]);
  });

  it('ends before the next event once its token was revoked', async () => {
    const dataDir = tempFolder();
    const path = join(dataDir, TOKEN_FILE);
    const { token, record } = createToken({ name: 'a', scopes: ['read'], createdAt: NOW, expiresAt: NOW + 1_000 });
    const changes: [string, (clock: ManualClock) => void][] = [
      ['revoked', () => changeTokenFile(path, () => [])],
      ['expired', (clock) => clock.advance(1_000)],
    ];
    for (const [what, change] of changes) {
      changeTokenFile(path, () => [record]);
      const clock = new ManualClock(NOW);
      const more = Promise.withResolvers<void>();
      let hasLeft = false;
      const events: ApiDependencies['events'] = {
        async *follow() {
          try {
            yield { kind: 'start', after: 7 };
            yield { kind: 'events', events: [rejects(8)] };
            await more.promise;
            yield { kind: 'events', events: [rejects(9)] };
          } finally {
            hasLeft = true;
          }
        },
      };
      const api = apiWith({ events, clock, gate: gateUnderTest({ dataDir }) });
      const response = await ask(api, '/api/events', { headers: { Authorization: `Bearer ${token}` } });
      const text = response.text();
      await settled();
      change(clock);
      more.resolve();
      expect(await text, what).toMatch(/^retry: 1000\nid: 7\n\nid: 8\n[^\n]*\n[^\n]*\n\n$/);
      expect(hasLeft, what).toBe(true);
      expect(api.logged, what).toEqual([]);
    }
  });

  it('takes at most one piece ahead of its reader, and is told when its reader has gone', async () => {
    const never = Promise.withResolvers<unknown>();
    let given = 0;
    let signal: AbortSignal | undefined;
    const events: ApiDependencies['events'] = {
      async *follow(following) {
        ({ signal } = following);
        for (; given < 100; given += 1) yield { kind: 'events', events: [rejects(given)] };
        await never.promise;
      },
    };
    const response = await apiWith({ events }).app.request('/api/events');
    const reader = response.body?.getReader();
    for (let piece = 0; piece < 3; piece += 1) await reader?.read();
    await settled();
    expect(given).toBeLessThanOrEqual(2);
    await reader?.cancel();
    expect(signal?.aborted).toBe(true);
  });
});

describe('GET /api/ingestions/{id}/events', () => {
  it('is that of the ingestion', async () => {
    const { events, asked } = feedOf([]);
    await (await apiWith({ events, reads }).app.request(`/api/ingestions/${INGESTION_ID}/events?since=3`)).text();
    expect(asked).toMatchObject([{ ingestionId: INGESTION_ID, after: 3 }]);
  });

  it('is refused where there is no such ingestion', async () => {
    const { app } = apiUnderTest({ reads: { getIngestion: async () => null } });
    expect((await app.request('/api/ingestions/nope/events')).status).toBe(404);
  });
});

describe('a stream of events over a socket', () => {
  async function listen(given: Parameters<typeof apiUnderTest>[0]) {
    const { app, logged } = apiWith(given);
    const impatient = { headersTimeoutMs: 600, requestTimeoutMs: 800, keepAliveTimeoutMs: 600, checkIntervalMs: 10 };
    const server = createHttpServer({
      fetch: (request, connection) => app.fetch(request, connection),
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      bounds: { ...SERVER_BOUNDS, ...impatient },
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as { readonly port: number };
    return { port, logged };
  }

  it('outlives all that bounds a request', async () => {
    const events: ApiDependencies['events'] = {
      async *follow() {
        yield { kind: 'start', after: 0 };
        // Longer than each of the bounds, and several looks at them.
        await wait(1_300);
        yield { kind: 'events', events: [rejects(1)] };
      },
    };
    const { port } = await listen({ events });
    const stream = await SseConnection.open(`http://127.0.0.1:${port}/api/events`);
    await stream.ended;
    expect(stream.events).toMatchObject([{ id: 1, name: 'rejects' }]);
  });

  it('is broken off where its reader takes nothing for half a minute', async () => {
    const clock = new ManualClock(NOW);
    let given = 0;
    const ended = Promise.withResolvers<unknown>();
    const large = { code: 'X', message: 'x'.repeat(64 * 1024) };
    const events: ApiDependencies['events'] = {
      async *follow({ signal }) {
        signal.addEventListener('abort', ended.resolve);
        for (; ; given += 1)
          yield { kind: 'events', events: [event(given, { kind: 'state', status: 'FAILED', error: large })] };
      },
    };
    const { port } = await listen({ events, clock });
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.pause();
    socket.write('GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n');
    // Until the buffers of the machine between the two are full.
    let before = -1;
    await until(
      () => given,
      (count) => {
        const isFull = count > 1 && count === before;
        before = count;
        return isFull;
      },
    );
    clock.advance(30_000);
    await ended.promise;
    expect(given).toBeLessThan(1_000);
  });

  it('is broken off, and logged, where the log cannot be read any more', async () => {
    const events: ApiDependencies['events'] = {
      async *follow() {
        yield { kind: 'start', after: 0 };
        // Until the answer has begun.
        await wait(50);
        throw new ServiceError('STATE_DAMAGED');
      },
    };
    const { port, logged } = await listen({ events });
    const stream = await SseConnection.open(`http://127.0.0.1:${port}/api/events`);
    await stream.ended;
    expect(stream.isComplete).toBe(false);
    expect(logged).toMatchObject([{ event: 'request.failed', fields: { code: 'STATE_DAMAGED' } }]);
  });
});
