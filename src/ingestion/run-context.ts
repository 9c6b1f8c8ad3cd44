import type { Destination } from '../delivery/destination.ts';
import type { BegunAttempt } from '../delivery/journal.ts';
import { ServiceError } from '../errors.ts';
import type { PlannedChunk } from '../model/chunk.ts';
import type { Clock, Random } from '../model/clock.ts';
import type { AnnouncedStatus, FileType, Ingestion } from '../model/ingestion.ts';
import type { Logger } from '../model/logger.ts';
import type { SourceSet } from '../sources/source.ts';
import type { RecordedStep, RunKey } from '../state/run-writes.ts';
import type { StateStore } from '../state/state-store.ts';
import type { OpenChunkSession } from './chunk-session.ts';
import type { RunControl } from './run-control.ts';

/** What a run works with. */
export interface RunDependencies {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /**
   * The files of an ingestion as they are now: of a file, a folder or a pattern, links resolved and inside of the allowed roots. Throws the SOURCE_
   * codes.
   */
  readonly openSources: (filePath: string, fileType: FileType) => Promise<SourceSet>;
  /** Whether a file (null: every file) is still as it was found; costs one stat for each. */
  readonly isUntouched: (sources: SourceSet, fileIndex: number | null) => Promise<boolean>;
  readonly openSession: OpenChunkSession;
  readonly createDestination: (ingestion: Ingestion) => Destination;
  /** Tells `status_url`, best effort: neither waits nor throws. */
  readonly announceStatus: (ingestion: Ingestion, status: AnnouncedStatus) => void;
}

/** One run of one ingestion: what its stages share. */
export class RunContext {
  readonly dependencies: RunDependencies;
  readonly control: RunControl;
  #ingestion: Ingestion;

  constructor(ingestion: Ingestion, control: RunControl, dependencies: RunDependencies) {
    this.#ingestion = ingestion;
    this.control = control;
    this.dependencies = dependencies;
  }

  /** The ingestion as last read from the store. */
  get ingestion(): Ingestion {
    return this.#ingestion;
  }

  /** The identity under which this run writes. */
  get key(): RunKey {
    return { ingestionId: this.#ingestion.ingestionId, epoch: this.#ingestion.epoch };
  }

  /** Whether the store still has it RUNNING under this run's epoch, as far as this run has seen. */
  get isHeld(): boolean {
    return this.#ingestion.status === 'RUNNING';
  }

  now(): number {
    return this.dependencies.clock.now();
  }

  /** Takes over what a write returned. */
  update(ingestion: Ingestion): void {
    this.#ingestion = ingestion;
  }

  /** Takes over what a commit made of the ingestion; the attempt that began with it. */
  takeStep({ ingestion, begun }: RecordedStep): BegunAttempt | null {
    this.update(ingestion);
    return begun === null ? null : { ...begun, epoch: this.key.epoch };
  }

  /** Reads the ingestion again. Throws RUN_OVERTAKEN where another run has it. */
  async reload(): Promise<void> {
    const { ingestionId, epoch } = this.key;
    const current = await this.dependencies.store.getIngestion(ingestionId);
    if (current === null || current.epoch !== epoch) throw new ServiceError('RUN_OVERTAKEN');
    this.#ingestion = current;
  }

  /** A plan that must be on record. */
  async planOnRecord(chunkNumber: number): Promise<PlannedChunk> {
    const planned = await this.dependencies.store.getPlan(this.#ingestion.ingestionId, chunkNumber);
    if (planned === null) throw new ServiceError('INTERNAL', { detail: `Chunk ${chunkNumber} has no plan on record.` });
    return planned;
  }

  /** Carries out a write that moves the ingestion, and reads what came of it. */
  async afterwards(write: Promise<unknown>): Promise<void> {
    await write;
    await this.reload();
  }
}
