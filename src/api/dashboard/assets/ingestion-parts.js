/** What the list and the page of one ingestion both show of it. */
import { h } from './dom.js';
import { bytes, count, counted, distance, duration, rate, upcoming, withFullTimes, withTimes } from './format.js';
import { remedyText } from './remedy-text.js';

/** @typedef {import('./types.d.ts').Ingestion} Ingestion */

/** @param {Ingestion} ingestion what people call its state: one that waits after a failure is not just queued */
export function statusWord({ status, next_attempt_at: nextAttemptAt, last_error: lastError }) {
  if ((status === 'RUNNING' || status === 'QUEUED') && nextAttemptAt !== null) return 'retrying';
  if (status === 'RUNNING' && lastError?.code === 'ATTEMPT_FAILED') return 'retrying';
  return status.toLowerCase();
}

/** @param {Ingestion} ingestion what is said of its state: attempts that follow each other within seconds would chatter */
export function spokenState(ingestion) {
  return ingestion.status === 'RUNNING' ? 'running' : statusWord(ingestion);
}

/** @param {Ingestion} ingestion */
export function statusBadge(ingestion) {
  const word = statusWord(ingestion);
  return h('span', { class: `badge ${word}` }, word);
}

/** @param {Ingestion} ingestion */
export function progressBar(ingestion) {
  const word = statusWord(ingestion);
  return h('progress', { class: word, max: 100, value: ingestion.percent, 'aria-label': 'Progress' });
}

/** @param {Ingestion} ingestion rate and estimate, or what there is in their place */
export function speedText(ingestion) {
  const { records_per_second: speed, eta_seconds: eta, status } = ingestion;
  const parts = [];
  if (speed !== null) parts.push(`${rate(speed)} records/s`);
  if (status === 'RUNNING' && eta !== null) parts.push(`${duration(eta)} left`);
  return parts.join(' · ');
}

/** @param {Ingestion} ingestion */
export function totalsText({ totals }) {
  return `${counted(totals.records, 'record')} in ${counted(totals.chunks, 'chunk')}`;
}

/** @param {Ingestion} ingestion */
export function sizeText({ totals }) {
  return `${bytes(totals.source_bytes)} of ${bytes(totals.source_size)}`;
}

/**
 * Why it stands, or why its last attempt failed, since when, and when it goes on.
 * @param {Ingestion} ingestion
 * @param {number} now
 */
export function troubleLines(ingestion, now) {
  const { last_error: error, next_attempt_at: next } = ingestion;
  return [
    error === null
      ? null
      : h(
          'p',
          { class: 'trouble' },
          h('b', { class: 'code' }, error.code),
          ' ',
          withTimes(remedyText(error.message), now),
        ),
    error === null ? null : h('p', { class: 'quiet-text' }, 'It happened ', distance(error.at, now)),
    next === null ? null : h('p', { class: 'quiet-text' }, 'Next attempt ', upcoming(next, now)),
  ];
}

/**
 * {@link troubleLines} of a wait of seconds, in one line, which may come and go.
 * @param {Ingestion} ingestion
 * @param {number} now
 */
export function passingTrouble({ last_error: error, next_attempt_at: next }, now) {
  if (error === null) return null;
  const when = next === null ? 'is under way' : upcoming(next, now);
  const title = withFullTimes(error.message);
  return h('p', { class: 'clip bad-text', title }, withTimes(error.message, now), ' · next attempt ', when);
}

/**
 * @param {import('./types.d.ts').Circuit} circuit
 * @param {number} now
 */
export function circuitLine(circuit, now) {
  const failures = `${count(circuit.consecutive_failures)} failures in a row`;
  return h(
    'p',
    { class: 'circuit' },
    `Circuit ${circuit.state}: `,
    h('code', {}, circuit.origin),
    ` gets nothing but probes, after ${failures}`,
    circuit.last_failure === null ? '; ' : ` (${circuit.last_failure}); `,
    circuit.next_probe_at === null
      ? 'a probe is under way.'
      : ['next probe ', upcoming(circuit.next_probe_at, now), '.'],
  );
}
