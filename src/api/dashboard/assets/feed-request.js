/** What the form for a feed says, as a request has it, and what is known of an ingestion, as the form has it. */
import { knownText } from './feed-fields.js';

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
 * The body of a request; what is left empty is left out.
 * @param {HTMLFormElement} form
 * @param {readonly FeedField[]} fields those that it shows
 */
export function requestOf(form, fields) {
  const values = new FormData(form);
  /** @type {Members} */
  const body = values.has('re_ingestion') ? { re_ingestion: true } : {};
  for (const { name, member = name, keepsSpace, toWire } of fields) {
    const raw = textIn(values, name);
    const text = keepsSpace === true ? raw : raw.trim();
    if (text !== '') put(body, member, toWire === undefined ? text : toWire(text));
  }
  return body;
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
export function initialText({ name, member = name, options, toText }, earlier) {
  if (earlier === null) return '';
  if (name === 'callback_headers') return earlier.callback_header_names.map((one) => `${one}: \n`).join('');
  const value = member.split('.').reduce(memberOf, /** @type {unknown} */ (earlier));
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
    return at === undefined ? [] : [[at.name, message]];
  });
  return { ...(ofCode === undefined ? {} : { [ofCode]: detail ?? title }), ...Object.fromEntries(refused) };
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
