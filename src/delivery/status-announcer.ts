import type { AnnouncedStatus, Ingestion } from '../model/ingestion.ts';
import { postStatusEvent, type StatusEventRoute } from './post-status-event.ts';

/** Events that wait for their receivers, of all ingestions: what is beyond would be of a receiver that takes nothing. */
const MAX_UNDER_WAY = 1_000;
/** How long a service that ends waits for what it announced. With the 6 s that a run has at most before that, it stays well within the 10 s of a shutdown. */
const CLOSE_GRACE_MS = 2_000;

/** What status events are sent with, but for what each ingestion says itself. */
export interface StatusAnnouncerOptions extends Omit<StatusEventRoute, 'statusUrl' | 'signal' | 'ending'> {
  /** The service's own, for ingestions that have none; null: those are not signed. */
  readonly secret: string | null;
}

/** Tells `status_url` beside the delivery, the events of one ingestion one after the other. */
export class StatusAnnouncer {
  readonly #options: StatusAnnouncerOptions;
  readonly #ending = new AbortController();
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
    const route = { ...this.#options, statusUrl, secret, signal: this.#closing.signal, ending: this.#ending.signal };
    const before = this.#lastOf.get(ingestionId) ?? Promise.resolve();
    const sent = before.then(() => postStatusEvent({ ingestionId, status, epoch, details }, route));
    this.#underWay.add(sent);
    this.#lastOf.set(ingestionId, sent);
    void sent.then(() => {
      this.#underWay.delete(sent);
      if (this.#lastOf.get(ingestionId) === sent) this.#lastOf.delete(ingestionId);
    });
  }

  /**
   * Makes one more attempt at each event that is under way, for which it waits some seconds, and gives up the rest. What a command delivered itself ends
   * with its last change of status: nobody would ever be told of it.
   */
  async close(): Promise<void> {
    this.#ending.abort();
    const sent = Promise.all(this.#underWay);
    const grace = new AbortController();
    await Promise.race([sent, this.#options.clock.sleep(CLOSE_GRACE_MS, grace.signal)]);
    grace.abort();
    this.#closing.abort();
    await sent;
  }
}
