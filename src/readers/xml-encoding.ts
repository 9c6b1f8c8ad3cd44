/** The declaration at the start of a document; white space before it is let pass, as it is by the reader. */
const DECLARATION = /^\s*<\?xml\s[^>]*?\sencoding\s*=\s*(["'])([A-Za-z][\w.:-]*)\1/;
/** What `<`, the first character of a document, looks like in encodings of which no byte is ASCII's, and their names. */
const WIDE_STARTS: readonly (readonly [start: readonly number[], encoding: string])[] = [
  [[0x3c, 0, 0, 0], 'utf-32le'],
  [[0, 0, 0, 0x3c], 'utf-32be'],
  [[0xff, 0xfe, 0, 0], 'utf-32le'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
  [[0x3c, 0], 'utf-16le'],
  [[0, 0x3c], 'utf-16be'],
];
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/**
 * The encoding of an XML document as its first bytes (some hundred are enough) tell it: that of its declaration, by the name it has there, unless the bytes themselves say what they
 * are, as those of UTF-16 and UTF-32 do, or a byte order mark. Null: nothing says another than UTF-8.
 */
export function declaredEncoding(head: Uint8Array): string | null {
  for (const [start, encoding] of WIDE_STARTS) {
    if (start.every((byte, index) => head[index] === byte)) return encoding;
  }
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (text.startsWith(BYTE_ORDER_MARK)) return null;
  const declared = DECLARATION.exec(text)?.[2] ?? null;
  // Documents that were strings once often say UTF-16 of bytes that cannot be that.
  return declared === null || /^(?:utf-?(?:16|32)|ucs-?[24]|iso-10646-ucs-[24])/i.test(declared) ? null : declared;
}
