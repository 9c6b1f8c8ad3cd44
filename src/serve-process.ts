import { loadConfig } from './config.ts';
import { armCrashPoint } from './crash-point.ts';
import { ERRORS, toServiceError } from './errors.ts';
import { createLogger, type ServiceLogger } from './log.ts';
import { type RunningService, serve } from './serve.ts';

/** What a process is, as far as its service is concerned. */
export interface ProcessSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/**
 * Runs the service as this process: settings, logs, composition, listening, signals. Prints the URL it listens on as its first line. Ends the
 * process with 0 on SIGTERM or SIGINT once everything is committed; sets the exit code of the error where it cannot start.
 */
export async function serveProcess({ env, cwd }: ProcessSurroundings): Promise<void> {
  armCrashPoint(env.ACKSTREAM_CRASH_AT);
  try {
    const config = loadConfig({ env, cwd });
    const terminal = process.stderr.isTTY ? 'pretty' : 'json';
    const logger = await createLogger({ logDir: config.logDir, terminal, level: config.logLevel });
    const running = await serve(config, { logger });
    process.stdout.write(`ackstream listens on ${running.url}\n`);
    endOnSignal(running, logger);
  } catch (error) {
    process.exitCode = explain(error);
  }
}

/** The first signal ends everything in order; further ones change nothing, the end is bounded anyway. */
function endOnSignal(running: RunningService, logger: ServiceLogger): void {
  let isEnding = false;
  const end = async () => {
    if (isEnding) return;
    isEnding = true;
    try {
      await running.stop();
      await logger.close();
      process.exit(0);
    } catch (error) {
      process.exit(explain(error));
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end());
}

/** Says on standard error what is wrong and what to do; the exit code for it. */
export function explain(error: unknown): number {
  const { code, message, remedy, fields = [] } = toServiceError(error);
  const problems = fields.map((field) => `  ${field.field}: ${field.message}\n`);
  process.stderr.write(`${code}: ${message}\n${problems.join('')}${remedy}\n`);
  return ERRORS[code].exitCode;
}
