/**
 * The records of a document, one after the other: follows the elements around them, gives each record's content to a {@link RecordBuilder}, and turns
 * whatever is wrong into the record's fault or the document's.
 *
 * The window's start is where the record under way begins, or else what is being read outside of records, so that both are there whole and their bytes counted.
 * The answer must not depend on how the bytes were cut: a bound is exceeded by what was read, not by what was there to read.
 */
import { type ErrorCode, ServiceError, toErrorRecord } from '../../errors.ts';
import type { XmlFormat } from '../../model/format.ts';
import type { JsonValue, Position } from '../../model/record.ts';
import { isWhiteSpace } from '../../protocol/canonical/bytes.ts';
import type { JsonFault } from '../../protocol/json-place.ts';
import type { ByteWindow } from '../byte-window.ts';
import type { ReaderOptions } from '../reader.ts';
import { writeValue } from './canonical-writer.ts';
import { doctypeFault, isDoctype, MAX_DOCTYPE_BYTES } from './doctype.ts';
import { endsElement, faultyReference } from './markup.ts';
import { RecordBuilder } from './record-builder.ts';
import { RecordPath } from './record-path.ts';
import { type XmlEvents, XmlParser } from './saxes-parser.ts';
import { SkippedRecord } from './skipped-record.ts';
import { TextFeed } from './text-feed.ts';
import { XmlBatch } from './xml-batch.ts';

/** A parser begins with small pieces and doubles them: what is thrown away where it fails is little beside what it took. */
const FIRST_PIECE_BYTES = 1024;
const MAX_PIECE_BYTES = 64 * 1024;
/** More characters no reference has: `&#x0010FFFF;` with room for some zeros. */
const MAX_REFERENCE_CHARACTERS = 64;
/** Most characters of the names of open elements around the records: they are part of every position. */
const MAX_PATH_CHARACTERS = 64 * 1024;
/**
 * How many bytes may be read in vain, because a bad record seemed to go on behind its end (as with a CDATA section that does not end): so many from the
 * start, and so many for each byte of the text. Beyond that a file of such records would take the square of its size.
 */
const FREE_VAIN_BYTES = 256 * 1024 * 1024;
const VAIN_BYTES_PER_BYTE = 16;

/** What a position holds beside its offset: the elements around the record, outermost first, and how much was read in vain before it. */
interface XmlState {
  readonly path: readonly string[];
  readonly vainBytes: number;
}

/** See the head of the file. */
export class XmlRecords implements XmlEvents {
  readonly batch = new XmlBatch();
  /** What ended the reading; thrown after the items before it were yielded. */
  failure: ServiceError | null = null;
  /** Whether the sound end was reached. */
  isDone = false;
  readonly #window: ByteWindow;
  readonly #feed: TextFeed;
  readonly #options: ReaderOptions;
  readonly #path: RecordPath;
  readonly #builder: RecordBuilder;
  #parser: XmlParser;
  #pieceBytes = FIRST_PIECE_BYTES;
  /** The open elements around the records; what a position says of them, null where they changed since. */
  readonly #open: string[];
  #state: XmlState | null;
  #vainBytes: number;
  #isRecordSeen: boolean;
  #pathCharacters = 0;
  /** The record under way, null outside of records, and the name of the last one. */
  #position: Position | null = null;
  #name = '';
  /** What is wrong, and at which index, where an event found it. */
  #fault: JsonFault | null = null;
  /** The bad record of which the end is looked for, its error, and the offset up to which it was read. */
  #skipped: SkippedRecord | null = null;
  #skippedError: ServiceError | null = null;
  #reach = 0;

  constructor(window: ByteWindow, format: XmlFormat, options: ReaderOptions, from: Position | null) {
    this.#window = window;
    this.#options = options;
    this.#path = new RecordPath(options.recordPath, format.stripNamespaces);
    this.#builder = new RecordBuilder(format);
    this.#state = from === null ? null : (from.state as unknown as XmlState);
    this.#open = [...(this.#state?.path ?? [])];
    this.#vainBytes = this.#state?.vainBytes ?? 0;
    this.#isRecordSeen = from !== null;
    this.#feed = new TextFeed(window);
    this.#parser = this.#startParser();
  }

