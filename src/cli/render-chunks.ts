import { formatCount } from './format-count.ts';
import { formatTime } from './format-time.ts';
import { renderTable } from './render-table.ts';
import type { ChunkView } from './service-client.ts';
import { terminalText } from './terminal-text.ts';

/** Enough of a checksum to compare it by eye. */
const SHORT_CHECKSUM_LENGTH = 12;

/** The ledger as a table, for `chunks`. */
export function renderChunks(chunks: readonly ChunkView[]): string {
  return renderTable(chunks, [
    { title: 'CHUNK', cell: (chunk) => String(chunk.chunk_number), align: 'right' },
    { title: 'FIRST RECORD', cell: (chunk) => formatCount(chunk.record_offset + 1), align: 'right' },
    { title: 'RECORDS', cell: (chunk) => formatCount(chunk.record_count), align: 'right' },
    { title: 'BYTES', cell: (chunk) => formatCount(chunk.byte_count), align: 'right' },
    { title: 'CHECKSUM', cell: (chunk) => chunk.checksum.slice(0, SHORT_CHECKSUM_LENGTH) },
    { title: 'ATTEMPTS', cell: (chunk) => formatCount(chunk.attempt_count), align: 'right' },
    { title: 'ACKNOWLEDGED', cell: acknowledgedText },
  ]);
}

/** When; or why not yet, as far as that is known. */
function acknowledgedText({ acked_at: ackedAt, attempts }: ChunkView): string {
  if (ackedAt !== null) return formatTime(ackedAt);
  const reason = attempts.findLast((attempt) => attempt.reason !== null)?.reason ?? null;
  return reason === null ? 'not yet' : `not yet: ${terminalText(reason)}`;
}
