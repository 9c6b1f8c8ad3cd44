import type { HttpBindings } from '@hono/node-server';
import { type Answer, type AnswerBody, encodeAnswer } from './answer.ts';
import type { FaultyAnswer } from './fault-rules.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const FILLER = Buffer.alloc(64 * 1024, 'x');

/**
 * Answers in the way of the fault, on the connection itself: most of these answers no HTTP library would send. `answer` is what would be sent
 * without the fault; where the fault comes before any decision, the acknowledgement that the sender hopes for.
 */
export function inflictFault(fault: FaultyAnswer, { incoming, outgoing }: HttpBindings, answer: Answer): void {
  const own: Partial<AnswerBody> = typeof answer.body === 'string' ? {} : answer.body;
  switch (fault.fault) {
    case 'status':
      sendStatus(outgoing, fault);
      break;
    case 'hang':
      break;
    case 'reset':
      incoming.socket.resetAndDestroy();
      break;
    case 'nack':
      sendJson(outgoing, 200, { ...own, ack: false, error: fault.error, expected_chunk: fault.expected_chunk });
      break;
    case 'too-large':
      sendJson(outgoing, 413, { ...own, ack: false, error: 'BODY_TOO_LARGE' });
      break;
    case 'redirect':
      outgoing.writeHead(fault.status, { location: fault.location }).end();
      break;
    case 'truncated-ack':
      sendHalf(outgoing, answer);
      break;
    case 'non-json-ack':
      outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>OK</body></html>');
      break;
    case 'wrong-echo': {
      const wrong = fault.member === 'ingestion_id' ? 'f'.repeat(64) : (own.chunk_number ?? 0) + 1;
      sendJson(outgoing, answer.httpStatus, { ...own, [fault.member]: wrong });
      break;
    }
    case 'huge-ack':
      sendHuge(outgoing, answer, fault.bytes ?? Number.POSITIVE_INFINITY);
      break;
    case 'dripping-ack':
      sendDripping(outgoing, answer, fault.interval_ms);
      break;
  }
}

type Outgoing = HttpBindings['outgoing'];

function sendJson(outgoing: Outgoing, httpStatus: number, body: object): void {
  outgoing.writeHead(httpStatus, JSON_TYPE).end(JSON.stringify(body));
}

function sendStatus(outgoing: Outgoing, fault: Extract<FaultyAnswer, { fault: 'status' }>): void {
  if (fault.retry_after !== undefined) outgoing.setHeader('retry-after', fault.retry_after);
  const isText = typeof fault.body === 'string';
  outgoing.setHeader('content-type', isText ? 'text/plain; charset=utf-8' : 'application/json');
  outgoing.writeHead(fault.status).end(isText ? fault.body : JSON.stringify(fault.body));
}

/** Announces the whole answer, sends half of it, and closes. */
function sendHalf(outgoing: Outgoing, answer: Answer): void {
  const { contentType, text } = encodeAnswer(answer);
  outgoing.writeHead(answer.httpStatus, { 'content-type': contentType, 'content-length': text.length });
  outgoing.write(text.slice(0, text.length / 2), () => outgoing.socket?.destroy());
}

/** Sends the answer blown up to a length by one more member, as fast as it is taken; an infinite one ends with the connection. */
function sendHuge(outgoing: Outgoing, answer: Answer, byteCount: number): void {
  const head = `${encodeAnswer(answer).text.slice(0, -1)},"filler":"`;
  const tail = '"}';
  let remaining = byteCount - head.length - tail.length;
  outgoing.writeHead(answer.httpStatus, JSON_TYPE).write(head);
  const fill = (): void => {
    while (remaining > 0 && !outgoing.destroyed) {
      const piece = FILLER.subarray(0, Math.min(FILLER.length, remaining));
      remaining -= piece.length;
      if (outgoing.write(piece)) continue;
      outgoing.once('drain', fill);
      return;
    }
    outgoing.end(tail);
  };
  fill();
}

/** Sends the answer one byte at a time. */
function sendDripping(outgoing: Outgoing, answer: Answer, intervalMs: number): void {
  const { contentType, text } = encodeAnswer(answer);
  const bytes = Buffer.from(text);
  let sent = 0;
  outgoing.writeHead(answer.httpStatus, { 'content-type': contentType, 'content-length': bytes.length });
  const timer = setInterval(() => {
    outgoing.write(bytes.subarray(sent, sent + 1));
    sent += 1;
    if (sent < bytes.length) return;
    clearInterval(timer);
    outgoing.end();
  }, intervalMs);
  outgoing.once('close', () => clearInterval(timer));
}
