import { ServiceError } from '../../errors.ts';
import type { NumberForm } from '../../model/record.ts';
import { NumberLiterals } from './number-literal.ts';
import { formatSerial } from './serial-date.ts';
import { textLiteral } from './text-literal.ts';
import type { Workbook } from './workbook.ts';

const DIGITS = /^\d{1,9}$/;

/** What a cell is told to be, as its tag and its children have it. */
export interface Cell {
  /** ECMA-376 part 1, 18.18.11 ST_CellType. */
  readonly type: string;
  /** Index of its style. */
  readonly style: string;
  /** The text of its value (`v`), null where it has none. */
  readonly value: string | null;
  /** The text of its inline string (`is`), null where it has none. */
  readonly inline: string | null;
}

/** Turns the cells of one workbook into JSON literals in canonical form. */
export class CellLiterals {
  readonly #workbook: Workbook;
  readonly #numbers: NumberLiterals;

  constructor(workbook: Workbook, numberForm: NumberForm) {
    this.#workbook = workbook;
    this.#numbers = new NumberLiterals(numberForm);
  }

  /**
   * The value of a cell, null where it has none: of a formula that which was last computed. Throws, without a place, READER_SYNTAX, LONE_SURROGATE, NUMBER_OUT_OF_RANGE, RECORD_TOO_LARGE (a
   * shared string).
   */
  of({ type, style, value, inline }: Cell): string | null {
    if (type === 'inlineStr') return inline === null && value === null ? null : textLiteral(inline ?? value ?? '');
    if (value === null) return null;
    switch (type) {
      case 'n':
        return this.#numeral(value, style);
      case 's':
        return this.#shared(value);
      case 'b':
        return booleanLiteral(value);
      case 'str':
      case 'e':
      case 'd':
        return textLiteral(value);
      default:
        throw new ServiceError('READER_SYNTAX', {
          detail: `There is no cell type ${JSON.stringify(type.slice(0, 40))}.`,
        });
    }
  }

  #numeral(value: string, style: string): string | null {
    const text = value.trim();
    if (text === '') return null;
    const format = style === '' ? undefined : this.#workbook.formats[Number(style)];
    const literal = this.#numbers.of(text);
    if (literal === null) return textLiteral(value);
    if (format === undefined || format === 'number') return literal;
    const date = formatSerial(Number(text), format, this.#workbook.isDate1904);
    return date === null ? literal : `"${date}"`;
  }

  #shared(value: string): string {
    const index = value.trim();
    const literal = DIGITS.test(index) ? this.#workbook.sharedStrings.literalAt(Number(index)) : undefined;
    if (literal !== undefined) return literal;
    throw new ServiceError('READER_SYNTAX', { detail: 'It refers to a shared string that does not exist.' });
  }
}

function booleanLiteral(value: string): string {
  const text = value.trim();
  if (text === '1' || text === 'true') return 'true';
  if (text === '0' || text === 'false') return 'false';
  throw new ServiceError('READER_SYNTAX', { detail: 'It is neither true nor false.' });
}
