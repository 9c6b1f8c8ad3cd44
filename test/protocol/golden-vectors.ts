import { readFileSync } from 'node:fs';

/** A row of identity.json. */
interface IdentityVector {
  readonly file_path: string;
  readonly file_type: string;
  readonly version: string;
  readonly file_id: string;
  readonly ingestion_id: string;
  readonly chunk_id_0: string;
}

/** A row of chunks.json. */
interface ChunkVector {
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

/** A row of signatures.json. */
interface SignatureVector {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
  readonly signature: string;
}

function read(name: string) {
  return JSON.parse(readFileSync(new URL(`../../fixtures/protocol/${name}`, import.meta.url), 'utf8'));
}

/*
 * The golden vectors of fixtures/protocol, which Python made.
 */
export const IDENTITY_VECTORS: readonly IdentityVector[] = read('identity.json');
export const CHUNK_VECTORS: readonly ChunkVector[] = read('chunks.json');
export const CHAIN_VECTORS: { readonly start: string; readonly one_chunk: { readonly chain_checksum: string } } =
  read('chain.json');
export const COMPLETION_VECTORS: readonly { readonly body: string }[] = read('completion.json');
export const SIGNATURE_VECTORS: { readonly secret: string; readonly messages: readonly SignatureVector[] } =
  read('signatures.json');
