import { formatCount, formatCounted } from './format-count.ts';
import { formatTime } from './format-time.ts';
import { isRetrying } from './is-retrying.ts';
import { renderAnswerLine, renderFailedAttempt } from './render-failed-attempt.ts';
import { formatSeconds } from './render-progress.ts';
import { type Column, renderTable } from './render-table.ts';
import type { FailedAttemptView, IngestionView } from './service-client.ts';
import { colouredStatus } from './status-colour.ts';
import { terminalText } from './terminal-text.ts';

/** How an ingestion is shown: with colours or not; and the attempt that failed last, null: none is to be shown. */
export interface IngestionStyle {
  readonly hasColour: boolean;
  readonly failed?: FailedAttemptView | null;
}

/** An ingestion in full, for `status`: a line for each fact. */
export function renderIngestion(view: IngestionView, { hasColour, failed = null }: IngestionStyle): string {
  const facts: [name: string, value: string][] = [
    ['ingestion', view.ingestion_id],
    ['status', colouredStatus(statusText(view), hasColour)],
    ['file', `${terminalText(view.file_path)} (${fileText(view)})`],
    ['callback', terminalText(view.callback_url)],
    ['asked for', view.created_at],
    ['delivered', deliveredText(view)],
    ...rejectedFacts(view),
    ['chain', view.chain_checksum],
  ];
  if (view.completed_at !== null) facts.push(['completed', view.completed_at]);
  if (view.records_per_second !== null) facts.push(['speed', `${formatCount(view.records_per_second)} records/s`]);
  if (view.eta_seconds !== null) facts.push(['ready in', formatSeconds(view.eta_seconds)]);
  if (view.next_attempt_at !== null) facts.push(['next attempt', view.next_attempt_at]);
  if (view.circuit !== null) facts.push(['circuit', circuitText(view.circuit)]);
  if (view.last_error !== null) facts.push(...errorFacts(view.last_error));
  const width = Math.max(...facts.map(([name]) => name.length));
  const text = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
  return failed === null ? text : `${text}\n${renderFailedAttempt(failed)}`;
}

/** What became of an ingestion that is no longer watched, for `ingest`. */
export function renderEnd(view: IngestionView, { hasColour, failed = null }: IngestionStyle): string {
  const lines = [`${colouredStatus(view.status, hasColour)}: ${deliveredText(view)}`];
  lines.push(...rejectedFacts(view).map(([name, text]) => `${name}: ${text}`));
  if (view.status === 'COMPLETED') lines.push(`chain checksum ${view.chain_checksum}`);
  else if (view.last_error !== null)
    lines.push(...errorFacts(view.last_error).map(([name, text]) => `${name}: ${text}`));
  const answer = failed === null ? null : renderAnswerLine(failed);
  if (answer !== null)
    lines.push(`the receiver answered: ${answer}`, `all of it: ackstream status ${view.ingestion_id}`);
  return `${lines.join('\n')}\ningestion ${view.ingestion_id}\n`;
}

/** Ingestions as a table, for `list`; where one is in trouble, with why. `columns`: those of the terminal, null: it is none. */
export function renderIngestions(
  views: readonly IngestionView[],
  { hasColour, columns }: { readonly hasColour: boolean; readonly columns: number | null },
): string {
  const why: Column<IngestionView> = {
    title: 'WHY',
    cell: troubleText,
    // The last column stays free: some terminals wrap after it.
    lineColumns: (columns ?? Infinity) - 1,
  };
  return renderTable(views, [
    { title: 'INGESTION', cell: (view) => view.ingestion_id },
    { title: 'STATUS', cell: statusText, paint: (text) => colouredStatus(text, hasColour) },
    { title: '%', cell: (view) => view.percent.toFixed(1), align: 'right' },
    { title: 'RECORDS', cell: (view) => formatCount(view.totals.records), align: 'right' },
    { title: 'ASKED FOR', cell: (view) => formatTime(view.created_at) },
    { title: 'FILE', cell: (view) => terminalText(view.file_path) },
    ...(views.some((view) => troubleText(view) !== '') ? [why] : []),
  ]);
}

/** What people call its state: one that is tried again and again is not just queued. */
function statusText(view: IngestionView): string {
  return isRetrying(view) ? `${view.status}, retrying` : view.status;
}

/** Why it is tried again, or stands; empty: it is in no trouble. */
function troubleText(view: IngestionView): string {
  const { status, last_error: error, circuit } = view;
  if (!isRetrying(view) && status !== 'FAILED' && status !== 'PAUSED') return '';
  return terminalText(error?.message ?? circuit?.last_failure ?? '');
}

function deliveredText({ totals, percent }: IngestionView): string {
  const { records, chunks } = totals;
  const delivered = `${formatCounted(records, 'record')} in ${formatCounted(chunks, 'chunk')} acknowledged`;
  return `${delivered}, ${percent.toFixed(1)} % of the file`;
}

function fileText({ file_type: fileType, file_count: fileCount }: IngestionView): string {
  return fileCount === 1 ? fileType : `${fileType}, ${formatCount(fileCount)} files`;
}

function circuitText(circuit: NonNullable<IngestionView['circuit']>): string {
  const next = circuit.next_probe_at === null ? 'a probe is under way' : `next probe ${circuit.next_probe_at}`;
  const why = circuit.last_failure === null ? '' : `: ${terminalText(circuit.last_failure)}`;
  return `${circuit.state} to ${terminalText(circuit.origin)} since ${circuit.since}, ${next}${why}`;
}

function rejectedFacts({ totals, ingestion_id: ingestionId }: IngestionView): [name: string, value: string][] {
  if (totals.rejected_records === 0) return [];
  return [
    ['set aside', `${formatCounted(totals.rejected_records, 'bad record')}, see \`ackstream rejects ${ingestionId}\``],
  ];
}

function errorFacts(error: NonNullable<IngestionView['last_error']>): [name: string, value: string][] {
  const { file, line, column, byte_offset: byteOffset } = error.place ?? {};
  const place = [
    ...(file === undefined ? [] : [terminalText(file)]),
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(column === undefined ? [] : [`column ${column}`]),
    ...(byteOffset === undefined ? [] : [`byte ${byteOffset}`]),
  ];
  return [
    ['last error', `${error.code}: ${terminalText(error.message)}`],
    ['happened', error.at],
    ...(place.length === 0 ? [] : ([['place', place.join(', ')]] as [string, string][])),
    ['what to do', error.what_to_do],
  ];
}
