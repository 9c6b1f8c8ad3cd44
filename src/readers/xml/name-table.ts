import { isWhiteSpace } from '../../protocol/canonical/bytes.ts';
import { EQUALS, GREATER, matchEnd, SLASH } from './markup.ts';

/** A power of two, several times as many as there are names, which their owner bounds. */
const SLOT_COUNT = 4096;
/** Names that would lie further from their slot are not found: the hash of a name is no secret. */
const MAX_PROBES = 8;

/** By byte: 1 where it may follow a name. What else ends names ends none that is known. The zero behind a window is one, so that names end there. */
const ENDS_NAME = new Uint8Array(256);
for (let byte = 0; byte < ENDS_NAME.length; byte += 1) {
  if (byte === 0 || byte === SLASH || byte === GREATER || byte === EQUALS || isWhiteSpace(byte)) ENDS_NAME[byte] = 1;
}

interface Entry<Value> {
  readonly name: Uint8Array;
  readonly hash: number;
  readonly value: Value;
}

/** What belongs to names, looked up by the bytes of a document. */
export class NameTable<Value> {
  /** Behind the name looked up last. */
  end = 0;
  readonly #slots: (Entry<Value> | null)[] = Array.from({ length: SLOT_COUNT }, () => null);

  /** Adds a name that is not in it. */
  add(name: Uint8Array, value: Value): void {
    let hash = 0;
    for (const byte of name) hash = nextHash(hash, byte);
    for (let probe = 0; probe < MAX_PROBES; probe += 1) {
      const slot = slotOf(hash, probe);
      if (this.#slots[slot] !== null) continue;
      this.#slots[slot] = { name, hash, value };
      return;
    }
  }

  /** What belongs to the name that begins at `from`, null where it is not known; {@link end} is then behind it. */
  find(bytes: Uint8Array, from: number): Value | null {
    let hash = 0;
    let index = from;
    for (let byte = bytes[index] as number; ENDS_NAME[byte] === 0; byte = bytes[index] as number) {
      hash = nextHash(hash, byte);
      index += 1;
    }
    this.end = index;
    for (let probe = 0; probe < MAX_PROBES; probe += 1) {
      const entry = this.#slots[slotOf(hash, probe)] as Entry<Value> | null;
      if (entry === null) return null;
      if (entry.hash === hash && entry.name.length === index - from && matchEnd(bytes, from, entry.name) === index) {
        return entry.value;
      }
    }
    return null;
  }
}

function nextHash(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

function slotOf(hash: number, probe: number): number {
  return ((hash ^ (hash >>> 12)) + probe) & (SLOT_COUNT - 1);
}
