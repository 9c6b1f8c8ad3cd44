import { describe, expect, it } from 'vitest';
import { DEFAULT_TIMEOUTS } from '../../src/delivery/post-channel.ts';
import { StatusAnnouncer } from '../../src/delivery/status-announcer.ts';
import { createUrlGuard } from '../../src/egress/url-guard.ts';
import type { LogFields } from '../../src/model/logger.ts';
import { sampleIngestion } from '../api/api-under-test.ts';
import { ManualClock } from '../harness/manual-clock.ts';
import { until } from '../harness/until.ts';
import { listenHttp } from './receivers.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

function setAnnouncer() {
  const failures: (LogFields | undefined)[] = [];
  const clock = new ManualClock(5_000);
  const announcer = new StatusAnnouncer({
    secret: SECRET,
    guard: createUrlGuard({ allow: null, isLoopbackAllowed: true }),
    timeouts: DEFAULT_TIMEOUTS,
    clock,
    logger: { debug() {}, info() {}, error() {}, warn: (_event, fields) => void failures.push(fields) },
    userAgent: 'ackstream/1.2.3',
  });
  return { announcer, clock, failures };
}

const ingestionTo = (statusUrl: string | null, ingestionId = 'one') => {
  const { delivery } = sampleIngestion();
  return sampleIngestion({ ingestionId, delivery: { ...delivery, statusUrl, callbackSecret: null } });
};

const statusesAt = ({ seen }: Awaited<ReturnType<typeof listenHttp>>) =>
  seen.map(({ body }) => JSON.parse(body.toString()).status);

describe('status events', () => {
  it('outlast a receiver that is away for minutes, in their order, and hold up no other ingestion', async () => {
    let isAway = true;
    const receiver = await listenHttp((response) => response.writeHead(isAway ? 503 : 204).end());
    const { announcer, clock, failures } = setAnnouncer();
    announcer.announce(ingestionTo(receiver.url), 'STARTED');
    announcer.announce(ingestionTo(receiver.url), 'COMPLETED');
    for (const waitMs of [1_000, 5_000, 30_000, 120_000]) {
      await until(
        () => [...clock.sleepers].filter(({ durationMs }) => durationMs === waitMs).length,
        (count) => count === 1,
      );
      isAway = waitMs < 120_000;
      clock.advance(waitMs);
    }
    await until(
      () => statusesAt(receiver),
      (statuses) => statuses.at(-1) === 'COMPLETED',
    );
    expect(statusesAt(receiver)).toEqual([...Array.from({ length: 5 }, () => 'STARTED'), 'COMPLETED']);
    expect(receiver.seen.every(({ headers }) => headers['webhook-signature'] !== undefined)).toBe(true);
    expect(failures).toEqual([]);
    await announcer.close();
  });

  it('that were announced just before a shutdown are sent', async () => {
    const receiver = await listenHttp((response) => response.writeHead(204).end());
    const { announcer, failures } = setAnnouncer();
    announcer.announce(ingestionTo(receiver.url), 'STARTED');
    announcer.announce(ingestionTo(receiver.url), 'COMPLETED');
    await announcer.close();
    expect(statusesAt(receiver)).toEqual(['STARTED', 'COMPLETED']);
    expect(failures).toEqual([]);
  });

  it.each([
    ['are taken where the receiver is back', 204, []],
    ['are given up, logged, where it is still away', 503, ['STARTED', 'PAUSED']],
  ])('that wait to be tried again at a shutdown have one more attempt: they %s', async (_, last, lost) => {
    let status = 503;
    const receiver = await listenHttp((response) => response.writeHead(status).end());
    const { announcer, clock, failures } = setAnnouncer();
    announcer.announce(ingestionTo(receiver.url), 'STARTED');
    announcer.announce(ingestionTo(receiver.url), 'PAUSED');
    await until(
      () => clock.sleepers.size,
      (count) => count === 1,
    );
    status = last;
    await announcer.close();
    expect(statusesAt(receiver)).toEqual(['STARTED', 'STARTED', 'PAUSED']);
    expect(failures.map((fields) => fields?.status)).toEqual(lost);
  });

  it('that nobody answers hold up a shutdown for some seconds only', async () => {
    const receiver = await listenHttp(() => {});
    const { announcer, clock, failures } = setAnnouncer();
    announcer.announce(ingestionTo(receiver.url), 'STARTED');
    announcer.announce(ingestionTo(receiver.url), 'COMPLETED');
    const closed = announcer.close();
    await until(
      () => receiver.seen.length,
      (count) => count === 1,
    );
    expect([...clock.sleepers].map(({ durationMs }) => durationMs)).toEqual([2_000]);
    clock.advance(2_000);
    await closed;
    expect(failures.map((fields) => fields?.status)).toEqual(['STARTED', 'COMPLETED']);
  });

  it('are bounded in number', async () => {
    const receiver = await listenHttp((response) => response.writeHead(503).end());
    const { announcer, clock, failures } = setAnnouncer();
    for (let count = 0; count < 1_001; count += 1) announcer.announce(ingestionTo(receiver.url), 'PAUSED');
    expect(failures).toEqual([expect.objectContaining({ reason: '1000 others wait' })]);
    const closed = announcer.close();
    clock.advance(2_000);
    await closed;
  });

  it('are sent for nobody who did not ask', async () => {
    const { announcer, failures } = setAnnouncer();
    announcer.announce(ingestionTo(null), 'STARTED');
    await announcer.close();
    expect(failures).toEqual([]);
  });
});
