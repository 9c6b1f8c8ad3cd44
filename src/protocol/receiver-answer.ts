/** The refusals of docs/protocol.md "The reference receiver", with the HTTP status of each. */
const REFUSALS = {
  MALFORMED: 400,
  DIGEST_MISMATCH: 400,
  SIGNATURE_INVALID: 401,
  STALE_EPOCH: 409,
  CHUNK_ID_REUSED: 422,
  EMPTY_CHUNK: 200,
  OUT_OF_ORDER_CHUNK: 200,
  CHECKSUM_MISMATCH: 200,
  INCOMPLETE: 200,
} as const;

/** The `error` of a refusal that the protocol knows. */
export type RefusalError = keyof typeof REFUSALS;

/** The body of an answer, to be sent as JSON. */
export interface ReceiverAnswerBody {
  /** Nothing but `true` is an acknowledgement. */
  readonly ack: boolean;
  /** Those of the message; null where it could not be read. An acknowledgement for another chunk is none. */
  readonly ingestion_id: string | null;
  readonly chunk_number: number | null;
  readonly error: string | null;
  /** With OUT_OF_ORDER_CHUNK and INCOMPLETE: the chunk that the sender goes back to. */
  readonly expected_chunk?: number;
  /** With STALE_EPOCH: the highest epoch seen. */
  readonly epoch?: number;
}

/** What a receiver answers: the HTTP status, and the body for `JSON.stringify`. */
export interface ReceiverAnswer {
  readonly httpStatus: number;
  readonly body: ReceiverAnswerBody;
}

/** What an answer repeats of its message: the envelope of a chunk or of COMPLETED is one. */
export type AnsweredMessage = Pick<ReceiverAnswerBody, 'ingestion_id' | 'chunk_number'>;

/** Says that a message was accepted. What it acknowledges must be committed: it is never sent again. */
export function acknowledge({ ingestion_id, chunk_number }: AnsweredMessage): ReceiverAnswer {
  return { httpStatus: 200, body: { ack: true, ingestion_id, chunk_number, error: null } };
}

/**
 * Says that a message is refused, and nothing of it was stored. Ackstream tries it again after 5 s and after 30 s, or goes back where the answer says to; the third
 * refusal in one run ends it as FAILED, with `error` as its reason. What may pass by itself (a database that is down) is no refusal: answer 503.
 * @param error of the protocol, or the receiver's own; those are said with HTTP 200.
 */
export function refuse(
  { ingestion_id, chunk_number }: AnsweredMessage,
  error: RefusalError | (string & {}),
  particulars: Pick<ReceiverAnswerBody, 'expected_chunk' | 'epoch'> = {},
): ReceiverAnswer {
  const httpStatus = Object.hasOwn(REFUSALS, error) ? REFUSALS[error as RefusalError] : 200;
  return { httpStatus, body: { ack: false, ingestion_id, chunk_number, error, ...particulars } };
}
