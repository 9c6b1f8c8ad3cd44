import type { FieldError } from '../errors.ts';

/** What a schema says of one thing it refuses: the part of zod's issues that is told on. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Of an object with members the schema does not know: their names. */
  readonly keys?: readonly string[];
}

/** Enough to correct a request by; a body of a megabyte of wrong names shall not be answered by several. */
const MAX_FIELD_ERRORS = 100;
const MAX_FIELD_LENGTH = 200;

/**
 * The issues of a schema as the fields to correct: one entry per field, its first issue, at most 100.
 * @param unknownFieldMessage what is said of a name that the schema does not have.
 */
export function fieldErrorsOf(issues: readonly SchemaIssue[], unknownFieldMessage: string): readonly FieldError[] {
  const messages = new Map<string, string>();
  const note = (path: readonly PropertyKey[], message: string): void => {
    const field = path.map(String).join('.').slice(0, MAX_FIELD_LENGTH).toWellFormed();
    if (messages.size < MAX_FIELD_ERRORS && !messages.has(field)) messages.set(field, message);
  };
  for (const { path, message, keys } of issues) {
    if (keys === undefined) note(path, message);
    else for (const key of keys) note([...path, key], unknownFieldMessage);
  }
  return Array.from(messages, ([field, message]) => ({ field, message }));
}
