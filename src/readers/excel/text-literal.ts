import { ServiceError } from '../../errors.ts';

/** How workbooks write characters that XML cannot (ECMA-376 part 1, 22.9.2.19 ST_Xstring). */
const ESCAPE = /_x([0-9A-Fa-f]{4})_/g;

/** A workbook's text as a JSON string in canonical form. Throws LONE_SURROGATE. */
export function textLiteral(text: string): string {
  const decoded = text.includes('_x') ? text.replace(ESCAPE, decodeUnit) : text;
  if (!decoded.isWellFormed()) throw new ServiceError('LONE_SURROGATE');
  return JSON.stringify(decoded);
}

function decodeUnit(_escape: string, digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 16));
}
