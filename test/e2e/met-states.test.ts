/** What POST /api/ingest answers by the state that it meets, over real HTTP, and what comes of it. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/system-clock.ts';
import { writeFeed } from '../harness/feed.ts';
import { type Scene, setScene } from '../harness/scene.ts';
import { TestClock } from '../harness/test-clock.ts';
import { until } from '../harness/until.ts';

const HOUR_SECONDS = '3600';
const HOUR_MS = 3_600_000;
const NOT_NOW = { fault: 'status', chunk: 1, status: 503 } as const;

/** How an ingestion of 25 records, of which one chunk of 10 is acknowledged, is brought into each state. */
const STATES = {
  QUEUED: async (scene: Scene) => {
    scene.receiver.setFaults({ ...NOT_NOW, retry_after: HOUR_SECONDS });
    const { ingestion_id: ingestionId } = (await scene.ingest()).body;
    await scene.service.api.untilStatus(ingestionId, 'QUEUED');
    return ingestionId;
  },
  RUNNING: async (scene: Scene) => {
    scene.receiver.setFaults({ ...NOT_NOW, retry_after: '1' });
    return (await scene.ingest()).body.ingestion_id;
  },
  PAUSED: async (scene: Scene) => {
    const ingestionId = await STATES.QUEUED(scene);
    await scene.service.api.act(ingestionId, 'pause');
    return ingestionId;
  },
  FAILED: async (scene: Scene) => {
    scene.receiver.setFaults({ fault: 'status', chunk: 1, status: 410 });
    return (await scene.deliver()).ingestion_id;
  },
  CANCELLED: async (scene: Scene) => {
    const ingestionId = await STATES.QUEUED(scene);
    await scene.service.api.act(ingestionId, 'cancel');
    return ingestionId;
  },
  COMPLETED: async (scene: Scene) => (await scene.deliver()).ingestion_id,
} as const;

type MetStatus = keyof typeof STATES;
const ALL = Object.keys(STATES) as MetStatus[];

/** A scene in which the ingestion of its feed is in a state, with chunk 0 acknowledged. */
async function meeting(status: MetStatus): Promise<Scene & { ingestionId: string; clock: TestClock }> {
  const clock = new TestClock();
  const scene = await setScene({ recordCount: 25, env: { ACKSTREAM_MAX_RUNNING: '2' }, clock });
  const ingestionId = await STATES[status](scene);
  await until(
    () => scene.service.api.get(ingestionId),
    (shown) => shown.status === status && shown.totals.chunks > 0,
  );
  return { ...scene, ingestionId, clock };
}

const elsewhere = (scene: Scene) => scene.receiver.callbackUrl.replace('127.0.0.1', 'localhost');

