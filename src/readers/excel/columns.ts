import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { nameColumns } from '../column-names.ts';
import { type RecordKeys, recordKeys } from '../record-keys.ts';
import type { RowCells } from './row-cells.ts';

/** Layouts of rows that go on behind the header, kept for the next such row. */
const MAX_KEPT_LAYOUTS = 64;
const EMPTY = Buffer.from('{}');
const RECORD_END = EMPTY.subarray(1);
const NULL = Buffer.from('null');

/** The columns of a sheet: turns the values of its rows into records. */
export class Columns {
  readonly names: readonly string[];
  readonly #keys: RecordKeys;
  readonly #widerKeys = new Map<string, RecordKeys>();

  constructor(names: readonly string[]) {
    this.names = names;
    this.#keys = recordKeys(names, '');
  }

  /** The columns that a header row names by the text of its cells. */
  static fromHeader(cells: RowCells): Columns {
    return new Columns(nameColumns(Array.from({ length: cells.width }, (_, column) => headerText(cells, column))));
  }

  /**
   * Appends the record of a row in canonical form. All columns are in it; values behind the last one too, as `column_n`.
   * @param cells null: there are none
   */
  write(cells: RowCells | null, output: ByteOutput): void {
    const isWider = cells !== null && cells.width > this.names.length;
    const { order, prefixes, prefixEnds } = isWider ? this.#keysOf(cells) : this.#keys;
    if (order.length === 0) {
      output.append(EMPTY, 0, EMPTY.length);
      return;
    }
    let prefixStart = 0;
    for (let place = 0; place < order.length; place += 1) {
      const prefixEnd = prefixEnds[place] as number;
      output.append(prefixes, prefixStart, prefixEnd);
      prefixStart = prefixEnd;
      if (cells === null || !cells.appendValue(order[place] as number, output)) output.append(NULL, 0, NULL.length);
    }
    output.append(RECORD_END, 0, RECORD_END.length);
  }

  /** The keys of a row that goes on behind the header. */
  #keysOf(cells: RowCells): RecordKeys {
    const extra: number[] = [];
    for (let column = this.names.length; column < cells.width; column += 1) {
      if (cells.hasValue(column)) extra.push(column);
    }
    const id = extra.join();
    const known = this.#widerKeys.get(id);
    if (known !== undefined) return known;
    const columns = [...this.names.keys(), ...extra];
    const { order, ...prefixes } = recordKeys([...this.names, ...extra.map((column) => this.#extraName(column))], '');
    const keys = { order: order.map((index) => columns[index] as number), ...prefixes };
    if (this.#widerKeys.size < MAX_KEPT_LAYOUTS) this.#widerKeys.set(id, keys);
    return keys;
  }

  /** The name of a column that has none, which depends on nothing but the header. */
  #extraName(column: number): string {
    const name = `column_${column + 1}`;
    if (!this.names.includes(name)) return name;
    let suffix = 2;
    while (this.names.includes(`${name}_${suffix}`)) suffix += 1;
    return `${name}_${suffix}`;
  }
}

function headerText(cells: RowCells, column: number): string | null {
  const literal = cells.valueAt(column);
  return literal?.startsWith('"') === true ? (JSON.parse(literal) as string) : literal;
}
