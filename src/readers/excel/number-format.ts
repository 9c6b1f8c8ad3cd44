/** What a number format shows a number as. */
export type NumberFormat = 'number' | 'date' | 'time' | 'date-time' | 'duration';

/** The formats that workbooks name without defining them (ECMA-376 part 1, 18.8.30), those of East Asian languages among them, which differ by language: of such, what most are. */
const BUILT_IN: readonly (readonly [from: number, to: number, format: NumberFormat])[] = [
  [14, 17, 'date'],
  [18, 21, 'time'],
  [22, 22, 'date-time'],
  [27, 31, 'date'],
  [32, 35, 'time'],
  [36, 36, 'date'],
  [45, 45, 'time'],
  [46, 46, 'duration'],
  [47, 47, 'time'],
  [50, 54, 'date'],
  [55, 56, 'time'],
  [57, 58, 'date'],
];

/** What stands for itself or for colours, languages and conditions: quoted, escaped, padding, in brackets. */
const LITERALS = /"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]?/gs;
const ELAPSED = /\[(?:h+|m+|s+)\]/i;
const DATE_PARTS = /y+|b+|d+|m+|h+|s+|am\/pm|a\/p/gi;

/** The format with an id that the workbook does not define itself. */
export function builtInFormat(id: number): NumberFormat {
  return BUILT_IN.find(([from, to]) => id >= from && id <= to)?.[2] ?? 'number';
}

/** What a format's code shows positive numbers as. */
export function parseFormatCode(code: string): NumberFormat {
  const [section = ''] = code.match(/^(?:"[^"]*"?|\\.|[^";\\])*/s) ?? [];
  if (ELAPSED.test(section.replaceAll(/"[^"]*"?|\\./gs, ''))) return 'duration';
  const plain = section.replaceAll(LITERALS, '');
  if (/general/i.test(plain)) return 'number';
  const parts = plain.match(DATE_PARTS)?.map((part) => part.toLowerCase()) ?? [];
  let hasDate = false;
  let hasTime = false;
  for (const [index, part] of parts.entries()) {
    if (isTimePart(part, parts[index - 1], parts[index + 1])) hasTime = true;
    else hasDate = true;
  }
  if (hasDate) return hasTime ? 'date-time' : 'date';
  return hasTime ? 'time' : 'number';
}

/** An `m` is minutes only behind hours or before seconds. */
function isTimePart(part: string, before: string | undefined, after: string | undefined): boolean {
  if (!part.startsWith('m')) return /^[hsa]/.test(part);
  return part.length <= 2 && (before?.startsWith('h') === true || after?.startsWith('s') === true);
}
