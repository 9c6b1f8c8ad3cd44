import { crashPoint } from '../crash-point.ts';
import type { Clock } from '../model/clock.ts';
import type { Outcome } from '../model/outcome.ts';
import { type Expectation, interpretAnswer } from '../protocol/ack.ts';
import { sha256Base64 } from '../protocol/checksum.ts';
import { encodeCompletion } from '../protocol/envelope.ts';
import { chunkIdOf, completionIdOf } from '../protocol/identity.ts';
import type { AttemptContext, Destination } from './destination.ts';
import { messageHeaders } from './message-headers.ts';
import type { Exchange, PostChannel } from './post-channel.ts';
import { receivedAnswerOf } from './received-answer.ts';

/** What an HTTP destination is made from. */
export interface HttpDestinationOptions {
  readonly channel: PostChannel;
  /** The request's own, which the protocol's override; null: none. */
  readonly headers: Readonly<Record<string, string>> | null;
  /** Standard Webhooks secret; null: not signed. */
  readonly secret: string | null;
  readonly clock: Clock;
  /** `ackstream/<version>`. */
  readonly userAgent: string;
}

/** What is sent in one attempt, and what its answer must be about. */
interface Message {
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly bodyDigest: string;
  readonly expected: Expectation;
}

/**
 * A receiver behind a channel to its callback URL, by docs/protocol.md. Closes the channel with itself. A URL that the guard refuses is an outcome of each attempt: what is allowed
 * may differ from when the ingestion was accepted.
 */
export function createHttpDestination(options: HttpDestinationOptions): Destination {
  const { channel, secret, clock, userAgent } = options;
  const ownHeaders = withLowerCaseNames(options.headers ?? {});

  async function send(message: Message, context: AttemptContext): Promise<Outcome> {
    const { messageId, body, bodyDigest, expected } = message;
    const { epoch, attempt, signal } = context;
    const headers = messageHeaders({
      messageId,
      epoch,
      attempt,
      body,
      bodyDigest,
      secret,
      now: clock.now(),
      userAgent,
    });
    const exchange = await channel.post({
      headers: { ...ownHeaders, ...headers },
      body,
      signal,
      onSent: crashOnceSent,
    });
    return outcomeOf(exchange, expected, clock.now());
  }

  return {
    attempt(chunk, context) {
      const { ingestionId } = context;
      const { chunkNumber } = chunk.plan;
      return send(
        {
          messageId: chunkIdOf(ingestionId, chunkNumber),
          body: chunk.body,
          bodyDigest: chunk.bodyDigest,
          expected: { target: 'chunk', ingestionId, chunkNumber },
        },
        context,
      );
    },

    complete(completion, context) {
      const { ingestionId, lastChunkNumber: chunkNumber, totalChunks } = completion;
      const body = new TextEncoder().encode(encodeCompletion(completion));
      return send(
        {
          messageId: completionIdOf(ingestionId),
          body,
          bodyDigest: sha256Base64(body),
          expected: { target: 'completion', ingestionId, chunkNumber, totalChunks },
        },
        context,
      );
    },

    close: () => channel.close(),
  };
}

function withLowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The receiver may have the message or not, and nobody here knows: the hardest place to go on from. */
function crashOnceSent(): void {
  crashPoint('sent-not-acked');
}

/** Rules 1 and 2 of docs/protocol.md "The answer"; the rest is {@link interpretAnswer}'s. */
function outcomeOf(exchange: Exchange, expected: Expectation, now: number): Outcome {
  switch (exchange.kind) {
    case 'answered': {
      const outcome = interpretAnswer({ ...exchange, now }, expected);
      if (outcome.kind === 'acknowledged') return outcome;
      return { ...outcome, answer: receivedAnswerOf(exchange, { isComplete: true }) };
    }
    case 'refused':
      return { kind: 'rejected', reason: exchange.reason, httpStatus: null, receiverError: null, isFinal: true };
    case 'not-connected':
      return { kind: 'unavailable', reason: exchange.reason, httpStatus: null, retryAfterMs: null };
    case 'unanswered': {
      const { reason, status: httpStatus, received } = exchange;
      const answered = received === undefined ? {} : { answer: receivedAnswerOf(received, { isComplete: false }) };
      return { kind: 'unknown', reason, httpStatus, ...answered };
    }
  }
}
