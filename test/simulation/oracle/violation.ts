/** What must hold whatever happens, each with the words for a person who sees it broken. */
export const INVARIANTS = {
  'records-delivered': 'a receiver has the sound records of the source, once, in order, byte by byte',
  'rejects-exact': 'every bad record is on record once, and nothing else is',
  'one-checksum': 'a chunk id is taken with one checksum only',
  'same-bytes': 'a chunk is sent with the same bytes until it is acknowledged',
  'plan-frozen': 'what is planned stays planned, and chunks follow each other',
  'planned-before-sent': 'nothing is sent that is not planned, in order',
  'attempt-on-record': 'an attempt is on record before its first byte, and is made once',
  'one-in-flight': 'a run has one attempt in flight',
  'body-untouched': 'a body stands while it is sent',
  'halving-safe': 'a chunk is cut only where the receiver cannot have it',
  'answer-read': 'an answer means what the protocol says',
  'ack-backed': 'nothing counts as acknowledged that the receiver did not acknowledge',
  'checkpoint-true': 'the checkpoint is what was acknowledged, chunk by chunk',
  'epoch-fenced': 'only the run with the latest epoch writes',
  'rewind-asked': 'the checkpoint goes back where the receiver asks, and not for ever',
  'completed-true': 'COMPLETED is said when all is acknowledged, and true when it is acknowledged',
  'end-explained': 'an ingestion fails or pauses for a reason that happened',
  'retry-in-bounds': 'attempts come when the retry policy lets them',
  'sizes-in-force': 'chunks keep the sizes that were asked for',
  'stop-obeyed': 'no attempt begins at what a person paused or cancelled',
  'made-whole': 'once faults stop, everything is delivered',
  'no-internal-error': 'the service meets no error of its own',
} as const satisfies Record<string, string>;

/** One of {@link INVARIANTS}. */
export type Invariant = keyof typeof INVARIANTS;

/** An invariant that was broken. */
export interface Violation {
  readonly invariant: Invariant;
  readonly detail: string;
}

/** Told of what was broken; only the first counts. */
export type Accuse = (invariant: Invariant, detail: string) => void;
