import type { ReceivedAnswer } from '../model/outcome.ts';
import { ChecksummedTable, type Stored } from './checksummed-table.ts';
import { type AttemptKey, columnOf, targetOf } from './sqlite-attempt-table.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

interface ReceivedAnswerRow {
  readonly ingestion_id: string;
  readonly target: number;
  readonly attempt: number;
  readonly http_status: number;
  readonly headers: string;
  readonly are_headers_cut: number;
  readonly body: Uint8Array;
  readonly body_byte_count: number;
  readonly is_body_cut: number;
}

/** The table `received_answers`, with one row for an ingestion. Its methods are called inside of a transaction or a read of the connection. */
export class SqliteReceivedAnswerTable {
  readonly #connection: SqliteConnection;
  readonly #rows: ChecksummedTable<ReceivedAnswerRow>;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#rows = new ChecksummedTable(connection, 'received_answers');
  }

  /** Keeps an answer in the place of the one before. */
  replace({ ingestionId, target, attempt }: AttemptKey, answer: ReceivedAnswer): void {
    this.#connection.prepare<[string]>('DELETE FROM received_answers WHERE ingestion_id = ?').run(ingestionId);
    this.#rows.insert({
      ingestion_id: ingestionId,
      target: columnOf(target),
      attempt,
      http_status: answer.httpStatus,
      headers: JSON.stringify(answer.headers),
      are_headers_cut: Number(answer.areHeadersCut),
      body: answer.body,
      body_byte_count: answer.bodyByteCount,
      is_body_cut: Number(answer.isBodyCut),
    });
  }

  /** The answer that is kept of an ingestion, and the attempt to which it came. */
  find(ingestionId: string): (AttemptKey & { readonly answer: ReceivedAnswer }) | null {
    const sql = 'SELECT * FROM received_answers WHERE ingestion_id = ?';
    const row = this.#connection.prepare<[string], Stored<ReceivedAnswerRow>>(sql).get(ingestionId);
    if (row === undefined) return null;
    const { target, attempt } = this.#rows.verified(row);
    return { ingestionId, target: targetOf(target), attempt, answer: answerOfRow(row) };
  }
}

function answerOfRow(row: ReceivedAnswerRow): ReceivedAnswer {
  return {
    httpStatus: row.http_status,
    headers: parseHeaders(row.headers),
    areHeadersCut: row.are_headers_cut === 1,
    body: row.body,
    bodyByteCount: row.body_byte_count,
    isBodyCut: row.is_body_cut === 1,
  };
}

function parseHeaders(json: string): ReceivedAnswer['headers'] {
  return JSON.parse(json);
}
