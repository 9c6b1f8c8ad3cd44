import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../../config.ts';
import { type LockHolder, readLockHolder } from '../../state/data-directory-lock.ts';
import { configuredUrl, reachable } from '../service-url.ts';
import { type Finding, failure, ok, problem, warning } from './finding.ts';

/** What is asked for is in memory: who does not answer at once hangs. */
const ANSWER_TIMEOUT_MS = 2_000;

/** Who works on the data directory and whether it answers, and whether a service could listen where it is to. */
export async function checkAddress(config: Config): Promise<readonly Finding[]> {
  let holder: LockHolder | null;
  try {
    holder = readLockHolder(config.dataDir);
  } catch (error) {
    return failure('lock', error);
  }
  const lock = await checkHolder(config.dataDir, holder);
  const url = configuredUrl(config);
  if (holder?.url !== undefined && reachable(holder.url) === url)
    return [lock, ok('address', `${url} is that of this service`)];
  return [lock, await checkListening(config, url)];
}

async function checkHolder(dataDir: string, holder: LockHolder | null): Promise<Finding> {
  if (holder === null) return ok('lock', `nobody works on ${dataDir}`);
  const who = `${holder.what} (process ${holder.pid}) works on ${dataDir} since ${holder.since}`;
  if (holder.url === undefined) return ok('lock', `${who} and takes no requests`);
  if (await isAckstreamAt(reachable(holder.url))) return ok('lock', `${who} and answers at ${holder.url}`);
  const remedy = `Look at the log of process ${holder.pid}; where it hangs, end it (\`kill ${holder.pid}\`): the next start goes on.`;
  return problem('lock', `${who} and does not answer at ${holder.url}`, remedy);
}

async function checkListening({ host, port }: Pick<Config, 'host' | 'port'>, url: string): Promise<Finding> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
    return ok('address', port === 0 ? `${host}, at any free port` : `${url} is free`);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') {
      return problem('address', `${url} cannot be listened on (${code})`, 'Correct ACKSTREAM_HOST and ACKSTREAM_PORT.');
    }
    if (await isAckstreamAt(url)) {
      const remedy =
        'Nothing where that is meant: commands talk to it. Otherwise give this one its own ACKSTREAM_PORT.';
      return warning('address', `another Ackstream, with another data directory, answers at ${url}`, remedy);
    }
    return problem(
      'address',
      `${url} is in use by another program`,
      'End it, or give the service another ACKSTREAM_PORT.',
    );
  } finally {
    server.close();
  }
}

async function isAckstreamAt(url: string): Promise<boolean> {
  try {
    const init = { redirect: 'error', signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) } as const;
    const body: unknown = await (await fetch(`${url}/health/live`, init)).json();
    return typeof body === 'object' && body !== null && 'live' in body;
  } catch {
    // Nobody, or nobody who speaks so.
    return false;
  }
}
