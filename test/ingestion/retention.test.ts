import { describe, expect, it } from 'vitest';
import { type ErrorCode, ServiceError } from '../../src/errors.ts';
import { Retention, type RetentionOptions } from '../../src/ingestion/retention.ts';
import { ManualClock, settled } from '../harness/manual-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What the clock says at the start, which by default is what the state proves. */
const START = 100 * HOUR_MS;

/** A retention over a store that has ingestions of these ages, each of so many pieces. */
function retaining(options: { readonly retentionMs: number | null; readonly changedAt?: Record<string, number> }) {
  const clock = new ManualClock(START);
  const left = new Map(Object.entries(options.changedAt ?? {}));
  const unpurged = new Map([['half-removed', 2]]);
  const logged: unknown[] = [];
  const gone = new Map<string, ErrorCode>();
  const state = { isRefusing: false };
  const damaged = new Set<string>();
  const forgottenBefore: number[] = [];
  const refuseDamaged = (id: string) => {
    if (damaged.has(id)) throw new ServiceError('STATE_DAMAGED', { data: { ingestion_id: id } });
  };
  const store: RetentionOptions['store'] = {
    async deleteIngestion(id) {
      refuseDamaged(id);
      if (!left.delete(id)) throw new ServiceError('INGESTION_NOT_FOUND');
      const code = gone.get(id);
      if (code !== undefined) throw new ServiceError(code);
      unpurged.set(id, 3);
    },
    async purgeDeleted(id) {
      refuseDamaged(id);
      const pieces = (unpurged.get(id) ?? 1) - 1;
      if (pieces === 0) unpurged.delete(id);
      else unpurged.set(id, pieces);
      return pieces === 0;
    },
    listUnpurged: async () => [...unpurged.keys()],
    async listTerminalBefore(before, limit) {
      if (state.isRefusing) throw new ServiceError('STATE_UNAVAILABLE');
      return [...left]
        .filter(([, at]) => at < before)
        .map(([id]) => id)
        .slice(0, limit);
    },
    forgetBefore: async (before) => void forgottenBefore.push(before),
  };
  const log = (event: string, fields?: unknown) => void logged.push([event, fields]);
  const logger = { debug: log, info: log, warn: log, error: log };
  const forgotten: string[] = [];
  const verifications = { forget: (id: string) => forgotten.push(id) > 0 };
  const retention = new Retention({ store, verifications, clock, logger, retentionMs: options.retentionMs });
  return { retention, clock, left, gone, damaged, unpurged, logged, state, forgotten, forgottenBefore };
}

/** As many turns as the pieces of all ingestions need. */
async function atRest(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await settled();
}

