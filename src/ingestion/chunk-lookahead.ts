import type { ChunkerResult } from '../chunking/chunker.ts';
import type { Chunk, ChunkBounds, PlannedChunk, ReadyChunk } from '../model/chunk.ts';
import type { BadRecord } from '../model/record.ts';
import { sha256Base64 } from '../protocol/checksum.ts';
import type { ChunkSession } from './chunk-session.ts';

/** Chunks held ready beside the one in flight: three hide the jitter of reader, disk and receiver; one where a body is this large. */
const CHUNKS_AHEAD = 3;
const LARGE_BODY_BYTES = 8 * 1024 * 1024;

/** A chunk that is ready, and whether its plan is on record already. */
export interface ChunkAhead {
  readonly kind: 'chunk';
  readonly chunk: ReadyChunk;
  readonly isOnRecord: boolean;
}

/** What comes next: a chunk; or bad records that no chunk carries, at the end of the source or before it. */
export type Ahead = ChunkAhead | { readonly kind: 'rejects' | 'end'; readonly rejects: readonly BadRecord[] };

/** What a lookahead works on. */
export interface LookaheadOptions {
  readonly session: Pick<ChunkSession, 'next' | 'rebuild'>;
  /** The number of the chunk that the session gives first. */
  readonly firstChunkNumber: number;
  /** Chunks up to this number are rebuilt by their plans; all after it are new. */
  readonly highestPlannedChunk: number;
  readonly planOnRecord: (chunkNumber: number) => Promise<PlannedChunk>;
  readonly bounds: ChunkBounds;
  /** Throws where the files of a chunk are no longer what was fingerprinted; asked when its bytes were read, before it is planned. */
  readonly checkSource: (chunk: Chunk) => Promise<void>;
}

interface Slot {
  readonly arrival: Promise<Ahead>;
  arrived: Ahead | null;
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

  /** What comes next; the chunk taken before is done with. Throws what the session throws. */
  async take(): Promise<Ahead> {
    this.#spare = this.#takenBody;
    if (this.#slots.length === 0) this.#demand();
    const [first] = this.#slots as [Slot];
    const ahead = await first.arrival;
    this.#slots.shift();
    this.#takenBody = ahead.kind === 'chunk' ? ahead.chunk.body : null;
    this.#fill();
    return ahead;
  }

  /** The chunk that {@link take} would give, where it is there already. */
  get ready(): ChunkAhead | null {
    const arrived = this.#slots[0]?.arrived;
    return arrived?.kind === 'chunk' ? arrived : null;
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
  ): Promise<{ reply: Promise<ChunkerResult>; isOnRecord: boolean }> {
    const { session, highestPlannedChunk, planOnRecord, bounds } = this.#options;
    if (chunkNumber > highestPlannedChunk) return { reply: session.next(bounds, spare), isOnRecord: false };
    const { plan } = await planOnRecord(chunkNumber);
    const reply = session.rebuild(plan, spare).then((chunk): ChunkerResult => ({ kind: 'chunk', chunk }));
    return { reply, isOnRecord: true };
  }

  async #receive(reply: Promise<ChunkerResult>, isOnRecord: boolean): Promise<Ahead> {
    const result = await reply;
    if (result.kind !== 'chunk') {
      if (result.kind === 'end') this.#isAtEnd = true;
      return result;
    }
    const { chunk } = result;
    if (chunk.plan.isLast) this.#isAtEnd = true;
    this.#largestBodyBytes = Math.max(this.#largestBodyBytes, chunk.body.length);
    await this.#options.checkSource(chunk);
    // Here, while an earlier chunk is with the receiver: this thread waits for it, and the one that reads has no time to spare.
    const bodyDigest = sha256Base64(chunk.body);
    return { kind: 'chunk', chunk: { ...chunk, bodyDigest }, isOnRecord };
  }
}
