/**
 * JSON documents: the records are the elements of one array, at the top or inside of objects. The array's elements become canonical
 * one by one; what stands before and after it is checked and skipped ({@link JsonDocument}).
 */
import type { SourceRecord } from '../model/record.ts';
import { CLOSE_BRACKET, COMMA, isWhiteSpace } from '../protocol/canonical/bytes.ts';
import { ByteWindow } from './byte-window.ts';
import { JsonDocument } from './json-document.ts';
import type { Reader, ReaderOptions } from './reader.ts';
import { RecordBatch } from './record-batch.ts';
import { skipTextStart } from './text-start.ts';

/** Reads a JSON document; see {@link Reader}. A position's state holds the keys seen in the objects around the array. */
export const jsonReader: Reader = {
  async *read(source, from, options) {
    const window = new ByteWindow(source, from);
    const document = new JsonDocument(window, options);
    try {
      if (from === null) {
        await skipTextStart(window);
        await document.enterArray();
      } else document.resumeInArray(from);
      yield* new ArrayRecords(window, document, options).batches(from === null);
      await document.leave();
    } finally {
      await window.close();
    }
  },
};

/** What may come next inside of the array. */
type Expected = 'element-or-close' | 'element' | 'comma-or-close' | 'nothing';

/** The elements of the array, from after its bracket or from an element to after its closing bracket. */
class ArrayRecords {
  readonly #window: ByteWindow;
  readonly #document: JsonDocument;
  readonly #batch: RecordBatch;
  #expected: Expected = 'element';
  /** How many bytes to have before going on makes sense. */
  #neededBytes = 1;

  constructor(window: ByteWindow, document: JsonDocument, options: ReaderOptions) {
    this.#window = window;
    this.#document = document;
    this.#batch = new RecordBatch(options);
  }

  async *batches(isAtBracket: boolean): AsyncGenerator<readonly SourceRecord[]> {
    if (isAtBracket) this.#expected = 'element-or-close';
    const batch = this.#batch;
    while (this.#expected !== 'nothing') {
      await this.#window.fill(this.#neededBytes);
      this.#neededBytes = 1;
      while (this.#advance());
      if (batch.length > 0) yield batch.take();
      if (batch.failure !== null) throw batch.failure;
    }
  }

  /** Takes what is expected; false where the window does not hold it, nothing more is expected or there is a failure. */
  #advance(): boolean {
    const window = this.#window;
    const byte = this.#nextByte();
    if (window.length === 0) return window.isWhole ? this.#truncated() : false;
    if (byte === CLOSE_BRACKET && this.#expected !== 'element') {
      window.consume(window.start + 1);
      this.#expected = 'nothing';
      return false;
    }
    if (this.#expected !== 'comma-or-close') return this.#element();
    if (byte !== COMMA) {
      const detail = 'A comma or ] was expected.';
      this.#batch.failure = window.failure({ code: 'READER_SYNTAX', index: window.start, detail });
      return false;
    }
    window.consume(window.start + 1);
    this.#expected = 'element';
    return true;
  }

  #element(): boolean {
    const window = this.#window;
    const batch = this.#batch;
    // Not even a number may end where the text does: the array is still open.
    if (batch.add(window, this.#document.keysSeen, window.end, false)) {
      this.#expected = 'comma-or-close';
      return true;
    }
    if (batch.failure === null && window.isWhole) return this.#truncated();
    this.#neededBytes = batch.retryBytes(window);
    return false;
  }

  #nextByte(): number {
    const window = this.#window;
    const { bytes } = window;
    let index = window.start;
    while (isWhiteSpace(bytes[index] as number)) index += 1;
    window.consume(index);
    return bytes[index] as number;
  }

  #truncated(): false {
    const detail = 'The file ends inside of the array of records.';
    this.#batch.failure = this.#window.failure({ code: 'READER_TRUNCATED', index: this.#window.end, detail });
    return false;
  }
}
