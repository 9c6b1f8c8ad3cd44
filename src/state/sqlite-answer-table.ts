import { ServiceError } from '../errors.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { SubmissionAnswer, SubmissionKey } from './state-store.ts';

/** How long a key is remembered: longer than any client repeats a request whose answer it has not seen. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** The table `answers`: what was answered to each Idempotency-Key. Its methods are called inside of a transaction. */
export class SqliteAnswerTable {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  /** The answer on record, or null. Throws IDEMPOTENCY_KEY_REUSED where it was given to another body. */
  find({ key, bodyDigest }: NonNullable<SubmissionKey['idempotency']>): SubmissionAnswer | null {
    const sql = 'SELECT body_digest, answer FROM answers WHERE idempotency_key = ?';
    const row = this.#connection.prepare<[string], { body_digest: string; answer: string }>(sql).get(key);
    if (row === undefined) return null;
    if (row.body_digest !== bodyDigest) throw new ServiceError('IDEMPOTENCY_KEY_REUSED');
    return parseAnswer(row.answer);
  }

  insert(
    { key, bodyDigest }: NonNullable<SubmissionKey['idempotency']>,
    answer: SubmissionAnswer,
    answeredAt: number,
  ): void {
    const sql = 'INSERT INTO answers (idempotency_key, body_digest, answer, answered_at) VALUES (?, ?, ?, ?)';
    this.#connection
      .prepare<[string, string, string, number]>(sql)
      .run(key, bodyDigest, JSON.stringify(answer), answeredAt);
  }

  /** Forgets the keys that are too old to come back. */
  prune(now: number): void {
    this.#connection.prepare<[number]>('DELETE FROM answers WHERE answered_at < ?').run(now - KEPT_MS);
  }
}

function parseAnswer(json: string): SubmissionAnswer {
  return JSON.parse(json);
}
