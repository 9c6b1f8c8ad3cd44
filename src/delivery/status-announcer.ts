import type { AnnouncedStatus, Ingestion } from '../model/ingestion.ts';
import { postStatusEvent, type StatusEventRoute } from './post-status-event.ts';

/** Events that wait for their receivers, of all ingestions: what is beyond would be of a receiver that takes nothing. */
const MAX_UNDER_WAY = 1_000;

/** What status events are sent with, but for what each ingestion says itself. */
export interface StatusAnnouncerOptions extends Omit<StatusEventRoute, 'statusUrl' | 'signal'> {
  /** The service's own, for ingestions that have none; null: those are not signed. */
  readonly secret: string | null;
}

/** Tells `status_url` beside the delivery, the events of one ingestion one after the other. */
export class StatusAnnouncer {
  readonly #options: StatusAnnouncerOptions;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #lastOf = new Map<string, Promise<void>>();

  constructor(options: StatusAnnouncerOptions) {
    this.#options = options;
  }

  /** Neither waits nor throws. */
  announce(ingestion: Ingestion, status: AnnouncedStatus): void {
    const { ingestionId, epoch, checkpoint, lastError } = ingestion;
    const { statusUrl, callbackSecret } = ingestion.delivery;
    if (statusUrl === null) return;
    if (this.#underWay.size >= MAX_UNDER_WAY) {
      const reason = `${MAX_UNDER_WAY} others wait`;
      this.#options.logger.warn('status_event.failed', { ingestion_id: ingestionId, status, epoch, reason });
      return;
    }
    const details = {
      total_records: checkpoint.recordCount,
      total_chunks: checkpoint.nextChunkNumber,
      error: lastError?.code ?? null,
    };
    const secret = callbackSecret ?? this.#options.secret;
    const route = { ...this.#options, statusUrl, secret, signal: this.#closing.signal };
    const before = this.#lastOf.get(ingestionId) ?? Promise.resolve();
    const sent = before.then(() => postStatusEvent({ ingestionId, status, epoch, details }, route));
    this.#underWay.add(sent);
    this.#lastOf.set(ingestionId, sent);
    void sent.then(() => {
      this.#underWay.delete(sent);
      if (this.#lastOf.get(ingestionId) === sent) this.#lastOf.delete(ingestionId);
    });
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay);
  }
}
