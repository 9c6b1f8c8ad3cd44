/**
 * How fast a JSON array becomes canonical records on one thread: our reader, the stream-json pipeline that it replaces, and JSON.parse of
 * the whole where it fits. Each round runs in a process of its own, so that none profits from another's warm code or pays for its garbage.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import stringify from 'safe-stable-stringify';
import streamArray from 'stream-json/streamers/stream-array.js';
import { openReader } from '../src/readers/open-reader.ts';
import { openFileSource } from '../src/sources/file-source.ts';
import { median } from './median.ts';

/** What can be measured. */
export const READING_WAYS = ['ackstream', 'stream-json', 'JSON.parse'] as const;
/** One of {@link READING_WAYS}. */
export type ReadingWay = (typeof READING_WAYS)[number];

/** One run over the whole file. */
interface ReadingRound {
  readonly recordCount: number;
  readonly canonicalBytes: number;
  readonly durationMs: number;
  readonly peakMemoryBytes: number;
}

/** The median of the rounds of one way, and the highest memory. */
export interface ReadingFigures {
  readonly way: ReadingWay;
  readonly recordCount: number;
  readonly megabytesPerSecond: number;
  readonly peakMemoryMegabytes: number;
}

/** Longest file that JSON.parse can be given: V8's longest string, all its bytes being at least a character. */
const MAX_STRING_BYTES = 0x1fff_ffe8;

/** Measures every way that can take the file, the ways in turn within each round. Throws where two do not agree on the records. */
export async function measureReading(path: string, rounds: number): Promise<readonly ReadingFigures[]> {
  const { size } = await stat(path);
  const ways = READING_WAYS.filter((way) => way !== 'JSON.parse' || size <= MAX_STRING_BYTES);
  const results = new Map(ways.map((way): [ReadingWay, ReadingRound[]] => [way, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [way, measured] of results) measured.push(await runRound(way, path));
  }
  const counts = new Set([...results.values()].flat().map(({ recordCount }) => recordCount));
  if (counts.size !== 1) throw new Error(`the ways disagree on the number of records: ${[...counts].join(', ')}`);
  return [...results].map(([way, measured]) => ({
    way,
    recordCount: measured[0]?.recordCount ?? 0,
    megabytesPerSecond: median(measured.map(({ durationMs }) => size / 1000 / durationMs)),
    peakMemoryMegabytes: Math.max(...measured.map(({ peakMemoryBytes }) => peakMemoryBytes)) / 1e6,
  }));
}

async function runRound(way: ReadingWay, path: string): Promise<ReadingRound> {
  const child = fork(import.meta.filename, [way, path], { execArgv: [] });
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (typeof message !== 'object' || message === null)
    throw new Error(`reading with ${way} ended with ${String(message)}`);
  return message as ReadingRound;
}

type Tally = Pick<ReadingRound, 'recordCount' | 'canonicalBytes'>;

const READERS: Readonly<Record<ReadingWay, (path: string) => Promise<Tally>>> = {
  async ackstream(path) {
    const source = await openFileSource(path);
    const options = { maxRecordBytes: 64 * 1024 * 1024, maxDepth: 256, numberForm: 'exact', recordPath: '' } as const;
    let recordCount = 0;
    let canonicalBytes = 0;
    for await (const batch of openReader('json').read(source, null, options)) {
      recordCount += batch.length;
      for (const { bytes } of batch) canonicalBytes += bytes.length;
    }
    await source.close();
    return { recordCount, canonicalBytes };
  },

  async 'stream-json'(path) {
    let recordCount = 0;
    let canonicalBytes = 0;
    for await (const { value } of createReadStream(path).pipe(streamArray.withParserAsStream())) {
      recordCount += 1;
      canonicalBytes += Buffer.from(stringify(value) ?? '').length;
    }
    return { recordCount, canonicalBytes };
  },

  async 'JSON.parse'(path) {
    const records = JSON.parse(await readFile(path, 'utf8')) as unknown[];
    let canonicalBytes = 0;
    for (const record of records) canonicalBytes += Buffer.from(stringify(record) ?? '').length;
    return { recordCount: records.length, canonicalBytes };
  },
};

if (import.meta.main) {
  const [way, path] = process.argv.slice(2) as [ReadingWay, string];
  const begunAt = performance.now();
  const tally = await READERS[way](path);
  const durationMs = performance.now() - begunAt;
  process.send?.({
    ...tally,
    durationMs,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  } satisfies ReadingRound);
}
