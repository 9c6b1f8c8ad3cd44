import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../model/clock.ts';
import { IN_MEMORY, SqliteConnection } from '../../state/sqlite-connection.ts';
import { STATE_FILE } from '../../state/sqlite-state-file.ts';
import { type Finding, failure, ok, problem } from './finding.ts';

/** The oldest Node that runs Ackstream, as bin/runtime.js has it. */
export const MINIMUM_NODE = '22.19';

/** No machine that runs this has an earlier date. */
const EARLIEST_DATE = '2026-01-01';
/** Between two machines that share a disk clocks differ, by less than this. */
const MAX_SKEW_MS = 60_000;

/** Whether a version of Node, such as `v26.10.0`, is new enough. */
export function checkNode(version: string): Finding {
  const isNewEnough = version.slice(1).localeCompare(MINIMUM_NODE, 'en', { numeric: true }) >= 0;
  if (isNewEnough) return ok('runtime', `Node ${version}`);
  const seen = `Node ${version}, and ${MINIMUM_NODE} or newer is needed`;
  return problem('runtime', seen, 'Install a newer Node, or run `npm ci` in the checkout to get the pinned one.');
}

/** Whether the native part of SQLite loads, which is built for one platform and one kind of Node. */
export function checkNativeModule(
  open = () => new SqliteConnection(IN_MEMORY, { busyTimeoutMs: 0 }),
): readonly Finding[] {
  try {
    open().close();
    return [ok('native module', 'SQLite loads')];
  } catch (error) {
    const remedy = 'Run `npm rebuild better-sqlite3` with the Node that runs the service, or install the package anew.';
    return failure('native module', error).map((finding) => ({ ...finding, remedy }));
  }
}

/** Whether the clock can be right: not before this software was made, nor before the state was written. */
export function checkClock(clock: Clock, dataDir: string): Finding {
  const now = clock.now();
  const shown = Number.isFinite(now) ? new Date(now).toISOString() : 'no time';
  const remedy = 'Set the clock (`timedatectl`): certificates, tokens and retries go by it.';
  if (!(now >= Date.parse(EARLIEST_DATE))) return problem('clock', `it shows ${shown}`, remedy);
  const state = join(dataDir, STATE_FILE);
  const writtenAt = existsSync(state) ? statSync(state).mtimeMs : 0;
  if (writtenAt <= now + MAX_SKEW_MS) return ok('clock', shown);
  return problem('clock', `it shows ${shown}, and the state was written ${new Date(writtenAt).toISOString()}`, remedy);
}
