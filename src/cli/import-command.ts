import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Config, loadConfig } from '../config.ts';
import { lockDataDirectory } from '../state/data-directory-lock.ts';
import { readPythonState } from '../state/python-state.ts';
import { IN_MEMORY } from '../state/sqlite-connection.ts';
import { STATE_FILE } from '../state/sqlite-state-file.ts';
import { openSqliteStateStore } from '../state/sqlite-state-store.ts';
import type { ForeignIngestion, ReservationCounts } from '../state/state-store.ts';
import { EXIT_DONE, type RunCommand } from './command.ts';
import { formatCount } from './format-count.ts';
import { jsonLine } from './json-line.ts';
import { terminalText } from './terminal-text.ts';

const NEXT = `Requests for files that are complete are answered COMPLETED, unless the file is newer than that database; those
for files delivered in part are refused as HISTORY_DELETED until they say re_ingestion: true (--re-ingest).
Start the service now. docs/upgrade.md tells the rest, and which files to ask for anew.
`;

/** `ackstream import`. */
export const runImport: RunCommand<'import'> = async (values, context) => {
  const config = loadConfig(context);
  const file = resolve(context.cwd, values.file);
  const isDryRun = values.dryRun === true;
  const counts = await reserve(config, readPythonState(file), { isDryRun, now: context.clock.now() });
  if (values.json === true) {
    const { all: complete, part: partial, known } = counts;
    context.write(jsonLine({ file, dry_run: isDryRun, complete, partial, known }));
    return EXIT_DONE;
  }
  const [complete, partial, known] = [counts.all, counts.part, counts.known].map(formatCount);
  const done = isDryRun ? 'would be reserved' : 'reserved';
  context.write(
    `Ids ${done}: ${complete} complete, ${partial} in part; ${known} known already: ${terminalText(file)}\n`,
  );
  context.writeError(isDryRun ? 'Nothing was written; without --dry-run it is.\n' : NEXT);
  return EXIT_DONE;
};

async function reserve(
  { dataDir, stateKeyFile: keyFile }: Config,
  ingestions: readonly ForeignIngestion[],
  options: { readonly isDryRun: boolean; readonly now: number },
): Promise<ReservationCounts> {
  const state = join(dataDir, STATE_FILE);
  // A dry run makes no data directory.
  const isImaginary = options.isDryRun && !existsSync(state);
  const lock = isImaginary ? null : lockDataDirectory(dataDir, { pid: process.pid, what: 'ackstream import' });
  try {
    const store = openSqliteStateStore({ path: isImaginary ? IN_MEMORY : state, keyFile });
    try {
      return await store.reserveForeign(ingestions, options);
    } finally {
      await store.close();
    }
  } finally {
    lock?.release();
  }
}
