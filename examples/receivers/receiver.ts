/*
 * A receiver of Ackstream deliveries in TypeScript, for Node 22.19 and newer. In a folder with `npm install ackstream`:
 *
 *   node receiver.ts 9000 received.db
 *
 * Where WEBHOOK_SECRET is set, what is not signed with it is refused.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import {
  CHAIN_START,
  canonicalizeJson,
  chunkEnvelopeSchema,
  chunkIdOf,
  completionSchema,
  jsonElements,
  jsonMembers,
  nextChainChecksum,
  type ReceivedChunk,
  type ReceivedCompletion,
  sha256Base64,
  sha256Hex,
  verifySignature,
} from 'ackstream/protocol';

const [port = '9000', databasePath = 'received.db'] = process.argv.slice(2);
const secret = process.env.WEBHOOK_SECRET;
const MAX_BODY_BYTES = 72 * 1024 * 1024;
const LIMITS = { maxDepth: 1024 };

const database = new DatabaseSync(databasePath);
// FULL: a commit is on the disk when it returns. What was acknowledged is never sent again, not even after a power cut.
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 60000;
  CREATE TABLE IF NOT EXISTS ingestions (
    ingestion_id TEXT PRIMARY KEY, epoch INTEGER NOT NULL DEFAULT 0, chunks INTEGER NOT NULL DEFAULT 0,
    records INTEGER NOT NULL DEFAULT 0, chain TEXT NOT NULL, is_completed INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS chunks (chunk_id TEXT PRIMARY KEY, checksum TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS records (
    ingestion_id TEXT, position INTEGER, record TEXT NOT NULL, PRIMARY KEY (ingestion_id, position));
`);
const addIngestion = database.prepare('INSERT OR IGNORE INTO ingestions (ingestion_id, chain) VALUES (?, ?)');
const findIngestion = database.prepare('SELECT * FROM ingestions WHERE ingestion_id = ?');
const setEpoch = database.prepare('UPDATE ingestions SET epoch = ? WHERE ingestion_id = ?');
const setTotals = database.prepare('UPDATE ingestions SET chunks = ?, records = ?, chain = ? WHERE ingestion_id = ?');
const setCompleted = database.prepare('UPDATE ingestions SET is_completed = 1 WHERE ingestion_id = ?');
const findChunk = database.prepare('SELECT checksum FROM chunks WHERE chunk_id = ?');
const addChunk = database.prepare('INSERT INTO chunks VALUES (?, ?)');
const addRecord = database.prepare('INSERT INTO records VALUES (?, ?, ?)');

/** What is stored of an ingestion. */
interface Ingestion {
  readonly epoch: number;
  readonly chunks: number;
  readonly records: number;
  readonly chain: string;
}

/** A body of the protocol; `records` is the canonical text of a chunk's array. */
type Message =
  | { readonly envelope: ReceivedChunk; readonly records: Uint8Array }
  | { readonly envelope: ReceivedCompletion; readonly records: null };

/** What is answered. */
interface Answer {
  readonly status: number;
  readonly body: { readonly ack: boolean; readonly error: string | null; readonly [member: string]: unknown };
}

const ACKNOWLEDGED: Answer = { status: 200, body: { ack: true, error: null } };

function refusal(status: number, error: string, more: object = {}): Answer {
  return { status, body: { ack: false, error, ...more } };
}

/** Reads a body; throws where it is none of the protocol's. */
function readMessage(body: Uint8Array): Message {
  const { records, ...rest } = Object.fromEntries(jsonMembers(body, LIMITS));
  const decoder = new TextDecoder();
  const envelope = Object.fromEntries(
    Object.entries(rest).map(([name, raw]) => [name, JSON.parse(decoder.decode(raw))]),
  );
  if (records === undefined) return { envelope: completionSchema.parse(envelope), records: null };
  const chunk = chunkEnvelopeSchema.parse(envelope);
  if (chunk.chunk_id !== chunkIdOf(chunk.ingestion_id, chunk.chunk_number)) throw new Error('not the id of this chunk');
  return { envelope: chunk, records: canonicalizeJson(records, { ...LIMITS, numberForm: 'exact' }) };
}

