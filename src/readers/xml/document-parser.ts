/**
 * Reads with the parser: what is around records, up to the next one, or one record. Turns whatever is wrong into a fault with its place.
 *
 * The window's start is where the record begins, or else what is being read outside of records, so that both are there whole and their bytes counted.
 * The answer must not depend on how the bytes were cut: a bound is exceeded by what was read, not by what was there to read.
 */
import { type ErrorCode, ServiceError } from '../../errors.ts';
import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { isWhiteSpace } from '../../protocol/canonical/bytes.ts';
import type { JsonFault } from '../../protocol/json-place.ts';
import type { ByteWindow } from '../byte-window.ts';
import type { ReaderOptions } from '../reader.ts';
import { appendText } from './canonical-text.ts';
import { doctypeFault, isDoctype, MAX_DOCTYPE_BYTES } from './doctype.ts';
import { endsElement, faultyReference } from './markup.ts';
import type { RecordBuilder } from './record-builder.ts';
import type { RecordFilter } from './record-path.ts';
import { type XmlEvents, XmlParser } from './saxes-parser.ts';
import { TextFeed } from './text-feed.ts';

/** Reading begins with small pieces and doubles them: what is thrown away where it ends is little beside what was read. */
const FIRST_PIECE_BYTES = 1024;
const MAX_PIECE_BYTES = 64 * 1024;
/** More characters no reference has: `&#x0010FFFF;` with room for some zeros. */
const MAX_REFERENCE_CHARACTERS = 64;
/** Most characters of the names of open elements around the records: they are part of every position. */
const MAX_PATH_CHARACTERS = 64 * 1024;

/** What it reads with. */
export interface DocumentParserParts {
  readonly window: ByteWindow;
  readonly options: ReaderOptions;
  readonly records: RecordFilter;
  readonly builder: RecordBuilder;
  /** To which records are written. */
  readonly output: ByteOutput;
}

/**
 * How a reading ended: with a record that was read, or at the start of one, which is then the window's; at the sound end of the document; with a fault; or
 * for want of bytes.
 */
export type ParserStop = 'record' | 'end' | 'starved' | { readonly fault: JsonFault };

/** See the head of the file. */
export class DocumentParser implements XmlEvents {
  /** The open elements around the records, outermost first. */
  readonly open: string[];
  /** The name of the last record that was come to. */
  recordName = '';
  readonly #window: ByteWindow;
  readonly #options: ReaderOptions;
  readonly #records: RecordFilter;
  readonly #builder: RecordBuilder;
  readonly #output: ByteOutput;
  readonly #feed: TextFeed;
  readonly #parser = new XmlParser(this);
  #pieceBytes = FIRST_PIECE_BYTES;
  /** Whether what is read is a record. */
  #isInRecord = false;
  #pathCharacters = 0;
  /** What is wrong, and at which index, where an event found it. */
  #fault: JsonFault | null = null;

  /** @param open the elements that are open where reading begins */
  constructor({ window, options, records, builder, output }: DocumentParserParts, open: readonly string[]) {
    this.#window = window;
    this.#options = options;
    this.#records = records;
    this.#builder = builder;
    this.#output = output;
    this.#feed = new TextFeed(window);
    this.open = [...open];
  }

  /** Whether the record with which a reading ended is still to be read. */
  get isAtRecord(): boolean {
    return !this.#isInRecord;
  }

  /** Begins at the window's start, at a record or around them. */
  begin(isRecord: boolean): void {
    this.#isInRecord = isRecord;
    this.#pieceBytes = FIRST_PIECE_BYTES;
    this.#parser.restart(this.open);
    this.#feed.restart(this.#parser.tokenStart);
  }

