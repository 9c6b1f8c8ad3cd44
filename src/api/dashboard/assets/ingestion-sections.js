/** The parts of the page of one ingestion that show what is known of it. */
import { h } from './dom.js';
import { attemptList } from './failed-attempts.js';
import { bytes, count, distance, duration, fileName, rate, time } from './format.js';
import { circuitLine, progressBar, statusBadge, troubleLines } from './ingestion-parts.js';
import { remedyText } from './remedy-text.js';

/** @typedef {import('./types.d.ts').Ingestion} Ingestion */

/** Which moves each state allows (docs/api.md), and whether it may be deleted. */
const MOVES = {
  QUEUED: ['pause', 'cancel'],
  RUNNING: ['pause', 'cancel'],
  PAUSED: ['resume', 'cancel'],
  FAILED: ['resume', 'cancel', 'delete'],
  CANCELLED: ['resume', 'delete'],
  COMPLETED: ['resume', 'delete'],
};

/** @param {Ingestion} ingestion */
export function heading(ingestion) {
  return h(
    'div',
    { class: 'head' },
    h('h1', {}, h('span', { class: 'lines' }, fileName(ingestion.file_path)), statusBadge(ingestion)),
    h('p', { class: 'quiet-text lines' }, ingestion.file_path, ' → ', ingestion.callback_url),
  );
}

/** @param {Ingestion} ingestion */
export function buttons({ status, ingestion_id: id }) {
  const words = {
    pause: 'Pause',
    resume: status === 'COMPLETED' ? 'Say COMPLETED again' : 'Resume',
    cancel: 'Cancel…',
    verify: 'Verify',
    delete: 'Delete…',
  };
  const button = (/** @type {keyof typeof words} */ action) => {
    if (action !== 'verify' && !MOVES[status].includes(action)) return null;
    const isMain = action === 'resume' && status !== 'COMPLETED';
    const attributes = { type: 'button', 'data-key': action, 'data-action': action, class: isMain ? 'main' : null };
    return h('button', attributes, words[action]);
  };
  return h(
    'p',
    { class: 'buttons' },
    button('pause'),
    button('resume'),
    button('cancel'),
    button('verify'),
    h('a', { class: 'button', 'data-key': 'again', href: `#/new?from=${id}` }, 'Deliver again…'),
    button('delete'),
  );
}

/**
 * @param {Ingestion} ingestion
 * @param {number} now
 */
export function progress(ingestion, now) {
  const { totals, percent, records_per_second: speed, eta_seconds: eta } = ingestion;
  return h(
    'section',
    { 'aria-label': 'Progress', class: 'progress' },
    h(
      'p',
      { class: 'figures' },
      h('b', {}, `${percent} %`),
      h('span', {}, `${bytes(totals.source_bytes)} of ${bytes(totals.source_size)}`),
    ),
    progressBar(ingestion),
    ingestion.status === 'QUEUED' && ingestion.next_attempt_at === null
      ? h('p', { class: 'quiet-text' }, 'It waits for its turn: as many as run at once are being delivered.')
      : null,
    h(
      'dl',
      { class: 'facts' },
      fact('Records', count(totals.records)),
      fact('Chunks', count(totals.chunks)),
      fact('Records/s', speed === null ? '–' : rate(speed)),
      fact('Left', eta === null ? '–' : duration(eta)),
      fact('Set aside', count(totals.rejected_records)),
      fact('Run', count(ingestion.epoch)),
      fact('Begun', distance(ingestion.created_at, now)),
      endOf(ingestion, now),
    ),
  );
}

/**
 * @param {Ingestion} ingestion
 * @param {number} now
 */
function endOf({ status, completed_at: completed, last_error: error }, now) {
  if (status === 'FAILED' && error !== null) return fact('Failed', time(error.at, now));
  return fact('Ended', completed === null ? '–' : time(completed, now));
}

/**
 * Why it stands still, what the receiver said, and what to do.
 * @param {Ingestion} ingestion
 * @param {import('./types.d.ts').Chunk | null} pending
 * @param {number} now
 */
export function failureBox(ingestion, pending, now) {
  const { last_error: error, next_attempt_at: next, circuit } = ingestion;
  if (error === null && next === null && circuit === null) return null;
  // A wait of seconds, which the last failed attempt tells of: this would come and go.
  if (ingestion.status === 'RUNNING' && circuit === null) return null;
  return h(
    'section',
    { class: `box ${ingestion.status === 'FAILED' ? 'bad' : 'warn'}`, 'data-key': 'failure' },
    h('h2', {}, ingestion.status === 'FAILED' || ingestion.status === 'PAUSED' ? 'Why it stopped' : 'Why it waits'),
    ...troubleLines(ingestion, now),
    circuit === null ? null : circuitLine(circuit, now),
    placeLine(error?.place),
    error === null ? null : h('p', { class: 'remedy' }, remedyText(error.what_to_do)),
    pending === null ? null : attemptList(pending, now),
  );
}

/** @param {import('./types.d.ts').Place | undefined} place */
function placeLine(place) {
  if (place === undefined) return null;
  const { file, line, column, byte_offset: offset } = place;
  const parts = [
    file === undefined ? '' : file,
    line === undefined ? '' : `line ${count(line)}`,
    column === undefined ? '' : `column ${count(column)}`,
    offset === undefined ? '' : `byte ${count(offset)}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? null : h('p', {}, 'At ', parts.join(', '));
}

/**
 * @param {Ingestion} ingestion
 * @param {number} now
 */
export function settings(ingestion, now) {
  const rows = {
    Id: ingestion.ingestion_id,
    File: ingestion.file_path,
    Callback: ingestion.callback_url,
    'File type': `${ingestion.file_type} ${JSON.stringify(ingestion.format)}`,
    'Record path': ingestion.record_path === '' ? 'the array at the top' : (ingestion.record_path ?? '–'),
    Files: count(ingestion.file_count),
    'Chunk size': `${ingestion.chunk_size_by_records || 'any number of'} records, ${ingestion.chunk_size_by_memory ? bytes(ingestion.chunk_size_by_memory) : 'any size'}`,
    'Bad records': `${ingestion.on_bad_record}${ingestion.max_bad_records === null ? '' : `, at most ${ingestion.max_bad_records}`}`,
    Retries: `for ${ingestion.retry.window}, at most ${ingestion.retry.max_delay} apart`,
    'Callback headers': ingestion.callback_header_names.join(', ') || 'none',
    'Status URL': ingestion.status_url ?? 'none',
  };
  return h(
    'details',
    { 'data-key': 'settings' },
    h('summary', {}, 'Settings'),
    h(
      'dl',
      { class: 'settings' },
      ...Object.entries(rows).map(([name, value]) =>
        h('div', {}, h('dt', {}, name), h('dd', { class: 'break' }, value)),
      ),
      h('div', {}, h('dt', {}, 'Asked for'), h('dd', {}, time(ingestion.created_at, now))),
    ),
  );
}

/**
 * @param {string} name
 * @param {import('./dom.js').Child} value
 */
function fact(name, value) {
  return h('div', {}, h('dt', {}, name), h('dd', {}, value));
}
