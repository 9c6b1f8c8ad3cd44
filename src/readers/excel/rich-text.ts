import type { XmlHandler } from './xml-parser.ts';

/** Gathers the text of a string as cells and the shared strings have it: in one piece or in runs, without the readings written over it (`rPh`). */
export class RichText implements XmlHandler {
  readonly #maxLength: number;
  #text = '';
  #isInText = false;
  #isInReading = false;

  /** @param maxLength of more characters no more is gathered */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  readonly open = (name: string): void => {
    if (name === 'rPh') this.#isInReading = true;
    else if (name === 't') this.#isInText = !this.#isInReading;
  };

  readonly text = (text: string): void => {
    if (this.#isInText && this.#text.length <= this.#maxLength) this.#text += text;
  };

  readonly close = (name: string): void => {
    if (name === 'rPh') this.#isInReading = false;
    else if (name === 't') this.#isInText = false;
  };

  /** The text gathered since this was last asked; longer than the bound where it would be. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}
