import type { SeekPoint } from '../model/record.ts';

/** Readers look back by a record or two; at 256 KiB a block, these are 256 MiB. */
const MAX_BOUNDARIES = 1024;

/** Offsets of a text and of what it is made from, side by side, at the boundaries of the blocks that were given last. */
export class BoundaryTable {
  readonly #boundaries: SeekPoint[];

  constructor(start: SeekPoint) {
    this.#boundaries = [start];
  }

  /** Adds a boundary that does not come before those that were added. */
  add(boundary: SeekPoint): void {
    if (this.#boundaries.push(boundary) > MAX_BOUNDARIES) this.#boundaries.shift();
  }

  /** The last boundary at or before an offset of the text; undefined: the table begins behind it. */
  find(textOffset: number): SeekPoint | undefined {
    return this.#boundaries.findLast(([offset]) => offset <= textOffset);
  }

  /** The same in offsets of what the text is made from; the start of the table where that is behind it. */
  originAt(textOffset: number): number {
    const [, origin] = this.find(textOffset) ?? this.#boundaries[0] ?? [0, 0];
    return origin;
  }
}
