/**
 * JSON documents: the records are the elements of one array, at the top or inside of objects. The array's elements become canonical
 * one by one; what stands before and after it is checked and skipped ({@link JsonDocument}).
 *
 * A bad element can be set aside only where its end is beyond doubt ({@link JsonElementEnd}). Else, and for what is wrong around the array, the reading ends.
 */
import { type ErrorRecord, fromErrorRecord } from '../errors.ts';
import { isBadRecord, type ReadItem } from '../model/record.ts';
import { CLOSE_BRACKET, COMMA, isWhiteSpace } from '../protocol/canonical/bytes.ts';
import { FAULTY, INCOMPLETE } from '../protocol/canonical/canonicalizer.ts';
import { ByteWindow } from './byte-window.ts';
import { JsonDocument } from './json-document.ts';
import { JsonElementEnd, NO_END } from './json-element-end.ts';
import { tellReadAsJson } from './read-as-json.ts';
import type { Reader, ReaderOptions } from './reader.ts';
import { RecordBatch } from './record-batch.ts';
import { SkippedBytes } from './skipped-bytes.ts';
import { skipTextStart } from './text-start.ts';

/** Reads a JSON document; see {@link Reader}. A position's state holds the keys seen in the objects around the array. */
export const jsonReader: Reader = {
  async *read(source, from, options) {
    const window = new ByteWindow(source, from);
    const document = new JsonDocument(window, options);
    let hasRecords = from !== null;
    try {
      if (from === null) {
        await skipTextStart(window);
        await document.enterArray();
      } else document.resumeInArray(from);
      for await (const batch of new ArrayRecords(window, document, options).batches(from === null)) {
        hasRecords ||= !batch.every(isBadRecord);
        yield batch;
      }
      await document.leave();
    } catch (error) {
      throw hasRecords ? error : tellReadAsJson(error, source.name);
    } finally {
      await window.close();
    }
  },
};

/** What may come next inside of the array. */
type Expected = 'element-or-close' | 'element' | 'comma-or-close' | 'nothing';

/** A bad element whose end is looked for. */
interface SkippedElement {
  readonly bytes: SkippedBytes;
  readonly end: JsonElementEnd;
}

/** The elements of the array, from after its bracket or from an element to after its closing bracket. */
class ArrayRecords {
  readonly #window: ByteWindow;
  readonly #document: JsonDocument;
  readonly #options: ReaderOptions;
  readonly #batch: RecordBatch;
  #expected: Expected = 'element';
  #skipped: SkippedElement | null = null;
  /** How many bytes to have before going on makes sense. */
  #neededBytes = 1;

  constructor(window: ByteWindow, document: JsonDocument, options: ReaderOptions) {
    this.#window = window;
    this.#document = document;
    this.#options = options;
    this.#batch = new RecordBatch(options);
  }

  async *batches(isAtBracket: boolean): AsyncGenerator<readonly ReadItem[]> {
    if (isAtBracket) this.#expected = 'element-or-close';
    const batch = this.#batch;
    while (this.#expected !== 'nothing') {
      await this.#window.fill(this.#neededBytes);
      this.#neededBytes = 1;
      while (this.#skipped === null ? this.#advance() : this.#skip(this.#skipped));
      if (batch.length > 0) yield batch.take();
      if (batch.failure !== null) throw fromErrorRecord(batch.failure);
    }
  }

  /** Takes what is expected; false where the window does not hold it, nothing more is expected or there is a failure. */
  #advance(): boolean {
    const window = this.#window;
    window.consume(skipWhiteSpace(window.bytes, window.start));
    if (window.length === 0) return window.isWhole ? this.#truncated() : false;
    const byte = window.bytes[window.start] as number;
    if (byte === CLOSE_BRACKET && this.#expected !== 'element') {
      window.consume(window.start + 1);
      this.#expected = 'nothing';
      return false;
    }
    if (this.#expected !== 'comma-or-close') return this.#element();
    if (byte !== COMMA) return this.#fail(this.#unexpectedAt(window.start));
    window.consume(window.start + 1);
    this.#expected = 'element';
    return true;
  }

  #element(): boolean {
    const window = this.#window;
    const { bytes, start, end } = window;
    // Not even a number may end where the text does: the array is still open.
    const index = this.#batch.scan(window, end, false);
    if (index === INCOMPLETE) return window.isWhole ? this.#truncated() : this.#retry();
    if (index === FAULTY) return this.#refuse(this.#batch.error as ErrorRecord);
    const next = skipWhiteSpace(bytes, index);
    const isFollowed = bytes[next] === COMMA;
    // What belongs to an element is not known before its comma was seen. With white space to no end it is taken without.
    if (!isFollowed && next - start <= this.#options.maxRecordBytes) {
      if (next === end && !window.isWhole) return this.#retry();
      if (next < end && bytes[next] !== CLOSE_BRACKET) return this.#refuse(this.#unexpectedAt(next));
    }
    this.#batch.add(window, this.#document.keysSeen, isFollowed ? next + 1 : next);
    this.#expected = isFollowed ? 'element' : 'comma-or-close';
    return true;
  }

  #refuse(error: ErrorRecord): boolean {
    if (this.#options.onBadRecord === 'fail') return this.#fail(error);
    const bytes = new SkippedBytes(this.#window, this.#document.keysSeen, error);
    this.#skipped = { bytes, end: new JsonElementEnd() };
    return true;
  }

  /** Goes on to the end of a bad element; without one all that follows is in doubt. */
  #skip({ bytes, end }: SkippedElement): boolean {
    const window = this.#window;
    const index = end.find(window.bytes, window.start, window.end);
    if (index === NO_END || (index === window.end && window.isWhole)) return this.#fail(bytes.error);
    bytes.skip(index);
    if (index === window.end) return false;
    this.#batch.addBad(bytes.take());
    this.#skipped = null;
    this.#expected = 'comma-or-close';
    return true;
  }

  #retry(): false {
    this.#neededBytes = this.#batch.retryBytes(this.#window);
    return false;
  }

  #unexpectedAt(index: number): ErrorRecord {
    return this.#window.errorRecord({ code: 'READER_SYNTAX', index, detail: 'A comma or ] was expected.' });
  }

  #truncated(): false {
    const detail = 'The file ends inside of the array of records.';
    return this.#fail(this.#window.errorRecord({ code: 'READER_TRUNCATED', index: this.#window.end, detail }));
  }

  #fail(error: ErrorRecord): false {
    this.#batch.failure = error;
    return false;
  }
}

/** The index of the first byte from `from` on that is no white space. The zero behind a window's end is none. */
function skipWhiteSpace(bytes: Uint8Array, from: number): number {
  let index = from;
  while (isWhiteSpace(bytes[index] as number)) index += 1;
  return index;
}
