import { ApiError, post, read } from './api.js';
import { h, once } from './dom.js';
import { CALLBACK_FIELDS, LIMIT_FIELDS, MAIN_FIELDS, READING_FIELDS } from './feed-fields.js';
import { initialText, previewOf, problemsByField, requestOf, requireHeaderValues, textIn } from './feed-request.js';
import { fileTypeOf } from './file-type.js';
import { formField } from './form-field.js';
import { previewSection } from './preview-section.js';
import { FROM_ITS_START } from './remedy-text.js';

/** @typedef {import('./types.d.ts').Preview} Preview */
/** @typedef {import('./types.d.ts').Ingestion} Ingestion */
/** @typedef {import('./types.d.ts').FeedField} FeedField */
/** @typedef {import('./file-type.js').FileType} FileType */

/** What people call the types. @type {Readonly<Record<FileType, string>>} */
const TYPE_NAMES = { json: 'JSON', ndjson: 'NDJSON', csv: 'CSV', excel: 'Excel', xml: 'XML' };

/** @param {FileType} type */
const fieldsOf = (type) => [...MAIN_FIELDS, ...READING_FIELDS[type], ...LIMIT_FIELDS, ...CALLBACK_FIELDS];

/**
 * What the form is for, and what came of what was asked with it.
 * @typedef {object} Shown
 * @property {Ingestion | null} earlier what is to be delivered again, once it was read
 * @property {FileType} type that the fields are for
 * @property {import('./preview-section.js').Previewed | null} previewed
 * @property {Readonly<Record<string, string>>} problems by field
 * @property {Partial<Record<FileType, Readonly<Record<string, string>>>>} said what stood in the fields of types that were left: a name passes others while it is typed
 */

/**
 * Asks what to deliver and where to, previews it and starts it.
 * @param {URLSearchParams} parameters `from`: the ingestion that is to be delivered again
 * @param {import('./types.d.ts').Surroundings} surroundings
 * @returns {import('./types.d.ts').View}
 */
export function createFeedForm(parameters, { announce, paint }) {
  const from = parameters.get('from');
  const title = from === null ? 'New ingestion' : 'Deliver again';
  /** @type {Shown} */
  const shown = { earlier: null, type: 'json', previewed: null, problems: {}, said: {} };
  return {
    title,
    async refresh() {
      if (from !== null && shown.earlier === null && /^[0-9a-f]+$/.test(from)) {
        /** @type {Ingestion} */
        const earlier = await read(`/api/ingestions/${from}`);
        Object.assign(shown, { earlier, type: fileTypeOf(earlier.file_type, '') });
      } else if (shown.earlier === null) await read('/api/ingestions?limit=1');
    },
    render: () => [
      h('h1', {}, title),
      from !== null && shown.earlier === null ? h('p', { class: 'quiet-text' }, 'Reading…') : formOf(shown),
      shown.previewed === null ? h('div', { 'data-key': 'no-preview' }) : once(shown.previewed, previewSection),
    ],
    edited(form) {
      const values = new FormData(form);
      const type = fileTypeOf(textIn(values, 'file_type'), textIn(values, 'file_path').trim());
      if (type === shown.type) return;
      shown.said[shown.type] = Object.fromEntries(
        READING_FIELDS[shown.type].map(({ name }) => [name, textIn(values, name)]),
      );
      shown.type = type;
      paint();
    },
    actions: actionsOf(shown, announce),
  };
}

/**
 * @param {Shown} shown
 * @param {(text: string) => void} announce
 * @returns {Required<import('./types.d.ts').View>['actions']}
 */
function actionsOf(shown, announce) {
  /**
   * Sends what the form says; fields that are refused are told at their place.
   * @template Answer
   * @param {HTMLElement} form
   * @param {(body: Record<string, unknown>) => Promise<Answer>} send
   */
  async function submit(form, send) {
    shown.problems = {};
    const fields = fieldsOf(shown.type);
    try {
      return await send(requestOf(/** @type {HTMLFormElement} */ (form), fields, knownOf(shown)));
    } catch (error) {
      if (error instanceof ApiError) shown.problems = problemsByField(error.problem, fields);
      throw error;
    }
  }

  return {
    async preview(form) {
      shown.previewed = null;
      const previewed = await submit(form, async (body) => {
        /** @type {Preview} */
        const preview = await post('/api/preview', previewOf(body));
        return { preview, asked: String(body.file_path) };
      });
      shown.previewed = previewed;
      const { records, fields } = previewed.preview;
      announce(`The preview shows ${records.length} records and ${fields.length} fields.`);
    },
    async start(form) {
      /** @type {{ readonly status: string, readonly ingestion_id: string }} */
      const { status, ingestion_id: id } = await submit(form, (body) => {
        requireHeaderValues(body);
        return post('/api/ingest', body);
      });
      location.hash = `#/ingestions/${id}${status === 'STARTED' ? '' : `?met=${encodeURIComponent(status)}`}`;
    },
  };
}

/**
 * What is known of the earlier ingestion. Options belong to a type: those of another one mean nothing.
 * @param {Shown} shown
 */
function knownOf({ earlier, type }) {
  const isOfType = earlier !== null && fileTypeOf(earlier.file_type, '') === type;
  return earlier === null || isOfType ? earlier : { ...earlier, format: {} };
}

/** @param {Shown} shown */
function formOf(shown) {
  const { earlier, type, problems, said } = shown;
  const known = knownOf(shown);
  const textOf = (/** @type {FeedField} */ field) => said[type]?.[field.name] ?? initialText(field, known);
  const fieldsIn = (/** @type {readonly FeedField[]} */ fields) =>
    h('div', { class: 'fields' }, ...fields.map((field) => formField(field, textOf(field), problems[field.name])));
  return h(
    'form',
    { class: 'box feed', 'data-key': 'form', 'data-action': 'preview', method: 'post', novalidate: true },
    fieldsIn(MAIN_FIELDS),
    h(
      'details',
      { 'data-key': 'format', open: READING_FIELDS[type].some((field) => textOf(field) !== '') },
      h('summary', {}, 'Format and limits'),
      h(
        'fieldset',
        { 'data-key': 'reading' },
        h('legend', {}, `Reading ${TYPE_NAMES[type]}`),
        fieldsIn(READING_FIELDS[type]),
      ),
      h('fieldset', { 'data-key': 'limits' }, h('legend', {}, 'Limits'), fieldsIn(LIMIT_FIELDS)),
    ),
    callbackSection(earlier, fieldsIn),
    h(
      'p',
      {},
      h(
        'label',
        { class: 'check' },
        h('input', { type: 'checkbox', name: 're_ingestion', checked: earlier !== null }),
        ` ${FROM_ITS_START}, even if it was delivered before`,
      ),
    ),
    h(
      'p',
      { class: 'buttons' },
      h('button', { 'data-submit': 'preview' }, 'Preview'),
      h('button', { 'data-submit': 'start', class: 'main' }, 'Start delivery'),
    ),
  );
}

/**
 * @param {Ingestion | null} earlier
 * @param {(fields: readonly FeedField[]) => HTMLElement} fieldsIn
 */
function callbackSection(earlier, fieldsIn) {
  const hasHeaders = earlier !== null && earlier.callback_header_names.length > 0;
  return h(
    'details',
    { 'data-key': 'callback', open: hasHeaders },
    h('summary', {}, 'Headers, secret and status URL of the callback'),
    hasHeaders
      ? h(
          'p',
          { class: 'hint' },
          'Their values are never shown: give them again, and the signing secret if there was one.',
        )
      : null,
    fieldsIn(CALLBACK_FIELDS),
  );
}
