/*
 * What a start looks at before it writes anything. SQLite opens what it can read and takes the rest as it comes: a database without its log is one of an hour
 * ago, an empty file a new one. All of it is opened for reading alone, so that a damaged state stays as it was found.
 */
import { existsSync, statSync } from 'node:fs';
import { ServiceError } from '../errors.ts';
import { CHAIN_START } from '../model/chunk.ts';
import { CHECKSUMMED_TABLES, ChecksummedTable, type ChecksummedTableName, type Stored } from './checksummed-table.ts';
import { markOf } from './commit-numbers.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { CHECKSUMS_SINCE, refuseForeignFile, SCHEMA_VERSION } from './sqlite-migrations.ts';
import { readStateMark, type StateMark } from './state-marker.ts';

/**
 * Up to here all of the file is looked at: 2 s for the 700 MB of a million chunks. Beyond, what says how far each ingestion is, and of all else every row
 * when it is read: a start must not take minutes.
 */
const MAX_CHECKED_BYTES = 2 ** 30;
/** A backup may be reading. */
const BUSY_TIMEOUT_MS = 5_000;
/** What one person can look at. */
const MAX_FINDINGS = 5;

/** Tables of which a start verifies every row: SQL looks for some of their rows by what they hold. */
const STARTING_TABLES: readonly ChecksummedTableName[] = ['ingestions', 'answers'];

/** The ledger of each ingestion has no gap, and ends where its row says; that of a deleted one may be gone in part. */
const BROKEN_LEDGERS = `
SELECT ingestions.ingestion_id AS id FROM ingestions
LEFT JOIN (
  SELECT ingestion_id, count(*) AS planned, max(chunk_number) AS highest_planned, count(acked_at) AS acked,
    max(chunk_number) FILTER (WHERE acked_at IS NOT NULL) AS highest_acked
  FROM chunks GROUP BY ingestion_id
) AS ledger USING (ingestion_id)
LEFT JOIN chunks AS last ON last.ingestion_id = ingestions.ingestion_id AND last.chunk_number = next_chunk_number - 1
WHERE deleted_at IS NULL AND (coalesce(planned, 0) <> highest_planned_chunk + 1 OR coalesce(ledger.highest_planned, -1) <> highest_planned_chunk
  OR coalesce(acked, 0) <> highest_acked_chunk + 1 OR coalesce(ledger.highest_acked, -1) <> highest_acked_chunk
  OR coalesce(last.chain_checksum, '${CHAIN_START}') <> ingestions.chain_checksum
  OR coalesce(last.record_offset + last.record_count, 0) <> ingestions.record_count
  OR coalesce(last.is_last, 0) <> is_at_end)`;

/** The attempts at each target are numbered from 1, and none is at a chunk that was never planned. */
const BROKEN_ATTEMPTS = `
SELECT ingestion_id AS id FROM (
  SELECT ingestion_id, target FROM attempts GROUP BY ingestion_id, target
  HAVING count(*) <> max(attempt) OR target > (
    SELECT highest_planned_chunk FROM ingestions WHERE ingestions.ingestion_id = attempts.ingestion_id
  )
) AS broken
WHERE (SELECT deleted_at FROM ingestions WHERE ingestions.ingestion_id = broken.ingestion_id) IS NULL`;

const MISCOUNTED_REJECTS = `
SELECT ingestion_id AS id FROM ingestions
WHERE deleted_at IS NULL AND rejected_records <> (SELECT count(*) FROM rejects WHERE rejects.ingestion_id = ingestions.ingestion_id)`;

/** What a state is held against. */
interface StateCheckOptions {
  /** The largest file that is looked at whole. */
  readonly maxCheckedBytes?: number;
  /** Those of which every row is verified. */
  readonly tables?: readonly ChecksummedTableName[];
  /** What it must not be older than; left out: the marker beside it. */
  readonly mark?: StateMark | null;
}

/** Nothing is left out, however long it takes. */
export const THOROUGH: StateCheckOptions = { maxCheckedBytes: Infinity, tables: CHECKSUMMED_TABLES };

/**
 * Looks at the state that a data directory has; none is sound. Throws STATE_DAMAGED, naming the file and what was found, STATE_SCHEMA_TOO_NEW and
 * STATE_UNAVAILABLE.
 */
