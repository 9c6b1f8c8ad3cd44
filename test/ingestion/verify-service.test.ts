import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import type { ChunkSession } from '../../src/ingestion/chunk-session.ts';
import { ChunkRebuilder } from '../../src/ingestion/rebuild-chunk.ts';
import type { VerificationDependencies } from '../../src/ingestion/verify-service.ts';
import { VerificationService } from '../../src/ingestion/verify-service.ts';
import type { Ingestion } from '../../src/model/ingestion.ts';
import { ManualClock, settled } from '../harness/manual-clock.ts';
import { sampleChain } from '../state/sample-state.ts';

const CHAIN = sampleChain(3);

/** An ingestion of which the three chunks of {@link CHAIN} are acknowledged. */
function delivered(ingestionId: string): Ingestion {
  return {
    ingestionId,
    filePath: '/feeds/a.json',
    fileType: 'json',
    read: {},
    fingerprint: { size: 1 },
    highestAckedChunk: 2,
    checkpoint: { nextChunkNumber: 3, chainChecksum: CHAIN[2]?.chainChecksum },
  } as unknown as Ingestion;
}

/** Dependencies whose sessions verify what `verify` lets pass. */
function reading(verify: ChunkSession['verify'], chain = CHAIN) {
  let closedCount = 0;
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => {});
  const close = () => {
    closedCount += 1;
    closed.reject(new ServiceError('INTERNAL', { detail: 'The thread ended.' }));
    return Promise.resolve();
  };
  const dependencies: VerificationDependencies = {
    store: {
      getIngestion: () => Promise.resolve(null),
      getPlan: (_, chunkNumber) => Promise.resolve(chain[chunkNumber] ?? null),
    },
    openSources: () => Promise.resolve({ files: [{}], fingerprint: { size: 2 } } as never),
    openSession: () =>
      ({
        opened: () => Promise.resolve(null),
        verify: (plan: Parameters<ChunkSession['verify']>[0]) => Promise.race([verify(plan), closed.promise]),
        rebuild: () => Promise.race([new Promise(() => {}), closed.promise]),
        close,
      }) as unknown as ChunkSession,
    clock: new ManualClock(5),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  };
  return { dependencies, closedCount: () => closedCount };
}

describe('a verification', () => {
  it('counts as it goes, and is done when all is compared', async () => {
    const service = new VerificationService(reading(() => Promise.resolve()).dependencies);
    expect(service.find('a')).toBeNull();
    expect(service.start(delivered('a'))).toMatchObject({ state: 'running', chunkCount: 3, verifiedChunkCount: 0 });
    await settled();
    await settled();
    expect(service.find('a')).toMatchObject({
      state: 'done',
      verifiedChunkCount: 3,
      verifiedRecordCount: 30,
      endedAt: 5,
    });
    await service.close();
  });

  it('finds a chain that does not follow from the checksums, and a checkpoint that is not its end', async () => {
    const [first, second, third] = CHAIN;
    const forged = [first, { ...second, chainChecksum: 'f'.repeat(64) }, third] as typeof CHAIN;
    const service = new VerificationService(reading(() => Promise.resolve(), forged).dependencies);
    service.start(delivered('a'));
    const elsewhere = delivered('b');
    const { dependencies } = reading(() => Promise.resolve());
    const other = new VerificationService(dependencies);
    other.start({ ...elsewhere, checkpoint: { ...elsewhere.checkpoint, chainChecksum: '0'.repeat(64) } });
    await settled();
    await settled();
    expect(service.find('a')).toMatchObject({ mismatch: { chunkNumber: 1, kind: 'chain', recordOffset: 10 } });
    expect(other.find('b')).toMatchObject({ mismatch: { chunkNumber: 2, kind: 'chain' } });
  });

  it('takes whatever a reader finds wrong for a change of the source, and a disk that fails for none', async () => {
    const states = [];
    for (const code of ['READER_SYNTAX', 'SOURCE_UNREADABLE'] as const) {
      const service = new VerificationService(reading(() => Promise.reject(new ServiceError(code))).dependencies);
      service.start(delivered('a'));
      await settled();
      await settled();
      states.push(service.find('a'));
    }
    expect(states).toMatchObject([
      { state: 'done', mismatch: { kind: 'source' } },
      { state: 'failed', error: { code: 'SOURCE_UNREADABLE' } },
    ]);
  });

  it('is one at a time of each ingestion and few in all, and given up when the service closes', async () => {
    const { dependencies, closedCount } = reading(() => new Promise(() => {}));
    const service = new VerificationService(dependencies);
    const begun = service.start(delivered('a'));
    expect(service.start(delivered('a'))).toEqual(begun);
    service.start(delivered('b'));
    expect(() => service.start(delivered('c'))).toThrow(expect.objectContaining({ code: 'READ_BACK_BUSY' }));
    await settled();
    await service.close();
    expect(closedCount()).toBeGreaterThan(0);
    for (const id of ['a', 'b']) {
      expect(service.find(id)).toMatchObject({ state: 'failed', error: { code: 'SHUTTING_DOWN' } });
    }
    expect(() => service.start(delivered('c'))).toThrow(expect.objectContaining({ code: 'SHUTTING_DOWN' }));
  });

  it('keeps the end of the service waiting for a while only, where its thread cannot be ended', async () => {
    const { dependencies } = reading(() => new Promise(() => {}));
    const clock = new ManualClock(5);
    const heldByDisk = { opened: () => new Promise(() => {}), close: () => new Promise(() => {}) } as ChunkSession;
    const service = new VerificationService({ ...dependencies, clock, openSession: () => heldByDisk });
    service.start(delivered('a'));
    await settled();
    let isClosed = false;
    const closed = service.close().then(() => {
      isClosed = true;
    });
    await settled();
    expect(isClosed).toBe(false);
    clock.advance(8_000);
    await closed;
  });
});

