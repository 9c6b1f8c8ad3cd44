import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { serve } from '../../src/serve.ts';
import { ApiClient } from '../harness/api-client.ts';
import { testConfig } from '../harness/service.ts';

/** A service that logs as it does for people. */
export interface LoggedService {
  readonly api: ApiClient;
  /** Stops it; fails where a line of its logs is not one of JSON without control characters, or says that something failed that should not. */
  stopAndCheckLogs(): Promise<void>;
}

/** Starts a service on `folder` that writes its log files. */
export async function startLoggedService(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<LoggedService> {
  const logDir = join(folder, 'logs');
  const logger = await createLogger({ logDir, terminal: 'off', level: 'debug' });
  const running = await serve(testConfig(folder, { ACKSTREAM_RATE_LIMIT: '0', ...env }), { logger, random: () => 0 });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= running.stop().then(() => logger.close());
    return stopped;
  };
  onTestFinished(stop);
  return {
    api: new ApiClient(running.url),
    async stopAndCheckLogs() {
      await stop();
      const lines = readdirSync(join(logDir, 'debug')).flatMap((name) =>
        readFileSync(join(logDir, 'debug', name), 'utf8')
          .trimEnd()
          .split('\n'),
      );
      expect(lines.length).toBeGreaterThan(2);
      for (const line of lines) {
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        const entry: { event: string; code?: string } = JSON.parse(line);
        expect(entry.code, line).not.toBe('INTERNAL');
      }
    },
  };
}
