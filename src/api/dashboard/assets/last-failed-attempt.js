import { readIfThere } from './api.js';
import { byteDump, bytesOf } from './byte-dump.js';
import { h, once } from './dom.js';
import { bytes, count, distance, milliseconds, upcoming, withTimes } from './format.js';
import { failedAttempts } from './ledger.js';

/** @typedef {import('./types.d.ts').LastFailedAttempt} LastFailedAttempt */
/** @typedef {import('./types.d.ts').Answer} Answer */

/**
 * The last attempt that failed, with what the receiver answered; it stays after the delivery has gone on.
 * @param {string} path of the ingestion
 */
export function createLastFailedAttempt(path) {
  /** @type {LastFailedAttempt | null} */
  let shown = null;
  let seen = '';
  return {
    /**
     * Reads it anew where something has failed since.
     * @param {import('./types.d.ts').Ingestion} ingestion
     * @param {readonly import('./types.d.ts').Chunk[]} chunks the last ones
     */
    async refresh({ status, epoch, last_error: error }, chunks) {
      const failures = chunks.flatMap((chunk) => {
        const [last] = failedAttempts(chunk);
        return last === undefined ? [] : [chunk.chunk_number, last.epoch, last.attempt];
      });
      const now = [status, epoch, error?.at, ...failures.slice(-3)].join();
      if (now === seen) return;
      shown = await readIfThere(`${path}/last-failed-attempt`);
      seen = now;
    },
    /**
     * @param {import('./types.d.ts').Ingestion} ingestion
     * @param {number} now
     */
    render: (ingestion, now) => (shown === null ? null : attemptSection(shown, whatFollows(ingestion, now), now)),
  };
}

/**
 * What came after it, where nothing else on the page says so.
 * @param {import('./types.d.ts').Ingestion} ingestion
 * @param {number} now
 */
function whatFollows({ status, last_error: error, next_attempt_at: next }, now) {
  if (status === 'COMPLETED') return 'It was delivered since.';
  if (status !== 'RUNNING') return null;
  if (error === null) return 'The delivery has gone on since.';
  return next === null ? 'The next attempt is under way.' : ['Next attempt ', upcoming(next, now), '.'];
}

/**
 * @param {LastFailedAttempt} shown
 * @param {import('./dom.js').Child} followed
 * @param {number} now
 */
function attemptSection(
  { chunk_number: chunk, attempt, ended_at: ended, duration_ms: durationMs, ...rest },
  followed,
  now,
) {
  const { outcome, reason, answer } = rest;
  const what = chunk === null ? 'at COMPLETED' : `at chunk ${count(chunk)}`;
  // Of an answer by its status the reason is a summary.
  const isSummary = answer !== null && reason?.startsWith('HTTP ') === true;
  return h(
    'section',
    { class: 'box', 'data-key': 'last-failed-attempt' },
    h('h2', {}, 'Last failed attempt'),
    h(
      'p',
      {},
      answer === null ? null : [h('b', { class: 'code bad-text' }, `HTTP ${answer.http_status}`), ' '],
      h('span', { class: 'quiet-text' }, `${outcome}, attempt ${count(attempt)} ${what}, `, distance(ended, now)),
      h('span', { class: 'quiet-text' }, `, after ${milliseconds(durationMs)}`),
    ),
    followed === null ? null : h('p', {}, followed),
    reason === null || isSummary ? null : h('p', { class: 'break' }, withTimes(reason, now)),
    answer === null ? h('p', { class: 'quiet-text' }, 'No answer came back.') : once(answer, answerParts),
  );
}

/** @param {Answer} answer */
function answerParts(answer) {
  const { headers, are_headers_cut: areHeadersCut, body_bytes: size, is_body_cut: isCut } = answer;
  return h(
    'div',
    { class: 'answer' },
    h(
      'details',
      { open: true },
      h('summary', { id: 'answer-headers' }, `Headers (${count(headers.length)})`),
      headers.length === 0 ? h('p', { class: 'quiet-text' }, 'There were none.') : headerTable(headers),
      areHeadersCut ? h('p', { class: 'quiet-text' }, 'Cut: there were more, or longer ones.') : null,
    ),
    h('h3', {}, 'Body ', h('span', { class: 'quiet-text' }, size === 0 ? 'empty' : bytes(size))),
    size === 0 ? null : bodyOf(answer),
    isCut ? h('p', { class: 'quiet-text' }, 'Cut: only its beginning is kept.') : null,
  );
}

/** @param {Answer['headers']} headers */
function headerTable(headers) {
  return h(
    'div',
    { class: 'scroll headers', tabindex: '0', role: 'region', 'aria-labelledby': 'answer-headers' },
    h(
      'table',
      {},
      h(
        'tbody',
        {},
        ...headers.map(({ name, value }) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, value))),
      ),
    ),
  );
}

/** @param {Answer} answer */
function bodyOf({ body, body_encoding: encoding }) {
  if (encoding === 'base64') {
    return [
      h('p', { class: 'quiet-text' }, 'It is no UTF-8 text; its bytes:'),
      byteDump(bytesOf(body), { label: 'Body of the answer, its bytes in hexadecimal' }),
    ];
  }
  return h('pre', { class: 'said', tabindex: '0', role: 'group', 'aria-label': 'Body of the answer' }, body);
}
