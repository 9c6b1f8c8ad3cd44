import type { ByteOutput } from '../protocol/canonical/byte-output.ts';
import { BACKSLASH, QUOTE, SPACE } from '../protocol/canonical/bytes.ts';
import { appendCharacter } from '../protocol/canonical/escape.ts';
import type { CsvDialect } from './csv-dialect.ts';
import { type CsvRow, ESCAPED, VERBATIM } from './csv-row.ts';
import { type RecordKeys, recordKeys } from './record-keys.ts';

const RECORD_END = Buffer.from('"}');

/**
 * Writes rows as objects in canonical form. Its keys are sorted and escaped once: a record is the cells in the order of the keys, each behind the bytes that
 * come before it in every record.
 */
export class CsvRecordWriter {
  readonly #dialect: CsvDialect;
  readonly #keys: RecordKeys;

  /** @param columns all different */
  constructor(columns: readonly string[], dialect: CsvDialect) {
    this.#dialect = dialect;
    this.#keys = recordKeys(columns, '"');
  }

  get columnCount(): number {
    return this.#keys.order.length;
  }

  /** Appends a sound row of `input` that has as many cells as there are columns. */
  write(row: CsvRow, input: Uint8Array, output: ByteOutput): void {
    const { starts, ends, forms } = row;
    const { order, prefixes, prefixEnds } = this.#keys;
    let prefixStart = 0;
    for (let place = 0; place < order.length; place += 1) {
      const cell = order[place] as number;
      const prefixEnd = prefixEnds[place] as number;
      const form = forms[cell] as number;
      output.append(prefixes, prefixStart, prefixEnd);
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
