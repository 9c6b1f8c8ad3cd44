import { COLON, QUOTE } from './bytes.ts';
import { type KeyNode, KeyTree } from './key-tree.ts';
import { MemberTable } from './member-table.ts';
import type { TextRun } from './text-run.ts';

/** Kind of a container, and of an object whether it must be sorted and how. */
export const ARRAY = 0;
export const OBJECT = 1;
const IS_UNSORTED = 2;
const IS_NOT_BYTE_ORDER = 4;

const INITIAL_FRAMES = 64;
const NONE = -1;

/** The containers that are open, innermost last, and the keys of the objects among them; these are sorted when they close. */
export class OpenContainers {
  /** How many are open. */
  depth = 0;
  readonly #run: TextRun;
  readonly #members = new MemberTable();
  readonly #tree = new KeyTree(OBJECT);
  /** By depth: kind and flags. What is around the outermost is as an array. */
  #frames = new Uint8Array(INITIAL_FRAMES);
  /** By depth: the first member of an object. */
  #firstMembers = new Int32Array(INITIAL_FRAMES);
  /** By depth: of an object its keys so far, of an array where objects in it begin; null: not in the tree. */
  readonly #nodes: (KeyNode | null)[] = [this.#tree.root];

  constructor(run: TextRun) {
    this.#run = run;
  }

  /** Whether the innermost is an object. */
  get isInObject(): boolean {
    return this.#frames[this.depth] !== ARRAY;
  }

  /** Forgets what is open. */
  clear(): void {
    this.depth = 0;
    this.#members.count = 0;
  }

  /** Opens one inside of the innermost. */
  open(kind: typeof ARRAY | typeof OBJECT): void {
    const outer = this.#nodes[this.depth] as KeyNode | null;
    const node = outer !== null && this.isInObject ? this.#tree.innerOf(outer) : outer;
    this.depth += 1;
    if (this.depth === this.#frames.length) this.#grow();
    this.#frames[this.depth] = kind;
    this.#firstMembers[this.depth] = this.#members.count;
    this.#nodes[this.depth] = node;
  }

  /** Adds the key at `from` to the innermost object if one like it came there before. Returns the index after its colon, else -1. */
  addKnownKey(from: number): number {
    const node = this.#nodes[this.depth] as KeyNode | null;
    const known = node === null ? null : node.follow(this.#run.words, from);
    if (known === null) return NONE;
    const { shift } = this.#run;
    const end = from + known.byteCount;
    this.#nodes[this.depth] = known;
    this.#frames[this.depth] = known.frame;
    this.#members.push(from + shift, end - 1 + shift, from);
    return end;
  }

  /**
   * Adds a key to the innermost object.
   * @param start its index in the output
   * @param isByteOrder whether it holds no escape and no character from U+E000 up
   */
  addKey(from: number, end: number, start: number, isByteOrder: boolean): void {
    const members = this.#members;
    const { depth } = this;
    const isFirst = members.count === this.#firstMembers[depth];
    if (!isByteOrder) this.#frames[depth] = OBJECT | IS_UNSORTED | IS_NOT_BYTE_ORDER;
    else if (this.#frames[depth] === OBJECT && !isFirst && !this.#isAfter(members.sourceOf(members.count - 1), from)) {
      this.#frames[depth] = OBJECT | IS_UNSORTED;
    }
    members.push(start, end + this.#run.shift, from);
    this.#nodes[depth] = this.#learn(from, end, start);
  }

  /** Closes the innermost, which ends before `end`, its members sorted. Returns the index of a key that was there before, or -1. */
  close(end: number): number {
    const { depth } = this;
    const frame = this.#frames[depth] as number;
    const repeated = (frame & IS_UNSORTED) === 0 ? NONE : this.#sort(end, frame);
    if (frame !== ARRAY) this.#members.count = this.#firstMembers[depth] as number;
    this.depth = depth - 1;
    return repeated;
  }

  #sort(end: number, frame: number): number {
    const run = this.#run;
    const members = this.#members;
    const first = this.#firstMembers[this.depth] as number;
    const node = this.#nodes[this.depth] as KeyNode | null;
    const known = node === null ? null : node.order;
    if (known !== null && members.keyStartOf(first) >= run.output.length) {
      members.appendArranged(known, first, run, end);
      return NONE;
    }
    run.appendTo(end);
    const order = known ?? members.sort(first, run.output.bytes, (frame & IS_NOT_BYTE_ORDER) === 0);
    if (typeof order === 'number') return order;
    if (node !== null && known === null) this.#tree.learnOrder(node, order);
    members.arrange(order, first, run.output);
    return NONE;
  }

  /** A key that is rewritten, or not followed by its colon at once, is not where its text says, and so not learned. */
  #learn(from: number, end: number, start: number): KeyNode | null {
    const { words, input, shift } = this.#run;
    const node = this.#nodes[this.depth] as KeyNode | null;
    const isVerbatim = end + shift - start === end - from;
    if (node === null || !isVerbatim || input[end] !== COLON) return null;
    return this.#tree.learn(node, words, { from, to: end + 1, frame: this.#frames[this.depth] as number });
  }

  /** Whether the key at `second` comes after the one at `first`, neither holding escapes or characters from U+E000 up. */
  #isAfter(first: number, second: number): boolean {
    const { input } = this.#run;
    let offset = 1;
    while (input[first + offset] === input[second + offset]) {
      if (input[first + offset] === QUOTE) return false;
      offset += 1;
    }
    if (input[first + offset] === QUOTE) return true;
    return input[second + offset] !== QUOTE && (input[first + offset] as number) < (input[second + offset] as number);
  }

  #grow(): void {
    const frames = new Uint8Array(2 * this.#frames.length);
    frames.set(this.#frames);
    this.#frames = frames;
    const firstMembers = new Int32Array(2 * this.#firstMembers.length);
    firstMembers.set(this.#firstMembers);
    this.#firstMembers = firstMembers;
  }
}
