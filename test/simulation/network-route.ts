import type { SentMessage } from './oracle/wire-oracle.ts';
import type { NetworkFault, RetryAfterSpec, StrangeAnswer } from './scenario.ts';

/** An answer as it is on its way back. */
export interface AnswerOnTheWay {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: Uint8Array;
}

/** What becomes of one message. */
export interface Route {
  /** Null: it is sent. */
  readonly refusal: 'not-connected' | 'refused' | null;
  /** How long it takes beside the usual until the receiver has it, once for each time that it arrives. */
  readonly arrivals: readonly number[];
  /** How long the answer takes beside the usual. */
  readonly answerDelayMs: number;
  /** What the sender sees where no answer comes. */
  readonly silence: 'reset' | 'timeout' | null;
  readonly alterBody: (body: Uint8Array) => Uint8Array;
  readonly alterAnswer: (answer: AnswerOnTheWay) => AnswerOnTheWay;
  /** Somebody else's answer, in place of the receiver's; null: the receiver's. */
  readonly forgedAnswer: AnswerOnTheWay | null;
}

const STRAIGHT: Route = {
  refusal: null,
  arrivals: [0],
  answerDelayMs: 0,
  silence: null,
  alterBody: (body) => body,
  alterAnswer: (answer) => answer,
  forgedAnswer: null,
};

/** The way of a message under a fault; null: none. */
export function routeUnder(fault: NetworkFault | null, sent: SentMessage, context: RouteContext): Route {
  if (fault === null) return STRAIGHT;
  switch (fault.kind) {
    case 'not-connected':
    case 'refused':
      return { ...STRAIGHT, refusal: fault.kind, arrivals: [] };
    case 'request-lost':
      return { ...STRAIGHT, arrivals: [], silence: fault.noticed };
    case 'answer-lost':
      return { ...STRAIGHT, silence: fault.noticed };
    case 'delayed':
      return { ...STRAIGHT, arrivals: [fault.delayMs], silence: 'reset' };
    case 'duplicated':
      return { ...STRAIGHT, arrivals: [0, fault.delayMs] };
    case 'request-corrupted':
      return { ...STRAIGHT, alterBody: (body) => flipped(body, placeToFlip(body, fault.place, context.isLegacy)) };
    case 'request-truncated':
      return { ...STRAIGHT, alterBody: (body) => body.slice(0, Math.floor(body.length * fault.place)) };
    case 'slow':
      return { ...STRAIGHT, answerDelayMs: fault.delayMs };
    case 'answer-corrupted':
    case 'answer-truncated':
    case 'strange-answer':
    case 'status':
    case 'refusal':
    case 'higher-epoch':
      return answerRoute(fault, sent, context);
  }
}

/** What a route depends on beside the fault. */
export interface RouteContext {
  readonly isLegacy: boolean;
  readonly now: number;
}

type AnswerFault = Extract<
  NetworkFault,
  { kind: 'answer-corrupted' | 'answer-truncated' | 'status' | 'strange-answer' | 'refusal' | 'higher-epoch' }
>;

function answerRoute(fault: AnswerFault, sent: SentMessage, { now }: RouteContext): Route {
  const { ingestionId, chunkNumber, epoch } = sent;
  switch (fault.kind) {
    case 'answer-corrupted':
      return {
        ...STRAIGHT,
        alterAnswer: ({ body, ...answer }) => ({
          ...answer,
          body: flipped(body, Math.floor(body.length * fault.place)),
        }),
      };
    case 'answer-truncated':
      return {
        ...STRAIGHT,
        alterAnswer: ({ body, ...answer }) => ({
          ...answer,
          body: body.slice(0, Math.floor(body.length * fault.place)),
        }),
      };
    case 'strange-answer':
      return { ...STRAIGHT, alterAnswer: (answer) => strange(answer, fault.answer, sent) };
    case 'status':
      return {
        ...STRAIGHT,
        arrivals: fault.isDelivered ? [0] : [],
        forgedAnswer: {
          status: fault.status,
          retryAfter: fault.retryAfter === null ? null : retryAfterText(fault.retryAfter, now),
          body: Buffer.from('<html>no</html>'),
        },
      };
    case 'refusal': {
      const expected = {
        absent: undefined,
        same: chunkNumber,
        higher: chunkNumber + 1,
        text: String(chunkNumber),
        lower: Math.max(0, chunkNumber - 1),
      };
      const error = 'OUT_OF_ORDER_CHUNK';
      const refusal = { ack: false, ingestion_id: ingestionId, error, expected_chunk: expected[fault.expected] };
      return { ...STRAIGHT, arrivals: [], forgedAnswer: jsonAnswer(200, refusal) };
    }
    case 'higher-epoch': {
      const refusal = { ack: false, error: 'STALE_EPOCH', epoch: epoch + fault.above };
      return { ...STRAIGHT, arrivals: [], forgedAnswer: jsonAnswer(409, refusal) };
    }
  }
}

function strange(answer: AnswerOnTheWay, kind: StrangeAnswer, sent: SentMessage): AnswerOnTheWay {
  const { ingestionId, chunkNumber } = sent;
  const ack = { ack: true, ingestion_id: ingestionId, chunk_number: chunkNumber, error: null };
  const isAck = answer.status === 200 && Buffer.from(answer.body).includes('"ack":true');
  switch (kind) {
    case 'other-chunk':
      return jsonAnswer(200, { ...ack, chunk_number: chunkNumber + 1 });
    case 'other-ingestion':
      return jsonAnswer(200, { ...ack, ingestion_id: 'f'.repeat(64) });
    case 'ack-as-text':
      return sent.target === 'completion' && !isAck ? answer : jsonAnswer(200, { ...ack, ack: 'true' });
    case 'no-ack':
      return jsonAnswer(200, { status: 'ok' });
    case 'empty':
      return { status: 204, retryAfter: null, body: new Uint8Array(0) };
    case 'page':
      return { status: 200, retryAfter: null, body: Buffer.from('<html>{"ack":true}</html>') };
    case 'array':
      return jsonAnswer(200, [ack]);
    case 'bom':
      return { ...answer, body: Buffer.concat([Buffer.from('\ufeff'), answer.body]) };
    case 'number-as-text':
      return isAck ? jsonAnswer(200, { ...ack, chunk_number: String(chunkNumber) }) : answer;
  }
}

function jsonAnswer(status: number, body: unknown): AnswerOnTheWay {
  return { status, retryAfter: null, body: Buffer.from(JSON.stringify(body)) };
}

function retryAfterText(spec: RetryAfterSpec, now: number): string {
  if ('seconds' in spec) return String(spec.seconds);
  return 'text' in spec ? spec.text : new Date(now + spec.dateInSeconds * 1000).toUTCString();
}

/** A receiver without digests notices only what its checksum covers: the records. */
function placeToFlip(body: Uint8Array, place: number, isLegacy: boolean): number {
  const text = Buffer.from(body);
  const start = isLegacy ? text.indexOf('"records":[') + '"records":['.length : 0;
  const end = isLegacy ? text.lastIndexOf('],"is_last"') : body.length;
  return start + Math.floor(Math.max(0, end - start) * place);
}

function flipped(body: Uint8Array, index: number): Uint8Array {
  const altered = Uint8Array.from(body);
  const byte = altered[index];
  // A bit that leaves ASCII ASCII: what cannot be read at all is the easier case.
  if (byte !== undefined) altered[index] = byte ^ 1;
  return altered;
}
