import { chunkBounds } from '../chunking/chunk-bounds.ts';
import { crashPoint } from '../crash-point.ts';
import type { DeliveryResult } from '../delivery/deliver-chunk.ts';
import type { Destination } from '../delivery/destination.ts';
import { ServiceError } from '../errors.ts';
import type { Chunk, PlannedChunk } from '../model/chunk.ts';
import { ChunkLookahead } from './chunk-lookahead.ts';
import type { ChunkSession } from './chunk-session.ts';
import { deliverCompletion, deliverTarget } from './deliver-target.ts';
import type { RunContext } from './run-context.ts';
import { fail, giveBack, pause } from './run-endings.ts';
import { chunkJournal, planAfter } from './run-journal.ts';
import { checkOpenedSource, isSourceUntouched, type OpenedSource, openSession } from './source-check.ts';
import { splitPlan } from './split-plan.ts';

/** `again`: the next leg goes on from what is on record; `ended`: this run is over. */
export type LegEnd = 'again' | 'ended';

/** One leg of a run, see run-ingestion.ts. Throws what ends a run with an error. */
export async function runLeg(context: RunContext): Promise<LegEnd> {
  const destination = context.dependencies.createDestination(context.ingestion);
  try {
    const { checkpoint, completedAt } = context.ingestion;
    // Asked to say COMPLETED again: nothing of the source is needed, which may be gone by now, unless the receiver asks for a rewind.
    if (completedAt !== null && checkpoint.isAtEnd) {
      return await endOf(context, await deliverCompletion(context, destination));
    }
    const opened = await context.dependencies.openSource(context.ingestion.filePath);
    try {
      await checkOpenedSource(context, opened);
      return await new Leg(context, destination, opened).run();
    } catch (error) {
      return await recoverFromChange(context, opened, error);
    } finally {
      await opened.source.close();
    }
  } finally {
    await destination.close();
  }
}

/** A file that changed before anything of it was attempted is taken as it is now; in all other cases the error stands. */
async function recoverFromChange(context: RunContext, opened: OpenedSource, error: unknown): Promise<LegEnd> {
  if (!(error instanceof ServiceError) || error.code !== 'SOURCE_CHANGED') throw error;
  const current = await opened.source.fingerprint();
  const restarted = await context.dependencies.store.restartUnbegun(context.key, current);
  if (restarted === null) throw error;
  context.update(restarted);
  return 'again';
}

class Leg {
  readonly #context: RunContext;
  readonly #destination: Destination;
  readonly #opened: OpenedSource;
  /** Set where the opened file is no longer what was fingerprinted: the next leg opens it anew and decides. */
  #isSourceTouched = false;

  constructor(context: RunContext, destination: Destination, opened: OpenedSource) {
    this.#context = context;
    this.#destination = destination;
    this.#opened = opened;
  }

  async run(): Promise<LegEnd> {
    const { checkpoint } = this.#context.ingestion;
    const lastAcked =
      checkpoint.nextChunkNumber === 0 ? null : await this.#context.planOnRecord(checkpoint.nextChunkNumber - 1);
    const session = openSession(this.#context, this.#opened, lastAcked);
    try {
      await this.#open(session);
      if (lastAcked !== null) await session.verify(lastAcked.plan);
      return checkpoint.isAtEnd ? await this.#complete() : await this.#deliverChunks(session);
    } catch (error) {
      if (this.#isSourceTouched) return 'again';
      throw error;
    } finally {
      await session.close();
    }
  }

  async #open(session: ChunkSession): Promise<void> {
    const { recordPath } = await session.opened();
    await this.#refuseTouchedSource();
    const { ingestion, dependencies, key } = this.#context;
    if (ingestion.read.recordPath === null && recordPath !== null) {
      await this.#context.afterwards(dependencies.store.recordRecordPath(key, recordPath));
    }
  }

  async #deliverChunks(session: ChunkSession): Promise<LegEnd> {
    const context = this.#context;
    const { ingestion } = context;
    const lookahead = new ChunkLookahead({
      session,
      firstChunkNumber: ingestion.checkpoint.nextChunkNumber,
      highestPlannedChunk: ingestion.highestPlannedChunk,
      planOnRecord: (chunkNumber) => context.planOnRecord(chunkNumber),
      bounds: chunkBounds(ingestion.delivery, ingestion.closeAtBytes),
      checkSource: () => this.#refuseTouchedSource(),
    });
    for (;;) {
      const ahead = await lookahead.take();
      if (ahead === null) return this.#complete();
      const current = await this.#planned(ahead.chunk);
      crashPoint('planned-not-sent');
      const result = await deliverTarget(context, this.#destination, {
        target: { kind: 'chunk', chunk: ahead.chunk },
        journal: chunkJournal(context, current, lookahead),
      });
      if (result.kind === 'split') {
        await splitPlan(context, this.#opened, current);
        return 'again';
      }
      if (result.kind !== 'acknowledged') return endOf(context, result);
      if (!context.isHeld) return 'ended';
      if (context.control.stopSignal.aborted) return endOf(context, { kind: 'stopped' });
      if (context.control.takeChange()) return reloaded(context);
    }
  }

  /** The chunk's plan on record, put there now if the acknowledgement before it did not bring it along. */
  async #planned({ plan }: Chunk): Promise<PlannedChunk> {
    const { highestPlannedChunk, checkpoint } = this.#context.ingestion;
    if (plan.chunkNumber <= highestPlannedChunk) return this.#context.planOnRecord(plan.chunkNumber);
    crashPoint('before-plan');
    const planned = planAfter(checkpoint.chainChecksum, plan);
    const { store } = this.#context.dependencies;
    await this.#context.afterwards(store.planChunk(this.#context.key, planned, this.#context.now()));
    return planned;
  }

  async #complete(): Promise<LegEnd> {
    const { checkpoint } = this.#context.ingestion;
    // A record followed the last acknowledged chunk when that was planned, and now none does.
    if (checkpoint.nextChunkNumber > 0 && !checkpoint.isAtEnd) throw new ServiceError('SOURCE_CHANGED');
    await this.#refuseTouchedSource();
    return endOf(this.#context, await deliverCompletion(this.#context, this.#destination));
  }

  async #refuseTouchedSource(): Promise<void> {
    if (await isSourceUntouched(this.#context, this.#opened.source)) return;
    this.#isSourceTouched = true;
    throw new ServiceError('SOURCE_CHANGED');
  }
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
      await pause(context, result.error);
      return 'ended';
    case 'failed':
      await fail(context, result.error);
      return 'ended';
    case 'stopped': {
      if (context.control.takeChange()) return reloaded(context);
      await context.reload();
      // Stopped by a person: the move is on record. By a shutdown: the ingestion goes back to its place in the queue.
      if (context.isHeld) await giveBack(context, context.ingestion.nextAttemptAt);
      return 'ended';
    }
  }
}
