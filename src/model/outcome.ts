/**
 * What became of one attempt, in the terms of docs/protocol.md "The answer". A closed union: the retry policy decides on it alone, and
 * no destination throws for what networks do.
 */
export type Outcome =
  /** The receiver itself said that it has the chunk. */
  { readonly kind: 'acknowledged' } | (FailedOutcome & { readonly answer?: ReceivedAnswer });

/** The kinds of outcomes: what is on record of an attempt, counted, and told. */
export const OUTCOME_KINDS = [
  'acknowledged',
  'rejected',
  'rewind-asked',
  'too-large',
  'stale-epoch',
  'unavailable',
  'unknown',
] as const satisfies readonly Outcome['kind'][];
/** One of {@link OUTCOME_KINDS}. */
export type OutcomeKind = (typeof OUTCOME_KINDS)[number];

/** Every outcome but an acknowledgement. */
type FailedOutcome =
  /** The receiver refused it, or the guard refused the address (`isFinal`). */
  | {
      readonly kind: 'rejected';
      readonly reason: string;
      readonly httpStatus: number | null;
      /** The code or text the receiver gave in `error`, null where it gave none. */
      readonly receiverError: string | null;
      /** No further try can help: 410, or an address that the guard refuses. */
      readonly isFinal: boolean;
    }
  /** The receiver asks to go back to an earlier chunk: it lost state. */
  | { readonly kind: 'rewind-asked'; readonly expectedChunk: number; readonly reason: string }
  /** The receiver says that the body is too large for it (413). */
  | { readonly kind: 'too-large'; readonly reason: string }
  /** The receiver has seen a higher epoch (409 STALE_EPOCH). */
  | { readonly kind: 'stale-epoch'; readonly highestEpoch: number; readonly reason: string }
  /** No acceptance now; `httpStatus` null: the connection was never made, so nothing was sent. */
  | {
      readonly kind: 'unavailable';
      readonly reason: string;
      readonly httpStatus: number | null;
      /** How long the receiver asked to be left alone, already clamped to [0, 1 h]; null where it did not ask. */
      readonly retryAfterMs: number | null;
    }
  /** Sent, or partly sent, and no complete answer that says what became of it. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly httpStatus: number | null };

/** What came of an answer that was no acknowledgement, as far as it is kept: for people to look at, nothing is decided by it. */
export interface ReceivedAnswer {
  readonly httpStatus: number;
  /** Name and value of each, in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whether more came than is kept. */
  readonly areHeadersCut: boolean;
  /** Whatever bytes it had. */
  readonly body: Uint8Array;
  /** How many came. */
  readonly bodyByteCount: number;
  readonly isBodyCut: boolean;
}

/** The status of the answer to an attempt; null where none came, and where it is an acknowledgement. */
export function httpStatusOf(outcome: Outcome): number | null {
  if (outcome.kind === 'acknowledged') return null;
  return outcome.answer?.httpStatus ?? ('httpStatus' in outcome ? outcome.httpStatus : null);
}

/**
 * Whether the receiver certainly does not have the chunk after this outcome, so that it may be cut and planned anew: a connection
 * never made, 413, 429, or rejected with another code than CHUNK_ID_REUSED.
 */
export function provesNotStored(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case 'too-large':
      return true;
    case 'unavailable':
      return outcome.httpStatus === null || outcome.httpStatus === 429;
    case 'rejected':
      return outcome.receiverError !== 'CHUNK_ID_REUSED';
    case 'acknowledged':
    case 'rewind-asked':
    case 'stale-epoch':
    case 'unknown':
      return false;
  }
}
