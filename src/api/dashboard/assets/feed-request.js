/** What the form for a feed says, as a request has it, and what is known of an ingestion, as the form has it. */
import { ApiError } from './api.js';
import { knownText } from './feed-fields.js';
import { remedyText } from './remedy-text.js';

/** @typedef {import('./types.d.ts').FeedField} FeedField */
/** @typedef {import('./types.d.ts').Ingestion} Ingestion */
/** @typedef {Record<string, unknown>} Members */

/** The members of a preview. */
const PREVIEWED = [
  'file_path',
  'file_type',
  'record_path',
  'chunk_size_by_records',
  'format',
  'number_form',
  'chunk_size_by_memory',
];

/** Where the form tells what the service says of a feed, not of a field. @type {Readonly<Record<string, string>>} */
const FIELDS_OF_CODES = {
  RECORD_PATH_NEEDED: 'record_path',
  RECORD_PATH_NOT_FOUND: 'record_path',
  SHEET_NOT_FOUND: 'format.sheet',
};

/**
 * The body of a request; what is left empty is left out, and what nobody changed is what it was.
 * @param {HTMLFormElement} form
 * @param {readonly FeedField[]} fields those that it shows
 * @param {Ingestion | null} earlier whose {@link initialText} it showed at first
 */
export function requestOf(form, fields, earlier) {
  const values = new FormData(form);
  /** @type {Members} */
  const body = values.has('re_ingestion') ? { re_ingestion: true } : {};
  for (const field of fields) {
    const value = wireValueOf(field, textIn(values, field.name), earlier);
    if (value !== undefined) put(body, field.member ?? field.name, value);
  }
  return body;
}

/**
 * What a field says in a request; undefined: nothing.
 * @param {FeedField} field
 * @param {string} raw what stands in it
 * @param {Ingestion | null} earlier
 * @returns {unknown}
 */
export function wireValueOf(field, raw, earlier) {
  const initial = initialText(field, earlier);
  const known = knownOf(field, earlier);
  // Not every value has a text of its own: two names in a line are not told from one that holds the break.
  if (initial !== '' && known !== undefined && raw === asShown(field, initial)) return known;
  const holdsNoLine = field.isMultiline === true && raw.trim() === '';
  const text = field.keepsSpace === true && !holdsNoLine ? raw : raw.trim();
  if (text === '') return undefined;
  return field.toWire === undefined ? text : field.toWire(text);
}

/**
 * What becomes of a text in its control.
 * @param {FeedField} field
 * @param {string} text
 */
function asShown({ isMultiline }, text) {
  return isMultiline === true ? text.replaceAll(/\r\n?/g, '\n') : text.replaceAll(/[\r\n]/g, '');
}

/**
 * Refuses headers of which only the names are known, as those of an earlier ingestion are, before they are sent without what they are for.
 * @param {Members} body
 * @throws ApiError
 */
export function requireHeaderValues({ callback_headers: headers = {} }) {
  const empty = Object.entries(/** @type {Record<string, string>} */ (headers)).filter(([, value]) => value === '');
  if (empty.length === 0) return;
  const names = empty.map(([name]) => name).join(', ');
  const message = `without a value: ${names}. Give it, or take the line out.`;
  throw new ApiError({
    title: 'Nothing was sent: a header has no value.',
    status: 422,
    code: 'REQUEST_INVALID',
    errors: [{ field: 'callback_headers', message }],
  });
}

/**
 * What a form says in a field, empty where it has none of that name.
 * @param {FormData} values
 * @param {string} name
 */
export function textIn(values, name) {
  const value = values.get(name);
  return typeof value === 'string' ? value : '';
}

/**
 * As much of a request as a preview takes.
 * @param {Members} body
 */
export function previewOf(body) {
  return Object.fromEntries(Object.entries(body).filter(([name]) => PREVIEWED.includes(name)));
}

/**
 * What a field says at first; secrets are never known.
 * @param {FeedField} field
 * @param {Ingestion | null} earlier what is to be delivered again
 */
export function initialText(field, earlier) {
  if (earlier === null) return '';
  const { name, options, toText } = field;
  if (name === 'callback_headers') return earlier.callback_header_names.map((one) => `${one}: \n`).join('');
  const value = knownOf(field, earlier);
  if (value === undefined) return '';
  const text = toText === undefined ? knownText(value) : toText(value, earlier);
  // What can be chosen has its usual value under the empty text.
  return options === undefined || Object.hasOwn(options, text) ? text : '';
}

/**
 * What the service refuses, by the field of the form; what is below one, such as a header, is told at it.
 * @param {import('./types.d.ts').Problem} problem
 * @param {readonly FeedField[]} fields those that the form shows
 * @returns {Readonly<Record<string, string>>}
 */
export function problemsByField({ code, title, detail, errors = [] }, fields) {
  const ofCode = FIELDS_OF_CODES[code];
  const refused = errors.flatMap(({ field, message }) => {
    const at = fields.find(
      ({ name }) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`),
    );
    return at === undefined ? [] : [[at.name, remedyText(message)]];
  });
  return { ...(ofCode === undefined ? {} : { [ofCode]: remedyText(detail ?? title) }), ...Object.fromEntries(refused) };
}

/**
 * @param {FeedField} field
 * @param {Ingestion | null} earlier
 */
function knownOf({ name, member = name }, earlier) {
  return member.split('.').reduce(memberOf, /** @type {unknown} */ (earlier));
}

/**
 * @param {unknown} value
 * @param {string} key
 */
function memberOf(value, key) {
  return typeof value === 'object' && value !== null ? /** @type {Members} */ (value)[key] : undefined;
}

/**
 * @param {Members} body
 * @param {string} path of one member, or of one below one
 * @param {unknown} value
 */
function put(body, path, value) {
  const [name = '', inner] = path.split('.');
  body[name] = inner === undefined ? value : { .../** @type {Members | undefined} */ (body[name]), [inner]: value };
}
