import { once } from 'node:events';
import { expect, it } from 'vitest';
import { parseCommandLine } from '../../mock-receiver/command-line.ts';
import { runReceiverCommand } from '../../mock-receiver/run-command.ts';
import { startReceiver } from '../harness/receiver.ts';
import { startReceiverProcess } from './receiver-process.ts';
import { completionMembers, INGESTION_ID, postChunk, postCompletion } from './send.ts';

const SHORT_ID = INGESTION_ID.slice(0, 8);

it.each(['SIGTERM', 'SIGINT'] as const)(
  'says where it listens, tells each message and a verdict, and ends with 0 on %s',
  async (signal) => {
    const fault = 'status,status=503,chunk=0,times=1';
    const { child, callbackUrl, lines, nextLine } = await startReceiverProcess('--port', '0', '--fault', fault);
    expect(lines[0]).toMatch(/^mock receiver listens on http:\/\/127\.0\.0\.1:\d+\/callback$/);
    await postChunk(callbackUrl, { chunkNumber: 0 });
    await postChunk(callbackUrl, { chunkNumber: 0, isLast: true });
    await postChunk(callbackUrl, { chunkNumber: 4 });
    await postCompletion(callbackUrl, 1);
    await nextLine((line) => line.includes('COMPLETE:'));
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(`^${SHORT_ID} chunk 0, 2 records, \\d+ bytes, not looked at, fault: status$`),
      expect.stringMatching(`^${SHORT_ID} chunk 0, 2 records, \\d+ bytes, stored$`),
      expect.stringMatching(`^${SHORT_ID} chunk 4, 2 records, \\d+ bytes, refused: OUT_OF_ORDER_CHUNK$`),
      expect.stringMatching(`^${SHORT_ID} completed, \\d+ bytes, completed$`),
      `${SHORT_ID} COMPLETE: 2 records in 1 chunk, in order, all checksums right, chain ${String(completionMembers(1).chain_checksum)}`,
    ]);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
  },
);

it('prints JSON where asked, and nothing but its address where told to be quiet', async () => {
  const json = await startReceiverProcess('--port', '0', '--json');
  await postChunk(json.callbackUrl, { chunkNumber: 0, isLast: true });
  await postCompletion(json.callbackUrl, 1);
  await json.nextLine((line) => line.includes('"verdict"'));
  expect(json.lines.slice(1).map((line) => JSON.parse(line))).toMatchObject([
    { event: 'attempt', ingestionId: INGESTION_ID, subject: 'chunk', recordCount: 2, answer: 'stored' },
    { event: 'attempt', subject: 'completed', answer: 'completed' },
    { event: 'verdict', ingestion_id: INGESTION_ID, verdict_ok: true },
  ]);
  const quiet = await startReceiverProcess('--port', '0', '--quiet');
  await postCompletion(quiet.callbackUrl, 0);
  quiet.child.kill('SIGTERM');
  await once(quiet.child, 'exit');
  expect(quiet.lines).toHaveLength(1);
});

/** Runs the command in this process, stopped as soon as it listens. */
async function run(...args: readonly string[]) {
  let output = '';
  let errors = '';
  const exitCode = await runReceiverCommand(args, {
    write: (text) => {
      output += text;
    },
    writeError: (text) => {
      errors += text;
    },
    signal: AbortSignal.abort(),
  });
  return { exitCode, output, errors };
}

it.each([
  [['--no-such-flag'], '--no-such-flag'],
  [['stray'], 'stray'],
  [['--port', '70000'], '--port'],
  [['--seed', 'x'], '--seed'],
  [['--fault', 'no-such-fault'], 'fault'],
  [['--fault', 'status,typo=1'], 'typo'],
  [['--secret', 'whsec_short'], '--secret'],
])('ends with 2 and its usage on %j', async (args, named) => {
  const { exitCode, output, errors } = await run(...args);
  expect(exitCode).toBe(2);
  expect(output).toBe('');
  expect(errors).toContain(named);
  expect(errors).toContain('usage: mock-receiver');
});

it('prints its usage and ends with 0 when asked for help', async () => {
  expect(await run('--help')).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('usage: mock-receiver'),
  });
});

it('ends with 1 and says why where it cannot listen', async () => {
  const { origin } = await startReceiver();
  const { exitCode, errors } = await run('--port', new URL(origin).port);
  expect(exitCode).toBe(1);
  expect(errors).toMatch(
    /^The receiver cannot listen\. Correct the option named, .*\n {2}--port \d+ is in use by another program\n$/,
  );
});

it('reads every flag', () => {
  const fault = 'nack,error=Out-of-order chunk,expected_chunk=0,chunk=completed,probability=0.5';
  const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
  const flags = ['--port', '0', '--host', '::1', '--state', 's.db', '--secret', secret, '--seed', '4'];
  expect(parseCommandLine([...flags, '--fault', fault, '--legacy', '--quiet', '--json'])).toEqual({
    host: '::1',
    port: 0,
    receiver: {
      statePath: 's.db',
      secret,
      seed: 4,
      isLegacy: true,
      faults: [{ fault: 'nack', error: 'Out-of-order chunk', expected_chunk: 0, chunk: 'completed', probability: 0.5 }],
    },
    isQuiet: true,
    isJson: true,
  });
});
