/** HTTP destinations for tests; all are closed after each. */
import { afterEach } from 'vitest';
import type { Destination } from '../../src/delivery/destination.ts';
import { createHttpDestination, type HttpDestinationOptions } from '../../src/delivery/http-destination.ts';
import { createPostChannel, DEFAULT_TIMEOUTS, type PostTimeouts } from '../../src/delivery/post-channel.ts';
import { createUrlGuard, type UrlGuard } from '../../src/egress/url-guard.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { sampleChunk, sampleContext } from './sample-delivery.ts';

/** The time of every attempt. */
export const NOW = 1_767_225_600_999;
const loopbackGuard = createUrlGuard({ allow: null, isLoopbackAllowed: true });

/** What a test may set of a destination and its channel. */
type DestinationSettings = Omit<HttpDestinationOptions, 'channel'> & {
  readonly guard: UrlGuard;
  readonly timeouts: PostTimeouts;
};

const opened: Destination[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((destination) => destination.close()));
});

/** A destination with the deadlines of the protocol, for which loopback is allowed. */
export function destinationAt(callbackUrl: string, change: Partial<DestinationSettings> = {}): Destination {
  const { guard = loopbackGuard, timeouts = DEFAULT_TIMEOUTS, ...own } = change;
  const destination = createHttpDestination({
    channel: createPostChannel({ url: new URL(callbackUrl), guard, timeouts }),
    headers: null,
    secret: null,
    clock: { now: () => NOW, sleep: async () => undefined },
    userAgent: 'ackstream/1.2.3',
    ...own,
  });
  opened.push(destination);
  return destination;
}

/** What becomes of a first attempt at a chunk. */
export function attemptAt(callbackUrl: string, change: Partial<DestinationSettings> = {}): Promise<Outcome> {
  return destinationAt(callbackUrl, change).attempt(sampleChunk(), sampleContext());
}
