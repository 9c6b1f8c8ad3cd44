import { type ErrorCode, toServiceError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { Logger } from '../model/logger.ts';
import type { StateStore } from '../state/state-store.ts';
import type { VerificationService } from './verify-service.ts';

/** How often it is looked for what is old. */
const SWEEP_INTERVAL_MS = 3_600_000;
/** Found at once; whatever there is more is found when these are gone. */
const DELETED_AT_ONCE = 100;

/** A person was faster: resumed what was found, or deleted it. */
const OVERTAKEN: readonly ErrorCode[] = ['MOVE_NOT_ALLOWED', 'INGESTION_NOT_FOUND'];

/** What retention works with. */
export interface RetentionOptions {
  readonly store: Pick<StateStore, 'deleteIngestion' | 'purgeDeleted' | 'listUnpurged' | 'listTerminalBefore'>;
  /** What came of a verification goes with its ingestion. */
  readonly verifications: Pick<VerificationService, 'forget'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a terminal ingestion is kept after its last change, ms; null: for good. */
  readonly retentionMs: number | null;
}

/** Deletes ingestions: one that a person names, and those that are as old as the settings say. What must never be forgotten of them the store keeps. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #closing = new AbortController();
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Goes on with what an earlier process left half removed, and looks for old ones from here on. */
  start(): void {
    this.#sweeping = this.#sweepUntilClosed();
  }

  /** Deletes a terminal ingestion; all of it is gone when this resolves. Throws INGESTION_NOT_FOUND, MOVE_NOT_ALLOWED. */
  async delete(ingestionId: string): Promise<void> {
    await this.#delete(ingestionId, 'request');
  }

  /** Resolves when nothing is removed any more; the next start goes on with it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#sweeping;
  }

  async #delete(ingestionId: string, by: 'request' | 'retention'): Promise<void> {
    const { store, verifications, clock, logger } = this.#options;
    await store.deleteIngestion(ingestionId, clock.now());
    verifications.forget(ingestionId);
    logger.info('ingestion.deleted', { ingestion_id: ingestionId, by });
    await this.#purge(ingestionId);
  }

  /** Piece by piece: deliveries commit in between. */
  async #purge(ingestionId: string): Promise<void> {
    while (!this.#closing.signal.aborted && !(await this.#options.store.purgeDeleted(ingestionId))) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  async #sweepUntilClosed(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#sweep();
      } catch (error) {
        const { code, message } = toServiceError(error);
        logger.error('state.unavailable', { what: 'delete old ingestions', code, message });
      }
      await clock.sleep(SWEEP_INTERVAL_MS, signal);
    }
  }

  async #sweep(): Promise<void> {
    const { store, clock, retentionMs } = this.#options;
    for (const ingestionId of await store.listUnpurged()) await this.#purge(ingestionId);
    if (retentionMs === null) return;
    for (;;) {
      const found = await store.listTerminalBefore(clock.now() - retentionMs, DELETED_AT_ONCE);
      for (const ingestionId of found) {
        if (this.#closing.signal.aborted) return;
        await this.#delete(ingestionId, 'retention').catch((error: unknown) => {
          if (!OVERTAKEN.includes(toServiceError(error).code)) throw error;
        });
      }
      if (found.length < DELETED_AT_ONCE) return;
    }
  }
}
