import { nameColumns } from '../column-names.ts';

/** Layouts of rows that go on behind the header, kept for the next such row. */
const MAX_KEPT_LAYOUTS = 64;
const NO_VALUE = 'null';

/** How a record is put together: what is written before each value, keys in canonical order, and the column of each value. */
interface Layout {
  readonly prefixes: readonly string[];
  readonly columns: readonly number[];
}

/** The JSON literals of a row's cells by their column, from 0; undefined or `null` where there is no value. */
export type CellValues = readonly (string | undefined)[];

/** The columns of a sheet: turns the values of its rows into records. */
export class Columns {
  readonly names: readonly string[];
  readonly #layout: Layout;
  readonly #layouts = new Map<string, Layout>();

  constructor(names: readonly string[]) {
    this.names = names;
    this.#layout = layoutOf(names.map((name, column) => [name, column]));
  }

  /** The columns that a header row names by the text of its cells. */
  static fromHeader(cells: CellValues, width: number): Columns {
    return new Columns(nameColumns(Array.from({ length: width }, (_, column) => headerText(cells[column]))));
  }

  /**
   * The record of a row in canonical form. All columns are in it; values behind the last one too, as `column_n`.
   * @param width no value is in this column or behind it
   */
  recordOf(cells: CellValues, width: number): string {
    const { prefixes, columns } = width > this.names.length ? this.#widerLayout(cells, width) : this.#layout;
    let record = '';
    for (let index = 0; index < columns.length; index += 1) {
      record += prefixes[index] as string;
      record += cells[columns[index] as number] ?? NO_VALUE;
    }
    return record === '' ? '{}' : `${record}}`;
  }

  #widerLayout(cells: CellValues, width: number): Layout {
    const extra: number[] = [];
    for (let column = this.names.length; column < width; column += 1) {
      if ((cells[column] ?? NO_VALUE) !== NO_VALUE) extra.push(column);
    }
    const key = extra.join();
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const named = [...this.names.entries()].map(([column, name]) => [name, column] as const);
    const layout = layoutOf([...named, ...extra.map((column) => [this.#extraName(column), column] as const)]);
    if (this.#layouts.size < MAX_KEPT_LAYOUTS) this.#layouts.set(key, layout);
    return layout;
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

function headerText(literal: string | undefined): string | null {
  if (literal === undefined || literal === NO_VALUE) return null;
  return literal.startsWith('"') ? (JSON.parse(literal) as string) : literal;
}

/** Keys in the order of their UTF-16 units, as the canonical form has them, which is that of JavaScript's sort. */
function layoutOf(columns: readonly (readonly [name: string, column: number])[]): Layout {
  const sorted = columns.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    prefixes: sorted.map(([name], index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`),
    columns: sorted.map(([, column]) => column),
  };
}
