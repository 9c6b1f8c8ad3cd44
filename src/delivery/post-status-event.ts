import type { TlsTrust } from '../egress/tls-trust.ts';
import type { UrlGuard } from '../egress/url-guard.ts';
import type { Clock } from '../model/clock.ts';
import type { AnnouncedStatus } from '../model/ingestion.ts';
import type { Logger } from '../model/logger.ts';
import type { JsonValue } from '../model/record.ts';
import { sha256Base64 } from '../protocol/checksum.ts';
import { statusEventIdOf } from '../protocol/identity.ts';
import { messageHeaders } from './message-headers.ts';
import { createPostChannel, type Exchange, type PostChannel, type PostTimeouts } from './post-channel.ts';

/** How long until an event is tried again, each time. A receiver may be away for the minutes of a restart or an upgrade; beyond, nothing depends on it. */
const DELAYS_MS = [1_000, 5_000, 30_000, 2 * 60_000, 5 * 60_000] as const;

/** What a status event says. */
export interface StatusEvent {
  readonly ingestionId: string;
  readonly status: AnnouncedStatus;
  readonly epoch: number;
  /** What goes into the body beside these, by wire name: totals, an error's code. Never a record's content or a secret. */
  readonly details: Readonly<Record<string, JsonValue>>;
}

/** Where it goes, and with what. The callback's own headers do not go along: they are meant for another host. */
export interface StatusEventRoute {
  readonly statusUrl: string;
  /** Null: not signed. */
  readonly secret: string | null;
  readonly guard: UrlGuard;
  readonly trust?: TlsTrust | undefined;
  readonly timeouts: PostTimeouts;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted: what is under way is given up. */
  readonly signal: AbortSignal;
  /** Aborted: nothing waits any more to be tried again, so that one more attempt is the last. */
  readonly ending: AbortSignal;
  readonly userAgent: string;
}

/** Posts a status event, best effort: any 2xx counts as taken, a failure is logged and forgotten. Never throws. */
export async function postStatusEvent(event: StatusEvent, route: StatusEventRoute): Promise<void> {
  let reason: string | null;
  try {
    reason = await postWithRetries(event, route);
  } catch (error) {
    reason = String(error);
  }
  if (reason === null) return;
  const { ingestionId, status, epoch } = event;
  route.logger.warn('status_event.failed', { ingestion_id: ingestionId, status, epoch, reason });
}

/** Null, or why it failed. */
async function postWithRetries(event: StatusEvent, route: StatusEventRoute): Promise<string | null> {
  const { guard, trust, timeouts, clock, ending } = route;
  const channel = createPostChannel({ url: new URL(route.statusUrl), guard, trust, timeouts });
  try {
    for (let attempt = 1; ; attempt++) {
      const exchange = await postOnce(channel, attempt, event, route);
      const reason = failureOf(exchange);
      const delayMs = DELAYS_MS[attempt - 1];
      if (reason === null || delayMs === undefined || exchange.kind === 'refused' || ending.aborted) return reason;
      await clock.sleep(delayMs, ending);
    }
  } finally {
    await channel.close();
  }
}

function postOnce(
  channel: PostChannel,
  attempt: number,
  event: StatusEvent,
  route: StatusEventRoute,
): Promise<Exchange> {
  const { ingestionId, status, epoch, details } = event;
  const { secret, clock, signal, userAgent } = route;
  const body = new TextEncoder().encode(JSON.stringify({ ingestion_id: ingestionId, status, epoch, ...details }));
  const headers = messageHeaders({
    messageId: statusEventIdOf(ingestionId, status, epoch),
    epoch,
    attempt,
    body,
    bodyDigest: sha256Base64(body),
    secret,
    now: clock.now(),
    userAgent,
  });
  return channel.post({ headers, body, signal });
}

function failureOf(exchange: Exchange): string | null {
  if (exchange.kind !== 'answered') return exchange.reason;
  return exchange.status >= 200 && exchange.status < 300 ? null : `HTTP ${exchange.status}`;
}
