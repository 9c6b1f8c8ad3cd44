import { ByteOutput } from './byte-output.ts';

const INITIAL_OUTPUT_BYTES = 4096;

/**
 * A text on its way to the output. What is in canonical form already is not copied token by token: only where such a run began is remembered, and
 * it is appended where something else has to be written (white space left out, an escape or a number rewritten, members sorted). So
 * `index + shift` is where a byte of the run will be in the output.
 */
export class TextRun {
  readonly output = new ByteOutput(INITIAL_OUTPUT_BYTES);
  /** The text, as bytes and for reading by words. */
  input: Uint8Array = new Uint8Array(1);
  words = new DataView(this.input.buffer);
  /** What to add to an index of the run, which is not yet in the output, for that in the output. */
  shift = 0;
  #start = 0;

  /** Begins with a text, of which nothing before `from` counts. */
  begin(input: Uint8Array, from: number): void {
    if (input !== this.input) {
      this.input = input;
      this.words = new DataView(input.buffer, input.byteOffset, input.byteLength);
    }
    this.beginAt(from);
  }

  /** Appends the run, which ends before `end`; the next one begins there. */
  appendTo(end: number): void {
    if (end > this.#start) this.output.appendWords(this.words, this.#start, end);
    this.beginAt(end);
  }

  /** Begins a run, what is before it being in the output or left out. Returns `index`. */
  beginAt(index: number): number {
    this.#start = index;
    this.shift = this.output.length - index;
    return index;
  }
}
