/** Events as a client sees them, of deliveries that are real. */
import { describe, expect, it } from 'vitest';
import { setScene } from '../harness/scene.ts';
import { type ReceivedSse, SseConnection } from '../harness/sse-connection.ts';
import { until } from '../harness/until.ts';

/** Waits until an event is there that is as asked. */
async function untilEvent(stream: SseConnection, isMeant: (event: ReceivedSse) => boolean): Promise<ReceivedSse> {
  const found = await until(
    () => stream.events.find(isMeant),
    (event) => event !== undefined,
  );
  if (found === undefined) throw new Error('until gives what was waited for');
  return found;
}

const isState = (status: string) => (event: ReceivedSse) => event.name === 'state' && event.data.status === status;

describe('the events of a delivery', () => {
  it('come live from the first to the last, and again by their numbers', async () => {
    const { service, ingest, expected } = await setScene({ recordCount: 45 });
    const live = await SseConnection.open(`${service.url}/api/events`);
    const { body } = await ingest();
    await untilEvent(live, isState('COMPLETED'));
    const states = live.events.filter(({ name }) => name === 'state').map(({ data }) => data.status);
    expect(states).toEqual(['QUEUED', 'RUNNING', 'COMPLETED']);
    const last = live.events.findLast(({ name }) => name === 'chunk');
    expect(last?.data).toMatchObject({
      ingestion_id: body.ingestion_id,
      next_chunk_number: 5,
      records: expected.length,
      chunks: 5,
      bytes: expect.any(Number),
    });
    const ids = live.events.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));

    const replayed = await SseConnection.open(`${service.url}/api/ingestions/${body.ingestion_id}/events?since=0`);
    await untilEvent(replayed, isState('COMPLETED'));
    expect(replayed.events).toEqual(live.events);
    const resumed = await SseConnection.open(`${service.url}/api/events`, { 'Last-Event-ID': String(ids[1]) });
    await untilEvent(resumed, isState('COMPLETED'));
    expect(resumed.events).toEqual(live.events.slice(2));
  });

  it('say why a receiver does not take it, and what becomes of its circuit', async () => {
    const { service, receiver, ingest } = await setScene({
      recordCount: 20,
      receiver: { faults: [{ fault: 'status', status: 503, chunk: 1, times: 6 }] },
    });
    const stream = await SseConnection.open(`${service.url}/api/events`);
    const { body } = await ingest();
    await untilEvent(stream, isState('COMPLETED'));
    const failures = stream.events.filter(({ name }) => name === 'attempt_failed').map(({ data }) => data);
    expect(failures[0]).toMatchObject({
      ingestion_id: body.ingestion_id,
      chunk_number: 1,
      attempt: 1,
      outcome: 'unavailable',
      http_status: 503,
      next_attempt_at: expect.any(String),
    });
    expect(failures.map(({ attempt }) => attempt)).toEqual(failures.map((_, index) => index + 1));
    const circuits = stream.events.filter(({ name }) => name === 'circuit').map(({ data }) => data);
    expect(circuits.map(({ state }) => state)).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
    expect(circuits[0]).toMatchObject({
      origin: receiver.origin,
      since: expect.any(String),
      next_probe_at: expect.any(String),
    });
  });

  it('end with the service, at once, and go on where they were when it is back', async () => {
    const { service, ingest } = await setScene({ recordCount: 20 });
    const stream = await SseConnection.open(`${service.url}/api/events`);
    await ingest();
    await untilEvent(stream, isState('COMPLETED'));
    await service.stop();
    await stream.ended;
  });

  it('are for tokens that may read', async () => {
    const apiToken = 'a-token-of-more-than-sixteen-characters';
    const { service } = await setScene({ recordCount: 1, env: { ACKSTREAM_API_TOKEN: apiToken } });
    await expect(SseConnection.open(`${service.url}/api/events`)).rejects.toThrow('answered 401');
    await SseConnection.open(`${service.url}/api/events`, { Authorization: `Bearer ${apiToken}` });
  });
});
