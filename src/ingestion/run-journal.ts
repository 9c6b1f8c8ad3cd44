import { crashPoint } from '../crash-point.ts';
import type { DeliveryJournal } from '../delivery/journal.ts';
import type { Chunk, PlannedChunk } from '../model/chunk.ts';
import { nextChainChecksum } from '../protocol/checksum.ts';
import type { AttemptTarget, PlanToRecord } from '../state/state-store.ts';
import type { ChunkLookahead } from './chunk-lookahead.ts';
import type { RunContext } from './run-context.ts';

/** The journal of one chunk: its acknowledgement is committed together with the plan of the next, where that is ready. */
export function chunkJournal(context: RunContext, current: PlannedChunk, lookahead: ChunkLookahead): DeliveryJournal {
  const { chunkNumber } = current.plan;
  const { store } = context.dependencies;
  return {
    ...attemptJournal(context, chunkNumber),
    async recordAck(attempt) {
      const { ready } = lookahead;
      const next = ready === null || ready.isOnRecord ? null : planAfter(current.chainChecksum, ready.chunk);
      context.update(await store.recordAck(context.key, { chunkNumber, attempt, next, now: context.now() }));
      crashPoint('committed');
    },
  };
}

/** The journal of COMPLETED. */
export function completionJournal(context: RunContext): DeliveryJournal {
  const { store } = context.dependencies;
  return {
    ...attemptJournal(context, 'completion'),
    async recordAck(attempt) {
      await context.afterwards(store.completeRun(context.key, attempt, context.now()));
      crashPoint('after-completed');
    },
  };
}

/** A chunk's plan with the chain up to it, and the bad records that were set aside before what follows it. */
export function planAfter(chainChecksum: string, { plan, rejects }: Chunk): PlanToRecord {
  return { planned: { plan, chainChecksum: nextChainChecksum(chainChecksum, plan.checksum) }, rejects };
}

function attemptJournal(context: RunContext, target: AttemptTarget): Omit<DeliveryJournal, 'recordAck'> {
  const { store } = context.dependencies;
  return {
    async beginAttempt() {
      const begun = await store.beginAttempt(context.key, target, context.now());
      return { ...begun, epoch: context.key.epoch };
    },
    async recordFailure(attempt, outcome, { retry, nextAttemptAt }) {
      const failure = { attempt, outcome, retry, nextAttemptAt, now: context.now() };
      await context.afterwards(store.recordFailure(context.key, target, failure));
    },
    async takeEpochAbove(highestEpoch) {
      const epoch = await store.takeEpochAbove(context.key, highestEpoch);
      context.update({ ...context.ingestion, epoch });
    },
  };
}
