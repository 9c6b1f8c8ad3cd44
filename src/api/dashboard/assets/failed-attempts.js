import { h } from './dom.js';
import { count, milliseconds, time } from './format.js';
import { failedAttempts } from './ledger.js';

/** @typedef {import('./types.d.ts').Attempt} Attempt */

/** Failed attempts that are listed; there may be thousands. */
const LISTED = 10;

/**
 * What the receiver last said to a chunk, and the attempts before.
 * @param {import('./types.d.ts').Chunk} chunk
 * @param {number} now
 */
export function attemptDetails(chunk, now) {
  const failed = failedAttempts(chunk);
  // While a circuit is open attempts end before anything is sent, and say nothing of the receiver.
  const shown = failed.find(wasAnswered) ?? failed[0];
  if (shown === undefined) return null;
  return h(
    'div',
    { class: 'attempt' },
    h('h3', {}, `Last failed attempt: number ${count(shown.attempt)} at chunk ${count(chunk.chunk_number)}`),
    h('p', {}, time(shown.begun_at, now), `, ${summaryOf(shown)}`),
    h('pre', { class: 'said', tabindex: '0', 'aria-label': 'What came back', role: 'group' }, shown.reason),
    failed.length === 1 ? null : earlierAttempts(failed, now),
  );
}

/** @param {Attempt} attempt */
function wasAnswered({ http_status: httpStatus, outcome }) {
  return httpStatus !== null || outcome !== 'unavailable';
}

/** @param {Attempt} attempt */
function summaryOf({ outcome, http_status: httpStatus, duration_ms: durationMs }) {
  const status = httpStatus === null ? 'no HTTP answer' : `HTTP ${httpStatus}`;
  return [outcome, status, durationMs === null ? null : `after ${milliseconds(durationMs)}`]
    .filter((part) => part !== null)
    .join(', ');
}

/**
 * @param {readonly Attempt[]} failed
 * @param {number} now
 */
function earlierAttempts(failed, now) {
  const listed = failed.slice(0, LISTED);
  return h(
    'details',
    {},
    h(
      'summary',
      {},
      `${listed.length < failed.length ? `The last ${LISTED} of ` : 'All '}${count(failed.length)} failed attempts`,
    ),
    h(
      'ol',
      { class: 'attempts' },
      ...listed.map((one) =>
        h(
          'li',
          { 'data-key': one.attempt, value: one.attempt },
          time(one.begun_at, now),
          `, ${summaryOf(one)}: `,
          h('span', { class: 'quiet-text' }, one.reason),
        ),
      ),
    ),
  );
}
