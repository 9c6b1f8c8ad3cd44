import { toServiceError } from '../../errors.ts';

/** What `ackstream doctor` found out about one thing. */
export interface Finding {
  /** What was looked at, such as `data directory`. */
  readonly check: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  /** What was seen. */
  readonly seen: string;
  /** What to do; null where nothing is to be done. */
  readonly remedy: string | null;
}

/** All is well. */
export function ok(check: string, seen: string): Finding {
  return { check, verdict: 'ok', seen, remedy: null };
}

/** It works, and may not be meant so. */
export function warning(check: string, seen: string, remedy: string): Finding {
  return { check, verdict: 'warning', seen, remedy };
}

/** A service does not start or does not work like this. */
export function problem(check: string, seen: string, remedy: string): Finding {
  return { check, verdict: 'problem', seen, remedy };
}

/** What threw, as problems: one for each field of wrong settings, with the remedy of its code. */
export function failure(check: string, error: unknown): readonly Finding[] {
  const { code, message, fields = [], remedy } = toServiceError(error);
  if (fields.length === 0) return [problem(check, `${code}: ${message}`, remedy)];
  return fields.map((field) => problem(check, `${field.field} ${field.message}`, remedy));
}
