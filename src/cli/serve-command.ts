import { once } from 'node:events';
import { type Config, describeConfig, loadConfig } from '../config.ts';
import { createLogger } from '../log.ts';
import { serve } from '../serve.ts';
import { type Command, type CommandContext, EXIT_DONE } from './command.ts';
import { logLastWords } from './last-words.ts';
import { parseArguments } from './parse-arguments.ts';

const usage = `usage: ackstream serve [--print-settings]

Runs the service, as \`npm start\` does, until SIGTERM or Ctrl-C. It is set up by the environment and \`.env\`; docs/operations.md lists
the settings.

  --print-settings  print the settings as they would be in force, without secrets, and end
  --help            print this

Exit codes: 0 ended by a signal, 2 wrong settings, 3 the data directory is in use.
`;

/** `ackstream serve`. */
export const serveCommand: Command = {
  usage,
  async run(args, context) {
    const { values } = parseArguments(args, { options: { 'print-settings': { type: 'boolean' } }, positionals: [] });
    const config = loadConfig(context);
    if (values['print-settings'] === true) context.write(settingsText(config));
    else await serveUntilInterrupted(config, context);
    return EXIT_DONE;
  },
};

function settingsText(config: Config): string {
  return Object.entries(describeConfig(config))
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

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
