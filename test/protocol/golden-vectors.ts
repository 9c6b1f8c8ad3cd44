import { readFileSync } from 'node:fs';

/** One file of fixtures/protocol, made by Python. */
export function goldenVectors<Vectors>(name: string): Vectors {
  return JSON.parse(readFileSync(new URL(`../../fixtures/protocol/${name}`, import.meta.url), 'utf8'));
}

/** A row of chunks.json. */
export interface ChunkVector {
  readonly ingestion_id: string;
  readonly chunk_number: number;
  readonly is_last: boolean;
  readonly record_offset: number;
  readonly record_count: number;
  readonly records: string;
  readonly checksum: string;
  readonly chain_checksum: string;
  readonly body: string;
  readonly content_digest: string;
}
