import type { XmlFormat } from '../../model/format.ts';
import { canonicalizeValue } from '../../protocol/canonical-json.ts';

/** More keys than this are not kept: no feed has so many, and a document made of ever new names shall not fill the memory. */
const MAX_KEPT_KEYS = 1024;
/** The rank of a key that has none. */
const UNRANKED = -1;

/** A key of a record's objects. */
export interface MemberKey {
  readonly key: string;
  /** Whether it comes from an element: only such may occur several times, as an array. */
  readonly isElement: boolean;
  /** Whether it is an array even where it occurs once. */
  readonly isList: boolean;
  /** `"key":` in canonical form. */
  readonly bytes: Uint8Array;
  /** Orders those keys that have a rank; equal keys have the same. */
  rank: number;
  /** The name that it was made of, and the key that followed it last: most likely it does so again, and comparing is cheaper than looking up. */
  readonly name: string;
  next: MemberKey | null;
}

/** Negative, zero or positive as the first key comes before the second in canonical form, is equal to it, or comes after it. */
export function compareKeys(first: MemberKey, second: MemberKey): number {
  if (first === second) return 0;
  if (first.rank !== UNRANKED && second.rank !== UNRANKED) return first.rank - second.rank;
  if (first.key === second.key) return 0;
  // The runtime compares strings by their UTF-16 code units, as canonical form does.
  return first.key < second.key ? -1 : 1;
}

/** The keys that a format makes of names. Names repeat from record to record, so each becomes a key once, and keys are mostly compared by rank. */
export class MemberKeys {
  /** Of an element's text beside attributes and children. */
  readonly text: MemberKey;
  readonly #format: XmlFormat;
  readonly #elements = new Map<string, MemberKey>();
  readonly #attributes = new Map<string, MemberKey | null>();
  readonly #ranked: MemberKey[] = [];
  #isRanked = false;
  #last: MemberKey;

  constructor(format: XmlFormat) {
    this.#format = format;
    this.text = memberKey('', format.textKey, false);
    this.#last = this.text;
    this.#ranked.push(this.text);
  }

  ofElement(name: string): MemberKey {
    const guess = this.#last.next;
    if (guess !== null && guess.name === name && guess.isElement) {
      this.#last = guess;
      return guess;
    }
    const known = this.#elements.get(name);
    return known === undefined ? this.#keep(this.#elements, name, this.#elementKey(name)) : this.#follow(known);
  }

  /** Null for a namespace declaration that is left out. */
  ofAttribute(name: string): MemberKey | null {
    const guess = this.#last.next;
    if (guess !== null && guess.name === name && !guess.isElement) {
      this.#last = guess;
      return guess;
    }
    const known = this.#attributes.get(name);
    if (known === undefined) return this.#keep(this.#attributes, name, this.#attributeKey(name));
    return known === null ? null : this.#follow(known);
  }

  /** Gives all kept keys their rank; worth it between records. */
  rank(): void {
    if (this.#isRanked) return;
    this.#isRanked = true;
    for (const key of this.#ranked) key.rank = UNRANKED;
    this.#ranked.sort(compareKeys);
    let last: MemberKey | undefined;
    for (const [index, key] of this.#ranked.entries()) {
      key.rank = key.key === last?.key ? last.rank : index;
      last = key;
    }
  }

  /** Only kept keys are linked: a chain of others would grow without end. */
  #follow(key: MemberKey): MemberKey {
    this.#last.next = key;
    this.#last = key;
    return key;
  }

  #keep<Key extends MemberKey | null>(keys: Map<string, Key>, name: string, key: Key): Key {
    if (keys.size >= MAX_KEPT_KEYS) return key;
    keys.set(name, key);
    if (key === null) return key;
    this.#ranked.push(key);
    this.#isRanked = false;
    return key;
  }

  #elementKey(name: string): MemberKey {
    const { stripNamespaces, forceList } = this.#format;
    const key = stripNamespaces ? localName(name) : name;
    return memberKey(name, key, true, forceList === true || forceList.includes(key));
  }

  #attributeKey(name: string): MemberKey | null {
    const { stripNamespaces, attributePrefix } = this.#format;
    if (!stripNamespaces) return memberKey(name, attributePrefix + name, false);
    if (name === 'xmlns' || name.startsWith('xmlns:')) return null;
    return memberKey(name, attributePrefix + localName(name), false);
  }
}

/** A name without its namespace prefix. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function memberKey(name: string, key: string, isElement: boolean, isList = false): MemberKey {
  const bytes = Buffer.from(`${canonicalizeValue(key)}:`);
  return { name, key, isElement, isList, bytes, rank: UNRANKED, next: null };
}
