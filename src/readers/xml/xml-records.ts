/**
 * The records of a document, one after the other. The parser goes up to a record; the scanner takes this one and those that follow it; one that it does not take is
 * read by the parser too, which says what is wrong with it, and so is what comes behind the last of a row.
 */
import { type ServiceError, toErrorRecord } from '../../errors.ts';
import type { XmlFormat } from '../../model/format.ts';
import type { JsonValue, Position } from '../../model/record.ts';
import type { JsonFault } from '../../protocol/json-place.ts';
import type { ByteWindow } from '../byte-window.ts';
import type { ReaderOptions } from '../reader.ts';
import { DocumentParser } from './document-parser.ts';
import { RecordBuilder } from './record-builder.ts';
import { RecordPath } from './record-path.ts';
import { RecordScanner } from './record-scanner.ts';
import { nextRecord, tagStart } from './record-start.ts';
import { SkippedRecord } from './skipped-record.ts';
import { XmlBatch } from './xml-batch.ts';

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

/**
 * What is done next: the parser reads what is around records, or the record at the window's start; the scanner takes records; or the end of a bad one is
 * looked for.
 */
type Mode = 'around' | 'parse' | 'scan' | 'skip';

/** See the head of the file. */
export class XmlRecords {
  readonly batch = new XmlBatch();
  /** What ended the reading; thrown after the items before it were yielded. */
  failure: ServiceError | null = null;
  /** Whether the sound end was reached. */
  isDone = false;
  readonly #window: ByteWindow;
  readonly #options: ReaderOptions;
  readonly #builder: RecordBuilder;
  readonly #parser: DocumentParser;
  readonly #scanner: RecordScanner;
  #mode: Mode = 'around';
  /** Whether the window's start is that of a record, and whether the scanner came to the window's end in it. */
  #isAtRecord = false;
  #isTried = false;
  /** What positions say of what is around the record; null where that changed since. */
  #state: XmlState | null = null;
  #vainBytes: number;
  /** Of the record come to last; null: there was none. */
  #position: Position | null;
  /** How its start tag, and that of those that follow, begins. */
  #tagStart: Uint8Array = new Uint8Array();
  /** The bad record of which the end is looked for, its error, and the offset up to which it was read. */
  #skipped: SkippedRecord | null = null;
  #skippedError: ServiceError | null = null;
  #reach = 0;

  constructor(window: ByteWindow, format: XmlFormat, options: ReaderOptions, from: Position | null) {
    const state = from === null ? null : (from.state as unknown as XmlState);
    this.#window = window;
    this.#options = options;
    this.#builder = new RecordBuilder(format);
    this.#scanner = new RecordScanner(this.#builder, options.maxDepth);
    const records = new RecordPath(options.recordPath, format.stripNamespaces);
    const { output } = this.batch;
    this.#parser = new DocumentParser({ window, options, records, builder: this.#builder, output }, state?.path ?? []);
    this.#position = from;
    this.#vainBytes = state?.vainBytes ?? 0;
    this.#parser.begin(false);
  }

  /** Reads what the window holds, up to a failure or the end. */
  advance(): void {
    while (this.failure === null && !this.isDone) {
      const isStarved = this.#step();
      if (isStarved) return;
    }
  }

  /** How many bytes the window must hold, unless the source ends, to go on. */
  get neededBytes(): number {
    const { length } = this.#window;
    // By doubling, all tries of a record together cost twice the last one.
    return this.#isTried ? Math.min(2 * length, this.#options.maxRecordBytes + 1) : length + 1;
  }

