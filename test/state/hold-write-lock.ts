/** The child of busy-state.test.ts: `hold-write-lock.ts <state file>` begins a write, prints a line, and gives it up when its input ends. */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';

const [, , path = ''] = process.argv;
const connection = new SqliteConnection(path, { busyTimeoutMs: 0 });
connection.execute('BEGIN IMMEDIATE');
writeSync(process.stdout.fd, 'held\n');
await once(process.stdin.resume(), 'end');
connection.execute('ROLLBACK');
connection.close();
