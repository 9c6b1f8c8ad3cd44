import { isDeepStrictEqual } from 'node:util';
import type { ChunkPlan } from '../../../src/model/chunk.ts';
import type { Ingestion } from '../../../src/model/ingestion.ts';
import type { IngestionFacts } from './ingestion-facts.ts';
import type { Change } from './state-oracle.ts';
import type { Accuse } from './violation.ts';

/** Watches what is planned: each chunk once, behind the one before it, within the sizes in force. */
export class PlanOracle {
  readonly #accuse: Accuse;

  constructor(accuse: Accuse) {
    this.#accuse = accuse;
  }

  /** A chunk was frozen, or found to be. */
  frozen({ facts, before, after }: Change, plan: ChunkPlan): void {
    const { chunkNumber, recordOffset, recordCount } = plan;
    const known = facts.plans.get(chunkNumber);
    if (known !== undefined) {
      const isSame = isDeepStrictEqual(known, plan);
      if (!isSame) this.#accuse('plan-frozen', `chunk ${chunkNumber} was planned in another way`);
      return;
    }
    const previous = facts.plans.get(chunkNumber - 1);
    const offset = previous === undefined ? 0 : previous.recordOffset + previous.recordCount;
    const follows = chunkNumber === 0 || previous?.isLast === false;
    if (!follows || recordOffset !== offset || recordCount === 0) {
      this.#accuse('plan-frozen', `chunk ${chunkNumber} does not follow the one before it`);
    }
    facts.plans.set(chunkNumber, plan);
    this.#checkSizes(facts, before ?? after, plan);
  }

  /** A chunk was cut in half. */
  replaced({ facts }: Change, plan: ChunkPlan): void {
    const { chunkNumber, recordCount } = plan;
    const message = facts.message(chunkNumber);
    const whole = facts.plans.get(chunkNumber);
    const isHalf = whole !== undefined && recordCount === Math.ceil(whole.recordCount / 2);
    const isSafe =
      facts.wasTooLarge && !message.isAcked && message.doubtful.size === 0 && !facts.plans.has(chunkNumber + 1);
    if (!isHalf || !isSafe) this.#accuse('halving-safe', `chunk ${chunkNumber} was cut to ${recordCount} records`);
    facts.plans.set(chunkNumber, plan);
    message.bodyDigest = null;
  }

  /** All plans were dropped. */
  dropped({ facts }: Change): void {
    if (facts.hasAttempts) this.#accuse('plan-frozen', 'plans were dropped of which something was attempted');
    facts.plans.clear();
  }

  /** @param ingestion as it was when the chunk was planned */
  #checkSizes(facts: IngestionFacts, { delivery, closeAtBytes }: Ingestion, plan: ChunkPlan): void {
    const { recordCount, byteCount, bounds, chunkNumber } = plan;
    const maxRecords = bounds.maxRecords ?? Number.POSITIVE_INFINITY;
    const closeAt = bounds.closeAtBytes ?? Number.POSITIVE_INFINITY;
    const isWithin =
      recordCount <= maxRecords && byteCount <= bounds.maxBytes && (byteCount <= closeAt || recordCount === 1);
    if (!isWithin) this.#accuse('sizes-in-force', `chunk ${chunkNumber} is larger than its own bounds`);
    const { chunkSizeByRecords: records, chunkSizeByMemory: bytes } = delivery;
    const isAsked =
      (records === 0 || bounds.maxRecords === records) &&
      (bytes === 0 || bounds.maxBytes === bytes) &&
      bounds.closeAtBytes === closeAtBytes;
    if (!isAsked && chunkNumber > facts.oldSizesUpTo) {
      this.#accuse('sizes-in-force', `chunk ${chunkNumber} was cut at sizes that no longer hold`);
    }
  }
}
