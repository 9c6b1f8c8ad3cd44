const SEMICOLON = 0x3b;
/** A longer reference is left to the parser. */
const MAX_REFERENCE_BYTES = 16;
const ENTITIES: ReadonlyMap<string, string> = new Map(
  Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }),
);
const CHARACTER_REFERENCE = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/;

/** The index of the semicolon that ends the reference at `at`, an ampersand; `~index` where what stands there ends it otherwise. */
export function referenceEnd(bytes: Uint8Array, at: number): number {
  const limit = at + MAX_REFERENCE_BYTES;
  let index = at + 1;
  while (index < limit && bytes[index] !== SEMICOLON && bytes[index] !== 0) index += 1;
  return bytes[index] === SEMICOLON ? index : ~index;
}

/** The character that a reference stands for, given what is between ampersand and semicolon; -1: none that XML allows. */
export function referencedCharacter(bytes: Uint8Array, from: number, to: number): number {
  const name = Buffer.from(bytes.buffer, from, to - from).toString('latin1');
  const entity = ENTITIES.get(name);
  if (entity !== undefined) return entity.charCodeAt(0);
  const [, hexadecimal, decimal = ''] = CHARACTER_REFERENCE.exec(name) ?? [];
  const codePoint = hexadecimal === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hexadecimal, 16);
  return isCharacter(codePoint) ? codePoint : -1;
}

/** https://www.w3.org/TR/xml/#NT-Char */
function isCharacter(codePoint: number): boolean {
  if (codePoint < 0x20) return codePoint === 0x9 || codePoint === 0xa || codePoint === 0xd;
  return (
    codePoint <= 0xd7ff ||
    (codePoint >= 0xe000 && codePoint <= 0xfffd) ||
    (codePoint >= 0x10000 && codePoint <= 0x10ffff)
  );
}
