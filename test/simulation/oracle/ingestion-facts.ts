import type { ChunkPlan } from '../../../src/model/chunk.ts';
import type { Reading } from './read-exchange.ts';

/** What is known of one message: a chunk, or COMPLETED. */
export class MessageFacts {
  /** Attempts that are on record as begun. */
  readonly begun = new Set<number>();
  readonly sent = new Set<number>();
  /** What was read of the answers that reached the sender. */
  readonly readings = new Map<number, Reading>();
  /** Attempts of which it is not on record that the receiver has nothing. */
  readonly doubtful = new Set<number>();
  /** What was sent last, by its digest; null: nothing since it was planned. */
  bodyDigest: string | null = null;
  isAcked = false;
}

/** What the oracle knows of one ingestion, from what it saw on the wire and in the store. */
export class IngestionFacts {
  readonly ingestionId: string;
  readonly plans = new Map<number, ChunkPlan>();
  /** Every value that the setting ever had. */
  readonly windowsMs = new Set<number>();
  readonly maxDelaysMs = new Set<number>();
  readonly chunkBytes = new Set<number>();
  /** What is begun on record and has no outcome there, each by {@link openAttempt}. */
  readonly openAttempts = new Set<string>();
  /** Requests in flight, by epoch. */
  readonly inFlight = new Map<number, number>();
  /** When the target at hand first failed; null: it did not. */
  firstFailedAt: number | null = null;
  /** Not before this time is anything sent. */
  notBefore = 0;
  /** How often a person changed its settings, each of which is worth one attempt at once. */
  changeCount = 0;
  readonly callbackUrls = new Set<string>();
  /** Rejections since the last acknowledgement, resume, rewind or start. */
  rejections = 0;
  /** How often the checkpoint went back since new ground was won. */
  rewinds = 0;
  wasTooLarge = false;
  wasRefusedForGood = false;
  hasRunOutOfTime = false;
  /** Up to which chunk the sizes before the last change may still be met. */
  oldSizesUpTo = -1;
  /** The process of the latest run. */
  runBy = '';
  readonly #messages = new Map<string, MessageFacts>();

  constructor(ingestionId: string) {
    this.ingestionId = ingestionId;
  }

  /** Of a chunk by its number, or of COMPLETED. */
  message(target: number | 'completion'): MessageFacts {
    const key = String(target);
    const known = this.#messages.get(key) ?? new MessageFacts();
    this.#messages.set(key, known);
    return known;
  }

  get hasAttempts(): boolean {
    return [...this.#messages.values()].some((message) => message.begun.size > 0);
  }

  /** What failed before is of no account any more. */
  forgiveFailures(): void {
    this.firstFailedAt = null;
    this.notBefore = 0;
    this.rejections = 0;
    this.hasRunOutOfTime = false;
    this.wasRefusedForGood = false;
  }
}

/** An attempt among all of its ingestion. */
export function openAttempt(target: number | 'completion', attempt: number): string {
  return `attempt ${attempt} at ${target}`;
}

/** The facts of all ingestions. */
export class FactBook {
  readonly #facts = new Map<string, IngestionFacts>();

  of(ingestionId: string): IngestionFacts {
    const known = this.#facts.get(ingestionId) ?? new IngestionFacts(ingestionId);
    this.#facts.set(ingestionId, known);
    return known;
  }
}
