import { describe, expect, it } from 'vitest';
import { decideSubmission, type SubmissionContext } from '../../src/ingestion/submit-ingestion.ts';
import type { Ingestion, SourceFingerprint, Status } from '../../src/model/ingestion.ts';
import { NO_FAILURES, STATUSES } from '../../src/model/ingestion.ts';
import { fileIdOf, ingestionIdOf } from '../../src/protocol/identity.ts';
import type { IngestRequest } from '../../src/protocol/ingest-request.ts';
import type { MetState } from '../../src/state/state-store.ts';

const FILE = '/feeds/products.json';
const HERE = 'https://shop.example/callback';
const ELSEWHERE = 'https://pim.example/callback';
const fileId = fileIdOf(FILE, 'json');
const resumeId = ingestionIdOf(fileId, 'resume');

const fingerprint: SourceFingerprint = {
  size: 100,
  mtimeNs: '1',
  ctimeNs: '1',
  inode: '1:1',
  headDigest: 'a'.repeat(64),
  tailDigest: 'b'.repeat(64),
};
const changedFingerprint: SourceFingerprint = { ...fingerprint, size: 101, mtimeNs: '2' };

const context: SubmissionContext = {
  now: 1_700_000_000_000,
  fingerprint,
  maxQueued: 10,
  defaults: { maxDepth: 256, maxRecordBytes: 1000, retryWindowMs: 72, maxDelayMs: 60 },
};

function request(over: Partial<IngestRequest> = {}): IngestRequest {
  return {
    filePath: FILE,
    fileType: 'json',
    callbackUrl: HERE,
    chunkSizeByRecords: null,
    chunkSizeByMemory: null,
    reIngestion: false,
    recordPath: null,
    numberForm: null,
    format: null,
    defaultFormat: { encoding: null },
    onBadRecord: null,
    maxBadRecords: null,
    retryWindowMs: null,
    maxDelayMs: null,
    callbackHeaders: null,
    callbackSecret: null,
    statusUrl: null,
    ...over,
  };
}

function ingestion(status: Status, over: Partial<Ingestion> = {}): Ingestion {
  return {
    ingestionId: resumeId,
    fileId,
    version: 'resume',
    filePath: FILE,
    fileType: 'json',
    read: {
      recordPath: 'products',
      isRecordPathFound: true,
      numberForm: 'exact',
      maxDepth: 256,
      maxRecordBytes: 1000,
      format: { encoding: null },
      onBadRecord: 'fail',
    },
    delivery: {
      callbackUrl: HERE,
      chunkSizeByRecords: 10,
      chunkSizeByMemory: 0,
      retryWindowMs: 72,
      maxDelayMs: 60,
      callbackHeaders: null,
      callbackSecret: null,
      statusUrl: null,
      maxBadRecords: null,
    },
    status,
    queueSequence: 1,
    epoch: 1,
    fingerprint,
    checkpoint: { nextChunkNumber: 2, recordCount: 20, sourceBytes: 50, chainChecksum: 'c'.repeat(64), isAtEnd: false },
    highestAckedChunk: 1,
    highestPlannedChunk: 2,
    closeAtBytes: null,
    retry: NO_FAILURES,
    nextAttemptAt: null,
    lastError: null,
    rejectedRecords: 0,
    createdAt: 1,
    updatedAt: 1,
    runStartedAt: 1,
    runStartedRecordCount: 0,
    completedAt: status === 'COMPLETED' ? 2 : null,
    ...over,
  };
}

function met(over: Partial<MetState> = {}): MetState {
  return {
    resumable: null,
    deleted: null,
    hasBegunAttempts: false,
    activeReingestions: [],
    highestVersionMs: null,
    queuedCount: 0,
    ...over,
  };
}

const metWith = (status: Status, over: Partial<Ingestion> = {}): MetState =>
  met({ resumable: ingestion(status, over), hasBegunAttempts: true });

const FIVE = { kind: 'count', count: 5 } as const;
const STOPPED: readonly Status[] = ['PAUSED', 'FAILED', 'CANCELLED'];
const UNFINISHED: readonly Status[] = ['QUEUED', 'RUNNING', ...STOPPED];

