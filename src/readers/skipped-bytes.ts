import type { ErrorRecord } from '../errors.ts';
import { type BadRecord, MAX_RAW_BYTES, type Position } from '../model/record.ts';
import { isWhiteSpace } from '../protocol/canonical/bytes.ts';
import type { ByteWindow } from './byte-window.ts';

/** A bad record whose bytes are left behind as its end is looked for: however long it is, only what is kept of it is held. */
export class SkippedBytes {
  /** What is wrong with it. */
  readonly error: ErrorRecord;
  readonly #window: ByteWindow;
  readonly #position: Position;
  /** What was kept, and how many bytes it is. */
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  /** Bytes left behind, and how many of them up to the last that is no white space. */
  #byteCount = 0;
  #byteLength = 0;

  /** It begins at the window's start. */
  constructor(window: ByteWindow, state: Position['state'], error: ErrorRecord) {
    this.error = error;
    this.#window = window;
    this.#position = window.position(state);
  }

  /** Leaves the bytes before `index` behind, all of them its own. */
  skip(index: number): void {
    const { bytes, start } = this.#window;
    let last = index;
    while (last > start && isWhiteSpace(bytes[last - 1] as number)) last -= 1;
    if (last > start) this.#byteLength = this.#byteCount + last - start;
    this.#byteCount += index - start;
    if (this.#keptBytes < MAX_RAW_BYTES) {
      const piece = bytes.slice(start, Math.min(index, start + MAX_RAW_BYTES - this.#keptBytes));
      this.#kept.push(piece);
      this.#keptBytes += piece.length;
    }
    this.#window.consume(index);
  }

  /** The record, white space at its end aside. */
  take(): BadRecord {
    const { error } = this;
    const byteLength = this.#byteLength;
    // A copy of its own: what Buffer makes shares memory with others, and it is sent to another thread.
    const raw = new Uint8Array(Buffer.concat(this.#kept, Math.min(byteLength, MAX_RAW_BYTES)));
    return { position: this.#position, byteLength, error, raw };
  }
}
