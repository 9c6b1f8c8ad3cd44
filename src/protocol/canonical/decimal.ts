/**
 * The canonical form of a number that is not yet in it.
 *
 * Exact: the decimal text decides, never a double. With the significant digits d₁…dₖ (no zero at either end) and the point after
 * the n-th of them, the layout is that of ECMAScript's Number::toString: plain for -6 < n ≤ 21, else `d.ddde±(n - 1)`. So
 * equal numbers have equal text, however they were written.
 */
import type { NumberForm } from '../../model/record.ts';
import type { ByteOutput } from './byte-output.ts';
import { LOWER_E, MINUS, NINE, PLUS, POINT, ZERO } from './bytes.ts';

/** Largest magnitude of an exponent in canonical form. More is refused: no receiver could make anything of it. */
const MAX_EXPONENT = 999_999_999;
/** Most digits before the point, and most zeros after `0.`, in the plain layout (ECMA-262, Number::toString). */
const MAX_PLAIN_INTEGER_DIGITS = 21;
const MAX_PLAIN_LEADING_ZEROS = 5;
/** A decimal of so many digits survives the way through a double and back (IEEE 754 binary64). */
const DOUBLE_SAFE_DIGITS = 15;
/** Beyond this a written exponent is not counted on: the digits of a text that fits in memory cannot make up for it. */
const EXPONENT_SATURATION = 1e15;

/** Finds the ends of numbers, tells which are in canonical form already, and rewrites the others. */
export class NumberCanonicalizer {
  /** Of the number last scanned. */
  isCanonical = true;
  /** More digits than these are looked at more closely: they may not survive a double. */
  readonly #maxDigits: number;
  readonly #form: NumberForm;

  constructor(form: NumberForm) {
    this.#form = form;
    this.#maxDigits = form === 'exact' ? Number.POSITIVE_INFINITY : DOUBLE_SAFE_DIGITS;
  }

