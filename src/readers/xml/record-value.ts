import { ServiceError } from '../../errors.ts';
import { compareKeys, type MemberKey } from './member-keys.ts';

/** What an element is in JSON. */
export type XmlValue = null | string | XmlObject | XmlList;

/** An element with attributes or children: its members in canonical order, each key once. */
export class XmlObject {
  readonly keys: readonly MemberKey[];
  readonly values: readonly XmlValue[];

  constructor(keys: readonly MemberKey[], values: readonly XmlValue[]) {
    this.keys = keys;
    this.values = values;
  }
}

/** Elements of one name, in their order. */
export class XmlList {
  readonly elements: XmlValue[];

  constructor(elements: XmlValue[]) {
    this.elements = elements;
  }
}

/** Up to so many members insertion beats the runtime's sort; and of a text's order only little is to be changed. */
const MAX_INSERTION_MEMBERS = 32;

/**
 * The object with these members, given in the order of the text in two arrays that then belong to it; repeated elements become one list. Throws
 * DUPLICATE_KEY, without a place, where an attribute or text has the key of another member.
 */
export function makeObject(keys: MemberKey[], values: XmlValue[]): XmlObject {
  if (keys.length <= MAX_INSERTION_MEMBERS) sortByInsertion(keys, values);
  else sortLong(keys, values);
  mergeRepeated(keys, values);
  return new XmlObject(keys, values);
}

function sortByInsertion(keys: MemberKey[], values: XmlValue[]): void {
  for (let index = 1; index < keys.length; index += 1) {
    const key = keys[index] as MemberKey;
    let at = index;
    while (at > 0 && compareKeys(keys[at - 1] as MemberKey, key) > 0) at -= 1;
    if (at === index) continue;
    const value = values[index] as XmlValue;
    for (let move = index; move > at; move -= 1) {
      keys[move] = keys[move - 1] as MemberKey;
      values[move] = values[move - 1] as XmlValue;
    }
    keys[at] = key;
    values[at] = value;
  }
}

/** Both sorts leave equal keys in their order. */
function sortLong(keys: MemberKey[], values: XmlValue[]): void {
  const order = keys.map((key, index) => ({ key, value: values[index] as XmlValue }));
  order.sort((first, second) => compareKeys(first.key, second.key));
  for (const [index, { key, value }] of order.entries()) {
    keys[index] = key;
    values[index] = value;
  }
}

/** Brings the values of equal keys, which stand beside each other, into lists. */
function mergeRepeated(keys: MemberKey[], values: XmlValue[]): void {
  let count = 0;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as MemberKey;
    const value = values[index] as XmlValue;
    if (count > 0 && compareKeys(keys[count - 1] as MemberKey, key) === 0) {
      refuseUnlessElements(keys[count - 1] as MemberKey, key);
      values[count - 1] = appended(values[count - 1] as XmlValue, value);
      continue;
    }
    if (count < index) keys[count] = key;
    if (key.isList) values[count] = new XmlList([value]);
    else if (count < index) values[count] = value;
    count += 1;
  }
  if (count === keys.length) return;
  keys.length = count;
  values.length = count;
}

function refuseUnlessElements(first: MemberKey, second: MemberKey): void {
  if (first.isElement && second.isElement) return;
  const detail = `Two parts of an element have the key ${JSON.stringify(first.key)}.`;
  throw new ServiceError('DUPLICATE_KEY', { detail });
}

/** The values that an element's name has so far, and one more. */
function appended(values: XmlValue, value: XmlValue): XmlList {
  if (!(values instanceof XmlList)) return new XmlList([values, value]);
  values.elements.push(value);
  return values;
}
