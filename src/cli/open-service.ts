/**
 * Which service a command talks to: the one named by `--url`; else the one that holds the data directory; else the one that answers at the
 * configured address; else one of this process, on the free data directory.
 */
import { existsSync } from 'node:fs';
import { type Config, loadConfig } from '../config.ts';
import { ServiceError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import { readLockHolder } from '../state/data-directory-lock.ts';
import type { CommandContext } from './command.ts';
import { commandInvalid } from './option-values.ts';
import { ServiceClient } from './service-client.ts';
import { configuredUrl, reachable } from './service-url.ts';
import { terminalText } from './terminal-text.ts';

/** A service to talk to. */
export interface OpenedService {
  readonly client: ServiceClient;
  /** It lives in this process and ends with {@link OpenedService.close}. */
  readonly isOwn: boolean;
  /** What another command must be given to find it, such as ` --url http://feeds.internal:8000`; empty where the settings lead to it. */
  readonly urlOption: string;
  close(): Promise<void>;
}

/** What a service of this process is for. */
interface OwnUse {
  readonly delivers: boolean;
  readonly creates?: boolean;
}

/** What requests to a service of this process are addressed to; no such name is ever looked up. */
const OWN_URL = 'http://ackstream.internal';

/**
 * @param options `url` the value of `--url`; `delivers`: a service of this process also delivers what it is asked for; `creates`: where there is no data directory it makes one;
 * `isOwnAllowed`: false keeps the data directory free for a service that starts meanwhile.
 * @throws CONFIG_INVALID, DATA_DIR_LOCKED, SERVICE_UNREACHABLE and what createService throws.
 */
export async function openService(
  { env, cwd, clock }: CommandContext,
  { url, isOwnAllowed = true, ...use }: { readonly url: string | undefined; readonly isOwnAllowed?: boolean } & OwnUse,
): Promise<OpenedService> {
  if (url !== undefined) {
    const client = new ServiceClient({ url: rootOf(url), token: env.ACKSTREAM_API_TOKEN ?? null });
    return { ...remoteService(client), urlOption: ` --url ${terminalText(client.url)}` };
  }
  const config = loadConfig({ env, cwd });
  const holder = readLockHolder(config.dataDir);
  if (holder === null) {
    const listening = await findListening(config);
    if (listening !== undefined) return listening;
    if (isOwnAllowed) return openOwn(config, { clock, ...use });
    throw new ServiceError('SERVICE_UNREACHABLE', { detail: 'No service answers.' });
  }
  if (holder.url !== undefined) {
    return remoteService(new ServiceClient({ url: reachable(holder.url), token: config.apiToken }));
  }
  const detail = `${config.dataDir} is in use by ${holder.what} (process ${holder.pid}), which takes no requests.`;
  throw new ServiceError('DATA_DIR_LOCKED', { detail });
}

function remoteService(client: ServiceClient): OpenedService {
  return { client, isOwn: false, urlOption: '', close: async () => {} };
}

/** A service of another data directory, such as one in a container. */
async function findListening(config: Config): Promise<OpenedService | undefined> {
  if (config.port === 0) return undefined;
  const client = new ServiceClient({ url: configuredUrl(config), token: config.apiToken });
  try {
    await client.listIngestions({ limit: 1 });
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'SERVICE_UNREACHABLE') return undefined;
    // It is there; what its token allows is said of the request that is meant.
    if (!(error instanceof ServiceError) || error.code !== 'FORBIDDEN') throw error;
  }
  return remoteService(client);
}

async function openOwn(
  config: Config,
  { clock, delivers, creates = false }: { readonly clock: Clock } & OwnUse,
): Promise<OpenedService> {
  if (!creates && !existsSync(config.dataDir)) {
    throw new ServiceError('SERVICE_UNREACHABLE', { detail: `No service answers, and there is no ${config.dataDir}.` });
  }
  // Only here: whoever talks to a running service shall not wait until all of one is loaded.
  const [{ createService }, { createLogger }] = await Promise.all([import('../compose.ts'), import('../log.ts')]);
  const logger = await createLogger({ logDir: config.logDir, terminal: 'off', level: config.logLevel });
  try {
    const service = await createService(config, { logger, clock, scope: 'admitted', access: 'open' });
    const close = async () => {
      await service.stop();
      await logger.close();
    };
    try {
      if (delivers) await service.start();
    } catch (error) {
      await close();
      throw error;
    }
    return {
      client: new ServiceClient({ url: OWN_URL, token: null, send: (request) => service.fetch(request) }),
      isOwn: true,
      urlOption: '',
      close,
    };
  } catch (error) {
    await logger.close();
    throw error;
  }
}

function rootOf(url: string): string {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) throw commandInvalid('--url must be an http or https URL');
  return url.replace(/\/+$/, '');
}
