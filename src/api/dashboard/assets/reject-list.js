import { read } from './api.js';
import { byteDump, bytesOf } from './byte-dump.js';
import { h, once } from './dom.js';
import { bytes, count, counted, pathBelow } from './format.js';
import { remedyText } from './remedy-text.js';

/** @typedef {import('./types.d.ts').Reject} Reject */

/** The page of the API that begins at `cursor` (null: the first), as it was last read. */
/** @typedef {{ readonly cursor: string | null, readonly items: readonly Reject[], readonly next: string | null }} RejectPage */

const PAGE_LENGTH = 20;
/** What a page bears; for more there is the command line. */
const MOST_SHOWN = 200;
/** Bytes that are shown before and after the one that is wrong: whole lines. */
const BYTES_AROUND = 48;

/**
 * The records that were set aside, with their bytes.
 * @param {string} path of the ingestion
 */
export function createRejectList(path) {
  /** @type {RejectPage[]} */
  let pages = [];
  const shown = () => pages.flatMap(({ items }) => items);

  /**
   * @param {string | null} cursor
   * @param {readonly Reject[]} before what is known of the page already, which stays as it is in the page
   * @returns {Promise<RejectPage>}
   */
  async function readPage(cursor, before = []) {
    const query = new URLSearchParams({ limit: `${PAGE_LENGTH}`, ...(cursor === null ? {} : { cursor }) });
    /** @type {import('./types.d.ts').Page<Reject>} */
    const { items, next_cursor: next } = await read(`${path}/rejects?${query}`);
    const known = new Map(before.map((one) => [keyOf(one), one]));
    return { cursor, items: items.map((one) => known.get(keyOf(one)) ?? one), next };
  }

  return {
    /** @param {import('./types.d.ts').Ingestion} ingestion */
    async refresh({ totals }) {
      const last = pages.at(-1);
      // Only a last page can have become longer.
      if (last === undefined ? totals.rejected_records === 0 : last.next !== null) return;
      if (shown().length >= totals.rejected_records) return;
      pages = [...pages.slice(0, -1), await readPage(last?.cursor ?? null, last?.items)];
    },
    async more() {
      const next = pages.at(-1)?.next ?? null;
      if (next !== null) pages = [...pages, await readPage(next)];
    },
    /** @param {import('./types.d.ts').Ingestion} ingestion */
    render(ingestion) {
      const { ingestion_id: id, totals } = ingestion;
      const items = shown();
      if (totals.rejected_records === 0 && items.length === 0) return null;
      const isFull = items.length >= MOST_SHOWN;
      const hasMore = (pages.at(-1)?.next ?? null) !== null;
      return h(
        'section',
        { 'data-key': 'rejects' },
        h('h2', {}, `Set aside: ${count(totals.rejected_records)}`),
        h('ul', { class: 'rejects' }, ...items.map((one) => once(one, () => rejectItem(one, ingestion)))),
        hasMore && !isFull
          ? h('p', { class: 'buttons' }, h('button', { type: 'button', 'data-action': 'more-rejects' }, 'Show more'))
          : null,
        hasMore && isFull
          ? h(
              'p',
              { class: 'quiet-text' },
              'For all of them: ',
              h('code', { class: 'break' }, `ackstream rejects ${id}`),
            )
          : null,
      );
    },
  };
}

/** @param {Reject} reject */
function keyOf({ file_index: file, byte_offset: offset }) {
  return `${file}:${offset}`;
}

/**
 * @param {Reject} reject
 * @param {import('./types.d.ts').Ingestion} ingestion
 */
function rejectItem(reject, { file_path: asked, file_count: fileCount }) {
  const raw = bytesOf(reject.raw);
  const offset = reject.place?.byte_offset;
  // At its very beginning it is the record as a whole that is wrong.
  const wrong = offset === undefined || offset <= reject.byte_offset ? null : offset - reject.byte_offset;
  const at = `line ${count(reject.line)}, byte ${count(reject.byte_offset)}, ${bytes(reject.byte_length)}`;
  const path = reject.place?.file;
  const file = path === undefined ? `File ${count(reject.file_index + 1)}` : pathBelow(path, asked);
  return h(
    'li',
    {},
    h('p', {}, h('b', { class: 'code' }, reject.code), ` ${remedyText(reject.message)}`),
    h(
      'p',
      { class: 'quiet-text' },
      fileCount > 1 ? [h('span', { class: 'break', title: path }, file), ', l'] : 'L',
      `${at.slice(1)}. ${remedyText(reject.what_to_do)}`,
    ),
    reject.raw_text === null
      ? null
      : h('pre', { tabindex: '0', class: 'said', role: 'group', 'aria-label': 'Its text' }, cut(reject.raw_text)),
    h('details', { open: reject.raw_text === null }, h('summary', {}, 'Bytes'), ...dumpAround(raw, wrong)),
    reject.is_truncated
      ? h('p', { class: 'quiet-text' }, `Only its first ${counted(raw.length, 'byte')} are on record.`)
      : null,
  );
}

/** @param {string} text */
function cut(text) {
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}

/**
 * The bytes around the one that is wrong, which is marked.
 * @param {Uint8Array} raw
 * @param {number | null} wrong its place among them; null: no single one is
 */
function dumpAround(raw, wrong) {
  const isKnown = wrong !== null && wrong < raw.length;
  const middle = isKnown ? wrong : 0;
  const from = Math.max(0, middle - (middle % 16) - BYTES_AROUND);
  const until = Math.min(raw.length, middle + BYTES_AROUND * 2);
  const label = `Its bytes in hexadecimal${isKnown ? ', the wrong one marked' : ''}`;
  const isPart = from > 0 || until < raw.length;
  return [
    byteDump(raw, { label, from, until, wrong: isKnown ? wrong : null }),
    isPart ? h('p', { class: 'hint' }, `Bytes ${count(from)} to ${count(until - 1)} of ${count(raw.length)}.`) : null,
  ];
}
