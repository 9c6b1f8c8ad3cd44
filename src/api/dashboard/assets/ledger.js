import { read } from './api.js';
import { h } from './dom.js';
import { bytes, count, milliseconds, time, withFullTimes } from './format.js';

/** @typedef {import('./types.d.ts').Chunk} Chunk */

/** Rows of the table. */
const PAGE_LENGTH = 25;
/** Chunks that the charts are of, the last ones: as many as one page of the API holds. */
const CHART_LENGTH = 500;

/**
 * The end of the ledger, and any other page of it that the person asks for.
 * @param {string} path of the ingestion
 */
export function createLedger(path) {
  /** @type {readonly Chunk[]} */
  let recent = [];
  /** A page that is not the end. @type {readonly Chunk[] | null} */
  let page = null;

  /**
   * @param {number} from
   * @param {number} limit
   * @returns {Promise<readonly Chunk[]>}
   */
  async function rows(from, limit) {
    /** @type {import('./types.d.ts').Page<Chunk>} */
    const found = await read(`${path}/chunks?from_chunk=${from}&limit=${limit}`);
    return found.items;
  }
  const shown = () => page ?? recent.slice(-PAGE_LENGTH);
  const firstShown = () => shown()[0]?.chunk_number ?? 0;
  const lastNumber = () => recent.at(-1)?.chunk_number ?? 0;

  /** @param {number} from */
  async function go(from) {
    const isEnd = from + PAGE_LENGTH > lastNumber();
    page = isEnd ? null : await rows(Math.max(0, from), PAGE_LENGTH);
  }

  return {
    /**
     * Reads what is new. Acknowledged chunks never change, but a receiver that lost some has them sent again.
     * @param {import('./types.d.ts').Ingestion} ingestion
     */
    async refresh({ totals }) {
      const first = totals.chunks + 1 - CHART_LENGTH;
      const acked = recent.filter(
        ({ acked_at: ackedAt, chunk_number: number }) => ackedAt !== null && number >= first && number < totals.chunks,
      );
      const next = Math.max((acked.at(-1)?.chunk_number ?? -1) + 1, first);
      recent = [...acked, ...(await rows(next, CHART_LENGTH))].slice(-CHART_LENGTH);
    },
    /** What its buttons do. */
    actions: {
      older: () => go(firstShown() - PAGE_LENGTH),
      newer: () => go(firstShown() + PAGE_LENGTH),
      oldest: () => go(0),
      newest: () => go(lastNumber()),
      /** @param {HTMLElement} form */
      'go-to-chunk'(form) {
        const wanted = form.querySelector('input')?.valueAsNumber ?? Number.NaN;
        // In the middle, so that one sees what is around it.
        return Number.isNaN(wanted) ? undefined : go(Math.max(0, wanted - Math.floor(PAGE_LENGTH / 2)));
      },
    },
    recent: () => recent,
    /** The chunk that is not acknowledged yet. */
    pending: () => recent.find((chunk) => chunk.acked_at === null) ?? null,
    /** @param {number} now */
    render: (now) => ledgerSection(shown(), { isAtEnd: page === null, now }),
  };
}

/**
 * @param {readonly Chunk[]} chunks
 * @param {{ readonly isAtEnd: boolean, readonly now: number }} options
 */
function ledgerSection(chunks, { isAtEnd, now }) {
  if (chunks.length === 0) {
    return h(
      'section',
      { 'data-key': 'ledger' },
      h('h2', {}, 'Ledger'),
      h('p', { class: 'quiet-text' }, 'No chunk was planned yet.'),
    );
  }
  const isAtStart = chunks[0]?.chunk_number === 0;
  return h(
    'section',
    { 'data-key': 'ledger' },
    h('h2', { id: 'ledger' }, 'Ledger'),
    table(chunks.toReversed(), now),
    isAtStart && isAtEnd ? null : pageButtons(isAtStart, isAtEnd),
  );
}

/** @param {string} word */
function pageButton(word) {
  const name = word.toLowerCase();
  return h('button', { type: 'button', 'data-key': name, 'data-action': name }, word);
}

/**
 * @param {boolean} isAtStart
 * @param {boolean} isAtEnd
 */
function pageButtons(isAtStart, isAtEnd) {
  return h(
    'form',
    { class: 'buttons', 'data-action': 'go-to-chunk', method: 'post' },
    ...(isAtEnd ? [] : [pageButton('Newest'), pageButton('Newer')]),
    ...(isAtStart ? [] : [pageButton('Older'), pageButton('Oldest')]),
    h(
      'label',
      { 'data-key': 'go-to-chunk', class: 'go' },
      'Go to chunk ',
      h('input', { type: 'number', min: 0, inputmode: 'numeric', size: 8 }),
    ),
    h('button', { 'data-key': 'go' }, 'Go'),
  );
}

/**
 * Of the last attempts those that ended without an acknowledgement, the last first.
 * @param {Chunk | null} chunk
 */
export function failedAttempts(chunk) {
  return (chunk?.attempts ?? []).filter(({ reason }) => reason !== null).toReversed();
}

/**
 * @param {readonly Chunk[]} chunks
 * @param {number} now
 */
function table(chunks, now) {
  const names = ['Chunk', 'Acknowledged', 'Ack latency', 'Attempts', 'Records', 'First record', 'Size', 'Checksum'];
  return h(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-labelledby': 'ledger' },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...names.map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, ...chunks.map((chunk) => row(chunk, now))),
    ),
  );
}

/**
 * @param {Chunk} chunk
 * @param {number} now
 */
function row(chunk, now) {
  const last = chunk.attempts.at(-1);
  const [failed] = failedAttempts(chunk);
  return h(
    'tr',
    { 'data-key': chunk.chunk_number },
    h('th', { scope: 'row' }, count(chunk.chunk_number), chunk.is_last ? ' (last)' : ''),
    h('td', {}, chunk.acked_at === null ? 'not yet' : time(chunk.acked_at, now)),
    h('td', {}, chunk.acked_at === null || last?.duration_ms == null ? '–' : milliseconds(last.duration_ms)),
    h(
      'td',
      { class: failed === undefined ? null : 'bad-text', title: withFullTimes(failed?.reason ?? '') || null },
      count(chunk.attempt_count),
    ),
    h('td', {}, count(chunk.record_count)),
    h('td', {}, count(chunk.record_offset + 1)),
    h('td', {}, bytes(chunk.byte_count)),
    h('td', {}, h('code', { title: chunk.checksum }, `${chunk.checksum.slice(0, 12)}…`)),
  );
}
