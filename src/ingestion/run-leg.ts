import { chunkBounds } from '../chunking/chunk-bounds.ts';
import { crashPoint } from '../crash-point.ts';
import type { DeliveryResult } from '../delivery/deliver-chunk.ts';
import type { Destination } from '../delivery/destination.ts';
import type { BegunAttempt } from '../delivery/journal.ts';
import { type ErrorRecord, fromErrorRecord, ServiceError } from '../errors.ts';
import type { Chunk, ChunkPlan } from '../model/chunk.ts';
import { isTooManyBad } from '../model/max-bad-records.ts';
import type { BadRecord } from '../model/record.ts';
import type { SourceSet } from '../sources/source.ts';
import type { PlanToRecord } from '../state/run-writes.ts';
import { ChunkLookahead } from './chunk-lookahead.ts';
import type { ChunkSession } from './chunk-session.ts';
import { deliverCompletion, deliverTarget } from './deliver-target.ts';
import type { RunContext } from './run-context.ts';
import { fail, giveBack, pause, stop } from './run-endings.ts';
import { chunkJournal, isSurelySent, logPlanned, planAfter } from './run-journal.ts';
import { checkSources, refuseChangedSet, refuseTouchedFiles, refuseTouchedSources } from './source-check.ts';
import { splitPlan } from './split-plan.ts';
import { readingOf, withSession } from './with-session.ts';

/**
 * `again`: the next leg goes on from what is on record; `touched`: the opened file is no longer what was fingerprinted, so the next leg opens it anew and
 * decides; `ended`: this run is over.
 */
export type LegEnd = 'again' | 'touched' | 'ended';

/** One leg of a run, see run-ingestion.ts. Throws what ends a run with an error. */
export async function runLeg(context: RunContext): Promise<LegEnd> {
  const destination = context.dependencies.createDestination(context.ingestion);
  try {
    const { checkpoint, completedAt, highestPlannedChunk } = context.ingestion;
    // Asked to say COMPLETED again: nothing of the source is needed, which may be gone by now, unless the receiver asks for a rewind.
    if (completedAt !== null && checkpoint.nextChunkNumber > highestPlannedChunk) {
      return await endOf(context, await deliverCompletion(context, destination));
    }
    const sources = await context.dependencies.openSources(context.ingestion.filePath, context.ingestion.fileType);
    try {
      await checkSources(context, sources);
      return await new Leg(context, destination, sources).run();
    } catch (error) {
      return await recoverFromChange(context, error);
    }
  } finally {
    await destination.close();
  }
}

/** Plans that a file no longer bears out are dropped where nothing of them was attempted; in all other cases the error stands. */
async function recoverFromChange(context: RunContext, error: unknown): Promise<LegEnd> {
  const isChanged = error instanceof ServiceError && error.code === 'SOURCE_CHANGED';
  if (!isChanged || context.ingestion.highestPlannedChunk < 0) throw error;
  const { filePath, fileType } = context.ingestion;
  const { fingerprint: current } = await context.dependencies.openSources(filePath, fileType);
  const restarted = await context.dependencies.store.restartUnbegun(context.key, current);
  if (restarted === null) throw error;
  context.update(restarted);
  return 'again';
}

class Leg {
  readonly #context: RunContext;
  readonly #destination: Destination;
  readonly #sources: SourceSet;
  /** The last record behind the plans that no chunk under these bounds can take. */
  #tooLarge: ErrorRecord | null = null;

  constructor(context: RunContext, destination: Destination, sources: SourceSet) {
    this.#context = context;
    this.#destination = destination;
    this.#sources = sources;
  }

