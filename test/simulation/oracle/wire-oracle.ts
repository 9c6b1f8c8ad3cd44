import { createHash } from 'node:crypto';
import type { Exchange } from '../../../src/delivery/post-channel.ts';
import type { ReceiverAnswer, SimulatedReceiver } from '../simulated-receiver.ts';
import type { FactBook, IngestionFacts } from './ingestion-facts.ts';
import { readExchange } from './read-exchange.ts';
import type { Accuse } from './violation.ts';

/** A message as it left the sender. */
export interface SentMessage {
  readonly ingestionId: string;
  readonly target: number | 'completion';
  readonly chunkNumber: number;
  readonly rewindBelow: number;
  readonly attempt: number;
  readonly epoch: number;
  readonly bodyDigest: string;
  /** Null with COMPLETED. */
  readonly checksum: string | null;
}

/** Reads what is sent, with nothing of the product; null: it is no message. */
export function readSent(body: Uint8Array, headers: Readonly<Record<string, string>>): SentMessage | null {
  const envelope = membersOf(body);
  if (envelope === null) return null;
  const isCompletion = envelope.status === 'COMPLETED';
  const chunkNumber = Number(envelope.chunk_number);
  return {
    ingestionId: String(envelope.ingestion_id),
    target: isCompletion ? 'completion' : chunkNumber,
    chunkNumber,
    rewindBelow: isCompletion ? Number(envelope.total_chunks) : chunkNumber,
    attempt: Number(headers['ackstream-attempt']),
    epoch: Number(headers['ackstream-epoch']),
    bodyDigest: createHash('sha256').update(body).digest('hex'),
    checksum: isCompletion ? null : String(envelope.checksum),
  };
}

function membersOf(body: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(Buffer.from(body).toString()) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}

/** Watches the wire. */
export class WireOracle {
  readonly #book: FactBook;
  readonly #accuse: Accuse;
  /** The checksum under which a receiver first took a chunk id. */
  readonly #taken = new Map<string, string>();

  constructor(book: FactBook, accuse: Accuse) {
    this.#book = book;
    this.#accuse = accuse;
  }

  /** Something is sent. @param latestEpoch that of the ingestion in the store */
  sent(sent: SentMessage, now: number, latestEpoch: number): void {
    const facts = this.#book.of(sent.ingestionId);
    const { target, attempt, epoch } = sent;
    const message = facts.message(target);
    const what = describe(sent);
    if (!message.begun.has(attempt)) this.#accuse('attempt-on-record', `${what} is not on record as begun`);
    if (message.sent.has(attempt)) this.#accuse('attempt-on-record', `${what} was made before`);
    const inFlight = facts.inFlight.get(epoch) ?? 0;
    if (inFlight > 0) this.#accuse('one-in-flight', `${what} while another of epoch ${epoch} is in flight`);
    if (epoch === latestEpoch && now < facts.notBefore) {
      if (facts.changeCount === 0) this.#accuse('retry-in-bounds', `${what} is ${facts.notBefore - now} ms early`);
      facts.changeCount -= 1;
    }
    facts.notBefore = 0;
    this.#checkContent(facts, sent);
    message.sent.add(attempt);
    message.bodyDigest = sent.bodyDigest;
    facts.inFlight.set(epoch, inFlight + 1);
  }

  #checkContent(facts: IngestionFacts, sent: SentMessage): void {
    const { target, chunkNumber, bodyDigest, checksum } = sent;
    const what = describe(sent);
    if (target === 'completion') {
      const open = [...facts.plans.keys()].find((number) => !facts.message(number).isAcked);
      if (open !== undefined) this.#accuse('completed-true', `${what} while chunk ${open} is not acknowledged`);
      return;
    }
    if (facts.plans.get(chunkNumber)?.checksum !== checksum) {
      this.#accuse('planned-before-sent', `${what} has checksum ${checksum}, which is not planned`);
    }
    if (chunkNumber > 0 && !facts.message(chunkNumber - 1).isAcked) {
      this.#accuse('planned-before-sent', `${what} while chunk ${chunkNumber - 1} is not acknowledged`);
    }
    const before = facts.message(target).bodyDigest;
    if (before !== null && before !== bodyDigest) this.#accuse('same-bytes', `${what} has other bytes than before`);
  }

  /** A sender learns what became of its message. */
  answered(sent: SentMessage, exchange: Exchange, now: number): void {
    const facts = this.#book.of(sent.ingestionId);
    const message = facts.message(sent.target);
    const reading = readExchange(exchange, { ...sent, isCompletion: sent.target === 'completion' }, now);
    message.readings.set(sent.attempt, reading);
    this.ended(sent);
    if (reading.outcome === 'too-large') facts.wasTooLarge = true;
    if (reading.isFinal) facts.wasRefusedForGood = true;
    if (reading.outcome === 'acknowledged') message.isAcked = true;
  }

  /** Nobody waits for an answer any more. */
  ended({ ingestionId, epoch }: SentMessage): void {
    const { inFlight } = this.#book.of(ingestionId);
    inFlight.set(epoch, (inFlight.get(epoch) ?? 1) - 1);
  }

  /** A receiver has decided on a message. */
  received(receiver: SimulatedReceiver, { kind, message }: ReceiverAnswer): void {
    if (message?.kind === 'chunk' && kind === 'stored') {
      const key = `${receiver.name} ${message.chunkId}`;
      const before = this.#taken.get(key) ?? message.checksum;
      this.#taken.set(key, before);
      if (before !== message.checksum) {
        this.#accuse('one-checksum', `${receiver.name} took chunk ${message.chunkNumber} under a second checksum`);
      }
    }
    if (kind === 'chunk-id-reused') this.#accuse('one-checksum', `${receiver.name} was offered other bytes of a chunk`);
    if (message?.kind !== 'completed' || kind !== 'completed' || receiver.isLegacy) return;
    const { chunkCount } = receiver.store.state(message.ingestionId);
    const { plans } = this.#book.of(message.ingestionId);
    const isWhole = plans.size === chunkCount && (chunkCount === 0 || plans.get(chunkCount - 1)?.isLast === true);
    if (!isWhole) this.#accuse('completed-true', `${receiver.name} has ${chunkCount} of ${plans.size} planned chunks`);
  }
}

function describe({ target, attempt }: SentMessage): string {
  return `attempt ${attempt} at ${target === 'completion' ? 'COMPLETED' : `chunk ${target}`}`;
}
