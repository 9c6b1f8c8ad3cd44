/*
 * A receiver of Ackstream deliveries in TypeScript, for Node 22.19 and newer. In a folder in which Ackstream is installed:
 *
 *   node receiver.ts 9000 received.db
 *
 * Where WEBHOOK_SECRET is set, what is not signed with it is refused.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import {
  type Delivery,
  judgeDelivery,
  NOTHING_STORED,
  type ReceiverAnswer,
  readDelivery,
  type StoredIngestion,
} from 'ackstream/protocol';

const [port = '9000', databasePath = 'received.db'] = process.argv.slice(2);
const secret = process.env.WEBHOOK_SECRET ?? null;
const MAX_BODY_BYTES = 72 * 1024 * 1024;

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
const findIngestion = database.prepare(
  'SELECT epoch, chunks AS chunkCount, records AS recordCount, chain AS chainChecksum FROM ingestions WHERE ingestion_id = ?',
);
const saveIngestion = database.prepare(`
  INSERT INTO ingestions VALUES (:id, :epoch, :chunkCount, :recordCount, :chainChecksum, :isComplete)
  ON CONFLICT DO UPDATE SET epoch = excluded.epoch, chunks = excluded.chunks, records = excluded.records,
    chain = excluded.chain, is_completed = is_completed OR excluded.is_completed`);
const findChunk = database.prepare('SELECT checksum FROM chunks WHERE chunk_id = ?');
const addChunk = database.prepare('INSERT INTO chunks VALUES (?, ?)');
const addRecord = database.prepare('INSERT INTO records VALUES (?, ?, ?)');

/** Takes a delivery. What it changes is committed when it returns: only then may the answer be given. */
function receive(delivery: Delivery): ReceiverAnswer {
  // IMMEDIATE takes the write lock at once: of two copies of a chunk the second waits here, and then finds the first.
  database.exec('BEGIN IMMEDIATE');
  try {
    const answer = store(delivery);
    database.exec('COMMIT');
    return answer;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function store(delivery: Delivery): ReceiverAnswer {
  const id = delivery.envelope.ingestion_id;
  const stored = (findIngestion.get(id) as StoredIngestion | undefined) ?? NOTHING_STORED;
  const known = delivery.kind === 'chunk' ? findChunk.get(delivery.envelope.chunk_id) : undefined;
  const knownChecksum = (known?.checksum ?? null) as string | null;
  const { chunk, isComplete, next, answer } = judgeDelivery(delivery, stored, knownChecksum);

  saveIngestion.run({ id, ...next, isComplete: Number(isComplete) });
  if (chunk !== null) {
    addChunk.run(chunk.envelope.chunk_id, chunk.envelope.checksum);
    const decoder = new TextDecoder();
    // The text of each record, not what JSON.parse makes of it: every digit is kept.
    for (const [index, record] of chunk.records.entries()) {
      addRecord.run(id, stored.recordCount + index, decoder.decode(record));
    }
  }
  return answer;
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

async function respond(request: IncomingMessage): Promise<{ readonly httpStatus: number; readonly body: object }> {
  if (request.method !== 'POST') return { httpStatus: 405, body: { ack: false, error: 'METHOD_NOT_ALLOWED' } };
  const body = await readBody(request);
  if (body === null) return { httpStatus: 413, body: { ack: false, error: 'TOO_LARGE' } };
  const delivery = readDelivery({ headers: request.headers, body, secret, nowSeconds: Date.now() / 1000 });
  return delivery.kind === 'refused' ? delivery.answer : receive(delivery);
}

const server = createServer((request, response) => {
  void respond(request)
    .catch((error: unknown) => {
      // Such as a full disk: nothing was committed, and 500 has it sent again.
      console.error(error);
      return { httpStatus: 500, body: { ack: false, error: 'FAILED' } };
    })
    .then(({ httpStatus, body }) => {
      response.writeHead(httpStatus, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`receiver listens on http://127.0.0.1:${port}/`));
