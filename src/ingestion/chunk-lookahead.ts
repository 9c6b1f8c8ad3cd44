import type { Chunk, ChunkBounds, PlannedChunk } from '../model/chunk.ts';
import type { ChunkSession } from './chunk-session.ts';

/** Chunks held ready beside the one in flight: two hide the jitter of both sides; one where a body is this large. */
const CHUNKS_AHEAD = 2;
const LARGE_BODY_BYTES = 8 * 1024 * 1024;

/** A chunk that is ready, and whether its plan is on record already. */
export interface ChunkAhead {
  readonly chunk: Chunk;
  readonly isOnRecord: boolean;
}

/** What a lookahead works on. */
export interface LookaheadOptions {
  readonly session: Pick<ChunkSession, 'next' | 'rebuild'>;
  /** The number of the chunk that the session gives first. */
  readonly firstChunkNumber: number;
  /** Chunks up to this number are rebuilt by their plans; all after it are new. */
  readonly highestPlannedChunk: number;
  readonly planOnRecord: (chunkNumber: number) => Promise<PlannedChunk>;
  readonly bounds: ChunkBounds;
  /** Throws where the source is no longer what was fingerprinted; asked when a chunk's bytes were read, before it is planned. */
  readonly checkSource: () => Promise<void>;
}

interface Slot {
  readonly arrival: Promise<ChunkAhead | null>;
  arrived: ChunkAhead | null;
}

/**
 * Demands chunks from a session ahead of their delivery, a bounded number of them: credit, not memory. Their bodies go round: one that is
 * done with is given back with the next demand.
 */
export class ChunkLookahead {
  readonly #options: LookaheadOptions;
  readonly #slots: Slot[] = [];
  #nextNumber: number;
  #lastDemand: Promise<unknown> = Promise.resolve();
  #isAtEnd = false;
  #largestBodyBytes = 0;
  /** The body taken last, which is in use until the next is taken. */
  #takenBody: Uint8Array | null = null;
  #spare: Uint8Array | null = null;

  constructor(options: LookaheadOptions) {
    this.#options = options;
    this.#nextNumber = options.firstChunkNumber;
  }

  /** The next chunk, null at the sound end of the source; the one taken before is done with. Throws what the session throws. */
  async take(): Promise<ChunkAhead | null> {
    this.#spare = this.#takenBody;
    if (this.#slots.length === 0) this.#demand();
    const ahead = (await this.#slots[0]?.arrival) ?? null;
    this.#slots.shift();
    this.#takenBody = ahead?.chunk.body ?? null;
    this.#fill();
    return ahead;
  }

  /** What {@link take} would give, where it is there already. */
  get ready(): ChunkAhead | null {
    return this.#slots[0]?.arrived ?? null;
  }

  #fill(): void {
    const ahead = this.#largestBodyBytes > LARGE_BODY_BYTES ? 1 : CHUNKS_AHEAD;
    while (!this.#isAtEnd && this.#slots.length < ahead) this.#demand();
  }

  #demand(): void {
    const chunkNumber = this.#nextNumber;
    this.#nextNumber += 1;
    // The session answers in the order of its demands, so a demand waits until the plan that the one before needs was looked up.
    const spare = this.#spare;
    this.#spare = null;
    const demanded = this.#lastDemand.then(() => this.#pose(chunkNumber, spare));
    this.#lastDemand = demanded.catch(() => {});
    const slot: Slot = {
      arrival: demanded.then(({ reply, isOnRecord }) => this.#receive(reply, isOnRecord)),
      arrived: null,
    };
    // A chunk ahead may fail before anybody takes it; it is told when it is taken.
    slot.arrival.then(
      (ahead) => {
        slot.arrived = ahead;
      },
      () => {},
    );
    this.#slots.push(slot);
  }

  async #pose(
    chunkNumber: number,
    spare: Uint8Array | null,
  ): Promise<{ reply: Promise<Chunk | null>; isOnRecord: boolean }> {
    const { session, highestPlannedChunk, planOnRecord, bounds } = this.#options;
    if (chunkNumber > highestPlannedChunk) return { reply: session.next(bounds, spare), isOnRecord: false };
    const { plan } = await planOnRecord(chunkNumber);
    return { reply: session.rebuild(plan, spare), isOnRecord: true };
  }

  async #receive(reply: Promise<Chunk | null>, isOnRecord: boolean): Promise<ChunkAhead | null> {
    const chunk = await reply;
    if (chunk === null || chunk.plan.isLast) this.#isAtEnd = true;
    if (chunk === null) return null;
    this.#largestBodyBytes = Math.max(this.#largestBodyBytes, chunk.body.length);
    await this.#options.checkSource();
    return { chunk, isOnRecord };
  }
}
