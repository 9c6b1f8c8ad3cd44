/**
 * The members of the objects under way, innermost last, and what brings those of one object into order when it closes: they are byte ranges of the output
 * or, where nothing of the object was appended yet, of the text. The latter saves the copies within the output.
 *
 * The permutation found for an object is kept by its shape (a hash of how its keys look), and the next object of that shape is sorted by it: proving that
 * the result ascends takes one comparison per member, and whatever is not proved is sorted anew.
 */
import type { ByteOutput } from './byte-output.ts';
import { COMMA } from './bytes.ts';
import { compareAtDifference } from './key-order.ts';
import type { TextRun } from './text-run.ts';

const INITIAL_MEMBERS = 64;
/** Up to so many members insertion beats the runtime's sort. */
const MAX_INSERTION_MEMBERS = 16;

/** Permutations kept by shape, a power of two, and the most members of one: together 1 MiB at most. */
const SHAPE_SLOTS = 1024;
const MAX_SHAPE_MEMBERS = 256;

/** The members of an object in the order that they are to have, counted from the object's first. */
export type MemberOrder = Int32Array;

/** See the head of the file. */
export class MemberTable {
  count = 0;
  /** By member, of its key in the output: index of the opening quote and after the closing one. */
  #keyStarts = new Int32Array(INITIAL_MEMBERS);
  #keyEnds = new Int32Array(INITIAL_MEMBERS);
  /** By member: index of its key in the text. */
  #sources = new Int32Array(INITIAL_MEMBERS);
  readonly #shapes: (MemberOrder | undefined)[] = Array.from({ length: SHAPE_SLOTS });

  /** Adds a member: its key's range in the output, its key's index in the text. */
  push(keyStart: number, keyEnd: number, source: number): void {
    const { count } = this;
    // The place after the last member is for where it ends.
    if (count + 1 === this.#sources.length) this.#grow();
    this.#keyStarts[count] = keyStart;
    this.#keyEnds[count] = keyEnd;
    this.#sources[count] = source;
    this.count = count + 1;
  }

  /** Index in the output of a member's key. */
  keyStartOf(member: number): number {
    return this.#keyStarts[member] as number;
  }

  /** Index in the text of a member's key. */
  sourceOf(member: number): number {
    return this.#sources[member] as number;
  }

  /**
   * What sorts the members from `first` on, or the index in the text of a key that was there before.
   * @param bytes those of the output, where all keys are
   * @param isByteOrder whether none of the keys holds an escape or a character from U+E000 up
   */
  sort(first: number, bytes: Uint8Array, isByteOrder: boolean): MemberOrder | number {
    const slot = this.#shapeSlot(first, bytes);
    const known = this.#shapes[slot];
    const isKnown = known !== undefined && known.length === this.count - first;
    if (isKnown && this.#firstDisorder(known, first, bytes, isByteOrder) === -1) return known;
    const order = this.#sorted(first, bytes, isByteOrder);
    const disorder = this.#firstDisorder(order, first, bytes, isByteOrder);
    if (disorder !== -1) {
      const earlier = this.sourceOf(first + (order[disorder - 1] as number));
      return Math.max(earlier, this.sourceOf(first + (order[disorder] as number)));
    }
    if (order.length <= MAX_SHAPE_MEMBERS) this.#shapes[slot] = order;
    return order;
  }

  /** Brings the members from `first` on into order, which are those of the object that ends at `output.length`. */
  arrange(order: MemberOrder, first: number, output: ByteOutput): void {
    const place = firstOutOfPlace(order);
    if (place === order.length) return;
    const end = output.length;
    const target = this.#keyStarts[first + place] as number;
    this.#keyStarts[this.count] = end;
    this.#appendFrom(place, order, first, { output, words: output.words, shift: 0 });
    output.moveBack(target, end);
  }

  /** The same where the object ends before `end` of the text and nothing of it was appended yet. Its brace is then still to be appended. */
  appendArranged(order: MemberOrder, first: number, run: TextRun, end: number): void {
    const place = firstOutOfPlace(order);
    if (place === order.length) return;
    const { output, words, shift } = run;
    run.appendTo((this.#keyStarts[first + place] as number) - shift);
    this.#keyStarts[this.count] = end + shift;
    this.#appendFrom(place, order, first, { output, words, shift });
    run.beginAt(end - 1);
  }

  /**
   * Appends the members from `place` of the order on, neighbours together. Each brings along the comma behind it; behind the object's last is the brace,
   * of which a comma is made, and the last comma is taken away.
   */
  #appendFrom(place: number, order: MemberOrder, first: number, { output, words, shift }: MemberBytes): void {
    const starts = this.#keyStarts;
    let index = place;
    while (index < order.length) {
      const from = order[index] as number;
      let next = from + 1;
      index += 1;
      while (index < order.length && order[index] === next) {
        index += 1;
        next += 1;
      }
      output.appendWords(words, (starts[first + from] as number) - shift, (starts[first + next] as number) - shift);
      output.bytes[output.length - 1] = COMMA;
    }
    output.length -= 1;
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
  #firstDisorder(order: MemberOrder, first: number, bytes: Uint8Array, isByteOrder: boolean): number {
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

  #grow(): void {
    this.#keyStarts = grow(this.#keyStarts);
    this.#keyEnds = grow(this.#keyEnds);
    this.#sources = grow(this.#sources);
  }
}

/** Where members lie, their indexes less the shift, and where they go to. */
interface MemberBytes {
  readonly output: ByteOutput;
  readonly words: DataView;
  readonly shift: number;
}

function firstOutOfPlace(order: MemberOrder): number {
  let index = 0;
  while (index < order.length && order[index] === index) index += 1;
  return index;
}

function grow(column: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(2 * column.length);
  grown.set(column);
  return grown;
}
