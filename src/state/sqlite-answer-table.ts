import { ServiceError } from '../errors.ts';
import { ChecksummedTable, type Stored } from './checksummed-table.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { SubmissionAnswer, SubmissionKey } from './state-store.ts';

interface AnswerRow {
  readonly idempotency_key: string;
  readonly body_digest: string;
  readonly answer: string;
  readonly answered_at: number;
}

/** The table `answers`: what was answered to each Idempotency-Key. Its methods are called inside of a transaction. */
export class SqliteAnswerTable {
  readonly #connection: SqliteConnection;
  readonly #rows: ChecksummedTable<AnswerRow>;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#rows = new ChecksummedTable(connection, 'answers');
  }

  /** The answer on record, or null. Throws IDEMPOTENCY_KEY_REUSED where it was given to another body. */
  find({ key, bodyDigest }: NonNullable<SubmissionKey['idempotency']>): SubmissionAnswer | null {
    const sql = 'SELECT * FROM answers WHERE idempotency_key = ?';
    const stored = this.#connection.prepare<[string], Stored<AnswerRow>>(sql).get(key);
    if (stored === undefined) return null;
    const row = this.#rows.verified(stored);
    if (row.body_digest !== bodyDigest) throw new ServiceError('IDEMPOTENCY_KEY_REUSED');
    return parseAnswer(row.answer);
  }

  insert(
    { key, bodyDigest }: NonNullable<SubmissionKey['idempotency']>,
    answer: SubmissionAnswer,
    answeredAt: number,
  ): void {
    this.#rows.insert({
      idempotency_key: key,
      body_digest: bodyDigest,
      answer: JSON.stringify(answer),
      answered_at: answeredAt,
    });
  }

  /** Forgets the keys that were answered before that time. */
  forgetBefore(before: number): void {
    this.#connection.prepare<[number]>('DELETE FROM answers WHERE answered_at < ?').run(before);
  }
}

function parseAnswer(json: string): SubmissionAnswer {
  return JSON.parse(json);
}
