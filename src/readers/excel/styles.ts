import { builtInFormat, type NumberFormat, parseFormatCode } from './number-format.ts';
import type { XmlAttributes, XmlHandler } from './xml-parser.ts';

/** Finds in the styles what the cells of each are shown as. */
export class StylesHandler implements XmlHandler {
  readonly #codes = new Map<string, string>();
  readonly #formatIds: string[] = [];
  #isInCellFormats = false;

  readonly open = (name: string, attributes: XmlAttributes): void => {
    if (name === 'numFmt') this.#codes.set(attributes.numFmtId ?? '', attributes.formatCode ?? '');
    else if (name === 'cellXfs') this.#isInCellFormats = true;
    else if (name === 'xf' && this.#isInCellFormats) this.#formatIds.push(attributes.numFmtId ?? '0');
  };

  readonly text = (): void => undefined;

  readonly close = (name: string): void => {
    if (name === 'cellXfs') this.#isInCellFormats = false;
  };

  /** The format of each style, by its index. */
  get formats(): readonly NumberFormat[] {
    const formats = new Map<string, NumberFormat>();
    return this.#formatIds.map((id) => {
      const known = formats.get(id);
      if (known !== undefined) return known;
      const code = this.#codes.get(id);
      const format = code === undefined ? builtInFormat(Number(id)) : parseFormatCode(code);
      formats.set(id, format);
      return format;
    });
  }
}
