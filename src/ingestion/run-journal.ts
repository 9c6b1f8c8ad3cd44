import { crashPoint } from '../crash-point.ts';
import type { DeliveryJournal } from '../delivery/journal.ts';
import type { Chunk, ChunkPlan, PlannedChunk } from '../model/chunk.ts';
import { isTooManyBad } from '../model/max-bad-records.ts';
import { nextChainChecksum } from '../protocol/checksum.ts';
import type { AttemptTarget, PlanToRecord } from '../state/run-writes.ts';
import type { ChunkLookahead } from './chunk-lookahead.ts';
import type { RunContext } from './run-context.ts';

/**
 * The journal of one chunk: its acknowledgement is committed together with the plan of the next, where that is ready, and with the beginning of an attempt
 * at it: one commit for each chunk. Nothing waits between that commit and the first byte of the attempt.
 */
export function chunkJournal(context: RunContext, current: PlannedChunk, lookahead: ChunkLookahead): DeliveryJournal {
  const { chunkNumber } = current.plan;
  const { store } = context.dependencies;
  return {
    ...attemptJournal(context, chunkNumber),
    async recordAck(attempt) {
      const { ready } = lookahead;
      // What was read ahead was cut by the old settings: once these have changed it is not frozen any more.
      const isToFreeze = ready !== null && !ready.isOnRecord && !context.control.interruptionSignal.aborted;
      const next = isToFreeze ? planAfter(current.chainChecksum, ready.chunk) : null;
      const beginsNext = ready !== null && isSurelySent(context, ready.chunk);
      const ack = { chunkNumber, attempt, next, beginsNext, now: context.now() };
      const begun = context.takeStep(await store.recordAck(context.key, ack));
      if (next !== null && context.ingestion.highestPlannedChunk > chunkNumber) logPlanned(context, next.planned.plan);
      crashPoint('committed');
      return begun;
    },
  };
}

/** The journal of COMPLETED. */
export function completionJournal(context: RunContext): DeliveryJournal {
  const { store } = context.dependencies;
  return {
    ...attemptJournal(context, 'completion'),
    async recordAck(attempt) {
      context.update(await store.completeRun(context.key, attempt, context.now()));
      crashPoint('after-completed');
      return null;
    },
  };
}

/** A chunk's plan with the chain up to it, and the bad records that were set aside before what follows it. */
export function planAfter(chainChecksum: string, { plan, rejects }: Chunk): PlanToRecord {
  return { planned: { plan, chainChecksum: nextChainChecksum(chainChecksum, plan.checksum) }, rejects };
}

/** For whoever looks for a record: where in the source the chunk begins that will hold it. */
export function logPlanned({ dependencies, key }: RunContext, plan: ChunkPlan): void {
  const { chunkNumber, recordOffset, recordCount, firstPosition, checksum } = plan;
  dependencies.logger.debug('chunk.planned', {
    ingestion_id: key.ingestionId,
    chunk_number: chunkNumber,
    record_offset: recordOffset,
    record_count: recordCount,
    file_index: firstPosition.fileIndex,
    byte_offset: firstPosition.byteOffset,
    checksum,
  });
}

/**
 * Whether nothing that is known keeps the chunk that is next from being sent: nobody has asked the run to stop or changed its settings, and its bad records
 * cannot be too many, even where none of them is on record yet.
 */
export function isSurelySent({ control, ingestion }: RunContext, { plan, rejects }: Chunk): boolean {
  const tally = {
    badCount: ingestion.rejectedRecords + rejects.length,
    recordCount: plan.recordOffset + plan.recordCount,
    isAtEnd: plan.isLast,
  };
  return !control.interruptionSignal.aborted && !isTooManyBad(ingestion.delivery.maxBadRecords, tally);
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
      if (outcome.kind === 'rejected' && outcome.receiverError === 'CHUNK_ID_REUSED')
        warnOfReceiverAhead(context, target);
    },
    async takeEpochAbove(highestEpoch) {
      warnOfReceiverAhead(context, target, highestEpoch);
      const epoch = await store.takeEpochAbove(context.key, highestEpoch);
      context.update({ ...context.ingestion, epoch });
    },
  };
}

/**
 * The receiver has seen a later run, or has other bytes under a number that was never acknowledged here: this state is older than what was delivered from it,
 * as a restored backup is. What the receiver has it acknowledges again, so that nothing is lost or repeated; a person should know.
 */
function warnOfReceiverAhead({ dependencies, key }: RunContext, target: AttemptTarget, receiverEpoch?: number): void {
  dependencies.logger.warn('state.behind_receiver', {
    ingestion_id: key.ingestionId,
    chunk_number: target === 'completion' ? 'COMPLETED' : target,
    epoch: key.epoch,
    receiver_epoch: receiverEpoch,
  });
}
