import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpServer, SERVER_BOUNDS, type ServerBounds } from './api/http-server.ts';
import { createService, type Service, type ServiceDependencies } from './compose.ts';
import type { Config } from './config.ts';
import { ServiceError } from './errors.ts';
import { listenFailure } from './model/listen-failure.ts';

/** A service that listens. */
export interface RunningService {
  readonly service: Service;
  /** Where it listens, with the port it was given. */
  readonly url: string;
  /** Takes nothing on any more, finishes within 10 s, and releases everything. */
  stop(): Promise<void>;
}

/** What a process brings along to listen. */
export interface ServeDependencies extends Omit<ServiceDependencies, 'access'> {
  readonly bounds?: ServerBounds;
}

/** Composes a service, listens, and begins to deliver. Throws what {@link createService} throws, and CONFIG_INVALID where it cannot listen. */
export async function serve(config: Config, dependencies: ServeDependencies): Promise<RunningService> {
  const { logger, bounds = SERVER_BOUNDS } = dependencies;
  const service = await createService(config, dependencies);
  const server = createHttpServer({ fetch: service.fetch, logger, bounds });
  try {
    const url = urlOf(await listen(server, config));
    service.announceUrl(url);
    await service.start();
    logger.info('service.started', { url, data_dir: config.dataDir });
    return {
      service,
      url,
      async stop() {
        logger.info('service.stopping');
        const closed = new Promise((resolve) => server.close(resolve));
        await service.stop();
        server.closeAllConnections();
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

async function listen(server: Server, { host, port }: Config): Promise<AddressInfo> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const names = { host: 'ACKSTREAM_HOST', port: 'ACKSTREAM_PORT' };
    throw new ServiceError('CONFIG_INVALID', { fields: [listenFailure(cause, { host, port, names })], cause });
  }
  return server.address() as AddressInfo;
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
