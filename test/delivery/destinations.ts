/** HTTP destinations for tests; all are closed after each. */
import { afterEach } from 'vitest';
import { createCallbackGuard } from '../../src/delivery/callback-guard.ts';
import type { Destination } from '../../src/delivery/destination.ts';
import { createHttpDestination, type HttpDestinationOptions } from '../../src/delivery/http-destination.ts';
import { DEFAULT_TIMEOUTS } from '../../src/delivery/post-channel.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { sampleChunk, sampleContext } from './sample-delivery.ts';

/** The time of every attempt. */
export const NOW = 1_767_225_600_999;
const loopbackGuard = createCallbackGuard({ allow: null, isLoopbackAllowed: true });
const opened: Destination[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((destination) => destination.close()));
});

/** A destination with the deadlines of the protocol, for which loopback is allowed. */
export function destinationAt(callbackUrl: string, change: Partial<HttpDestinationOptions> = {}): Destination {
  const destination = createHttpDestination({
    callbackUrl,
    headers: null,
    secret: null,
    guard: loopbackGuard,
    timeouts: DEFAULT_TIMEOUTS,
    clock: { now: () => NOW, sleep: async () => undefined },
    userAgent: 'ackstream/1.2.3',
    ...change,
  });
  opened.push(destination);
  return destination;
}

/** What becomes of a first attempt at a chunk. */
export function attemptAt(callbackUrl: string, change: Partial<HttpDestinationOptions> = {}): Promise<Outcome> {
  return destinationAt(callbackUrl, change).attempt(sampleChunk(), sampleContext());
}