  /** Index after the number at `from`, or `~index` where `input[index]` should have been a digit. */
  endOf(input: Uint8Array, from: number): number {
    const start = input[from] === MINUS ? from + 1 : from;
    let index = start;
    if (input[index] === ZERO) index += 1;
    else index = skipDigits(input, index);
    if (index === start) return ~index;
    const integerDigits = index - start;
    const isZero = input[start] === ZERO;
    let isCanonical = integerDigits <= MAX_PLAIN_INTEGER_DIGITS;
    if (input[index] === POINT) {
      const fraction = index + 1;
      index = skipDigits(input, fraction);
      if (index === fraction) return ~index;
      if (input[index - 1] === ZERO || (isZero && leadingZeros(input, fraction) > MAX_PLAIN_LEADING_ZEROS))
        isCanonical = false;
    } else if (isZero && start > from) isCanonical = false;
    if (index - start > this.#maxDigits) isCanonical = false;
    if (((input[index] as number) | 0x20) === LOWER_E) {
      isCanonical = false;
      index += 1;
      if (input[index] === PLUS || input[index] === MINUS) index += 1;
      const exponent = index;
      index = skipDigits(input, exponent);
      if (index === exponent) return ~index;
    }
    this.isCanonical = isCanonical;
    return index;
  }

  /** Appends the canonical form of the number `input[from]` up to `input[to - 1]`, whose grammar was checked; false: out of range. */
  append(output: ByteOutput, input: Uint8Array, from: number, to: number): boolean {
    return this.#form === 'exact' ? appendExact(output, input, from, to) : appendRounded(output, input, from, to);
  }
}

function skipDigits(input: Uint8Array, from: number): number {
  let index = from;
  let byte = input[index] as number;
  while (byte >= ZERO && byte <= NINE) {
    index += 1;
    byte = input[index] as number;
  }
  return index;
}

function leadingZeros(input: Uint8Array, from: number): number {
  let index = from;
  while (input[index] === ZERO) index += 1;
  return index - from;
}

function appendRounded(output: ByteOutput, input: Uint8Array, from: number, to: number): boolean {
  const value = Number(Buffer.from(input.buffer, input.byteOffset + from, to - from).toString('latin1'));
  if (!Number.isFinite(value)) return false;
  output.appendAscii(String(value));
  return true;
}

/** The significand of a number's text. Indexes count digits, the point left out. */
interface Significand {
  readonly firstDigit: number;
  readonly lastDigit: number;
  readonly integerDigits: number;
  /** Index into the text after the significand. */
  readonly end: number;
}

function appendExact(output: ByteOutput, input: Uint8Array, from: number, to: number): boolean {
  const isNegative = input[from] === MINUS;
  const start = isNegative ? from + 1 : from;
  const { firstDigit, lastDigit, integerDigits, end } = readSignificand(input, start, to);
  if (firstDigit === -1) {
    output.appendAscii('0');
    return true;
  }
  const digitCount = lastDigit - firstDigit + 1;
  const pointAfter = integerDigits - firstDigit + readExponent(input, end, to);
  if (Math.abs(pointAfter - 1) > MAX_EXPONENT) return false;
  output.reserve(digitCount + MAX_PLAIN_INTEGER_DIGITS + 16);
  if (isNegative) output.push(MINUS);
  const digits = new DigitCopier(output, input, start + firstDigit + (firstDigit >= integerDigits ? 1 : 0));
  if (pointAfter > MAX_PLAIN_INTEGER_DIGITS || pointAfter < -MAX_PLAIN_LEADING_ZEROS) {
    digits.copy(1);
    if (digitCount > 1) output.push(POINT);
    digits.copy(digitCount - 1);
    output.appendAscii(`e${pointAfter > 0 ? '+' : ''}${pointAfter - 1}`);
  } else if (pointAfter <= 0) {
    output.appendAscii(`0.${'0'.repeat(-pointAfter)}`);
    digits.copy(digitCount);
  } else {
    digits.copy(Math.min(digitCount, pointAfter));
    if (digitCount > pointAfter) {
      output.push(POINT);
      digits.copy(digitCount - pointAfter);
    } else output.appendAscii('0'.repeat(pointAfter - digitCount));
  }
  return true;
}

function readSignificand(input: Uint8Array, from: number, to: number): Significand {
  let firstDigit = -1;
  let lastDigit = -1;
  let integerDigits = -1;
  let digitCount = 0;
  let index = from;
  for (; index < to; index += 1) {
    const byte = input[index] as number;
    if (byte === POINT) {
      integerDigits = digitCount;
    } else if (byte > NINE) {
      break;
    } else {
      if (byte !== ZERO) lastDigit = digitCount;
      if (firstDigit === -1) firstDigit = lastDigit;
      digitCount += 1;
    }
  }
  return { firstDigit, lastDigit, integerDigits: integerDigits === -1 ? digitCount : integerDigits, end: index };
}

/** The value of `e±digits` at `from`, 0 where there is none. */
function readExponent(input: Uint8Array, from: number, to: number): number {
  if (from === to) return 0;
  let index = from + 1;
  const sign = input[index];
  if (sign === MINUS || sign === PLUS) index += 1;
  let value = 0;
  for (; index < to; index += 1) value = Math.min(value * 10 + (input[index] as number) - ZERO, EXPONENT_SATURATION);
  return sign === MINUS ? -value : value;
}

/** Copies digits in their order, stepping over the point between them. */
class DigitCopier {
  readonly #output: ByteOutput;
  readonly #input: Uint8Array;
  #index: number;

  constructor(output: ByteOutput, input: Uint8Array, from: number) {
    this.#output = output;
    this.#input = input;
    this.#index = from;
  }

  copy(digitCount: number): void {
    for (let left = digitCount; left > 0; left -= 1) {
      if (this.#input[this.#index] === POINT) this.#index += 1;
      this.#output.push(this.#input[this.#index] as number);
      this.#index += 1;
    }
  }
}
