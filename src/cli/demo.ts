/**
 * The main job, shown: a feed is delivered while the receiver fails and the service is killed, and in the end everything is there once, in order. Runs
 * the service and the mock receiver as processes of their own, over their public interfaces alone. Exit code 0 only where the proof
 * holds.
 */
import { hash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED } from './command.ts';
import { type DemoProcess, startDemoProcess } from './demo-process.ts';
import { DemoReceiver } from './demo-receiver.ts';
import { hasEnded } from './follow-ingestion.ts';
import { formatCount } from './format-count.ts';
import { ProgressLine } from './progress-line.ts';
import { progressBar } from './render-progress.ts';
import { type IngestionView, ServiceClient } from './service-client.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures', 'demo');
const feedPath = join(fixtures, 'products.json');

/** What must arrive, worked out by another implementation: fixtures/demo/generate.py. */
const expected = JSON.parse(readFileSync(join(fixtures, 'products.expected.json'), 'utf8')) as {
  readonly records: number;
  readonly sha256_of_accepted_records_as_ndjson: string;
};

const CHUNK_RECORDS = 50;
/** The receiver takes this long over a chunk, so that there is something to see. */
const RECEIVER_DELAY_MS = 25;
const POLL_INTERVAL_MS = 40;
/** Where the story turns, in chunks on record. */
const CHUNKS_UNTIL_OUTAGE = 12;
const CHUNKS_UNTIL_KILL = 30;
const CHUNKS_UNTIL_LOST_ANSWER = 45;

/** What should take ten seconds and takes this long has failed. */
const DEADLINE_MS = 60_000;

const say = (text = '') => process.stdout.write(`${text}\n`);

/** Waits a little between two looks; throws once the demo takes too long. */
async function lookAgain(): Promise<void> {
  if (performance.now() > DEADLINE_MS) throw new Error(`the demo is not done after ${DEADLINE_MS / 1000} s`);
  await delay(POLL_INTERVAL_MS);
}

/** Runs the demo; whether the proof holds. */
async function runDemo(folder: string): Promise<boolean> {
  say(
    `Ackstream delivers a feed file to a receiver over HTTP: in small chunks, one after the other, each sent again until`,
  );
  say(
    `the receiver itself says that it has it. Here it delivers ${formatCount(expected.records)} products while things go wrong.\n`,
  );
  const receiver = new DemoReceiver(await startDemoProcess('mock-receiver/main.ts', ['--port', '0', '--quiet']));
  let service = await startService(folder);
  try {
    say(`1. Two processes are started. A receiver waits for records at ${receiver.callbackUrl},`);
    say(`   the Ackstream service for requests at ${service.url} (process ${service.pid}).\n`);

    await receiver.setFaults([{ fault: 'delay', delay_ms: RECEIVER_DELAY_MS }]);
    const ingestionId = await submit(service, receiver.callbackUrl);
    await watch(service, ingestionId, (view) => view.totals.chunks >= CHUNKS_UNTIL_OUTAGE);

    await outage(service, receiver, ingestionId);
    await watch(service, ingestionId, (view) => view.totals.chunks >= CHUNKS_UNTIL_KILL);

    service = await killAndRestart(service, receiver, { folder, ingestionId });
    await watch(service, ingestionId, (view) => view.totals.chunks >= CHUNKS_UNTIL_LOST_ANSWER);

    const duplicatesBefore = await loseAnswer(receiver, ingestionId);
    const end = await watch(service, ingestionId, () => false);
    const { duplicates } = await receiver.report(ingestionId);
    if (duplicates > duplicatesBefore) {
      say(
        '   That chunk was sent again, with the same bytes under the same id: the receiver knew it and stored nothing twice.',
      );
    }
    say(`   The ingestion is ${end.status}${end.last_error === null ? '' : `: ${end.last_error.message}`}.\n`);
    return await judge(receiver, end);
  } finally {
    await Promise.all([service.end('SIGTERM'), receiver.process.end('SIGTERM')]);
  }
}

function startService(folder: string): Promise<DemoProcess> {
  return startDemoProcess('src/main.ts', [], {
    ACKSTREAM_PORT: '0',
    ACKSTREAM_DATA_DIR: join(folder, 'data'),
    ACKSTREAM_LOG_DIR: join(folder, 'logs'),
    ACKSTREAM_SOURCE_ROOTS: fixtures,
    // It looks again many times a second.
    ACKSTREAM_RATE_LIMIT: '0',
  });
}

const clientOf = (service: DemoProcess) => new ServiceClient({ url: service.url, token: null });

async function submit(service: DemoProcess, callbackUrl: string): Promise<string> {
  const answer = await clientOf(service).submit({
    file_path: feedPath,
    callback_url: callbackUrl,
    chunk_size_by_records: CHUNK_RECORDS,
    // Retries come quickly, so that the demo does; a real delivery is patient for 72 hours.
    retry: { max_delay: '300ms' },
  });
  say(
    `2. The service is asked (POST /api/ingest) for fixtures/demo/products.json in chunks of ${CHUNK_RECORDS} records.`,
  );
  say(`   It answers ${answer.status} at once and delivers in the background:`);
  return answer.ingestion_id;
}

