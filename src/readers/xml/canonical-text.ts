import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { BACKSLASH, QUOTE, SPACE } from '../../protocol/canonical/bytes.ts';
import { appendCharacter } from '../../protocol/canonical/escape.ts';

/** Most bytes of one UTF-16 code unit in canonical form: XML allows of the characters with long escapes none. */
const MAX_UNIT_BYTES = 3;

/** Appends a text that XML allows as the content of a string in canonical form. */
export function appendText(output: ByteOutput, text: string): void {
  output.reserve(MAX_UNIT_BYTES * text.length);
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= SPACE && unit < 0x80 && unit !== QUOTE && unit !== BACKSLASH) {
      output.push(unit);
      continue;
    }
    const codePoint = text.codePointAt(index) as number;
    if (codePoint > 0xffff) index += 1;
    appendCharacter(output, codePoint);
  }
}
