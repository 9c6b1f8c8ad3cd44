import { MAX_RAW_BYTES } from '../../model/record.ts';
import type { XmlText } from './xml-text.ts';

const NOTHING = -1;

/** Where characters of a run of text lie in bytes, and the text since a character that was marked, over the ends of runs. */
export class RunOffsets {
  #run: XmlText = { text: '', byteOffset: 0, byteLength: 0 };
  /** A character of the run whose byte is known: places are asked for in their order. */
  #index = 0;
  #byteOffset = 0;
  #keptFrom = NOTHING;
  #keptBefore = '';

  /** Takes up the next run. */
  begin(run: XmlText): void {
    if (this.#keptFrom !== NOTHING) {
      this.#keptBefore = (this.#keptBefore + this.#run.text.slice(this.#keptFrom)).slice(0, MAX_RAW_BYTES);
      this.#keptFrom = 0;
    }
    this.#run = run;
    this.#index = 0;
    this.#byteOffset = run.byteOffset;
  }

  /** The byte of a character of the run, or of one before it among those of a tag that goes on in it. */
  byteOffsetOf(index: number): number {
    const { text, byteLength } = this.#run;
    const isAscii = text.length === byteLength;
    this.#byteOffset +=
      isAscii || index < this.#index ? index - this.#index : Buffer.byteLength(text.slice(this.#index, index));
    this.#index = index;
    return this.#byteOffset;
  }

  /** Marks a character of the run: text is kept from it on. */
  mark(index: number): void {
    this.#keptBefore = '';
    this.#keptFrom = Math.max(0, index);
  }

  /** The text from the mark to a character of the run: at least the first {@link MAX_RAW_BYTES} of it. */
  marked(index: number): string {
    return this.#keptBefore + this.#run.text.slice(this.#keptFrom, index);
  }

  /** Forgets the mark. */
  unmark(): void {
    this.#keptFrom = NOTHING;
    this.#keptBefore = '';
  }
}
