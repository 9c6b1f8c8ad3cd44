import { describe, expect, it } from 'vitest';
import type { ChunkerResult } from '../../src/chunking/chunker.ts';
import { ServiceError } from '../../src/errors.ts';
import { type Ahead, ChunkLookahead, type LookaheadOptions } from '../../src/ingestion/chunk-lookahead.ts';
import {
  CHAIN_START,
  type Chunk,
  type ChunkBounds,
  type ChunkPlan,
  type PlannedChunk,
  type ReadyChunk,
} from '../../src/model/chunk.ts';
import { sampleChunk } from '../delivery/sample-delivery.ts';

const END: ChunkerResult = { kind: 'end', rejects: [] };
const BOUNDS = { maxRecords: 2, maxBytes: 1000, closeAtBytes: null };

function chunkOf(chunkNumber: number, change: { isLast?: boolean; bodyBytes?: number } = {}): ReadyChunk {
  const chunk = sampleChunk({ chunkNumber });
  return {
    ...chunk,
    plan: { ...chunk.plan, isLast: change.isLast ?? false },
    body: change.bodyBytes === undefined ? chunk.body : new Uint8Array(change.bodyBytes),
  };
}

/** A session of `count` chunks whose answers are given when the test says so. */
class ManualSession {
  readonly demands: string[] = [];
  readonly spares: (Uint8Array | null)[] = [];
  readonly #open: PromiseWithResolvers<ChunkerResult>[] = [];

  next(_bounds: ChunkBounds, spare: Uint8Array | null): Promise<ChunkerResult> {
    this.spares.push(spare);
    return this.#demand('next');
  }

  async rebuild(plan: ChunkPlan, spare: Uint8Array | null): Promise<Chunk> {
    this.spares.push(spare);
    const result = await this.#demand(`rebuild ${plan.chunkNumber}`);
    if (result.kind !== 'chunk') throw new Error('no chunk');
    return result.chunk;
  }

  async answer(reply: Chunk | ChunkerResult | Error): Promise<void> {
    await settled();
    const open = this.#open.shift();
    if (reply instanceof Error) open?.reject(reply);
    else open?.resolve('plan' in reply ? { kind: 'chunk', chunk: reply } : reply);
    await settled();
  }

