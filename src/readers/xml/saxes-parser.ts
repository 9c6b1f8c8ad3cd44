import { SaxesParser } from 'saxes';
import { ServiceError } from '../../errors.ts';

/** What stands in a document, in its order. Positions are in characters (UTF-16 code units) of all that was written. */
export interface XmlEvents {
  /** The name of a start tag, of which the attributes and the end follow. */
  openTag(name: string): void;
  attribute(name: string, value: string): void;
  /** Text or a CDATA section; one of the two may follow the other. */
  text(text: string): void;
  /** An end tag, or the end of an empty element's tag. Comes before the fault where it is not the one that belongs there. */
  closeTag(isEmptyElement: boolean): void;
  /** A whole document type declaration. */
  doctype(): void;
  /** A comment, a processing instruction or the XML declaration. */
  passed(): void;
}

/** Reads XML 1.0 text in pieces of any length and tells what it finds; saxes, without its namespaces, behind what the readers need of it. */
export class XmlParser {
  readonly #parser = new SaxesParser({ position: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
  #tokenStart: number;

  /**
   * @param openNames the elements that are open where the text begins, outermost first
   * @param events is told what is found; what it throws comes out of {@link write}
   */
  constructor(openNames: readonly string[], events: XmlEvents) {
    const parser = this.#parser;
    const prefix = openNames.map((name) => `<${name}>`).join('');
    parser.write(prefix);
    this.#tokenStart = prefix.length;
    this.#listen(parser, events);
  }

  /** Where the parser is; only in events, and after {@link write} threw. */
  get position(): number {
    return this.#parser.position;
  }

  /** Where began what is being read: in {@link XmlEvents.openTag} the tag's bracket; inside of a tag, behind its name or last attribute. */
  get tokenStart(): number {
    return this.#tokenStart;
  }

  /**
   * How many characters an entity reference has so far that has not ended: saxes looks for its semicolon to the end of the document. Not part
   * of the interface of saxes, but all that shows it.
   */
  get referenceLength(): number {
    return (Reflect.get(this.#parser, 'entity') as string).length;
  }

  /** Reads on. Throws READER_SYNTAX, without a place, and is of no use after that. */
  write(text: string): void {
    this.#parser.write(text);
  }

  /** Whether the document is complete, nothing following what was written. The parser is of no use after that. */
  isSoundEnd(): boolean {
    let isSound = true;
    this.#parser.on('error', () => {
      isSound = false;
    });
    // What was read of something unfinished would come as text.
    this.#parser.off('text');
    this.#parser.close();
    return isSound;
  }

  #listen(parser: SaxesParser, events: XmlEvents): void {
    const pass = (): void => {
      events.passed();
      this.#tokenStart = parser.position;
    };
    parser.on('text', (text) => {
      events.text(text);
      // It ends where the parser has seen the next tag's bracket.
      this.#tokenStart = parser.position - 1;
    });
    parser.on('cdata', (text) => {
      events.text(text);
      this.#tokenStart = parser.position;
    });
    parser.on('comment', () => {
      events.passed();
      // It is told of before its last bracket.
      this.#tokenStart = parser.position + 1;
    });
    parser.on('opentagstart', ({ name }) => {
      events.openTag(name);
      this.#tokenStart = parser.position;
    });
    parser.on('attribute', ({ name, value }) => {
      events.attribute(name, value);
      this.#tokenStart = parser.position;
    });
    parser.on('opentag', () => {
      this.#tokenStart = parser.position;
    });
    parser.on('closetag', ({ isSelfClosing }) => {
      events.closeTag(isSelfClosing);
      this.#tokenStart = parser.position;
    });
    parser.on('doctype', () => {
      events.doctype();
      this.#tokenStart = parser.position;
    });
    parser.on('processinginstruction', pass);
    parser.on('xmldecl', pass);
    parser.on('error', ({ message }) => {
      throw new ServiceError('READER_SYNTAX', { detail: `Not well-formed XML: ${message}` });
    });
    // saxes keeps each handler as a property with a computed name. From the eighth on V8 turns an object so made into a table, with which parsing takes five
    // times as long; becoming the prototype of another object makes it fast again.
    Object.create(parser);
  }
}
