/** Previews on their threads: what they answer with, and that nothing of them is left however they end. */
import { once } from 'node:events';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { request as requestOver } from 'node:http';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type PreviewReply, PreviewService } from '../../src/ingestion/preview-service.ts';
import { parsePreviewRequest } from '../../src/protocol/preview-request.ts';
import type { SourceSet } from '../../src/sources/source.ts';
import { feedNamed, pathOfFeed } from '../harness/format-feeds.ts';
import { manyNames } from '../harness/many-names.ts';
import { startService } from '../harness/service.ts';
import { openSources } from '../harness/sources.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { until } from '../harness/until.ts';

const limits = { maxDepth: 64, maxRecordBytes: 4 << 20, workerMemoryBytes: 512 << 20 };

function previewsOf(
  open: (path: string) => Promise<SourceSet> = openSources,
  change: Partial<typeof limits> = {},
): PreviewService {
  const previews = new PreviewService({ openSources: open, limits: { ...limits, ...change } });
  onTestFinished(() => previews.close());
  return previews;
}

/** The threads that are started from here on. */
function watchThreads(): Worker[] {
  const started: Worker[] = [];
  const watch = (worker: Worker) => void started.push(worker);
  process.on('worker', watch);
  onTestFinished(() => void process.off('worker', watch));
  return started;
}

/** Fails unless threads were started and all have ended, and no file below the folder is open. */
async function expectNothingLeft(threads: readonly Worker[], folder: string): Promise<void> {
  expect(threads.length).toBeGreaterThan(0);
  await until(
    () => threads.map(({ threadId }) => threadId),
    (ids) => ids.every((id) => id === -1),
  );
  await until(
    () => openFilesBelow(folder),
    (paths) => paths.length === 0,
  );
}

/** Those that were expanded to the disk among them. */
function openFilesBelow(folder: string): string[] {
  const handles = '/proc/self/fd';
  if (!existsSync(handles)) return [];
  return readdirSync(handles)
    .flatMap((handle) => {
      try {
        return readlinkSync(join(handles, handle));
      } catch {
        // Closed since it was listed.
        return [];
      }
    })
    .filter((path) => path.startsWith(folder) || path.includes('ackstream-spool-'));
}

const LONG_FEED_BYTES = 8 * 2 ** 30;

/** A feed that no machine reads before it is given up: a pattern of many names that one file of lines has. */
function writeLongFeed(folder: string): string {
  const linesFolder = join(folder, 'long');
  mkdirSync(linesFolder);
  const first = join(linesFolder, '0.ndjson');
  const lines = Buffer.alloc(64 << 20, `{"text":"${'x'.repeat(117)}"}\n`);
  writeFileSync(first, lines);
  for (let index = 1; index < LONG_FEED_BYTES / lines.length; index += 1)
    linkSync(first, join(linesFolder, `${index}.ndjson`));
  return join(linesFolder, '*.ndjson');
}

const requestFor = (path: string, fields: object = {}) => parsePreviewRequest({ file_path: path, ...fields });

