/**
 * What stands around the array of records: the objects on the way to it, of which the other members are checked and skipped in constant
 * memory, however large. The keys of these objects are remembered, for a repeated one would leave open which value is meant.
 */
import type { ServiceError } from '../errors.ts';
import type { Position } from '../model/record.ts';
import {
  CLOSE_BRACE,
  COLON,
  COMMA,
  isWhiteSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../protocol/canonical/bytes.ts';
import { JsonGrammar } from '../protocol/json-grammar.ts';
import { decodeKey } from '../protocol/json-key.ts';
import { TEXT_START } from '../protocol/json-place.ts';
import type { ByteWindow } from './byte-window.ts';
import type { ReaderOptions } from './reader.ts';
import { faultBehindValue } from './text-behind-value.ts';

/** Most bytes of the keys of one object around the array: they are part of every position. */
const MAX_KEYS_BYTES = 64 * 1024;

/** The names on the way to the array: `products.items` leads through `products`. A key with a dot in it cannot be named. */
function recordPathSegments(recordPath: string): readonly string[] {
  return recordPath === '' ? [] : recordPath.split('.');
}

/** See the head of the file. First {@link enterArray} or {@link resumeInArray}; then the caller reads the array; then {@link leave}. */
export class JsonDocument {
  readonly #window: ByteWindow;
  readonly #grammar: JsonGrammar;
  readonly #recordPath: string;
  readonly #maxDepth: number;
  /** By open object, outermost first: its keys so far, and their bytes. */
  readonly #keys: Set<string>[] = [];
  readonly #keysBytes: number[] = [];
  #keysSeen: readonly (readonly string[])[] = [];

  constructor(window: ByteWindow, options: ReaderOptions) {
    this.#window = window;
    this.#grammar = new JsonGrammar(options);
    this.#recordPath = options.recordPath;
    this.#maxDepth = options.maxDepth;
  }

  /** By object around the array, outermost first: its keys up to and with the one that leads on. The state of all positions. */
  get keysSeen(): readonly (readonly string[])[] {
    return this.#keysSeen;
  }

  /** From the start of the text to after the array's bracket. Throws RECORD_PATH_NOT_FOUND where the path leads elsewhere. */
  async enterArray(): Promise<void> {
    for (const segment of recordPathSegments(this.#recordPath)) {
      if ((await this.#next()) !== OPEN_BRACE) throw this.#pathNotFound();
      this.#take();
      this.#keys.push(new Set());
      this.#keysBytes.push(0);
      await this.#seek(segment);
    }
    if ((await this.#next()) !== OPEN_BRACKET) throw this.#pathNotFound();
    this.#take();
    this.#keysSeen = this.#keys.map((keys) => [...keys]);
  }

  /** Takes the place of {@link enterArray} where reading begins at a record. */
  resumeInArray(position: Position): void {
    this.#keysSeen = position.state as readonly (readonly string[])[];
    for (const keys of this.#keysSeen) {
      this.#keys.push(new Set(keys));
      this.#keysBytes.push(keys.reduce((bytes, key) => bytes + Buffer.byteLength(key), 0));
    }
  }

  /** From after the array to the sound end of the text. */
  async leave(): Promise<void> {
    while (this.#keys.length > 0) {
      while ((await this.#next()) === COMMA) {
        this.#take();
        await this.#key();
        await this.#skipValue();
      }
      await this.#expect(CLOSE_BRACE, 'A comma or } was expected.');
      this.#keys.pop();
      this.#keysBytes.pop();
    }
    const window = this.#window;
    const { line } = window.place;
    await this.#skipWhiteSpace();
    if (window.length === 0) return;
    const isAfterFirstLine = line === TEXT_START.line && window.place.line > line;
    throw window.failure(faultBehindValue(window, { index: window.start, isAfterFirstLine, maxDepth: this.#maxDepth }));
  }

  /** From after an object's brace to the value of the member with this key. */
  async #seek(segment: string): Promise<void> {
    if ((await this.#next()) === CLOSE_BRACE) throw this.#pathNotFound();
    while ((await this.#key()) !== segment) {
      await this.#skipValue();
      if ((await this.#next()) === CLOSE_BRACE) throw this.#pathNotFound();
      await this.#expect(COMMA, 'A comma or } was expected.');
    }
  }

  /** Takes a key and its colon. */
  async #key(): Promise<string> {
    if ((await this.#next()) !== QUOTE) throw this.#failure('READER_SYNTAX', 'A key was expected.');
    const byteCount = await this.#keyLength();
    const window = this.#window;
    const key = decodeKey(window.bytes.subarray(window.start, window.start + byteCount));
    if (key === undefined) throw this.#failure('LONE_SURROGATE', 'A key holds half of a surrogate pair.');
    const keys = this.#keys.at(-1) as Set<string>;
    if (keys.has(key)) throw this.#failure('DUPLICATE_KEY', 'An object around the records has this key twice.');
    const keysBytes = (this.#keysBytes.pop() as number) + Buffer.byteLength(key);
    if (keysBytes > MAX_KEYS_BYTES) throw this.#tooManyKeys();
    keys.add(key);
    this.#keysBytes.push(keysBytes);
    window.consume(window.start + byteCount);
    await this.#expect(COLON, 'A colon was expected.');
    return key;
  }

  /** Length of the string that begins at the window's start, which then holds all of it. */
  async #keyLength(): Promise<number> {
    const window = this.#window;
    const grammar = this.#grammar;
    grammar.reset();
    for (let byteCount = 0; ; ) {
      byteCount = grammar.feed(window.bytes, window.start + byteCount, window.end) - window.start;
      if (grammar.fault !== null) throw window.failure(grammar.fault);
      if (grammar.isComplete) return byteCount;
      if (byteCount > MAX_KEYS_BYTES) throw this.#tooManyKeys();
      await window.fill(window.length + 1);
      if (window.length === byteCount) throw this.#truncated();
    }
  }

  async #skipValue(): Promise<void> {
    const window = this.#window;
    const grammar = this.#grammar;
    await this.#next();
    grammar.reset();
    for (;;) {
      const index = grammar.feed(window.bytes, window.start, window.end);
      if (grammar.fault !== null) throw window.failure(grammar.fault);
      window.consume(index);
      if (grammar.isComplete) return;
      await window.fill(1);
      if (window.length === 0) throw this.#truncated();
    }
  }

  async #expect(byte: number, detail: string): Promise<void> {
    if ((await this.#next()) !== byte) throw this.#failure('READER_SYNTAX', detail);
    this.#take();
  }

  /** The byte after white space, not yet taken. */
  async #next(): Promise<number> {
    await this.#skipWhiteSpace();
    if (this.#window.length === 0) throw this.#truncated();
    return this.#window.bytes[this.#window.start] as number;
  }

  async #skipWhiteSpace(): Promise<void> {
    const window = this.#window;
    do {
      await window.fill(1);
      let index = window.start;
      while (isWhiteSpace(window.bytes[index] as number)) index += 1;
      window.consume(index);
    } while (window.length === 0 && !window.isWhole);
  }

  #take(): void {
    this.#window.consume(this.#window.start + 1);
  }

  #pathNotFound(): ServiceError {
    const what =
      this.#recordPath === '' ? 'The file is not an array of records.' : `There is no array at "${this.#recordPath}".`;
    return this.#failure('RECORD_PATH_NOT_FOUND', what);
  }

  #tooManyKeys(): ServiceError {
    return this.#failure(
      'READER_SYNTAX',
      `The keys of an object around the records have more than ${MAX_KEYS_BYTES} bytes.`,
    );
  }

  #truncated(): ServiceError {
    return this.#window.failure({
      code: 'READER_TRUNCATED',
      index: this.#window.end,
      detail: 'The file ends in the middle.',
    });
  }

  #failure(code: ServiceError['code'], detail: string): ServiceError {
    return this.#window.failure({ code, index: this.#window.start, detail });
  }
}
