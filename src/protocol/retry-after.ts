/** The longest a receiver is left alone because it asked for it, ms. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** A date of RFC 9110 in any of its three forms begins with the day's name. */
const HTTP_DATE = /^(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? /;

/**
 * How long Retry-After asks to be left alone, in ms within [0, 1 h]; null where it says nothing that RFC 9110 knows: neither whole seconds nor
 * a date.
 */
export function parseRetryAfter(header: string | null, now: number): number | null {
  const text = header?.trim() ?? '';
  const askedMs = /^\d+$/.test(text)
    ? Number(text) * 1000
    : HTTP_DATE.test(text)
      ? parseHttpDate(text) - now
      : Number.NaN;
  return Number.isNaN(askedMs) ? null : Math.min(Math.max(askedMs, 0), MAX_RETRY_AFTER_MS);
}

/** All three forms are in GMT, of which asctime's says nothing. */
function parseHttpDate(text: string): number {
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
