import { ServiceError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { Ingestion } from '../model/ingestion.ts';
import type { Logger } from '../model/logger.ts';
import { fileIdOf, ingestionIdOf, RESUME_VERSION } from '../protocol/identity.ts';
import type { IngestRequest } from '../protocol/ingest-request.ts';
import type { StateStore, SubmissionAnswer } from '../state/state-store.ts';
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
  readonly store: Pick<StateStore, 'submit' | 'applyEvent' | 'countQueued'>;
  readonly queue: Pick<IngestionQueue, 'isOpen' | 'admit' | 'halt' | 'announceChange'>;
  readonly guard: CallbackCheck;
  readonly openSources: RunDependencies['openSources'];
  readonly announceStatus: RunDependencies['announceStatus'];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxQueued: number;
  readonly defaults: SubmissionContext['defaults'];
}

/** The {@link IngestionService} on a store and a queue. */
export function createIngestionService(options: IngestionServiceOptions): IngestionService {
  return {
    submit: (request, idempotency) => submit(options, request, idempotency),
    pause: (ingestionId) => stop(options, ingestionId, 'pause'),
    resume: (ingestionId) => resume(options, ingestionId),
    cancel: (ingestionId) => stop(options, ingestionId, 'cancel'),
  };
}

async function submit(
  options: IngestionServiceOptions,
  ...[request, idempotency]: Parameters<IngestionService['submit']>
): Promise<SubmissionAnswer> {
  const { store, queue, clock, logger } = options;
  refuseWhenClosed(queue);
  await checkCallbacks(options.guard, request);
  const fileId = fileIdOf(request.filePath, request.fileType);
  const context: SubmissionContext = {
    now: clock.now(),
    fingerprint: (await options.openSources(request.filePath, request.fileType)).fingerprint,
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
  // Looking at the file took its time.
  refuseWhenClosed(queue);
  const answer = await store.submit(key, (met) => decideSubmission(request, met, context));
  logger.info('ingestion.submitted', { ingestion_id: answer.ingestionId, answer: answer.status });
  if (answer.changed.length > 0) queue.announceChange(answer.ingestionId);
  queue.admit(answer.ingestionId);
  return answer;
}

/** What a stop by a person is called in the log and told to a `status_url`. */
const STOPS = {
  pause: { logEvent: 'ingestion.paused', status: 'PAUSED' },
  cancel: { logEvent: 'ingestion.cancelled', status: 'CANCELLED' },
} as const;

async function stop(
  { store, queue, announceStatus, clock, logger }: IngestionServiceOptions,
  ingestionId: string,
  event: keyof typeof STOPS,
): Promise<Ingestion> {
  const { logEvent, status } = STOPS[event];
  const ingestion = await store.applyEvent(ingestionId, event, clock.now());
  logger.info(logEvent, { ingestion_id: ingestionId, by: 'request' });
  queue.halt(ingestionId);
  announceStatus(ingestion, status);
  return ingestion;
}

async function resume(
  { store, queue, clock, logger, maxQueued }: IngestionServiceOptions,
  ingestionId: string,
): Promise<Ingestion> {
  refuseWhenClosed(queue);
  if ((await store.countQueued()) >= maxQueued) throw new ServiceError('QUEUE_FULL');
  refuseWhenClosed(queue);
  const ingestion = await store.applyEvent(ingestionId, 'resume', clock.now());
  logger.info('ingestion.resumed', { ingestion_id: ingestionId, by: 'request' });
  queue.admit(ingestionId);
  return ingestion;
}

function refuseWhenClosed(queue: Pick<IngestionQueue, 'isOpen'>): void {
  if (!queue.isOpen) throw new ServiceError('SHUTTING_DOWN');
}

async function checkCallbacks(guard: CallbackCheck, request: IngestRequest): Promise<void> {
  await guard.checkUrl(request.callbackUrl);
  if (request.statusUrl !== null) await guard.checkUrl(request.statusUrl);
}
