import { basename } from 'node:path';
import type { ServiceError } from '../errors.ts';
import type { HeardFailures } from './event-listener.ts';
import { formatCount } from './format-count.ts';
import { isRetrying } from './is-retrying.ts';
import type { IngestionView } from './service-client.ts';
import { terminalText } from './terminal-text.ts';
import { cutToWidth, textWidth } from './text-width.ts';

const MAX_NAME_COLUMNS = 24;
const MAX_BAR_COLUMNS = 30;
const MIN_BAR_COLUMNS = 5;
/** Less of a receiver's words than `HTTP 503: …` tells nothing. */
const MIN_REASON_COLUMNS = 10;

/** Nothing was heard of failures. */
const NOTHING_HEARD: HeardFailures = { retryCount: 0, lastFailure: null };

const twoDigits = (value: number) => String(value).padStart(2, '0');

/** A duration in seconds as `0:07`, `12:34` or `1:02:03`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours === 0
    ? `${minutes}:${twoDigits(whole % 60)}`
    : `${hours}:${twoDigits(minutes)}:${twoDigits(whole % 60)}`;
}

/** For which moment progress is shown: wall clock in ms; and what was heard of failures. */
export interface ProgressMoment {
  readonly now: number;
  readonly heard?: HeardFailures;
}

/** One line for a terminal that is `columns` wide, never wider than it: name, bar, and what {@link progressFacts} tells. */
export function progressBar(
  view: IngestionView,
  { columns, ...moment }: ProgressMoment & { readonly columns: number },
): string {
  const name = cutToWidth(terminalText(basename(view.file_path)), MAX_NAME_COLUMNS);
  // The last column stays free: some terminals wrap after it.
  const room = columns - 1 - textWidth(name) - 2;
  const facts = progressFacts(view, { ...moment, columns: room });
  const length = Math.min(MAX_BAR_COLUMNS, room - textWidth(facts) - 2);
  const line = length < MIN_BAR_COLUMNS ? `${name}  ${facts}` : `${name}  ${bar(view.percent, length)}  ${facts}`;
  return cutToWidth(line, columns - 1);
}

/** The same for an output that is no terminal, with the state. */
export function progressLine(view: IngestionView, moment: ProgressMoment): string {
  return `${view.status} ${terminalText(view.file_path)}: ${progressFacts(view, { ...moment, columns: Infinity })}`;
}

/** That the service does not answer, in one line of at most `columns`. */
export function lostLine(error: ServiceError, columns = Infinity): string {
  const isAway = error.code === 'SERVICE_UNREACHABLE' || error.code === 'SHUTTING_DOWN';
  const what = isAway ? 'service unreachable, trying again' : 'trying again';
  return cutToWidth(`${what}: ${terminalText(error.message)}`, columns - 1);
}

/** How far, how fast, how long; or why it waits. */
function progressFacts(
  view: IngestionView,
  { now, heard = NOTHING_HEARD, columns }: ProgressMoment & { readonly columns: number },
): string {
  const { records, rejected_records: rejectedRecords } = view.totals;
  const counts = [`${formatCount(records)} records`];
  if (rejectedRecords > 0) counts.push(`${formatCount(rejectedRecords)} bad`);
  if (heard.retryCount > 0)
    counts.push(`${formatCount(heard.retryCount)} ${heard.retryCount === 1 ? 'retry' : 'retries'}`);
  const progress = `${view.percent.toFixed(1).padStart(5)} %  ${counts.join(', ')}`;
  if (view.last_error !== null && isRetrying(view)) {
    const { attempt, reason, next } = retryFacts(view, heard, now);
    const room = columns - textWidth(`${progress}  ${attempt}: ${next}`);
    return `${progress}  ${attempt}${room < MIN_REASON_COLUMNS ? '' : `: ${cutToWidth(reason, room)}`}${next}`;
  }
  if (view.status === 'QUEUED') return `${progress}  waiting for its turn`;
  const rate = view.records_per_second === null ? '' : `  ${formatCount(view.records_per_second)}/s`;
  const eta = view.eta_seconds === null ? '' : `  ETA ${formatSeconds(view.eta_seconds)}`;
  return `${progress}${rate}${eta}`;
}

/** The parts of `attempt 4 failed: HTTP 503; next in 0:12`. */
function retryFacts(view: IngestionView, { lastFailure }: HeardFailures, now: number) {
  const { last_error: error, next_attempt_at: nextAttemptAt } = view;
  const number = lastFailure !== null && lastFailure.at === error?.at ? ` ${lastFailure.attempt}` : '';
  const remainingMs = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - now;
  return {
    attempt: `attempt${number} failed`,
    reason: terminalText(error?.message ?? '').replace(/\.$/, ''),
    next: remainingMs > 0 ? `; next in ${formatSeconds(Math.ceil(remainingMs / 1000))}` : '; trying again',
  };
}

function bar(percent: number, length: number): string {
  const filled = Math.floor((percent / 100) * length);
  return '█'.repeat(filled) + '░'.repeat(length - filled);
}
