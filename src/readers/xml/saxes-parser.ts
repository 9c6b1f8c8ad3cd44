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

const NO_EVENTS: XmlEvents = { openTag() {}, attribute() {}, text() {}, closeTag() {}, doctype() {}, passed() {} };
/** What comes out of saxes where {@link XmlParser.stop} was called. */
const STOPPED = new Error('The parser was stopped.');

/** Reads XML 1.0 text in pieces of any length and tells what it finds; saxes, without its namespaces, behind what the readers need of it. */
export class XmlParser {
  readonly #parser = new SaxesParser({ position: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
  readonly #events: XmlEvents;
  /** Who is told of what is found. */
  #listener: XmlEvents;
  #isSound = true;
  #tokenStart = 0;

  /** @param events is told what is found; what it throws comes out of {@link write} */
  constructor(events: XmlEvents) {
    this.#events = events;
    this.#listener = events;
    this.#listen(this.#parser);
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

  /**
   * Forgets what was written, and begins inside of open elements. Ten times as fast as another parser, and, not being part of the interface of saxes, as closing this one,
   * which makes an error of each open element.
   * @param openNames outermost first
   */
  restart(openNames: readonly string[]): void {
    Reflect.get(this.#parser, '_init').call(this.#parser);
    const prefix = openNames.map((name) => `<${name}>`).join('');
    this.#listener = NO_EVENTS;
    this.#parser.write(prefix);
    this.#listener = this.#events;
    this.#tokenStart = prefix.length;
  }

  /** Reads on; false: it was stopped. Throws READER_SYNTAX, without a place. After both it must be restarted. */
  write(text: string): boolean {
    try {
      this.#parser.write(text);
      return true;
    } catch (error) {
      if (error === STOPPED) return false;
      throw error;
    }
  }

  /** To be called in an event: ends the writing under way. */
  stop(): never {
    throw STOPPED;
  }

  /** Whether the document is complete, nothing following what was written. The parser begins anew after that. */
  close(): boolean {
    this.#isSound = true;
    // What was read of something unfinished would come as text.
    this.#listener = NO_EVENTS;
    this.#parser.close();
    this.#listener = this.#events;
    return this.#isSound;
  }

  #listen(parser: SaxesParser): void {
    const pass = (): void => {
      this.#listener.passed();
      this.#tokenStart = parser.position;
    };
    parser.on('text', (text) => {
      this.#listener.text(text);
      // It ends where the parser has seen the next tag's bracket.
      this.#tokenStart = parser.position - 1;
    });
    parser.on('cdata', (text) => {
      this.#listener.text(text);
      this.#tokenStart = parser.position;
    });
    parser.on('comment', () => {
      this.#listener.passed();
      // It is told of before its last bracket.
      this.#tokenStart = parser.position + 1;
    });
    parser.on('opentagstart', ({ name }) => {
      this.#listener.openTag(name);
      this.#tokenStart = parser.position;
    });
    parser.on('attribute', ({ name, value }) => {
      this.#listener.attribute(name, value);
      this.#tokenStart = parser.position;
    });
    parser.on('opentag', () => {
      this.#tokenStart = parser.position;
    });
    parser.on('closetag', ({ isSelfClosing }) => {
      this.#listener.closeTag(isSelfClosing);
      this.#tokenStart = parser.position;
    });
    parser.on('doctype', () => {
      this.#listener.doctype();
      this.#tokenStart = parser.position;
    });
    parser.on('processinginstruction', pass);
    parser.on('xmldecl', pass);
    parser.on('error', ({ message }) => {
      this.#isSound = false;
      if (this.#listener === NO_EVENTS) return;
      throw new ServiceError('READER_SYNTAX', { detail: `Not well-formed XML: ${message}` });
    });
    // saxes keeps each handler as a property with a computed name. From the eighth on V8 turns an object so made into a table, with which parsing takes five
    // times as long; becoming the prototype of another object makes it fast again.
    Object.create(parser);
  }
}
