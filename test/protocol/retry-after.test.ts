import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/delivery/retry-policy.ts';
import { MAX_RETRY_AFTER_MS, NO_FAILURES } from '../../src/model/ingestion.ts';
import { interpretAnswer } from '../../src/protocol/ack.ts';
import { parseRetryAfter } from '../../src/protocol/retry-after.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const HOUR_MS = 3_600_000;
/** The longest first wait of our own choosing, ms. */
const FIRST_BACKOFF_MS = 1_000;

/** Every kind of header, with what it asks for in ms; null: nothing. */
const HEADERS: readonly (readonly [kind: string, header: string | null, askedMs: number | null])[] = [
  ['none', null, null],
  ['empty', '', null],

  ['seconds', '7', 7_000],
  ['seconds with space around', ' 7\t', 7_000],
  ['leading zeros', '007', 7_000],
  ['zero', '0', 0],
  ['an hour', '3600', HOUR_MS],
  ['a second more', '3601', HOUR_MS],
  ['ten years', '315360000', HOUR_MS],
  ['more digits than a double holds', '9'.repeat(400), HOUR_MS],

  ['a date', 'Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
  ['a date of RFC 850', 'Sunday, 01-Mar-26 12:00:30 GMT', 30_000],
  ['a date of asctime', 'Sun Mar  1 12:00:30 2026', 30_000],
  ['a date of asctime with two digits', 'Tue Mar 10 12:00:30 2026', HOUR_MS],
  ['a date in the past', 'Sun, 01 Mar 2026 11:00:00 GMT', 0],
  ['a date in the past, of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', 0],
  ['a date more than 50 years ahead, of RFC 850', 'Tuesday, 02-Mar-77 12:00:00 GMT', 0],
  ['a date in ten years', 'Sat, 01 Mar 2036 12:00:00 GMT', HOUR_MS],
  ['a date in the year 9999', 'Fri, 31 Dec 9999 23:59:59 GMT', HOUR_MS],
  ['the first date', 'Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['a leap second', 'Sun, 01 Mar 2026 12:00:60 GMT', 60_000],
  ['the wrong day of the week', 'Fri, 01 Mar 2026 12:00:30 GMT', 30_000],

  ['negative', '-5', null],
  ['a sign', '+5', null],
  ['a fraction', '1.5', null],
  ['a comma', '1,5', null],
  ['an exponent', '1e3', null],
  ['hexadecimal', '0x10', null],
  ['digits of another script', '٣', null],
  ['a unit', '5s', null],
  ['two values in one', '5, 6', null],
  ['NaN', 'NaN', null],
  ['Infinity', 'Infinity', null],
  ['words', 'soon', null],
  ['words that begin like a date', 'Sunday in the park 5', null],
  ['a day and a year', 'Sun 2099', null],
  ['a date without a time', 'Sun, 01 Mar 2026', null],
  ['a date of ISO 8601', '2026-03-01T12:00:30Z', null],
  ['a date with an offset', 'Sun, 01 Mar 2026 12:00:30 +0200', null],
  ['a date of another zone', 'Sun, 01 Mar 2026 12:00:30 EST', null],
  ['a date in lower case', 'sun, 01 mar 2026 12:00:30 gmt', null],
  ['a month that there is none of', 'Sun, 01 Foo 2026 12:00:30 GMT', null],
  ['an hour that there is none of', 'Sun, 01 Mar 2026 24:00:00 GMT', null],
  ['a year of five digits', 'Sun, 01 Mar 12026 12:00:30 GMT', null],
  ['a line break', '5\r\nx: y', null],
];

describe('Retry-After', () => {
  it.each(HEADERS)('%s: %j asks for %j ms', (_kind, header, askedMs) => {
    expect(parseRetryAfter(header, NOW)).toBe(askedMs);
  });

  it.each([429, 503, 301, 999])('is the least wait after a %i, whatever its kind', (status) => {
    for (const [kind, header, askedMs] of HEADERS) {
      for (const random of [0, 0.5, 0.999]) {
        const waitMs = waitAfter(status, header, random);
        expect(waitMs, kind).toBeGreaterThanOrEqual(askedMs ?? 0);
        expect(waitMs, kind).toBeLessThanOrEqual(Math.max(askedMs ?? 0, FIRST_BACKOFF_MS));
      }
    }
  });

  it('reads back any second of four centuries in all of its forms', () => {
    const seconds = fc.integer({ min: NOW / 1000 - 6_000_000_000, max: NOW / 1000 + 6_000_000_000 });
    fc.assert(
      fc.property(seconds, (second) => {
        const at = new Date(second * 1000);
        const [day = '', date = '', month = '', year = '', time = ''] = at.toUTCString().split(/,? /);
        const asctime = `${day} ${month} ${date.replace(/^0/, ' ')} ${time} ${year}`;
        // One minute before, so that a misread field shows.
        for (const form of [at.toUTCString(), asctime])
          expect(parseRetryAfter(form, second * 1000 - 60_000)).toBe(60_000);
      }),
    );
  });

  it('stays within an hour or says nothing, whatever a receiver sends', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer().map(String), fc.date().map(String)), (header) => {
        const ms = parseRetryAfter(header, NOW);
        expect(ms === null || (ms >= 0 && ms <= MAX_RETRY_AFTER_MS)).toBe(true);
      }),
    );
  });
});

/** How long after a first failure of this kind the next attempt is due, ms. */
function waitAfter(status: number, retryAfter: string | null, random: number): number {
  const outcome = interpretAnswer(
    { status, retryAfter, contentEncoding: null, body: Buffer.from(''), now: NOW },
    { target: 'chunk', ingestionId: 'a'.repeat(64), chunkNumber: 0 },
  );
  const decision = decide({
    outcome,
    history: NO_FAILURES,
    target: 'chunk',
    isCertainlyNotStored: false,
    recordCount: 1,
    retry: { windowMs: 72 * HOUR_MS, maxDelayMs: 60_000 },
    now: NOW,
    random,
  });
  if (decision.kind !== 'retry') throw new Error(`no retry: ${JSON.stringify(decision)}`);
  return decision.nextAttemptAt - NOW;
}
