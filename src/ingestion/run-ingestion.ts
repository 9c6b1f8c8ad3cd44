/**
 * One run of one ingestion, from the slot it was given until it is completed, failed, paused, waits, or is asked to stop.
 *
 * It goes in legs. A leg opens the source, holds it against what is on record, rebuilds the last acknowledged chunk and the planned
 * one, and delivers from there. Whatever needs the source at another place (a rewind, a chunk cut in half, changed bounds, a file that
 * was touched) ends the leg, and the next one finds in the store where to go on: the same way as after a crash, so that no way exists
 * that only crashes take.
 */
import { type ErrorCode, type ErrorRecord, type ServiceError, toErrorRecord, toServiceError } from '../errors.ts';
import type { ClaimedIngestion } from '../state/state-store.ts';
import { RunContext, type RunDependencies } from './run-context.ts';
import type { RunControl } from './run-control.ts';
import { fail, pause, stop } from './run-endings.ts';
import { type LegEnd, runLeg } from './run-leg.ts';

/** While the store cannot be written, how long until a run tries again to give its ingestion back: at first, then twice as long each time, at most. */
const FIRST_STORE_RETRY_MS = 1_000;
const LONGEST_STORE_RETRY_MS = 30_000;

/** By the sizes of chunks, and by `max_bad_records`. */
const OF_SETTINGS: ReadonlySet<ErrorCode> = new Set(['RECORD_TOO_LARGE', 'TOO_MANY_BAD_RECORDS']);

/** A file that changes while it is read may still be written: how long until it is looked at again. */
const SOURCE_SETTLE_MS = 1_000;

/** Carries a claimed ingestion on. Does not throw: whatever ends the run is on record, or another run's business. */
export async function runIngestion(
  claimed: ClaimedIngestion,
  control: RunControl,
  dependencies: RunDependencies,
): Promise<void> {
  const context = new RunContext(claimed, control, dependencies);
  const { logger } = dependencies;
  logger.info('ingestion.started', { ingestion_id: claimed.ingestionId, epoch: claimed.epoch });
  if (claimed.isFirstRun) dependencies.announceStatus(claimed, 'STARTED');
  try {
    await runLegs(context);
  } catch (error) {
    await endWithError(context, toServiceError(error));
  }
}

async function runLegs(context: RunContext): Promise<void> {
  const { stopSignal } = context.control;
  let end: LegEnd = 'again';
  while (end !== 'ended') {
    if (end === 'touched') await context.dependencies.clock.sleep(SOURCE_SETTLE_MS, stopSignal);
    if (stopSignal.aborted) return stop(context);
    end = await runLeg(context).catch((error: unknown) => orOtherSettings(context, error));
  }
}

/** What the settings forbade others may allow, which a request has brought meanwhile: they are tried. Throws the error where there are none. */
async function orOtherSettings(context: RunContext, error: unknown): Promise<LegEnd> {
  if (!OF_SETTINGS.has(toServiceError(error).code) || !context.control.takeChange()) throw error;
  await context.reload();
  return context.isHeld ? 'again' : 'ended';
}

/** Puts on record why a run ended. */
async function endWithError(context: RunContext, error: ServiceError): Promise<void> {
  try {
    await recordEnd(context, error);
  } catch (secondError) {
    await endWithoutStore(context, toServiceError(secondError));
  }
}

async function recordEnd(context: RunContext, error: ServiceError): Promise<void> {
  const { dependencies, key, control } = context;
  if (error.code === 'RUN_OVERTAKEN') return;
  if (control.stopSignal.aborted) return stop(context);
  if (error.code === 'STATE_UNAVAILABLE') throw error;
  const record = locatedIn(context.ingestion.filePath, toErrorRecord(error));
  // A medium that fails is mended by people and nothing was wrong with the file: it waits for them, it has not failed.
  if (error.code === 'SOURCE_UNREADABLE') return pause(context, record);
  if (error.code === 'INTERNAL') {
    const { cause, stack = error.message } = error;
    const causedBy = cause instanceof Error ? (cause.stack ?? cause.message) : undefined;
    dependencies.logger.error('run.failed', { ingestion_id: key.ingestionId, stack, caused_by: causedBy });
  }
  return fail(context, record);
}

/** The store refuses writes: the ingestion stays RUNNING on record until it can be given back, or the process ends and recovers it. */
async function endWithoutStore(context: RunContext, error: ServiceError): Promise<void> {
  const { clock, logger } = context.dependencies;
  let latest = error;
  let retryMs = FIRST_STORE_RETRY_MS;
  while (latest.code !== 'RUN_OVERTAKEN' && !context.control.stopSignal.aborted) {
    logger.error('state.unavailable', {
      ingestion_id: context.key.ingestionId,
      code: latest.code,
      message: latest.message,
    });
    // No waiting mends it, and what is on record of the ingestion cannot be trusted: its slot is free for others.
    if (latest.code === 'STATE_DAMAGED') return;
    await clock.sleep(retryMs, context.control.stopSignal);
    retryMs = Math.min(2 * retryMs, LONGEST_STORE_RETRY_MS);
    try {
      // As a run that is asked to stop: what its receiver asked to wait for is on record and still holds.
      return await stop(context);
    } catch (again) {
      latest = toServiceError(again);
    }
  }
}

function locatedIn(file: string, error: ErrorRecord): ErrorRecord {
  return error.place === undefined ? error : { ...error, place: { file, ...error.place } };
}
