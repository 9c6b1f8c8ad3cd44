/**
 * Runs each round of each way in a process of its own, so that none profits from another's warm code or pays for its garbage. This file is also what these
 * processes run.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Tally, Way } from './ways/way.ts';

const WAYS = {
  ackstream: async () => (await import('./ways/ackstream.ts')).ackstream,
  'csv-parse': async () => (await import('./ways/csv-parse.ts')).csvParse,
  'decompress gzip': async () => (await import('./ways/decompress-gzip.ts')).decompressGzip,
  exceljs: async () => (await import('./ways/exceljs.ts')).exceljs,
  gunzip: async () => (await import('./ways/gunzip.ts')).gunzip,
  'JSON.parse, sort, stringify': async () => (await import('./ways/json-parse.ts')).jsonParse,
  'recorded delivery': async () => (await import('./ways/recorded-delivery.ts')).recordedDelivery,
  'raw sender': async () => (await import('./ways/raw-sender.ts')).rawSender,
  saxes: async () => (await import('./ways/saxes.ts')).saxes,
  'stream-json': async () => (await import('./ways/stream-json.ts')).streamJson,
} satisfies Readonly<Record<string, () => Promise<Way>>>;

/** What can be measured. */
export type WayName = keyof typeof WAYS;

/** One run over a whole file. */
export interface Round extends Tally {
  readonly durationMs: number;
  /** On all cores, by user and system. */
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
}

/** Runs a way once, in a process of its own. */
export async function runWay(way: WayName, path: string, ...args: readonly string[]): Promise<Round> {
  const child = fork(import.meta.filename, [way, path, ...args], { execArgv: [] });
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (typeof message !== 'object' || message === null) throw new Error(`${way} ended with ${String(message)}`);
  return message as Round;
}

/** Bytes per round and second, in millions. */
export function megabytesPerSecond({ byteCount, durationMs }: Round): number {
  return byteCount / 1000 / durationMs;
}

/** Records per second. */
export function recordsPerSecond({ recordCount, durationMs }: Round): number {
  return (recordCount / durationMs) * 1000;
}

if (import.meta.main) {
  const [name, path = '', ...args] = process.argv.slice(2);
  const way = await WAYS[name as WayName]();
  const begunAt = performance.now();
  const tally = await way(path, ...args);
  const durationMs = performance.now() - begunAt;
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpuMs = (userCPUTime + systemCPUTime) / 1000;
  process.send?.({ ...tally, durationMs, cpuMs, peakMemoryBytes: maxRSS * 1024 } satisfies Round);
}
