import { ServiceError } from '../../errors.ts';
import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { BACKSLASH, QUOTE, SPACE } from '../../protocol/canonical/bytes.ts';
import { appendCharacter } from '../../protocol/canonical/escape.ts';

/** How workbooks write characters that XML cannot (ECMA-376 part 1, 22.9.2.19 ST_Xstring). */
const ESCAPE = /_x([0-9A-Fa-f]{4})_/g;
const UNDERSCORE = 0x5f;
const LOWER_X = 0x78;
/** By byte, whether it is in a JSON string as it is in a workbook's text: always, never, or unless an escape begins with it. */
const VERBATIM = 0;
const ESCAPED = 1;
const MAYBE_ESCAPE = 2;
const CLASSES = new Uint8Array(256).fill(ESCAPED, 0, SPACE);
CLASSES[QUOTE] = ESCAPED;
CLASSES[BACKSLASH] = ESCAPED;
CLASSES[UNDERSCORE] = MAYBE_ESCAPE;

/** Appends a workbook's text, `input[from]` up to `input[to - 1]` in UTF-8, as a JSON string in canonical form. Throws LONE_SURROGATE. */
export function appendTextLiteral(output: ByteOutput, input: Uint8Array, from: number, to: number): void {
  const start = output.length;
  output.reserve(to - from + 2);
  output.push(QUOTE);
  let runStart = from;
  for (let index = from; index < to; index += 1) {
    const byte = input[index] as number;
    const kind = CLASSES[byte];
    if (kind === VERBATIM) continue;
    if (kind === ESCAPED) {
      output.append(input, runStart, index);
      appendCharacter(output, byte);
      runStart = index + 1;
    } else if (index + 1 < to && input[index + 1] === LOWER_X) {
      output.length = start;
      appendDecoded(output, Buffer.from(input.subarray(from, to)).toString());
      return;
    }
  }
  output.append(input, runStart, to);
  output.reserve(1);
  output.push(QUOTE);
}

function appendDecoded(output: ByteOutput, text: string): void {
  const decoded = text.replace(ESCAPE, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  if (!decoded.isWellFormed()) throw new ServiceError('LONE_SURROGATE');
  const literal = Buffer.from(JSON.stringify(decoded));
  output.append(literal, 0, literal.length);
}