describe('a verification that is forgotten', () => {
  it('ends, leaves nothing of what came of it, and keeps its place until its thread has ended', async () => {
    const { dependencies, closedCount } = reading(() => new Promise(() => {}));
    const service = new VerificationService(dependencies);
    expect(service.forget('a')).toBe(false);
    service.start(delivered('a'));
    await settled();
    expect(service.forget('a')).toBe(true);
    expect([service.find('a'), service.forget('a')]).toEqual([null, false]);
    expect(() => service.start(delivered('a'))).toThrow(expect.objectContaining({ code: 'READ_BACK_BUSY' }));
    await settled();
    await settled();
    expect(closedCount()).toBeGreaterThan(0);
    expect(service.find('a')).toBeNull();
    expect(service.start(delivered('a'))).toMatchObject({ state: 'running', verifiedChunkCount: 0 });
    await service.close();
  });

  it('may have ended before', async () => {
    const service = new VerificationService(reading(() => Promise.resolve()).dependencies);
    service.start(delivered('a'));
    await settled();
    await settled();
    expect(service.find('a')).toMatchObject({ state: 'done' });
    expect(service.forget('a')).toBe(true);
    expect(service.find('a')).toBeNull();
  });
});

describe('chunks that are rebuilt', () => {
  it('are few at a time, given up by who waits and when the service closes', async () => {
    const rebuilder = new ChunkRebuilder(reading(() => Promise.resolve()).dependencies);
    const plan = await rebuilder.planOf('a', 0);
    await expect(rebuilder.planOf('a', 3)).rejects.toMatchObject({ code: 'CHUNK_NOT_FOUND' });
    const caller = new AbortController();
    const rebuild = (signal = caller.signal) => rebuilder.rebuild(delivered('a'), plan, signal);
    const underWay = Promise.allSettled([rebuild(), rebuild(new AbortController().signal)]);
    await expect(rebuild()).rejects.toMatchObject({ code: 'READ_BACK_BUSY' });
    await settled();
    caller.abort();
    rebuilder.close();
    const givenUp = { status: 'rejected', reason: { code: 'SHUTTING_DOWN' } };
    expect(await underWay).toMatchObject([givenUp, givenUp]);
    await expect(rebuild()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});
