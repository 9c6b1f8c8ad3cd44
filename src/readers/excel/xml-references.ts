import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';

const AMPERSAND = 0x26;
/** The references that XML has by itself (XML 1.0, 4.6). */
const REFERENCES = Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }).map(
  ([name, character]) => [Buffer.from(`&${name};`), character.charCodeAt(0)] as const,
);

/** Appends `input[from]` up to `input[to - 1]` with its references to predefined entities resolved; false where there are others. */
export function resolveReferences(output: ByteOutput, input: Uint8Array, from: number, to: number): boolean {
  let runStart = from;
  for (let index = from; index < to; index += 1) {
    if (input[index] !== AMPERSAND) continue;
    const reference = REFERENCES.find(([bytes]) => bytes.every((byte, place) => input[index + place] === byte));
    if (reference === undefined) return false;
    const [bytes, character] = reference;
    output.append(input, runStart, index);
    output.reserve(1);
    output.push(character);
    runStart = index + bytes.length;
    index = runStart - 1;
  }
  output.append(input, runStart, to);
  return true;
}
