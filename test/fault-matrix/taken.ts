/** The classes of the matrix: the few things that any fault can be taken for. */
import type { Taken } from './fault.ts';

const WINDOW_OVER = { status: 'PAUSED', code: 'DELIVERY_WINDOW_OVER', attempts: 'window' } as const;

export const ACKNOWLEDGED: Taken = {
  outcome: 'acknowledged',
  mayBeStored: true,
  nextTry: { kind: 'none' },
  persisting: { status: 'COMPLETED', code: null, attempts: 1 },
};

/** Sent, and answered by something that speaks of the moment, not of the message. */
export const UNAVAILABLE: Taken = {
  outcome: 'unavailable',
  mayBeStored: true,
  nextTry: { kind: 'backoff' },
  persisting: WINDOW_OVER,
};

/** Not a byte of it was sent. */
export const NEVER_SENT: Taken = { ...UNAVAILABLE, mayBeStored: false };

/** 429 is told before anything is stored. */
export const THROTTLED: Taken = { ...UNAVAILABLE, mayBeStored: false };

export const UNKNOWN: Taken = { ...UNAVAILABLE, outcome: 'unknown' };

export const REJECTED: Taken = {
  outcome: 'rejected',
  mayBeStored: false,
  nextTry: { kind: 'rejection' },
  persisting: { status: 'FAILED', code: 'DELIVERY_REJECTED', attempts: 3 },
};

export const REJECTED_FOR_GOOD: Taken = {
  ...REJECTED,
  nextTry: { kind: 'none' },
  persisting: { ...REJECTED.persisting, attempts: 1 },
};

/** Chunks of four records: cut to two, then to one, which cannot be cut. */
export const TOO_LARGE: Taken = {
  outcome: 'too-large',
  mayBeStored: false,
  nextTry: { kind: 'at once' },
  persisting: { status: 'FAILED', code: 'CHUNK_TOO_LARGE_FOR_RECEIVER', attempts: 3 },
};

export const TOO_LARGE_FOR_GOOD: Taken = {
  ...TOO_LARGE,
  nextTry: { kind: 'none' },
  persisting: { ...TOO_LARGE.persisting, attempts: 1 },
};

export const REWIND_ASKED: Taken = {
  outcome: 'rewind-asked',
  mayBeStored: true,
  nextTry: { kind: 'at once' },
  persisting: { status: 'FAILED', code: 'RECEIVER_FORGETS', attempts: 3 },
};

/** The same, when the receiver asks to be left alone for so long. */
export function leftAlone(taken: Taken, leastMs: number, mostMs = leastMs): Taken {
  return { ...taken, nextTry: { kind: 'asked', leastMs, mostMs } };
}
