import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpServer, SERVER_BOUNDS, type ServerBounds } from './api/http-server.ts';
import { createService, type Service, type ServiceDependencies } from './compose.ts';
import type { Config } from './config.ts';
import { type FieldError, ServiceError } from './errors.ts';

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
    throw new ServiceError('CONFIG_INVALID', { fields: [listenProblem(cause, { host, port })], cause });
  }
  return server.address() as AddressInfo;
}

function listenProblem(cause: unknown, { host, port }: Pick<Config, 'host' | 'port'>): FieldError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'EADDRINUSE') return { field: 'ACKSTREAM_PORT', message: `${port} is in use by another program` };
  if (code === 'EACCES') return { field: 'ACKSTREAM_PORT', message: `${port} is one that this user may not listen on` };
  return { field: 'ACKSTREAM_HOST', message: `${host} is no address of this machine (${code})` };
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