describe('a request without re_ingestion', () => {
  it('starts the resumable ingestion where there is none', () => {
    const { answer, create } = decideSubmission(request({ chunkSizeByRecords: 5 }), met(), context);
    expect(answer).toEqual({ status: 'STARTED', ingestionId: resumeId, fileId, changed: [] });
    expect(create).toMatchObject({
      version: 'resume',
      read: { format: { encoding: null }, onBadRecord: 'fail' },
      delivery: { chunkSizeByRecords: 5, retryWindowMs: 72, maxBadRecords: null },
    });
  });

  it('starts it with the options that it brings', () => {
    const brings = { format: { encoding: 'koi8-r' }, onBadRecord: 'quarantine', maxBadRecords: FIVE } as const;
    const { create } = decideSubmission(request(brings), met(), context);
    expect(create).toMatchObject({
      read: { format: { encoding: 'koi8-r' }, onBadRecord: 'quarantine' },
      delivery: { maxBadRecords: FIVE },
    });
  });

  it.each(['QUEUED', 'RUNNING'] as const)('starts nothing twice where it is %s', (status) => {
    const decision = decideSubmission(request(), metWith(status), context);
    expect(decision.answer).toMatchObject({ status: 'RUNNING', ingestionId: resumeId });
    expect(decision.create).toBeUndefined();
    expect(decision.update?.resume ?? false).toBe(false);
  });

  it.each(STOPPED)('resumes where it is %s', (status) => {
    const decision = decideSubmission(request(), metWith(status), context);
    expect(decision.answer.status).toBe('RESUMED');
    expect(decision.update).toMatchObject({ resume: true });
    expect(decision.update?.discardPlans).toBeUndefined();
  });

  it('answers COMPLETED and changes nothing where all of the same file was delivered', () => {
    const decision = decideSubmission(request({ chunkSizeByRecords: 3 }), metWith('COMPLETED'), context);
    expect(decision).toEqual({ answer: { status: 'COMPLETED', ingestionId: resumeId, fileId, changed: [] } });
  });

  it('refuses another callback once the file was delivered completely', () => {
    const decide = () => decideSubmission(request({ callbackUrl: ELSEWHERE }), metWith('COMPLETED'), context);
    expect(decide).toThrow(expect.objectContaining({ code: 'DELIVERED_ELSEWHERE' }));
  });

  it.each(STATUSES)('refuses a file that changed after an attempt was begun, met %s', (status) => {
    const decide = () => decideSubmission(request(), metWith(status), { ...context, fingerprint: changedFingerprint });
    expect(decide).toThrow(expect.objectContaining({ code: 'SOURCE_CHANGED' }));
  });

  it.each(STOPPED)('takes a changed file as it is where no attempt was ever begun, met %s', (status) => {
    const meets = met({ resumable: ingestion(status), hasBegunAttempts: false });
    const decision = decideSubmission(request(), meets, { ...context, fingerprint: changedFingerprint });
    expect(decision.update).toMatchObject({
      fingerprint: changedFingerprint,
      discardPlans: true,
      resume: true,
      read: { recordPath: null },
    });
  });

  it('takes a record_path that was asked for where no attempt was ever begun', () => {
    const meets = met({ resumable: ingestion('FAILED'), hasBegunAttempts: false });
    const decision = decideSubmission(request({ recordPath: 'items' }), meets, context);
    expect(decision.update?.read?.recordPath).toBe('items');
    expect(decision.answer.changed).toEqual(['record_path']);
  });

  it.each(STATUSES)('refuses to read other records than those begun with, naming the fields, met %s', (status) => {
    const decide = () =>
      decideSubmission(
        request({ recordPath: 'items', numberForm: 'jcs', format: { encoding: 'koi8-r' } }),
        metWith(status),
        context,
      );
    expect(decide).toThrow(
      expect.objectContaining({
        code: 'REQUEST_CHANGED',
        fields: ['record_path', 'number_form', 'format'].map((field) => expect.objectContaining({ field })),
      }),
    );
  });

  it.each(STATUSES)('takes options that are the same for the same, met %s', (status) => {
    const { answer } = decideSubmission(request({ format: { encoding: null } }), metWith(status), context);
    expect(answer.changed).toEqual([]);
  });

  it('reads with the options that it brings where no attempt was ever begun', () => {
    const meets = met({ resumable: ingestion('FAILED'), hasBegunAttempts: false });
    const brings = request({ format: { encoding: 'koi8-r' }, onBadRecord: 'quarantine' });
    const { answer, update } = decideSubmission(brings, meets, context);
    expect(update).toMatchObject({
      read: { format: { encoding: 'koi8-r' }, onBadRecord: 'quarantine' },
      discardPlans: true,
    });
    expect(answer.changed).toEqual(['on_bad_record', 'format']);
    const kept = decideSubmission(request(), meets, context);
    expect(kept.update?.read).toMatchObject({ format: { encoding: null }, onBadRecord: 'fail' });
  });

  it.each(UNFINISHED)(
    'sets bad records aside from here on where it asks for that, and keeps all plans, met %s',
    (status) => {
      const meets = metWith(status);
      const { answer, update } = decideSubmission(
        request({ onBadRecord: 'quarantine', maxBadRecords: FIVE }),
        meets,
        context,
      );
      expect(answer).toMatchObject({
        status: STOPPED.includes(status) ? 'RESUMED' : 'RUNNING',
        changed: ['max_bad_records', 'on_bad_record'],
      });
      expect(update?.read).toEqual({ ...meets.resumable?.read, onBadRecord: 'quarantine' });
      expect(update?.delivery).toMatchObject({ maxBadRecords: FIVE });
      expect([update?.discardPlans, update?.fingerprint]).toEqual([undefined, undefined]);
    },
  );

  it.each(STATUSES)('does not stop setting bad records aside once an attempt was begun, met %s', (status) => {
    const meets = metWith(status, { read: { ...ingestion(status).read, onBadRecord: 'quarantine' } });
    const decide = () => decideSubmission(request({ onBadRecord: 'fail' }), meets, context);
    expect(decide).toThrow(expect.objectContaining({ code: 'REQUEST_CHANGED' }));
    expect(decideSubmission(request({ onBadRecord: 'quarantine' }), meets, context).answer.changed).toEqual([]);
    expect(decideSubmission(request(), meets, context).update?.read).toBeUndefined();
  });

  it.each(UNFINISHED)('takes over what concerns the delivery, and says what, met %s', (status) => {
    const brings = request({
      callbackUrl: ELSEWHERE,
      chunkSizeByRecords: 7,
      maxDelayMs: 1,
      callbackHeaders: { 'x-key': 'k' },
      callbackSecret: 'whsec_c2VjcmV0',
    });
    const { answer, update } = decideSubmission(brings, metWith(status), context);
    expect(answer.changed).toEqual([
      'callback_url',
      'chunk_size_by_records',
      'retry.max_delay',
      'callback_headers',
      'callback_secret',
    ]);
    expect(update?.delivery).toMatchObject({ callbackUrl: ELSEWHERE, chunkSizeByRecords: 7, retryWindowMs: 72 });
  });

  it('leaves as it was what a request leaves out or repeats', () => {
    const { answer, update } = decideSubmission(request({ chunkSizeByRecords: 10 }), metWith('RUNNING'), context);
    expect(answer.changed).toEqual([]);
    expect(update).toBeUndefined();
  });

  it.each(STOPPED)('refuses where too many wait already, met nothing or %s', (status) => {
    for (const meets of [met(), metWith(status)]) {
      const decide = () => decideSubmission(request(), { ...meets, queuedCount: 10 }, context);
      expect(decide).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }));
    }
  });
});