describe('a request for a file', () => {
  it('that was never asked for is STARTED, also as a re-ingestion', async () => {
    const scene = await setScene({ recordCount: 5 });
    const again = await scene.ingest({ re_ingestion: true });
    expect(again).toMatchObject({ status: 202, body: { status: 'STARTED' } });
    const first = await scene.ingest();
    expect(first).toMatchObject({ status: 202, body: { status: 'STARTED' } });
    expect(first.headers.location).toBe(`/api/ingestions/${first.body.ingestion_id}`);
    expect(Object.keys(first.body)).toEqual(['status', 'ingestion_id', 'file_id']);
    for (const { body } of [again, first]) await scene.service.api.untilStatus(body.ingestion_id, 'COMPLETED');
  });

  it.each([
    ['QUEUED', 'RUNNING'],
    ['RUNNING', 'RUNNING'],
    ['PAUSED', 'RESUMED'],
    ['FAILED', 'RESUMED'],
    ['CANCELLED', 'RESUMED'],
    ['COMPLETED', 'COMPLETED'],
  ] as const)('that meets %s is %s, and every record arrives once', async (met, answered) => {
    const scene = await meeting(met);
    const attemptsBefore = scene.receiver.attempts.length;
    // One that runs would be at its end before it is asked for again.
    if (met !== 'RUNNING') scene.receiver.setFaults();
    const answer = await scene.ingest();
    expect(answer).toMatchObject({ status: 202, body: { status: answered, ingestion_id: scene.ingestionId } });
    scene.receiver.setFaults();
    expect(answer.body.changed).toBeUndefined();
    if (met === 'QUEUED') scene.clock.advance(HOUR_MS);
    await scene.service.api.untilStatus(scene.ingestionId, 'COMPLETED');
    await scene.expectDelivered(scene.ingestionId);
    if (met === 'COMPLETED') expect(scene.receiver.attempts.length).toBe(attemptsBefore);
  });

  it.each(ALL)('that meets %s as a re-ingestion is STARTED under an id of its own', async (met) => {
    const scene = await meeting(met);
    const answer = await scene.ingest({ re_ingestion: true });
    expect(answer).toMatchObject({ status: 202, body: { status: 'STARTED' } });
    const again = answer.body.ingestion_id;
    expect(again).not.toBe(scene.ingestionId);
    const comesAfter = met === 'QUEUED' || met === 'RUNNING';
    if (comesAfter) expect((await scene.service.api.get(again)).epoch).toBe(0);
    scene.receiver.setFaults();
    if (met === 'QUEUED') scene.clock.advance(HOUR_MS);
    await scene.service.api.untilStatus(again, 'COMPLETED');
    await scene.expectDelivered(again);
    if (!comesAfter) return;
    await scene.expectDelivered(scene.ingestionId);
    const order = scene.receiver.attempts.map((attempt) => attempt.ingestionId);
    expect(order.lastIndexOf(scene.ingestionId)).toBeLessThan(order.indexOf(again));
  });

  it('as a re-ingestion begins at once where what it waited for is cancelled', async () => {
    const scene = await meeting('QUEUED');
    const again = (await scene.ingest({ re_ingestion: true })).body.ingestion_id;
    scene.receiver.setFaults();
    expect((await scene.service.api.act(scene.ingestionId, 'cancel')).status).toBe(200);
    await scene.service.api.untilStatus(again, 'COMPLETED');
    await scene.expectDelivered(again);
  });

  it('as a re-ingestion meets the one that waits or runs, and to another callback starts one more', async () => {
    const scene = await setScene({
      recordCount: 25,
      receiver: { faults: [{ ...NOT_NOW, retry_after: HOUR_SECONDS }] },
    });
    const waiting = (await scene.ingest({ re_ingestion: true })).body;
    expect(waiting.status).toBe('STARTED');
    await scene.service.api.untilStatus(waiting.ingestion_id, 'QUEUED');
    const met = await scene.ingest({ re_ingestion: true, chunk_size_by_records: 20 });
    expect(met.body).toMatchObject({
      status: 'RUNNING',
      ingestion_id: waiting.ingestion_id,
      changed: ['chunk_size_by_records'],
    });
    scene.receiver.setFaults();
    const other = await scene.deliver({ re_ingestion: true, callback_url: elsewhere(scene) });
    expect(other).toMatchObject({ status: 'COMPLETED', callback_url: elsewhere(scene) });
    expect(other.ingestion_id).not.toBe(waiting.ingestion_id);
    await scene.expectDelivered(other.ingestion_id);
  });

  it('that is RUNNING is sent to another callback after the re-ingestion that is on its way there', async () => {
    const scene = await setScene({ recordCount: 200, receiver: { faults: [{ fault: 'delay', delay_ms: 30 }] } });
    const first = (await scene.ingest()).body.ingestion_id;
    const again = (await scene.ingest({ re_ingestion: true, callback_url: elsewhere(scene) })).body.ingestion_id;
    const attempts = () => scene.receiver.attempts.map(({ ingestionId }) => ingestionId);
    await until(attempts, (ids) => ids.includes(first) && ids.includes(again));
    const moved = await scene.ingest({ callback_url: elsewhere(scene) });
    expect(moved.body).toMatchObject({ status: 'RUNNING', ingestion_id: first, changed: ['callback_url'] });
    const begunBefore = attempts().length;
    for (const id of [first, again])
      expect((await scene.service.api.untilStatus(id, 'COMPLETED')).status).toBe('COMPLETED');
    const after = attempts().slice(begunBefore);
    // The one that was on its way to the first callback.
    const early = after.slice(0, after.lastIndexOf(again)).filter((id) => id === first);
    expect(early.length).toBeLessThanOrEqual(1);
    for (const id of [first, again]) await scene.expectDelivered(id);
  });

  it('as a re-ingestion starts one more where the file is no longer that of the one that waits', async () => {
    const scene = await setScene({
      recordCount: 25,
      receiver: { faults: [{ ...NOT_NOW, retry_after: HOUR_SECONDS }] },
    });
    const waiting = (await scene.ingest({ re_ingestion: true })).body.ingestion_id;
    await scene.service.api.untilStatus(waiting, 'QUEUED');
    writeFeed(scene.filePath, 26);
    const { body } = await scene.ingest({ re_ingestion: true });
    expect(body.status).toBe('STARTED');
    expect(body.ingestion_id).not.toBe(waiting);
  });

  it('that is told COMPLETED again is not delivered elsewhere by it', async () => {
    const scene = await meeting('COMPLETED');
    scene.receiver.setFaults({ fault: 'status', chunk: 'completed', status: 503, retry_after: HOUR_SECONDS });
    await scene.service.api.act(scene.ingestionId, 'resume');
    await until(
      () => scene.service.api.get(scene.ingestionId),
      ({ next_attempt_at }) => next_attempt_at !== null,
    );
    expect(await scene.ingest({ callback_url: elsewhere(scene) })).toMatchObject({
      status: 409,
      body: { code: 'DELIVERED_ELSEWHERE' },
    });
    expect((await scene.ingest()).status).toBe(202);
  });

  it('that was delivered completely is not delivered elsewhere by it', async () => {
    const scene = await meeting('COMPLETED');
    expect(await scene.ingest({ callback_url: elsewhere(scene) })).toMatchObject({
      status: 409,
      body: { code: 'DELIVERED_ELSEWHERE', what_to_do: expect.stringContaining('re_ingestion') },
    });
    const anew = await scene.deliver({ callback_url: elsewhere(scene), re_ingestion: true });
    await scene.expectDelivered(anew.ingestion_id);
  });

  it.each(ALL)('that changed since a part was sent is refused, met %s', async (met) => {
    const scene = await meeting(met);
    const attempts = scene.receiver.attempts.length;
    writeFeed(scene.filePath, 26);
    expect(await scene.ingest()).toMatchObject({
      status: 409,
      body: { code: 'SOURCE_CHANGED', ingestion_id: scene.ingestionId },
    });
    if (met === 'COMPLETED') expect(scene.receiver.attempts.length).toBe(attempts);
  });

  it.each(['QUEUED', 'RUNNING', 'COMPLETED'] as const)(
    'may not read other records than those begun with, met %s',
    async (met) => {
      const scene = await meeting(met);
      const refused = await scene.ingest({ record_path: 'items', number_form: 'jcs' });
      expect(refused).toMatchObject({ status: 409, body: { code: 'REQUEST_CHANGED' } });
      expect(refused.body).toMatchObject({ errors: [{ field: 'record_path' }, { field: 'number_form' }] });
    },
  );

  it('takes null for a field that is left out', async () => {
    const scene = await setScene({ recordCount: 25 });
    const nothing = {
      file_type: null,
      chunk_size_by_records: null,
      chunk_size_by_memory: null,
      re_ingestion: null,
      record_path: null,
      number_form: null,
      retry: null,
      callback_headers: null,
      callback_secret: null,
      status_url: null,
    };
    const shown = await scene.deliver(nothing);
    expect(shown).toMatchObject({
      status: 'COMPLETED',
      file_type: 'json',
      number_form: 'exact',
      retry: { window: '72h', max_delay: '1m' },
      totals: { chunks: 1 },
    });
    expect((await scene.ingest()).body).toMatchObject({ status: 'COMPLETED', ingestion_id: shown.ingestion_id });
  });

  it('gives two re-ingestions of one millisecond ids of their own', async () => {
    const scene = await setScene({ recordCount: 5, clock: { now: () => 1_800_000_000_000, sleep: systemClock.sleep } });
    const first = await scene.deliver({ re_ingestion: true });
    const second = await scene.deliver({ re_ingestion: true });
    expect([first.version, second.version]).toEqual(['1800000000000', '1800000000001']);
    expect([first.status, second.status]).toEqual(['COMPLETED', 'COMPLETED']);
    await scene.expectDelivered(first.ingestion_id);
    await scene.expectDelivered(second.ingestion_id);
  });
});

