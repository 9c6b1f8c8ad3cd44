import { ServiceError } from '../../errors.ts';
import type { NumberForm } from '../../model/record.ts';
import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { isWhiteSpace, NINE, ZERO } from '../../protocol/canonical/bytes.ts';
import { NumberLiterals } from './number-literal.ts';
import { formatSerial } from './serial-date.ts';
import { appendTextLiteral } from './text-literal.ts';
import type { Workbook } from './workbook.ts';

const MAX_INDEX_DIGITS = 9;

/** What a cell's tag says of it. */
export interface CellTag {
  /** ECMA-376 part 1, 18.18.11 ST_CellType. */
  readonly type: string;
  /** Index of its style. */
  readonly style: number;
}

/** Writes the values of the cells of one workbook as JSON in canonical form. */
export class CellLiterals {
  readonly #workbook: Workbook;
  readonly #numbers: NumberLiterals;
  readonly #output: ByteOutput;

  /** @param output where values are written */
  constructor(workbook: Workbook, numberForm: NumberForm, output: ByteOutput) {
    this.#workbook = workbook;
    this.#numbers = new NumberLiterals(numberForm);
    this.#output = output;
  }

  /**
   * Appends what the value of a cell is, of a formula that which was last computed; nothing where it is empty and no text. Throws, without a place, READER_SYNTAX, LONE_SURROGATE,
   * NUMBER_OUT_OF_RANGE, RECORD_TOO_LARGE (a shared string).
   * @param input its text is `input[from]` up to `input[to - 1]`, in UTF-8 and without references; `input[to]` is no part of a number
   */
  append({ type, style }: CellTag, input: Uint8Array, from: number, to: number): void {
    switch (type) {
      case 'n':
        this.#appendNumeral(style, input, from, to);
        break;
      case 's':
        this.#appendShared(input, from, to);
        break;
      case 'b':
        this.#output.appendAscii(booleanLiteral(textOf(input, from, to)));
        break;
      case 'inlineStr':
      case 'str':
      case 'e':
      case 'd':
        appendTextLiteral(this.#output, input, from, to);
        break;
      default:
        throw new ServiceError('READER_SYNTAX', {
          detail: `There is no cell type ${JSON.stringify(type.slice(0, 40))}.`,
        });
    }
  }

  #appendNumeral(style: number, input: Uint8Array, from: number, to: number): void {
    const output = this.#output;
    const start = trimmedStart(input, from, to);
    const end = trimmedEnd(input, start, to);
    if (start === end) return;
    const literalStart = output.length;
    if (!this.#numbers.append(output, input, start, end)) {
      appendTextLiteral(output, input, from, to);
      return;
    }
    const format = this.#workbook.formats[style];
    if (format === undefined || format === 'number') return;
    const date = formatSerial(Number(textOf(input, start, end)), format, this.#workbook.isDate1904);
    if (date === null) return;
    output.length = literalStart;
    output.appendAscii(`"${date}"`);
  }

  #appendShared(input: Uint8Array, from: number, to: number): void {
    const start = trimmedStart(input, from, to);
    const end = trimmedEnd(input, start, to);
    const index = indexOf(input, start, end);
    if (index !== -1 && this.#workbook.sharedStrings.appendLiteral(index, this.#output)) return;
    throw new ServiceError('READER_SYNTAX', { detail: 'It refers to a shared string that does not exist.' });
  }
}

/** The number that the digits of a text stand for; -1 where it is something else. */
function indexOf(input: Uint8Array, from: number, to: number): number {
  if (from === to || to - from > MAX_INDEX_DIGITS) return -1;
  let index = 0;
  for (let at = from; at < to; at += 1) {
    const byte = input[at] as number;
    if (byte < ZERO || byte > NINE) return -1;
    index = index * 10 + byte - ZERO;
  }
  return index;
}

function booleanLiteral(value: string): string {
  const text = value.trim();
  if (text === '1' || text === 'true') return 'true';
  if (text === '0' || text === 'false') return 'false';
  throw new ServiceError('READER_SYNTAX', { detail: 'It is neither true nor false.' });
}

function trimmedStart(input: Uint8Array, from: number, to: number): number {
  let start = from;
  while (start < to && isWhiteSpace(input[start] as number)) start += 1;
  return start;
}

function trimmedEnd(input: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && isWhiteSpace(input[end - 1] as number)) end -= 1;
  return end;
}

function textOf(input: Uint8Array, from: number, to: number): string {
  return Buffer.from(input.buffer, input.byteOffset + from, to - from).toString('latin1');
}
