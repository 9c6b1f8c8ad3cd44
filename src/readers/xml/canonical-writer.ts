import { ServiceError } from '../../errors.ts';
import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../../protocol/canonical/bytes.ts';
import { compareKeys, type MemberKey } from './member-keys.ts';
import { OBJECT, type RecordTree, TEXT } from './record-tree.ts';

/** Bytes of the two quotes, brackets or braces of a value. */
const ENCLOSING_BYTES = 2;

/** Appends the canonical form of a member's value. Throws RECORD_TOO_DEEP, without a place, where it nests deeper than `maxDepth`. */
export function writeValue(output: ByteOutput, tree: RecordTree, member: number, maxDepth: number): void {
  const start = tree.starts[member] as number;
  const end = tree.ends[member] as number;
  switch (tree.kinds[member]) {
    case TEXT:
      output.reserve(end - start + ENCLOSING_BYTES);
      output.push(QUOTE);
      output.appendWords(tree.text.words, start, end);
      output.push(QUOTE);
      break;
    case OBJECT:
      writeObject(output, tree, member, maxDepth);
      break;
    default:
      output.appendAscii('null');
  }
}

function writeObject(output: ByteOutput, tree: RecordTree, object: number, maxDepth: number): void {
  refuseTooDeep(maxDepth);
  const end = tree.ends[object] as number;
  let index = tree.starts[object] as number;
  appendByte(output, OPEN_BRACE);
  while (index < end) {
    const key = tree.keys[tree.children[index] as number] as MemberKey;
    const next = endOfEqual(tree, index, end);
    output.append(key.bytes, 0, key.bytes.length);
    if (key.isList || next > index + 1) writeList(output, tree, index, next, maxDepth - 1);
    else writeValue(output, tree, tree.children[index] as number, maxDepth - 1);
    if (next < end) appendByte(output, COMMA);
    index = next;
  }
  appendByte(output, CLOSE_BRACE);
}

/** Index behind the children that have the key of the one at `from`. */
function endOfEqual(tree: RecordTree, from: number, end: number): number {
  const { keys, children } = tree;
  const key = keys[children[from] as number] as MemberKey;
  let index = from + 1;
  while (index < end && compareKeys(key, keys[children[index] as number] as MemberKey) === 0) index += 1;
  return index;
}

function writeList(output: ByteOutput, tree: RecordTree, from: number, to: number, maxDepth: number): void {
  refuseTooDeep(maxDepth);
  appendByte(output, OPEN_BRACKET);
  for (let index = from; index < to; index += 1) {
    if (index > from) appendByte(output, COMMA);
    writeValue(output, tree, tree.children[index] as number, maxDepth - 1);
  }
  appendByte(output, CLOSE_BRACKET);
}

function refuseTooDeep(maxDepth: number): void {
  if (maxDepth === 0) throw new ServiceError('RECORD_TOO_DEEP', { detail: 'A record is nested too deep.' });
}

function appendByte(output: ByteOutput, byte: number): void {
  output.reserve(1);
  output.push(byte);
}