describe('a retention', () => {
  it('goes on at the start with what was left half removed, though nothing is ever too old', async () => {
    const { retention, clock, left, unpurged } = retaining({ retentionMs: null, changedAt: { ancient: 0 } });
    retention.start(START);
    await atRest();
    expect(unpurged.size).toBe(0);
    clock.advance(HOUR_MS);
    await atRest();
    expect([...left.keys()]).toEqual(['ancient']);
    await retention.close();
  });

  it('deletes every hour what is older than it says, however many these are', async () => {
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`old-${index}`, index]));
    const { retention, clock, left, unpurged, forgotten } = retaining({
      retentionMs: 24 * HOUR_MS,
      changedAt: { ...many, young: 77.5 * HOUR_MS },
    });
    retention.start(START);
    await atRest();
    expect(left.size).toBe(121);
    clock.advance(HOUR_MS);
    await atRest();
    expect([[...left.keys()], unpurged.size]).toEqual([['young'], 0]);
    expect(forgotten).toEqual(Object.keys(many));
    clock.advance(HOUR_MS);
    await atRest();
    expect(left.size).toBe(0);
    await retention.close();
  });

  it('passes over what a person resumed or deleted since it was found', async () => {
    const { retention, clock, left, gone, logged } = retaining({
      retentionMs: HOUR_MS,
      changedAt: { resumed: 0, deleted: 0, old: 0 },
    });
    gone.set('resumed', 'MOVE_NOT_ALLOWED').set('deleted', 'INGESTION_NOT_FOUND');
    retention.start(START);
    clock.advance(HOUR_MS);
    await atRest();
    clock.advance(HOUR_MS);
    await atRest();
    expect(left.size).toBe(0);
    expect(logged).toEqual([['ingestion.deleted', { ingestion_id: 'old', by: 'retention' }]]);
    await retention.close();
  });

  it('looks again an hour after the store refused', async () => {
    const { retention, clock, left, logged, state } = retaining({ retentionMs: HOUR_MS, changedAt: { old: 0 } });
    state.isRefusing = true;
    retention.start(START);
    await atRest();
    clock.advance(HOUR_MS);
    await atRest();
    expect(logged).toEqual([['state.unavailable', expect.objectContaining({ code: 'STATE_UNAVAILABLE' })]]);
    state.isRefusing = false;
    clock.advance(HOUR_MS);
    await atRest();
    expect(left.size).toBe(0);
    await retention.close();
  });

  it('has removed all of what a person deletes when that is answered', async () => {
    const { retention, unpurged, logged, forgotten } = retaining({ retentionMs: null, changedAt: { mine: 0 } });
    await retention.delete('mine');
    expect([[...unpurged.keys()], forgotten]).toEqual([['half-removed'], ['mine']]);
    expect(logged).toEqual([['ingestion.deleted', { ingestion_id: 'mine', by: 'request' }]]);
    await expect(retention.delete('mine')).rejects.toMatchObject({ code: 'INGESTION_NOT_FOUND' });
    await retention.close();
  });

  it('has deleted what a person deletes while it is closed, and leaves what there is of it to the next start', async () => {
    const { retention, left, unpurged, forgotten } = retaining({ retentionMs: null, changedAt: { mine: 0 } });
    const deleted = retention.delete('mine');
    await retention.close();
    await deleted;
    expect([left.size, unpurged.has('mine'), forgotten]).toEqual([0, true, ['mine']]);
  });

  it('passes over rows that are not what was written, says so once for each, and deletes all others', async () => {
    const ids = Array.from({ length: 250 }, (_, index) => `old-${index}`);
    const { retention, clock, left, damaged, unpurged, logged } = retaining({
      retentionMs: HOUR_MS,
      changedAt: Object.fromEntries(ids.map((id) => [id, 0])),
    });
    const rotten = ids.slice(0, 120);
    for (const id of ['half-removed', ...rotten]) damaged.add(id);
    unpurged.set('whole', 2);
    retention.start(START);
    for (let hour = 0; hour < 2; hour += 1) {
      await atRest();
      clock.advance(HOUR_MS);
    }
    await atRest();
    expect([[...left.keys()], [...unpurged.keys()]]).toEqual([rotten, ['half-removed']]);
    const said = logged.filter((line) => Array.isArray(line) && line[0] === 'state.damaged');
    expect(said).toHaveLength(121);
    await retention.close();
  });
});

describe('what is old to a retention', () => {
  /** A retention of a year, with an ingestion that ended just before the process before this one did. */
  const setYear = () => retaining({ retentionMs: 365 * DAY_MS, changedAt: { ended: START - HOUR_MS } });

  async function passHours(clock: ManualClock, count: number): Promise<void> {
    for (let hour = 0; hour < count; hour += 1) {
      clock.advance(HOUR_MS);
      await settled();
    }
  }

  it('is not told by a clock that is ahead, at the start or later', async () => {
    const { retention, clock, left, forgottenBefore } = setYear();
    clock.set(START + 400 * DAY_MS);
    retention.start(START);
    await atRest();
    await passHours(clock, 48);
    expect([...left.keys()]).toEqual(['ended']);
    expect(forgottenBefore.at(-1)).toBe(START + 2 * DAY_MS - 7 * DAY_MS);
    await retention.close();
  });

  it('is told by what the state had on record at the start and the time since, where the service was off in truth', async () => {
    const { retention, clock, left } = setYear();
    clock.set(START + 400 * DAY_MS);
    // A later start, after something was put on record.
    retention.start(START + 399 * DAY_MS);
    await atRest();
    expect([...left.keys()]).toEqual(['ended']);
    await passHours(clock, 1);
    expect(left.size).toBe(0);
    await retention.close();
  });

  it('becomes so while the service runs', async () => {
    const { retention, clock, left } = setYear();
    retention.start(START);
    await atRest();
    await passHours(clock, 365 * 24 - 1);
    expect([...left.keys()]).toEqual(['ended']);
    await passHours(clock, 1);
    expect(left.size).toBe(0);
    await retention.close();
  });

  it('is not told by what a clock that was ahead has left on record, once that was set right', async () => {
    const { retention, clock, left } = setYear();
    retention.start(START + 400 * DAY_MS);
    await atRest();
    await passHours(clock, 24);
    expect([...left.keys()]).toEqual(['ended']);
    await retention.close();
  });

  it('is nothing where the state was empty and the clock has come from long ago', async () => {
    const { retention, clock, left } = retaining({ retentionMs: HOUR_MS });
    clock.set(0);
    retention.start(null);
    await atRest();
    left.set('mine', 0);
    clock.set(START);
    await passHours(clock, 1);
    expect([...left.keys()]).toEqual(['mine']);
    await retention.close();
  });
});
