import { join, resolve } from 'node:path';
import { loadConfig } from '../config.ts';
import { KEY_FILE } from '../state/secret-rows.ts';
import { STATE_FILE } from '../state/sqlite-state-file.ts';
import { backUpState } from '../state/state-backup.ts';
import { type Command, EXIT_DONE } from './command.ts';
import { parseArguments } from './parse-arguments.ts';
import { formatCount } from './render-progress.ts';
import { terminalText } from './terminal-text.ts';

const usage = `usage: ackstream backup <file> [options]

Copies the state in the data directory to a file, as it is at one moment: whole, checked and on the disk when the command ends. The service may run
meanwhile. The key that the secrets in it are sealed with is not part of it: keep a copy of that somewhere else.

  --force   replace a file that exists
  --json    print what was made as one JSON document
  --help    print this

docs/operations.md says how a backup is restored.
Exit codes: 0 made, 1 the state is damaged, 2 wrong use or settings, 3 could not be made.
`;

/** `ackstream backup`. */
export const backupCommand: Command = {
  usage,
  async run(args, context) {
    const { values, positionals } = parseArguments(args, {
      options: { force: { type: 'boolean' }, json: { type: 'boolean' } },
      positionals: ['<file>'],
    });
    const { dataDir, stateKeyFile } = loadConfig(context);
    const file = resolve(context.cwd, positionals[0] ?? '');
    const begunAt = context.clock.now();
    const made = backUpState(join(dataDir, STATE_FILE), file, { isForced: values.force === true });
    const { byteCount: bytes, ingestionCount: ingestions } = made;
    const durationMs = context.clock.now() - begunAt;
    if (values.json === true) {
      context.write(`${JSON.stringify({ file, bytes, ingestions, duration_ms: durationMs })}\n`);
      return EXIT_DONE;
    }
    const facts = `${formatCount(bytes)} bytes, ${formatCount(ingestions)} ingestions, ${formatCount(durationMs)} ms`;
    context.write(`${facts}: ${terminalText(file)}\n`);
    const keyFile = stateKeyFile ?? join(dataDir, KEY_FILE);
    context.writeError(`The key of its secrets is not in it; keep a copy of ${terminalText(keyFile)} elsewhere.\n`);
    return EXIT_DONE;
  },
};