describe('a preview', () => {
  it.each(['JSON', 'Excel', 'zipped XML'])('of %s leaves neither thread nor open file', async (name) => {
    const threads = watchThreads();
    const folder = tempFolder();
    const feed = feedNamed(name);
    const path = pathOfFeed(feed, folder);
    await feed.write(path, 5_000);
    const request = requestFor(path, feed.request);
    const { preview } = await previewsOf().preview(request, { signal: new AbortController().signal });
    expect(preview.recordCount).toBe(1_000);
    await expectNothingLeft(threads, folder);
  });

  it('of a workbook that lies in a compressed file leaves nothing of either', async () => {
    const threads = watchThreads();
    const folder = tempFolder();
    const path = join(folder, 'feed.xlsx.gz');
    const workbook = join(folder, 'feed.xlsx');
    await feedNamed('Excel').write(workbook, 20);
    writeFileSync(path, gzipSync(readFileSync(workbook)));
    const { preview } = await previewsOf().preview(requestFor(path), { signal: new AbortController().signal });
    expect(preview).toMatchObject({ recordCount: 20, coding: { compression: 'gzip', encoding: null } });
    await expectNothingLeft(threads, folder);
  });

  it('that is given up before it begins starts no thread', async () => {
    const threads = watchThreads();
    const folder = tempFolder();
    writeFileSync(join(folder, 'feed.json'), '[]');
    const previewing = previewsOf().preview(requestFor(join(folder, 'feed.json')), { signal: AbortSignal.abort() });
    await expect(previewing).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(threads).toEqual([]);
  });

  it.each([
    ['is broken', 'broken.json', '[{"a":1}', 'READER_TRUNCATED'],
    ['is damaged', 'damaged.json.gz', gzipSync('[1]').fill(0x55, 14), 'SOURCE_DAMAGED'],
  ])('of a file that %s says so, and leaves nothing', async (_, name, content, code) => {
    const threads = watchThreads();
    const folder = tempFolder();
    const path = join(folder, name);
    writeFileSync(path, content);
    const failing = previewsOf().preview(requestFor(path), { signal: new AbortController().signal });
    await expect(failing).rejects.toMatchObject({ code });
    await expectNothingLeft(threads, folder);
  });

  it('that takes more memory than its thread may says so, and leaves nothing', async () => {
    const threads = watchThreads();
    const folder = tempFolder();
    const previews = previewsOf(openSources, { workerMemoryBytes: 16 << 20, maxRecordBytes: 1 << 30 });
    const request = requestFor(manyNames(400_000, folder), { record_path: 'p' });
    const previewing = previews.preview(request, { signal: new AbortController().signal });
    await expect(previewing).rejects.toMatchObject({ code: 'WORKER_OUT_OF_MEMORY' });
    await expectNothingLeft(threads, folder);
  });

  it('tells how far it is, ends where it is given up, and leaves nothing', async () => {
    const threads = watchThreads();
    const folder = tempFolder();
    const giveUp = new AbortController();
    const progress: { recordCount: number; sourceBytes: number; size: number }[] = [];
    const previewing = previewsOf().preview(requestFor(writeLongFeed(folder), { full: true }), {
      signal: giveUp.signal,
      onProgress({ recordCount, sourceBytes }, { fingerprint }) {
        progress.push({ recordCount, sourceBytes, size: fingerprint.size });
        giveUp.abort();
      },
    });
    await expect(previewing).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    const [told] = progress;
    expect(told?.size).toBe(LONG_FEED_BYTES);
    expect(told?.recordCount).toBeGreaterThan(0);
    expect(told?.sourceBytes).toBeLessThan(LONG_FEED_BYTES);
    await expectNothingLeft(threads, folder);
  });

  it('is refused where two are under way, and taken on when one of them has ended', async () => {
    const folder = tempFolder();
    const path = join(folder, 'feed.json');
    writeFileSync(path, '[{"a":1}]');
    const held: (() => void)[] = [];
    const previews = previewsOf(async (filePath) => {
      await new Promise<void>((resolve) => held.push(resolve));
      return openSources(filePath);
    });
    const { signal } = new AbortController();
    const preview = () => previews.preview(requestFor(path), { signal });
    const underWay = [preview(), preview()];
    await expect(preview()).rejects.toMatchObject({ code: 'PREVIEWS_BUSY' });
    held[0]?.();
    await underWay[0];
    const third = preview();
    for (const go of held) go();
    expect((await Promise.all([...underWay, third])).map((done) => done.preview.recordCount)).toEqual([1, 1, 1]);
  });

  it('ends where the service closes', async () => {
    const threads = watchThreads();
    const folder = tempFolder();
    const previews = previewsOf();
    const previewing = previews.preview(requestFor(writeLongFeed(folder), { full: true }), {
      signal: new AbortController().signal,
      onProgress: () => previews.close(),
    });
    await expect(previewing).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expectNothingLeft(threads, folder);
  });

  it('ends where the connection of its request is closed', async () => {
    const folder = tempFolder();
    const feeds = join(folder, 'feeds');
    mkdirSync(feeds);
    const path = writeLongFeed(feeds);
    const { url } = await startService(folder);
    const threads = watchThreads();
    const asking = requestOver(`${url}/api/preview`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    asking.on('error', () => {});
    asking.end(JSON.stringify({ file_path: path, full: true }));
    const replies: string[] = [];
    const [worker] = await once(process, 'worker');
    worker.on('message', ({ kind }: PreviewReply) => {
      replies.push(kind);
      asking.destroy();
    });
    await expectNothingLeft(threads, feeds);
    expect(new Set(replies)).toEqual(new Set(['progress']));
  });
});
