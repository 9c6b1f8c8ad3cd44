import { ServiceError } from '../errors.ts';
import { firstSchema } from './migrations/0001-first-schema.ts';
import { badRecords } from './migrations/0002-bad-records.ts';
import { checksums } from './migrations/0003-checksums.ts';
import { events } from './migrations/0004-events.ts';
import { deletions } from './migrations/0005-deletions.ts';
import { receivedAnswers } from './migrations/0006-received-answers.ts';
import { narrowIndexes } from './migrations/0007-narrow-indexes.ts';
import { rowChecksum } from './row-checksum.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** Marks a file as ours in its header, `AckS` in ASCII: https://sqlite.org/pragma.html#pragma_application_id */
const APPLICATION_ID = 0x41_63_6b_53;

/** The steps from an empty file to the schema of this version, in order. What was published is never changed, only added to. */
const MIGRATIONS: readonly (string | ((connection: SqliteConnection) => void))[] = [
  firstSchema,
  badRecords,
  checksums,
  events,
  deletions,
  receivedAnswers,
  narrowIndexes,
];

/** The version that brought the table `store`, the checksums of rows and schema, and the numbers of commits. */
export const CHECKSUMS_SINCE = 3;

/** The schema's version as this code knows it. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Refuses a file that this version must not touch, before anything is written to it: STATE_SCHEMA_TOO_NEW, STATE_UNAVAILABLE
 * where the file holds something else, STATE_DAMAGED where its schema is not what was written.
 */
export function refuseForeignFile(connection: SqliteConnection): void {
  const applicationId = Number(connection.readPragma('application_id'));
  const version = Number(connection.readPragma('user_version'));
  const isEmpty = Number(connection.readPragma('schema_version')) === 0;
  const isUntouched = isEmpty && applicationId === 0 && version === 0;
  if (applicationId !== APPLICATION_ID && !isUntouched) {
    throw new ServiceError('STATE_UNAVAILABLE', {
      detail: `${connection.path} is a database of something else; give the service a data directory of its own.`,
    });
  }
  if (version > SCHEMA_VERSION) {
    throw new ServiceError('STATE_SCHEMA_TOO_NEW', {
      detail: `${connection.path} has schema version ${version}; this version knows up to ${SCHEMA_VERSION}.`,
      data: { found: version, supported: SCHEMA_VERSION },
    });
  }
  refuseDamagedSchema(connection, version);
}

function refuseDamagedSchema(connection: SqliteConnection, version: number): void {
  const recorded = connection.read(() => {
    const hasStore = connection.prepare<[]>("SELECT 1 FROM sqlite_schema WHERE name = 'store'").get() !== undefined;
    if (!hasStore) return null;
    const sql = 'SELECT schema_checksum FROM store';
    return connection.prepare<[], { schema_checksum: number }>(sql).get()?.schema_checksum;
  });
  const isExpected = version >= CHECKSUMS_SINCE ? recorded === schemaChecksum(connection) : recorded === null;
  if (isExpected) return;
  throw new ServiceError('STATE_DAMAGED', { detail: `${connection.path}: the schema is not what was written.` });
}

/** Over all that the schema says, its version among it; not over where it lies in the file, which a backup changes. */
function schemaChecksum(connection: SqliteConnection): number {
  const marks = ['application_id', 'user_version'].map((name) => connection.readPragma(name));
  const sql = 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name';
  const entries = connection.read(() => connection.prepare<[], Record<string, string | null>>(sql).all());
  return rowChecksum([...marks, ...entries.flatMap((entry) => Object.values(entry))]);
}

/** Puts the checksum of the schema on record, as the last thing that a change of it does. */
export function recordSchemaChecksum(connection: SqliteConnection): void {
  const checksum = schemaChecksum(connection);
  connection.read(() => connection.prepare<[number]>('UPDATE store SET schema_checksum = ?').run(checksum));
}

/** Brings the file to {@link SCHEMA_VERSION}: each step a transaction together with its number, so that a crash repeats or skips none. */
export function migrate(connection: SqliteConnection): void {
  const done = Number(connection.readPragma('user_version'));
  for (const [index, migration] of MIGRATIONS.entries()) {
    const version = index + 1;
    if (version <= done) continue;
    connection.transaction(() => {
      if (typeof migration === 'string') connection.execute(migration);
      else migration(connection);
      connection.execute(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version};`);
      if (version >= CHECKSUMS_SINCE) recordSchemaChecksum(connection);
    });
  }
}
