import type { AnswerKind } from './answer.ts';
import { disagreements } from './completion.ts';
import type { CompletionClaim } from './message.ts';
import type { IngestionState, ReceiverStore } from './receiver-store.ts';

/** What the receiver saw of one ingestion, and what it makes of it. */
export interface IngestionReport {
  readonly ingestion_id: string;
  /** Chunks and records that are stored. */
  readonly chunks: number;
  readonly records: number;
  /** Chunks that came again with the same checksum and were acknowledged again. */
  readonly duplicates: number;
  readonly out_of_order: number;
  /** Wrong checksums, reused chunk ids and wrong digests. */
  readonly mismatches: number;
  /** How often each answer was given. */
  readonly answers: Partial<Record<AnswerKind, number>>;
  /** The highest epoch seen. */
  readonly epoch: number;
  readonly chain_checksum: string;
  /** Whether COMPLETED was acknowledged and nothing was stored or forgotten since. */
  readonly completed: boolean;
  /** What the newest COMPLETED claimed. */
  readonly claimed: ClaimReport | null;
  /** Whether all of it arrived, in order, as COMPLETED claims. */
  readonly verdict_ok: boolean;
  readonly verdict: string;
}

interface ClaimReport {
  readonly total_records: number;
  readonly total_chunks: number | null;
  readonly rejected_records: number | null;
  readonly last_chunk_number: number;
  readonly chain_checksum: string | null;
}

/** The report of one ingestion; of an unknown one, as of one without chunks. */
export function reportOn(store: ReceiverStore, ingestionId: string): IngestionReport {
  const state = store.state(ingestionId);
  const answers = store.answerCounts(ingestionId);
  const count = (kind: AnswerKind): number => answers[kind] ?? 0;
  const problems = problemsOf(store, ingestionId, state);
  return {
    ingestion_id: ingestionId,
    chunks: state.chunkCount,
    records: state.recordCount,
    duplicates: count('duplicate'),
    out_of_order: count('out-of-order'),
    mismatches: count('checksum-mismatch') + count('chunk-id-reused') + count('digest-mismatch'),
    answers,
    epoch: state.highestEpoch,
    chain_checksum: state.chainChecksum,
    completed: state.isCompleted,
    claimed: state.claim === null ? null : describeClaim(state.claim),
    verdict_ok: state.isCompleted && problems.length === 0,
    verdict: verdictOf(state, problems),
  };
}

function describeClaim(claim: CompletionClaim): ClaimReport {
  return {
    total_records: claim.totalRecords,
    total_chunks: claim.totalChunks,
    rejected_records: claim.rejectedRecords,
    last_chunk_number: claim.lastChunkNumber,
    chain_checksum: claim.chainChecksum,
  };
}

function problemsOf(store: ReceiverStore, ingestionId: string, state: IngestionState): readonly string[] {
  if (state.claim === null) return [];
  const wrong = store.wrongClaims(ingestionId);
  return [
    ...disagreements(state.claim, state),
    ...(wrong.offsets === 0 ? [] : [`record_offset is wrong on ${counted(wrong.offsets, 'chunk')}`]),
    ...(wrong.lasts === 0 ? [] : [`is_last is wrong on ${counted(wrong.lasts, 'chunk')}`]),
  ];
}

function verdictOf(state: IngestionState, problems: readonly string[]): string {
  const stored = `${counted(state.recordCount, 'record')} in ${counted(state.chunkCount, 'chunk')}`;
  if (problems.length > 0) return `NOT COMPLETE: ${stored} stored; ${problems.join('; ')}`;
  if (!state.isCompleted) return `RECEIVING: ${stored} stored so far`;
  return `COMPLETE: ${stored}, in order, all checksums right, chain ${state.chainChecksum}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
