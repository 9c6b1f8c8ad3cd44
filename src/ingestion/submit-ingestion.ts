/**
 * The decision table of docs/protocol.md "Asking for an ingestion", pure: what a request meets → what is answered and done. It runs inside of
 * the store's transaction, so that of any number of equal requests exactly one starts anything.
 */
import { isDeepStrictEqual } from 'node:util';
import { ServiceError } from '../errors.ts';
import type { DeliverySettings, Ingestion, ReadSettings, SourceFingerprint } from '../model/ingestion.ts';
import { fileIdOf, ingestionIdOf, RESUME_VERSION } from '../protocol/identity.ts';
import type { IngestRequest } from '../protocol/ingest-request.ts';
import { compareFingerprints, describeChange } from '../sources/compare-fingerprints.ts';
import type { DeletedIngestion, MetState, SubmissionAnswer, SubmissionDecision } from '../state/state-store.ts';

const NS_PER_MS = 1_000_000n;

/** What a decision depends on beside the request and what it meets. */
export interface SubmissionContext {
  /** Wall clock, ms. */
  readonly now: number;
  /** The file as it is. */
  readonly fingerprint: SourceFingerprint;
  readonly maxQueued: number;
  /** The service's settings, for what a first request leaves out. */
  readonly defaults: {
    readonly maxDepth: number;
    readonly maxRecordBytes: number;
    readonly retryWindowMs: number;
    readonly maxDelayMs: number;
  };
}

/** Decides on a request. Throws SOURCE_CHANGED, REQUEST_CHANGED, DELIVERED_ELSEWHERE, HISTORY_DELETED, QUEUE_FULL. */
export function decideSubmission(
  request: IngestRequest,
  met: MetState,
  context: SubmissionContext,
): SubmissionDecision {
  return request.reIngestion ? decideReIngestion(request, met, context) : decideResumable(request, met, context);
}

function decideReIngestion(request: IngestRequest, met: MetState, context: SubmissionContext): SubmissionDecision {
  const active = met.activeReingestions.at(-1);
  if (active !== undefined && compareFingerprints(active.fingerprint, context.fingerprint) !== 'changed') {
    return meetActive(request, active);
  }
  // Two in one millisecond: the later takes the next free one.
  const version = String(Math.max(context.now, (met.highestVersionMs ?? 0) + 1));
  return create(request, version, { met, context });
}

function decideResumable(request: IngestRequest, met: MetState, context: SubmissionContext): SubmissionDecision {
  const { resumable: ingestion, deleted } = met;
  if (deleted !== null && deleted.extent !== 'none') return meetDeleted(request, deleted, context);
  if (ingestion === null) return create(request, RESUME_VERSION, { met, context });

  const isFixed = met.hasBegunAttempts || ingestion.completedAt !== null;
  if (isFixed) refuseChangedSource(ingestion, context.fingerprint);
  if (isFixed || ingestion.status === 'RUNNING') refuseChangedReading(request, ingestion);
  if (ingestion.completedAt !== null)
    refuseOtherCallback(request, ingestion.ingestionId, ingestion.delivery.callbackUrl);

  switch (ingestion.status) {
    case 'COMPLETED':
      return { answer: answerFor(ingestion, 'COMPLETED', []) };
    case 'RUNNING':
      return meetActive(request, ingestion);
    case 'QUEUED':
      return takeOver(request, ingestion, { isFixed, context, isResumed: false });
    case 'PAUSED':
    case 'FAILED':
    case 'CANCELLED':
      refuseFullQueue(met, context);
      return takeOver(request, ingestion, { isFixed, context, isResumed: true });
  }
}

/** Of what was completed enough is kept to answer as before; of what was delivered in part nobody knows any more where to go on. */
function meetDeleted(
  request: IngestRequest,
  deleted: DeletedIngestion,
  context: SubmissionContext,
): SubmissionDecision {
  if (deleted.extent !== 'all') {
    const isForeign = deleted.fingerprint === null;
    throw new ServiceError('HISTORY_DELETED', {
      ...(isForeign ? { detail: 'Another service, whose state was imported, had delivered a part of the file.' } : {}),
      data: { ingestion_id: deleted.ingestionId },
    });
  }
  const { ingestionId, fingerprint, callbackUrl } = deleted;
  if (fingerprint === null) refuseNewerSource(deleted, context.fingerprint);
  else refuseChangedSource({ ingestionId, fingerprint }, context.fingerprint);
  if (callbackUrl !== null) refuseOtherCallback(request, ingestionId, callbackUrl);
  const fileId = fileIdOf(request.filePath, request.fileType);
  return { answer: answerFor({ ingestionId, fileId }, 'COMPLETED', []) };
}

