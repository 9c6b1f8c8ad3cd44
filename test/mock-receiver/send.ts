import { request } from 'undici';
import { CHAIN_START } from '../../src/model/chunk.ts';
import { canonicalizeJson } from '../../src/protocol/canonical-json.ts';
import { nextChainChecksum, sha256Base64, sha256Hex } from '../../src/protocol/checksum.ts';

/** The ingestion of tests that need only one. */
export const INGESTION_ID = '810ba930073cbac56a41b756b443a9cf0407396ac43bf4f59e40737b25fe8bba';

/** A chunk to be sent; what is left out is right. */
export interface ChunkParts {
  readonly chunkNumber: number;
  /** JSON text of the records. Default: two records that name the chunk. */
  readonly records?: string;
  readonly ingestionId?: string;
  readonly checksum?: string;
  readonly isLast?: boolean;
  /** Members that are added or put in the place of right ones; undefined leaves a member out. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** The records that a chunk has where a test does not care. */
export function recordsOf(chunkNumber: number): string {
  return `[{"chunk":${chunkNumber},"record":1},{"chunk":${chunkNumber},"record":2}]`;
}

/** The checksum of a JSON text of records. */
export function checksumOf(records: string): string {
  return sha256Hex(canonicalizeJson(Buffer.from(records), { numberForm: 'exact', maxDepth: 1000 }));
}

/** A chunk's body, with its records as the text has them. */
export function chunkBody(parts: ChunkParts): string {
  const { chunkNumber, records = recordsOf(chunkNumber), ingestionId = INGESTION_ID } = parts;
  const members = {
    ingestion_id: ingestionId,
    chunk_number: chunkNumber,
    chunk_id: `${ingestionId}:${chunkNumber}`,
    checksum: parts.checksum ?? checksumOf(records),
    is_last: parts.isLast ?? false,
    ...parts.members,
  };
  return `${JSON.stringify(members).slice(0, -1)},"records":${records}}`;
}

/** What COMPLETED says of chunks with {@link recordsOf}, as its right members. */
export function completionMembers(chunkCount: number): Record<string, unknown> {
  let chain = CHAIN_START;
  for (let chunkNumber = 0; chunkNumber < chunkCount; chunkNumber += 1) {
    chain = nextChainChecksum(chain, checksumOf(recordsOf(chunkNumber)));
  }
  return {
    ingestion_id: INGESTION_ID,
    status: 'COMPLETED',
    chunk_number: Math.max(0, chunkCount - 1),
    total_records: chunkCount * 2,
    total_chunks: chunkCount,
    rejected_records: 0,
    chain_checksum: chain,
  };
}

/** What came back. */
export interface Received {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The text as JSON. */
  readonly json: Record<string, unknown>;
}

/** Posts a body as it is. */
export async function post(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Received> {
  const response = await request(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const text = await response.body.text();
  return {
    status: response.statusCode,
    text,
    headers: response.headers,
    get json(): Record<string, unknown> {
      return JSON.parse(text);
    },
  };
}

/** Posts a chunk. */
export function postChunk(url: string, parts: ChunkParts, headers: Record<string, string> = {}): Promise<Received> {
  return post(url, chunkBody(parts), headers);
}

/** Posts COMPLETED for chunks with {@link recordsOf}, some members changed. */
export function postCompletion(
  url: string,
  chunkCount: number,
  members: Readonly<Record<string, unknown>> = {},
  headers: Record<string, string> = {},
): Promise<Received> {
  return post(url, JSON.stringify({ ...completionMembers(chunkCount), ...members }), headers);
}

/** The Content-Digest of a body. */
export function contentDigest(body: string): string {
  return `sha-256=:${sha256Base64(body)}:`;
}

/** The acknowledgement of a chunk or of COMPLETED. */
export function acknowledgement(chunkNumber: number): Record<string, unknown> {
  return { ack: true, ingestion_id: INGESTION_ID, chunk_number: chunkNumber, error: null };
}

/** A refusal of the test ingestion. */
export function refusal(
  chunkNumber: number,
  error: string,
  particulars: Record<string, unknown> = {},
): Record<string, unknown> {
  return { ack: false, ingestion_id: INGESTION_ID, chunk_number: chunkNumber, error, ...particulars };
}
