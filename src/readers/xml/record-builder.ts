import type { XmlFormat } from '../../model/format.ts';
import { type MemberKey, MemberKeys } from './member-keys.ts';
import { makeObject, type XmlValue } from './record-value.ts';
import { isBlank, trimmed } from './white-space.ts';

/**
 * Makes the value of one record from what its elements hold, by the convention of Python's xmltodict: attributes and children are members, text alone
 * is a string, text beside members one of them, an element with nothing null, and elements of one name an array.
 *
 * The members of all open elements lie on one stack: an element that closes takes its own off it and becomes a member of its parent.
 */
export class RecordBuilder {
  readonly #keys: MemberKeys;
  readonly #isTrimming: boolean;
  readonly #memberKeys: MemberKey[] = [];
  readonly #memberValues: XmlValue[] = [];
  #memberCount = 0;
  /** By open element, the record first: where its members begin, its key in its parent, and its text. */
  readonly #starts: number[] = [];
  readonly #names: MemberKey[] = [];
  readonly #texts: string[] = [];
  #depth = 0;

  constructor(format: XmlFormat) {
    this.#keys = new MemberKeys(format);
    this.#isTrimming = format.trim;
  }

  /** How many elements are open, the record included. */
  get depth(): number {
    return this.#depth;
  }

  /** Begins an element; the first one is the record. */
  open(name: string): void {
    const depth = this.#depth;
    this.#starts[depth] = this.#memberCount;
    this.#names[depth] = this.#keys.ofElement(name);
    this.#texts[depth] = '';
    this.#depth = depth + 1;
  }

  attribute(name: string, value: string): void {
    const key = this.#keys.ofAttribute(name);
    if (key !== null) this.#push(key, value);
  }

  text(text: string): void {
    const last = this.#depth - 1;
    const before = this.#texts[last] as string;
    if (before !== '') this.#texts[last] = before + text;
    // White space before an element's text is most of it, and trimmed in the end.
    else if (!this.#isTrimming || !isBlank(text)) this.#texts[last] = text;
  }

  /** Ends the innermost element, which is not the record. Throws DUPLICATE_KEY, without a place. */
  close(): void {
    const value = this.#take();
    this.#push(this.#names[this.#depth] as MemberKey, value);
  }

  /** Ends the record and gives its value. Throws DUPLICATE_KEY, without a place. */
  finish(): XmlValue {
    const value = this.#take();
    this.#keys.rank();
    return value;
  }

  /** Forgets a record that was begun. */
  abandon(): void {
    this.#depth = 0;
    this.#memberCount = 0;
  }

  #take(): XmlValue {
    this.#depth -= 1;
    const depth = this.#depth;
    const start = this.#starts[depth] as number;
    const whole = this.#texts[depth] as string;
    const text = this.#isTrimming ? trimmed(whole) : whole;
    if (start === this.#memberCount) return text === '' ? null : text;
    if (text !== '') this.#push(this.#keys.text, text);
    const keys = this.#memberKeys.slice(start, this.#memberCount);
    const values = this.#memberValues.slice(start, this.#memberCount);
    this.#memberCount = start;
    return makeObject(keys, values);
  }

  #push(key: MemberKey, value: XmlValue): void {
    const index = this.#memberCount;
    this.#memberKeys[index] = key;
    this.#memberValues[index] = value;
    this.#memberCount = index + 1;
  }
}
