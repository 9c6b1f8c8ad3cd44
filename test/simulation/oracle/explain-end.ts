import type { ErrorRecord } from '../../../src/errors.ts';
import type { IngestionFacts } from './ingestion-facts.ts';
import type { Change } from './state-oracle.ts';
import type { Accuse } from './violation.ts';

/** Rejections and rewinds after which an ingestion fails (docs/protocol.md "The answer, and what follows"). */
const MAX_REJECTIONS = 3;
export const MAX_REWINDS = 3;

/** What of a run's own end can be seen in what happened to its messages. The reasons that lie in its source are judged with that. */
const REASONS: Readonly<Record<string, (facts: IngestionFacts) => boolean>> = {
  DELIVERY_WINDOW_OVER: (facts) => facts.hasRunOutOfTime,
  DELIVERY_REJECTED: (facts) => facts.rejections >= MAX_REJECTIONS || facts.wasRefusedForGood,
  CALLBACK_NOT_ALLOWED: (facts) => facts.wasRefusedForGood,
  RECEIVER_FORGETS: (facts) => facts.rewinds === MAX_REWINDS - 1,
  CHUNK_TOO_LARGE_FOR_RECEIVER: (facts) => facts.wasTooLarge,
  INTERNAL: () => false,
};

/** Asks of the reason for which a run failed or paused whether it happened. */
export function explainEnd({ code, message }: ErrorRecord, { facts, after }: Change, accuse: Accuse): void {
  if (REASONS[code]?.(facts) === false) accuse('end-explained', `${after.status} for ${code}: ${message}`);
}