  #demand(what: string): Promise<ChunkerResult> {
    this.demands.push(what);
    const open = Promise.withResolvers<ChunkerResult>();
    this.#open.push(open);
    return open.promise;
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function lookaheadOn(session: ManualSession, change: Partial<LookaheadOptions> = {}): ChunkLookahead {
  return new ChunkLookahead({
    session,
    firstChunkNumber: 0,
    highestPlannedChunk: -1,
    planOnRecord: async (chunkNumber): Promise<PlannedChunk> => {
      // The plan of a later chunk may be found before that of an earlier one.
      for (let turn = chunkNumber; turn < 5; turn += 1) await settled();
      return { plan: chunkOf(chunkNumber).plan, chainChecksum: CHAIN_START };
    },
    bounds: BOUNDS,
    checkSource: async () => {},
    ...change,
  });
}

/** What of a chunk was taken. */
function chunkIn(ahead: Ahead): Chunk | null {
  return ahead.kind === 'chunk' ? ahead.chunk : null;
}

describe('the lookahead', () => {
  it('demands three chunks beside the one taken, however long nobody takes the next', async () => {
    const session = new ManualSession();
    const lookahead = lookaheadOn(session);
    const first = lookahead.take();
    await session.answer(chunkOf(0));
    expect(chunkIn(await first)?.plan.chunkNumber).toBe(0);
    for (const chunkNumber of [1, 2, 3]) await session.answer(chunkOf(chunkNumber));
    expect(session.demands.length).toBe(4);
    expect(lookahead.ready?.chunk.plan.chunkNumber).toBe(1);
  });

  it('gives a body back once, when the chunk after it is taken', async () => {
    const session = new ManualSession();
    const lookahead = lookaheadOn(session);
    const chunks = [0, 1, 2, 3, 4].map((chunkNumber) => chunkOf(chunkNumber));
    const first = lookahead.take();
    for (const chunk of chunks.slice(0, 4)) await session.answer(chunk);
    await first;
    expect(session.spares).toEqual([null, null, null, null]);
    await lookahead.take();
    await session.answer(chunks[4] ?? END);
    await lookahead.take();
    await settled();
    expect(session.spares.slice(4)).toEqual([chunks[0]?.body, chunks[1]?.body]);
  });

  it('gives each chunk with the digest of its body', async () => {
    const session = new ManualSession();
    const taking = lookaheadOn(session).take();
    const { bodyDigest, ...cut } = chunkOf(0);
    await session.answer(cut);
    expect(await taking).toMatchObject({ chunk: { ...cut, bodyDigest } });
  });

  it('demands one beside the one taken where bodies are large', async () => {
    const session = new ManualSession();
    const lookahead = lookaheadOn(session);
    const first = lookahead.take();
    await session.answer(chunkOf(0, { bodyBytes: 9 * 1024 * 1024 }));
    await first;
    await settled();
    expect(session.demands.length).toBe(2);
  });

  it('demands nothing behind the last chunk, and then ends', async () => {
    const session = new ManualSession();
    const lookahead = lookaheadOn(session);
    const first = lookahead.take();
    await session.answer(chunkOf(0, { isLast: true }));
    expect(chunkIn(await first)?.plan.isLast).toBe(true);
    await settled();
    expect(session.demands.length).toBe(1);
    expect(lookahead.ready).toBeNull();
    const end = lookahead.take();
    await session.answer(END);
    expect(await end).toEqual(END);
  });

  it('rebuilds what is planned and demands new chunks behind that, in the order of their numbers', async () => {
    const session = new ManualSession();
    const lookahead = lookaheadOn(session, { firstChunkNumber: 3, highestPlannedChunk: 4 });
    const taken: unknown[] = [];
    for (const chunkNumber of [3, 4, 5]) {
      const taking = lookahead.take();
      for (let turn = 0; turn < 6; turn += 1) await settled();
      await session.answer(chunkOf(chunkNumber));
      const ahead = await taking;
      taken.push([chunkIn(ahead)?.plan.chunkNumber, 'isOnRecord' in ahead && ahead.isOnRecord]);
    }
    expect(taken).toEqual([
      [3, true],
      [4, true],
      [5, false],
    ]);
    expect(session.demands.slice(0, 3)).toEqual(['rebuild 3', 'rebuild 4', 'next']);
  });

  it('hands bad records on between chunks, which count for none', async () => {
    const session = new ManualSession();
    const lookahead = lookaheadOn(session, { firstChunkNumber: 4, highestPlannedChunk: 4 });
    const rejects: ChunkerResult = { kind: 'rejects', rejects: [] };
    const first = lookahead.take();
    for (let turn = 0; turn < 6; turn += 1) await settled();
    await session.answer(chunkOf(4));
    await first;
    await session.answer(rejects);
    expect(lookahead.ready).toBeNull();
    expect(await lookahead.take()).toEqual(rejects);
    await session.answer(chunkOf(5));
    expect(chunkIn(await lookahead.take())?.plan.chunkNumber).toBe(5);
  });

  it('tells a failure of a chunk ahead only when that is taken', async () => {
    const session = new ManualSession();
    const lookahead = lookaheadOn(session);
    const first = lookahead.take();
    await session.answer(chunkOf(0));
    await first;
    await session.answer(new ServiceError('READER_SYNTAX'));
    await session.answer(new ServiceError('READER_SYNTAX'));
    expect(lookahead.ready).toBeNull();
    await expect(lookahead.take()).rejects.toMatchObject({ code: 'READER_SYNTAX' });
  });

  it.each<[string, Partial<LookaheadOptions>]>([
    [
      'the source is no longer what it was',
      {
        checkSource: async () => {
          throw new ServiceError('SOURCE_CHANGED');
        },
      },
    ],
    [
      'its plan cannot be read',
      {
        highestPlannedChunk: 9,
        planOnRecord: async () => {
          throw new ServiceError('SOURCE_CHANGED');
        },
      },
    ],
  ])('gives no chunk where %s', async (_, change) => {
    const session = new ManualSession();
    const lookahead = lookaheadOn(session, change);
    const taking = lookahead.take();
    taking.catch(() => {});
    await session.answer(chunkOf(0));
    await expect(taking).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    expect(lookahead.ready).toBeNull();
  });
});
