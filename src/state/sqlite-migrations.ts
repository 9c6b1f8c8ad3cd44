import { ServiceError } from '../errors.ts';
import { firstSchema } from './migrations/0001-first-schema.ts';
import { badRecords } from './migrations/0002-bad-records.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** Marks a file as ours in its header, `AckS` in ASCII: https://sqlite.org/pragma.html#pragma_application_id */
const APPLICATION_ID = 0x41_63_6b_53;

/** The steps from an empty file to the schema of this version, in order. What was published is never changed, only added to. */
const MIGRATIONS: readonly string[] = [firstSchema, badRecords];

/** The schema's version as this code knows it. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Refuses a file that this version must not touch, before anything is written to it: STATE_SCHEMA_TOO_NEW, and STATE_UNAVAILABLE
 * where the file holds something else.
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
}

/** Brings the file to {@link SCHEMA_VERSION}: each step a transaction together with its number, so that a crash repeats or skips none. */
export function migrate(connection: SqliteConnection): void {
  const done = Number(connection.readPragma('user_version'));
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < done) continue;
    connection.transaction(() => {
      connection.execute(sql);
      connection.execute(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${index + 1};`);
    });
  }
}
