import { describe, expect, it } from 'vitest';
import type { NumberFormat } from '../../../src/readers/excel/number-format.ts';
import { formatSerial } from '../../../src/readers/excel/serial-date.ts';

/** What Excel shows in its cells, by the date system that begins with 1900 and the one of 1904. */
const TABLE: readonly (readonly [
  serial: number,
  format: NumberFormat,
  in1900: string | null,
  in1904: string | null,
])[] = [
  [0, 'date', null, '1904-01-01'],
  [0, 'time', '00:00:00', '00:00:00'],
  [0.5, 'time', '12:00:00', '12:00:00'],
  [0.5, 'date', null, '1904-01-01T12:00:00'],
  [0.5, 'date-time', '12:00:00', '1904-01-01T12:00:00'],
  [1, 'date', '1900-01-01', '1904-01-02'],
  [1.75, 'time', '1900-01-01T18:00:00', '1904-01-02T18:00:00'],
  [31, 'date', '1900-01-31', '1904-02-01'],
  [59, 'date', '1900-02-28', '1904-02-29'],
  [60, 'date', null, '1904-03-01'],
  [60.5, 'date-time', null, '1904-03-01T12:00:00'],
  [61, 'date', '1900-03-01', '1904-03-02'],
  [1462, 'date', '1904-01-01', '1908-01-02'],
  [25569, 'date-time', '1970-01-01T00:00:00', '1974-01-02T00:00:00'],
  [36526, 'date', '2000-01-01', '2004-01-02'],
  [36585, 'date', '2000-02-29', '2004-03-01'],
  [45659, 'date', '2025-01-02', '2029-01-03'],
  [45659.127835648149, 'date-time', '2025-01-02T03:04:05', '2029-01-03T03:04:05'],
  [45659.127843495371, 'date', '2025-01-02T03:04:05.678', '2029-01-03T03:04:05.678'],
  [45658.999999999, 'date', '2025-01-02', '2029-01-03'],
  [86_399 / 86_400, 'time', '23:59:59', '23:59:59'],
  [2957003, 'date', '9995-12-30', '9999-12-31'],
  [2957004, 'date', '9995-12-31', null],
  [2958465, 'date', '9999-12-31', null],
  [2958466, 'date', null, null],
  [-1, 'date', null, null],
  [Number.NaN, 'date', null, null],
  [1e300, 'duration', null, null],
  [0, 'duration', 'PT0S', 'PT0S'],
  [1.0625, 'duration', 'PT25H30M', 'PT25H30M'],
  [3723.5 / 86_400, 'duration', 'PT1H2M3.5S', 'PT1H2M3.5S'],
  [1 / 86_400_000, 'duration', 'PT0.001S', 'PT0.001S'],
  [100, 'duration', 'PT2400H', 'PT2400H'],
  [-0.5, 'duration', null, null],
];

describe('The date of a serial number', () => {
  it.each(TABLE)('%d as a %s is %s, with the epoch of 1904 %s', (serial, format, in1900, in1904) => {
    expect(formatSerial(serial, format, false)).toBe(in1900);
    expect(formatSerial(serial, format, true)).toBe(in1904);
  });

  it('is the next day after that of the number before it, over all days that there are', () => {
    let date = Date.UTC(1900, 2, 1);
    for (let serial = 61; serial <= 2_958_465; serial += 997, date += 997 * 86_400_000) {
      expect(formatSerial(serial, 'date', false)).toBe(new Date(date).toISOString().slice(0, 10));
    }
  });
});
