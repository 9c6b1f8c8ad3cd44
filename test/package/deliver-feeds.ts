import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { endWithThisProcess } from '../harness/end-with-this-process.ts';

const run = promisify(execFile);

const RECORDS = 25;

/** A feed to make: its format, its file, and options of `ackstream generate`. */
export type FeedToDeliver = readonly [format: string, file: string, ...options: string[]];

/** Each format once, and each compression that is written. */
export const EVERY_FORMAT: readonly FeedToDeliver[] = [
  ['json', 'feed.json'],
  ['ndjson', 'feed.ndjson.gz', '--compress', 'gz'],
  ['csv', 'feed.csv.zst', '--compress', 'zst'],
  ['excel', 'feed.xlsx'],
  ['xml', 'feed.xml'],
];

/**
 * Has the package that is installed in `folder`, run by the Node at `node`, generate feeds and deliver them to its own receiver. Fails where a record is
 * missing.
 */
export async function deliverFeeds(node: string, folder: string, feeds: readonly FeedToDeliver[]): Promise<void> {
  const work = mkdtempSync(join(folder, 'work-'));
  const command = join(folder, 'node_modules', 'ackstream', 'bin', 'ackstream.js');
  const options = { cwd: work, env: { PATH: process.env.PATH, ACKSTREAM_PORT: '0' } };
  const ackstream = (...args: readonly string[]) => run(node, [command, ...args], options);
  const receiver = spawn(node, [command, 'receiver', '--port', '0', '--json'], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWithThisProcess(receiver);
  try {
    const lines = createInterface(receiver.stdout);
    const [first] = (await once(lines, 'line')) as [string];
    const callbackUrl = first.slice(first.indexOf('http'));
    for (const [format, file, ...more] of feeds) {
      await ackstream('generate', '--format', format, '--records', String(RECORDS), '--out', file, ...more);
      const { stdout } = await ackstream('ingest', file, '--callback', callbackUrl, '--chunk-records', '10', '--json');
      const { ingestion_id: ingestionId } = JSON.parse(stdout.split('\n', 1)[0] ?? '') as { ingestion_id: string };
      const report = await fetch(new URL(`/report/${ingestionId}`, callbackUrl));
      expect(await report.json(), file).toMatchObject({ records: RECORDS, verdict_ok: true });
    }
  } finally {
    receiver.kill();
    await once(receiver, 'exit');
    rmSync(work, { recursive: true, force: true });
  }
}
