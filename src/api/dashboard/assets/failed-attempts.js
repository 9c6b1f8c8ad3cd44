import { h } from './dom.js';
import { count, milliseconds, time, withTimes } from './format.js';
import { failedAttempts } from './ledger.js';

/** Failed attempts that are listed. */
const LISTED = 10;

/**
 * The last attempts at a chunk that failed, the last first.
 * @param {import('./types.d.ts').Chunk} chunk
 * @param {number} now
 */
export function attemptList(chunk, now) {
  const failed = failedAttempts(chunk);
  // One alone is shown as the last one.
  if (failed.length < 2) return null;
  const listed = failed.slice(0, LISTED);
  const areAll = listed.length === failed.length && chunk.attempts.length === chunk.attempt_count;
  const many = areAll
    ? `All ${listed.length} failed`
    : `The last ${listed.length} failed of ${count(chunk.attempt_count)}`;
  return h(
    'details',
    {},
    h('summary', {}, `${many} attempts at chunk ${count(chunk.chunk_number)}`),
    h(
      'ol',
      { class: 'attempts' },
      ...listed.map((one) =>
        h(
          'li',
          { 'data-key': `${one.epoch}.${one.attempt}`, value: one.attempt },
          time(one.begun_at, now),
          `, ${summaryOf(one)}: `,
          h('span', { class: 'quiet-text' }, withTimes(one.reason ?? '', now)),
        ),
      ),
    ),
  );
}

/** @param {import('./types.d.ts').Attempt} attempt */
function summaryOf({ outcome, http_status: httpStatus, duration_ms: durationMs }) {
  const status = httpStatus === null ? 'no HTTP answer' : `HTTP ${httpStatus}`;
  return [outcome, status, durationMs === null ? null : `after ${milliseconds(durationMs)}`]
    .filter((part) => part !== null)
    .join(', ');
}
