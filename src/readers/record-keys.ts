import { ByteOutput } from '../protocol/canonical/byte-output.ts';
import { canonicalizeValue } from '../protocol/canonical-json.ts';

/** The keys of records that all have the same ones, sorted and escaped once. */
export interface RecordKeys {
  /** By its place in the record, whose value stands there: an index into the names. */
  readonly order: Int32Array;
  /** What stands before the value of each place, one after the other, and where each ends. */
  readonly prefixes: Uint8Array;
  readonly prefixEnds: Int32Array;
}

/**
 * Lays out records with these keys in canonical form.
 * @param names all different
 * @param valueQuote what stands around every value, beside what the value itself brings
 */
export function recordKeys(names: readonly string[], valueQuote: '' | '"'): RecordKeys {
  // JavaScript compares strings as canonical form wants keys sorted, by UTF-16 code units.
  const sorted = names.map((name, index) => ({ name, index })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const prefixEnds = new Int32Array(names.length);
  const prefixes = new ByteOutput(1024);
  for (const [place, { name }] of sorted.entries()) {
    const prefix = Buffer.from(`${place === 0 ? '{' : `${valueQuote},`}${canonicalizeValue(name)}:${valueQuote}`);
    prefixes.append(prefix, 0, prefix.length);
    prefixEnds[place] = prefixes.length;
  }
  return { order: Int32Array.from(sorted, ({ index }) => index), prefixes: prefixes.take(), prefixEnds };
}
