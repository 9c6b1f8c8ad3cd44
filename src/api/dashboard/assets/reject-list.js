import { read } from './api.js';
import { h } from './dom.js';
import { bytes, count } from './format.js';

/** @typedef {import('./types.d.ts').Reject} Reject */

const FIRST_PAGE = 10;
/** Bytes that are shown before and after the one that is wrong. */
const BYTES_AROUND = 48;
const BYTES_PER_LINE = 16;

/**
 * The records that were set aside, with their bytes.
 * @param {string} path of the ingestion
 */
export function createRejectList(path) {
  /** @type {readonly Reject[]} */
  let shown = [];
  /** @type {string | null} */
  let next = null;
  /** @param {number} total */
  const isComplete = (total) => shown.length >= Math.min(total, FIRST_PAGE);

  return {
    /** @param {import('./types.d.ts').Ingestion} ingestion */
    async refresh({ totals }) {
      if (isComplete(totals.rejected_records)) return;
      /** @type {import('./types.d.ts').Page<Reject>} */
      const page = await read(`${path}/rejects?limit=${FIRST_PAGE}`);
      shown = page.items;
      next = page.next_cursor;
    },
    async more() {
      if (next === null) return;
      /** @type {import('./types.d.ts').Page<Reject>} */
      const page = await read(`${path}/rejects?limit=50&cursor=${encodeURIComponent(next)}`);
      shown = [...shown, ...page.items];
      next = page.next_cursor;
    },
    /** @param {import('./types.d.ts').Ingestion} ingestion */
    render({ totals, file_count: fileCount }) {
      if (totals.rejected_records === 0 && shown.length === 0) return null;
      return h(
        'section',
        { 'data-key': 'rejects' },
        h('h2', {}, `Set aside: ${count(totals.rejected_records)}`),
        h('ul', { class: 'rejects' }, ...shown.map((one) => rejectItem(one, fileCount > 1))),
        shown.length < totals.rejected_records && next !== null
          ? h('p', { class: 'buttons' }, h('button', { type: 'button', 'data-action': 'more-rejects' }, 'Show more'))
          : null,
      );
    },
  };
}

/**
 * @param {Reject} reject
 * @param {boolean} isOfMany
 */
function rejectItem(reject, isOfMany) {
  const raw = Uint8Array.from(atob(reject.raw), (character) => character.charCodeAt(0));
  const offset = reject.place?.byte_offset;
  // At its very beginning it is the record as a whole that is wrong.
  const wrong = offset === undefined || offset <= reject.byte_offset ? null : offset - reject.byte_offset;
  const at = `line ${count(reject.line)}, byte ${count(reject.byte_offset)}, ${bytes(reject.byte_length)}`;
  return h(
    'li',
    { 'data-key': `${reject.file_index}:${reject.byte_offset}` },
    h('p', {}, h('b', { class: 'code' }, reject.code), ` ${reject.message}`),
    h(
      'p',
      { class: 'quiet-text' },
      `${isOfMany ? `File ${count(reject.file_index + 1)}, ` : ''}${at}. ${reject.what_to_do}`,
    ),
    reject.raw_text === null
      ? null
      : h('pre', { tabindex: '0', class: 'said', 'aria-label': 'Its text' }, cut(reject.raw_text)),
    h('details', { open: reject.raw_text === null }, h('summary', {}, 'Bytes'), byteDump(raw, wrong)),
  );
}

/** @param {string} text */
function cut(text) {
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}

/**
 * Bytes in hexadecimal around the one that is wrong, which is marked.
 * @param {Uint8Array} raw
 * @param {number | null} wrong its place among them; null: no single one is
 */
function byteDump(raw, wrong) {
  const isKnown = wrong !== null && wrong >= 0 && wrong < raw.length;
  const middle = isKnown ? wrong : 0;
  const from = Math.max(0, Math.floor((middle - BYTES_AROUND) / BYTES_PER_LINE) * BYTES_PER_LINE);
  const until = Math.min(raw.length, middle + BYTES_AROUND * 2);
  const lines = [];
  for (let start = from; start < until; start += BYTES_PER_LINE) {
    const line = [...raw.subarray(start, Math.min(start + BYTES_PER_LINE, until))];
    const mark = isKnown && wrong >= start && wrong < start + BYTES_PER_LINE ? wrong - start : -1;
    const pairs = line.map((byte) => byte.toString(16).padStart(2, '0'));
    const characters = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'));
    lines.push(
      start.toString().padStart(6),
      '  ',
      ...marked(pairs, mark, ' '),
      ' '.repeat((BYTES_PER_LINE - line.length) * 3 + 2),
      ...marked(characters, mark, ''),
      '\n',
    );
  }
  return h(
    'pre',
    { class: 'bytes', tabindex: '0', 'aria-label': 'Its bytes in hexadecimal, the wrong one marked' },
    ...lines,
  );
}

/**
 * @param {readonly string[]} parts
 * @param {number} mark
 * @param {string} between
 */
function marked(parts, mark, between) {
  if (mark < 0) return [parts.join(between)];
  const after = parts.slice(mark + 1).join(between);
  return [
    parts.slice(0, mark).join(between),
    mark > 0 ? between : '',
    h('mark', {}, parts[mark]),
    after === '' ? '' : between,
    after,
  ];
}
