import type { CompletionClaim } from './message.ts';
import type { IngestionState } from './receiver-store.ts';

/** Where COMPLETED disagrees with what is stored, one sentence each; none: all of it arrived. */
export function disagreements(claim: CompletionClaim, state: IngestionState): readonly string[] {
  const lastChunkNumber = Math.max(0, state.chunkCount - 1);
  const compared: readonly [name: string, claimed: number | string | null, stored: number | string][] = [
    ['records', claim.totalRecords, state.recordCount],
    ['chunks', claim.totalChunks, state.chunkCount],
    ['last chunk number', claim.lastChunkNumber, lastChunkNumber],
    ['chain checksum', claim.chainChecksum, state.chainChecksum],
  ];
  return compared
    .filter(([, claimed, stored]) => claimed !== null && claimed !== stored)
    .map(([name, claimed, stored]) => `${name}: claimed ${claimed}, stored ${stored}`);
}
