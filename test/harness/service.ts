import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Service } from '../../src/compose.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import type { Clock } from '../../src/model/clock.ts';
import type { LogEvent, LogFields, Logger } from '../../src/model/logger.ts';
import { type RunningService, serve } from '../../src/serve.ts';
import { ApiClient } from './api-client.ts';

/** One thing that was logged. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: LogEvent;
  readonly fields: LogFields;
}

/** A service in this process, on real files and a real port. */
export interface TestService {
  readonly service: Service;
  readonly url: string;
  readonly api: ApiClient;
  readonly logged: readonly LoggedLine[];
  stop(): Promise<void>;
}

/** Settings of a service that keeps everything below `folder`. */
export function testConfig(folder: string, env: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({
    env: {
      ACKSTREAM_PORT: '0',
      ACKSTREAM_DATA_DIR: join(folder, 'data'),
      ACKSTREAM_LOG_DIR: join(folder, 'logs'),
      ACKSTREAM_SOURCE_ROOTS: folder,
      // Tests look again every few milliseconds.
      ACKSTREAM_RATE_LIMIT: '0',
      ...env,
    },
    cwd: folder,
  });
}

/** What a test may choose of a service. */
export interface TestServiceOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly random?: () => number;
  readonly clock?: Clock;
}

/** Starts a service on `folder`; it is stopped when the test has finished, or before by the test itself. */
export async function startService(folder: string, options: TestServiceOptions = {}): Promise<TestService> {
  const logged: LoggedLine[] = [];
  const running = await serve(testConfig(folder, options.env), {
    logger: capturingLogger(logged),
    random: options.random ?? (() => 0),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const stop = stopOnce(running);
  onTestFinished(stop);
  return { service: running.service, url: running.url, api: new ApiClient(running.url), logged, stop };
}

function stopOnce(running: RunningService): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= running.stop();
    return stopped;
  };
}

function capturingLogger(lines: LoggedLine[]): Logger {
  const at =
    (level: LoggedLine['level']) =>
    (event: LogEvent, fields: LogFields = {}) => {
      lines.push({ level, event, fields });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
