import { read } from './api.js';
import { h } from './dom.js';
import { bytes, count, milliseconds, time } from './format.js';

/** @typedef {import('./types.d.ts').Chunk} Chunk */

/** Rows of the table. */
const PAGE_LENGTH = 25;
/** Chunks that the charts are of, the last ones: as many as one page of the API holds. */
const CHART_LENGTH = 500;

/**
 * The end of the ledger, and any older page of it that the person asks for.
 * @param {string} path of the ingestion
 */
export function createLedger(path) {
  /** @type {readonly Chunk[]} */
  let recent = [];
  /** @type {readonly Chunk[] | null} */
  let older = null;

  /**
   * @param {number} from
   * @param {number} limit
   * @returns {Promise<readonly Chunk[]>}
   */
  async function rows(from, limit) {
    /** @type {import('./types.d.ts').Page<Chunk>} */
    const page = await read(`${path}/chunks?from_chunk=${from}&limit=${limit}`);
    return page.items;
  }
  const shown = () => older ?? recent.slice(-PAGE_LENGTH);

  return {
    /**
     * Reads what is new. Acknowledged chunks never change, but a receiver that lost some has them sent again.
     * @param {import('./types.d.ts').Ingestion} ingestion
     */
    async refresh({ totals }) {
      const acked = recent.filter((chunk) => chunk.acked_at !== null && chunk.chunk_number < totals.chunks);
      const next = Math.max((acked.at(-1)?.chunk_number ?? -1) + 1, totals.chunks + 1 - CHART_LENGTH);
      recent = [...acked, ...(await rows(next, CHART_LENGTH))].slice(-CHART_LENGTH);
    },
    async older() {
      const first = shown()[0]?.chunk_number ?? 0;
      older = await rows(Math.max(0, first - PAGE_LENGTH), Math.min(PAGE_LENGTH, first));
    },
    newest() {
      older = null;
    },
    recent: () => recent,
    /** The chunk that is not acknowledged yet. */
    pending: () => recent.find((chunk) => chunk.acked_at === null) ?? null,
    /** @param {number} now */
    render: (now) => ledgerSection(shown(), { isAtEnd: older === null, now }),
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
    h(
      'p',
      { class: 'buttons' },
      isAtEnd ? null : h('button', { type: 'button', 'data-key': 'newest', 'data-action': 'newest' }, 'Newest'),
      isAtStart ? null : h('button', { type: 'button', 'data-key': 'older', 'data-action': 'older' }, 'Older'),
    ),
  );
}

/**
 * The attempts that ended without an acknowledgement, the last first.
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
  const names = ['Chunk', 'Records', 'From record', 'Size', 'Acknowledged', 'Ack latency', 'Attempts', 'Checksum'];
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
    h('td', {}, count(chunk.record_count)),
    h('td', {}, count(chunk.record_offset)),
    h('td', {}, bytes(chunk.byte_count)),
    h('td', {}, chunk.acked_at === null ? 'not yet' : time(chunk.acked_at, now)),
    h('td', {}, chunk.acked_at === null || last?.duration_ms == null ? '–' : milliseconds(last.duration_ms)),
    h('td', { class: failed === undefined ? null : 'bad-text', title: failed?.reason }, count(chunk.attempts.length)),
    h('td', {}, h('code', { title: chunk.checksum }, `${chunk.checksum.slice(0, 12)}…`)),
  );
}
