import { type AnswerKind, encodeAnswer } from '../../mock-receiver/answer.ts';
import { readDeliveryHeaders } from '../../mock-receiver/delivery-headers.ts';
import { type Dialect, referenceDialect } from '../../mock-receiver/dialect.ts';
import { legacyDialect } from '../../mock-receiver/legacy-dialect.ts';
import type { Message } from '../../mock-receiver/message.ts';
import { ReceiverStore } from '../../mock-receiver/receiver-store.ts';
import type { ReceiverSpec } from './scenario.ts';

/** What a receiver answers. */
export interface ReceiverAnswer {
  readonly kind: AnswerKind;
  readonly status: number;
  readonly text: string;
  /** Null: it was not looked at. */
  readonly message: Message | null;
}

/** How many chunks of each ingestion there are. */
type Holdings = ReadonlyMap<string, number>;

/** The real receiver's decisions and state, behind a network that is simulated. */
export class SimulatedReceiver {
  readonly name: string;
  readonly url: string;
  readonly isLegacy: boolean;
  readonly latencyMs: number;
  readonly store = new ReceiverStore(null);
  readonly #dialect: Dialect;
  /** What a backup taken after each chunk holds, oldest first. */
  readonly #backups: Holdings[] = [new Map()];
  #maxBodyBytes: number | null;
  /** Outages may overlap: it listens when the last has ended. */
  #outageCount = 0;
  /** Whether it ever lost what it had acknowledged. */
  hasForgotten = false;

  constructor({ isLegacy, maxBodyBytes, latencyMs }: ReceiverSpec, index: number, now: () => number) {
    this.name = `receiver ${index}`;
    this.url = `http://receiver-${index}.example/callback`;
    this.isLegacy = isLegacy;
    this.latencyMs = latencyMs;
    this.#maxBodyBytes = maxBodyBytes;
    this.#dialect = isLegacy ? legacyDialect(this.store) : referenceDialect(this.store, { secret: null, now });
  }

  get isListening(): boolean {
    return this.#outageCount === 0;
  }

  /** It is gone. */
  fall(): void {
    this.#outageCount += 1;
  }

  /** It is back, with what it had committed. */
  rise(): void {
    this.#outageCount -= 1;
  }

  /** Its owner lets it take bodies of any size. */
  liftLimit(): void {
    this.#maxBodyBytes = null;
  }

  /** It has what it had before it stored the last `chunkCount` chunks. */
  restore(chunkCount: number): void {
    const backup = this.#backups.at(-1 - chunkCount) ?? new Map<string, number>();
    for (const ingestionId of this.store.ingestionIds()) {
      const kept = backup.get(ingestionId) ?? 0;
      if (kept < this.store.state(ingestionId).chunkCount) this.hasForgotten = true;
      this.store.forget(ingestionId, kept);
    }
    this.#backups.push(this.#holdings());
  }

  /** Decides on a message as it arrived. */
  receive(body: Uint8Array, headers: Readonly<Record<string, string>>): ReceiverAnswer {
    if (this.#maxBodyBytes !== null && body.length > this.#maxBodyBytes) {
      return { kind: 'too-large', status: 413, text: '{"ack":false,"error":"BODY_TOO_LARGE"}', message: null };
    }
    const message = this.#dialect.read(body);
    const delivery = { message, body, headers: readDeliveryHeaders(headers) };
    const answer = this.store.transaction(() => this.#dialect.decide(delivery));
    if (answer.kind === 'stored') this.#backups.push(this.#holdings());
    return { kind: answer.kind, status: answer.httpStatus, text: encodeAnswer(answer).text, message };
  }

  /** The records of an ingestion in the order in which they are kept. */
  recordLines(ingestionId: string): string[] {
    const { chunkCount } = this.store.state(ingestionId);
    return Array.from({ length: chunkCount }, (_, chunkNumber) =>
      Buffer.from(this.store.recordLines(ingestionId, chunkNumber) ?? [])
        .toString()
        .split('\n')
        .slice(0, -1),
    ).flat();
  }

  #holdings(): Holdings {
    return new Map(this.store.ingestionIds().map((id) => [id, this.store.state(id).chunkCount]));
  }
}
