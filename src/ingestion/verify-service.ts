import { type ErrorRecord, ServiceError, toErrorRecord, toServiceError } from '../errors.ts';
import type { ChunkPlan } from '../model/chunk.ts';
import type { Clock } from '../model/clock.ts';
import type { Ingestion } from '../model/ingestion.ts';
import type { Logger } from '../model/logger.ts';
import type { RebuildDependencies } from './rebuild-session.ts';
import { type Mismatch, verifyChunks } from './verify-chunks.ts';
import { withinMs } from './within-ms.ts';

/** How long the end of the service waits for what was given up: a thread that a dead disk holds cannot be ended. */
const CLOSE_WITHIN_MS = 8_000;

/** Verifications at the same time: each keeps a core busy that deliveries could use. */
export const MAX_VERIFICATIONS = 2;
/** Results that are remembered; the oldest are forgotten. */
const MAX_RESULTS = 1_000;

/** How much of an ingestion is compared. */
interface ComparedChunks {
  /** How many chunks are to be compared. */
  readonly chunkCount: number;
  readonly verifiedChunkCount: number;
  readonly verifiedRecordCount: number;
  readonly startedAt: number;
}

/**
 * How far a verification is, or what came of it. Times are wall clock, ms. `done`: everything was compared, or something differs (`mismatch`); `failed`: it could
 * not be compared, which says nothing of it.
 */
export type Verification = ComparedChunks &
  (
    | { readonly state: 'running' }
    | { readonly state: 'done'; readonly mismatch: Mismatch | null; readonly endedAt: number }
    | { readonly state: 'failed'; readonly error: ErrorRecord; readonly endedAt: number }
  );

/** A verification that is under way. */
interface RunningVerification {
  readonly giveUp: AbortController;
  readonly ended: Promise<void>;
}

/** What verifications work with. */
export interface VerificationDependencies extends RebuildDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Verifies ingestions in the background, one at a time of each and few in all, and remembers the last result of each until the process ends. */
export class VerificationService {
  readonly #dependencies: VerificationDependencies;
  readonly #closing = new AbortController();
  readonly #verifications = new Map<string, Verification>();
  readonly #running = new Map<string, RunningVerification>();

  constructor(dependencies: VerificationDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Begins a verification; where one of the ingestion is under way, tells of that. Throws READ_BACK_BUSY, also where one that was given up still reads, and
   * SHUTTING_DOWN.
   */
  start(ingestion: Ingestion): Verification {
    const { ingestionId, highestAckedChunk } = ingestion;
    const isRunning = this.#running.has(ingestionId);
    const underWay = isRunning ? this.find(ingestionId) : null;
    if (underWay !== null) return underWay;
    if (this.#closing.signal.aborted) throw new ServiceError('SHUTTING_DOWN');
    if (isRunning || this.#running.size >= MAX_VERIFICATIONS) throw new ServiceError('READ_BACK_BUSY');
    const startedAt = this.#dependencies.clock.now();
    const nothing = { chunkCount: highestAckedChunk + 1, verifiedChunkCount: 0, verifiedRecordCount: 0, startedAt };
    const begun: Verification = { state: 'running', ...nothing };
    this.#remember(ingestionId, begun);
    const giveUp = new AbortController();
    const ended = this.#verify(ingestion, nothing, giveUp.signal).finally(() => this.#running.delete(ingestionId));
    this.#running.set(ingestionId, { giveUp, ended });
    return begun;
  }

  /** The verification of an ingestion that was begun last; null: none since the process began. */
  find(ingestionId: string): Verification | null {
    return this.#verifications.get(ingestionId) ?? null;
  }

  /** Forgets what came of the last verification of an ingestion, and gives one up that is under way. False: there was none. */
  forget(ingestionId: string): boolean {
    this.#running.get(ingestionId)?.giveUp.abort();
    return this.#verifications.delete(ingestionId);
  }

  /** Gives up what is under way, and resolves when nothing of it is left, or after 8 s. */
  async close(): Promise<void> {
    this.#closing.abort();
    const ended = Promise.all([...this.#running.values()].map((one) => one.ended));
    await withinMs(CLOSE_WITHIN_MS, ended, this.#dependencies.clock);
  }

  async #verify(ingestion: Ingestion, nothing: ComparedChunks, givenUp: AbortSignal): Promise<void> {
    const { ingestionId } = ingestion;
    const { clock, logger } = this.#dependencies;
    let compared = nothing;
    const update = (latest: Verification) => {
      if (!givenUp.aborted) this.#verifications.set(ingestionId, latest);
    };
    const onVerified = ({ recordCount }: ChunkPlan) => {
      const verifiedChunkCount = compared.verifiedChunkCount + 1;
      compared = { ...compared, verifiedChunkCount, verifiedRecordCount: compared.verifiedRecordCount + recordCount };
      update({ state: 'running', ...compared });
    };
    try {
      const options = { ingestion, signal: AbortSignal.any([givenUp, this.#closing.signal]), onVerified };
      const mismatch = await verifyChunks(options, this.#dependencies);
      const fields = { ingestion_id: ingestionId, chunks: compared.verifiedChunkCount };
      if (mismatch === null) logger.info('source.verified', fields);
      else logger.warn('source.differs', { ...fields, chunk: mismatch.chunkNumber, kind: mismatch.kind });
      update({ state: 'done', ...compared, mismatch, endedAt: clock.now() });
    } catch (cause) {
      const error = toErrorRecord(toServiceError(cause));
      logger.info('source.unverified', { ingestion_id: ingestionId, code: error.code, reason: error.message });
      update({ state: 'failed', ...compared, error, endedAt: clock.now() });
    }
  }

  #remember(ingestionId: string, begun: Verification): void {
    this.#verifications.delete(ingestionId);
    this.#verifications.set(ingestionId, begun);
    const [oldest] = this.#verifications.keys();
    if (this.#verifications.size > MAX_RESULTS && oldest !== undefined) this.#verifications.delete(oldest);
  }
}
