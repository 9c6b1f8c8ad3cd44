import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ChunkerResult } from '../../src/chunking/chunker.ts';
import type { ChunkWorkerStart } from '../../src/ingestion/chunk-messages.ts';
import type { ChunkSession } from '../../src/ingestion/chunk-session.ts';
import { workerSessions } from '../../src/ingestion/worker-chunk-session.ts';
import type { Chunk } from '../../src/model/chunk.ts';
import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import { feedRecords, writeFeed } from '../harness/feed.ts';
import { manyNames } from '../harness/many-names.ts';
import { openSources } from '../harness/sources.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { sampleIngestion } from '../state/sample-state.ts';

const TEN_RECORDS = { maxRecords: 10, maxBytes: 1_000_000, closeAtBytes: null };

async function openSession(sourcePath: string, change: Partial<ChunkWorkerStart> = {}): Promise<ChunkSession> {
  return startSession({ files: (await openSources(sourcePath)).files, ...change });
}

function startSession(
  change: Pick<ChunkWorkerStart, 'files'> & Partial<ChunkWorkerStart>,
  memoryMib = 512,
): ChunkSession {
  const session = workerSessions({ memoryBytes: memoryMib * 1024 ** 2 })({
    ingestionId: 'a'.repeat(64),
    fileType: 'json',
    read: { ...sampleIngestion('feed').read, recordPath: null, format: DEFAULT_FORMATS.json },
    position: null,
    chunkNumber: 0,
    recordOffset: 0,
    ...change,
  });
  onTestFinished(() => session.close());
  return session;
}

const XML_READ = {
  ...sampleIngestion('feed').read,
  recordPath: 'p',
  maxRecordBytes: 1024 ** 3,
  format: DEFAULT_FORMATS.xml,
};

/** The chunk that was given; none where it was the end. */
function chunkIn(result: ChunkerResult): Chunk | undefined {
  return result.kind === 'chunk' ? result.chunk : undefined;
}

function feed(recordCount: number): string {
  const path = join(tempFolder(), 'feed.json');
  writeFeed(path, recordCount);
  return path;
}

function replaceByFolder(path: string): void {
  renameSync(path, `${path}.gone`);
  mkdirSync(path);
}

function textOf(body: Uint8Array | undefined): string {
  return new TextDecoder().decode(body);
}

describe('a session', () => {
  it('writes a chunk over a body that is done with, and over no other', async () => {
    const path = feed(40);
    const expected = await openSession(path);
    const session = await openSession(path);
    const first = chunkIn(await session.next(TEN_RECORDS));
    const second = chunkIn(await session.next(TEN_RECORDS));
    const secondText = textOf(second?.body);
    const third = chunkIn(await session.next(TEN_RECORDS, first?.body));
    for (const chunk of [null, second, third]) {
      const { body } = chunkIn(await expected.next(TEN_RECORDS)) ?? {};
      if (chunk !== null) expect(textOf(chunk?.body)).toBe(textOf(body));
    }
    expect(textOf(second?.body)).toBe(secondText);
    expect(textOf(first?.body).slice(0, 200)).toBe(textOf(third?.body).slice(0, 200));
  });

  it('tells what it opened, and answers demands in their order', async () => {
    const session = await openSession(feed(25));
    expect(await session.opened()).toBe('');
    const results = await Promise.all([1, 2, 3, 4].map(() => session.next(TEN_RECORDS, null)));
    const chunks = results.map(chunkIn);
    expect(chunks.map((chunk) => chunk?.plan.recordCount)).toEqual([10, 10, 5, undefined]);
    expect(chunks.map((chunk) => chunk?.plan.isLast)).toEqual([false, false, true, undefined]);
    expect(textOf(chunks[1]?.body)).toContain(`"records":[${feedRecords(20).slice(10).join(',')}]`);
  });

  it('goes on at the position of a recorded plan, with the bytes that were recorded', async () => {
    const path = feed(25);
    const first = await openSession(path);
    await first.next(TEN_RECORDS, null);
    const second = chunkIn(await first.next(TEN_RECORDS, null));
    if (second === undefined) throw new Error('two chunks are there');
    const { plan } = second;
    const { chunkNumber, recordOffset, firstPosition: position } = plan;
    const again = await openSession(path, { position, chunkNumber, recordOffset });
    const [rebuilt, result] = await Promise.all([again.rebuild(plan, null), again.next(TEN_RECORDS, null)]);
    const third = chunkIn(result);
    expect(textOf(rebuilt.body)).toBe(textOf(second.body));
    expect(third?.plan).toMatchObject({ chunkNumber: 2, recordOffset: 20, recordCount: 5, isLast: true });
  });

  it('says what was wrong on opening, also where garbage is collected before anybody listens', async () => {
    const path = join(tempFolder(), 'two-arrays.json');
    writeFileSync(path, '{"a":[{"x":1}],"b":[{"y":2}]}');
    const sessions = await Promise.all(Array.from({ length: 12 }, () => openSession(path)));
    const codes = await Promise.all(sessions.map((session) => session.opened().catch((error) => error.code)));
    expect(codes).toEqual(sessions.map(() => 'RECORD_PATH_NEEDED'));
  });

  it('refuses a plan that the source does not bear out', async () => {
    const session = await openSession(feed(25));
    const chunk = chunkIn(await session.next(TEN_RECORDS, null));
    if (chunk === undefined) throw new Error('a chunk is there');
    await expect(session.verify({ ...chunk.plan, recordOffset: 10 })).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it.each([
    ['is gone', (path: string) => renameSync(path, `${path}.gone`), 'SOURCE_NOT_FOUND'],
    ['is a folder', replaceByFolder, 'SOURCE_NOT_A_FILE'],
    ['is another', (path: string) => writeFileSync(path, '[]'), 'SOURCE_CHANGED'],
  ])('tells each of its demands why where the source %s', async (_, spoil, code) => {
    const path = feed(1);
    const { files } = await openSources(path);
    spoil(path);
    const session = startSession({ files });
    const failures = [session.opened(), session.next(TEN_RECORDS, null), session.next(TEN_RECORDS, null)];
    for (const failure of failures) await expect(failure).rejects.toMatchObject({ code });
  });

  it('refuses what is open when it is closed, and what is demanded after that', async () => {
    const session = await openSession(feed(25));
    const open = [session.opened(), session.next(TEN_RECORDS, null)];
    for (const demand of open) demand.catch(() => {});
    await Promise.all([session.close(), session.close()]);
    for (const demand of open) await expect(demand).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(session.next(TEN_RECORDS, null)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('refuses its demands where its thread cannot begin', async () => {
    const session = await openSession(feed(1), { read: null as never });
    await expect(session.opened()).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(session.next(TEN_RECORDS, null)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('refuses its demands where its thread takes more memory than it may, and the process goes on', async () => {
    const path = manyNames(400_000);
    const { files } = await openSources(path);
    const session = startSession({ files, fileType: 'xml', read: XML_READ }, 16);
    await expect(session.next(TEN_RECORDS, null)).rejects.toMatchObject({ code: 'WORKER_OUT_OF_MEMORY' });
    await expect(session.next(TEN_RECORDS, null)).rejects.toMatchObject({ code: 'WORKER_OUT_OF_MEMORY' });
  });
});
