/**
 * Finds the elements that are records in an XML document of which nobody said where they are: those of the path that occurs most often below the root, but
 * not what is inside of other repeated elements. Where nothing is repeated and the root has children of one name, these.
 *
 * Only the first megabytes are looked at, and a fault in them does not matter once something was repeated: whoever reads will meet it again.
 */
import { ServiceError } from '../errors.ts';
import type { ByteSource } from '../sources/source.ts';
import { ByteWindow } from './byte-window.ts';
import { doctypeFault } from './xml/doctype.ts';
import { enterDocument } from './xml/document-start.ts';
import { type XmlEvents, XmlParser } from './xml/saxes-parser.ts';
import { TextFeed } from './xml/text-feed.ts';

/** How much of a document is looked at: what comes before the records of a feed is small. */
const SEARCHED_BYTES = 8 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
/** More paths than this are not told apart: no feed has so many. */
const MAX_PATHS = 10_000;
/** How many candidates an error names. */
const MAX_NAMED_CANDIDATES = 20;

/**
 * The path from the root, as `catalog/products/product`, of an XML document's records. Throws RECORD_PATH_NEEDED, whose data names `candidates` and `reason` (`no-element`,
 * `several-elements`, `too-late`); and where nothing was repeated before a fault READER_SYNTAX, READER_TRUNCATED, INVALID_UTF8 and the like, with the place; ENTITY_REFUSED and FORMAT_MISMATCH.
 */
export async function findXmlRecordPath(source: ByteSource, limits: { readonly maxDepth: number }): Promise<string> {
  const window = new ByteWindow(source, null);
  try {
    await enterDocument(window);
    await window.fill(SEARCHED_BYTES);
    const search = new PathSearch(window, limits.maxDepth);
    const fault = search.run();
    const repeated = search.mostRepeated();
    if (repeated !== null && fault?.code !== 'ENTITY_REFUSED') return repeated;
    if (fault !== null) throw fault;
    return theOnly(search.childrenOfRoot, window.isWhole);
  } finally {
    await window.close();
  }
}

/** What is known of one path. */
interface PathNode {
  readonly path: string;
  readonly depth: number;
  readonly children: Map<string, PathNode>;
  count: number;
}

/** Counts how often each path occurs in what a window holds. */
class PathSearch implements XmlEvents {
  readonly #window: ByteWindow;
  readonly #feed: TextFeed;
  readonly #parser: XmlParser;
  readonly #maxDepth: number;
  readonly #top: PathNode = { path: '', depth: 0, children: new Map(), count: 0 };
  /** The open elements, and how many more are open that are not looked at. */
  readonly #open: PathNode[] = [this.#top];
  #hiddenDepth = 0;
  #pathCount = 0;

  constructor(window: ByteWindow, maxDepth: number) {
    this.#window = window;
    this.#feed = new TextFeed(window);
    this.#maxDepth = maxDepth;
    this.#parser = new XmlParser([], this);
  }

  get childrenOfRoot(): readonly string[] {
    return [...this.#top.children.values()].flatMap((root) => [...root.children.values()].map(({ path }) => path));
  }

  /** Reads all that the window holds, or up to a fault, which it returns. */
  run(): ServiceError | null {
    const window = this.#window;
    try {
      for (let text = this.#feed.next(PIECE_BYTES); text !== ''; text = this.#feed.next(PIECE_BYTES))
        this.#parser.write(text);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return error.place === undefined ? this.#located(error) : error;
    }
    if (this.#feed.fault !== null) return window.failure(this.#feed.fault);
    if (!window.isWhole || (this.#feed.givenBytes === window.length && this.#parser.isSoundEnd())) return null;
    return window.failure({
      code: 'READER_TRUNCATED',
      index: window.end,
      detail: 'The file ends in the middle of the document.',
    });
  }

  /** The most frequent path that occurs several times and is not inside of such a one; of equals the outermost, then the first. Null: there is none. */
  mostRepeated(): string | null {
    let best: PathNode | null = null;
    const nodes = [...this.#top.children.values()].flatMap((root) => [...root.children.values()]);
    for (const node of nodes) {
      if (node.count === 1) nodes.push(...node.children.values());
      else if (best === null || node.count > best.count) best = node;
    }
    return best?.path ?? null;
  }

  openTag(name: string): void {
    const parent = this.#open.at(-1) as PathNode;
    const isHidden = this.#hiddenDepth > 0 || parent.depth > this.#maxDepth || this.#pathCount > MAX_PATHS;
    if (isHidden) {
      this.#hiddenDepth += 1;
      return;
    }
    let node = parent.children.get(name);
    if (node === undefined) {
      const path = parent.path === '' ? name : `${parent.path}/${name}`;
      node = { path, depth: parent.depth + 1, children: new Map(), count: 0 };
      parent.children.set(name, node);
      this.#pathCount += 1;
    }
    node.count += 1;
    this.#open.push(node);
  }

  closeTag(): void {
    if (this.#hiddenDepth > 0) this.#hiddenDepth -= 1;
    else this.#open.pop();
  }

  doctype(): void {
    const { tokenStart, position } = this.#parser;
    const fault = doctypeFault(this.#window.bytes, this.#feed.indexOf(tokenStart), this.#feed.indexOf(position));
    if (fault !== null) throw this.#window.failure(fault);
  }

  attribute(): void {}
  text(): void {}
  passed(): void {}

  #located({ code, message: detail }: ServiceError): ServiceError {
    return this.#window.failure({ code, index: this.#feed.indexOf(this.#parser.position - 1), detail });
  }
}

/** The one path below the root of a document in which nothing is repeated. */
function theOnly(paths: readonly string[], isWholeSearched: boolean): string {
  const candidates = paths.slice(0, MAX_NAMED_CANDIDATES);
  const [only] = candidates;
  if (only === undefined) throw needed('no-element', 'The root has no elements that could be records.', candidates);
  if (paths.length > 1) {
    throw needed(
      'several-elements',
      `No element is repeated, and several could be records: ${candidates.join(', ')}.`,
      candidates,
    );
  }
  if (isWholeSearched) return only;
  throw needed('too-late', `No element is repeated in the first ${SEARCHED_BYTES} bytes.`, candidates);
}

function needed(reason: string, detail: string, candidates: readonly string[]): ServiceError {
  return new ServiceError('RECORD_PATH_NEEDED', { detail, data: { candidates, reason } });
}
