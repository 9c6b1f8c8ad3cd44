/**
 * Which keys the objects of a feed have, in the order of the text. They are the same in the same order nearly always: so the key that comes next is one of a
 * few, and to compare it by words costs a fraction of reading it, hashing it and comparing it with the one before it. What was once found out of a sequence of
 * keys, being a function of it, holds where it comes again: whether they ascend, and what sorts them. With the
 * copies by words and the objects sorted straight from the text, a feed of nested products is read in 14 to 18 % less time; one whose every record lacks
 * other members, so that hardly a sequence comes again, in 10 to 17 % more.
 *
 * A node stands for the keys of an object from its brace on, and only by comparing every byte of every one does one get there. Keys that are
 * rewritten are not in the tree, nor is what would be too much: the rest of such an object is read as if there were no tree.
 */
import type { MemberOrder } from './member-table.ts';

const WORD_BYTES = 4;
/** How many different keys may follow a sequence: each is compared with what comes. */
const MAX_NEXT_KEYS = 4;
/**
 * How many numbers a tree holds at most, and what a node counts for beside its words: so it stays below 256 KiB whatever comes, which a processor has at
 * hand. With 2 MiB feeds of many shapes are read a fifth slower, for the nodes are not in the cache when they are needed.
 */
const MAX_NUMBERS = 16 * 1024;
const NODE_NUMBERS = 32;

/** A key that was read, as the tree remembers it. */
export interface NewKey {
  /** Its range in the text, with the colon that follows it. */
  readonly from: number;
  readonly to: number;
  /** Kind and flags of the object up to and with it. */
  readonly frame: number;
}

/** The keys of an object up to and with one; before its first there are none. */
export class KeyNode {
  /** Kind and flags of the object. */
  readonly frame: number;
  /** Length of the last key, its quotes and the colon that follows it included. */
  readonly byteCount: number;
  /** Its bytes by words, the last of which may overlap the one before it. */
  readonly words: Int32Array;
  readonly next: KeyNode[] = [];
  /** Where the objects in the value of this key begin, be it one or an array of them; null: none was there. */
  inner: KeyNode | null = null;
  /** What sorts the members of an object with just these keys, of which none is repeated; null: not known. */
  order: MemberOrder | null = null;

  constructor(frame: number, byteCount: number, words: Int32Array) {
    this.frame = frame;
    this.byteCount = byteCount;
    this.words = words;
  }

  /** Goes on by the key at `from`, or says that it never came here. */
  follow(input: DataView, from: number): KeyNode | null {
    const { next } = this;
    for (let place = 0; place < next.length; place += 1) {
      const node = next[place] as KeyNode;
      if (!node.#isAt(input, from)) continue;
      if (place > 0) {
        // What comes often moves to the front.
        next[place] = next[place - 1] as KeyNode;
        next[place - 1] = node;
      }
      return node;
    }
    return null;
  }

  #isAt(input: DataView, from: number): boolean {
    const { words } = this;
    const lastIndex = from + this.byteCount - WORD_BYTES;
    // Within the buffer, if not within the text: behind that is a zero, which no key holds.
    if (lastIndex + WORD_BYTES > input.byteLength) return false;
    const last = words.length - 1;
    for (let word = 0; word < last; word += 1) {
      if (words[word] !== input.getInt32(from + WORD_BYTES * word, true)) return false;
    }
    return words[last] === input.getInt32(lastIndex, true);
  }
}

/** The tree of one canonicalizer. It is bounded: once full nothing is added. */
export class KeyTree {
  /** Where the outermost objects begin. */
  readonly root: KeyNode;
  readonly #emptyFrame: number;
  #numbers = 0;

  /** @param emptyFrame kind and flags of an object without keys */
  constructor(emptyFrame: number) {
    this.#emptyFrame = emptyFrame;
    this.root = this.#begin();
  }

  /** Remembers that after the keys of `node` came the one at `from`, sound and with its colon, as it will be in the output. Null where there is no room. */
  learn(node: KeyNode, input: DataView, key: NewKey): KeyNode | null {
    const byteCount = key.to - key.from;
    const wordCount = Math.ceil(byteCount / WORD_BYTES);
    if (byteCount < WORD_BYTES || node.next.length === MAX_NEXT_KEYS || !this.#take(NODE_NUMBERS + wordCount))
      return null;
    const words = Int32Array.from({ length: wordCount }, (_, word) =>
      input.getInt32(Math.min(key.from + WORD_BYTES * word, key.to - WORD_BYTES), true),
    );
    const next = new KeyNode(key.frame, byteCount, words);
    node.next.push(next);
    return next;
  }

  /** Where the objects in the value of the node's last key begin. Null where there is no room. */
  innerOf(node: KeyNode): KeyNode | null {
    if (node.inner === null && this.#take(NODE_NUMBERS)) node.inner = this.#begin();
    return node.inner;
  }

  /** Remembers what sorts an object with the node's keys. */
  learnOrder(node: KeyNode, order: MemberOrder): void {
    if (this.#take(order.length)) node.order = order;
  }

  #begin(): KeyNode {
    return new KeyNode(this.#emptyFrame, 0, new Int32Array(0));
  }

  #take(numbers: number): boolean {
    if (this.#numbers + numbers > MAX_NUMBERS) return false;
    this.#numbers += numbers;
    return true;
  }
}