export function checkStateFile(
  path: string,
  { maxCheckedBytes = MAX_CHECKED_BYTES, tables = STARTING_TABLES, mark = readStateMark(path) }: StateCheckOptions = {},
): void {
  const size = sizeOf(path);
  if (size === 0) {
    refuseLostState(path, mark);
    return;
  }
  const connection = new SqliteConnection(path, { busyTimeoutMs: BUSY_TIMEOUT_MS, isReadOnly: true });
  try {
    check(connection, { isWhole: size <= maxCheckedBytes, tables, mark });
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw damaged(path, reason, error);
  } finally {
    connection.close();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** No database, or an empty one: only where nothing speaks of one does a new state begin. */
function refuseLostState(path: string, mark: StateMark | null): void {
  const lost = existsSync(path) ? 'is empty' : 'is missing';
  if (mark !== null) throw damaged(path, `the state ${lost}, and its marker says that there was one`);
  if (sizeOf(`${path}-wal`) > 0) throw damaged(path, `the database ${lost}, and its write-ahead log is there`);
}

function check(
  connection: SqliteConnection,
  {
    isWhole,
    tables,
    mark,
  }: {
    readonly isWhole: boolean;
    readonly tables: readonly ChecksummedTableName[];
    readonly mark: StateMark | null;
  },
): void {
  refuseForeignFile(connection);
  connection.execute('PRAGMA cell_size_check = ON');
  refuseBadPages(connection, isWhole);
  const version = Number(connection.readPragma('user_version'));
  // What was written before has nothing to be held against.
  const hasChecksums = version >= CHECKSUMS_SINCE;
  const verified = hasChecksums ? tables.filter((table) => hasTable(connection, table)) : [];
  for (const table of verified) verifyRows(connection, table);
  if (mark !== null) refuseOlderState(connection.path, hasChecksums ? markOf(connection) : null, mark);
  if (version !== SCHEMA_VERSION || !isWhole) return;
  refuseOrphans(connection);
  refuseBroken(connection, BROKEN_LEDGERS, 'the ledger does not agree with the ingestion');
  refuseBroken(connection, BROKEN_ATTEMPTS, 'attempts are missing, or at chunks that were never planned');
  refuseBroken(connection, MISCOUNTED_REJECTS, 'bad records are missing');
}

/** Includes NOT NULL, CHECK and the types of columns, and what indexes hold against their tables. */
function refuseBadPages(connection: SqliteConnection, isWhole: boolean): void {
  const scope = isWhole ? MAX_FINDINGS : 'ingestions';
  const found = rowsOf<{ integrity_check: string }>(connection, `PRAGMA integrity_check(${scope})`);
  const findings = found.slice(0, MAX_FINDINGS).map((row) => row.integrity_check);
  if (findings[0] !== 'ok') throw damaged(connection.path, findings.join('; '));
}

function refuseOrphans(connection: SqliteConnection): void {
  const [orphan] = rowsOf<{ table: string }>(connection, `PRAGMA foreign_key_check`);
  if (orphan !== undefined) throw damaged(connection.path, `rows of ${orphan.table} belong to no ingestion`);
}

/** Earlier schemas do not have all tables. */
function hasTable(connection: SqliteConnection, name: string): boolean {
  const sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
  return connection.read(() => connection.prepare<[string]>(sql).get(name)) !== undefined;
}

function verifyRows(connection: SqliteConnection, name: ChecksummedTableName): void {
  const table = new ChecksummedTable(connection, name);
  const rows = connection.prepare<[], Stored<object>>(`SELECT * FROM ${name}`);
  connection.read(() => {
    for (const row of rows.iterate()) table.verified(row);
  });
}

function refuseOlderState(path: string, found: StateMark | null, known: StateMark): void {
  if (found !== null && found.storeId !== known.storeId) {
    throw damaged(path, 'it is another state than its marker says');
  }
  if (found !== null && found.commitNumber >= known.commitNumber) return;
  const missing = known.commitNumber - (found?.commitNumber ?? 0);
  const why = 'as where its write-ahead log was lost or a copy was put in its place';
  throw damaged(path, `it is older than it was, ${why}: commits that are missing: ${missing}`);
}

function refuseBroken(connection: SqliteConnection, sql: string, what: string): void {
  const ids = rowsOf<{ id: string }>(connection, `${sql} LIMIT ${MAX_FINDINGS}`).map(({ id }) => id);
  if (ids.length > 0) throw damaged(connection.path, `${what}: ${ids.join(', ')}`);
}

function rowsOf<Row>(connection: SqliteConnection, sql: string): Row[] {
  return connection.read(() => connection.prepare<[], Row>(sql).all());
}

function damaged(path: string, found: string, cause?: unknown): ServiceError {
  return new ServiceError('STATE_DAMAGED', {
    detail: `${path}: ${found}.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