/** All that is known of a file that another service delivered is how long ago at least that was: what was written since, nobody has delivered. */
function refuseNewerSource(
  { ingestionId, completedAt }: DeletedIngestion,
  { fileCount, mtimeNs }: SourceFingerprint,
): void {
  // Of several files the fingerprint has no single time.
  const isSingle = fileCount === undefined;
  if (isSingle && BigInt(mtimeNs) <= BigInt(completedAt ?? 0) * NS_PER_MS) return;
  const since = new Date(completedAt ?? 0).toISOString();
  const seen = isSingle ? 'It was written to' : 'Nobody can tell whether its files were written to';
  throw new ServiceError('SOURCE_CHANGED', {
    detail: `${seen} after ${since}, when the service that had delivered it was last at work.`,
    data: { ingestion_id: ingestionId },
  });
}

function create(
  request: IngestRequest,
  version: string,
  { met, context }: { met: MetState; context: SubmissionContext },
): SubmissionDecision {
  refuseFullQueue(met, context);
  const fileId = fileIdOf(request.filePath, request.fileType);
  const ingestionId = ingestionIdOf(fileId, version);
  const { maxDepth, maxRecordBytes, retryWindowMs, maxDelayMs } = context.defaults;
  const delivery: DeliverySettings = {
    callbackUrl: request.callbackUrl,
    chunkSizeByRecords: 0,
    chunkSizeByMemory: 0,
    retryWindowMs,
    maxDelayMs,
    callbackHeaders: null,
    callbackSecret: null,
    statusUrl: null,
    maxBadRecords: null,
    ...broughtDelivery(request),
  };
  return {
    answer: { status: 'STARTED', ingestionId, fileId, changed: [] },
    create: {
      ingestionId,
      fileId,
      version,
      filePath: request.filePath,
      fileType: request.fileType,
      read: {
        recordPath: request.recordPath,
        isRecordPathFound: false,
        numberForm: request.numberForm ?? 'exact',
        maxDepth,
        maxRecordBytes,
        format: request.format ?? request.defaultFormat,
        onBadRecord: request.onBadRecord ?? 'fail',
      },
      delivery,
      fingerprint: context.fingerprint,
    },
  };
}

/**
 * It waits or runs: nothing starts twice, what the request brings for its delivery holds from the next attempt. Bad records that are set aside from here
 * on give its slot back, for what was read ahead was not read so.
 */
function meetActive(request: IngestRequest, ingestion: Ingestion): SubmissionDecision {
  const { update, changed } = takenOver(request, ingestion);
  return { answer: answerFor(ingestion, 'RUNNING', changed), ...(changed.length === 0 ? {} : { update }) };
}

/** What a request changes of an ingestion, and the wire names of that. */
interface Taken {
  readonly update: NonNullable<SubmissionDecision['update']>;
  readonly changed: readonly string[];
}

function takeOver(
  request: IngestRequest,
  ingestion: Ingestion,
  how: { readonly isFixed: boolean; readonly context: SubmissionContext; readonly isResumed: boolean },
): SubmissionDecision {
  const kept = takenOver(request, ingestion);
  const anew = how.isFixed ? { update: {}, changed: [] } : takenAnew(request, ingestion, how.context);
  return {
    answer: answerFor(ingestion, how.isResumed ? 'RESUMED' : 'RUNNING', [...kept.changed, ...anew.changed]),
    update: { ...kept.update, ...anew.update, resume: how.isResumed },
  };
}

/** What changes under plans that are frozen already: how it is delivered, and that bad records no longer end it. */
function takenOver(request: IngestRequest, { delivery: current, read }: Ingestion): Taken {
  const { delivery, changed } = changedDelivery(request, current);
  const setsAside = read.onBadRecord === 'fail' && request.onBadRecord === 'quarantine';
  return {
    update: {
      ...(changed.length === 0 ? {} : { delivery }),
      ...(setsAside ? { read: { ...read, onBadRecord: 'quarantine' } } : {}),
    },
    changed: setsAside ? [...changed, 'on_bad_record'] : changed,
  };
}

/** Where no attempt was ever begun nothing is frozen: the file is taken as it is now, and read as the request says now. */
function takenAnew(request: IngestRequest, ingestion: Ingestion, { fingerprint }: SubmissionContext): Taken {
  const read: ReadSettings = {
    ...ingestion.read,
    ...recordPathAnew(request, ingestion.read),
    numberForm: request.numberForm ?? ingestion.read.numberForm,
    format: request.format ?? ingestion.read.format,
    onBadRecord: request.onBadRecord ?? ingestion.read.onBadRecord,
  };
  const changed = changedReading(request, ingestion.read);
  return { update: { read, fingerprint, discardPlans: true }, changed };
}

