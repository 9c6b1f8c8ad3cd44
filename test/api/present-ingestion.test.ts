import { describe, expect, it } from 'vitest';
import { presentIngestion } from '../../src/api/present-ingestion.ts';
import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import type { Ingestion } from '../../src/model/ingestion.ts';
import { NOW, sampleIngestion } from './api-under-test.ts';

const present = (fields: Partial<Ingestion>) => presentIngestion(sampleIngestion(fields), { now: NOW, circuit: null });
const { checkpoint, fingerprint } = sampleIngestion();

describe('the percentage', () => {
  it.each([
    [0, 1000, 0],
    [1, 3, 33.3],
    [999_999, 1_000_000, 99.9],
    [1000, 1000, 99.9],
    [0, 0, 0],
  ])('of %i bytes of %i is %f while there may be more', (sourceBytes, size, percent) => {
    expect(present({ checkpoint: { ...checkpoint, sourceBytes }, fingerprint: { ...fingerprint, size } }).percent).toBe(
      percent,
    );
  });

  it('is 100 at the end and once completed', () => {
    expect(present({ checkpoint: { ...checkpoint, isAtEnd: true } }).percent).toBe(100);
    expect(present({ status: 'COMPLETED', fingerprint: { ...fingerprint, size: 0 } }).percent).toBe(100);
  });
});

describe('what was asked for', () => {
  const { read, delivery } = sampleIngestion();

  it('is shown as a request would have it', () => {
    const format = { ...DEFAULT_FORMATS.csv, delimiter: ';', skipLines: 2 };
    const shown = present({
      fileType: 'csv',
      read: { ...read, format, onBadRecord: 'fail' },
      delivery: { ...delivery, maxBadRecords: { kind: 'count', count: 7 } },
    });
    expect(shown).toMatchObject({
      format: { encoding: null, delimiter: ';', quote: '"', escape: '"', header: true, skip_lines: 2 },
      on_bad_record: 'fail',
      max_bad_records: 7,
    });
    expect(present({ delivery: { ...delivery, maxBadRecords: null } }).max_bad_records).toBeNull();
  });

  it('may be several files', () => {
    expect(present({ fingerprint: { ...fingerprint, fileCount: 12 } }).file_count).toBe(12);
  });
});

describe('the speed', () => {
  it('counts the records of this run alone', () => {
    expect(present({ runStartedRecordCount: 900 })).toMatchObject({ records_per_second: 10, eta_seconds: 100 });
  });

  it('of a completed one is that of its run', () => {
    expect(present({ status: 'COMPLETED', completedAt: NOW - 5000 })).toMatchObject({
      records_per_second: 200,
      eta_seconds: null,
    });
  });

  it.each<[string, Partial<Ingestion>]>([
    ['queued', { status: 'QUEUED' }],
    ['paused', { status: 'PAUSED' }],
    ['failed', { status: 'FAILED' }],
    ['just begun', { runStartedAt: NOW }],
    ['never begun', { runStartedAt: null }],
    ['begun by a clock ahead of this one', { runStartedAt: NOW + 1000 }],
    ['rewound behind the start of its run', { runStartedRecordCount: 2000 }],
    ['completed and asked to say so again', { status: 'COMPLETED', completedAt: NOW - 20_000 }],
  ])('of one that is %s is not known', (_state, fields) => {
    expect(present(fields)).toMatchObject({ records_per_second: null, eta_seconds: null });
  });

  it('leaves nothing to wait for at the end', () => {
    expect(present({ checkpoint: { ...checkpoint, isAtEnd: true } }).eta_seconds).toBe(0);
  });
});

describe('the circuit to the callback', () => {
  const circuit = {
    origin: 'https://receiver.example',
    state: 'open',
    since: NOW,
    consecutiveFailures: 5,
    lastFailure: 'HTTP 503',
  } as const;

  it('is shown with the next probe, which is none while one is under way', () => {
    const shown = (nextProbeAt: number | null) =>
      presentIngestion(sampleIngestion(), { now: NOW, circuit: { ...circuit, nextProbeAt } }).circuit;
    expect(shown(NOW + 30_000)).toEqual({
      origin: 'https://receiver.example',
      state: 'open',
      since: '2026-03-01T12:00:00.000Z',
      next_probe_at: '2026-03-01T12:00:30.000Z',
      consecutive_failures: 5,
      last_failure: 'HTTP 503',
    });
    expect(shown(null)?.next_probe_at).toBeNull();
    expect(present({}).circuit).toBeNull();
  });

  it('puts off what it would refuse', () => {
    const nextAt = (nextAttemptAt: number | null, nextProbeAt: number | null) =>
      presentIngestion({ ...sampleIngestion(), nextAttemptAt }, { now: NOW, circuit: { ...circuit, nextProbeAt } })
        .next_attempt_at;
    expect(nextAt(NOW + 9_000, NOW + 30_000)).toBe('2026-03-01T12:00:30.000Z');
    expect(nextAt(NOW + 9_000, NOW + 5_000)).toBe('2026-03-01T12:00:09.000Z');
    expect(nextAt(NOW + 9_000, null)).toBe('2026-03-01T12:00:09.000Z');
    expect(nextAt(null, NOW + 5_000)).toBeNull();
  });

  it('is none while that is closed', () => {
    expect(present({}).circuit).toBeNull();
  });
});