  /** True: the window does not hold what is needed. */
  #step(): boolean {
    switch (this.#mode) {
      case 'scan':
        return this.#scan();
      case 'skip':
        return this.#skip();
      default:
        return this.#parse();
    }
  }

  #scan(): boolean {
    const window = this.#window;
    const { maxRecordBytes } = this.#options;
    this.#isTried = false;
    for (;;) {
      const start = this.#isAtRecord ? window.start : nextRecord(window, this.#tagStart, maxRecordBytes);
      if (start < 0) return this.#leaveScanning(start);
      window.consume(start);
      const end = this.#take(start);
      this.#isAtRecord = end < 0;
      if (end < 0) return this.#leaveScanning(end);
      window.consume(end);
    }
  }

  /** Waits for more, if the scanner only came to the window's end, or goes over to the parser. True: it waits. */
  #leaveScanning(stop: number): boolean {
    const window = this.#window;
    const isCutOff = ~stop >= window.end && !window.isWhole && window.length <= this.#options.maxRecordBytes;
    this.#isTried = isCutOff && this.#isAtRecord;
    if (!isCutOff) this.#beginParsing(this.#isAtRecord ? 'parse' : 'around');
    return isCutOff;
  }

  /** Takes the record at the window's start with the scanner; returns the index behind it, or what {@link RecordScanner.scan} returns, or `~start` for one too large. */
  #take(start: number): number {
    const { batch } = this;
    const { maxRecordBytes } = this.#options;
    const outputStart = batch.output.length;
    const end = this.#scanner.scan(this.#window.bytes, start, batch.output);
    if (end >= 0 && Math.max(end - start, batch.output.length - outputStart) <= maxRecordBytes) {
      batch.add(this.#place());
      return end;
    }
    batch.output.length = outputStart;
    return end < 0 ? end : ~start;
  }

  #parse(): boolean {
    const stop = this.#parser.read();
    if (stop === 'starved') return true;
    if (stop === 'record') this.#endParsing();
    else if (stop === 'end') this.#end();
    else this.#fail(stop.fault);
    return false;
  }

  #beginParsing(mode: 'around' | 'parse'): void {
    this.#mode = mode;
    if (mode === 'parse') this.#place();
    this.#parser.begin(mode === 'parse');
  }

  /** Goes over to the scanner, behind a record that was parsed, or before one that was come to. */
  #endParsing(): void {
    this.#isAtRecord = this.#parser.isAtRecord;
    if (this.#mode === 'parse') this.batch.add(this.#position as Position);
    else {
      this.#state = null;
      this.#tagStart = tagStart(this.#parser.recordName);
    }
    this.#mode = 'scan';
  }

  /** The position of the record at the window's start. */
  #place(): Position {
    this.#state ??= { path: [...this.#parser.open], vainBytes: this.#vainBytes };
    this.#position = this.#window.position(this.#state as unknown as JsonValue);
    return this.#position;
  }

  #end(): void {
    const window = this.#window;
    if (this.#position !== null) {
      this.isDone = true;
      return;
    }
    const detail = `No element of the document is a record by the path "${this.#options.recordPath}".`;
    this.failure = window.failure({ code: 'RECORD_PATH_NOT_FOUND', index: window.end, detail });
  }

  /** Ends the reading, or sets the record under way aside. */
  #fail(fault: JsonFault): void {
    const window = this.#window;
    const position = this.#position;
    if (position === null || this.#mode !== 'parse') {
      this.failure = window.failure(fault);
      return;
    }
    const { maxRecordBytes, onBadRecord } = this.#options;
    const isTooLarge = fault.code === 'RECORD_TOO_LARGE' || fault.index - window.start > maxRecordBytes;
    const error = window.failure(isTooLarge ? this.#parser.tooLarge() : fault);
    if (onBadRecord === 'fail') {
      this.failure = error;
      return;
    }
    this.#reach = position.byteOffset + (isTooLarge ? maxRecordBytes : fault.index - window.start);
    this.#skippedError = error;
    const { recordName, open } = this.#parser;
    this.#skipped = new SkippedRecord(window, {
      position,
      error: toErrorRecord(error),
      name: recordName,
      parentName: open.at(-1) ?? '',
    });
    this.#builder.clear();
    this.#mode = 'skip';
  }

  /** Looks for the end of the bad record. */
  #skip(): boolean {
    const skipped = this.#skipped as SkippedRecord;
    if (!skipped.search()) {
      if (this.#window.isWhole) this.failure = this.#skippedError;
      return !this.#window.isWhole;
    }
    const record = skipped.take();
    const end = record.position.byteOffset + record.byteLength;
    if (this.#reach > end) {
      this.#vainBytes += this.#reach - end;
      this.#state = null;
    }
    if (this.#vainBytes > FREE_VAIN_BYTES + VAIN_BYTES_PER_BYTE * end) {
      this.failure = this.#skippedError;
      return false;
    }
    this.batch.add(record);
    this.#isAtRecord = false;
    this.#mode = 'scan';
    return false;
  }
}
