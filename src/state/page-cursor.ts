import { ServiceError } from '../errors.ts';

/** The list that a cursor belongs to, so that one list's cursor is not taken for another's. */
export type CursorKind = 'ingestions' | 'chunks' | 'rejects';

/** Where a list is sorted by one number or by several. */
type Place = readonly [number, ...number[]];

/** A cursor that says: all up to and with `place`, of non-negative integers, was seen. */
export function encodeCursor(kind: CursorKind, place: Place): string {
  return Buffer.from([kind, ...place].join(':')).toString('base64url');
}

/**
 * The place of a cursor, or where there is none `start`, a place of the same form before all of the list. Anything that {@link encodeCursor} did not
 * give for this list is REQUEST_INVALID.
 */
export function decodeCursor<Start extends Place>(kind: CursorKind, cursor: string | undefined, start: Start): Start {
  if (cursor === undefined) return start;
  const [, ...digits] = Buffer.from(cursor, 'base64url').toString().split(':');
  const place = digits.map((text) => (/^\d{1,15}$/.test(text) ? Number(text) : Number.NaN)) as unknown as Start;
  if (place.length !== start.length || cursor !== encodeCursor(kind, place)) {
    throw new ServiceError('REQUEST_INVALID', {
      fields: [{ field: 'cursor', message: 'is not a cursor of this list' }],
    });
  }
  return place;
}
