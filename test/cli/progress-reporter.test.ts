import { beforeEach, describe, expect, it } from 'vitest';
import { createProgressReporter } from '../../src/cli/progress-reporter.ts';
import type { Clock } from '../../src/model/clock.ts';
import { RECEIVER_AWAY, recordedContext, viewOf } from './command-fixtures.ts';

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
      reporter.show(viewOf(changes));
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
});

describe('on a terminal', () => {
  it('writes over its one line and leaves it at the end', () => {
    const { context, written } = recordedContext({ clock, terminalColumns: () => 100 });
    const reporter = createProgressReporter(context, { isJson: false });
    reporter.show(viewOf());
    reporter.show(viewOf({ percent: 60 }));
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
    const later = viewOf({ updated_at: '2026-03-01T12:00:11.000Z', percent: 60 });
    for (const view of [viewOf(), viewOf(), later]) reporter.show(view);
    reporter.end();
    expect(written.out).toBe(`${JSON.stringify(viewOf())}\n${JSON.stringify(later)}\n`);
  });
});
