import { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import type { MemberKey } from './member-keys.ts';

const INITIAL_TEXT_BYTES = 64 * 1024;
/** With more members than this the columns are not kept for the next record. */
const MAX_KEPT_MEMBERS = 64 * 1024;

/** What the value of a member is. */
export const NULL = 0;
export const TEXT = 1;
export const OBJECT = 2;

/**
 * The members of one record and what they hold, in columns instead of objects, of which a feed would make hundreds of millions. The record itself is a
 * member, the last.
 */
export class RecordTree {
  /** The content of strings in canonical form, without quotes. */
  readonly text = new ByteOutput(INITIAL_TEXT_BYTES);
  count = 0;
  keys: MemberKey[] = [];
  kinds: number[] = [];
  /** By member: of a text its range in `text`, of an object that in `children`. */
  starts: number[] = [];
  ends: number[] = [];
  /** The members of each object one after the other, in canonical order; of equal keys in the order of the document. */
  children: number[] = [];
  childCount = 0;

  /** Adds a member and returns it. */
  add(key: MemberKey, kind: number, start: number, end: number): number {
    const member = this.count;
    this.keys[member] = key;
    this.kinds[member] = kind;
    this.starts[member] = start;
    this.ends[member] = end;
    this.count = member + 1;
    return member;
  }

  /** Adds a member of an object, behind those before it. */
  addChild(member: number): void {
    this.children[this.childCount] = member;
    this.childCount += 1;
  }

  /** Empties it. */
  clear(): void {
    this.text.take();
    this.childCount = 0;
    if (this.count > MAX_KEPT_MEMBERS) {
      this.children = [];
      this.keys = [];
      this.kinds = [];
      this.starts = [];
      this.ends = [];
    }
    this.count = 0;
  }
}
