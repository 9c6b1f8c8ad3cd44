import { SaxesParser } from 'saxes';
import { ServiceError } from '../../errors.ts';
import type { PartPlace } from './xml-text.ts';

/** Most characters of one tag with its attributes. */
const MAX_TAG_LENGTH = 1024 * 1024;
/** Most characters of one text: what is longer is gathered nowhere. */
const MAX_TEXT_LENGTH = 64 * 1024 * 1024;
const MAX_DEPTH = 256;

/** An element's attributes by their names, prefixes included. */
export type XmlAttributes = Readonly<Record<string, string>>;

/** What is told of a part as it is parsed. Whatever it throws ends the parsing. */
export interface XmlHandler {
  /** @param name without its prefix: what workbooks are made of does not meet other vocabularies in the places that are looked at */
  readonly open: (name: string, attributes: XmlAttributes) => void;
  /** Text, with references resolved, or what stands in CDATA; one text may come in several pieces. */
  readonly text: (text: string) => void;
  readonly close: (name: string) => void;
}

/**
 * Parses one part of a workbook, given run by run. Throws READER_SYNTAX where it is not well-formed, RECORD_TOO_DEEP, RECORD_TOO_LARGE for a text without
 * end; entities are never declared, so references expand to single characters.
 */
export class XmlParser {
  /** The name of the tag last opened, with its prefix. */
  tagName = '';
  readonly #parser = new SaxesParser({ position: false });
  readonly #place: PartPlace;
  #depth = 0;
  #writtenLength = 0;
  #textStart = 0;
  #tagStart = 0;
  #isInTag = false;

  constructor(handler: XmlHandler, place: PartPlace) {
    this.#place = place;
    const parser = this.#parser;
    // A seventh handler of whatever kind would make V8 keep the parser as a hash table, with a quarter of the speed; so errors are those it throws.
    parser.on('opentagstart', ({ name }) => {
      this.#isInTag = true;
      this.#tagStart = parser.position - name.length - 2;
    });
    parser.on('opentag', ({ name, attributes }) => {
      this.#isInTag = false;
      this.#textStart = parser.position;
      this.#depth += 1;
      if (this.#depth > MAX_DEPTH) throw this.#error('RECORD_TOO_DEEP', `is nested deeper than ${MAX_DEPTH}`);
      if (this.#depth === 1) this.#checkDeclaration();
      this.tagName = name;
      handler.open(withoutPrefix(name), attributes as XmlAttributes);
    });
    parser.on('closetag', ({ name }) => {
      this.#textStart = parser.position;
      this.#depth -= 1;
      handler.close(withoutPrefix(name));
    });
    parser.on('text', handler.text);
    parser.on('cdata', handler.text);
    parser.on('doctype', () => {
      throw this.#error('READER_SYNTAX', 'has a document type declaration, which no part of a workbook may have');
    });
  }

  /** Where the tag last opened begins: a character of the text last written, or before it where negative. */
  get tagStart(): number {
    return this.#tagStart - this.#writtenLength;
  }

  /** Whether the text ended with a tag up to now, and the tag with the text. */
  get isBehindTag(): boolean {
    return this.#textStart === this.#writtenLength && !this.#isInTag;
  }

  /** How many characters of the text last written are behind. */
  get index(): number {
    return this.#parser.position - this.#writtenLength;
  }

  /** Parses on. */
  write(text: string): void {
    this.#parse(() => this.#parser.write(text));
    this.#writtenLength += text.length;
    if (this.#isInTag && this.#writtenLength - this.#tagStart > MAX_TAG_LENGTH) {
      throw this.#error('READER_SYNTAX', `has a tag of more than ${MAX_TAG_LENGTH} characters`);
    }
    if (this.#writtenLength - this.#textStart > MAX_TEXT_LENGTH) {
      throw this.#error('RECORD_TOO_LARGE', `has a text of more than ${MAX_TEXT_LENGTH} characters`);
    }
  }

  /** Says that nothing follows. */
  end(): void {
    this.#parse(() => this.#parser.close());
  }

  #parse(call: () => void): void {
    try {
      call();
    } catch (error) {
      // Errors of other names are not those of the parser.
      if (!(error instanceof Error) || error.name !== 'Error') throw error;
      throw this.#error('READER_SYNTAX', `is not well-formed: ${error.message}`);
    }
  }

  #checkDeclaration(): void {
    const { encoding, version } = this.#parser.xmlDecl;
    // ECMA-376 part 2, 9.1.3.1. Other versions have other characters.
    if (version !== undefined && version !== '1.0') throw this.#error('READER_SYNTAX', `is XML ${version}`);
    if (encoding === undefined || /^(utf-?8|us-ascii)$/i.test(encoding)) return;
    throw this.#error('ENCODING_UNSUPPORTED', `is in ${encoding.slice(0, 40)}`);
  }

  #error(
    code: 'READER_SYNTAX' | 'RECORD_TOO_DEEP' | 'RECORD_TOO_LARGE' | 'ENCODING_UNSUPPORTED',
    what: string,
  ): ServiceError {
    return new ServiceError(code, { detail: `${this.#place.part} ${what}.`, place: { file: this.#place.file } });
  }
}

function withoutPrefix(name: string): string {
  const colon = name.indexOf(':');
  return colon === -1 ? name : name.slice(colon + 1);
}
