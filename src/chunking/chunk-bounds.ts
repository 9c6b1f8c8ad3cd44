import { type ChunkBounds, MAX_CHUNK_BYTES } from '../model/chunk.ts';
import type { DeliverySettings } from '../model/ingestion.ts';

/** The bounds where a request gives none (docs/protocol.md): small enough for any receiver, large enough for speed. */
const DEFAULT_MAX_RECORDS = 1_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/**
 * The bounds of chunks that are yet to be planned.
 * @param requested sizes as requested, 0 standing for no bound; both 0 give the defaults.
 * @param closeAtBytes the size a receiver's 413 taught, or null.
 */
export function chunkBounds(
  requested: Pick<DeliverySettings, 'chunkSizeByRecords' | 'chunkSizeByMemory'>,
  closeAtBytes: number | null,
): ChunkBounds {
  const { chunkSizeByRecords, chunkSizeByMemory } = requested;
  if (chunkSizeByRecords === 0 && chunkSizeByMemory === 0) {
    return { maxRecords: DEFAULT_MAX_RECORDS, maxBytes: DEFAULT_MAX_BYTES, closeAtBytes };
  }
  return {
    maxRecords: chunkSizeByRecords === 0 ? null : chunkSizeByRecords,
    maxBytes: chunkSizeByMemory === 0 ? MAX_CHUNK_BYTES : Math.min(chunkSizeByMemory, MAX_CHUNK_BYTES),
    closeAtBytes,
  };
}
