import { ServiceError } from '../../errors.ts';
import type { NumberForm } from '../../model/record.ts';
import { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { NumberCanonicalizer } from '../../protocol/canonical/decimal.ts';

/** Numbers in canonical form whatever the form, and nothing else: what most cells hold. */
const PLAIN = /^(?:0|-?(?:[1-9]\d{0,14}|(?:0|[1-9]\d{0,7})\.\d{0,5}[1-9]))$/;
/** A longer text is no number that anybody wrote. */
const MAX_LENGTH = 4096;

/** The numbers of cells, by their decimal text. */
export class NumberLiterals {
  readonly #canonicalizer: NumberCanonicalizer;
  readonly #input = Buffer.alloc(3 * MAX_LENGTH + 1);
  readonly #output = new ByteOutput(MAX_LENGTH);

  constructor(form: NumberForm) {
    this.#canonicalizer = new NumberCanonicalizer(form);
  }

  /** A cell's text as a JSON number in canonical form; null where it is none. Throws NUMBER_OUT_OF_RANGE. */
  of(text: string): string | null {
    if (PLAIN.test(text)) return text;
    if (text.length > MAX_LENGTH) return null;
    const input = this.#input;
    const length = input.write(text);
    input[length] = 0;
    if (this.#canonicalizer.endOf(input, 0) !== length) return null;
    if (this.#canonicalizer.isCanonical) return text;
    if (!this.#canonicalizer.append(this.#output, input, 0, length)) {
      throw new ServiceError('NUMBER_OUT_OF_RANGE');
    }
    return Buffer.from(this.#output.take()).toString('latin1');
  }
}
