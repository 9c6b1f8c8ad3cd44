import type { JsonFault } from '../../protocol/json-place.ts';

/** Most bytes of a document type declaration: it is held in memory whole. */
export const MAX_DOCTYPE_BYTES = 64 * 1024;

const START = '<!DOCTYPE';
/** An entity's declaration; what stands in comments and processing instructions is passed over. */
const DECLARATION = /<!--[\s\S]*?(?:-->|$)|<\?[\s\S]*?(?:\?>|$)|<!ENTITY/g;

/** Whether what begins at `from` is a document type declaration. */
export function isDoctype(bytes: Uint8Array, from: number): boolean {
  return Buffer.from(bytes.buffer, from, START.length).toString('latin1') === START;
}

/**
 * What is to be refused of a document type declaration, or of its beginning: entities, none of which is ever expanded, and more than {@link MAX_DOCTYPE_BYTES}.
 * Everything else in it is passed over, and nothing is fetched.
 */
export function doctypeFault(bytes: Uint8Array, from: number, to: number): JsonFault | null {
  const text = Buffer.from(bytes.buffer, from, Math.min(to - from, MAX_DOCTYPE_BYTES)).toString('latin1');
  for (const { 0: found, index } of text.matchAll(DECLARATION)) {
    if (found === '<!ENTITY') {
      const detail = 'The document declares an entity; entities are never expanded.';
      return { code: 'ENTITY_REFUSED', index: from + index, detail };
    }
  }
  if (to - from <= MAX_DOCTYPE_BYTES) return null;
  const detail = `The document type declaration has more than ${MAX_DOCTYPE_BYTES} bytes.`;
  return { code: 'READER_SYNTAX', index: from, detail };
}
