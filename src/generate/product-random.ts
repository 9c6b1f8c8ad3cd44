/**
 * Random numbers of one product (mulberry32), which seed and index of the product decide: a product does not depend on how many are generated before it, or in
 * which format.
 */
export class ProductRandom {
  #state: number;

  constructor(seed: number, index: number) {
    this.#state = mix(mix(seed | 0) ^ mix(index | 0) ^ Math.floor(index / 2 ** 32));
  }

  /** At least 0 and below 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    const state = this.#state;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** At least 0 and below `limit`. */
  integer(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** At least 0 and below `limit`, with so many digits after the point at most. */
  decimal(limit: number, digits: number): number {
    const scale = 10 ** digits;
    return this.integer(limit * scale) / scale;
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of several. */
  pick<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.integer(choices.length)] as Choice;
  }
}

/** The finalizer of MurmurHash3: inputs that differ in one bit give outputs that differ in half of theirs. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
