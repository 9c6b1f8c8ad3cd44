import { serveProcess } from '../serve-process.ts';
import { type Command, EXIT_DONE } from './command.ts';
import { parseArguments } from './parse-arguments.ts';

const usage = `usage: ackstream serve

Runs the service, as \`npm start\` does, until SIGTERM or Ctrl-C. It is set up by the environment and \`.env\`; docs/operations.md lists
the settings.

Exit codes: 0 ended by a signal, 2 wrong settings, 3 the data directory is in use.
`;

/** `ackstream serve`. */
export const serveCommand: Command = {
  usage,
  async run(args, { env, cwd }) {
    parseArguments(args, { options: {}, positionals: [] });
    // From here the process is the service's: it takes the signals, and where it cannot start it sets the exit code itself.
    await serveProcess({ env, cwd });
    return Number(process.exitCode ?? EXIT_DONE);
  },
};
