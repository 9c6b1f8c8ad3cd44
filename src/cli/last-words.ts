import type { Logger } from '../model/logger.ts';

/**
 * Has the log say what the process ends by, where nobody caught it: whatever state that left behind, the next start begins with what is on record. A
 * rejection that nobody handles ends it too, however NODE_OPTIONS has it.
 * @returns takes the listeners away again
 */
export function logLastWords(logger: Logger): () => void {
  const log = (error: unknown, origin: string): void => {
    const { message, stack } = error instanceof Error ? error : { message: String(error) };
    logger.error('process.failed', { origin, message, stack });
  };
  process.on('uncaughtExceptionMonitor', log);
  process.on('unhandledRejection', raise);
  return () => {
    process.off('uncaughtExceptionMonitor', log);
    process.off('unhandledRejection', raise);
  };
}

function raise(reason: unknown): never {
  throw reason;
}
