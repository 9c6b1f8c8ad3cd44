/** What the receiver of the original service got wrong, and lost records by: what must hold instead. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startReceiver } from '../harness/receiver.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { acknowledgement, INGESTION_ID, postChunk, recordsOf, refusal } from './send.ts';

it('stores a chunk whose number first came empty, for a refused chunk counts as not seen', async () => {
  const { callbackUrl, records } = await startReceiver();
  expect((await postChunk(callbackUrl, { chunkNumber: 0, records: '[]' })).json).toEqual(refusal(0, 'EMPTY_CHUNK'));
  expect((await postChunk(callbackUrl, { chunkNumber: 0 })).json).toEqual(acknowledgement(0));
  expect(`[${(await records(INGESTION_ID)).join(',')}]`).toBe(recordsOf(0));
});

it('goes on after a restart with the chunk that is next', async () => {
  const statePath = join(tempFolder(), 'receiver.db');
  const before = await startReceiver({ statePath });
  for (const chunkNumber of [0, 1]) await postChunk(before.callbackUrl, { chunkNumber });
  await before.stop();
  const after = await startReceiver({ statePath });
  expect((await postChunk(after.callbackUrl, { chunkNumber: 2 })).json).toEqual(acknowledgement(2));
});

it('says which chunk it needs where its state is lost', async () => {
  const { callbackUrl } = await startReceiver();
  const answer = await postChunk(callbackUrl, { chunkNumber: 2 });
  expect(answer.json).toEqual(refusal(2, 'OUT_OF_ORDER_CHUNK', { expected_chunk: 0 }));
});

it('never acknowledges other records under a chunk id that it has', async () => {
  const { callbackUrl, records, report } = await startReceiver();
  await postChunk(callbackUrl, { chunkNumber: 0 });
  const answer = await postChunk(callbackUrl, { chunkNumber: 0, records: recordsOf(1) });
  expect(answer).toMatchObject({ status: 422, json: refusal(0, 'CHUNK_ID_REUSED') });
  expect(`[${(await records(INGESTION_ID)).join(',')}]`).toBe(recordsOf(0));
  expect(await report(INGESTION_ID)).toMatchObject({ duplicates: 0, mismatches: 1 });
});