/** What was found in the file says nothing of the file as it is now. */
function recordPathAnew(
  request: IngestRequest,
  read: ReadSettings,
): Pick<ReadSettings, 'recordPath' | 'isRecordPathFound'> {
  const askedFor = request.recordPath ?? (read.isRecordPathFound ? null : read.recordPath);
  return { recordPath: askedFor, isRecordPathFound: false };
}

function refuseChangedSource(
  ingestion: Pick<Ingestion, 'ingestionId' | 'fingerprint'>,
  current: SourceFingerprint,
): void {
  if (compareFingerprints(ingestion.fingerprint, current) !== 'changed') return;
  const detail = describeChange(ingestion.fingerprint, current);
  throw new ServiceError('SOURCE_CHANGED', {
    ...(detail === undefined ? {} : { detail }),
    data: { ingestion_id: ingestion.ingestionId },
  });
}

function refuseChangedReading(request: IngestRequest, ingestion: Ingestion): void {
  const fields = changedReading(request, ingestion.read);
  if (fields.length === 0) return;
  throw new ServiceError('REQUEST_CHANGED', {
    fields: fields.map((field) => ({ field, message: 'differs from what the delivery was begun with' })),
    data: { ingestion_id: ingestion.ingestionId },
  });
}

/** Also where it was resumed since, to say COMPLETED again: another receiver would be told of records that it never got. */
function refuseOtherCallback(request: IngestRequest, ingestionId: string, callbackUrl: string): void {
  if (request.callbackUrl === callbackUrl) return;
  throw new ServiceError('DELIVERED_ELSEWHERE', { data: { ingestion_id: ingestionId } });
}

function refuseFullQueue(met: MetState, context: SubmissionContext): void {
  if (met.queuedCount < context.maxQueued) return;
  throw new ServiceError('QUEUE_FULL', { detail: `${met.queuedCount} ingestions are waiting already.` });
}

/**
 * Wire names of what decides which records there are and differs; what a request leaves out stays as it is. That bad records are set aside from here on is
 * none of it: what was delivered stays as it is.
 */
function changedReading(request: IngestRequest, read: ReadSettings): string[] {
  const changed: string[] = [];
  const isOtherPath = request.recordPath !== null && request.recordPath !== read.recordPath;
  if (isOtherPath) changed.push('record_path');
  if (request.numberForm !== null && request.numberForm !== read.numberForm) changed.push('number_form');
  const isOtherFormat = request.format !== null && !isDeepStrictEqual(request.format, read.format);
  if (isOtherFormat) changed.push('format');
  if (request.onBadRecord === 'fail' && read.onBadRecord === 'quarantine') changed.push('on_bad_record');
  return changed;
}

/** The wire field of each delivery setting, as `changed` names it. */
const WIRE_FIELDS: Readonly<Record<keyof DeliverySettings, string>> = {
  callbackUrl: 'callback_url',
  chunkSizeByRecords: 'chunk_size_by_records',
  chunkSizeByMemory: 'chunk_size_by_memory',
  retryWindowMs: 'retry.window',
  maxDelayMs: 'retry.max_delay',
  callbackHeaders: 'callback_headers',
  callbackSecret: 'callback_secret',
  statusUrl: 'status_url',
  maxBadRecords: 'max_bad_records',
};

function broughtDelivery(request: IngestRequest): Partial<DeliverySettings> {
  const brought = Object.keys(WIRE_FIELDS).map((key) => [key, request[key as keyof DeliverySettings]] as const);
  return Object.fromEntries(brought.filter(([, value]) => value !== null));
}

function changedDelivery(
  request: IngestRequest,
  current: DeliverySettings,
): { delivery: DeliverySettings; changed: string[] } {
  const delivery = { ...current, ...broughtDelivery(request) };
  const keys = Object.keys(WIRE_FIELDS) as (keyof DeliverySettings)[];
  const isChanged = (key: keyof DeliverySettings) => JSON.stringify(delivery[key]) !== JSON.stringify(current[key]);
  return { delivery, changed: keys.filter(isChanged).map((key) => WIRE_FIELDS[key]) };
}

function answerFor(
  ingestion: Pick<Ingestion, 'ingestionId' | 'fileId'>,
  status: SubmissionAnswer['status'],
  changed: readonly string[],
): SubmissionAnswer {
  return { status, ingestionId: ingestion.ingestionId, fileId: ingestion.fileId, changed };
}
