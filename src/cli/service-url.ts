import type { Config } from '../config.ts';

/** Where a service with these settings is asked from this machine. */
export function configuredUrl({ host, port }: Pick<Config, 'host' | 'port'>): string {
  return reachable(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
}

/** A host that means every address is reached at its loopback address. */
export function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
