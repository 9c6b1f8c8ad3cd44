import { ServiceError } from '../../errors.ts';
import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from '../../protocol/canonical/bytes.ts';
import { compareKeys, type MemberKey } from './member-keys.ts';
import { OBJECT, type RecordTree, TEXT } from './record-tree.ts';

/** Bytes of the two quotes, brackets or braces of a value. */
const ENCLOSING_BYTES = 2;

/** Writes what a tree holds in canonical form. */
export class CanonicalWriter {
  readonly #tree: RecordTree;

  constructor(tree: RecordTree) {
    this.#tree = tree;
  }

  /** Appends the value of a member. Throws RECORD_TOO_DEEP, without a place, where it nests deeper than `maxDepth`. */
  write(output: ByteOutput, member: number, maxDepth: number): void {
    const { kinds, starts, ends, text } = this.#tree;
    const start = starts[member] as number;
    const end = ends[member] as number;
    switch (kinds[member]) {
      case TEXT:
        output.reserve(end - start + ENCLOSING_BYTES);
        output.push(QUOTE);
        output.appendWords(text.words, start, end);
        output.push(QUOTE);
        break;
      case OBJECT:
        this.#writeObject(output, member, maxDepth);
        break;
      default:
        output.appendAscii('null');
    }
  }

  #writeObject(output: ByteOutput, object: number, maxDepth: number): void {
    refuseTooDeep(maxDepth);
    const { keys, starts, ends, children } = this.#tree;
    const end = ends[object] as number;
    let index = starts[object] as number;
    appendByte(output, OPEN_BRACE);
    while (index < end) {
      const member = children[index] as number;
      const key = keys[member] as MemberKey;
      const count = this.#countEqual(index, end);
      output.append(key.bytes, 0, key.bytes.length);
      if (key.isList || count > 1) this.#writeList(output, index, count, maxDepth - 1);
      else this.write(output, member, maxDepth - 1);
      index += count;
      if (index < end) appendByte(output, COMMA);
    }
    appendByte(output, CLOSE_BRACE);
  }

  /** How many children from `first` on, before `end`, have the same key. */
  #countEqual(first: number, end: number): number {
    const { keys, children } = this.#tree;
    const key = keys[children[first] as number] as MemberKey;
    let index = first + 1;
    while (index < end && compareKeys(key, keys[children[index] as number] as MemberKey) === 0) index += 1;
    return index - first;
  }

  #writeList(output: ByteOutput, first: number, count: number, maxDepth: number): void {
    refuseTooDeep(maxDepth);
    appendByte(output, OPEN_BRACKET);
    for (let index = first; index < first + count; index += 1) {
      if (index > first) appendByte(output, COMMA);
      this.write(output, this.#tree.children[index] as number, maxDepth - 1);
    }
    appendByte(output, CLOSE_BRACKET);
  }
}

function refuseTooDeep(maxDepth: number): void {
  if (maxDepth === 0) throw new ServiceError('RECORD_TOO_DEEP', { detail: 'A record is nested too deep.' });
}

function appendByte(output: ByteOutput, byte: number): void {
  output.reserve(1);
  output.push(byte);
}
