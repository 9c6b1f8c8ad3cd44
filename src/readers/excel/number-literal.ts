import { ServiceError } from '../../errors.ts';
import type { NumberForm } from '../../model/record.ts';
import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { NumberCanonicalizer } from '../../protocol/canonical/decimal.ts';

/** A longer text is no number that anybody wrote. */
const MAX_LENGTH = 4096;

/** The numbers of cells, by their decimal text. */
export class NumberLiterals {
  readonly #canonicalizer: NumberCanonicalizer;

  constructor(form: NumberForm) {
    this.#canonicalizer = new NumberCanonicalizer(form);
  }

  /**
   * Appends the text `input[from]` up to `input[to - 1]` as a JSON number in canonical form; false where it is none. Throws NUMBER_OUT_OF_RANGE.
   * @param input `input[to]` is part of no number
   */
  append(output: ByteOutput, input: Uint8Array, from: number, to: number): boolean {
    const canonicalizer = this.#canonicalizer;
    if (to - from > MAX_LENGTH || canonicalizer.endOf(input, from) !== to) return false;
    if (canonicalizer.isCanonical) output.append(input, from, to);
    else if (!canonicalizer.append(output, input, from, to)) throw new ServiceError('NUMBER_OUT_OF_RANGE');
    return true;
  }
}
