import { ServiceError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { Ingestion } from '../model/ingestion.ts';
import type { LogEvent, Logger } from '../model/logger.ts';
import { fileIdOf, ingestionIdOf, RESUME_VERSION } from '../protocol/identity.ts';
import type { IngestRequest } from '../protocol/ingest-request.ts';
import type { StateStore } from '../state/state-store.ts';
import type { IngestionQueue } from './ingestion-queue.ts';
import type { IngestionService } from './ingestion-service.ts';
import type { RunDependencies } from './run-context.ts';
import { decideSubmission, type SubmissionContext } from './submit-ingestion.ts';

/** Decides which URLs may be called; throws CALLBACK_NOT_ALLOWED. */
export interface CallbackCheck {
  checkUrl(url: string): Promise<void>;
}

/** What the ingestion service works with. */
export interface IngestionServiceOptions {
  readonly store: Pick<StateStore, 'submit' | 'applyEvent' | 'countByStatus'>;
  readonly queue: Pick<IngestionQueue, 'isOpen' | 'wake' | 'halt' | 'announceChange'>;
  readonly guard: CallbackCheck;
  readonly openSource: RunDependencies['openSource'];
  readonly announceStatus: RunDependencies['announceStatus'];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxQueued: number;
  readonly defaults: SubmissionContext['defaults'];
}

/** The {@link IngestionService} on a store and a queue. */
export function createIngestionService(options: IngestionServiceOptions): IngestionService {
  const { store, queue, guard, clock, logger } = options;

  async function fingerprintOf(filePath: string) {
    const { source } = await options.openSource(filePath);
    try {
      return await source.fingerprint();
    } finally {
      await source.close();
    }
  }

  async function apply(
    ingestionId: string,
    event: 'pause' | 'resume' | 'cancel',
    logEvent: LogEvent,
  ): Promise<Ingestion> {
    const ingestion = await store.applyEvent(ingestionId, event, clock.now());
    logger.info(logEvent, { ingestion_id: ingestionId, by: 'request' });
    return ingestion;
  }

  return {
    async submit(request, idempotency) {
      refuseWhenClosed(queue);
      await checkCallbacks(guard, request);
      const fileId = fileIdOf(request.filePath, request.fileType);
      const context: SubmissionContext = {
        now: clock.now(),
        fingerprint: await fingerprintOf(request.filePath),
        maxQueued: options.maxQueued,
        defaults: options.defaults,
      };
      const key = {
        fileId,
        resumeIngestionId: ingestionIdOf(fileId, RESUME_VERSION),
        callbackUrl: request.callbackUrl,
        idempotency,
        now: context.now,
      };
      const answer = await store.submit(key, (met) => decideSubmission(request, met, context));
      logger.info('ingestion.submitted', { ingestion_id: answer.ingestionId, answer: answer.status });
      if (answer.changed.length > 0) queue.announceChange(answer.ingestionId);
      queue.wake();
      return answer;
    },

    async pause(ingestionId) {
      const ingestion = await apply(ingestionId, 'pause', 'ingestion.paused');
      queue.halt(ingestionId);
      options.announceStatus(ingestion, 'PAUSED');
      return ingestion;
    },

    async resume(ingestionId) {
      refuseWhenClosed(queue);
      const { QUEUED: queuedCount } = await store.countByStatus();
      if (queuedCount >= options.maxQueued) throw new ServiceError('QUEUE_FULL');
      const ingestion = await apply(ingestionId, 'resume', 'ingestion.resumed');
      queue.wake();
      return ingestion;
    },

    async cancel(ingestionId) {
      const ingestion = await apply(ingestionId, 'cancel', 'ingestion.cancelled');
      queue.halt(ingestionId);
      options.announceStatus(ingestion, 'CANCELLED');
      return ingestion;
    },
  };
}

function refuseWhenClosed(queue: Pick<IngestionQueue, 'isOpen'>): void {
  if (!queue.isOpen) throw new ServiceError('SHUTTING_DOWN');
}

async function checkCallbacks(guard: CallbackCheck, request: IngestRequest): Promise<void> {
  await guard.checkUrl(request.callbackUrl);
  if (request.statusUrl !== null) await guard.checkUrl(request.statusUrl);
}
