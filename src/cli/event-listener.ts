import type { z } from 'zod';
import { attemptFailedEventSchema } from '../api/event-schemas.ts';
import type { Clock } from '../model/clock.ts';
import type { StreamPiece } from './event-stream-parser.ts';
import type { ServiceClient } from './service-client.ts';

/** A service says something every 15 s; one that is silent for so long has gone without a word, or this machine was put to sleep. */
const LONGEST_SILENCE_MS = 40_000;
/** A stream that was there is there again soon. */
const RECONNECT_MS = 1_000;
/** Why a stream could not be had is seldom over sooner: the service is older than its events, or others have all the streams. */
const REFUSED_MS = 15_000;

/** What was told of failed attempts. */
export interface HeardFailures {
  /** Attempts that were to be followed by another. */
  readonly retryCount: number;
  /** The last attempt that failed; null: none was heard of. */
  readonly lastFailure: z.infer<typeof attemptFailedEventSchema> | null;
}

/** What is listened to. */
export interface ListenerOptions {
  readonly client: ServiceClient;
  readonly ingestionId: string;
  /** The id of the event behind which it begins; null: from now on. */
  readonly after: string | null;
  readonly clock: Clock;
}

/** Listens to the events of one ingestion, and connects anew behind the last one whenever the stream ends. */
export class EventListener implements HeardFailures {
  readonly #options: ListenerOptions;
  #lastId: string | null;
  #isListening = false;
  #retryCount = 0;
  #lastFailure: HeardFailures['lastFailure'] = null;
  #news = Promise.withResolvers<void>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#lastId = options.after;
  }

  get retryCount(): number {
    return this.#retryCount;
  }

  get lastFailure(): HeardFailures['lastFailure'] {
    return this.#lastFailure;
  }

  /** Whether {@link EventListener.news} tells of whatever happens. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Resolves with whatever comes after this was asked for, and when a stream begins: what happened before that, nobody knows. */
  get news(): Promise<void> {
    return this.#news.promise;
  }

  /** Listens until the signal is aborted. */
  async listen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Whoever hears nothing looks instead, and is told there what is wrong.
      await this.#hear(signal).catch(() => {});
      const delayMs = this.#isListening ? RECONNECT_MS : REFUSED_MS;
      this.#isListening = false;
      await this.#options.clock.sleep(delayMs, signal);
    }
  }

  async #hear(signal: AbortSignal): Promise<void> {
    const { client, ingestionId, clock } = this.#options;
    const silence = new AbortController();
    const until = { after: this.#lastId, signal: AbortSignal.any([signal, silence.signal]) };
    const pieces = client.followEvents(ingestionId, until);
    for (;;) {
      const heard = new AbortController();
      void clock.sleep(LONGEST_SILENCE_MS, heard.signal).then(() => {
        if (!heard.signal.aborted) silence.abort();
      });
      const { value, done } = await pieces.next().finally(() => heard.abort());
      if (done === true) return;
      this.#take(value);
    }
  }

  #take({ events, lastId }: StreamPiece): void {
    this.#lastId = lastId ?? this.#lastId;
    for (const { name, data } of events) if (name === 'attempt_failed') this.#count(JSON.parse(data));
    if (events.length === 0 && this.#isListening) return;
    this.#isListening = true;
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  #count(data: unknown): void {
    this.#lastFailure = attemptFailedEventSchema.parse(data);
    if (this.#lastFailure.next_attempt_at !== null) this.#retryCount += 1;
  }
}
