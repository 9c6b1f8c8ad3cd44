import { ServiceError } from '../../errors.ts';
import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
} from '../../protocol/canonical/bytes.ts';
import { appendCharacter } from '../../protocol/canonical/escape.ts';
import type { MemberKey } from './member-keys.ts';
import { XmlList, type XmlObject, type XmlValue } from './record-value.ts';

/** Most bytes of one UTF-16 code unit in canonical form: XML allows of the characters with long escapes none. */
const MAX_UNIT_BYTES = 3;
const QUOTES_BYTES = 2;
/** From here on the runtime's encoder is faster than a loop. */
const MIN_ENCODED_UNITS = 100;
/** What canonical form escapes of the characters that XML allows. */
const ESCAPED = /["\\\t\n\r]/;
const encoder = new TextEncoder();

/** Appends the canonical form of a value. Throws RECORD_TOO_DEEP, without a place, where it nests deeper than `maxDepth`. */
export function writeValue(output: ByteOutput, value: XmlValue, maxDepth: number): void {
  if (value === null) output.appendAscii('null');
  else if (typeof value === 'string') writeString(output, value);
  else if (maxDepth === 0) throw new ServiceError('RECORD_TOO_DEEP', { detail: 'A record is nested too deep.' });
  else if (value instanceof XmlList) writeList(output, value, maxDepth - 1);
  else writeObject(output, value, maxDepth - 1);
}

function writeObject(output: ByteOutput, { keys, values }: XmlObject, maxDepth: number): void {
  appendByte(output, OPEN_BRACE);
  for (let index = 0; index < keys.length; index += 1) {
    if (index > 0) appendByte(output, COMMA);
    const { bytes } = keys[index] as MemberKey;
    output.append(bytes, 0, bytes.length);
    writeValue(output, values[index] as XmlValue, maxDepth);
  }
  appendByte(output, CLOSE_BRACE);
}

function writeList(output: ByteOutput, { elements }: XmlList, maxDepth: number): void {
  appendByte(output, OPEN_BRACKET);
  for (let index = 0; index < elements.length; index += 1) {
    if (index > 0) appendByte(output, COMMA);
    writeValue(output, elements[index] as XmlValue, maxDepth);
  }
  appendByte(output, CLOSE_BRACKET);
}

function appendByte(output: ByteOutput, byte: number): void {
  output.reserve(1);
  output.push(byte);
}

function writeString(output: ByteOutput, text: string): void {
  if (text.length >= MIN_ENCODED_UNITS && !ESCAPED.test(text)) {
    writeEncoded(output, text);
    return;
  }
  output.reserve(MAX_UNIT_BYTES * text.length + QUOTES_BYTES);
  const { bytes } = output;
  let { length } = output;
  bytes[length] = QUOTE;
  length += 1;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= SPACE && unit < 0x80 && unit !== QUOTE && unit !== BACKSLASH) {
      bytes[length] = unit;
      length += 1;
      continue;
    }
    const codePoint = text.codePointAt(index) as number;
    if (codePoint > 0xffff) index += 1;
    output.length = length;
    appendCharacter(output, codePoint);
    length = output.length;
  }
  bytes[length] = QUOTE;
  output.length = length + 1;
}

/** Appends a text in which nothing is escaped, by the runtime's encoder. */
function writeEncoded(output: ByteOutput, text: string): void {
  appendByte(output, QUOTE);
  output.reserve(MAX_UNIT_BYTES * text.length);
  const { bytes, length } = output;
  output.length += encoder.encodeInto(text, bytes.subarray(length)).written;
  appendByte(output, QUOTE);
}
