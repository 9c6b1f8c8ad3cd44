import { describe, expect, it } from 'vitest';
import { DEFAULT_TIMEOUTS } from '../../src/delivery/post-channel.ts';
import { postStatusEvent, type StatusEvent, type StatusEventRoute } from '../../src/delivery/post-status-event.ts';
import { createUrlGuard } from '../../src/egress/url-guard.ts';
import type { LogFields } from '../../src/model/logger.ts';
import { sha256Base64 } from '../../src/protocol/checksum.ts';
import { verifySignature } from '../../src/protocol/signature.ts';
import { listenHttp, unusedUrl } from './receivers.ts';
import { INGESTION_ID } from './sample-delivery.ts';

const EVENT: StatusEvent = { ingestionId: INGESTION_ID, status: 'PAUSED', epoch: 7, details: { total_records: 12 } };
const BODY = `{"ingestion_id":"${INGESTION_ID}","status":"PAUSED","epoch":7,"total_records":12}`;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** A route to there, with what is logged on the way. */
function routeTo(statusUrl: string, change: Partial<StatusEventRoute> = {}) {
  const failures: (LogFields | undefined)[] = [];
  const ignore = () => undefined;
  const route: StatusEventRoute = {
    statusUrl,
    secret: null,
    guard: createUrlGuard({ allow: null, isLoopbackAllowed: true }),
    timeouts: DEFAULT_TIMEOUTS,
    clock: { now: () => 5_000, sleep: async () => undefined },
    logger: {
      debug: ignore,
      info: ignore,
      error: ignore,
      warn(event, fields) {
        expect(event).toBe('status_event.failed');
        failures.push(fields);
      },
    },
    signal: new AbortController().signal,
    ending: new AbortController().signal,
    userAgent: 'ackstream/1.2.3',
    ...change,
  };
  return { route, failures };
}

describe('a status event', () => {
  it('says what happened, under a key of its own, digested and signed', async () => {
    const receiver = await listenHttp((response) => response.writeHead(204).end());
    const { route, failures } = routeTo(receiver.url, { secret: SECRET });
    await postStatusEvent(EVENT, route);
    const [request] = receiver.seen;
    expect(request?.body.toString()).toBe(BODY);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': `"${INGESTION_ID}:PAUSED:7"`,
      'content-digest': `sha-256=:${sha256Base64(BODY)}:`,
      'ackstream-epoch': '7',
      'ackstream-attempt': '1',
      'webhook-id': `${INGESTION_ID}:PAUSED:7`,
    });
    const signature = String(request?.headers['webhook-signature']);
    const id = `${INGESTION_ID}:PAUSED:7`;
    expect(verifySignature({ secret: SECRET, id, timestamp: '5', signature, body: BODY, nowSeconds: 5 })).toBe(true);
    expect(failures).toEqual([]);
  });

  it('is tried again where it is not taken', async () => {
    const receiver = await listenHttp((response, { headers }) =>
      response.writeHead(headers['ackstream-attempt'] === '1' ? 500 : 200).end(),
    );
    const { route, failures } = routeTo(receiver.url);
    await postStatusEvent(EVENT, route);
    expect(receiver.seen.map(({ headers }) => headers['ackstream-attempt'])).toEqual(['1', '2']);
    expect(failures).toEqual([]);
  });

  it('is tried for minutes, less and less often, and then given up, logged', async () => {
    const waitsMs: number[] = [];
    const receiver = await listenHttp((response) => response.writeHead(500).end());
    const clock = { now: () => 5_000, sleep: async (durationMs: number) => void waitsMs.push(durationMs) };
    const { route, failures } = routeTo(receiver.url, { clock });
    await postStatusEvent(EVENT, route);
    expect(waitsMs).toEqual([1_000, 5_000, 30_000, 120_000, 300_000]);
    expect(receiver.seen).toHaveLength(6);
    expect(failures).toEqual([{ ingestion_id: INGESTION_ID, status: 'PAUSED', epoch: 7, reason: 'HTTP 500' }]);
  });

  it('has one more attempt, its last, where the service ends', async () => {
    const ending = new AbortController();
    const clock = { now: () => 5_000, sleep: async () => ending.abort() };
    const receiver = await listenHttp((response) => response.writeHead(500).end());
    const { route, failures } = routeTo(receiver.url, { clock, ending: ending.signal });
    await postStatusEvent(EVENT, route);
    expect(receiver.seen).toHaveLength(2);
    expect(failures).toHaveLength(1);
  });

  it.each<[string, () => Promise<Parameters<typeof routeTo>>]>([
    ['nobody listens', async () => [await unusedUrl()]],
    ['the URL is none', async () => ['no url']],
    ['the secret is none', async () => [await unusedUrl(), { secret: 'short' }]],
    ['the guard refuses', async () => ['http://169.254.169.254/']],
    [
      'the service is stopping',
      async () => [await unusedUrl(), { signal: AbortSignal.abort(), ending: AbortSignal.abort() }],
    ],
  ])('never throws, but says so in the log: %s', async (_name, parameters) => {
    const { route, failures } = routeTo(...(await parameters()));
    await postStatusEvent(EVENT, route);
    expect(failures).toHaveLength(1);
    expect(JSON.stringify(failures)).not.toContain('short');
  });
});