async function outage(service: DemoProcess, receiver: DemoReceiver, ingestionId: string): Promise<void> {
  say('\n3. The receiver goes down: from now on it answers 503 to everything.');
  await receiver.setFaults([{ fault: 'status', status: 503 }]);
  const attemptsBefore = await receiver.attemptCount(ingestionId);
  let failed = 0;
  while (failed < 4) {
    await lookAgain();
    failed = (await receiver.attemptCount(ingestionId)) - attemptsBefore;
  }
  const view = await clientOf(service).getIngestion(ingestionId);
  say(
    `   ${failed} attempts at the next chunk have failed. The ${formatCount(view.totals.records)} records acknowledged so far stay so;`,
  );
  say('   the chunk is tried again, a little later each time. Then the receiver is back:');
  await receiver.setFaults([{ fault: 'delay', delay_ms: RECEIVER_DELAY_MS }]);
}

async function killAndRestart(
  service: DemoProcess,
  receiver: DemoReceiver,
  { folder, ingestionId }: { readonly folder: string; readonly ingestionId: string },
): Promise<DemoProcess> {
  say(`\n4. The service is killed (kill -9 ${service.pid}) in the middle of a chunk.`);
  await service.end('SIGKILL');
  const { chunks, records } = await receiver.report(ingestionId);
  say(
    `   The receiver has ${formatCount(records)} records in ${chunks} chunks. The service is started again; it finds on its disk`,
  );
  const restarted = await startService(folder);
  say(`   what was acknowledged, and goes on by itself (process ${restarted.pid}):`);
  return restarted;
}

/** Gives back how many chunks the receiver had been sent twice before. */
async function loseAnswer(receiver: DemoReceiver, ingestionId: string): Promise<number> {
  say('\n5. The network loses an answer: the receiver stores a chunk, and its acknowledgement never arrives.');
  const { duplicates } = await receiver.report(ingestionId);
  await receiver.setFaults([
    { fault: 'reset', after_storing: true, times: 1 },
    { fault: 'delay', delay_ms: RECEIVER_DELAY_MS },
  ]);
  return duplicates;
}

/** Shows the progress until `isDone` or the end, on a terminal as a bar. */
async function watch(
  service: DemoProcess,
  ingestionId: string,
  isDone: (view: IngestionView) => boolean,
): Promise<IngestionView> {
  const client = clientOf(service);
  const line = process.stdout.isTTY ? new ProgressLine((text) => process.stdout.write(text)) : null;
  for (;;) {
    const view = await client.getIngestion(ingestionId);
    const isOver = isDone(view) || hasEnded(view);
    const bar = `   ${progressBar(view, { now: Date.now(), columns: (process.stdout.columns ?? 80) - 3 })}`;
    line?.show(bar);
    if (isOver) {
      if (line === null) say(bar);
      else line.end();
      return view;
    }
    await lookAgain();
  }
}

/** Compares what the receiver accepted with what must have arrived, and says so. */
async function judge(receiver: DemoReceiver, end: IngestionView): Promise<boolean> {
  const report = await receiver.report(end.ingestion_id);
  const digest = hash('sha256', await receiver.records(end.ingestion_id), 'hex');
  const checks: readonly (readonly [string, string, boolean])[] = [
    ['records stored', `${report.records} of ${expected.records}`, report.records === expected.records],
    [
      'the right ones, in order',
      `sha256 of all ${digest.slice(0, 16)}…`,
      digest === expected.sha256_of_accepted_records_as_ndjson,
    ],
    ['chunks out of order', `${report.out_of_order}`, report.out_of_order === 0],
    ['chunks with other bytes', `${report.mismatches}`, report.mismatches === 0],
    ['sent twice, stored once', `${report.duplicates}`, report.duplicates >= 1],
    [
      'both sides agree',
      `chain of checksums ${report.chain_checksum.slice(0, 16)}…`,
      report.chain_checksum === end.chain_checksum,
    ],
    [
      "the receiver's verdict",
      report.verdict.split(', chain ')[0] ?? '',
      report.verdict_ok && end.status === 'COMPLETED',
    ],
  ];
  say('6. The proof: what the receiver has stored, held against what another program (fixtures/demo/generate.py) says');
  say('   must arrive of these products.\n');
  for (const [what, seen, holds] of checks) say(`   ${holds ? '✓' : '✗'} ${what.padEnd(26)} ${seen}`);
  const holds = checks.every(([, , check]) => check);
  say(
    holds
      ? '\nPASS: nothing was lost, repeated or reordered, through an outage, a kill -9 and a lost answer.'
      : '\nFAIL: see the lines marked ✗.',
  );
  if (holds) {
    say(
      '\nWhat next? `npm run ackstream -- preview <file>` looks at a file of your own, and docs/tutorial.md delivers one.',
    );
  }
  return holds;
}

const folder = mkdtempSync(join(tmpdir(), 'ackstream-demo-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(EXIT_INTERRUPTED));
process.exitCode = (await runDemo(folder)) ? EXIT_DONE : EXIT_FAILED;
