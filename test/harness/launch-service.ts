import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ApiClient } from './api-client.ts';
import { endWithThisProcess } from './end-with-this-process.ts';

const projectRoot = join(import.meta.dirname, '..', '..');

/** The service as a process of its own, as `npm start` runs it. */
export interface ServiceProcess {
  readonly process: ChildProcess;
  readonly api: ApiClient;
  /** Resolves with exit code and signal when the process has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly standardError: () => string;
}

/** A process that may refuse to start. */
export type LaunchedService = Omit<ServiceProcess, 'api'> & { readonly standardOutput: Readable };

/** How a service is started. */
export interface LaunchOptions {
  /** Settings beside those that keep everything below the folder. */
  readonly env?: Readonly<Record<string, string>>;
  /** What runs the process, such as `strace` with its arguments; without it, nothing does. */
  readonly under?: readonly string[];
}

/** Starts the service on `folder` and does not wait. It never outlives this process. */
export function launchService(folder: string, { env = {}, under = [] }: LaunchOptions = {}): LaunchedService {
  const [command, ...args] = [...under, process.execPath, join(projectRoot, 'src', 'main.ts')];
  const child = spawn(command, args, {
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? '',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      ACKSTREAM_PORT: '0',
      ACKSTREAM_DATA_DIR: join(folder, 'data'),
      ACKSTREAM_LOG_DIR: join(folder, 'logs'),
      ACKSTREAM_SOURCE_ROOTS: folder,
      // Tests look again every few milliseconds.
      ACKSTREAM_RATE_LIMIT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithThisProcess(child);
  let standardError = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    standardError += text;
  });
  // `close` comes when all output has been read, too.
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return { process: child, ended, standardError: () => standardError, standardOutput: child.stdout };
}

/** Waits until a launched service listens. Rejects, with what it said, where it ends before. */
export async function untilListening({ standardOutput, ...launched }: LaunchedService): Promise<ServiceProcess> {
  const firstLine = once(createInterface(standardOutput), 'line').then(([line]) => String(line));
  const url = await Promise.race([
    firstLine.then((line) => /listens on (\S+)/.exec(line)?.[1]),
    launched.ended.then(() => undefined),
  ]);
  if (url === undefined) throw new Error(`the service did not start: ${launched.standardError()}`);
  return { ...launched, api: new ApiClient(url) };
}
