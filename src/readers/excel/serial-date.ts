import type { NumberFormat } from './number-format.ts';

const MS_PER_SECOND = 1000;
const MS_PER_MINUTE = 60 * MS_PER_SECOND;
const MS_PER_HOUR = 60 * MS_PER_MINUTE;
const MS_PER_DAY = 24 * MS_PER_HOUR;
/** Day 0 of the two date systems. In the one that begins with 1900 there is a 29 February 1900, day 60, which never was: days before it count from one day later. */
const EPOCH_1904 = Date.UTC(1904, 0, 1);
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const LEAP_DAY_1900 = 60;
/** The last day that has a date: 9999-12-31. */
const LAST_DAY = Date.UTC(9999, 11, 31);
/** Where the parts of `2025-01-02T03:04:05.678Z` lie. */
const DATE_END = 10;
const TIME_START = 11;
const SECOND_END = 19;
const MILLISECOND_END = 23;

/**
 * The text of a number that its format shows as a date, a time or a duration: `2025-01-02`, `03:04:05`, `2025-01-02T03:04:05.678`, `PT25H30M`. Nothing is
 * hidden by the format: a date with a time of day in it has that, and a time of day with a date the date. Null: the number is no date, and stays one.
 * @param serial days since the epoch of the date system
 */
export function formatSerial(serial: number, format: NumberFormat, isDate1904: boolean): string | null {
  const ms = Math.round(serial * MS_PER_DAY);
  if (!(ms >= 0) || !Number.isSafeInteger(ms)) return null;
  if (format === 'duration') return formatDuration(ms);
  const day = Math.floor(ms / MS_PER_DAY);
  const msOfDay = ms - day * MS_PER_DAY;
  const timeEnd = msOfDay % MS_PER_SECOND === 0 ? SECOND_END : MILLISECOND_END;
  const hasTime = format !== 'date';
  if (day === 0 && (format === 'time' || !isDate1904)) {
    return hasTime ? new Date(ms).toISOString().slice(TIME_START, timeEnd) : null;
  }
  const dayStart = startOfDay(day, isDate1904);
  if (dayStart === null) return null;
  return new Date(dayStart + msOfDay).toISOString().slice(0, msOfDay === 0 && !hasTime ? DATE_END : timeEnd);
}

function startOfDay(day: number, isDate1904: boolean): number | null {
  if (!isDate1904 && day === LEAP_DAY_1900) return null;
  const shift = !isDate1904 && day < LEAP_DAY_1900 ? MS_PER_DAY : 0;
  const start = (isDate1904 ? EPOCH_1904 : EPOCH_1900) + shift + day * MS_PER_DAY;
  return start > LAST_DAY ? null : start;
}

/** ISO 8601, without the parts that are 0. */
function formatDuration(ms: number): string {
  if (ms === 0) return 'PT0S';
  const hours = Math.floor(ms / MS_PER_HOUR);
  const minutes = Math.floor((ms % MS_PER_HOUR) / MS_PER_MINUTE);
  const seconds = (ms % MS_PER_MINUTE) / MS_PER_SECOND;
  return `PT${durationPart(hours, 'H')}${durationPart(minutes, 'M')}${durationPart(seconds, 'S')}`;
}

function durationPart(count: number, unit: string): string {
  return count === 0 ? '' : `${count}${unit}`;
}
