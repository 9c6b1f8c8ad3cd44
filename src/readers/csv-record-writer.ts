import { ByteOutput } from '../protocol/canonical/byte-output.ts';
import { BACKSLASH, QUOTE, SPACE } from '../protocol/canonical/bytes.ts';
import { appendCharacter } from '../protocol/canonical/escape.ts';
import { canonicalizeValue } from '../protocol/canonical-json.ts';
import type { CsvDialect } from './csv-dialect.ts';
import { type CsvRow, ESCAPED, VERBATIM } from './csv-row.ts';

const RECORD_END = Buffer.from('"}');

/**
 * Writes rows as objects in canonical form. Its keys are sorted and escaped once: a record is the cells in the order of the keys, each behind the bytes that
 * come before it in every record.
 */
export class CsvRecordWriter {
  readonly #dialect: CsvDialect;
  /** Index of the cell in each place of a record. */
  readonly #order: Int32Array;
  /** What stands before the cell of each place, one after the other, and where each ends. */
  readonly #prefixes: Uint8Array;
  readonly #prefixEnds: Int32Array;

  /** @param columns all different */
  constructor(columns: readonly string[], dialect: CsvDialect) {
    this.#dialect = dialect;
    // JavaScript compares strings as canonical form wants keys sorted, by UTF-16 code units.
    const sorted = columns.map((name, index) => ({ name, index })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    this.#order = Int32Array.from(sorted, ({ index }) => index);
    this.#prefixEnds = new Int32Array(columns.length);
    const prefixes = new ByteOutput(1024);
    for (const [place, { name }] of sorted.entries()) {
      const prefix = Buffer.from(`${place === 0 ? '{' : '",'}${canonicalizeValue(name)}:"`);
      prefixes.append(prefix, 0, prefix.length);
      this.#prefixEnds[place] = prefixes.length;
    }
    this.#prefixes = prefixes.take();
  }

  get columnCount(): number {
    return this.#order.length;
  }

  /** Appends a sound row of `input` that has as many cells as there are columns. */
  write(row: CsvRow, input: Uint8Array, output: ByteOutput): void {
    const { starts, ends, forms } = row;
    let prefixStart = 0;
    for (let place = 0; place < this.#order.length; place += 1) {
      const cell = this.#order[place] as number;
      const prefixEnd = this.#prefixEnds[place] as number;
      const form = forms[cell] as number;
      output.append(this.#prefixes, prefixStart, prefixEnd);
      prefixStart = prefixEnd;
      if (form === VERBATIM) output.append(input, starts[cell] as number, ends[cell] as number);
      else this.#appendEscaping(input.subarray(starts[cell], ends[cell]), form, output);
    }
    output.append(RECORD_END, 0, RECORD_END.length);
  }

  #appendEscaping(content: Uint8Array, form: number, output: ByteOutput): void {
    let runStart = 0;
    for (let index = 0; index < content.length; index += 1) {
      if (form === ESCAPED && this.#isEscape(content, index)) {
        output.append(content, runStart, index);
        index += 1;
        runStart = index;
      }
      const byte = content[index] as number;
      if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) continue;
      output.append(content, runStart, index);
      appendCharacter(output, byte);
      runStart = index + 1;
    }
    output.append(content, runStart, content.length);
  }

  /** Whether the character at `index` makes the one behind it stand for itself. */
  #isEscape(content: Uint8Array, index: number): boolean {
    const { escape: escaping, quote } = this.#dialect;
    if (content[index] !== escaping) return false;
    const next = content[index + 1];
    return next === quote || next === escaping;
  }
}
