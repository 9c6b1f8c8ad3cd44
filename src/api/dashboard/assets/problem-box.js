import { ApiError, ServiceGone } from './api.js';
import { h } from './dom.js';
import { withTimes } from './format.js';
import { remedyText } from './remedy-text.js';

/**
 * Why something could not be read or done, and what to do.
 * @param {Error} error
 * @param {number} now
 */
export function problemBox(error, now) {
  if (error instanceof ServiceGone) {
    return h(
      'section',
      { class: 'box bad' },
      h('h2', {}, 'The service does not answer'),
      h('p', {}, error.message),
      h(
        'p',
        {},
        'What is on record is safe, and deliveries go on when it is back. See whether it runs (',
        h('code', {}, 'ackstream serve'),
        ', the supervisor, the log). This page tries again by itself; what it shows may be out of date.',
      ),
    );
  }
  if (!(error instanceof ApiError)) {
    return h('section', { class: 'box bad' }, h('h2', {}, 'This page failed'), h('p', {}, String(error)));
  }
  const { title, code, detail, what_to_do: remedy, ingestion_id: about, errors = [], candidates = [] } = error.problem;
  return h(
    'section',
    { class: 'box bad' },
    h('h2', {}, title, ' ', h('a', { class: 'code', href: `/docs#${encodeURIComponent(code)}` }, code)),
    detail === undefined ? null : h('p', {}, withTimes(remedyText(detail), now)),
    errors.length === 0
      ? null
      : h(
          'ul',
          {},
          ...errors.map(({ field, message }) => h('li', {}, h('code', {}, field || 'body'), ` ${remedyText(message)}`)),
        ),
    candidates.length === 0
      ? null
      : h('p', {}, 'Candidates: ', ...candidates.map((one) => [h('code', {}, candidateText(one)), ' '])),
    // Which fields to correct was just said.
    remedy === undefined || code === 'REQUEST_INVALID' ? null : h('p', { class: 'remedy' }, remedyText(remedy)),
    about === undefined || location.hash.includes(about) || code === 'HISTORY_DELETED'
      ? null
      : h('p', {}, h('a', { href: `#/ingestions/${about}` }, 'The earlier ingestion')),
  );
}

/** @param {unknown} candidate */
function candidateText(candidate) {
  return typeof candidate === 'string' ? candidate : JSON.stringify(candidate);
}
