import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Answer, answerTo, encodeAnswer, errorOf } from './answer.ts';
import { type DeliveryHeaders, readDeliveryHeaders } from './delivery-headers.ts';
import type { Dialect } from './dialect.ts';
import { type FaultPlan, type FaultyAnswer, happensAfterStoring } from './fault-rules.ts';
import { inflictFault } from './inflict-fault.ts';
import type { Message } from './message.ts';
import type { Attempt, ReceiverStore } from './receiver-store.ts';
import { readRequestBody } from './request-body.ts';

/** One request that was decided on, for whoever watches. */
export interface AttemptEvent extends Attempt {
  /** Null where the request is no chunk. */
  readonly recordCount: number | null;
  readonly bodyByteCount: number;
}

/** What the callback works with. */
export interface CallbackContext {
  readonly store: ReceiverStore;
  readonly faults: FaultPlan;
  readonly dialect: Dialect;
  readonly maxBodyBytes: number;
  /** Ends delays when the receiver stops. */
  readonly signal: AbortSignal;
  /** Called once per request, after its transaction and before its answer. */
  readonly onAttempt: (event: AttemptEvent) => void;
}

/** Answers one `POST /callback`, faults included. */
export async function answerCallback(connection: HttpBindings, context: CallbackContext): Promise<Response> {
  const { store, faults, dialect } = context;
  const body = await readRequestBody(connection.incoming, context.maxBodyBytes);
  if (body === 'aborted') return RESPONSE_ALREADY_SENT;
  if (body === 'too-large') return toResponse(answerTo({ ingestionId: null, chunkNumber: null }, 'too-large'));

  const message = dialect.read(body);
  const headers = readDeliveryHeaders(connection.incoming.headers);
  const { onTheWay, answer: fault } = faults.take({
    subject: message.kind,
    chunkNumber: message.chunkNumber,
    bodyByteCount: body.length,
  });
  for (const event of onTheWay) {
    if (event.fault === 'delay') await sleep(event.delay_ms, undefined, { signal: context.signal });
    else if (message.ingestionId !== null) store.forget(message.ingestionId, event.keep_chunks);
  }

  const isDecided = fault === null || happensAfterStoring(fault);
  // The attempt is recorded in the transaction of what it stored, so that the log and the state agree after a crash.
  const decision = store.transaction(() => {
    const decided = isDecided ? dialect.decide({ message, body, headers }) : null;
    store.recordAttempt(describeAttempt({ message, headers, decision: decided, fault }));
    return decided;
  });
  context.onAttempt({
    ...describeAttempt({ message, headers, decision, fault }),
    recordCount: message.kind === 'chunk' ? message.recordCount : null,
    bodyByteCount: body.length,
  });

  const answer = decision ?? answerTo(message, 'stored');
  if (fault === null) return toResponse(answer);
  inflictFault(fault, connection, answer);
  return RESPONSE_ALREADY_SENT;
}

interface AttemptParts {
  readonly message: Message;
  readonly headers: DeliveryHeaders;
  readonly decision: Answer | null;
  readonly fault: FaultyAnswer | null;
}

function describeAttempt({ message, headers, decision, fault }: AttemptParts): Attempt {
  return {
    ingestionId: message.ingestionId,
    subject: message.kind,
    chunkNumber: message.chunkNumber,
    checksum: message.kind === 'chunk' ? message.checksum : null,
    epoch: headers.epoch,
    attempt: headers.attempt,
    idempotencyKey: headers.idempotencyKey,
    answer: decision?.kind ?? null,
    httpStatus: decision?.httpStatus ?? null,
    error: decision === null ? null : errorOf(decision),
    fault: fault?.fault ?? null,
  };
}

function toResponse(answer: Answer): Response {
  const { contentType, text } = encodeAnswer(answer);
  return new Response(text, { status: answer.httpStatus, headers: { 'content-type': contentType } });
}