describe('a request for what another service delivered', () => {
  const foreign = (completedAt: number | null): MetState =>
    met({
      deleted: {
        ingestionId: resumeId,
        fingerprint: null,
        callbackUrl: null,
        completedAt,
        extent: completedAt === null ? 'part' : 'all',
      },
    });
  const writtenAt = (ns: string, fileCount?: number) => ({
    ...context,
    fingerprint: { ...fingerprint, mtimeNs: ns, ...(fileCount === undefined ? {} : { fileCount }) },
  });

  it('is answered COMPLETED, to whatever callback, where the file is no newer than that', () => {
    const { answer, create, update } = decideSubmission(request(), foreign(5), writtenAt('5000000'));
    expect(answer).toEqual({ status: 'COMPLETED', ingestionId: resumeId, fileId, changed: [] });
    expect([create, update]).toEqual([undefined, undefined]);
  });

  it.each([
    ['a file that was written to since', writtenAt('5000001')],
    ['several files, whose times nobody knows', writtenAt('c'.repeat(64), 2)],
  ])('is refused for %s', (_what, changed) => {
    const decide = () => decideSubmission(request(), foreign(5), changed);
    expect(decide).toThrow(expect.objectContaining({ code: 'SOURCE_CHANGED' }));
  });

  it('is refused where that had only begun, and starts anew with re_ingestion', () => {
    expect(() => decideSubmission(request(), foreign(null), context)).toThrow(
      expect.objectContaining({ code: 'HISTORY_DELETED' }),
    );
    const { answer } = decideSubmission(request({ reIngestion: true }), foreign(null), context);
    expect(answer).toMatchObject({ status: 'STARTED', ingestionId: ingestionIdOf(fileId, String(context.now)) });
  });
});

describe('a request with re_ingestion', () => {
  const again = (over: Partial<IngestRequest> = {}) => request({ reIngestion: true, ...over });

  it.each(STATUSES)('starts anew under the time as its version, met %s, also with a changed file', (status) => {
    const changed = { ...context, fingerprint: changedFingerprint };
    const { answer, create } = decideSubmission(again({ callbackUrl: ELSEWHERE }), metWith(status), changed);
    expect(answer).toMatchObject({
      status: 'STARTED',
      ingestionId: ingestionIdOf(fileId, String(context.now)),
    });
    expect(create).toMatchObject({ version: String(context.now), fingerprint: changedFingerprint });
  });

  it('meets the re-ingestion to the same callback that waits or runs', () => {
    const active = ingestion('RUNNING', { ingestionId: 'f'.repeat(64), version: '5' });
    const { answer, create } = decideSubmission(again(), met({ activeReingestions: [active] }), context);
    expect(answer).toMatchObject({ status: 'RUNNING', ingestionId: 'f'.repeat(64) });
    expect(create).toBeUndefined();
  });

  it('takes the next free version where the millisecond is taken', () => {
    const { create } = decideSubmission(again(), met({ highestVersionMs: context.now + 3 }), context);
    expect(create?.version).toBe(String(context.now + 4));
  });
});
