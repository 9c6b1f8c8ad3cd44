import { ERRORS, toServiceError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { type Command, type CommandContext, EXIT_DONE } from './command.ts';
import { errorText } from './error-text.ts';
import { commandInvalid } from './parse-arguments.ts';

/** A command's one line in the overview, and how it is loaded: the overview shall not wait for all of the service. */
interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  serve: {
    summary: 'run the service',
    load: async () => (await import('./serve-command.ts')).serveCommand,
  },
  ingest: {
    summary: 'deliver a file',
    load: async () => (await import('./ingest-command.ts')).ingestCommand,
  },
  preview: {
    summary: 'look at a file as it would be delivered',
    load: async () => (await import('./preview-command.ts')).previewCommand,
  },
  status: {
    summary: 'show one ingestion',
    load: async () => (await import('./status-command.ts')).statusCommand,
  },
  list: {
    summary: 'list ingestions',
    load: async () => (await import('./list-command.ts')).listCommand,
  },
  generate: {
    summary: 'write a feed of products to try things with',
    load: async () => (await import('./generate-command.ts')).generateCommand,
  },
  rejects: {
    summary: 'show the bad records of an ingestion',
    load: async () => (await import('./rejects-command.ts')).rejectsCommand,
  },
  backup: {
    summary: 'copy the state, also while the service runs',
    load: async () => (await import('./backup-command.ts')).backupCommand,
  },
  token: {
    summary: 'make, list and revoke tokens of the API',
    load: async () => (await import('./token-command.ts')).tokenCommand,
  },
  receiver: {
    summary: 'run the reference receiver',
    load: async () => (await import('./receiver-command.ts')).receiverCommand,
  },
};

const OVERVIEW = `usage: ackstream <command> [options]

Delivers feed files to an HTTP callback in acknowledged chunks: in order, nothing lost, nothing twice.

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}\n`)
  .join('')}
  ackstream <command> --help tells more of one command, --version the version. docs/cli.md has examples and exit codes.
`;

/** Runs a command line without the name of the program; gives back the exit code. */
export async function runCommandLine(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    const failure = toServiceError(error);
    context.writeError(errorText(failure));
    return ERRORS[failure.code].exitCode;
  }
}

async function dispatch([name, ...args]: readonly string[], context: CommandContext): Promise<number> {
  if (name === '--version') return said(context, `${VERSION}\n`);
  if (name === '--help' || name === '-h' || name === 'help') return said(context, OVERVIEW);
  const entry = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined)
    throw commandInvalid(name === undefined ? 'A command is missing' : `There is no command ${name}`);
  const command = await entry.load();
  if (args.includes('--help') || args.includes('-h')) return said(context, command.usage);
  return command.run(args, context);
}

function said(context: CommandContext, text: string): number {
  context.write(text);
  return EXIT_DONE;
}
