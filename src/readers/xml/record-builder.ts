import type { XmlFormat } from '../../model/format.ts';
import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { CanonicalWriter } from './canonical-writer.ts';
import { type MemberKey, MemberKeys } from './member-keys.ts';
import { refuseDuplicates, sortMembers } from './member-order.ts';
import { NULL, OBJECT, RecordTree, TEXT } from './record-tree.ts';
import { trimmedEnd, trimmedStart } from './white-space.ts';

/**
 * Makes the value of one record from what its elements hold, by the convention of Python's xmltodict: attributes and children are members, text alone
 * is a string, text beside members one of them, an element with nothing null, and elements of one name an array.
 *
 * The members of all open elements lie on one stack, and the pieces of their texts on another: an element that closes takes its own off them and
 * becomes a member of its parent.
 */
export class RecordBuilder {
  readonly keys: MemberKeys;
  /** To which the content of a string is appended, in canonical form without quotes, before it is added. */
  readonly text: ByteOutput;
  /** How many elements are open, the record included. */
  depth = 0;
  readonly #isTrimming: boolean;
  readonly #tree = new RecordTree();
  readonly #writer = new CanonicalWriter(this.#tree);
  /** The members of open elements, and the ranges of the pieces of their texts. */
  readonly #members: number[] = [];
  #memberCount = 0;
  readonly #pieceStarts: number[] = [];
  readonly #pieceEnds: number[] = [];
  #pieceCount = 0;
  /** By open element, the record first: its key in its parent, and where its members and pieces begin. */
  readonly #names: MemberKey[] = [];
  readonly #firstMembers: number[] = [];
  readonly #firstPieces: number[] = [];

  constructor(format: XmlFormat) {
    this.keys = new MemberKeys(format);
    this.text = this.#tree.text;
    this.#isTrimming = format.trim;
  }

  /** The key of the innermost element. */
  get innermost(): MemberKey {
    return this.#names[this.depth - 1] as MemberKey;
  }

  /** Whether white space that follows does not come into the innermost element's text. */
  get isLeading(): boolean {
    return this.#isTrimming && this.#pieceCount === this.#firstPieces[this.depth - 1];
  }

  /** Begins an element; the first one is the record. */
  open(name: MemberKey): void {
    const { depth } = this;
    this.#names[depth] = name;
    this.#firstMembers[depth] = this.#memberCount;
    this.#firstPieces[depth] = this.#pieceCount;
    this.depth = depth + 1;
  }

  /** Adds an attribute, the value being what was appended to the text from `start` on. */
  addAttribute(key: MemberKey, start: number): void {
    if (!key.isLeftOut) this.#add(key, TEXT, start, this.text.length);
  }

  /** Adds what was appended to the text from `start` on to that of the innermost element. */
  addText(start: number): void {
    const end = this.text.length;
    if (start === end) return;
    const count = this.#pieceCount;
    if (count > (this.#firstPieces[this.depth - 1] as number) && this.#pieceEnds[count - 1] === start) {
      this.#pieceEnds[count - 1] = end;
      return;
    }
    this.#pieceStarts[count] = start;
    this.#pieceEnds[count] = end;
    this.#pieceCount = count + 1;
  }

  /** Ends the innermost element. Throws DUPLICATE_KEY, without a place. */
  close(): void {
    const depth = this.depth - 1;
    const piece = this.#firstPieces[depth] as number;
    let start = 0;
    let end = 0;
    if (this.#pieceCount > piece) {
      this.#joinPieces(piece);
      const { bytes } = this.text;
      start = this.#pieceStarts[piece] as number;
      end = this.#pieceEnds[piece] as number;
      if (this.#isTrimming) {
        start = trimmedStart(bytes, start, end);
        end = trimmedEnd(bytes, start, end);
      }
    }
    this.depth = depth;
    this.#pieceCount = piece;
    const name = this.#names[depth] as MemberKey;
    const first = this.#firstMembers[depth] as number;
    if (first === this.#memberCount) this.#add(name, start === end ? NULL : TEXT, start, end);
    else {
      if (start < end) this.#add(this.keys.text, TEXT, start, end);
      this.#closeObject(name, first);
    }
  }

  /** Appends the canonical form of the record, which was closed, and forgets it. Throws RECORD_TOO_DEEP, without a place, where it nests deeper than `maxDepth`. */
  finish(output: ByteOutput, maxDepth: number): void {
    this.#writer.write(output, this.#members[0] as number, maxDepth);
    this.clear();
  }

  /** Forgets what there is of a record. */
  clear(): void {
    this.depth = 0;
    this.#memberCount = 0;
    this.#pieceCount = 0;
    this.#tree.clear();
  }

  /** Makes one piece of the innermost element's text. */
  #joinPieces(first: number): void {
    if (this.#pieceCount === first + 1) return;
    const { text } = this;
    const start = text.length;
    for (let piece = first; piece < this.#pieceCount; piece += 1)
      text.append(text.bytes, this.#pieceStarts[piece] as number, this.#pieceEnds[piece] as number);
    this.#pieceStarts[first] = start;
    this.#pieceEnds[first] = text.length;
  }

  #closeObject(name: MemberKey, first: number): void {
    const tree = this.#tree;
    const members = this.#members;
    const count = this.#memberCount;
    sortMembers(members, first, count, tree.keys);
    refuseDuplicates(members, first, count, tree.keys);
    const start = tree.childCount;
    for (let index = first; index < count; index += 1) tree.addChild(members[index] as number);
    this.#memberCount = first;
    this.#add(name, OBJECT, start, tree.childCount);
  }

  #add(key: MemberKey, kind: number, start: number, end: number): void {
    this.#members[this.#memberCount] = this.#tree.add(key, kind, start, end);
    this.#memberCount += 1;
  }
}