/** Decides on one request. What it changes is committed when it returns. */
function receive(body: Uint8Array, headers: IncomingHttpHeaders): Answer {
  const digest = headers['content-digest']?.toString() ?? '';
  if (digest.includes('sha-256=') && !digest.includes(`sha-256=:${sha256Base64(body)}:`)) {
    return refusal(400, 'DIGEST_MISMATCH');
  }
  if (secret !== undefined && !isSigned(body, headers, secret)) return refusal(401, 'SIGNATURE_INVALID');
  const epoch = Number(headers['ackstream-epoch'] ?? 0);
  let message: Message;
  try {
    message = readMessage(body);
  } catch {
    return refusal(400, 'MALFORMED');
  }
  const { ingestion_id, chunk_number } = message.envelope;
  const { status, body: answer } = inTransaction(() => decide(message, epoch));
  return { status, body: { ...answer, ingestion_id, chunk_number } };
}

function isSigned(body: Uint8Array, headers: IncomingHttpHeaders, key: string): boolean {
  const [id = null, timestamp = null, signature = null] = ['id', 'timestamp', 'signature'].map((name) =>
    headers[`webhook-${name}`]?.toString(),
  );
  return verifySignature({ secret: key, id, timestamp, signature, body, nowSeconds: Date.now() / 1000 });
}

/** IMMEDIATE takes the write lock at once: of two copies of a chunk the second waits here, and then finds the first. */
function inTransaction<Result>(work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function decide({ envelope, records }: Message, epoch: number): Answer {
  const id = envelope.ingestion_id;
  addIngestion.run(id, CHAIN_START);
  const stored = findIngestion.get(id) as unknown as Ingestion;
  if (epoch < stored.epoch) return refusal(409, 'STALE_EPOCH', { epoch: stored.epoch });
  setEpoch.run(epoch, id);
  return records === null ? complete(envelope, stored) : store(envelope, records, stored);
}

function store(chunk: ReceivedChunk, records: Uint8Array, stored: Ingestion): Answer {
  const known = findChunk.get(chunk.chunk_id);
  if (known !== undefined) return known.checksum === chunk.checksum ? ACKNOWLEDGED : refusal(422, 'CHUNK_ID_REUSED');
  // The bytes of each record, not what JSON.parse makes of it: every digit is kept.
  const elements = jsonElements(records, LIMITS);
  if (elements.length === 0) return refusal(200, 'EMPTY_CHUNK');
  if (chunk.chunk_number !== stored.chunks) {
    return refusal(200, 'OUT_OF_ORDER_CHUNK', { expected_chunk: stored.chunks });
  }
  if (sha256Hex(records) !== chunk.checksum) return refusal(200, 'CHECKSUM_MISMATCH');

  const decoder = new TextDecoder();
  for (const [index, element] of elements.entries()) {
    addRecord.run(chunk.ingestion_id, stored.records + index, decoder.decode(element));
  }
  addChunk.run(chunk.chunk_id, chunk.checksum);
  const chain = nextChainChecksum(stored.chain, chunk.checksum);
  setTotals.run(stored.chunks + 1, stored.records + elements.length, chain, chunk.ingestion_id);
  return ACKNOWLEDGED;
}

function complete(claim: ReceivedCompletion, stored: Ingestion): Answer {
  const isComplete =
    claim.chunk_number === Math.max(0, stored.chunks - 1) &&
    claim.total_records === stored.records &&
    (claim.total_chunks ?? stored.chunks) === stored.chunks &&
    (claim.chain_checksum ?? stored.chain) === stored.chain;
  if (!isComplete) return refusal(200, 'INCOMPLETE', { expected_chunk: stored.chunks });
  setCompleted.run(claim.ingestion_id);
  return ACKNOWLEDGED;
}

/** The whole body; null where it is larger than any chunk. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  const blocks: Buffer[] = [];
  let byteCount = 0;
  for await (const block of request as AsyncIterable<Buffer>) {
    byteCount += block.length;
    if (byteCount > MAX_BODY_BYTES) return null;
    blocks.push(block);
  }
  return Buffer.concat(blocks);
}

async function answer(request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'POST') return refusal(405, 'METHOD_NOT_ALLOWED');
  const body = await readBody(request);
  return body === null ? refusal(413, 'TOO_LARGE') : receive(body, request.headers);
}

const server = createServer((request, response) => {
  answer(request)
    .catch((error: unknown) => {
      // Such as a full disk: nothing was committed, and 500 has it sent again.
      console.error(error);
      return refusal(500, 'FAILED');
    })
    .then(({ status, body }) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`receiver listens on http://127.0.0.1:${port}/`));
