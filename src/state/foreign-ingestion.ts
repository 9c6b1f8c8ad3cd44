import { CHAIN_START } from '../model/chunk.ts';
import type { IngestionRow } from './ingestion-rows.ts';
import type { ForeignIngestion } from './state-store.ts';

/** What no other service puts on record, and nobody asks for in a row that only keeps its id from being used again. */
const UNKNOWN = {
  file_id: '',
  version: '',
  file_path: '',
  file_type: 'json',
  record_path: null,
  is_record_path_found: 0,
  number_form: 'exact',
  max_depth: 0,
  max_record_bytes: 0,
  format: '{}',
  on_bad_record: 'fail',
  callback_url: '',
  chunk_size_by_records: 0,
  chunk_size_by_memory: 0,
  retry_window_ms: 0,
  max_delay_ms: 0,
  callback_headers: null,
  callback_secret: null,
  status_url: null,
  max_bad_records: null,
  fingerprint: 'null',
  source_bytes: 0,
  chain_checksum: CHAIN_START,
  close_at_bytes: null,
  failure_count: 0,
  first_failed_at: null,
  rejection_count: 0,
  rewind_count: 0,
  next_attempt_at: null,
  last_error: null,
  rejected_records: 0,
  run_started_at: null,
  run_started_record_count: 0,
} as const;

/** The row that keeps the id of what another service delivered. Times are wall clock, ms. */
export function rowOfForeign(
  { ingestionId, lastChunk, recordCount, extent, lastWrittenAt }: ForeignIngestion,
  { epoch, queueSequence, now }: { readonly epoch: number; readonly queueSequence: number; readonly now: number },
): IngestionRow {
  const isComplete = extent === 'all';
  return {
    ...UNKNOWN,
    ingestion_id: ingestionId,
    status: isComplete ? 'COMPLETED' : 'FAILED',
    queue_sequence: queueSequence,
    epoch,
    next_chunk_number: lastChunk + 1,
    record_count: recordCount,
    is_at_end: Number(isComplete),
    highest_acked_chunk: lastChunk,
    highest_planned_chunk: lastChunk,
    created_at: now,
    updated_at: now,
    completed_at: isComplete ? lastWrittenAt : null,
  };
}
