import { SCOPES } from '../access/scope.ts';
import type { CommandSpec } from './command-spec.ts';
import { JSON_OPTION } from './ingestion-specs.ts';

const ONE_DOCUMENT = { flags: '--json', description: 'print one JSON document' } as const;
const EXITS_OF_TOKEN = {
  0: 'done',
  2: 'wrong use or settings, no such token, or the file of the tokens cannot be used',
} as const;

/** The commands that run and tend an installation. */
export const INSTALLATION_SPECS = {
  serve: {
    summary: 'run the service',
    description:
      'Runs the service, as `npm start` does, until SIGTERM or Ctrl-C. It is set up by the environment and `.env`: `ackstream config` shows the settings in force, docs/operations.md says what each does.',
    arguments: [],
    options: [],
    examples: [
      { line: 'ackstream serve', about: 'run it' },
      { line: 'ACKSTREAM_PORT=0 ackstream serve', about: 'at any free port, which it prints' },
    ],
    exits: { 0: 'ended by a signal', 2: 'wrong settings', 3: 'the data directory is in use' },
  },
  receiver: {
    summary: 'run the reference receiver',
    description:
      'Takes chunks at POST /callback as docs/protocol.md has it, and keeps them. GET /report tells what arrived, GET /records/<ingestion_id> gives it back.',
    arguments: [],
    options: [
      { flags: '--port <n>', description: 'the port to listen on, 0: any free one; 9000 if left out' },
      { flags: '--host <address>', description: 'the address to listen on; 127.0.0.1 if left out' },
      { flags: '--state <file>', description: 'the SQLite file that keeps what was received; if left out, memory' },
      { flags: '--secret <whsec>', description: 'refuse what is not signed with this secret' },
      {
        flags: '--fault <rule...>',
        description:
          'inflict a fault, such as status,status=503,chunk=2,times=3; may be repeated (docs/mock-receiver.md)',
      },
      { flags: '--seed <n>', description: 'decides the chance of faults with a probability; 1 if left out' },
      { flags: '--legacy', description: 'behave as the receiver of the original Python service' },
      { flags: '--quiet', description: 'print nothing but the address' },
      { flags: '--json', description: 'print one JSON object per request and verdict' },
    ],
    examples: [
      { line: 'ackstream receiver --port 9000', about: 'one to deliver to' },
      { line: 'ackstream receiver --fault status,status=503,chunk=2,times=3', about: 'one that fails now and then' },
    ],
    exits: { 0: 'ended by a signal', 1: 'it cannot listen', 2: 'wrong use' },
  },
  doctor: {
    summary: 'say what is wrong with this installation',
    description:
      'Looks at what a service needs here: settings, runtime, clock, folders, state, keys, tokens, address, callbacks. Each line says ok, warning or problem, and what to do about it. Changes nothing, and may be run beside a service.',
    arguments: [],
    options: [
      { flags: '--callback <url>', description: 'also whether a callback can be connected to; nothing is sent to it' },
      JSON_OPTION,
    ],
    examples: [
      { line: 'ackstream doctor', about: 'with the settings of the service, as its user' },
      { line: 'ackstream doctor --callback http://127.0.0.1:9000/callback', about: 'is the receiver there?' },
    ],
    exits: { 0: 'no problems', 1: 'problems', 2: 'wrong use' },
  },
  config: {
    summary: 'show the settings in force',
    description:
      'Shows the settings as they would be in force, each with where it comes from: the environment, `.env` or the default. Of secrets only whether they are set.',
    arguments: [],
    options: [ONE_DOCUMENT],
    examples: [
      { line: 'ackstream config', about: 'for a look' },
      { line: 'ackstream config --json', about: 'for programs' },
    ],
    exits: { 0: 'shown', 2: 'wrong use or settings' },
  },
  backup: {
    summary: 'copy the state, also while the service runs',
    description:
      'Copies the state in the data directory to a file, as it is at one moment: whole, checked and on the disk when the command ends. The key that the secrets in it are sealed with is not part of it: keep a copy of that somewhere else. docs/back-up.md says how a backup is restored.',
    arguments: [{ name: 'file', description: 'where to, outside of the data directory' }],
    options: [{ flags: '--force', description: 'replace a file that exists' }, ONE_DOCUMENT],
    examples: [{ line: 'ackstream backup ackstream-backup.db', about: 'into a file' }],
    exits: { 0: 'made', 1: 'the state is damaged', 2: 'wrong use or settings', 3: 'could not be made' },
  },
  import: {
    summary: 'take over the state of the Python service',
    description:
      'Reserves every id that the Python service has on record, so that none is ever used for other chunks: what it had completed is answered COMPLETED unless the file is newer than that database, what it had begun is refused until a request says re_ingestion: true. Both services must be stopped; the database is only read. Ids that are known already are left alone. docs/upgrade.md tells the whole way.',
    arguments: [{ name: 'file', description: 'its ingestion_state.db; a copy must have kept its time (cp -p)' }],
    options: [{ flags: '--dry-run', description: 'say what would be reserved, and reserve nothing' }, ONE_DOCUMENT],
    examples: [{ line: 'ackstream import ingestion_state.db --dry-run', about: 'to see what is in it' }],
    exits: { 0: 'reserved', 2: 'wrong use or settings, or no such database', 3: 'the data directory is in use' },
  },
  'token create': {
    summary: 'make a token of the API',
    description:
      'Makes a token in the data directory and prints it on standard output, this once: only its digest is kept. A running service lets it in from its next request on.',
    arguments: [],
    options: [
      {
        flags: '--name <name>',
        description: 'what to call it by: up to 64 letters, digits and . _ @ + -',
        isRequired: true,
      },
      {
        flags: '--scope <scope...>',
        description:
          'what it allows, may be repeated: ingest (ask for deliveries, previews; pause, resume, cancel), read (look at them), admin (everything)',
        choices: SCOPES,
        isRequired: true,
      },
      {
        flags: '--expires <duration>',
        description: 'for how long it is good, such as 90d or 12h; if left out, until it is revoked',
      },
      JSON_OPTION,
    ],
    examples: [
      {
        line: 'ackstream token create --name pim --scope ingest --scope read --expires 90d',
        about: 'for a program that delivers',
      },
    ],
    exits: EXITS_OF_TOKEN,
  },
  'token list': {
    summary: 'list the tokens of the API',
    description:
      'Lists the tokens in the data directory, of which nothing can be told but their names, scopes and dates.',
    arguments: [],
    options: [JSON_OPTION],
    examples: [{ line: 'ackstream token list', about: 'all' }],
    exits: EXITS_OF_TOKEN,
  },
  'token revoke': {
    summary: 'revoke a token of the API',
    description:
      'Takes a token out of the data directory. A running service lets it in no more from its next request on.',
    arguments: [{ name: 'token', description: 'its id or its name' }],
    options: [JSON_OPTION],
    examples: [{ line: 'ackstream token revoke pim', about: 'by its name' }],
    exits: EXITS_OF_TOKEN,
  },
  completion: {
    summary: 'print the completion script for a shell',
    description: 'Prints a script that has a shell complete commands, options and their values.',
    arguments: [{ name: 'shell', description: 'the shell it is for', choices: ['bash', 'zsh', 'fish'] }],
    options: [],
    examples: [
      { line: 'source <(ackstream completion bash)', about: 'in ~/.bashrc' },
      { line: 'source <(ackstream completion zsh)', about: 'in ~/.zshrc, behind compinit' },
      { line: 'ackstream completion fish > ~/.config/fish/completions/ackstream.fish', about: 'once' },
    ],
    exits: { 0: 'printed', 2: 'wrong use' },
  },
} as const satisfies Record<string, CommandSpec>;
