/**
 * Shows from a trace of system calls that every acknowledgement is on the disk before the next chunk is sent: `node bin/with-node.js test/crash/trace-syncs.ts`. Needs
 * `strace`, and permission to trace. Ends with 1 where one is not.
 *
 * Only one thread writes the state and the sockets, so its calls stand in its trace in the order in which they were made.
 */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFeed } from '../harness/feed.ts';
import { launchReceiver } from '../harness/launch-receiver.ts';
import { launchService, untilListening } from '../harness/launch-service.ts';

const RECORDS = 1_000;
const CHUNK_RECORDS = 5;
const CALLS = 'write,writev,sendto,sendmsg,read,readv,recvfrom,recvmsg,pwrite64,fsync,fdatasync';
/** Bytes shown of each buffer: all headers of a request and all of an answer. */
const SHOWN_BYTES = 1_024;

const folder = mkdtempSync(join(realpathSync(tmpdir()), 'ackstream-trace-'));
try {
  const { calls, chunkCount } = await traceDelivery();
  const { orderedCount, problems } = judgeOrder(calls);
  process.stdout.write(
    `${chunkCount} chunks and COMPLETED sent; ${orderedCount} times, the log of the state was written and synced before, behind the acknowledgement of the chunk before it\n`,
  );
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length === 0 && orderedCount === chunkCount + 1 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Delivers a feed under strace; gives back the calls of the thread that sends. */
async function traceDelivery(): Promise<{ readonly calls: readonly string[]; readonly chunkCount: number }> {
  const receiver = await launchReceiver('--quiet', '--port', '0');
  const trace = join(folder, 'trace');
  const strace = ['strace', '-D', '-ff', '-qq', '-yy', '-s', String(SHOWN_BYTES), '-e', `trace=${CALLS}`, '-o', trace];
  const service = await untilListening(launchService(folder, { under: strace }));
  const filePath = join(folder, 'products.json');
  writeFeed(filePath, RECORDS);
  const { body } = await service.api.ingest({
    file_path: filePath,
    callback_url: receiver.callbackUrl,
    chunk_size_by_records: CHUNK_RECORDS,
  });
  const { status, totals } = await service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED', 'PAUSED');
  if (status !== 'COMPLETED') throw new Error(`the delivery is ${status}`);
  service.process.kill('SIGTERM');
  await service.ended;
  receiver.child.kill('SIGTERM');
  const threads = readdirSync(folder)
    .filter((name) => name.startsWith('trace.'))
    .map((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
  const calls = threads.find((lines) => lines.some(isSend));
  if (calls === undefined) throw new Error('the trace shows no chunk that was sent');
  return { calls, chunkCount: totals.chunks };
}

/** What was seen since an acknowledgement, or since the start. */
interface Since {
  readonly begin: string;
  isLogWritten: boolean;
  isSynced: boolean;
}

function judgeOrder(calls: readonly string[]): { readonly orderedCount: number; readonly problems: readonly string[] } {
  const problems: string[] = [];
  let orderedCount = 0;
  // Behind the start it is the plan of the first chunk that has to be on the disk.
  let since: Since | null = { begin: 'the start', isLogWritten: false, isSynced: false };
  for (const call of calls) {
    if (isAck(call)) {
      since = { begin: call, isLogWritten: false, isSynced: false };
    } else if (since !== null && isLogWrite(call)) {
      since.isLogWritten = true;
      since.isSynced = false;
    } else if (since?.isLogWritten === true && isLogSync(call)) {
      since.isSynced = true;
    } else if (since !== null && isSend(call)) {
      if (since.isSynced) orderedCount += 1;
      else problems.push(`sent without a sync since\n  ${since.begin}\n  ${call}`);
      since = null;
    }
  }
  return { orderedCount, problems };
}

function isSend(call: string): boolean {
  return /^(?:write|writev|sendto|sendmsg)\(\d+<TCP/.test(call) && call.includes('POST /callback');
}

function isAck(call: string): boolean {
  return /^(?:read|readv|recvfrom|recvmsg)\(\d+<TCP/.test(call) && call.includes('\\"ack\\":true');
}

function isLogWrite(call: string): boolean {
  return /^pwrite64\(\d+<[^>]*\/ackstream\.db-wal>/.test(call);
}

function isLogSync(call: string): boolean {
  return /^(?:fsync|fdatasync)\(\d+<[^>]*\/ackstream\.db-wal>\)\s+= 0$/.test(call);
}
