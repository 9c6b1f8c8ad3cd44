import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startReceiver } from '../harness/receiver.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { startReceiverProcess } from './receiver-process.ts';
import { acknowledgement, INGESTION_ID, postChunk, postCompletion, refusal } from './send.ts';

it('keeps everything over a restart on the same state file', async () => {
  const statePath = join(tempFolder(), 'receiver.db');
  const before = await startReceiver({ statePath });
  for (const chunkNumber of [0, 1]) {
    await postChunk(before.callbackUrl, { chunkNumber, isLast: chunkNumber === 1 }, { 'ackstream-epoch': '3' });
  }
  await postChunk(before.callbackUrl, { chunkNumber: 0 });
  await postCompletion(before.callbackUrl, 2);
  const seen = [await before.report(INGESTION_ID), await before.records(INGESTION_ID)];
  await before.stop();

  const after = await startReceiver({ statePath });
  expect([await after.report(INGESTION_ID), await after.records(INGESTION_ID)]).toEqual(seen);
  expect((await postChunk(after.callbackUrl, { chunkNumber: 1 })).json).toEqual(acknowledgement(1));
  const stale = await postChunk(after.callbackUrl, { chunkNumber: 2 }, { 'ackstream-epoch': '2' });
  expect(stale.json).toEqual(refusal(2, 'STALE_EPOCH', { epoch: 3 }));
});

it('has a chunk once that it stored before it was killed, and acknowledges it when it comes again', async () => {
  const statePath = join(tempFolder(), 'receiver.db');
  const fault = 'hang,after_storing=true,chunk=1';
  const killed = await startReceiverProcess('--port', '0', '--state', statePath, '--fault', fault);
  await postChunk(killed.callbackUrl, { chunkNumber: 0 });
  const lost = postChunk(killed.callbackUrl, { chunkNumber: 1 }).catch((error: Error) => error);
  await killed.nextLine((line) => line.includes('chunk 1') && line.includes('fault: hang'));
  killed.child.kill('SIGKILL');
  expect(await lost).toBeInstanceOf(Error);

  const after = await startReceiver({ statePath });
  expect((await postChunk(after.callbackUrl, { chunkNumber: 1 })).json).toEqual(acknowledgement(1));
  expect(await after.report(INGESTION_ID)).toMatchObject({ chunks: 2, records: 4, duplicates: 1 });
});

it('stores a chunk once that arrives many times at once', async () => {
  const { callbackUrl, report } = await startReceiver({ statePath: join(tempFolder(), 'receiver.db') });
  const answers = await Promise.all(Array.from({ length: 40 }, () => postChunk(callbackUrl, { chunkNumber: 0 })));
  for (const answer of answers) expect(answer.json).toEqual(acknowledgement(0));
  expect(await report(INGESTION_ID)).toMatchObject({ chunks: 1, records: 2, answers: { stored: 1, duplicate: 39 } });
});

it('stores a chunk once that arrives at two processes with one state file', async () => {
  const statePath = join(tempFolder(), 'receiver.db');
  const one = await startReceiver({ statePath });
  const other = await startReceiverProcess('--port', '0', '--state', statePath);
  const urls = Array.from({ length: 20 }, () => [one.callbackUrl, other.callbackUrl]).flat();
  const answers = await Promise.all(urls.map((url) => postChunk(url, { chunkNumber: 0 })));
  for (const answer of answers) expect(answer.json).toEqual(acknowledgement(0));
  expect(await one.report(INGESTION_ID)).toMatchObject({ answers: { stored: 1, duplicate: 39 } });
});
