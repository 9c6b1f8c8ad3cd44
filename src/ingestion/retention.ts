/*
 * What is deleted is gone, and a machine's clock may be wrong by years until it is set. So what is old is not told by the clock alone, but by the time that the state proves: the newest time that
 * anything on record carried when the process began, and what has passed since in whole intervals between sweeps, each of which takes as long whatever the clock is set to. Where the clock says
 * less, it is believed. The first sweep by age comes one interval after the start: that long a clock whose times are on record already has to be set.
 *
 * While the service is off no time is proven to pass. The next start finds it on record once anything was written, so that what is old is deleted later then, but never too early. Rejected: to believe
 * a clock that has run steadily for long, since a wrong one does so too; and to keep a time of its own on record, which a wrong clock would write as well.
 */
import { type ErrorCode, toServiceError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { Logger } from '../model/logger.ts';
import type { StateStore } from '../state/state-store.ts';
import { damagedIngestionOf } from './damaged-ingestion.ts';
import type { VerificationService } from './verify-service.ts';

/** How often it is looked for what is old. */
const SWEEP_INTERVAL_MS = 3_600_000;
/** Found at once; whatever there is more is found when these are gone. */
const DELETED_AT_ONCE = 100;
/** How long events and Idempotency-Keys are kept: longer than any client is away, or repeats a request whose answer it has not seen. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** A person was faster: resumed what was found, or deleted it. */
const OVERTAKEN: readonly ErrorCode[] = ['MOVE_NOT_ALLOWED', 'INGESTION_NOT_FOUND'];

/** What retention works with. */
export interface RetentionOptions {
  readonly store: Pick<
    StateStore,
    'deleteIngestion' | 'purgeDeleted' | 'listUnpurged' | 'listTerminalBefore' | 'forgetBefore'
  >;
  /** What came of a verification goes with its ingestion. */
  readonly verifications: Pick<VerificationService, 'forget'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a terminal ingestion is kept after its last change, ms; null: for good. */
  readonly retentionMs: number | null;
}

/**
 * Deletes ingestions: one that a person names, and those that are as old as the settings say; and forgets old events and Idempotency-Keys. What must never be forgotten of an
 * ingestion the store keeps.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #closing = new AbortController();
  /** Rows of these are not what was written: a sweep passes over them. */
  readonly #damagedIds = new Set<string>();
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /**
   * Goes on with what an earlier process left half removed, and looks for what is old from here on.
   * @param newestAt the newest time that was on record before this process wrote any, wall clock, ms; null: nothing was
   */
  start(newestAt: number | null): void {
    this.#sweeping = this.#sweepUntilClosed(newestAt ?? this.#options.clock.now());
  }

  /**
   * Deletes a terminal ingestion. When this resolves nobody sees it any more, its secrets are gone, and all else of it too, but where the service is closed in between: then
   * the next start removes what is left. Throws INGESTION_NOT_FOUND, MOVE_NOT_ALLOWED.
   */
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

  async #sweepUntilClosed(newestAt: number): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    let provenNow = newestAt;
    await this.#loggingFailure(() => this.#goOnPurging());
    for (;;) {
      await clock.sleep(SWEEP_INTERVAL_MS, signal);
      if (signal.aborted) return;
      provenNow += SWEEP_INTERVAL_MS;
      await this.#loggingFailure(() => this.#sweep(Math.min(clock.now(), provenNow)));
    }
  }

  async #loggingFailure(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { code, message } = toServiceError(error);
      this.#options.logger.error('state.unavailable', { what: 'delete old ingestions', code, message });
    }
  }

  async #sweep(now: number): Promise<void> {
    const { store, retentionMs } = this.#options;
    await this.#goOnPurging();
    await store.forgetBefore(now - KEPT_MS);
    if (retentionMs !== null) await this.#deleteBefore(now - retentionMs);
  }

  async #goOnPurging(): Promise<void> {
    for (const ingestionId of await this.#options.store.listUnpurged()) {
      await this.#unlessDamaged(ingestionId, () => this.#purge(ingestionId));
    }
  }

  async #deleteBefore(before: number): Promise<void> {
    for (;;) {
      // What is damaged stays in the list, and must not crowd out what is not.
      const limit = DELETED_AT_ONCE + this.#damagedIds.size;
      const found = await this.#options.store.listTerminalBefore(before, limit);
      for (const ingestionId of found) {
        if (this.#closing.signal.aborted) return;
        await this.#unlessDamaged(ingestionId, () => this.#deleteUnlessOvertaken(ingestionId));
      }
      if (found.length < limit) return;
    }
  }

  async #deleteUnlessOvertaken(ingestionId: string): Promise<void> {
    await this.#delete(ingestionId, 'retention').catch((error: unknown) => {
      if (!OVERTAKEN.includes(toServiceError(error).code)) throw error;
    });
  }

  /** One damaged row keeps nothing but its ingestion. */
  async #unlessDamaged(ingestionId: string, work: () => Promise<void>): Promise<void> {
    if (this.#damagedIds.has(ingestionId)) return;
    try {
      await work();
    } catch (error) {
      if (damagedIngestionOf(error) === null) throw error;
      this.#damagedIds.add(ingestionId);
      this.#options.logger.error('state.damaged', {
        what: 'delete old ingestions',
        ingestion_id: ingestionId,
        message: toServiceError(error).message,
      });
    }
  }
}
