import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCount, formatSeconds, progressBar, progressLine } from '../../src/cli/render-progress.ts';
import { RECEIVER_AWAY, viewOf } from './command-fixtures.ts';

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
          expect(line.length).toBeLessThan(columns);
          expect(line).not.toMatch(/\p{Cc}/u);
        },
      ),
    );
  });
});

describe('a progress line', () => {
  it('begins with the state and the file', () => {
    expect(progressLine(viewOf({ records_per_second: null, eta_seconds: null }), NOW)).toBe(
      'RUNNING /srv/feeds/products.json:  50.0 %  12,000 records',
    );
  });

  it('says why nothing moves and when it is tried again', () => {
    const waiting = viewOf({ next_attempt_at: '2026-03-01T12:00:14.000Z', last_error: RECEIVER_AWAY });
    expect(progressLine(waiting, NOW)).toContain('next attempt in 0:04: connect ECONNREFUSED');
    expect(progressLine(waiting, NOW + 4000)).toContain('trying again: connect ECONNREFUSED');
  });

  it('says that it waits for a slot', () => {
    expect(progressLine(viewOf({ status: 'QUEUED', percent: 0 }), NOW)).toContain('waiting for its turn');
  });

  it('shows no escape of a receiver to the terminal', () => {
    const view = viewOf({
      next_attempt_at: viewOf().created_at,
      last_error: { ...RECEIVER_AWAY, message: '\x1b]0;x\x07' },
    });
    expect(progressLine(view, NOW)).toContain('\\u001b]0;x\\u0007');
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

  it('parts thousands', () => {
    expect(formatCount(1_234_567.4)).toBe('1,234,567');
  });
});
