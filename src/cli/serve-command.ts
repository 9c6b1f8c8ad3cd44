import { once } from 'node:events';
import { type Config, loadConfig } from '../config.ts';
import { createLogger } from '../log.ts';
import { serve } from '../serve.ts';
import { type CommandContext, EXIT_DONE, type RunCommand } from './command.ts';
import { logLastWords } from './last-words.ts';

/** `ackstream serve`. */
export const runServe: RunCommand<'serve'> = async (_values, context) => {
  await serveUntilInterrupted(loadConfig(context), context);
  return EXIT_DONE;
};

/** Prints the URL it listens on as its first line. When interrupted it takes nothing on any more, commits, and releases everything within 10 s. */
async function serveUntilInterrupted(
  config: Config,
  { write, isErrorTerminal, signal }: CommandContext,
): Promise<void> {
  const terminal = isErrorTerminal ? 'pretty' : 'json';
  const logger = await createLogger({ logDir: config.logDir, terminal, level: config.logLevel });
  const forgetLastWords = logLastWords(logger);
  try {
    const running = await serve(config, { logger });
    write(`ackstream listens on ${running.url}\n`);
    if (!signal.aborted) await once(signal, 'abort');
    await running.stop();
  } finally {
    forgetLastWords();
    await logger.close();
  }
}