describe('a request that meets an ingestion under way', () => {
  it('brings a secret, headers and sizes: they hold from the next attempt, at the frozen chunk too', async () => {
    const secret = `whsec_${Buffer.from('a secret of some thirty bytes!').toString('base64')}`;
    const clock = new TestClock();
    const scene = await setScene({
      clock,
      recordCount: 45,
      receiver: {
        secret,
        now: () => clock.now(),
        faults: [{ ...NOT_NOW, chunk: 0, retry_after: HOUR_SECONDS, times: 1 }],
      },
    });
    const { ingestion_id: ingestionId } = (await scene.ingest()).body;
    await scene.service.api.untilStatus(ingestionId, 'QUEUED');
    const answer = await scene.ingest({
      callback_secret: secret,
      callback_headers: { 'X-Key': 'k' },
      chunk_size_by_records: 20,
    });
    expect(answer.body).toMatchObject({
      status: 'RUNNING',
      changed: ['chunk_size_by_records', 'callback_headers', 'callback_secret'],
    });
    clock.advance(HOUR_MS);
    const shown = await scene.service.api.untilStatus(ingestionId, 'COMPLETED', 'FAILED');
    // The receiver takes nothing that is not signed: chunk 0 was frozen with 10 records before the secret came.
    expect(shown).toMatchObject({ status: 'COMPLETED', totals: { chunks: 3 }, callback_header_names: ['X-Key'] });
    expect(JSON.stringify(shown)).not.toContain(secret);
    await scene.expectDelivered(ingestionId);
  });
});