  /** Reads what the window holds, up to a failure or the end. */
  advance(): void {
    while (this.failure === null && !this.isDone) {
      if (this.#skipped !== null) {
        if (!this.#skip(this.#skipped)) return;
      } else if (!this.#read()) return;
    }
  }

  // What the parser finds.

  openTag(name: string): void {
    const { depth } = this.#builder;
    if (depth > 0) {
      if (depth > this.#options.maxDepth) refuse('RECORD_TOO_DEEP', 'A record is nested too deep.');
      this.#builder.open(name);
      return;
    }
    this.passed();
    if (this.#path.isRecord(name, this.#open)) this.#beginRecord(name);
    else this.#enter(name);
  }

  attribute(name: string, value: string): void {
    if (this.#builder.depth > 0) this.#builder.attribute(name, value);
    else this.passed();
  }

  text(text: string): void {
    if (this.#builder.depth > 0) {
      this.#builder.text(text);
      return;
    }
    this.passed();
    // The parser says so after this event, or before it where the text was cut.
    if (this.#open.length === 0 && /[^ \t\r\n]/.test(text))
      refuse('READER_SYNTAX', 'There is text outside of the root.');
  }

  closeTag(isEmptyElement: boolean): void {
    const { depth } = this.#builder;
    if (depth > 1) this.#builder.close();
    else if (depth === 1) this.#endRecord(isEmptyElement);
    else {
      this.passed();
      this.#pathCharacters -= this.#open.pop()?.length ?? 0;
      this.#state = null;
    }
  }

  doctype(): void {
    this.passed();
    const { tokenStart, position } = this.#parser;
    const fault = doctypeFault(this.#window.bytes, this.#feed.indexOf(tokenStart), this.#feed.indexOf(position));
    if (fault !== null) this.#throw(fault);
  }

  passed(): void {
    if (this.#builder.depth === 0) this.#boundToken(this.#parser.position);
  }

  // Records.

  #beginRecord(name: string): void {
    const start = this.#parser.tokenStart;
    this.#feed.consume(start, this.#feed.indexOf(start));
    this.#state ??= { path: [...this.#open], vainBytes: this.#vainBytes };
    this.#position = this.#window.position(this.#state as unknown as JsonValue);
    this.#name = name;
    this.#isRecordSeen = true;
    this.#builder.open(name);
  }

  #endRecord(isEmptyElement: boolean): void {
    const { batch } = this;
    const { maxRecordBytes, maxDepth } = this.#options;
    const { position } = this.#parser;
    const end = this.#feed.indexOf(position);
    const { start } = this.#window;
    if (end - start > maxRecordBytes) this.#throw(this.#tooLarge());
    if (!isEmptyElement && !endsElement(this.#window.bytes, end, this.#name)) {
      refuse('READER_SYNTAX', `The element ${this.#name} is not closed by its own end tag.`);
    }
    const { output } = batch;
    const outputStart = output.length;
    try {
      writeValue(output, this.#builder.finish(), maxDepth);
      if (output.length - outputStart > maxRecordBytes) this.#throw(this.#tooLarge());
    } catch (error) {
      output.length = outputStart;
      throw error;
    }
    batch.add(this.#position as Position);
    this.#position = null;
    this.#feed.consume(position, end);
  }

  /** Goes into an element that is no record. */
  #enter(name: string): void {
    this.#open.push(name);
    this.#state = null;
    this.#pathCharacters += name.length;
    if (this.#pathCharacters <= MAX_PATH_CHARACTERS) return;
    refuse(
      'READER_SYNTAX',
      `The elements around the records have names of more than ${MAX_PATH_CHARACTERS} characters.`,
    );
  }

  // Reading.

  /** Reads one piece; false: the window holds none, and more may follow. */
  #read(): boolean {
    const text = this.#feed.next(this.#pieceBytes);
    const { fault } = this.#feed;
    if (text === '' && fault === null) {
      if (!this.#window.isWhole) return false;
      this.#end();
      return true;
    }
    this.#pieceBytes = Math.min(2 * this.#pieceBytes, MAX_PIECE_BYTES);
    try {
      this.#parser.write(text);
      this.#boundUnfinished();
    } catch (error) {
      this.#fail(this.#faultOf(error));
      return true;
    }
    if (fault !== null) this.#fail(fault);
    return true;
  }

  /** Holds what was read and has not ended against its bound. */
  #boundUnfinished(): void {
    const feed = this.#feed;
    if (this.#parser.referenceLength > MAX_REFERENCE_CHARACTERS) refuse('READER_SYNTAX', 'A reference does not end.');
    if (this.#position !== null) {
      if (feed.givenBytes > this.#options.maxRecordBytes) this.#throw(this.#tooLarge());
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

  #end(): void {
    const window = this.#window;
    const detail = 'The file ends in the middle of the document.';
    const truncated: JsonFault = { code: 'READER_TRUNCATED', index: window.end, detail };
    const fault = this.#referenceFault() ?? truncated;
    const isCutOff = this.#position !== null || this.#feed.givenBytes < window.length || !this.#parser.isSoundEnd();
    if (isCutOff) this.#fail(fault);
    else if (this.#isRecordSeen) this.isDone = true;
    else {
      const { recordPath } = this.#options;
      const missing = `No element of the document is a record by the path "${recordPath}".`;
      this.failure = window.failure({ code: 'RECORD_PATH_NOT_FOUND', index: window.end, detail: missing });
    }
  }

  // Faults.

  #throw(fault: JsonFault): never {
    this.#fault = fault;
    return refuse(fault.code, fault.detail);
  }

  #tooLarge(): JsonFault {
    const detail = `A record is larger than ${this.#options.maxRecordBytes} bytes.`;
    return { code: 'RECORD_TOO_LARGE', index: this.#window.start, detail };
  }

  #faultOf(error: unknown): JsonFault {
    const known = this.#fault;
    this.#fault = null;
    if (known !== null) return known;
    if (!(error instanceof ServiceError)) throw error;
    const { code, message: detail } = error;
    let index = this.#feed.indexOf(this.#parser.position - 1);
    // Text where none may be is found out at its end, wherever that was cut.
    if (this.#position === null) index = Math.min(index, this.#tokenIndex());
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

  /** Ends the reading, or sets the record under way aside. */
  #fail(fault: JsonFault): void {
    const window = this.#window;
    const position = this.#position;
    if (position === null) {
      this.failure = window.failure(fault);
      return;
    }
    const { maxRecordBytes, onBadRecord } = this.#options;
    const isTooLarge = fault.code === 'RECORD_TOO_LARGE' || fault.index - window.start > maxRecordBytes;
    const error = window.failure(isTooLarge ? this.#tooLarge() : fault);
    if (onBadRecord === 'fail') {
      this.failure = error;
      return;
    }
    this.#reach = position.byteOffset + (isTooLarge ? maxRecordBytes : fault.index - window.start);
    this.#skippedError = error;
    this.#skipped = new SkippedRecord(window, {
      position,
      error: toErrorRecord(error),
      name: this.#name,
      parentName: this.#open.at(-1) ?? '',
    });
    this.#builder.abandon();
  }

  /** Looks for the end of the bad record; false: it may come behind the window. */
  #skip(skipped: SkippedRecord): boolean {
    if (!skipped.search()) {
      if (this.#window.isWhole) this.failure = this.#skippedError;
      return this.#window.isWhole;
    }
    const record = skipped.take();
    const end = record.position.byteOffset + record.byteLength;
    if (this.#reach > end) {
      this.#vainBytes += this.#reach - end;
      this.#state = null;
    }
    if (this.#vainBytes > FREE_VAIN_BYTES + VAIN_BYTES_PER_BYTE * end) {
      this.failure = this.#skippedError;
      return true;
    }
    this.batch.add(record);
    this.#skipped = null;
    this.#position = null;
    this.#parser = this.#startParser();
    return true;
  }

  #startParser(): XmlParser {
    this.#pieceBytes = FIRST_PIECE_BYTES;
    const parser = new XmlParser(this.#open, this);
    this.#feed.restart(parser.tokenStart);
    return parser;
  }
}

function refuse(code: ErrorCode, detail: string): never {
  throw new ServiceError(code, { detail });
}
