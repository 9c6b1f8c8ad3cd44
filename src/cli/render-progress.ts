import { basename } from 'node:path';
import type { IngestionView } from './service-client.ts';
import { terminalText } from './terminal-text.ts';

const MAX_NAME_LENGTH = 24;
const MAX_BAR_LENGTH = 30;
const MIN_BAR_LENGTH = 5;

const wholeNumbers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A count with its thousands apart: `12,000`. */
export function formatCount(count: number): string {
  return wholeNumbers.format(count);
}

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

/** One line for a terminal that is `columns` wide, never wider than it: name, bar, and what {@link progressFacts} tells. */
export function progressBar(
  view: IngestionView,
  { now, columns }: { readonly now: number; readonly columns: number },
): string {
  const name = shortName(view.file_path);
  const facts = progressFacts(view, now);
  const room = columns - 1 - name.length - facts.length - 4;
  const length = Math.min(MAX_BAR_LENGTH, room);
  const line = length < MIN_BAR_LENGTH ? `${name}  ${facts}` : `${name}  ${bar(view.percent, length)}  ${facts}`;
  // The last column stays free: some terminals wrap after it.
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}

/** The same for an output that is no terminal, with the state. */
export function progressLine(view: IngestionView, now: number): string {
  return `${view.status} ${terminalText(view.file_path)}: ${progressFacts(view, now)}`;
}

/** How far, how fast, how long; or why it waits. */
function progressFacts(view: IngestionView, now: number): string {
  const { records, rejected_records: rejectedRecords } = view.totals;
  const rejected = rejectedRecords === 0 ? '' : `, ${formatCount(rejectedRecords)} bad`;
  const progress = `${view.percent.toFixed(1).padStart(5)} %  ${formatCount(records)} records${rejected}`;
  const wait = waitFacts(view, now);
  if (wait !== undefined) return `${progress}  ${wait}`;
  if (view.status === 'QUEUED') return `${progress}  waiting for its turn`;
  const rate = view.records_per_second === null ? '' : `  ${formatCount(view.records_per_second)}/s`;
  const eta = view.eta_seconds === null ? '' : `  ETA ${formatSeconds(view.eta_seconds)}`;
  return `${progress}${rate}${eta}`;
}

function waitFacts(view: IngestionView, now: number): string | undefined {
  if (view.next_attempt_at === null || view.last_error === null) return undefined;
  const remainingMs = Date.parse(view.next_attempt_at) - now;
  const when = remainingMs > 0 ? `next attempt in ${formatSeconds(Math.ceil(remainingMs / 1000))}` : 'trying again';
  return `${when}: ${terminalText(view.last_error.message)}`;
}

function bar(percent: number, length: number): string {
  const filled = Math.floor((percent / 100) * length);
  return '█'.repeat(filled) + '░'.repeat(length - filled);
}

function shortName(path: string): string {
  const name = terminalText(basename(path));
  return name.length <= MAX_NAME_LENGTH ? name : `${name.slice(0, MAX_NAME_LENGTH - 1)}…`;
}
