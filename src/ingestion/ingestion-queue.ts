import { toServiceError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { Logger } from '../model/logger.ts';
import type { ClaimedIngestion, StateStore } from '../state/state-store.ts';
import { damagedIngestionOf } from './damaged-ingestion.ts';
import { RunControl } from './run-control.ts';

/**
 * How long an attempt in flight may go on once its run was asked to end. A shutdown may take 10 s, after which `docker stop` kills: a busy machine needs
 * the rest (8 s of grace were measured to end after 9.3 s on two busy cores, and once after 10.2 s).
 */
const ATTEMPT_GRACE_MS = 5_000;

/** After a failure of the store, how long until the queue looks again. */
const STORE_RETRY_MS = 5_000;

/** While anything waits, the queue looks at the store at least this often, and so notices soon that the clock was set. */
const MAX_SLEEP_MS = 60_000;

/** By less than this clocks are set back all the time, and it delays nothing by more. */
const TOLERATED_SET_BACK_MS = 1_000;

/**
 * What a queue takes on: all that is QUEUED in the store, or only what it is handed by {@link IngestionQueue.admit}, and what has to be delivered to the
 * same callback before that.
 */
export type QueueScope = 'all' | 'admitted';

/** What a queue works with. */
export interface IngestionQueueOptions {
  readonly store: Pick<StateStore, 'claimNext' | 'nextWakeAt' | 'recoverTimes'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Runs at once. */
  readonly maxRunning: number;
  readonly scope: QueueScope;
  /** Carries one claimed ingestion on until it ends, waits or is asked to stop. Does not throw. */
  readonly run: (ingestion: ClaimedIngestion, control: RunControl) => Promise<void>;
}

interface ActiveRun {
  readonly control: RunControl;
  readonly ended: Promise<void>;
}

/**
 * Gives slots to the ingestions that are QUEUED, in order, as many at once as allowed. What waits for its next attempt is QUEUED with a time and
 * holds no slot. The store is the queue; this is its clockwork in one process.
 *
 * An ingestion whose row is damaged is passed over until the next start, and counts as under way: later ones of its file and callback, as its row names them, wait
 * for it, all others go on.
 */
export class IngestionQueue {
  readonly #options: IngestionQueueOptions;
  readonly #runs = new Map<string, ActiveRun>();
  readonly #admittedIds = new Set<string>();
  readonly #damagedIds = new Set<string>();
  /** The wall clock at its latest, since it was last set back. */
  #latestNow = Number.NEGATIVE_INFINITY;
  #hasFailedToLook = false;
  #isStarted = false;
  #isStopping = false;
  #pump: Promise<void> | null = null;
  #isPumpWanted = false;
  #timer = new AbortController();

  constructor(options: IngestionQueueOptions) {
    this.#options = options;
  }

  /** Whether runs are taken on. */
  get isOpen(): boolean {
    return this.#isStarted && !this.#isStopping;
  }

  /** Whether runs are taken on, and the store let them be claimed when it was last looked at. */
  get isClaiming(): boolean {
    return this.isOpen && !this.#hasFailedToLook;
  }

  /** Begins to take what is QUEUED. */
  start(): void {
    this.#isStarted = true;
    this.#wake();
  }

  /** Looks at the queue again, where an ingestion was submitted or resumed. */
  admit(ingestionId: string): void {
    if (this.#options.scope === 'admitted') this.#admittedIds.add(ingestionId);
    this.#wake();
  }

  #wake(): void {
    if (!this.isOpen) return;
    this.#isPumpWanted = true;
    this.#pump ??= this.#claimWhileWanted();
  }

  /** An ingestion was paused or cancelled: asks its run, if there is one, to end after the chunk in flight. What waited for it may begin after that. */
  halt(ingestionId: string): void {
    const run = this.#runs.get(ingestionId);
    if (run === undefined) this.#wake();
    else void this.#endGracefully([run]);
  }

  /** Tells the run of an ingestion, if there is one, that its delivery settings have changed. */
  announceChange(ingestionId: string): void {
    this.#runs.get(ingestionId)?.control.announceChange();
  }

  /** Takes nothing on any more; resolves when every run has finished or given up its chunk in flight, within 10 s. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    // What is being claimed at this moment becomes a run yet, and what has failed sets the timer.
    await this.#pump;
    this.#timer.abort();
    await this.#endGracefully([...this.#runs.values()]);
  }

  async #endGracefully(runs: readonly ActiveRun[]): Promise<void> {
    for (const { control } of runs) control.stop();
    const ended = Promise.all(runs.map((run) => run.ended));
    const grace = new AbortController();
    await Promise.race([ended, this.#options.clock.sleep(ATTEMPT_GRACE_MS, grace.signal)]);
    grace.abort();
    for (const { control } of runs) control.abortAttempt();
    await ended;
  }

  async #claimWhileWanted(): Promise<void> {
    try {
      while (this.#isPumpWanted && this.isOpen) {
        this.#isPumpWanted = false;
        await this.#claimAll();
        this.#hasFailedToLook = false;
      }
    } catch (error) {
      this.#hasFailedToLook = true;
      const { code, message } = toServiceError(error);
      this.#options.logger.error('state.unavailable', { what: 'claim from the queue', code, message });
      this.#wakeAt(this.#options.clock.now() + STORE_RETRY_MS);
    } finally {
      this.#pump = null;
    }
  }

  async #claimAll(): Promise<void> {
    const { store, clock, maxRunning, scope } = this.#options;
    await this.#noticeClockSetBack();
    while (this.#runs.size < maxRunning && this.isOpen) {
      const ingestion = await this.#passingOverDamaged((damagedIds) =>
        store.claimNext({
          now: clock.now(),
          excludedIds: [...this.#runs.keys()],
          damagedIds,
          ...(scope === 'admitted' ? { onlyIds: [...this.#admittedIds] } : {}),
        }),
      );
      if (ingestion === null) break;
      this.#launch(ingestion);
    }
    const wakeAt = await store.nextWakeAt(clock.now());
    if (wakeAt !== null) this.#wakeAt(wakeAt);
  }

  /** What waits for a time that a clock ahead has written would wait until then. */
  async #noticeClockSetBack(): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock.now();
    const isSetBack = now < this.#latestNow - TOLERATED_SET_BACK_MS;
    if (isSetBack) await this.#passingOverDamaged((damagedIds) => store.recoverTimes(now, damagedIds));
    this.#latestNow = isSetBack ? now : Math.max(now, this.#latestNow);
  }

  async #passingOverDamaged<Result>(ask: (damagedIds: readonly string[]) => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await ask([...this.#damagedIds]);
      } catch (error) {
        const ingestionId = damagedIngestionOf(error);
        // What was asked to leave it out and still meets it would do so for ever.
        if (ingestionId === null || this.#damagedIds.has(ingestionId)) throw error;
        this.#damagedIds.add(ingestionId);
        this.#options.logger.error('state.damaged', {
          what: 'claim from the queue',
          ingestion_id: ingestionId,
          message: toServiceError(error).message,
        });
      }
    }
  }

  #launch(ingestion: ClaimedIngestion): void {
    const control = new RunControl();
    const ended = this.#options.run(ingestion, control).finally(() => {
      this.#runs.delete(ingestion.ingestionId);
      this.#wake();
    });
    this.#runs.set(ingestion.ingestionId, { control, ended });
  }

  #wakeAt(time: number): void {
    this.#timer.abort();
    const timer = new AbortController();
    this.#timer = timer;
    const waitMs = Math.min(Math.max(0, time - this.#options.clock.now()), MAX_SLEEP_MS);
    void this.#options.clock.sleep(waitMs, timer.signal).then(() => {
      if (!timer.signal.aborted) this.#wake();
    });
  }
}
