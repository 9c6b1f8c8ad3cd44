import { ServiceError } from '../errors.ts';
import type { Chunk, ChunkPlan } from '../model/chunk.ts';
import type { Ingestion } from '../model/ingestion.ts';
import { type RebuildDependencies, withRebuildSession } from './rebuild-session.ts';

/** Chunks that are rebuilt, or handed to their clients, at the same time: each keeps a core busy and up to 64 MiB in memory. */
export const MAX_REBUILDS = 2;

/** Rebuilds single chunks from their source, byte for byte as they were sent: no payload is kept. */
export class ChunkRebuilder {
  readonly #dependencies: RebuildDependencies;
  readonly #closing = new AbortController();
  #runningCount = 0;

  constructor(dependencies: RebuildDependencies) {
    this.#dependencies = dependencies;
  }

  /** The plan of a chunk, which holds its checksum. Throws CHUNK_NOT_FOUND. */
  async planOf(ingestionId: string, chunkNumber: number): Promise<ChunkPlan> {
    const planned = await this.#dependencies.store.getPlan(ingestionId, chunkNumber);
    if (planned === null) throw new ServiceError('CHUNK_NOT_FOUND');
    return planned.plan;
  }

  /**
   * Rebuilds a chunk. Its place among those that are rebuilt stays taken until it is given back with `release`, however often.
   * @throws READ_BACK_BUSY where too many are taken, SOURCE_CHANGED where the source no longer gives the recorded bytes, what opening a source throws, and SHUTTING_DOWN where
   * the service closes or nobody waits any longer.
   */
  async rebuild(
    ingestion: Ingestion,
    plan: ChunkPlan,
    signal: AbortSignal,
  ): Promise<{ readonly chunk: Chunk; readonly release: () => void }> {
    if (this.#runningCount >= MAX_REBUILDS) throw new ServiceError('READ_BACK_BUSY');
    const release = this.#take();
    try {
      const rebuilding = { ingestion, from: plan, signal: AbortSignal.any([signal, this.#closing.signal]) };
      const chunk = await withRebuildSession(rebuilding, this.#dependencies, (session) => session.rebuild(plan));
      return { chunk, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closing.abort();
  }

  #take(): () => void {
    this.#runningCount += 1;
    let isTaken = true;
    return () => {
      if (isTaken) this.#runningCount -= 1;
      isTaken = false;
    };
  }
}