  /** Reads on, from where the window was filled. */
  read(): ParserStop {
    for (;;) {
      const text = this.#feed.next(this.#pieceBytes);
      const { fault } = this.#feed;
      if (text === '' && fault === null) return this.#window.isWhole ? this.#end() : 'starved';
      this.#pieceBytes = Math.min(2 * this.#pieceBytes, MAX_PIECE_BYTES);
      try {
        if (!this.#parser.write(text)) return 'record';
        this.#boundUnfinished();
      } catch (error) {
        return { fault: this.#faultOf(error) };
      }
      if (fault !== null) return { fault };
    }
  }

  /** What is wrong with a record that is too large. */
  tooLarge(): JsonFault {
    const detail = `A record is larger than ${this.#options.maxRecordBytes} bytes.`;
    return { code: 'RECORD_TOO_LARGE', index: this.#window.start, detail };
  }

  // What the parser finds.

  openTag(name: string): void {
    const { depth, keys } = this.#builder;
    if (this.#isInRecord) {
      if (depth > this.#options.maxDepth) refuse('RECORD_TOO_DEEP', 'A record is nested too deep.');
      this.#builder.open(keys.ofElement(name));
      return;
    }
    this.passed();
    if (!this.#records.isRecord(name, this.open)) {
      this.#enter(name);
      return;
    }
    const start = this.#parser.tokenStart;
    this.#feed.consume(start, this.#feed.indexOf(start));
    this.recordName = name;
    this.#parser.stop();
  }

  attribute(name: string, value: string): void {
    if (!this.#isInRecord) {
      this.passed();
      return;
    }
    const { keys, text } = this.#builder;
    const start = text.length;
    appendText(text, value);
    this.#builder.addAttribute(keys.ofAttribute(name), start);
  }

  text(content: string): void {
    if (this.#isInRecord) {
      const { text } = this.#builder;
      const start = text.length;
      appendText(text, content);
      this.#builder.addText(start);
      return;
    }
    this.passed();
    // The parser says so after this event, or before it where the text was cut.
    if (this.open.length === 0 && /[^ \t\r\n]/.test(content))
      refuse('READER_SYNTAX', 'There is text outside of the root.');
  }

  closeTag(isEmptyElement: boolean): void {
    const { depth } = this.#builder;
    if (depth > 1) this.#builder.close();
    else if (depth === 1) this.#endRecord(isEmptyElement);
    else {
      this.passed();
      this.#pathCharacters -= this.open.pop()?.length ?? 0;
    }
  }

  doctype(): void {
    this.passed();
    const { tokenStart, position } = this.#parser;
    const fault = doctypeFault(this.#window.bytes, this.#feed.indexOf(tokenStart), this.#feed.indexOf(position));
    if (fault !== null) this.#throw(fault);
  }

  passed(): void {
    if (!this.#isInRecord) this.#boundToken(this.#parser.position);
  }

  #endRecord(isEmptyElement: boolean): void {
    const { maxRecordBytes, maxDepth } = this.#options;
    const output = this.#output;
    const { position } = this.#parser;
    const end = this.#feed.indexOf(position);
    const { start } = this.#window;
    if (end - start > maxRecordBytes) this.#throw(this.tooLarge());
    if (!isEmptyElement && !endsElement(this.#window.bytes, end, this.recordName)) {
      refuse('READER_SYNTAX', `The element ${this.recordName} is not closed by its own end tag.`);
    }
    const outputStart = output.length;
    this.#builder.close();
    try {
      this.#builder.finish(output, maxDepth);
      if (output.length - outputStart > maxRecordBytes) this.#throw(this.tooLarge());
    } catch (error) {
      output.length = outputStart;
      throw error;
    }
    this.#builder.keys.rank();
    this.#feed.consume(position, end);
    this.#parser.stop();
  }

  /** Goes into an element that is no record. */
  #enter(name: string): void {
    this.open.push(name);
    this.#pathCharacters += name.length;
    if (this.#pathCharacters <= MAX_PATH_CHARACTERS) return;
    refuse(
      'READER_SYNTAX',
      `The elements around the records have names of more than ${MAX_PATH_CHARACTERS} characters.`,
    );
  }

  /** Holds what was read and has not ended against its bound. */
  #boundUnfinished(): void {
    const feed = this.#feed;
    if (this.#parser.referenceLength > MAX_REFERENCE_CHARACTERS) refuse('READER_SYNTAX', 'A reference does not end.');
    if (this.#isInRecord) {
      if (feed.givenBytes > this.#options.maxRecordBytes) this.#throw(this.tooLarge());
      return;
    }
    this.#boundToken(feed.endCharacter);
    const start = Math.min(this.#parser.tokenStart, feed.endCharacter);
    feed.consume(start, feed.indexOf(start));
    const window = this.#window;
    if (feed.givenBytes <= MAX_DOCTYPE_BYTES || !isDoctype(window.bytes, window.start)) return;
    const fault = doctypeFault(window.bytes, window.start, window.start + feed.givenBytes);
    if (fault !== null) this.#throw(fault);
  }

  /** Holds what is read outside of records, up to a character, against the bound of a record: it is held in memory too. */
  #boundToken(character: number): void {
    const { maxRecordBytes } = this.#options;
    const { tokenStart } = this.#parser;
    if (character - tokenStart <= maxRecordBytes) return;
    refuse('READER_SYNTAX', `What begins here, outside of records, is larger than ${maxRecordBytes} bytes.`);
  }

  #end(): ParserStop {
    const window = this.#window;
    const detail = 'The file ends in the middle of the document.';
    const truncated: JsonFault = { code: 'READER_TRUNCATED', index: window.end, detail };
    const fault = this.#referenceFault() ?? truncated;
    const isCutOff = this.#isInRecord || this.#feed.givenBytes < window.length || !this.#parser.close();
    return isCutOff ? { fault } : 'end';
  }

  // Faults.

  #throw(fault: JsonFault): never {
    this.#fault = fault;
    return refuse(fault.code, fault.detail);
  }

  #faultOf(error: unknown): JsonFault {
    const known = this.#fault;
    this.#fault = null;
    if (known !== null) return known;
    if (!(error instanceof ServiceError)) throw error;
    const { code, message: detail } = error;
    let index = this.#feed.indexOf(this.#parser.position - 1);
    // Text where none may be is found out at its end, wherever that was cut.
    if (!this.#isInRecord) index = Math.min(index, this.#tokenIndex());
    return this.#referenceFault() ?? { code, index, detail };
  }

  /** What is wrong with the references of what is being read, which the parser finds out late or never. */
  #referenceFault(): JsonFault | null {
    // Only what the parser has seen counts; between two pieces its position is behind them.
    const to = this.#feed.indexOf(Math.min(this.#parser.position, this.#feed.endCharacter));
    const index = faultyReference(this.#window.bytes, this.#tokenIndex(), to);
    return index === -1
      ? null
      : { code: 'READER_SYNTAX', index, detail: 'This & begins no reference that is defined.' };
  }

  /** Where in the window what is being read begins, white space aside. */
  #tokenIndex(): number {
    let index = this.#feed.indexOf(Math.min(this.#parser.tokenStart, this.#feed.endCharacter));
    while (isWhiteSpace(this.#window.bytes[index] as number)) index += 1;
    return index;
  }
}

function refuse(code: ErrorCode, detail: string): never {
  throw new ServiceError(code, { detail });
}
