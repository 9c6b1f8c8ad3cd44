import { describe, expect, it } from 'vitest';
import { builtInFormat, type NumberFormat, parseFormatCode } from '../../../src/readers/excel/number-format.ts';

describe('A number format', () => {
  it.each<[string, NumberFormat]>([
    ['General', 'number'],
    ['0.00', 'number'],
    ['#,##0.00 [$€-407]', 'number'],
    ['[Red]-0.00', 'number'],
    ['0 "days"', 'number'],
    ['0\\d\\a\\y', 'number'],
    ['0.00E+00', 'number'],
    ['# ?/?', 'number'],
    ['@', 'number'],
    ['_(* #,##0_);_(* (#,##0)', 'number'],
    ['"d;m;y"0', 'number'],
    ['0;yyyy', 'number'],
    ['_d0_m', 'number'],
    ['', 'number'],
    ['yyyy-mm-dd', 'date'],
    ['YYYY/MM/DD', 'date'],
    ['d-mmm-yy', 'date'],
    ['mmm', 'date'],
    ['mm', 'date'],
    ['[$-409]mmmm\\ d\\,\\ yyyy;@', 'date'],
    ['[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy', 'date'],
    ['yyyy"年"m"月"d"日"', 'date'],
    ['[Red]dd.mm.yyyy', 'date'],
    ['bbbb', 'date'],
    ['h:mm', 'time'],
    ['hh:mm:ss.000', 'time'],
    ['mm:ss', 'time'],
    ['[$-F400]h:mm:ss\\ AM/PM', 'time'],
    ['h "o\'clock" A/P', 'time'],
    ['m/d/yy h:mm', 'date-time'],
    ['yyyy-mm-dd"T"hh:mm:ss', 'date-time'],
    ['hh:mm dd/mm', 'date-time'],
    ['h:mm:ss mmm', 'date-time'],
    ['[h]:mm', 'duration'],
    ['[HH]:MM:SS', 'duration'],
    ['[mm]:ss', 'duration'],
    ['[ss].00', 'duration'],
    ['"[h]"0', 'number'],
  ])('%s shows a %s', (code, format) => {
    expect(parseFormatCode(code)).toBe(format);
  });

  it.each<[NumberFormat, number[]]>([
    ['number', [0, 1, 13, 23, 26, 37, 44, 48, 49, 59, 163]],
    ['date', [14, 15, 16, 17, 27, 31, 36, 50, 54, 57, 58]],
    ['time', [18, 19, 20, 21, 32, 33, 45, 47]],
    ['date-time', [22]],
    ['duration', [46]],
  ])('that is built in shows a %s with the ids %j', (format, ids) => {
    for (const id of ids) expect(builtInFormat(id)).toBe(format);
  });
});
