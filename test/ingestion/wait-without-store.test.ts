/**
 * A failed attempt was put on record with the time of the next one, and then the store could not be read. The ingestion is given back as soon as the store
 * answers: with that time, not without, or a receiver that asked to be left alone is sent to at once.
 */
import { expect, it } from 'vitest';
import type { RunDependencies } from '../../src/ingestion/run-context.ts';
import { RunControl } from '../../src/ingestion/run-control.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { failingStore, setRunStage } from './run-stage.ts';

const LEAVE_ME_ALONE: Outcome = { kind: 'unavailable', reason: 'HTTP 429', httpStatus: 429, retryAfterMs: 600_000 };

it('keeps the time of the next attempt where the store fails right after it was put on record', async () => {
  const stage = await setRunStage({ recordCount: 5, answer: () => LEAVE_ME_ALONE });
  const failures = new Map<string, number>();
  const failing = failingStore(stage.store, failures);
  const store: RunDependencies['store'] = new Proxy(failing, {
    get: (target, name: keyof StateStore) =>
      name === 'recordFailure'
        ? async (...failure: Parameters<StateStore['recordFailure']>) => {
            await target.recordFailure(...failure);
            failures.set('getIngestion', 1);
          }
        : target[name],
  });
  const waiting = await stage.run({ store }, new RunControl());
  expect(waiting.status).toBe('QUEUED');
  expect(waiting.nextAttemptAt).toBeGreaterThan(Date.now() + 500_000);
  expect(stage.attempts).toEqual([0]);
});
