import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';

/** All addresses of a name; rejects where it has none. */
export type ResolveName = (hostname: string) => Promise<readonly LookupAddress[]>;

/**
 * The system resolves on threads that it shares with all files, of which it takes at most half; and a name takes one for as long as its server likes to be silent. What requests
 * ask for is kept to these, so that deliveries always have one.
 */
const MAX_NAMES_OF_REQUESTS = 3;

/** As other programs of the machine do, by its hosts file and its name servers. */
export const resolveBySystem: ResolveName = (hostname) => lookup(hostname, { all: true });

/** Resolves a name once for all who wait for it, and a few at a time: of names beyond it gives no address. */
export function resolveForRequests(resolve: ResolveName): ResolveName {
  const underWay = new Map<string, Promise<readonly LookupAddress[]>>();
  return (hostname) => {
    const awaited = underWay.get(hostname);
    if (awaited !== undefined) return awaited;
    if (underWay.size === MAX_NAMES_OF_REQUESTS) return Promise.resolve([]);
    const resolved = resolve(hostname).finally(() => underWay.delete(hostname));
    underWay.set(hostname, resolved);
    return resolved;
  };
}
