/** Following an ingestion of a service that is told what to answer, by a clock that stands still. */
import { describe, expect, it } from 'vitest';
import type { HeardFailures } from '../../src/cli/event-listener.ts';
import { followIngestion } from '../../src/cli/follow-ingestion.ts';
import { type IngestionView, ServiceClient } from '../../src/cli/service-client.ts';
import { ManualClock, settled } from '../harness/manual-clock.ts';
import { INGESTION_ID, RECEIVER_AWAY, viewOf } from './command-fixtures.ts';

const TICK_MS = 500;
const COMPLETED = viewOf({ status: 'COMPLETED', percent: 100 });

const problem = (code: string, status: number) =>
  Response.json({ type: 'x', title: code, status, code, what_to_do: 'x' }, { status });

/** A stream of a service, written to as events happen. */
class Stream {
  readonly lastEventId: string | null;
  isLeft = false;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(request: Request) {
    this.lastEventId = request.headers.get('Last-Event-ID');
  }

  answer(): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.isLeft = true;
      },
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  }

  write(id: number, name = 'chunk', data: object = {}): Promise<void> {
    return this.writeText(`id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  writeText(text: string): Promise<void> {
    this.#controller?.enqueue(new TextEncoder().encode(text));
    return settled();
  }

  end(): Promise<void> {
    this.#controller?.close();
    return settled();
  }
}

/** One who follows; what was asked and shown so far. */
function setUp({ fromStart = false, refusal = null as (() => Response) | null } = {}) {
  const clock = new ManualClock(Date.parse('2026-03-01T12:00:10.000Z'));
  const interruption = new AbortController();
  const service = {
    view: viewOf(),
    looks: 0,
    streams: [] as Stream[],
    /** What it answers instead of whatever it is asked. */
    refusal,
    streamRefusal: null as (() => Response) | null,
  };
  const send = (request: Request): Response => {
    const isStream = request.url.endsWith('/events');
    if (!isStream) service.looks += 1;
    if (service.refusal !== null) return service.refusal();
    if (!isStream) return Response.json(service.view);
    if (service.streamRefusal !== null) return service.streamRefusal();
    const stream = new Stream(request);
    service.streams.push(stream);
    return stream.answer();
  };
  const shown: { view: IngestionView; retryCount: number; failedAttempt: number | undefined }[] = [];
  const losses: string[] = [];
  let endCount = 0;
  const reporter = {
    show: (view: IngestionView, { retryCount, lastFailure }: HeardFailures) =>
      void shown.push({ view, retryCount, failedAttempt: lastFailure?.attempt }),
    lose: ({ code }: { readonly code: string }) => void losses.push(code),
    end() {
      endCount += 1;
    },
  };
  const client = new ServiceClient({ url: 'http://service.test', token: null, send });
  const following = followIngestion(client, INGESTION_ID, { clock, signal: interruption.signal, reporter, fromStart });
  const pass = async (durationMs: number) => {
    for (let left = durationMs; left > 0; left -= TICK_MS) {
      clock.advance(TICK_MS);
      await settled();
    }
  };
  return { service, clock, interruption, shown, losses, following, pass, ends: () => endCount };
}

const failure = (attempt: number, nextAttemptAt: string | null) => ({
  ingestion_id: INGESTION_ID,
  at: RECEIVER_AWAY.at,
  chunk_number: 3,
  attempt,
  outcome: 'unavailable',
  http_status: 503,
  reason: 'HTTP 503',
  next_attempt_at: nextAttemptAt,
});

/** One who follows a service whose stream has begun. */
async function listening(options: Parameters<typeof setUp>[0] = {}) {
  const scene = setUp(options);
  await settled();
  const [stream] = scene.service.streams;
  if (stream === undefined) throw new Error('no stream was asked for');
  await stream.writeText('retry: 1000\nid: 7\n\n');
  return { ...scene, stream };
}

describe('following an ingestion', () => {
  it('looks when an event tells to, and not between', async () => {
    const { service, stream, following, shown, pass } = await listening();
    const { looks } = service;
    await pass(5_000);
    expect(service.looks).toBe(looks);
    service.view = viewOf({ percent: 60 });
    await stream.write(8);
    expect(service.looks).toBe(looks + 1);
    expect(shown.at(-1)?.view.percent).toBe(60);
    service.view = COMPLETED;
    await stream.write(9, 'state');
    expect(await following).toEqual(COMPLETED);
  });

  it('looks once for however much came at once', async () => {
    const { service, stream, interruption, following } = await listening();
    const { looks } = service;
    await stream.writeText('id: 8\nevent: chunk\ndata: {}\n\n'.repeat(200));
    expect(service.looks).toBe(looks + 1);
    interruption.abort();
    await following;
  });

  it('looks again once the stream has begun, since nobody knows what happened before', async () => {
    const { service, following, pass } = setUp();
    await settled();
    expect(service.looks).toBe(1);
    service.view = COMPLETED;
    await service.streams[0]?.writeText('id: 7\n\n');
    expect(service.looks).toBe(2);
    expect(await following).toEqual(COMPLETED);
    await pass(TICK_MS);
  });

  it('counts what was tried again, and knows which attempt failed last', async () => {
    const { stream, shown, interruption, following } = await listening();
    await stream.write(8, 'attempt_failed', failure(1, '2026-03-01T12:00:11.000Z'));
    await stream.write(9, 'attempt_failed', failure(2, '2026-03-01T12:00:12.000Z'));
    await stream.write(10, 'attempt_failed', failure(3, null));
    expect(shown.at(-1)).toMatchObject({ retryCount: 2, failedAttempt: 3 });
    interruption.abort();
    await following;
  });

  it.each([
    [true, '0'],
    [false, null],
  ])('asks for the events since it began: %s', async (fromStart, lastEventId) => {
    const { stream, interruption, following } = await listening({ fromStart });
    expect(stream.lastEventId).toBe(lastEventId);
    interruption.abort();
    await following;
  });

  it('goes on behind the last event when the stream has ended, and misses no failure', async () => {
    const { service, stream, shown, pass, interruption, following } = await listening();
    await stream.write(8, 'attempt_failed', failure(1, RECEIVER_AWAY.at));
    await stream.writeText(': alive\nid: 12\n\n');
    await stream.end();
    await pass(1_000);
    expect(service.streams.map(({ lastEventId }) => lastEventId)).toEqual([null, '12']);
    await service.streams[1]?.write(13, 'attempt_failed', failure(2, RECEIVER_AWAY.at));
    expect(shown.at(-1)).toMatchObject({ retryCount: 2 });
    interruption.abort();
    await following;
  });

  it('leaves a stream that has gone silent without a word, and connects anew', async () => {
    const { service, pass, interruption, following } = await listening();
    await pass(39_500);
    expect(service.streams).toHaveLength(1);
    await pass(2_000);
    expect(service.streams).toHaveLength(2);
    interruption.abort();
    await following;
  });

  it.each<[string, () => Response]>([
    ['of an older version', () => problem('ROUTE_NOT_FOUND', 404)],
    ['without room for another stream', () => problem('EVENT_STREAMS_BUSY', 429)],
    ['behind something that answers otherwise', () => new Response('<h1>hello</h1>')],
  ])('looks twice a second at a service %s', async (_what, refuse) => {
    const scene = setUp();
    scene.service.streamRefusal = refuse;
    // The one that was there before the test said what it answers.
    await scene.service.streams[0]?.end();
    await settled();
    const { looks } = scene.service;
    await scene.pass(10_000);
    expect(scene.service.looks).toBe(looks + 20);
    scene.service.view = COMPLETED;
    await scene.pass(TICK_MS);
    expect(await scene.following).toEqual(COMPLETED);
    expect(scene.losses).toEqual([]);
  });

  it('waits for a service that is away, and goes on where that is back', async () => {
    const { service, stream, shown, losses, pass, following } = await listening();
    service.refusal = () => {
      throw new TypeError('fetch failed');
    };
    await stream.end();
    await pass(TICK_MS);
    expect(losses).toHaveLength(1);
    await pass(60_000);
    expect(new Set(losses)).toEqual(new Set(['SERVICE_UNREACHABLE']));
    expect(losses.length).toBeGreaterThan(50);
    const { length } = shown;
    service.refusal = null;
    service.view = COMPLETED;
    await pass(TICK_MS);
    expect(await following).toEqual(COMPLETED);
    expect(shown.length).toBe(length + 1);
  });

  it.each([
    ['SHUTTING_DOWN', 503],
    ['RATE_LIMITED', 429],
  ])('goes on after %s', async (code, status) => {
    const { service, stream, losses, pass, following } = await listening();
    service.refusal = () => problem(code, status);
    await stream.write(8);
    expect(losses).toEqual([code]);
    service.refusal = null;
    service.view = COMPLETED;
    await pass(TICK_MS * 21);
    expect(await following).toEqual(COMPLETED);
  });

  it.each([
    ['INGESTION_NOT_FOUND', 404],
    ['UNAUTHORIZED', 401],
    ['INTERNAL', 500],
  ])('ends with what waiting does not mend: %s', async (code, status) => {
    const { service, stream, following, ends } = await listening();
    const failed = following.catch((error: unknown) => error);
    service.refusal = () => problem(code, status);
    await stream.write(8);
    expect(await failed).toMatchObject({ code });
    expect(stream.isLeft).toBe(true);
    expect(ends()).toBe(1);
  });

  it('leaves at once when it is interrupted, whatever it waits for', async () => {
    const { stream, interruption, following, losses, ends } = await listening();
    interruption.abort();
    expect(await following).toEqual(viewOf());
    expect([stream.isLeft, ends(), losses]).toEqual([true, 1, []]);
  });

  it('has seen nothing where it is interrupted before', async () => {
    const refusal = () => {
      throw new TypeError('fetch failed');
    };
    const { interruption, following, losses } = setUp({ refusal });
    interruption.abort();
    expect(await following).toBe(null);
    expect(losses).toEqual([]);
  });
});
