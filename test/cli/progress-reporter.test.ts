import { beforeEach, describe, expect, it } from 'vitest';
import { createProgressReporter } from '../../src/cli/progress-reporter.ts';
import { ServiceError } from '../../src/errors.ts';
import type { Clock } from '../../src/model/clock.ts';
import { RECEIVER_AWAY, recordedContext, viewOf } from './command-fixtures.ts';

const NOTHING_HEARD = { retryCount: 0, lastFailure: null };
const AWAY = new ServiceError('SERVICE_UNREACHABLE', { detail: 'No service answers at http://a: ECONNREFUSED.' });

let now: number;
const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
beforeEach(() => {
  now = Date.parse('2026-03-01T12:00:00.000Z');
});

describe('outside of a terminal', () => {
  it('says what changes, and nothing in between', () => {
    const { context, written } = recordedContext({ clock });
    const reporter = createProgressReporter(context, { isJson: false });
    const showAfter = (durationMs: number, changes: Parameters<typeof viewOf>[0] = {}) => {
      now += durationMs;
      reporter.show(viewOf(changes), NOTHING_HEARD);
      return written.out.split('\n').length - 1;
    };
    expect(showAfter(0)).toBe(1);
    expect(showAfter(3_600_000, { percent: 70 })).toBe(1);
    expect(showAfter(1, { last_error: RECEIVER_AWAY })).toBe(2);
    expect(showAfter(1, { last_error: { ...RECEIVER_AWAY, at: '2026-03-01T12:01:10.000Z' } })).toBe(2);
    expect(showAfter(1, { last_error: { ...RECEIVER_AWAY, message: 'the receiver answered 503' } })).toBe(3);
    expect(showAfter(1)).toBe(4);
    expect(showAfter(1, { status: 'PAUSED' })).toBe(5);
    reporter.end();
    expect(written.out.endsWith('records  3,400/s  ETA 0:12\n')).toBe(true);
  });

  it('says nothing of an ingestion that is tried again as before, however often it gives its place to others', () => {
    const { context, written } = recordedContext({ clock });
    const reporter = createProgressReporter(context, { isJson: false });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      for (const status of ['RUNNING', 'QUEUED'] as const) {
        const nextAttemptAt = status === 'QUEUED' ? '2026-03-01T12:00:14.000Z' : null;
        reporter.show(viewOf({ status, last_error: RECEIVER_AWAY, next_attempt_at: nextAttemptAt }), NOTHING_HEARD);
      }
    }
    expect(written.out.split('\n')).toHaveLength(2);
  });

  it.each([true, false])(
    'tells standard error, once, that the service has gone, and that it is back; JSON: %s',
    (isJson) => {
      const { context, written } = recordedContext({ clock });
      const reporter = createProgressReporter(context, { isJson });
      reporter.show(viewOf(), NOTHING_HEARD);
      const { out } = written;
      for (let time = 0; time < 3; time += 1) reporter.lose(AWAY);
      reporter.show(viewOf(), NOTHING_HEARD);
      expect(written.out).toBe(out);
      expect(written.error).toBe(
        'service unreachable, trying again: No service answers at http://a: ECONNREFUSED.\nThe service answers again.\n',
      );
    },
  );
});

describe('on a terminal', () => {
  it('says that the service has gone on its one line, which the bar takes again', () => {
    const { context, written } = recordedContext({ clock, terminalColumns: () => 50 });
    const reporter = createProgressReporter(context, { isJson: false });
    reporter.show(viewOf(), NOTHING_HEARD);
    for (let time = 0; time < 3; time += 1) reporter.lose(AWAY);
    reporter.show(viewOf(), NOTHING_HEARD);
    reporter.end();
    const [, bar, lost, again] = written.out.split('\r\x1b[2K');
    expect(lost).toBe('service unreachable, trying again: No service an…');
    expect(again).toBe(`${bar}\n`);
    expect(written.error).toBe('');
  });

  it('is as wide as the terminal is at the time', () => {
    let columns = 100;
    const { context, written } = recordedContext({ clock, terminalColumns: () => columns });
    const reporter = createProgressReporter(context, { isJson: false });
    for (columns of [100, 40]) reporter.show(viewOf(), NOTHING_HEARD);
    const [, wide = '', narrow = ''] = written.out.split('\r\x1b[2K');
    expect([wide.length, narrow.length]).toEqual([89, 39]);
  });

  it('that cannot write over a line gets lines', () => {
    const { context, written } = recordedContext({ clock, terminalColumns: () => 100, env: { TERM: 'dumb' } });
    createProgressReporter(context, { isJson: false }).show(viewOf(), NOTHING_HEARD);
    expect(written.out).toMatch(/^RUNNING \P{Cc}*\n$/u);
  });

  it('writes over its one line and leaves it at the end', () => {
    const { context, written } = recordedContext({ clock, terminalColumns: () => 100 });
    const reporter = createProgressReporter(context, { isJson: false });
    reporter.show(viewOf(), NOTHING_HEARD);
    reporter.show(viewOf({ percent: 60 }), NOTHING_HEARD);
    reporter.end();
    const [before, first, second] = written.out.split('\r\x1b[2K');
    expect(before).toBe('');
    expect(first).toMatch(/^products\.json .* 50\.0 % .*$/);
    expect(second).toMatch(/^products\.json .* 60\.0 % .*\n$/);
  });

  it('writes nothing where nothing was shown', () => {
    const { context, written } = recordedContext({ clock, terminalColumns: () => 100 });
    createProgressReporter(context, { isJson: false }).end();
    expect(written.out).toBe('');
  });
});

describe('with --json', () => {
  it('prints one document per change, also on a terminal', () => {
    const { context, written } = recordedContext({ clock, terminalColumns: () => 100 });
    const reporter = createProgressReporter(context, { isJson: true });
    // Of one moment, as the last acknowledgement and the end of a small delivery are.
    const later = viewOf({ status: 'COMPLETED', percent: 100 });
    for (const view of [viewOf(), viewOf({ eta_seconds: 11, records_per_second: 3000 }), later])
      reporter.show(view, NOTHING_HEARD);
    reporter.end();
    expect(written.out).toBe(`${JSON.stringify(viewOf())}\n${JSON.stringify(later)}\n`);
  });
});
