import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { ApiClient } from './api-client.ts';

const projectRoot = join(import.meta.dirname, '..', '..');

/** The service as a process of its own, as `npm start` runs it. */
export interface ServiceProcess {
  readonly process: ChildProcess;
  readonly api: ApiClient;
  /** Resolves with exit code and signal when the process has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly standardError: () => string;
}

/** Starts the service on `folder` and waits until it listens. It is killed when the test has finished, if it still runs. */
export async function startServiceProcess(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const { process: child, ended, standardError, standardOutput } = spawnService(folder, env);
  const firstLine = once(createInterface(standardOutput), 'line').then(([line]) => String(line));
  const url = await Promise.race([
    firstLine.then((line) => /listens on (\S+)/.exec(line)?.[1]),
    ended.then(() => undefined),
  ]);
  if (url === undefined) throw new Error(`the service did not start: ${standardError()}`);
  return { process: child, api: new ApiClient(url), ended, standardError };
}

/** A process that may refuse to start. */
type SpawnedService = Omit<ServiceProcess, 'api'> & { readonly standardOutput: Readable };

/** Starts the service on `folder` and does not wait. It is killed when the test has finished, if it still runs. */
export function spawnService(folder: string, env: Readonly<Record<string, string>> = {}): SpawnedService {
  const child = spawn(process.execPath, [join(projectRoot, 'src', 'main.ts')], {
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? '',
      ACKSTREAM_PORT: '0',
      ACKSTREAM_DATA_DIR: join(folder, 'data'),
      ACKSTREAM_LOG_DIR: join(folder, 'logs'),
      ACKSTREAM_SOURCE_ROOTS: folder,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let standardError = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    standardError += text;
  });
  // `close` comes when all output has been read, too.
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return { process: child, ended, standardError: () => standardError, standardOutput: child.stdout };
}