  async run(): Promise<LegEnd> {
    const { nextChunkNumber, isAtEnd } = this.#context.ingestion.checkpoint;
    const lastAcked = nextChunkNumber === 0 ? null : await this.#context.planOnRecord(nextChunkNumber - 1);
    const reading = readingOf(this.#context, this.#sources, lastAcked?.plan ?? null);
    try {
      return await withSession(reading, async (session, recordPath) => {
        await this.#keepRecordPath(recordPath);
        if (lastAcked !== null) await session.verify(lastAcked.plan);
        return isAtEnd ? this.#complete() : this.#deliverChunks(session);
      });
    } catch (error) {
      // Whatever a file under change makes of its reader says nothing about the file.
      const { isUntouched, logger } = this.#context.dependencies;
      if (isOfTheStore(error) || (await isUntouched(this.#sources, null))) throw error;
      logger.warn('source.touched', { ingestion_id: this.#context.key.ingestionId });
      return 'touched';
    }
  }

  async #keepRecordPath(recordPath: string | null): Promise<void> {
    await refuseTouchedSources(this.#context, this.#sources);
    const { ingestion, dependencies, key } = this.#context;
    if (ingestion.read.recordPath === null && recordPath !== null) {
      await this.#context.afterwards(dependencies.store.recordRecordPath(key, recordPath));
    }
  }

  async #deliverChunks(session: ChunkSession): Promise<LegEnd> {
    const context = this.#context;
    if (context.ingestion.rejectedRecords > 0) {
      context.update(await context.dependencies.store.dropRejectsBehindPlans(context.key));
    }
    const { ingestion } = context;
    const lookahead = new ChunkLookahead({
      session,
      firstChunkNumber: ingestion.checkpoint.nextChunkNumber,
      highestPlannedChunk: ingestion.highestPlannedChunk,
      planOnRecord: (chunkNumber) => context.planOnRecord(chunkNumber),
      bounds: chunkBounds(ingestion.delivery, ingestion.closeAtBytes),
      checkSource: ({ plan }) => refuseTouchedFiles(context, this.#sources, plan),
    });
    let begunAhead: BegunAttempt | null = null;
    for (;;) {
      const ahead = await lookahead.take();
      if (ahead.kind !== 'chunk') {
        await this.#setAside(ahead.rejects, ahead.kind === 'end');
        if (ahead.kind === 'end') return this.#complete();
        continue;
      }
      if (begunAhead === null && context.control.interruptionSignal.aborted) return endOf(context, { kind: 'stopped' });
      const toRecord = planAfter(context.ingestion.checkpoint.chainChecksum, ahead.chunk);
      const current = toRecord.planned;
      const begun: BegunAttempt | null = begunAhead ?? (await this.#plan(ahead.chunk, toRecord));
      if (begun === null) this.#judgeRejects(current.plan);
      crashPoint('planned-not-sent');
      const result = await deliverTarget(context, this.#destination, {
        target: { kind: 'chunk', chunk: ahead.chunk },
        journal: chunkJournal(context, current, lookahead),
        begun,
      });
      if (result.kind === 'split') {
        // No run has two threads at a time: what memory the service may take is counted by it.
        await session.close();
        await splitPlan(context, this.#sources, current);
        return 'again';
      }
      if (result.kind !== 'acknowledged') return endOf(context, result);
      if (!context.isHeld) return 'ended';
      begunAhead = result.begunNext;
      // What was begun is delivered, which puts on record where that was stopped; nothing else is planned or waited for.
      if (begunAhead === null && context.control.interruptionSignal.aborted) return endOf(context, { kind: 'stopped' });
    }
  }

  /** Puts a chunk's plan on record if the acknowledgement before it did not bring it along. Gives the attempt that was begun with it; null: none was. */
  async #plan(chunk: Chunk, toRecord: PlanToRecord): Promise<BegunAttempt | null> {
    const context = this.#context;
    if (chunk.plan.chunkNumber <= context.ingestion.highestPlannedChunk) return null;
    crashPoint('before-plan');
    const plan = { ...toRecord, begins: isSurelySent(context, chunk) };
    const step = await context.dependencies.store.planChunk(context.key, plan, context.now());
    logPlanned(context, chunk.plan);
    return context.takeStep(step);
  }

  /** Puts bad records on record that no plan brings along. */
  async #setAside(rejects: readonly BadRecord[], isAtEnd: boolean): Promise<void> {
    const context = this.#context;
    const { store } = context.dependencies;
    if (rejects.length > 0) context.update(await store.recordRejects(context.key, rejects, context.now()));
    this.#tooLarge = rejects.findLast(({ error }) => error.code === 'RECORD_TOO_LARGE')?.error ?? this.#tooLarge;
    refuseTooManyBad(context, context.ingestion.checkpoint.recordCount, isAtEnd);
  }

  /** Judges the bad records up to a new chunk; after a rewind there are more on record than up to the chunk that is sent again. */
  #judgeRejects(plan: ChunkPlan): void {
    if (plan.chunkNumber < this.#context.ingestion.highestPlannedChunk) return;
    refuseTooManyBad(this.#context, plan.recordOffset + plan.recordCount, plan.isLast);
  }

  async #complete(): Promise<LegEnd> {
    const { checkpoint } = this.#context.ingestion;
    if (checkpoint.nextChunkNumber > 0 && !checkpoint.isAtEnd) {
      // A record followed the last acknowledged chunk when that was planned, and now none does: smaller bounds make it too large, or it is gone.
      throw this.#tooLarge === null ? new ServiceError('SOURCE_CHANGED') : fromErrorRecord(this.#tooLarge);
    }
    await refuseTouchedSources(this.#context, this.#sources);
    await refuseChangedSet(this.#context);
    return endOf(this.#context, await deliverCompletion(this.#context, this.#destination));
  }
}

/**
 * Throws TOO_MANY_BAD_RECORDS. What was planned stays planned: where more are allowed, it goes on just here.
 * @param recordCount sound records up to here
 */
function refuseTooManyBad({ ingestion }: RunContext, recordCount: number, isAtEnd: boolean): void {
  const { rejectedRecords: badCount, delivery } = ingestion;
  if (!isTooManyBad(delivery.maxBadRecords, { badCount, recordCount, isAtEnd })) return;
  throw new ServiceError('TOO_MANY_BAD_RECORDS', {
    detail: `${badCount} records are bad, ${recordCount} are sound up to here.`,
    data: { rejected_records: badCount, records: recordCount },
  });
}

function isOfTheStore(error: unknown): boolean {
  return error instanceof ServiceError && (error.code === 'RUN_OVERTAKEN' || error.code.startsWith('STATE_'));
}

async function reloaded(context: RunContext): Promise<LegEnd> {
  await context.reload();
  return context.isHeld ? 'again' : 'ended';
}

/** Puts on record how a delivery ended, and says how the run goes on. */
async function endOf(context: RunContext, result: DeliveryResult): Promise<LegEnd> {
  switch (result.kind) {
    case 'acknowledged':
      return 'ended';
    case 'waits':
      await giveBack(context, result.until);
      return 'ended';
    case 'rewind': {
      const { store, logger } = context.dependencies;
      context.update(await store.rewindTo(context.key, result.toChunkNumber, context.now()));
      logger.warn('delivery.rewound', { ingestion_id: context.key.ingestionId, to_chunk: result.toChunkNumber });
      return 'again';
    }
    case 'split':
      throw new ServiceError('INTERNAL', { detail: 'COMPLETED cannot be cut in half.' });
    case 'paused':
    case 'failed':
      // Other settings hold from the next attempt: there is one.
      if (context.control.takeChange()) return reloaded(context);
      await (result.kind === 'paused' ? pause : fail)(context, result.error);
      return 'ended';
    case 'stopped':
      if (context.control.takeChange()) return reloaded(context);
      await stop(context);
      return 'ended';
  }
}
