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
import { fail, giveBack, pause, stop } from './run-endings.ts';
import { chunkJournal, planAfter } from './run-journal.ts';
import {
  checkOpenedSource,
  isSourceUntouched,
  type OpenedSource,
  refuseTouchedSource,
  withSession,
} from './source-check.ts';
import { splitPlan } from './split-plan.ts';

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

/** Plans that a file no longer bears out are dropped where nothing of them was attempted; in all other cases the error stands. */
async function recoverFromChange(context: RunContext, opened: OpenedSource, error: unknown): Promise<LegEnd> {
  const isChanged = error instanceof ServiceError && error.code === 'SOURCE_CHANGED';
  if (!isChanged || context.ingestion.highestPlannedChunk < 0) throw error;
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

  constructor(context: RunContext, destination: Destination, opened: OpenedSource) {
    this.#context = context;
    this.#destination = destination;
    this.#opened = opened;
  }

  async run(): Promise<LegEnd> {
    const { nextChunkNumber, isAtEnd } = this.#context.ingestion.checkpoint;
    const lastAcked = nextChunkNumber === 0 ? null : await this.#context.planOnRecord(nextChunkNumber - 1);
    try {
      return await withSession(this.#context, this.#opened, lastAcked, async (session, recordPath) => {
        await this.#keepRecordPath(recordPath);
        if (lastAcked !== null) await session.verify(lastAcked.plan);
        return isAtEnd ? this.#complete() : this.#deliverChunks(session);
      });
    } catch (error) {
      // Whatever a file under change makes of its reader says nothing about the file.
      if (isOfTheStore(error) || (await isSourceUntouched(this.#context, this.#opened.source))) throw error;
      const { logger } = this.#context.dependencies;
      logger.warn('source.touched', { ingestion_id: this.#context.key.ingestionId });
      return 'touched';
    }
  }

  async #keepRecordPath(recordPath: string | null): Promise<void> {
    await refuseTouchedSource(this.#context, this.#opened.source);
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
      checkSource: () => refuseTouchedSource(context, this.#opened.source),
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
    await refuseTouchedSource(this.#context, this.#opened.source);
    return endOf(this.#context, await deliverCompletion(this.#context, this.#destination));
  }
}

function isOfTheStore(error: unknown): boolean {
  return error instanceof ServiceError && (error.code === 'RUN_OVERTAKEN' || error.code === 'STATE_UNAVAILABLE');
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
    case 'stopped':
      if (context.control.takeChange()) return reloaded(context);
      await stop(context);
      return 'ended';
  }
}
