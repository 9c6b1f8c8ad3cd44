/*
 * What is remembered of a state outside of it: a file beside the database with its id and the number of its last commit. SQLite takes a database whose
 * write-ahead log is gone, or rotten in the middle, for a sound one of an hour ago; held against the marker it is seen for what it is.
 *
 * It is written after each commit and not synced: a process that is killed leaves what it has written, and a power cut an older number. So
 * the number never is ahead of what is on the disk, unless something was lost since.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { ServiceError } from '../errors.ts';
import { replaceFile } from './sync-to-disk.ts';

/** What a marker says. */
export interface StateMark {
  readonly storeId: string;
  /** Of the last commit that is known to have been made. */
  readonly commitNumber: number;
}

/** Beside `ackstream.db`: `ackstream.db-id`, as its other side files. */
const SUFFIX = '-id';
const FORM = /^([0-9a-f]{32}) (\d{16})\n$/;
const NUMBER_DIGITS = 16;
/** Behind the id and a space. */
const NUMBER_OFFSET = 33;

/** The mark beside a state file, null where there is none. Throws STATE_DAMAGED where it is not one, and STATE_UNAVAILABLE. */
export function readStateMark(statePath: string): StateMark | null {
  const path = statePath + SUFFIX;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw unavailable(path, error);
  }
  const [, storeId, commitNumber] = FORM.exec(text) ?? [];
  if (storeId !== undefined) return { storeId, commitNumber: Number(commitNumber) };
  throw new ServiceError('STATE_DAMAGED', {
    detail: `${path} is not what was written; where the state beside it is known to be the newest, remove this file alone.`,
  });
}

/** The marker of an open state. */
export class StateMarker {
  readonly #descriptor: number;

  /** Opens the marker of a state file, created where there is none, and on the disk when this returns. Throws STATE_UNAVAILABLE. */
  constructor(statePath: string, mark: StateMark) {
    const path = statePath + SUFFIX;
    try {
      replaceFile(path, textOf(mark));
      this.#descriptor = openSync(path, 'r+');
    } catch (error) {
      throw unavailable(path, error);
    }
  }

  /** Notes a commit that was made. */
  note(commitNumber: number): void {
    try {
      writeSync(this.#descriptor, digitsOf(commitNumber), NUMBER_OFFSET);
    } catch {
      // The commit stands, and an older number only sees less: no reason to stop. The disk will say so itself.
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function textOf({ storeId, commitNumber }: StateMark): string {
  return `${storeId} ${digitsOf(commitNumber)}\n`;
}

function digitsOf(commitNumber: number): string {
  return String(commitNumber).padStart(NUMBER_DIGITS, '0');
}

function unavailable(path: string, error: unknown): ServiceError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ServiceError('STATE_UNAVAILABLE', { detail: `${path}: ${reason}.`, cause: error });
}
