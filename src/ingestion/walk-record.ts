import { cutText } from '../model/cut-text.ts';

/** The types of JSON values; numbers without a fraction are told apart. */
export const VALUE_TYPES = ['string', 'integer', 'number', 'boolean', 'null', 'object', 'array'] as const;
/** One of {@link VALUE_TYPES}. */
export type ValueType = (typeof VALUE_TYPES)[number];

/** Is told of each value: where it is, what it is, and its text; of an object or array null. */
type Visit = (path: string, type: ValueType, text: string | null) => void;

/** Objects and arrays deeper than this are told of, but not what is in them. */
const MAX_DEPTH = 8;
/** What is told of a key: some are as long as texts. */
const MAX_KEY_CHARACTERS = 120;

/**
 * Goes over the values of a record, each before those in it. Values are told as the text has them, so that a number of 18 digits keeps them all, and
 * keys are read here, since JSON.parse of the pinned runtime takes one with an escape for another now and then.
 *
 * A path is names joined by dots, `[]` standing for the elements of an array (`price.amount`, `tags[]`); `""` is the record itself.
 * @param record canonical JSON: well-formed, without white space
 */
export function walkRecord(record: string, visit: Visit): void {
  new RecordWalk(record, visit).walkValue('', 1);
}

class RecordWalk {
  readonly #text: string;
  readonly #visit: Visit;
  #at = 0;

  constructor(text: string, visit: Visit) {
    this.#text = text;
    this.#visit = visit;
  }

  walkValue(path: string, depth: number): void {
    const first = this.#text[this.#at];
    if (first === '{') this.#walkContainer(path, 'object', depth);
    else if (first === '[') this.#walkContainer(path, 'array', depth);
    else if (first === '"') this.#visit(path, 'string', this.#takeString());
    else this.#visitLiteral(path);
  }

  #walkContainer(path: string, type: 'object' | 'array', depth: number): void {
    this.#visit(path, type, null);
    if (depth > MAX_DEPTH) {
      this.#passContainer();
      return;
    }
    const end = type === 'object' ? '}' : ']';
    const prefix = depth === 1 ? '' : `${path}.`;
    this.#at += 1;
    while (this.#text[this.#at] !== end) {
      if (this.#text[this.#at] === ',') this.#at += 1;
      this.walkValue(type === 'object' ? prefix + this.#takeKey() : `${path}[]`, depth + 1);
    }
    this.#at += 1;
  }

  #passContainer(): void {
    let depth = 0;
    do {
      const character = this.#text[this.#at];
      if (character === '"') this.#takeString();
      else this.#at += 1;
      if (character === '{' || character === '[') depth += 1;
      if (character === '}' || character === ']') depth -= 1;
    } while (depth > 0);
  }

  /** A key, and the colon behind it. */
  #takeKey(): string {
    const text = this.#takeString();
    this.#at += 1;
    // Without an object around it, JSON.parse reads a string as it stands.
    return cutText(text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1), MAX_KEY_CHARACTERS);
  }

  #takeString(): string {
    const start = this.#at;
    let end = start + 1;
    while (this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1;
    this.#at = end + 1;
    return this.#text.slice(start, this.#at);
  }

  /** A number, true, false or null. */
  #visitLiteral(path: string): void {
    const start = this.#at;
    while (this.#at < this.#text.length && !',]}'.includes(this.#text[this.#at] as string)) this.#at += 1;
    const text = this.#text.slice(start, this.#at);
    this.#visit(path, typeOfLiteral(text), text);
  }
}

function typeOfLiteral(text: string): ValueType {
  if (text === 'null') return 'null';
  if (text === 'true' || text === 'false') return 'boolean';
  return /[.e]/.test(text) ? 'number' : 'integer';
}
