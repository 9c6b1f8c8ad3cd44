import { seededRandom } from '../../mock-receiver/seeded-random.ts';

/** Draws on which a seed decides. */
export class Chance {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** A number in [0, max). */
  upTo(max: number): number {
    return this.#random() * max;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.upTo(bound));
  }

  /** True so often. */
  happens(probability: number): boolean {
    return this.#random() < probability;
  }

  /** What one of the choices makes, the likelier the greater its weight. */
  pick<Made>(choices: readonly (readonly [weight: number, make: () => Made])[]): Made {
    let left = this.upTo(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, make] of choices) {
      left -= weight;
      if (left < 0) return make();
    }
    throw new Error('nothing to choose from');
  }
}
