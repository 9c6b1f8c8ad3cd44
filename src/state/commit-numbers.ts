import assert from 'node:assert/strict';
import { IN_MEMORY, type SqliteConnection } from './sqlite-connection.ts';
import { type StateMark, StateMarker } from './state-marker.ts';

const MARK = `
SELECT store_id AS storeId, (SELECT coalesce(max(commit_number), 0) FROM ingestions) AS commitNumber FROM store`;

/** What the state itself says of what its marker says. */
export function markOf(connection: SqliteConnection): StateMark {
  const mark = connection.read(() => connection.prepare<[], StateMark>(MARK).get());
  assert.ok(mark !== undefined, 'a state has one row of its own');
  return mark;
}

/** The numbers of an open state; one in memory has no marker. */
export function openCommitNumbers(connection: SqliteConnection): CommitNumbers {
  const mark = markOf(connection);
  return new CommitNumbers(mark, connection.path === IN_MEMORY ? null : new StateMarker(connection.path, mark));
}

/** Numbers the commits that write ingestions, and notes each in the marker once it is made. */
export class CommitNumbers {
  readonly #marker: StateMarker | null;
  #last: number;
  #current: number | null = null;

  constructor(mark: StateMark, marker: StateMarker | null) {
    this.#last = mark.commitNumber;
    this.#marker = marker;
  }

  /** The number of the transaction under way. */
  take(): number {
    if (this.#current === null) {
      this.#last += 1;
      this.#current = this.#last;
    }
    return this.#current;
  }

  /** Carries out one transaction. Where it throws, its number is not given out again: a disk that failed may have taken it all the same. */
  numbered<Result>(transaction: () => Result): Result {
    this.#current = null;
    const result = transaction();
    if (this.#current !== null) this.#marker?.note(this.#current);
    return result;
  }

  close(): void {
    this.#marker?.close();
  }
}
