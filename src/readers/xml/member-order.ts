import { ServiceError } from '../../errors.ts';
import { compareKeys, type MemberKey } from './member-keys.ts';

/** Up to so many members insertion beats the runtime's sort; and of a document's order only little is to be changed. */
const MAX_INSERTION_MEMBERS = 32;

/** Brings `members[from]` up to `members[to - 1]`, in the order of the document, into canonical order; equal keys keep theirs. */
export function sortMembers(members: number[], from: number, to: number, keys: readonly MemberKey[]): void {
  if (to - from > MAX_INSERTION_MEMBERS) {
    const sorted = members.slice(from, to);
    sorted.sort((first, second) => compareKeys(keyOf(keys, first), keyOf(keys, second)));
    for (const [offset, member] of sorted.entries()) members[from + offset] = member;
    return;
  }
  for (let index = from + 1; index < to; index += 1) {
    const member = members[index] as number;
    const key = keyOf(keys, member);
    let at = index;
    while (at > from && compareKeys(keyOf(keys, members[at - 1] as number), key) > 0) {
      members[at] = members[at - 1] as number;
      at -= 1;
    }
    members[at] = member;
  }
}

/**
 * Throws DUPLICATE_KEY, without a place, where sorted members have the same key and are not all elements: only these may become an array. The range is that
 * of {@link sortMembers}.
 */
export function refuseDuplicates(
  members: readonly number[],
  from: number,
  to: number,
  keys: readonly MemberKey[],
): void {
  for (let index = from + 1; index < to; index += 1) {
    const first = keyOf(keys, members[index - 1] as number);
    const second = keyOf(keys, members[index] as number);
    if ((first.isElement && second.isElement) || compareKeys(first, second) !== 0) continue;
    const detail = `Two parts of an element have the key ${JSON.stringify(first.key)}.`;
    throw new ServiceError('DUPLICATE_KEY', { detail });
  }
}

function keyOf(keys: readonly MemberKey[], member: number): MemberKey {
  return keys[member] as MemberKey;
}
