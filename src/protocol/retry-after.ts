import { MAX_RETRY_AFTER_MS } from '../model/ingestion.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const TIME = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)';
const MONTH = `(?<month>${MONTHS.join('|')})`;

/** The three forms of a date in RFC 9110 section 5.6.7. `Date.parse` would take much else for a date too, and other zones for GMT. */
const HTTP_DATES = [
  new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT$`),
  new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * How long Retry-After asks to be left alone, in ms within [0, 1 h]; null where it says nothing that RFC 9110 knows: neither whole seconds nor
 * a date.
 */
export function parseRetryAfter(header: string | null, now: number): number | null {
  const text = header?.trim() ?? '';
  const askedMs = /^\d+$/.test(text) ? Number(text) * 1000 : parseHttpDate(text, now) - now;
  return Number.isNaN(askedMs) ? null : Math.min(Math.max(askedMs, 0), MAX_RETRY_AFTER_MS);
}

/** Wall clock, ms; NaN where it is none of the three forms. */
function parseHttpDate(text: string, now: number): number {
  for (const form of HTTP_DATES) {
    const { year = '', month = '', day, hour, minute, second } = form.exec(text)?.groups ?? {};
    if (month !== '') {
      const fullYear = year.length === 2 ? nearestYear(Number(year), now) : Number(year);
      return Date.UTC(fullYear, MONTHS.indexOf(month), Number(day), Number(hour), Number(minute), Number(second));
    }
  }
  return Number.NaN;
}

/** "More than 50 years in the future" is "the most recent year in the past that had the same last two digits". */
function nearestYear(lastTwoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + lastTwoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}
