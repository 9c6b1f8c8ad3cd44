import assert from 'node:assert/strict';
import { ServiceError } from '../src/errors.ts';
import type { PlannedChunk } from '../src/model/chunk.ts';
import type { Ingestion } from '../src/model/ingestion.ts';
import * as change from '../src/state/ingestion-changes.ts';
import type { PlanToRecord } from '../src/state/run-writes.ts';
import { openStateFile } from '../src/state/sqlite-state-file.ts';
import type { StateStore } from '../src/state/state-store.ts';

const CREATE = 'CREATE TABLE bench_position (position TEXT NOT NULL)';
const BEGIN = "INSERT INTO bench_position VALUES ('nothing')";
const MOVE = 'UPDATE bench_position SET position = ?';

/** Nothing fails, so no attempt is the second. */
const FIRST_AT_ONCE = { attempt: 1, isCertainlyNotStored: true } as const;

/**
 * A store that keeps the least a delivery must have on record to go on after a crash: the place behind the last acknowledged chunk, in the one row of a file of its own, with one
 * commit for each acknowledgement, as durable as those of the state. There is no ledger, no attempt and no event of it, and the ingestion itself is in memory alone. For one
 * delivery of which nothing fails; whatever a run does not do then is left to `state`.
 */
export function withPositionsOnly(state: StateStore, path: string): StateStore {
  const own = createPositions(state, path);
  return new Proxy(state, {
    get: (_, member) => {
      const owner = member in own ? own : state;
      const value: unknown = Reflect.get(owner, member);
      return typeof value === 'function' ? value.bind(owner) : value;
    },
  });
}

function createPositions(state: StateStore, path: string): Partial<StateStore> {
  const connection = openStateFile(path);
  connection.execute(CREATE);
  connection.execute(BEGIN);
  const move = connection.prepare<[string]>(MOVE);
  let claimed: Ingestion | null = null;
  const plans = new Map<number, PlannedChunk>();

  function current(): Ingestion {
    if (claimed === null) throw new ServiceError('RUN_OVERTAKEN');
    return claimed;
  }

  function freeze({ planned }: PlanToRecord): void {
    const { chunkNumber } = planned.plan;
    claimed = change.planned(current(), planned.plan, plans.get(chunkNumber - 1)?.plan ?? null);
    plans.set(chunkNumber, planned);
  }

  return {
    async claimNext(query) {
      if (claimed !== null) return null;
      const taken = await state.claimNext(query);
      claimed = taken;
      return taken;
    },
    getIngestion: async () => current(),
    getPlan: async (_, chunkNumber) => plans.get(chunkNumber) ?? null,
    async recordRecordPath(_, recordPath) {
      claimed = change.withFoundPath(current(), recordPath);
    },
    async planChunk(_, plan) {
      freeze(plan);
      return { ingestion: current(), begun: plan.begins === true ? FIRST_AT_ONCE : null };
    },
    beginAttempt: async () => FIRST_AT_ONCE,
    async recordAck(_, { chunkNumber, next, beginsNext, now }) {
      const acked = plans.get(chunkNumber);
      assert.ok(acked !== undefined, `chunk ${chunkNumber} must be planned`);
      claimed = change.acknowledged(current(), acked, now);
      plans.delete(chunkNumber - 1);
      if (next !== null) freeze(next);
      const position = JSON.stringify({ ...claimed.checkpoint, position: acked.plan.positionAfter });
      connection.transaction(() => move.run(position));
      return { ingestion: claimed, begun: beginsNext ? FIRST_AT_ONCE : null };
    },
    async completeRun(_, __, now) {
      claimed = change.completed(current(), now);
      return claimed;
    },
    async close() {
      connection.close();
      await state.close();
    },
  };
}
