import { h } from './dom.js';
import { bytes, count, counted, pathBelow } from './format.js';
import { remedyText } from './remedy-text.js';

/** @typedef {import('./types.d.ts').Preview} Preview */
/** What was previewed, and the file, folder or pattern that was asked for. @typedef {{ readonly preview: Preview, readonly asked: string }} Previewed */

/** A record may be megabytes. */
const MAX_SHOWN_CHARACTERS = 2000;

/**
 * What a file looks like to a delivery.
 * @param {Previewed} previewed
 */
export function previewSection({ preview, asked }) {
  const { sampled } = preview;
  const facts = [
    preview.file_type,
    counted(preview.file_count, 'file'),
    bytes(preview.source_size),
    preview.compression,
    preview.encoding,
    preview.record_path === null || preview.record_path === '' ? null : `records at ${preview.record_path}`,
  ].filter((fact) => fact !== null);
  return h(
    'section',
    { class: 'preview' },
    h('h2', {}, 'Preview'),
    h('p', {}, facts.join(' · ')),
    preview.records.length === 0 ? h('p', { class: 'box warn' }, 'There is no record in it.') : null,
    badRecords(preview, asked),
    h('h3', { id: 'fields' }, `Fields of the first ${counted(sampled.records, 'record')}`),
    fieldsTable(preview.fields),
    h('h3', {}, 'First records, as they would be delivered'),
    h(
      'ol',
      { class: 'records' },
      ...preview.records.map((record) => h('li', {}, h('pre', { tabindex: '0' }, textOf(record)))),
    ),
  );
}

/** @param {unknown} record */
function textOf(record) {
  const text = JSON.stringify(record, undefined, 2);
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
}

/**
 * @param {Preview} preview
 * @param {string} asked
 */
function badRecords({ bad_records: bad, sampled, files, file_count: fileCount }, asked) {
  if (bad.length === 0) return null;
  const fileOf = (/** @type {number} */ index) => {
    if (fileCount === 1) return '';
    const path = files[index]?.path;
    return path === undefined ? `file ${count(index + 1)}, ` : `${pathBelow(path, asked)}, `;
  };
  return h(
    'div',
    { class: 'box warn' },
    h('h3', {}, `${count(sampled.bad_records)} bad among them`),
    h(
      'ul',
      { class: 'rejects' },
      ...bad.map(({ file_index: file, line, code, message, raw_text: text }) =>
        h(
          'li',
          {},
          h('p', {}, h('b', { class: 'code' }, code), ` ${fileOf(file)}line ${count(line)}: ${remedyText(message)}`),
          text === null ? null : h('pre', { tabindex: '0', class: 'said' }, text),
        ),
      ),
    ),
  );
}

/** @param {Preview['fields']} fields */
function fieldsTable(fields) {
  return h(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-labelledby': 'fields' },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h('tr', {}, ...['Field', 'Types', 'Met', 'Such as'].map((name) => h('th', { scope: 'col' }, name))),
      ),
      h(
        'tbody',
        {},
        ...fields.map(({ path, types, count: met, examples }) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, h('code', {}, path)),
            h('td', {}, types.join(', ')),
            h('td', {}, count(met)),
            h('td', {}, ...examples.map((example) => [h('code', {}, example), ' '])),
          ),
        ),
      ),
    ),
  );
}
