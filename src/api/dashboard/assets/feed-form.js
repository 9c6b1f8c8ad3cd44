import { ApiError, post, read } from './api.js';
import { h, once } from './dom.js';
import { previewSection } from './preview-section.js';

/** @typedef {import('./types.d.ts').Preview} Preview */
/** @typedef {import('./types.d.ts').Ingestion} Ingestion */
/** @typedef {{ readonly name: string, readonly label: string, readonly hint?: string, readonly required?: boolean, readonly type?: string, readonly isMultiline?: boolean, readonly options?: Readonly<Record<string, string>> }} Field */

/** @type {readonly Field[]} */
const FIELDS = [
  {
    name: 'file_path',
    label: 'File',
    required: true,
    hint: 'On the machine of the service: a file, a folder or a pattern such as /srv/feeds/*.csv.gz.',
  },
  { name: 'callback_url', label: 'Callback', hint: 'Where the chunks are posted to. Not needed for a preview.' },
  {
    name: 'file_type',
    label: 'Type',
    options: { '': 'by the name', json: 'JSON', ndjson: 'NDJSON', csv: 'CSV', tsv: 'TSV', excel: 'Excel', xml: 'XML' },
  },
  {
    name: 'record_path',
    label: 'Record path',
    hint: 'Where the records are, such as products.items. Left out, it is found.',
  },
  {
    name: 'chunk_size_by_records',
    label: 'Records per chunk',
    type: 'number',
    hint: 'Left out: 1,000 records or 4 MiB.',
  },
  { name: 'on_bad_record', label: 'A bad record', options: { '': 'ends the ingestion', quarantine: 'is set aside' } },
];
/** @type {readonly Field[]} */
const SECRET_FIELDS = [
  {
    name: 'callback_headers',
    label: 'Headers',
    isMultiline: true,
    hint: 'One in a line, such as Authorization: Bearer …',
  },
  { name: 'callback_secret', label: 'Signing secret', type: 'password', hint: 'whsec_… (Standard Webhooks).' },
];
/** The fields of a preview. */
const READING_FIELDS = [
  'file_path',
  'file_type',
  'record_path',
  'chunk_size_by_records',
  'format',
  'number_form',
  'chunk_size_by_memory',
];
/** What a repeated delivery keeps of the one before beside the fields of the form. */
const KEPT_FIELDS = ['format', 'number_form', 'chunk_size_by_memory', 'max_bad_records', 'status_url', 'retry'];

/**
 * Asks what to deliver and where to, previews it and starts it.
 * @param {URLSearchParams} parameters `from`: the ingestion that is to be delivered again
 * @param {import('./types.d.ts').Surroundings} surroundings
 * @returns {import('./types.d.ts').View}
 */
export function createFeedForm(parameters, { announce }) {
  const from = parameters.get('from');
  /** @type {Ingestion | null} */
  let earlier = null;
  /** @type {Preview | null} */
  let preview = null;
  /** @type {Readonly<Record<string, string>>} */
  let problems = {};

  /**
   * Sends what the form says; fields that are refused are told at their place.
   * @template Answer
   * @param {HTMLElement} form
   * @param {(body: Record<string, unknown>) => Promise<Answer>} send
   */
  async function submit(form, send) {
    problems = {};
    try {
      return await send(bodyOf(/** @type {HTMLFormElement} */ (form), earlier));
    } catch (error) {
      if (error instanceof ApiError) problems = problemsOf(error);
      throw error;
    }
  }

  return {
    title: from === null ? 'New ingestion' : 'Deliver again',
    async refresh() {
      if (from !== null && earlier === null && /^[0-9a-f]+$/.test(from))
        earlier = await read(`/api/ingestions/${from}`);
      else if (earlier === null) await read('/api/ingestions?limit=1');
    },
    render: () => [
      h('h1', {}, from === null ? 'New ingestion' : 'Deliver again'),
      from !== null && earlier === null ? h('p', { class: 'quiet-text' }, 'Reading…') : formOf(earlier, problems),
      preview === null ? h('div', { 'data-key': 'no-preview' }) : once(preview, previewSection),
    ],
    actions: {
      async preview(form) {
        preview = null;
        /** @type {Preview} */
        const found = await submit(form, (body) => {
          const wanted = Object.entries(body).filter(([name]) => READING_FIELDS.includes(name));
          return post('/api/preview', Object.fromEntries(wanted));
        });
        preview = found;
        announce(`The preview shows ${found.records.length} records and ${found.fields.length} fields.`);
      },
      async start(form) {
        /** @type {{ readonly status: string, readonly ingestion_id: string }} */
        const { status, ingestion_id: id } = await submit(form, (body) => post('/api/ingest', body));
        location.hash = `#/ingestions/${id}${status === 'STARTED' ? '' : `?met=${encodeURIComponent(status)}`}`;
      },
    },
  };
}

