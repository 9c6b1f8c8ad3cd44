import type { AttemptEvent } from './callback.ts';
import type { IngestionReport } from './report.ts';

/** Enough of an id to tell ingestions apart at a glance. */
const SHORT_ID_LENGTH = 8;

/** A request as one line for a person. */
export function attemptLine(event: AttemptEvent): string {
  const id = event.ingestionId?.slice(0, SHORT_ID_LENGTH) ?? '?'.repeat(SHORT_ID_LENGTH);
  const subject = event.subject === 'chunk' ? `chunk ${event.chunkNumber}` : event.subject;
  const size = event.recordCount === null ? [] : [`${event.recordCount} records`];
  const told = event.error === null ? [event.answer ?? 'not looked at'] : [`refused: ${event.error}`];
  const fault = event.fault === null ? [] : [`fault: ${event.fault}`];
  return `${id} ${[subject, ...size, `${event.bodyByteCount} bytes`, ...told, ...fault].join(', ')}`;
}

/** The verdict on an ingestion as one line for a person. */
export function verdictLine(report: IngestionReport): string {
  return `${report.ingestion_id.slice(0, SHORT_ID_LENGTH)} ${report.verdict}`;
}
