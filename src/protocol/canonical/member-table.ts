/**
 * The members of the objects under way, innermost last, and their sorting: canonical form is first written in the order of the text, then
 * an object's members are permuted as byte ranges when it closes.
 *
 * The records of a feed have the same keys in the same order nearly always. So the permutation found for an object is kept by its
 * shape (a hash of how its keys look), and the next object of that shape is sorted by it: proving that the result ascends
 * takes one comparison per member, and whatever is not proved is sorted anew.
 */
import type { ByteOutput } from './byte-output.ts';
import { COMMA } from './bytes.ts';
import { compareAtDifference } from './key-order.ts';

const INITIAL_MEMBERS = 64;
/** Up to so many members insertion beats the runtime's sort. */
const MAX_INSERTION_MEMBERS = 16;
/** Permutations kept, a power of two, and the most members of one: together 1 MiB at most. */
const SHAPE_SLOTS = 1024;
const MAX_SHAPE_MEMBERS = 256;

/** See the head of the file. */
export class MemberTable {
  count = 0;
  /** By member, of its key in the output: index of the opening quote and after the closing one. */
  #keyStarts = new Int32Array(INITIAL_MEMBERS);
  #keyEnds = new Int32Array(INITIAL_MEMBERS);
  /** By member: index of its key in the text. */
  #sources = new Int32Array(INITIAL_MEMBERS);
  readonly #shapes: (Int32Array | undefined)[] = Array.from({ length: SHAPE_SLOTS });

  /** Adds a member: its key's range in the output, its key's index in the text. */
  push(keyStart: number, keyEnd: number, source: number): void {
    const { count } = this;
    if (count === this.#sources.length) this.#grow();
    this.#keyStarts[count] = keyStart;
    this.#keyEnds[count] = keyEnd;
    this.#sources[count] = source;
    this.count = count + 1;
  }

  /** Index in the text of a member's key. */
  sourceOf(member: number): number {
    return this.#sources[member] as number;
  }

  /**
   * Sorts the members from `first` on, which are those of the object that ends at `output.length`. Returns -1, or the index in the text of
   * a key that was there before.
   * @param isByteOrder whether none of the keys holds an escape or a character from U+E000 up
   */
  sort(first: number, output: ByteOutput, isByteOrder: boolean): number {
    const count = this.count - first;
    const slot = this.#shapeSlot(first, output.bytes);
    let order = this.#shapes[slot];
    if (
      order === undefined ||
      order.length !== count ||
      this.#firstDisorder(order, first, output.bytes, isByteOrder) !== -1
    ) {
      order = this.#sorted(first, output.bytes, isByteOrder);
      const disorder = this.#firstDisorder(order, first, output.bytes, isByteOrder);
      if (disorder !== -1) {
        const earlier = this.sourceOf(first + (order[disorder - 1] as number));
        return Math.max(earlier, this.sourceOf(first + (order[disorder] as number)));
      }
      if (count <= MAX_SHAPE_MEMBERS) this.#shapes[slot] = order;
    }
    this.#arrange(order, first, output);
    return -1;
  }

  #shapeSlot(first: number, bytes: Uint8Array): number {
    let hash = this.count - first;
    for (let member = first; member < this.count; member += 1) {
      const start = this.#keyStarts[member] as number;
      hash =
        (Math.imul(hash, 31) + (this.#keyEnds[member] as number) - start + ((bytes[start + 1] as number) << 8)) | 0;
    }
    return (hash ^ (hash >>> 10)) & (SHAPE_SLOTS - 1);
  }

  /** Index into `order` of the first member that does not come after the one before it; -1: all do. */
  #firstDisorder(order: Int32Array, first: number, bytes: Uint8Array, isByteOrder: boolean): number {
    let member = first + (order[0] as number);
    for (let index = 1; index < order.length; index += 1) {
      const next = first + (order[index] as number);
      if (this.#compare(member, next, bytes, isByteOrder) >= 0) return index;
      member = next;
    }
    return -1;
  }

  #compare(left: number, right: number, bytes: Uint8Array, isByteOrder: boolean): number {
    const leftStart = (this.#keyStarts[left] as number) + 1;
    const rightStart = (this.#keyStarts[right] as number) + 1;
    const leftLength = (this.#keyEnds[left] as number) - leftStart;
    const rightLength = (this.#keyEnds[right] as number) - rightStart;
    // The closing quotes are counted in both lengths and left out here.
    const shorter = (leftLength < rightLength ? leftLength : rightLength) - 1;
    let index = 0;
    while (index < shorter && bytes[leftStart + index] === bytes[rightStart + index]) index += 1;
    if (index === shorter) return leftLength - rightLength;
    if (isByteOrder) return (bytes[leftStart + index] as number) - (bytes[rightStart + index] as number);
    return compareAtDifference(bytes, leftStart, rightStart, index);
  }

  #sorted(first: number, bytes: Uint8Array, isByteOrder: boolean): Int32Array {
    const order = new Int32Array(this.count - first);
    for (let index = 0; index < order.length; index += 1) order[index] = index;
    if (order.length > MAX_INSERTION_MEMBERS) {
      return order.toSorted((left, right) => this.#compare(first + left, first + right, bytes, isByteOrder));
    }
    for (let index = 1; index < order.length; index += 1) {
      const member = order[index] as number;
      let place = index;
      while (place > 0 && this.#compare(first + (order[place - 1] as number), first + member, bytes, isByteOrder) > 0) {
        order[place] = order[place - 1] as number;
        place -= 1;
      }
      order[place] = member;
    }
    return order;
  }

  /** Moves the members: those out of place behind the output in their order, neighbours together, and then back as one. */
  #arrange(order: Int32Array, first: number, output: ByteOutput): void {
    const starts = this.#keyStarts;
    const lastMember = order.length - 1;
    const membersEnd = output.length - 1;
    let index = 0;
    while (index <= lastMember && order[index] === index) index += 1;
    if (index > lastMember) return;
    const target = starts[first + index] as number;
    output.reserve(membersEnd - target + 1);
    let at = output.length;
    while (index <= lastMember) {
      const from = order[index] as number;
      let to = from;
      while (index < lastMember && order[index + 1] === to + 1) {
        index += 1;
        to += 1;
      }
      index += 1;
      const start = starts[first + from] as number;
      const end = to === lastMember ? membersEnd : (starts[first + to + 1] as number) - 1;
      output.copy(at, start, end);
      at += end - start;
      output.bytes[at] = COMMA;
      at += 1;
    }
    output.copy(target, output.length, at - 1);
  }

  #grow(): void {
    this.#keyStarts = grow(this.#keyStarts);
    this.#keyEnds = grow(this.#keyEnds);
    this.#sources = grow(this.#sources);
  }
}

function grow(column: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(2 * column.length);
  grown.set(column);
  return grown;
}
