/**
 * Finds the elements that are records in an XML document of which nobody said where they are: those of the path that occurs most often below the root, but
 * not what is inside of other repeated elements. Where nothing is repeated and the root has children of one name, these.
 *
 * Only the first megabytes are looked at, and a fault in them does not matter once something was repeated: whoever reads will meet it again.
 */
import { ServiceError } from '../errors.ts';
import { DEFAULT_FORMATS } from '../model/format.ts';
import { ByteOutput } from '../protocol/canonical/byte-output.ts';
import type { ByteSource } from '../sources/source.ts';
import { ByteWindow } from './byte-window.ts';
import type { ReaderOptions } from './reader.ts';
import { DocumentParser } from './xml/document-parser.ts';
import { enterDocument } from './xml/document-start.ts';
import { PathCounter } from './xml/path-counter.ts';
import { RecordBuilder } from './xml/record-builder.ts';
import { RecordScanner } from './xml/record-scanner.ts';
import { nextRecord, tagStart } from './xml/record-start.ts';

/** How much of a document is looked at: what comes before the records of a feed is small. */
const SEARCHED_BYTES = 8 * 1024 * 1024;
const INITIAL_OUTPUT_BYTES = 64 * 1024;
/** What is searched bounds everything. */
const UNBOUNDED: ReaderOptions = {
  maxRecordBytes: Number.MAX_SAFE_INTEGER,
  maxDepth: 0,
  numberForm: 'exact',
  recordPath: '',
  onBadRecord: 'fail',
};
/** How many candidates an error names. */
const MAX_NAMED_CANDIDATES = 20;

/**
 * The path from the root, as `catalog/products/product`, of an XML document's records. Throws RECORD_PATH_NEEDED, whose data names `candidates` and `reason`
 * (`several-elements`, `too-late`); RECORDS_NOT_FOUND where there is nothing to choose from; and where nothing was repeated before a fault READER_SYNTAX, READER_TRUNCATED, INVALID_UTF8 and the like, with the place; ENTITY_REFUSED and FORMAT_MISMATCH.
 */
export async function findXmlRecordPath(source: ByteSource, limits: { readonly maxDepth: number }): Promise<string> {
  const window = new ByteWindow(source, null);
  try {
    await enterDocument(window);
    const search = new PathSearch(window, limits.maxDepth);
    const fault = await search.run();
    const repeated = search.paths.mostRepeated();
    if (repeated !== null && fault?.code !== 'ENTITY_REFUSED') return repeated;
    if (fault !== null) throw fault;
    return theOnly(search.paths.childrenOfRoot, window.isWhole);
  } finally {
    await window.close();
  }
}

/** Counts how often each path occurs in the document of a window. */
class PathSearch {
  readonly paths: PathCounter;
  readonly #window: ByteWindow;
  readonly #output = new ByteOutput(INITIAL_OUTPUT_BYTES);
  readonly #builder = new RecordBuilder(DEFAULT_FORMATS.xml);
  readonly #scanner: RecordScanner;
  readonly #parser: DocumentParser;

  constructor(window: ByteWindow, maxDepth: number) {
    this.paths = new PathCounter(maxDepth);
    this.#window = window;
    this.#scanner = new RecordScanner(this.#builder, maxDepth);
    const parts = { window, options: { ...UNBOUNDED, maxDepth }, records: this.paths };
    this.#parser = new DocumentParser({ ...parts, builder: this.#builder, output: this.#output }, []);
    this.#parser.begin(false);
  }

  /** Reads as much as is looked at, or up to a fault, which it returns. */
  async run(): Promise<ServiceError | null> {
    const window = this.#window;
    for (;;) {
      const stop = this.#parser.read();
      if (stop === 'record') this.#passRepeated();
      else if (stop !== 'starved') return stop === 'end' ? null : window.failure(stop.fault);
      else if (window.place.byteOffset + window.length >= SEARCHED_BYTES) return null;
      else await window.fill(window.length + 1);
    }
  }

  /** Goes past the repeated elements that follow each other from the window's start on, and lets the parser begin where the scanner takes no more. */
  #passRepeated(): void {
    const window = this.#window;
    const start = tagStart(this.#parser.recordName);
    let at = this.#parser.isAtRecord ? window.start : nextRecord(window, start);
    for (;;) {
      if (at < 0) {
        this.#parser.begin(false);
        return;
      }
      this.paths.countRecord();
      window.consume(at);
      this.#output.length = 0;
      const end = this.#scanner.scan(window.bytes, at, this.#output);
      if (end < 0) {
        this.#parser.begin(true);
        return;
      }
      window.consume(end);
      at = nextRecord(window, start);
    }
  }
}

/** The one path below the root of a document in which nothing is repeated. */
function theOnly(paths: readonly string[], isWholeSearched: boolean): string {
  const candidates = paths.slice(0, MAX_NAMED_CANDIDATES);
  const [only] = candidates;
  if (only === undefined && isWholeSearched) {
    throw new ServiceError('RECORDS_NOT_FOUND', { detail: 'The root has no elements that could be records.' });
  }
  if (paths.length > 1) {
    throw needed(
      'several-elements',
      `No element is repeated, and several could be records: ${candidates.join(', ')}.`,
      candidates,
    );
  }
  if (only !== undefined && isWholeSearched) return only;
  throw needed('too-late', `No element is repeated in the first ${SEARCHED_BYTES} bytes.`, candidates);
}

function needed(reason: string, detail: string, candidates: readonly string[]): ServiceError {
  return new ServiceError('RECORD_PATH_NEEDED', { detail, data: { candidates, reason } });
}
