import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { createService, type Service, type ServiceDependencies } from './compose.ts';
import type { Config } from './config.ts';

/** Bounds on a request's time, so that a slow client holds nothing: the body is 1 MiB at most. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;

/** A service that listens. */
export interface RunningService {
  readonly service: Service;
  /** Where it listens, with the port it was given. */
  readonly url: string;
  /** Takes nothing on any more, finishes within 10 s, and releases everything. */
  stop(): Promise<void>;
}

/** Composes a service, listens, and begins to deliver. Throws what {@link createService} throws, and what listening throws. */
export async function serve(config: Config, dependencies: ServiceDependencies): Promise<RunningService> {
  const { logger } = dependencies;
  const service = await createService(config, dependencies);
  const server = createAdaptorServer({
    fetch: service.fetch,
    serverOptions: { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS },
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(config.port, config.host, resolve);
    });
    const url = urlOf(server.address() as AddressInfo);
    service.announceUrl(url);
    await service.start();
    logger.info('service.started', { url, pid: process.pid, data_dir: config.dataDir });
    return {
      service,
      url,
      async stop() {
        logger.info('service.stopping');
        const closed = new Promise((resolve) => server.close(resolve));
        await service.stop();
        if ('closeAllConnections' in server) server.closeAllConnections();
        await closed;
        logger.info('service.stopped');
      },
    };
  } catch (error) {
    server.close();
    await service.stop();
    throw error;
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
