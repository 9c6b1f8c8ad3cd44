import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSeconds, progressBar, progressLine } from '../../src/cli/render-progress.ts';
import { textWidth } from '../../src/cli/text-width.ts';
import { INGESTION_ID, RECEIVER_AWAY, viewOf } from './command-fixtures.ts';

const NOW = Date.parse('2026-03-01T12:00:10.000Z');

describe('the progress bar', () => {
  it('tells name, share, records, speed and remaining time', () => {
    expect(progressBar(viewOf(), { now: NOW, columns: 100 })).toBe(
      'products.json  ███████████████░░░░░░░░░░░░░░░   50.0 %  12,000 records  3,400/s  ETA 0:12',
    );
  });

  it('counts bad records that were set aside', () => {
    const view = viewOf({ totals: { ...viewOf().totals, rejected_records: 1234 } });
    expect(progressBar(view, { now: NOW, columns: 120 })).toContain('12,000 records, 1,234 bad  3,400/s');
  });

  it('is full only at the end', () => {
    expect(progressBar(viewOf({ percent: 99.9 }), { now: NOW, columns: 100 })).toContain('█░ ');
    expect(progressBar(viewOf({ percent: 100 }), { now: NOW, columns: 100 })).not.toContain('░');
  });

  it('gives way to the numbers on a narrow terminal', () => {
    expect(progressBar(viewOf(), { now: NOW, columns: 72 })).toMatch(/^products\.json {2}█{6}░{6} /);
    expect(progressBar(viewOf(), { now: NOW, columns: 64 })).toMatch(/^products\.json {3}50\.0 %/);
  });

  it('never fills the last column, however long the texts are', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 80 }),
        fc.integer({ min: 2, max: 200 }),
        fc.string({ maxLength: 200 }),
        (name, columns, message) => {
          const view = viewOf({
            file_path: `/srv/${name}`,
            next_attempt_at: '2026-03-01T12:00:14.000Z',
            last_error: { ...RECEIVER_AWAY, message },
          });
          const line = progressBar(view, { now: NOW, columns });
          expect(textWidth(line)).toBeLessThan(columns);
          expect(line).not.toMatch(/\p{Cc}/u);
        },
      ),
    );
  });
});

describe('a progress line', () => {
  it('begins with the state and the file', () => {
    expect(progressLine(viewOf({ records_per_second: null, eta_seconds: null }), { now: NOW })).toBe(
      'RUNNING /srv/feeds/products.json:  50.0 %  12,000 records',
    );
  });

  it('says why nothing moves and when it is tried again', () => {
    const waiting = viewOf({ next_attempt_at: '2026-03-01T12:00:14.000Z', last_error: RECEIVER_AWAY });
    expect(progressLine(waiting, { now: NOW })).toContain('attempt failed: connect ECONNREFUSED; next in 0:04');
    expect(progressLine(waiting, { now: NOW + 4000 })).toContain('attempt failed: connect ECONNREFUSED; trying again');
    expect(progressLine({ ...waiting, next_attempt_at: null }, { now: NOW })).toContain('; trying again');
    expect(progressLine({ ...waiting, status: 'PAUSED' }, { now: NOW })).not.toContain('failed');
  });

  it('does not take what stopped it before it was resumed for an attempt that fails', () => {
    const fault = { ...RECEIVER_AWAY, code: 'READER_SYNTAX', message: 'The line ends inside of its value.' };
    expect(progressLine(viewOf({ last_error: fault }), { now: NOW })).toMatch(/records {2}3,400\/s {2}ETA 0:12$/);
    for (const error of [fault, RECEIVER_AWAY]) {
      const resumed = viewOf({ status: 'QUEUED', last_error: error });
      expect(progressLine(resumed, { now: NOW })).toMatch(/records {2}waiting for its turn$/);
    }
  });

  it('ends the sentence of a reason but once', () => {
    const view = viewOf({ last_error: { ...RECEIVER_AWAY, message: 'The receiver is away.' } });
    expect(progressLine(view, { now: NOW })).toContain('attempt failed: The receiver is away; trying again');
  });

  it('counts the retries that were heard of, and says which attempt it was that failed', () => {
    const lastFailure = {
      ingestion_id: INGESTION_ID,
      at: RECEIVER_AWAY.at,
      chunk_number: 24,
      attempt: 4,
      outcome: 'unavailable' as const,
      http_status: null,
      reason: RECEIVER_AWAY.message,
      next_attempt_at: '2026-03-01T12:00:14.000Z',
    };
    const heard = { retryCount: 1200, lastFailure };
    const waiting = viewOf({ next_attempt_at: lastFailure.next_attempt_at, last_error: RECEIVER_AWAY });
    expect(progressLine(waiting, { now: NOW, heard })).toContain(
      '12,000 records, 1,200 retries  attempt 4 failed: connect ECONNREFUSED; next in 0:04',
    );
    expect(progressLine(viewOf(), { now: NOW, heard: { retryCount: 1, lastFailure } })).toContain(
      '12,000 records, 1 retry  3,400/s',
    );
    const later = { ...waiting, last_error: { ...RECEIVER_AWAY, at: '2026-03-01T12:00:10.001Z' } };
    expect(progressLine(later, { now: NOW, heard })).toContain('  attempt failed: ');
  });

  it('cuts the words of a receiver rather than the time of the next attempt', () => {
    const error = { ...RECEIVER_AWAY, message: `HTTP 503: ${'down '.repeat(60)}` };
    const view = viewOf({ next_attempt_at: '2026-03-01T12:00:14.000Z', last_error: error });
    expect(progressBar(view, { now: NOW, columns: 90 })).toMatch(
      / attempt failed: HTTP 503: down d?o?w?n?.*…; next in 0:04$/,
    );
    expect(progressBar(view, { now: NOW, columns: 70 })).toMatch(/ 12,000 records {2}attempt failed; next in 0:04$/);
  });

  it('does not take more columns than there are for what is drawn on two', () => {
    const view = viewOf({ file_path: `/srv/${'椅子'.repeat(20)}.json` });
    const line = progressBar(view, { now: NOW, columns: 80 });
    expect(textWidth(line)).toBeLessThan(80);
    expect(line).toContain('ETA 0:12');
  });

  it('says that it waits for a slot', () => {
    expect(progressLine(viewOf({ status: 'QUEUED', percent: 0 }), { now: NOW })).toContain('waiting for its turn');
  });

  it('shows no escape of a receiver to the terminal', () => {
    const view = viewOf({
      next_attempt_at: viewOf().created_at,
      last_error: { ...RECEIVER_AWAY, message: '\x1b]0;x\x07' },
    });
    expect(progressLine(view, { now: NOW })).toContain('\\u001b]0;x\\u0007');
  });
});

describe('numbers', () => {
  it.each([
    [0, '0:00'],
    [59.6, '1:00'],
    [61, '1:01'],
    [3600, '1:00:00'],
    [90_061, '25:01:01'],
    [-3, '0:00'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});
