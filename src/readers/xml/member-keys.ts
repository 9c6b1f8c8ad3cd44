import type { XmlFormat } from '../../model/format.ts';
import { canonicalizeValue } from '../../protocol/canonical-json.ts';
import { NameTable } from './name-table.ts';

/** More keys than this are not kept: no feed has so many, and a document made of ever new names shall not fill the memory. */
const MAX_KEPT_KEYS = 1024;
/** The rank of a key that has none. */
const UNRANKED = -1;

/** What the name of an element or an attribute becomes: a key of a record's objects. */
export interface MemberKey {
  /** The name that it was made of, as the document has it. */
  readonly name: Uint8Array;
  readonly key: string;
  /** Whether it comes from an element: only such may occur several times, as an array. */
  readonly isElement: boolean;
  /** Whether it is an array even where it occurs once. */
  readonly isList: boolean;
  /** Whether it does not come into the record: a namespace declaration. */
  readonly isLeftOut: boolean;
  /** `"key":` in canonical form. */
  readonly bytes: Uint8Array;
  /** Orders those keys that have a rank; equal keys have the same. */
  rank: number;
  /** The tag in which this attribute was seen last, by the scanner's count. */
  lastTag: number;
}

/** Negative, zero or positive as the first key comes before the second in canonical form, is equal to it, or comes after it. */
export function compareKeys(first: MemberKey, second: MemberKey): number {
  if (first === second) return 0;
  if (first.rank !== UNRANKED && second.rank !== UNRANKED) return first.rank - second.rank;
  if (first.key === second.key) return 0;
  // The runtime compares strings by their UTF-16 code units, as canonical form does.
  return first.key < second.key ? -1 : 1;
}

/** Names that repeat, and their keys. */
class KeptKeys {
  readonly byBytes = new NameTable<MemberKey>();
  readonly #byName = new Map<string, MemberKey>();

  get(name: string): MemberKey | undefined {
    return this.#byName.get(name);
  }

  /** False: there is no more room. */
  add(name: string, key: MemberKey): boolean {
    if (this.#byName.size >= MAX_KEPT_KEYS) return false;
    this.#byName.set(name, key);
    this.byBytes.add(key.name, key);
    return true;
  }
}

/**
 * The keys that a format makes of names. Names repeat from record to record, so each becomes a key once, and keys are mostly compared by rank. Only names
 * that the parser found to be such are asked for as strings, so that what is found by bytes is one too.
 */
export class MemberKeys {
  /** Of an element's text beside attributes and children. */
  readonly text: MemberKey;
  readonly #format: XmlFormat;
  readonly #elements = new KeptKeys();
  readonly #attributes = new KeptKeys();
  readonly #ranked: MemberKey[] = [];
  #isRanked = false;

  constructor(format: XmlFormat) {
    this.#format = format;
    this.text = memberKey('', { key: format.textKey });
    this.#ranked.push(this.text);
  }

  /** The kept keys of elements, by the bytes of their names. */
  get elements(): NameTable<MemberKey> {
    return this.#elements.byBytes;
  }

  /** The kept keys of attributes, by the bytes of their names. */
  get attributes(): NameTable<MemberKey> {
    return this.#attributes.byBytes;
  }

  ofElement(name: string): MemberKey {
    return this.#elements.get(name) ?? this.#keep(this.#elements, name, this.#elementKey(name));
  }

  ofAttribute(name: string): MemberKey {
    return this.#attributes.get(name) ?? this.#keep(this.#attributes, name, this.#attributeKey(name));
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

  #keep(keys: KeptKeys, name: string, key: MemberKey): MemberKey {
    if (!keys.add(name, key)) return key;
    this.#ranked.push(key);
    this.#isRanked = false;
    return key;
  }

  #elementKey(name: string): MemberKey {
    const { stripNamespaces, forceList } = this.#format;
    const key = stripNamespaces ? localName(name) : name;
    return memberKey(name, { key, isElement: true, isList: forceList === true || forceList.includes(key) });
  }

  #attributeKey(name: string): MemberKey {
    const { stripNamespaces, attributePrefix } = this.#format;
    if (!stripNamespaces) return memberKey(name, { key: attributePrefix + name });
    const isLeftOut = name === 'xmlns' || name.startsWith('xmlns:');
    return memberKey(name, { key: attributePrefix + localName(name), isLeftOut });
  }
}

/** A name without its namespace prefix. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function memberKey(
  name: string,
  { key, isElement = false, isList = false, isLeftOut = false }: Pick<MemberKey, 'key'> & Partial<MemberKey>,
): MemberKey {
  // Not as buffers: reading bytes is slower where they come in objects of several kinds.
  const bytes = Uint8Array.from(Buffer.from(`${canonicalizeValue(key)}:`));
  return {
    name: Uint8Array.from(Buffer.from(name)),
    key,
    isElement,
    isList,
    isLeftOut,
    bytes,
    rank: UNRANKED,
    lastTag: 0,
  };
}
