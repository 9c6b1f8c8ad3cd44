import { ServiceError } from '../errors.ts';

/** The list that a cursor belongs to, so that one list's cursor is not taken for another's. */
export type CursorKind = 'ingestions' | 'chunks';

/** A cursor that says: all up to and with `place` was seen. */
export function encodeCursor(kind: CursorKind, place: number): string {
  return Buffer.from(`${kind}:${place}`).toString('base64url');
}

/** The place of a cursor, a non-negative integer. Anything that {@link encodeCursor} did not give for this list is REQUEST_INVALID. */
export function decodeCursor(kind: CursorKind, cursor: string): number {
  const [foundKind, digits = ''] = Buffer.from(cursor, 'base64url').toString().split(':');
  const place = /^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN;
  if (foundKind !== kind || cursor !== encodeCursor(kind, place)) {
    throw new ServiceError('REQUEST_INVALID', {
      fields: [{ field: 'cursor', message: 'is not a cursor of this list' }],
    });
  }
  return place;
}
