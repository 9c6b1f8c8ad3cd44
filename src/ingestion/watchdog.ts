/*
 * Watches one run from outside of it. A run that makes no progress is failed on record first, so that from then on it writes nothing, then asked to end;
 * one that does not end although it was asked to is left alone, and its slot goes to another.
 *
 * Silence is counted in looks, not read off a clock: a machine that slept, a clock that was put forward and a thread that was busy make one look late, and no
 * run stalled.
 */
import { type ErrorRecord, ServiceError, toErrorRecord, toServiceError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import { formatDurationMs } from '../model/duration.ts';
import type { LogFields } from '../model/logger.ts';
import type { ClaimedIngestion } from '../state/state-store.ts';
import { RunActivity } from './run-activity.ts';
import { RunContext, type RunDependencies } from './run-context.ts';
import type { RunControl } from './run-control.ts';
import { fail } from './run-endings.ts';
import { withinMs } from './within-ms.ts';

/** How often a run is looked at within the time after which it has stalled. */
const LOOKS = 20;
/** An attempt ends by its own deadlines, of 120 s: only one that does not is a stall, however short the timeout is. */
const LONGEST_ATTEMPT_MS = 150_000;
/** After it was asked to end: more than an attempt in flight is granted, less than a shutdown may take. */
const END_GRACE_MS = 6_000;
/** A thread that does not even say what it uses is not waited for. */
const USAGE_TIMEOUT_MS = 1_000;

/** Carries a claimed ingestion on. Does not throw. */
export type Run = (ingestion: ClaimedIngestion, control: RunControl, dependencies: RunDependencies) => Promise<void>;

/** What is watched, and how. */
export interface WatchOptions {
  readonly ingestion: ClaimedIngestion;
  readonly control: RunControl;
  readonly dependencies: RunDependencies;
  /** The machine's: threads and disks know no other, whatever clock the run goes by. */
  readonly clock: Clock;
  readonly stallTimeoutMs: number;
}

/** Runs under a watchdog; resolves when the run has ended, or when it was given up. Throws what the run throws. */
export async function watchRun(run: Run, options: WatchOptions): Promise<void> {
  const activity = new RunActivity();
  const ended = new AbortController();
  const { ingestion, control, dependencies } = options;
  const running = run(ingestion, control, activity.observe(dependencies)).finally(() => ended.abort());
  const watch = new Watch(options, activity);
  // What the run throws shall not be taken for something that nobody looks at, while the watch still does.
  running.catch(() => {});
  await watch.untilGivenUp(ended.signal);
  if (ended.signal.aborted) await running;
}

class Watch {
  readonly #options: WatchOptions;
  readonly #activity: RunActivity;

  constructor(options: WatchOptions, activity: RunActivity) {
    this.#options = options;
    this.#activity = activity;
  }

  /** Resolves when the run has ended, or when it has not although it was asked to. */
  async untilGivenUp(ended: AbortSignal): Promise<void> {
    const { control, clock, dependencies, ingestion } = this.#options;
    const over = AbortSignal.any([ended, control.stopSignal]);
    while (!over.aborted) {
      const silentMs = await this.#untilSilent(over);
      if (over.aborted) break;
      if (!(await this.#failStalled(silentMs))) continue;
      control.stop();
      control.abortAttempt();
    }
    await clock.sleep(END_GRACE_MS, ended);
    if (ended.aborted) return;
    const { waitingFor } = this.#activity;
    dependencies.logger.error('run.abandoned', { ingestion_id: ingestion.ingestionId, waiting_for: waitingFor });
  }

  /** Resolves to how long nothing went on, ms; or where the signal is aborted. */
  async #untilSilent(signal: AbortSignal): Promise<number> {
    const activity = this.#activity;
    const { clock, stallTimeoutMs } = this.#options;
    const lookMs = Math.ceil(stallTimeoutMs / LOOKS);
    let seen = activity.progress;
    for (let silentMs = 0; ; ) {
      await clock.sleep(lookMs, signal);
      const { progress } = activity;
      silentMs = progress === seen && !activity.has('wait') ? silentMs + lookMs : 0;
      seen = progress;
      const patienceMs = activity.has('attempt') ? Math.max(stallTimeoutMs, LONGEST_ATTEMPT_MS) : stallTimeoutMs;
      if (signal.aborted || silentMs >= patienceMs) return silentMs;
    }
  }

  /**
   * Puts on record that the run has stalled, unless somebody has taken the ingestion from it already: from then on it writes nothing. False where that could not be
   * put on record, or where the run goes on after all.
   */
  async #failStalled(silentMs: number): Promise<boolean> {
    const { ingestion, control, dependencies } = this.#options;
    const { store, logger } = dependencies;
    const { ingestionId } = ingestion;
    const before = this.#activity.progress;
    try {
      const state = await this.#describe(silentMs);
      const current = await store.getIngestion(ingestionId);
      if (this.#activity.progress !== before) return false;
      logger.error('run.stalled', { ingestion_id: ingestionId, ...state });
      if (current?.status === 'RUNNING') {
        await fail(new RunContext(current, control, dependencies), stallError(silentMs, state));
      }
      return true;
    } catch (error) {
      const { code, message } = toServiceError(error);
      logger.error('run.failed', { ingestion_id: ingestionId, what: 'fail a stalled run', code, message });
      return false;
    }
  }

  /** The state of the run, for whoever finds out why. */
  async #describe(silentMs: number): Promise<LogFields> {
    const activity = this.#activity;
    const { ingestion, clock, dependencies } = this.#options;
    const current = await dependencies.store.getIngestion(ingestion.ingestionId);
    const usage = await withinMs(USAGE_TIMEOUT_MS, activity.threadUsage(), clock);
    return {
      waiting_for: activity.waitingFor,
      last_ended: activity.lastEnded,
      silent_ms: silentMs,
      epoch: current?.epoch,
      chunk_number: current?.checkpoint.nextChunkNumber,
      highest_planned_chunk: current?.highestPlannedChunk,
      bytes_read: activity.meter.bytes,
      blocks_and_batches_read: Number(activity.meter.steps),
      thread_heap_bytes: usage?.heapBytes,
      thread_cpu_ms: usage?.cpuMs,
    };
  }
}

function stallError(silentMs: number, state: LogFields): ErrorRecord {
  const { waiting_for, chunk_number, epoch, bytes_read } = state;
  const detail = `Nothing was read, delivered or recorded for ${formatDurationMs(silentMs)}; the run waited for ${String(waiting_for)}.`;
  const data = { waiting_for, chunk_number, epoch, bytes_read, silent_ms: silentMs };
  return toErrorRecord(new ServiceError('RUN_STALLED', { detail, data }));
}
