import { join, resolve } from 'node:path';
import { loadConfig } from '../config.ts';
import { KEY_FILE } from '../state/secret-rows.ts';
import { STATE_FILE } from '../state/sqlite-state-file.ts';
import { backUpState } from '../state/state-backup.ts';
import { EXIT_DONE, type RunCommand } from './command.ts';
import { formatCount } from './format-count.ts';
import { jsonLine } from './json-line.ts';
import { terminalText } from './terminal-text.ts';

/** `ackstream backup`. */
export const runBackup: RunCommand<'backup'> = async (values, context) => {
  const { dataDir, stateKeyFile } = loadConfig(context);
  const file = resolve(context.cwd, values.file);
  const begunAt = context.clock.now();
  const made = backUpState(join(dataDir, STATE_FILE), file, { isForced: values.force === true });
  const { byteCount: bytes, ingestionCount: ingestions } = made;
  const durationMs = context.clock.now() - begunAt;
  if (values.json === true) {
    context.write(jsonLine({ file, bytes, ingestions, duration_ms: durationMs }));
    return EXIT_DONE;
  }
  const facts = `${formatCount(bytes)} bytes, ${formatCount(ingestions)} ingestions, ${formatCount(durationMs)} ms`;
  context.write(`${facts}: ${terminalText(file)}\n`);
  const keyFile = stateKeyFile ?? join(dataDir, KEY_FILE);
  context.writeError(`The key of its secrets is not in it; keep a copy of ${terminalText(keyFile)} elsewhere.\n`);
  return EXIT_DONE;
};
