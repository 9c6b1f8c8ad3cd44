import { describe, expect, it } from 'vitest';
import { type ErrorCode, ServiceError } from '../../src/errors.ts';
import { Retention, type RetentionOptions } from '../../src/ingestion/retention.ts';
import { ManualClock, settled } from '../harness/manual-clock.ts';

const HOUR_MS = 3_600_000;

/** A retention over a store that has ingestions of these ages, each of so many pieces. */
function retaining(options: { readonly retentionMs: number | null; readonly changedAt?: Record<string, number> }) {
  const clock = new ManualClock(100 * HOUR_MS);
  const left = new Map(Object.entries(options.changedAt ?? {}));
  const unpurged = new Map([['half-removed', 2]]);
  const logged: unknown[] = [];
  const gone = new Map<string, ErrorCode>();
  const state = { isRefusing: false };
  const store: RetentionOptions['store'] = {
    async deleteIngestion(id) {
      if (!left.delete(id)) throw new ServiceError('INGESTION_NOT_FOUND');
      const code = gone.get(id);
      if (code !== undefined) throw new ServiceError(code);
      unpurged.set(id, 3);
    },
    async purgeDeleted(id) {
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
  };
  const log = (event: string, fields?: unknown) => void logged.push([event, fields]);
  const logger = { debug: log, info: log, warn: log, error: log };
  const forgotten: string[] = [];
  const verifications = { forget: (id: string) => forgotten.push(id) > 0 };
  const retention = new Retention({ store, verifications, clock, logger, retentionMs: options.retentionMs });
  return { retention, clock, left, gone, unpurged, logged, state, forgotten };
}

/** As many turns as the pieces of all ingestions need. */
async function atRest(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await settled();
}

describe('a retention', () => {
  it('goes on at the start with what was left half removed, though nothing is ever too old', async () => {
    const { retention, left, unpurged } = retaining({ retentionMs: null, changedAt: { ancient: 0 } });
    retention.start();
    await atRest();
    expect([[...left.keys()], unpurged.size]).toEqual([['ancient'], 0]);
    await retention.close();
  });

  it('deletes at the start and every hour what is older than it says, however many these are', async () => {
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`old-${index}`, index]));
    const { retention, clock, left, unpurged, forgotten } = retaining({
      retentionMs: 24 * HOUR_MS,
      changedAt: { ...many, young: 76.5 * HOUR_MS },
    });
    retention.start();
    await atRest();
    expect([[...left.keys()], unpurged.size]).toEqual([['young'], 0]);
    expect(forgotten).toEqual(Object.keys(many));
    clock.advance(HOUR_MS);
    await atRest();
    expect(left.size).toBe(0);
    await retention.close();
  });

  it('passes over what a person resumed or deleted since it was found', async () => {
    const { retention, left, gone, logged } = retaining({
      retentionMs: HOUR_MS,
      changedAt: { resumed: 0, deleted: 0, old: 0 },
    });
    gone.set('resumed', 'MOVE_NOT_ALLOWED').set('deleted', 'INGESTION_NOT_FOUND');
    retention.start();
    await atRest();
    expect(left.size).toBe(0);
    expect(logged).toEqual([['ingestion.deleted', { ingestion_id: 'old', by: 'retention' }]]);
    await retention.close();
  });

  it('looks again an hour after the store refused', async () => {
    const { retention, clock, left, logged, state } = retaining({ retentionMs: HOUR_MS, changedAt: { old: 0 } });
    state.isRefusing = true;
    retention.start();
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
});