/**
 * @param {Ingestion | null} earlier
 * @param {Readonly<Record<string, string>>} problems
 */
function formOf(earlier, problems) {
  const names = earlier?.callback_header_names ?? [];
  /** @type {Readonly<Record<string, unknown>>} */
  const known = earlier === null ? {} : { ...earlier };
  const initialValue = (/** @type {string} */ name) => {
    if (name === 'callback_headers') return names.map((one) => `${one}: \n`).join('');
    const value = known[name];
    if (typeof value === 'number') return value === 0 ? '' : `${value}`;
    return typeof value === 'string' && value !== 'fail' ? value : '';
  };
  const control = (/** @type {Field} */ field) => fieldOf(field, initialValue(field.name), problems[field.name]);
  return h(
    'form',
    { class: 'box feed', 'data-key': 'form', 'data-action': 'preview', method: 'post', novalidate: true },
    h('div', { class: 'fields' }, ...FIELDS.map(control)),
    h(
      'details',
      { open: names.length > 0 },
      h('summary', {}, 'Headers and secret of the callback'),
      names.length > 0
        ? h(
            'p',
            { class: 'hint' },
            'Their values are never shown: give them again, and the signing secret if there was one.',
          )
        : null,
      h('div', { class: 'fields' }, ...SECRET_FIELDS.map(control)),
    ),
    h(
      'p',
      {},
      h(
        'label',
        { class: 'check' },
        h('input', { type: 'checkbox', name: 're_ingestion', checked: earlier !== null }),
        ' Deliver it from its start, even if it was delivered before',
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
 * @param {Field} field
 * @param {string} value
 * @param {string | undefined} problem
 */
function fieldOf({ name, label, hint, required, type = 'text', isMultiline, options }, value, problem) {
  const id = `field-${name}`;
  const described = [hint === undefined ? '' : `${id}-hint`, problem === undefined ? '' : `${id}-problem`].filter(
    (one) => one !== '',
  );
  const attributes = {
    id,
    name,
    'aria-describedby': described.length === 0 ? null : described.join(' '),
    'aria-invalid': problem === undefined ? null : 'true',
    'aria-required': required === true ? 'true' : null,
    autocomplete: 'off',
    spellcheck: 'false',
  };
  const control =
    options !== undefined
      ? h(
          'select',
          attributes,
          ...Object.entries(options).map(([key, word]) => h('option', { value: key, selected: key === value }, word)),
        )
      : isMultiline === true
        ? h('textarea', { ...attributes, rows: 2 }, value)
        : h('input', { ...attributes, type, value: value === '' ? null : value, min: type === 'number' ? 0 : null });
  return h(
    'div',
    { class: `field ${name}` },
    h('label', { for: id }, label),
    control,
    hint === undefined ? null : h('p', { class: 'hint', id: `${id}-hint` }, hint),
    problem === undefined ? null : h('p', { class: 'field-problem', id: `${id}-problem` }, problem),
  );
}

/**
 * @param {HTMLFormElement} form
 * @param {Ingestion | null} earlier
 * @returns {Record<string, unknown>}
 */
function bodyOf(form, earlier) {
  const entries = [...new FormData(form)].flatMap(([name, value]) => {
    const text = typeof value === 'string' ? value.trim() : '';
    if (text === '') return [];
    if (name === 'chunk_size_by_records') return [[name, Number(text)]];
    if (name === 're_ingestion') return [[name, true]];
    if (name === 'callback_headers') return [[name, headersOf(text)]];
    return [[name, text]];
  });
  const typed = Object.fromEntries(entries);
  const kept = Object.entries(earlier ?? {}).filter(([name, value]) => KEPT_FIELDS.includes(name) && value !== null);
  // Options belong to a type: with another one they would be refused.
  const isSameType = earlier !== null && (typed.file_type ?? earlier.file_type) === earlier.file_type;
  return { ...Object.fromEntries(kept.filter(([name]) => name !== 'format' || isSameType)), ...typed };
}

/** @param {string} text */
function headersOf(text) {
  const pairs = text.split('\n').map((line) => {
    const end = line.indexOf(':');
    return end < 0 ? [line.trim(), ''] : [line.slice(0, end).trim(), line.slice(end + 1).trim()];
  });
  return Object.fromEntries(pairs.filter(([name, value]) => name !== '' || value !== ''));
}

/** @param {ApiError} error by the field of the form; what is below one, such as a header, is told at it */
function problemsOf({ problem }) {
  return Object.fromEntries(
    (problem.errors ?? []).map(({ field, message }) => [field.split(/[.[]/)[0] ?? '', message]),
  );
}
