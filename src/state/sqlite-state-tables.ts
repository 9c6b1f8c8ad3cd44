import type { Ingestion } from '../model/ingestion.ts';
import { type CommitNumbers, openCommitNumbers } from './commit-numbers.ts';
import { EventLog } from './event-log.ts';
import type { SecretSeals } from './secret-seals.ts';
import { SqliteAnswerTable } from './sqlite-answer-table.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { SqliteIngestionTable } from './sqlite-ingestion-table.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

/**
 * The tables of a state file and the one way to write them: every transaction is one of a synchronous driver, so no two interleave. Each reads the ingestion,
 * applies a pure change (`ingestion-changes.ts`) and saves what differs.
 */
export class SqliteStateTables {
  readonly connection: SqliteConnection;
  readonly ingestions: SqliteIngestionTable;
  readonly ledger: SqliteLedger;
  readonly answers: SqliteAnswerTable;
  readonly events: EventLog;
  readonly #commits: CommitNumbers;

  /** Throws what {@link openCommitNumbers} throws; the connection is the caller's to close then. */
  constructor(connection: SqliteConnection, seals: SecretSeals) {
    this.#commits = openCommitNumbers(connection);
    this.connection = connection;
    this.ingestions = new SqliteIngestionTable(connection, seals, this.#commits);
    this.ledger = new SqliteLedger(connection);
    this.answers = new SqliteAnswerTable(connection);
    this.events = new EventLog(connection);
  }

  /** One durable transaction; what it put on record of events is told once it is committed. */
  transaction<Result>(work: () => Result): Result {
    return this.events.published(() => this.#commits.numbered(() => this.connection.transaction(work)));
  }

  /** Writes what differs, and the events that this makes. */
  save(before: Ingestion, after: Ingestion): Ingestion {
    this.ingestions.update(before, after);
    this.events.recordChange(before, after);
    return after;
  }

  close(): void {
    this.#commits.close();
    this.connection.close();
  }
}
