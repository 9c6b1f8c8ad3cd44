/** Every decision of the receiver, with the status and the `error` that tell it; no error: an acknowledgement. */
const ANSWERS = {
  stored: { httpStatus: 200, error: null },
  duplicate: { httpStatus: 200, error: null },
  completed: { httpStatus: 200, error: null },
  malformed: { httpStatus: 400, error: 'MALFORMED' },
  'digest-mismatch': { httpStatus: 400, error: 'DIGEST_MISMATCH' },
  'signature-invalid': { httpStatus: 401, error: 'SIGNATURE_INVALID' },
  'stale-epoch': { httpStatus: 409, error: 'STALE_EPOCH' },
  'chunk-id-reused': { httpStatus: 422, error: 'CHUNK_ID_REUSED' },
  'empty-chunk': { httpStatus: 200, error: 'EMPTY_CHUNK' },
  'out-of-order': { httpStatus: 200, error: 'OUT_OF_ORDER_CHUNK' },
  'checksum-mismatch': { httpStatus: 200, error: 'CHECKSUM_MISMATCH' },
  incomplete: { httpStatus: 200, error: 'INCOMPLETE' },
  'too-large': { httpStatus: 413, error: 'BODY_TOO_LARGE' },
} as const satisfies Record<string, { httpStatus: number; error: string | null }>;

/** One of the receiver's decisions. */
export type AnswerKind = keyof typeof ANSWERS;

/** Whom an answer is for. Null: the request did not say. */
export interface Address {
  readonly ingestionId: string | null;
  readonly chunkNumber: number | null;
}

/** What an answer says on the wire. */
export interface AnswerBody {
  readonly ack: boolean;
  readonly ingestion_id: string | null;
  readonly chunk_number: number | null;
  readonly error: string | null;
  /** With OUT_OF_ORDER_CHUNK and INCOMPLETE: the number of the chunk that the receiver needs next. */
  readonly expected_chunk?: number;
  /** With STALE_EPOCH: the highest epoch seen. */
  readonly epoch?: number;
}

/** A decision and how it is told. */
export interface Answer {
  readonly kind: AnswerKind;
  readonly httpStatus: number;
  /** Sent as JSON; a string as plain text. */
  readonly body: AnswerBody | string;
}

/** The answer that tells a decision; `particulars` are the members that only this decision has. */
export function answerTo(
  address: Address,
  kind: AnswerKind,
  particulars: Pick<AnswerBody, 'expected_chunk' | 'epoch'> = {},
): Answer {
  const { httpStatus, error } = ANSWERS[kind];
  const { ingestionId, chunkNumber } = address;
  const body = { ack: error === null, ingestion_id: ingestionId, chunk_number: chunkNumber, error, ...particulars };
  return { kind, httpStatus, body };
}

/** The `error` of an answer, null for an acknowledgement. */
export function errorOf(answer: Answer): string | null {
  return typeof answer.body === 'string' ? answer.body : answer.body.error;
}

/** The body of an answer as it is sent. */
export function encodeAnswer(answer: Answer): { readonly contentType: string; readonly text: string } {
  return typeof answer.body === 'string'
    ? { contentType: 'text/plain; charset=utf-8', text: answer.body }
    : { contentType: 'application/json', text: JSON.stringify(answer.body) };
}
