/**
 * Finds the array of records in a JSON document of which nobody said where it is: at the top, or the one array of objects that is reached
 * through objects alone. Where more than one could be meant nothing is guessed.
 *
 * Only the first megabytes are looked at, and where the document is faulty only what comes before. An array still open at the end of that is taken for the one
 * that the document is about: what is wrong in it is its reader's to say. Where all that were found are closed by then, another may follow, and the path must be given.
 */
import { jsonParser, type Token } from 'stream-json/core/parser.js';
import { ServiceError } from '../errors.ts';
import { isWhiteSpace, LINE_FEED, OPEN_BRACE, OPEN_BRACKET } from '../protocol/canonical/bytes.ts';
import { JsonGrammar } from '../protocol/json-grammar.ts';
import { type JsonFault, TEXT_START } from '../protocol/json-place.ts';
import type { ByteSource } from '../sources/source.ts';
import { ByteWindow } from './byte-window.ts';
import { tellReadAsJson } from './read-as-json.ts';
import { faultBehindValue } from './text-behind-value.ts';
import { skipTextStart } from './text-start.ts';

/** How much of a document is looked at: what comes before the records of a feed is small. */
const SEARCHED_BYTES = 8 * 1024 * 1024;
/** stream-json is given the text in pieces, so that not all tokens exist at once. */
const PIECE_CHARACTERS = 64 * 1024;
/** How many candidates an error names. */
const MAX_NAMED_CANDIDATES = 20;

/** An array that a dotted path leads to. */
interface Candidate {
  readonly path: string;
  hasObjects: boolean;
  isClosed: boolean;
}

/**
 * The `recordPath` of a JSON document: `""` for a top-level array, else as `products.items`. Throws RECORD_PATH_NEEDED, whose data names `candidates` and `reason`
 * (`several-arrays`, `too-late`); RECORDS_NOT_FOUND where there is nothing to choose from; and READER_TRUNCATED, READER_SYNTAX, INVALID_UTF8, RECORD_TOO_DEEP where the document is
 * faulty before the array that must be meant.
 */
export async function findRecordPath(source: ByteSource, limits: { readonly maxDepth: number }): Promise<string> {
  const window = new ByteWindow(source, null);
  try {
    await skipTextStart(window);
    await window.fill(SEARCHED_BYTES);
    let start = window.start;
    while (isWhiteSpace(window.bytes[start] as number)) start += 1;
    window.consume(start);
    const first = window.bytes[start];
    if (first === OPEN_BRACKET) return '';
    const fault = findFault(window, limits);
    if (fault === null && first !== OPEN_BRACE) throw notFound('The file holds a single value, and no array.');
    const searched = window.bytes.subarray(start, fault?.index ?? window.end);
    const candidates = findCandidates(new TextDecoder().decode(searched));
    if (fault === null) return theOne(candidates, window.isWhole);
    const [only, ...others] = plausible(candidates);
    if (only === undefined || only.isClosed || others.length > 0) throw window.failure(fault);
    return only.path;
  } catch (error) {
    throw tellReadAsJson(error, source.name);
  } finally {
    await window.close();
  }
}

/** stream-json says neither where a text is wrong nor that it is no UTF-8, so the text is checked before, all of what it is then given. */
function findFault(window: ByteWindow, limits: { readonly maxDepth: number }): JsonFault | null {
  const { bytes, start, end } = window;
  const grammar = new JsonGrammar(limits);
  const valueEnd = grammar.feed(bytes, start, end);
  if (grammar.fault === null && window.isWhole) grammar.end(valueEnd);
  if (grammar.fault !== null || !grammar.isComplete) return grammar.fault;
  let index = valueEnd;
  while (isWhiteSpace(bytes[index] as number)) index += 1;
  if (index === end) return null;
  const isFirstLine = window.place.line === TEXT_START.line && !bytes.subarray(start, valueEnd).includes(LINE_FEED);
  const isAfterFirstLine = isFirstLine && bytes.subarray(valueEnd, index).includes(LINE_FEED);
  return faultBehindValue(window, { index, isAfterFirstLine, ...limits });
}

function findCandidates(text: string): readonly Candidate[] {
  const parse = jsonParser({ packValues: true, streamValues: false });
  const search = new CandidateSearch();
  for (let from = 0; from < text.length; from += PIECE_CHARACTERS) {
    const tokens = parse(text.slice(from, from + PIECE_CHARACTERS));
    if (typeof tokens === 'object') for (const token of tokens.values) search.take(token);
  }
  return search.candidates;
}

/** Follows the tokens of a document and notes each array that is reached through objects alone. */
class CandidateSearch {
  readonly candidates: Candidate[] = [];
  /** Keys of the open objects on the way, innermost last; undefined: it cannot be named in a path. */
  readonly #path: (string | undefined)[] = [];
  /** The array under way, and how many containers are open from it on, itself included. */
  #array: Candidate | null = null;
  #depth = 0;

  take(token: Token): void {
    if (this.#depth > 0) this.#takeInside(token);
    else if (token.name === 'startObject') this.#path.push(undefined);
    else if (token.name === 'endObject') this.#path.pop();
    else if (token.name === 'keyValue')
      this.#path[this.#path.length - 1] = isNameable(token.value) ? token.value : undefined;
    else if (token.name === 'startArray') this.#enter();
  }

  #enter(): void {
    this.#depth = 1;
    if (this.#path.includes(undefined)) return;
    this.#array = { path: this.#path.join('.'), hasObjects: false, isClosed: false };
    this.candidates.push(this.#array);
  }

  #takeInside(token: Token): void {
    if (token.name === 'startObject' || token.name === 'startArray') {
      if (this.#array !== null && this.#depth === 1 && token.name === 'startObject') this.#array.hasObjects = true;
      this.#depth += 1;
    } else if (token.name === 'endObject' || token.name === 'endArray') {
      this.#depth -= 1;
      if (this.#depth > 0 || this.#array === null) return;
      this.#array.isClosed = true;
      this.#array = null;
    }
  }
}

/** The dot divides the names of a path, and the empty path is the top: keys that are empty or hold a dot cannot be named. */
function isNameable(key: string): boolean {
  return key !== '' && !key.includes('.');
}

/** Arrays of scalars count only where there is none of objects. */
function plausible(all: readonly Candidate[]): readonly Candidate[] {
  const withObjects = all.filter((candidate) => candidate.hasObjects);
  return withObjects.length > 0 ? withObjects : all;
}

function theOne(all: readonly Candidate[], isWholeSearched: boolean): string {
  const candidates = plausible(all);
  const [only] = candidates;
  const paths = candidates.slice(0, MAX_NAMED_CANDIDATES).map(({ path }) => path);
  if (only === undefined && isWholeSearched) throw notFound('No array was found that could hold the records.');
  if (only === undefined) throw needed('too-late', `There is no array in the first ${SEARCHED_BYTES} bytes.`, paths);
  if (candidates.length > 1)
    throw needed('several-arrays', `Several arrays could hold the records: ${paths.join(', ')}.`, paths);
  if (only.isClosed && !isWholeSearched) {
    throw needed(
      'too-late',
      `Beyond the first ${SEARCHED_BYTES} bytes there may be another array than ${only.path}.`,
      paths,
    );
  }
  return only.path;
}

function notFound(detail: string): ServiceError {
  return new ServiceError('RECORDS_NOT_FOUND', { detail });
}

function needed(reason: 'several-arrays' | 'too-late', detail: string, candidates: readonly string[]): ServiceError {
  return new ServiceError('RECORD_PATH_NEEDED', { detail, data: { candidates, reason } });
}
